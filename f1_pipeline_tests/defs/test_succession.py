"""Who forecasts: the gate lets the better in and keeps the worse out, and one can go back."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from f1_pipeline.definitions import build_definitions
from f1_pipeline.defs import registry, resources
from f1_pipeline.defs.in_force import Asked, back, in_force, registered, was_taken_back, why_none
from f1_pipeline.defs.resources import Storage
from f1_pipeline.errors import StorageError, UsageError
from f1_pipeline.modelling import CODE_VERSION, Recipe, backtest, race_model, variant
from f1_pipeline.modelling.variant import VariantModel
from f1_pipeline_tests.defs.pipeline import NEXT, Pipeline
from f1_pipeline_tests.defs.registry import GOOD, NOW, SHUFFLED, WEAK, Registry
from f1_pipeline_tests.synthetic import make_tables

TIGHT = {"GATE_RPS_MARGIN": "0.002", "GATE_POINTS_LOG_LOSS_MARGIN": "0.01"}


@pytest.fixture(autouse=True)
def shuffles_the_targets_of_one_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """The recipe `SHUFFLED` learns from finishing orders that were dealt out by chance."""
    original = variant.fit_variant

    def fit_variant(rows: pd.DataFrame, recipe: Recipe, *more: Any) -> VariantModel:
        if recipe.seed == SHUFFLED.seed:
            random = np.random.default_rng(1)
            order = rows.groupby("event_id")["finish_order"].transform(random.permutation)
            rows = rows.assign(finish_order=order)
        return original(rows, recipe, *more)

    monkeypatch.setattr(backtest, "fit_variant", fit_variant)
    monkeypatch.setattr(race_model, "fit_variant", fit_variant)


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    with dg.DagsterInstance.ephemeral() as instance:
        tables = make_tables(seasons=(2021, 2022, 2023), cars=10, seed=4, rounds=11, upcoming=0)
        made = Registry(instance, monkeypatch, tables)
        made.ship(WEAK)
        yield made


def test_the_first_champion_has_to_pass_as_well(known: Registry, monkeypatch: Any) -> None:
    monkeypatch.setenv("MAX_RPS", "0.01")
    refused = known.run()
    assert refused["passed"] is False
    assert "**missed**" in str(refused["decision"])
    assert known.champion is None
    assert "rps 0." in why_none(known.storage)
    assert " is above 0.01" in why_none(known.storage)

    monkeypatch.setenv("MAX_RPS", "1")
    assert known.run()["passed"] is True
    assert known.recipe == WEAK.content_hash
    (first,) = known.table("promotions").to_dict("records")
    assert (first["action"], first["parent"]) == ("gate", None)
    decisions = known.table("gate_decisions").groupby("decision")["accepted"].first()
    assert sorted(decisions) == [False, True]


def test_a_better_one_takes_over_a_worse_one_does_not_and_one_can_go_back(
    known: Registry, monkeypatch: Any
) -> None:
    known.run()
    weak = known.champion
    for name, value in TIGHT.items():
        monkeypatch.setenv(name, value)

    known.ship(GOOD)
    assert known.run()["passed"] is True
    good = known.champion
    assert known.recipe == GOOD.content_hash
    stages = known.table("recipes").set_index("recipe")["stage"].to_dict()
    assert stages == {WEAK.content_hash: "retired", GOOD.content_hash: "champion"}

    known.ship(SHUFFLED)
    refused = known.run()
    assert refused["passed"] is False
    assert known.champion == good
    judged = known.table("gate_decisions")
    mine = judged[judged["recipe"].eq(SHUFFLED.content_hash)]
    assert not mine["accepted"].any()
    missed = mine[~mine["passed"].astype(bool)]
    assert {"champion", "baseline"} <= set(missed["against"])
    assert missed.loc[missed["against"].ne("limit"), "difference"].gt(0).all()
    # Not judged again by itself; by hand it is refused with the same numbers.
    decisions = len(judged)
    assert known.run()["passed"] is True
    assert len(known.table("gate_decisions")) == decisions
    with pytest.raises(registry.RefusedError, match="to the champion's"):
        known.ask("promote_model", model=SHUFFLED.content_hash)
    assert known.champion == good

    known.ask("roll_back_model", by="ada", reason="a test")
    assert known.champion == weak
    last = known.table("promotions").iloc[-1]
    assert (last["action"], last["promoted_by"], last["reason"]) == ("rollback", "ada", "a test")
    # What someone went back from does not come back by itself, but by hand.
    known.ship(GOOD)
    known.run()
    assert known.champion == weak
    assert was_taken_back(known.storage, str(good))
    known.ask("promote_model", model=str(good))
    assert known.champion == good
    assert not was_taken_back(known.storage, str(good))


def test_a_refit_inherits_the_place_and_a_retraining_asks_the_gate(known: Registry) -> None:
    later = known.rows["season"].eq(2023) & known.rows["round"].gt(9)
    known.hold(known.rows[~later])
    known.run()
    first = known.champion
    known.hold(known.rows)
    assert known.run()["passed"] is True
    assert known.champion != first
    history = known.table("promotions")
    assert list(history["action"]) == ["gate", "refit"]
    assert history["parent"].iloc[-1] == first
    kinds = known.table("gate_decisions").groupby("decision")["kind"].first()
    assert sorted(kinds) == ["gate", "refit"]

    # Nothing new: nothing is decided. Judged, the gate looks at what is in force.
    assert "decision" not in known.run()
    assert "| baseline | rps |" in str(known.run(judged=True)["decision"])
    assert list(known.table("promotions")["action"]) == ["gate", "refit"]


def test_a_broken_refit_is_refused_and_what_was_in_force_stays(
    known: Registry, monkeypatch: Any
) -> None:
    later = known.rows["season"].eq(2023) & known.rows["round"].gt(9)
    known.ship(GOOD)
    known.hold(known.rows[~later])
    known.run()
    first = known.champion
    for name, value in TIGHT.items():
        monkeypatch.setenv(name, value)
    original = variant.fit_variant

    def upside_down(rows: pd.DataFrame, recipe: Recipe, *more: Any) -> VariantModel:
        made = original(rows, recipe, *more)
        return replace(made, weights=-made.weights, grid_weights=-made.grid_weights)

    monkeypatch.setattr(race_model, "fit_variant", upside_down)
    known.hold(known.rows)
    refused = known.run()
    assert refused["passed"] is False
    assert known.champion == first
    assert "the champion's" in why_none(known.storage)


def test_what_was_decided_on_goes_to_mlflow_where_a_server_is_named(
    known: Registry, monkeypatch: Any
) -> None:
    logged = []

    def log_fit(uri: str, experiment: str, fit: Any, parameters: Any, *more: Any) -> None:
        decision, folder, _ = more
        assert (folder / "model.json").is_file()
        logged.append((uri, experiment, fit["model_version"], fit["stage"], len(decision)))
        assert parameters["seed"] == WEAK.seed

    monkeypatch.setattr("f1_pipeline.defs.model.log_fit", log_fit)
    known.run()
    assert logged == []
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    known.run()
    assert logged == []  # nothing was decided
    known.run(judged=True)
    assert logged == [("http://127.0.0.1:5000", "f1-pipeline", known.champion, "champion", 11)]


def test_a_quick_fit_does_not_take_the_place_of_a_whole_one(known: Registry) -> None:
    known.patch.setattr(resources, "QUICK", GOOD)
    known.run(quick=True)
    quick = known.champion
    known.run()
    whole = known.champion
    assert whole != quick
    known.run(quick=True)
    assert known.champion == whole


def test_going_back_needs_somewhere_to_go(known: Registry) -> None:
    with pytest.raises(UsageError, match="no model is in force"):
        known.ask("roll_back_model")
    known.run()
    first = known.champion
    with pytest.raises(UsageError, match="the first model"):
        known.ask("roll_back_model")
    with pytest.raises(UsageError, match="in force already"):
        known.ask("roll_back_model", to=str(first))
    with pytest.raises(UsageError, match="was never in force"):
        known.ask("roll_back_model", to="abc")
    known.ship(GOOD)
    known.run()
    shutil.rmtree(known.storage.models.path(str(first)))
    with pytest.raises(StorageError, match="missing or was changed"):
        known.ask("roll_back_model")
    assert known.recipe == GOOD.content_hash


def test_what_this_code_cannot_fit_stays_in_force_until_something_passes(known: Registry) -> None:
    known.run()
    first = known.champion
    known.storage.models.register(WEAK.content_hash, "{}", CODE_VERSION + 1, "code", NOW)
    with pytest.raises(UsageError, match="belongs to other code"):
        registered(known.storage, WEAK.content_hash)
    with pytest.raises(UsageError, match="no recipe nothing is registered"):
        registered(known.storage, "nothing")
    assert in_force(known.storage) is None
    assert known.champion == first
    known.ship(GOOD)
    known.run()
    assert known.recipe == GOOD.content_hash


def test_a_damaged_champion_is_named_and_the_gate_decides_on_its_successor(known: Registry) -> None:
    later = known.rows["season"].eq(2023) & known.rows["round"].gt(9)
    known.hold(known.rows[~later])
    known.run()
    first = str(known.champion)
    file = next(Path(known.storage.models.path(first)).glob("*.cbm"))
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(StorageError, match=f"artifact of model {first}"):
        known.storage.models.load(first, lambda _: None)
    assert known.champion == first
    # The same rows: the same fit, whole again.
    known.run()
    assert known.champion == first
    known.storage.models.intact(first)

    file.unlink()
    known.hold(known.rows)
    known.run()
    assert known.champion != first
    assert known.table("promotions")["action"].iloc[-1] == "gate"


def test_a_tuned_recipe_that_waits_is_proposed(known: Registry) -> None:
    known.run()
    known.storage.models.register(GOOD.content_hash, GOOD.parameters, CODE_VERSION, "tuning", NOW)
    known.run()
    assert known.recipe == GOOD.content_hash
    # The code's own was replaced: it does not come back by itself.
    known.run()
    assert known.recipe == GOOD.content_hash


def test_the_next_prediction_carries_the_id_of_what_is_in_force(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "STANDARD", WEAK)
    pipeline.definitions = build_definitions()
    pipeline.run("refresh")
    ids = [_forecast_by(pipeline)]
    monkeypatch.setattr(resources, "STANDARD", GOOD)
    pipeline.run("refresh")
    ids.append(_forecast_by(pipeline))
    back(Storage(), Asked("ada", "a test"), None)
    ids.append(_forecast_by(pipeline))
    assert ids[0] == ids[2] != ids[1]

    # Damaged, it forecasts nothing, and says so.
    published = len(pipeline.warehouse.read("race_predictions"))
    shutil.rmtree(Storage().models.path(ids[0]))
    with pytest.raises(StorageError, match="missing or was changed"):
        pipeline.run("predict_event", partition_key=NEXT)
    assert len(pipeline.warehouse.read("race_predictions")) == published


def _forecast_by(pipeline: Pipeline) -> str:
    """The model of the newest forecast of the next race."""
    pipeline.run("predict_event", partition_key=NEXT)
    rows = pipeline.warehouse.read("race_predictions")
    return str(rows.sort_values("generated_at", kind="stable")["model_version"].iloc[-1])
