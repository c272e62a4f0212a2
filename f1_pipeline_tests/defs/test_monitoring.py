"""Drift and health on real storage: what is kept and shown, and when a new fit is asked for."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from f1_pipeline import clock, monitoring
from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline.defs.monitoring import MADE, model_health, retraining
from f1_pipeline.defs.resources import Storage, Training, WarehouseIOManager
from f1_pipeline.modelling import CODE_VERSION, STANDARD
from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline_tests.monitoring.changes import shifted
from f1_pipeline_tests.monitoring.conftest import ROUNDS, SEASONS, training_set_of
from f1_pipeline_tests.synthetic import make_tables

# A few features are as good as all of them, and quicker.
RECIPE = replace(
    STANDARD,
    tree=replace(STANDARD.tree, features=("grid_place", "practice_gap", "qualifying_teammate")),
    linear=replace(STANDARD.linear, features=("team_finish_form",)),
)
NOTICED = 10  # the round at which a shift from round 8 on is noticed
LAST = f"{SEASONS[-1]}-prix-{ROUNDS}"
DRIFT, HEALTH = map(dg.AssetKey, MADE)


class Monitored:
    """A warehouse that holds races up to some round of the last season, and a model in force."""

    def __init__(self, events: pd.DataFrame, training_set: pd.DataFrame) -> None:
        self.events, self.training_set = events, training_set
        self.storage = Storage()
        self.instance = dg.DagsterInstance.ephemeral()

    @property
    def warehouse(self) -> Warehouse:
        return self.storage.warehouse

    def held(self, round_number: int, training_set: pd.DataFrame | None = None) -> pd.DataFrame:
        """Hold the races up to this round; the training set may be a changed one."""
        rows = self.training_set if training_set is None else training_set
        rows = rows[rows["season"].lt(SEASONS[-1]) | rows["round"].le(round_number)]
        rows = check(rows, CONTRACTS["training_set"])
        tables = {"events": self.events, "training_set": rows}
        self.warehouse.publish(tables, run_id="test", at=clock.now())
        return rows

    def put_in_force(self) -> None:
        """A fit of the recipe, as far as the registry can tell."""
        store, at, recipe = self.storage.models, clock.now(), RECIPE
        store.register(recipe.content_hash, recipe.parameters, CODE_VERSION, "code", at)
        facts = {"model_version": "m1", "recipe": recipe.content_hash, "data_version": "d"}
        window = {"first_event": "2018-prix-1", "last_event": LAST, "races": 48}
        store.save(facts | window, lambda folder: Path(folder, "fit").touch(), at)
        store.promote("m1", at, action="gate", by="test", reason="test")

    def walked(self, rows: pd.DataFrame) -> None:
        """Enter these forecasts as the backtest of the recipe in force."""
        rows = rows.assign(
            season=rows["event_id"].str[:4].astype(int),
            round=rows["event_id"].str.rpartition("-")[2].astype(int),
            position_p05=1,
            position_p95=12,
            grid_position=None,
            model="catboost",
            tier="results",
            recipe=RECIPE.content_hash,
            model_version="m1",
            fingerprint="f",
        )
        rows = check(rows, CONTRACTS["backtest_predictions"])
        self.warehouse.replace_where("backtest_predictions", rows, model="catboost")

    def look(self) -> dg.ExecuteInProcessResult:
        """Materialize both tables."""
        return dg.materialize(
            [dg.AssetSpec(dg.AssetKey(["model", "training_set"])), model_health],
            selection=[model_health],
            instance=self.instance,
            resources={
                "storage": self.storage,
                "training": Training(),
                "io_manager": WarehouseIOManager(storage=self.storage),
            },
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )

    def tick(self) -> Any:
        resources = {"storage": self.storage}
        with dg.build_sensor_context(instance=self.instance, resources=resources) as context:
            return retraining(context)

    def statuses(self) -> set[str]:
        return set(self.warehouse.read("model_health")["status"])


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return make_tables(seasons=SEASONS, cars=12, rounds=ROUNDS, upcoming=0, seed=4)


@pytest.fixture(scope="module")
def training_set(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return training_set_of(tables)


@pytest.fixture(scope="module")
def forecasts(training_set: pd.DataFrame) -> pd.DataFrame:
    """The baseline's, of the last two seasons before the weekend, half a place surer."""
    wanted = training_set[training_set["season"].gt(SEASONS[0])]
    rows = monitoring.of_baseline(
        training_set, wanted[wanted["horizon"].isin(["pre_weekend", "post_qualifying"])]
    )
    # Towards the finish: a model that is ahead of the baseline.
    nearer = (rows["expected_position"] + rows["finish_order"]) / 2
    return rows.assign(expected_position=nearer)


@pytest.fixture
def monitored(
    tables: dict[str, pd.DataFrame],
    training_set: pd.DataFrame,
    forecasts: pd.DataFrame,
    monkeypatch: pytest.MonkeyPatch,
) -> Monitored:
    monkeypatch.setenv("DRIFT_DETECTION_WINDOW", "10")
    made = Monitored(tables["events"], training_set)
    made.put_in_force()
    made.walked(forecasts)
    return made


def metadata(result: dg.ExecuteInProcessResult, key: dg.AssetKey) -> dict[str, Any]:
    (event,) = (
        event for event in result.get_asset_materialization_events() if event.asset_key == key
    )
    return {name: value.value for name, value in event.materialization.metadata.items()}


def test_a_race_whose_features_are_on_their_way_is_looked_at_when_they_are_there(monitored):
    """Its result is taken in before the features follow it: a fit may come in between."""
    rows = monitored.training_set
    newest = rows["event_id"].eq(f"{SEASONS[-1]}-prix-8")
    monitored.held(7)
    monitored.look()
    monitored.held(8, rows[~(newest & rows["horizon"].eq("post_qualifying"))])
    assert monitored.look().success
    looked_at = monitored.warehouse.event_ids("model_health")
    assert f"{SEASONS[-1]}-prix-8" not in looked_at | monitored.warehouse.event_ids("drift_report")

    monitored.held(8)
    monitored.look()
    assert f"{SEASONS[-1]}-prix-8" in monitored.warehouse.event_ids("model_health")


def test_a_calm_season_asks_for_nothing(monitored):
    assert "No race has been looked at" in str(monitored.tick().skip_message)
    monitored.held(ROUNDS)
    result = monitored.look()

    (healthy,) = result.get_asset_check_evaluations()
    assert healthy.passed
    assert healthy.asset_key == HEALTH
    assert monitored.statuses() == {"good"}
    health = monitored.warehouse.read("model_health")
    assert set(health["event_id"]) == {LAST}
    assert set(health["horizon"]) == {"pre_weekend", "post_qualifying"}
    assert set(health["races"]) == {10}
    assert set(health["model_version"]) == {"m1"}
    report = monitored.warehouse.read_where("drift_report", event_id=LAST)
    names = {subject: set(rows["name"]) for subject, rows in report.groupby("subject")}
    assert names["feature"] == {*RECIPE.tree.features, *RECIPE.linear.features}
    assert names["target"] == {"places_gained", "retired", "classified"}
    assert {"pre_weekend", "post_qualifying", "team-0"} < names["error"]
    assert "data:image/png" in str(metadata(result, DRIFT)["drift"])
    shown = metadata(result, HEALTH)
    assert "data:image/png" in str(shown["rps"])
    assert str(shown["pre_weekend"]).startswith("good: ")
    assert f"{LAST}: no drift" in str(monitored.tick().skip_message)


def test_looking_again_takes_the_place_of_the_same_race(monitored):
    monitored.held(ROUNDS)
    monitored.look()
    first = monitored.warehouse.read_many(["drift_report", "model_health"])
    monitored.look()
    again = monitored.warehouse.read_many(["drift_report", "model_health"])
    for name, frame in first.items():
        pd.testing.assert_frame_equal(again[name], frame)
    assert set(first["model_health"]["event_id"]) == {LAST}
    # The race before has a report too: what is news shows beside it.
    assert set(first["drift_report"]["event_id"]) == {LAST, f"{SEASONS[-1]}-prix-{ROUNDS - 1}"}


def test_what_has_drifted_long_since_is_no_news_to_a_new_home(monitored, training_set):
    monitored.held(ROUNDS, shifted(training_set, "practice_gap", "2020-prix-8", 2))
    result = monitored.look()
    assert "feature practice_gap" in str(metadata(result, DRIFT)["drifted"])
    assert monitored.statuses() == {"good"}
    assert "noticed before" in str(monitored.tick().skip_message)


def test_a_drift_asks_for_a_fit_once(monitored, training_set):
    changed = shifted(training_set, "practice_gap", "2020-prix-8", 2)
    monitored.held(NOTICED, changed)
    result = monitored.look()
    (healthy,) = result.get_asset_check_evaluations()
    assert not healthy.passed
    assert healthy.severity == dg.AssetCheckSeverity.WARN
    assert "new drift of practice_gap" in str(healthy.metadata["reasons"].value)
    assert monitored.statuses() == {"degraded"}
    assert "feature practice_gap" in str(metadata(result, DRIFT)["drifted"])
    asked = monitored.tick()
    assert isinstance(asked, dg.RunRequest)
    assert asked.run_key == f"drift 2020-prix-{NOTICED}"
    # The same race asks under the same key, which Dagster runs once.
    assert monitored.tick().run_key == asked.run_key

    monitored.held(NOTICED + 1, changed)
    assert monitored.look().get_asset_check_evaluations()[0].passed
    report = monitored.warehouse.read_where("drift_report", event_id=f"2020-prix-{NOTICED + 1}")
    assert report.set_index("name").loc["practice_gap", "drifted"]
    assert "noticed before" in str(monitored.tick().skip_message)


def test_a_calendar_effect_asks_for_nothing(monitored, training_set):
    monitored.held(8, shifted(training_set, "qualifying_teammate", "2020-prix-1", 1.25))
    result = monitored.look()
    assert "season start" in str(metadata(result, DRIFT)["drifted"])
    assert monitored.statuses() == {"good"}
    assert "the calendar's" in str(monitored.tick().skip_message)


def test_the_threshold_is_the_environments(monitored, training_set, monkeypatch):
    monitored.held(NOTICED, shifted(training_set, "practice_gap", "2020-prix-8", 2))
    monkeypatch.setenv("RETRAINING_THRESHOLD", "20")
    monitored.look()
    assert not monitored.warehouse.read("drift_report")["drifted"].any()
    assert (monitored.warehouse.read("model_health")["drift_score"] > 0.1).all()
    assert isinstance(monitored.tick(), dg.SkipReason)


def test_what_was_published_in_time_counts(monitored, forecasts):
    rows = monitored.held(ROUNDS)
    start = rows.loc[rows["event_id"].eq(LAST), "race_starts_at"].iloc[0]
    mine = forecasts[forecasts["event_id"].eq(LAST) & forecasts["horizon"].eq("pre_weekend")]
    published = mine.drop(columns=["finish_order", "classified", "retired", "published"])
    published = published.assign(
        season=SEASONS[-1],
        round=ROUNDS,
        position_p05=1,
        position_p95=12,
        driver_code=None,
        grid_position=None,
        grid_source=None,
        tier="results",
        degraded_reason=None,
        model_version="m0",
        data_version="d",
        run_id="r",
        generated_at=start - pd.Timedelta(hours=3),
        event_starts_at=start,
    )
    published = check(published, CONTRACTS["race_predictions"])
    monitored.warehouse.append({"race_predictions": published})
    monitored.look()
    health = monitored.warehouse.read("model_health").set_index("horizon")
    assert health["published"].to_dict() == {"pre_weekend": 1, "post_qualifying": 0}


def test_without_a_model_in_force_the_baseline_is_looked_at(tables, training_set, monkeypatch):
    monkeypatch.setenv("DRIFT_DETECTION_WINDOW", "5")
    bare = Monitored(tables["events"], training_set)
    bare.held(ROUNDS)
    result = bare.look()
    assert not result.get_asset_check_evaluations()[0].passed
    health = bare.warehouse.read("model_health")
    assert set(health["horizon"]) == {"pre_weekend", "post_practice", "post_qualifying"}
    assert set(health["model_version"]) == {"grid_baseline"}
    assert set(health["status"]) == {"poor"}
    assert health["reason"].str.contains("no model is in force").all()
    assert (health["rps"] == health["rps_baseline"]).all()


def test_too_few_races_are_said_to_be_too_few(monitored, training_set):
    few = training_set[training_set["season"].eq(2018) & training_set["round"].le(4)]
    monitored.held(ROUNDS, few)
    result = monitored.look()
    assert result.get_asset_check_evaluations()[0].passed
    assert metadata(result, DRIFT)["reason"] == "there are too few races to compare"
    assert monitored.warehouse.read("drift_report").empty
    assert monitored.warehouse.read("model_health").empty
