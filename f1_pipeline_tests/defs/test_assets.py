"""Assets on real storage, SQLite and PostgreSQL: what a run leaves behind, and what it spares."""

from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from f1_pipeline.definitions import build_definitions
from f1_pipeline.defs.resources import Training
from f1_pipeline.sources import archive
from f1_pipeline_tests.defs.pipeline import NEXT, RACES, SEASONS, Pipeline, edit, metadata
from f1_pipeline_tests.release import make_release


@pytest.mark.usefixtures("on_each_database")
def test_the_whole_flow(pipeline: Pipeline) -> None:
    refreshed = pipeline.run("refresh")
    assert all(e.passed for e in refreshed.get_asset_check_evaluations())
    events = pipeline.instance.get_dynamic_partitions("events")
    assert len(events) == len(SEASONS) * RACES + 1
    assert events[-1] == NEXT
    assert pipeline.instance.get_dynamic_partitions("seasons") == ["2023", "2024", "2025"]
    rows = metadata(refreshed, "tables/race_results")[0]["dagster/row_count"]
    assert rows == len(SEASONS) * RACES * 12
    assert "data:image/png;base64," in str(metadata(refreshed, "model/challenger")[0]["importance"])

    judged = str(metadata(refreshed, "model/champion")[0]["decision"])
    assert "| post_qualifying | baseline | rps |" in judged
    assert "| all | limit | races | 12 |" in judged

    tested = metadata(pipeline.run("backtest_season", partition_key="2025"), "model/backtest")[0]
    assert tested["reused"] is True  # the gate has asked for it
    record = metadata(pipeline.run("update_record"), "model/track_record")[0]
    assert "data:image/png" in str(tested["calibration"])
    assert "| rps |" in str(tested["metrics"])
    assert all("data:image/png" in str(record[name]) for name in ("by_season", "calibration"))
    assert "**post_practice, grid none**: 2024-2025 (reported), 12 races" in str(record["metrics"])

    predicted = pipeline.run("predict_event", partition_key=NEXT)
    assert all(e.passed for e in predicted.get_asset_check_evaluations())
    shown = metadata(predicted, "predictions/race_predictions")[0]
    assert "data:image/png" in str(shown["win_probabilities"])
    rows = pipeline.warehouse.read("race_predictions")
    assert set(rows["event_id"]) == {NEXT}
    assert set(rows["model_version"]) == {pipeline.warehouse.read("models")["model_version"][0]}
    why = pipeline.warehouse.read("explanations")
    assert set(zip(why["driver_id"], why["horizon"], why["run_id"], strict=True)) == set(
        zip(rows["driver_id"], rows["horizon"], rows["run_id"], strict=True)
    )
    assert "for (+) and against (-)" in str(metadata(predicted, "predictions/explanations")[0])


def test_laps_are_a_tier_of_their_own_in_the_backtest(pipeline: Pipeline) -> None:
    pipeline.run("refresh")
    pipeline.run("backtest_season", partition_key="2025")
    alone = pipeline.warehouse.read("backtest_predictions")
    pipeline.definitions = build_definitions(training=Training(quick=True, tier="timing"))
    pipeline.run("backtest_season", partition_key="2025")
    both = pipeline.warehouse.read("backtest_predictions")
    assert set(alone["tier"]) == {"results"}
    held = both[both["tier"].eq("results")].reset_index(drop=True)
    pd.testing.assert_frame_equal(held, alone)
    versions = both[both["model"].eq("catboost")].groupby("tier")["model_version"].unique()
    assert not set(versions["results"]) & set(versions["timing"])


def test_a_second_run_does_no_work_again(pipeline: Pipeline) -> None:
    runs = []
    for _ in range(2):
        pipeline.run("refresh")
        tested = pipeline.run("backtest_season", partition_key="2025")
        predicted = pipeline.run("predict_event", partition_key=NEXT)
        runs.append((tested, predicted))
    assert metadata(runs[1][0], "model/backtest")[0]["reused"] is True
    assert metadata(runs[1][1], "predictions/race_predictions")[0]["rows_published"] == 0
    for name in ("race_results", "race_features", "training_set"):
        versions = pipeline.warehouse.versions(name)
        assert set(versions["version"]) == {1}


def test_a_bad_row_withholds_its_event_and_no_other(pipeline: Pipeline, archive_dir: Path) -> None:
    pipeline.run("refresh")
    before = pipeline.warehouse.read("race_results")
    held = list(dict.fromkeys(before["event_id"]))
    bad, amended = held[3], held[4]
    edit(archive_dir, "race_results", {"laps": -1}, event_id=bad, position=2)
    edit(archive_dir, "pit_stops", {"pit_lane_ms": 99_000}, event_id=bad)
    edit(archive_dir, "race_results", {"laps": 7}, event_id=amended, position=2)
    result = pipeline.run("refresh")
    assert result.success
    withheld = dg.AssetKey(["tables", "quarantine"])
    checks = {e.asset_key: e for e in result.get_asset_check_evaluations()}
    assert not checks[withheld].passed
    assert "laps: too small (-1)" in str(checks[withheld].metadata["reasons"].value)
    quarantine = pipeline.warehouse.read("quarantine")
    assert list(quarantine["event_id"]) == [bad]
    after = pipeline.warehouse.read("race_results")
    same = after["event_id"] != amended
    pd.testing.assert_frame_equal(after[same], before[same])
    assert 7 in list(after.loc[~same, "laps"])
    assert 99_000 not in list(pipeline.warehouse.read("pit_stops")["pit_lane_ms"])
    versions = pipeline.warehouse.versions("race_results")
    assert set(versions.loc[versions["version"] == 2, "event_id"]) == {amended}
    # The row comes right again: its event is published, the fault stays on record as resolved.
    edit(archive_dir, "race_results", {"laps": 50}, event_id=bad, position=2)
    pipeline.run("refresh")
    assert pipeline.warehouse.read("quarantine")["resolved_at"].notna().all()
    assert 99_000 in list(pipeline.warehouse.read("pit_stops")["pit_lane_ms"])


def test_a_season_of_predictions_is_one_run(pipeline: Pipeline) -> None:
    pipeline.run("refresh")
    asset = pipeline.definitions.resolve_assets_def(
        dg.AssetKey(["predictions", "race_predictions"])
    )
    assert asset.backfill_policy == dg.BackfillPolicy.single_run()
    first, last = pipeline.instance.get_dynamic_partitions("events")[-3:-1]
    tags = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
    result = pipeline.run("predict_event", tags=tags)
    shown = metadata(result, "predictions/race_predictions")
    assert len(shown) == 2
    assert shown[0]["win_probabilities"] != shown[1]["win_probabilities"]
    rows = pipeline.warehouse.read("race_predictions")
    assert set(rows["event_id"]) == {first, last}
    # Held races are forecast by fits on the races before them: another one for each.
    assert rows["model_version"].nunique() == 2
    assert rows["model_version"].str.startswith("as-of-").all()


def test_a_corrected_result_is_scored_again_as_a_new_version(
    pipeline: Pipeline, archive_dir: Path
) -> None:
    refreshed = pipeline.run("refresh")
    assert all(e.passed for e in refreshed.get_asset_check_evaluations())
    assert pipeline.warehouse.read("scored_predictions").empty
    amended, other = pipeline.instance.get_dynamic_partitions("events")[-3:-1]
    for event_id in (amended, other, NEXT):
        pipeline.run("predict_event", partition_key=event_id)
    shown = metadata(pipeline.run("refresh"), "predictions/scored_predictions")[0]
    lines = str(shown["newest"]).splitlines()
    assert lines[0].startswith("| event | horizon | status | win_ll |")
    assert len(lines) == 2 + 2 * 3
    assert lines[2].startswith(f"| {other} | ")
    first = pipeline.warehouse.read("scored_predictions")
    assert set(first["event_id"]) == {amended, other}
    assert set(first["status"]) == {"retrospective"}
    # Another number of laps scores the same; another winner does not.
    edit(archive_dir, "race_results", {"laps": 7}, event_id=other, position=2)
    results = pd.read_parquet(archive_dir / "race_results.parquet")
    race = results[results["event_id"].eq(amended)].set_index("position")
    names = ["driver_id", "constructor_id", "engine_id"]
    for place, instead in ((1, 3), (3, 1)):
        taken = race.loc[instead, names].to_dict()
        edit(archive_dir, "race_results", taken, event_id=amended, position=place)
    pipeline.run("refresh")
    second = pipeline.warehouse.read("scored_predictions")
    same = second["event_id"].eq(other)
    pd.testing.assert_frame_equal(second[same], first[same])
    assert (second.loc[~same, "rps"] != first.loc[~same, "rps"]).all()
    versions = pipeline.warehouse.versions("scored_predictions")
    newest = versions.groupby("event_id")["version"].max()
    assert newest.to_dict() == {amended: 2, other: 1}
    for version, scores in ((1, first), (2, second)):
        rows = pipeline.warehouse.read_version("scored_predictions", amended, version)
        pd.testing.assert_frame_equal(rows, scores[~same].reset_index(drop=True))


def test_without_enough_races_the_baseline_forecasts_under_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.build(make_release(tmp_path / "few", seasons=(2025,), races=4), tmp_path / "archive")
    monkeypatch.setenv("F1_ARCHIVE_DIR", str(tmp_path / "archive"))
    with dg.DagsterInstance.ephemeral() as instance:
        pipeline = Pipeline(instance)
        pipeline.run("refresh")
        pipeline.run("predict_event", partition_key=NEXT)
        rows = pipeline.warehouse.read("race_predictions")
    assert set(rows["model_version"]) == {"grid_baseline"}
    assert rows["degraded_reason"].str.contains("4 races are too few").all()
    assert rows["p_win"].sum() == pytest.approx(1, abs=1e-6)


def test_a_source_that_is_gone_fails_once_and_is_not_retried(
    pipeline: Pipeline, archive_dir: Path
) -> None:
    pipeline.run("refresh")
    before = pipeline.warehouse.read("race_results")
    (archive_dir / "race_results.parquet").unlink()
    result = pipeline.run("refresh", raise_on_error=False)
    assert not result.success
    failed = [e for e in result.all_events if e.is_step_failure]
    assert [e.step_key for e in failed] == ["raw__archive"]
    assert "archive build" in failed[0].step_failure_data.error_display_string
    pd.testing.assert_frame_equal(pipeline.warehouse.read("race_results"), before)
