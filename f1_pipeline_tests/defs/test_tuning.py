"""Tuning as an asset: kept season by season, gone on with, and registered where it pays."""

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from f1_pipeline.defs import resources
from f1_pipeline.defs.resources import Storage
from f1_pipeline.modelling import QUICK, STANDARD, Recipe, recipe_of, tuning
from f1_pipeline.storage.model_store import ModelStore
from f1_pipeline_tests.choice_seasons import HELD, definitions, hold, make_training_set

TRIALS = 3


@pytest.fixture(scope="module")
def training_set() -> pd.DataFrame:
    return make_training_set()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def storage(
    request: pytest.FixtureRequest, training_set: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> Storage:
    """A warehouse that holds the training set."""
    if request.param == "postgresql":
        monkeypatch.setenv("DATABASE_URL", request.getfixturevalue("postgres_database"))
    hold(training_set)
    return Storage()


@pytest.fixture
def base(monkeypatch: pytest.MonkeyPatch) -> Recipe:
    """What a quick pass begins with: a recipe that is quicker still."""
    tree = replace(QUICK.tree, iterations=21)
    recipe = replace(QUICK, tree=tree, stages=replace(QUICK.stages, seasons=2), draws=100)
    monkeypatch.setattr(resources, "QUICK", recipe)
    return recipe


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def ran(instance: dg.DagsterInstance, quick: bool = True, **config: Any) -> dict[str, Any]:
    """The metadata of a run of the job."""
    result = (
        definitions(quick)
        .resolve_job_def("tune")
        .execute_in_process(
            instance=instance,
            run_config={
                "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
                "ops": {"model__tuning": {"config": config}},
            },
        )
    )
    event = result.get_asset_materialization_events()[0]
    return {name: value.value for name, value in event.materialization.metadata.items()}


def messages(instance: dg.DagsterInstance) -> list[str]:
    """What the newest run has logged."""
    run = instance.get_runs(limit=1)[0]
    return [e.user_message for e in instance.all_logs(run.run_id) if e.dagster_event is None]


def kept(storage: Storage) -> pd.DataFrame:
    rows = storage.warehouse.read("tuning_trials")
    return rows.sort_values(["trial", "season"], ignore_index=True)


def made_up(monkeypatch: pytest.MonkeyPatch, gain: float) -> None:
    """Every trial but the first is better than the recipe of the code by so much."""

    def score(rows: pd.DataFrame, season: int, recipe: Recipe) -> tuple[float, int]:
        return 0.9 - gain * (recipe.reset != QUICK.reset), 20

    monkeypatch.setattr(tuning, "season_score", score)


def test_a_search_that_was_killed_goes_on_and_ends_as_if_it_had_not_been(
    storage: Storage, base: Recipe, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    scored: list[tuple[str, int]] = []

    def killed_after(most: int) -> None:
        def score(rows: pd.DataFrame, season: int, recipe: Recipe) -> tuple[float, int]:
            assert rows["season"].max() <= max(HELD)
            if len(scored) == most:
                raise KeyboardInterrupt
            scored.append((recipe.content_hash, season))
            # Every digit has to come back from the database for the next trial to be the same.
            return 0.9 + math.sin(1000 * recipe.reset.share + season) / 1000, 20

        monkeypatch.setattr(tuning, "season_score", score)

    killed_after(4)
    with pytest.raises(KeyboardInterrupt):
        ran(instance, enabled=True, trials=8)
    assert len(kept(storage)) == 4
    killed_after(-1)
    shown = ran(instance, enabled=True, trials=8)
    assert len(scored) == len(set(scored)) == 8 * len(HELD)
    log = [line for line in messages(instance) if line.startswith("trial ")]
    assert [line.partition(":")[0] for line in log[:-1]] == [
        f"trial {number}, {number + 1} of 8" for number in range(1, 8)
    ]
    assert all("best " in line and " min to go" in line for line in log[:-1])

    whole = kept(storage)
    moved = whole.assign(study="another")
    storage.warehouse.replace_where("tuning_trials", moved, study=shown["study"])
    at_once = ran(instance, enabled=True, trials=8)
    again = kept(storage).query("study != 'another'").reset_index(drop=True)
    pd.testing.assert_frame_equal(again.drop(columns="tried_at"), whole.drop(columns="tried_at"))
    assert at_once == shown
    assert len(scored) == 2 * 8 * len(HELD)

    assert "data:image/png" in shown["scores"]
    assert "| as it is |" in shown["best"]
    assert "| linear.ridge | 150 |" in shown["parameters"]
    assert "on 2016, each with the best trial" in shown["nested"]


@pytest.mark.parametrize("storage", ["sqlite"], indirect=True)
class TestDecisions:
    """What follows from the scores; none of them needs a server."""

    def test_the_scores_are_those_of_the_choice_seasons(
        self, storage, base, instance, training_set
    ) -> None:
        rows = training_set[training_set["horizon"].eq("pre_weekend")]
        hold(rows)
        ran(instance, enabled=True, trials=1)
        rows = tuning.choice_rows(rows)
        expected = [tuning.season_score(rows, season, base)[0] for season in HELD]
        assert kept(storage)["score"].tolist() == expected
        assert kept(storage)["season"].tolist() == [*HELD]

    def test_what_pays_is_registered_and_waits_for_the_gate(
        self, storage, instance, monkeypatch
    ) -> None:
        made_up(monkeypatch, gain=0.01)
        shown = ran(instance, quick=False, enabled=True, trials=TRIALS)
        row = storage.models.recipe(shown["proposed"])
        assert (row["origin"], row["stage"]) == ("tuning", "challenger")
        recipe = recipe_of(row["parameters"])
        assert recipe.content_hash == shown["proposed"] != STANDARD.content_hash
        tried = kept(storage).query("trial == 1")
        assert set(tried["recipe"]) == {shown["proposed"]}
        assert tuning.values_of(recipe) == json.loads(tried["parameters"].iloc[0])

    def test_what_does_not_pay_is_not_registered(
        self, storage, base, instance, monkeypatch
    ) -> None:
        made_up(monkeypatch, gain=-0.001)
        shown = ran(instance, enabled=True, trials=TRIALS)
        assert shown["proposed"] == ""
        assert shown["reason"] == "no trial is better than the recipe as it is"
        assert storage.warehouse.read("recipes").empty
        assert len(kept(storage)) == TRIALS * len(HELD)

    @pytest.mark.parametrize("champion", [None, "whole", "quick"])
    def test_a_quick_recipe_may_only_follow_the_quick_one(
        self, storage, base, instance, monkeypatch, champion
    ) -> None:
        made_up(monkeypatch, gain=0.01)
        recipes = {"whole": STANDARD.content_hash, "quick": base.content_hash}
        in_force = None if champion is None else {"recipe": recipes[champion]}
        monkeypatch.setattr(ModelStore, "champion", lambda _: in_force)
        shown = ran(instance, enabled=True, trials=TRIALS)
        assert bool(shown["proposed"]) == (champion == "quick")
        assert ("quick" in shown["reason"]) == (champion != "quick")
        assert storage.warehouse.read("recipes").empty == (champion != "quick")

    def test_it_is_off_unless_the_environment_or_the_call_says_otherwise(
        self, storage, base, instance, monkeypatch
    ) -> None:
        made_up(monkeypatch, gain=0.01)
        assert "ENABLE_HYPERPARAMETER_TUNING is not set" in ran(instance)["reason"]
        assert kept(storage).empty
        monkeypatch.setenv("ENABLE_HYPERPARAMETER_TUNING", "true")
        assert ran(instance)["trials"] == tuning.QUICK_TRIALS == 10
        monkeypatch.setenv("MAX_TRIALS", "2")
        assert ran(instance)["trials"] == 2
        assert ran(instance, trials=4)["trials"] == 4

    def test_other_data_are_another_study(self, storage, base, instance, monkeypatch) -> None:
        made_up(monkeypatch, gain=0.01)
        before = ran(instance, enabled=True, trials=2)["study"]
        rows = storage.warehouse.read("training_set")
        later = rows[rows["season"] != 2019]
        hold(later)
        assert ran(instance, enabled=True, trials=2)["study"] == before
        fewer = rows[rows["season"] != HELD[-1]]
        hold(fewer)
        assert ran(instance, enabled=True, trials=2)["study"] != before
