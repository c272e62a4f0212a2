"""Studies as an asset: kept case by case, shown as pictures, refused where there is nothing."""

from pathlib import Path

import dagster as dg
import pytest

from f1_pipeline.modelling import studies
from f1_pipeline.sources import archive
from f1_pipeline_tests.defs.pipeline import Pipeline, metadata
from f1_pipeline_tests.release import make_release


def _archive(folder: Path, seasons: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    release = make_release(folder / "release", seasons=seasons, future=None, races=12, cars=10)
    archive.build(release, folder / "archive")
    monkeypatch.setenv("F1_ARCHIVE_DIR", str(folder / "archive"))


def test_a_study_is_kept_case_by_case_and_goes_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _archive(tmp_path, (2013, 2014), monkeypatch)
    every = studies.cases
    chosen = ("the recipe", "grid", "1")
    monkeypatch.setattr(
        studies, "cases", lambda recipe: [c for c in every(recipe) if c.name in chosen]
    )
    done: list[str] = []
    scores = studies.scores

    def stopping_at(last: int):
        def counted(training_set, case, progress):
            if len(done) == last:
                raise KeyboardInterrupt
            done.append(case.name)
            return scores(training_set, case, progress)

        return counted

    with dg.DagsterInstance.ephemeral() as instance:
        pipeline = Pipeline(instance)
        pipeline.run("refresh")
        monkeypatch.setattr(studies, "scores", stopping_at(2))
        with pytest.raises(KeyboardInterrupt):
            pipeline.run("study")
        assert set(pipeline.warehouse.read("study_scores")["case"]) == {"the recipe", "grid"}
        monkeypatch.setattr(studies, "scores", stopping_at(3))
        left = pipeline.warehouse.read_where("study_scores", case="grid")
        left = left.assign(case="of another recipe", fingerprint="another")
        pipeline.warehouse.append({"study_scores": left})
        shown = metadata(pipeline.run("study"), "model/studies")[0]
    assert done == list(chosen)
    assert all("data:image/png" in str(shown[name]) for name in ("ablation", "history"))
    assert shown["dagster/row_count"] == 3 * 12 * 4


def test_without_a_season_that_was_chosen_on_there_is_nothing_to_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _archive(tmp_path, (2023, 2024), monkeypatch)
    with dg.DagsterInstance.ephemeral() as instance:
        pipeline = Pipeline(instance)
        pipeline.run("refresh")
        with pytest.raises(dg.Failure, match="there is nothing to study"):
            pipeline.run("study")
