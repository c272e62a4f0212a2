"""What the UI shows of every asset, and what loading the definitions may cost."""

import subprocess
import sys

import dagster as dg
import pytest

from f1_pipeline.contracts import CONTRACTS
from f1_pipeline.contracts.strategy import FIGURES
from f1_pipeline.definitions import build_definitions
from f1_pipeline.defs import strategy_fits
from f1_pipeline.defs.specs import column_schema

DEFS = build_definitions()
GRAPH = DEFS.resolve_asset_graph()
KEYS = sorted(GRAPH.get_all_asset_keys(), key=lambda key: key.to_user_string())
RECORDED = {"raw/laps", "raw/weather", "raw/track_status", "raw/race_control", "raw/practice"}
BY_EVENT = {"raw/results", "raw/qualifying", "raw/sprint", "raw/pit_stops", *RECORDED}
TABLES = {
    "tables": [name for name, c in CONTRACTS.items() if c.layer == "tables"],
    "features": ["circuit_patterns", "driver_form", "lap_form", "race_features", "team_form"],
    "model": ["training_set", "track_record", "drift_report", "model_health"],
    "predictions": ["race_predictions", "explanations", "scored_predictions"],
    "strategy": [
        *(*FIGURES, *strategy_fits.NAMES, "recommendations", "caution_advice"),
        *("scored_recommendations", "strategy_backtest"),
    ],
    "search": ["driver_documents", "race_documents", "alike_races", "search_index"],
    "narration": ["stories"],
}


def test_the_graph_holds_the_layers() -> None:
    expected = {f"{layer}/{name}" for layer, names in TABLES.items() for name in names}
    expected |= {"raw/archive", "raw/calendar", "raw/rosters", *BY_EVENT}
    expected |= {f"model/{n}" for n in ("backtest", "challenger", "champion", "studies", "tuning")}
    expected |= {"operations/backup", "operations/retention"}
    assert {key.to_user_string() for key in KEYS} == expected


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.to_user_string())
def test_every_asset_says_what_it_is(key: dg.AssetKey) -> None:
    node = GRAPH.get(key)
    assert len(node.description or "") > 40
    assert node.owners
    assert node.kinds
    assert node.group_name == key.path[0]
    assert node.code_version
    assert node.freshness_policy is not None


@pytest.mark.parametrize(
    ("layer", "name"), [(layer, name) for layer, names in TABLES.items() for name in names]
)
def test_a_table_shows_its_contract(layer: str, name: str) -> None:
    node = GRAPH.get(dg.AssetKey([layer, name]))
    assert node.metadata["dagster/column_schema"] == column_schema(CONTRACTS[name])


def test_partitions_only_where_data_arrives_in_pieces() -> None:
    partitioned = {
        key.to_user_string(): GRAPH.get(key).partitions_def.name  # type: ignore[union-attr]
        for key in KEYS
        if GRAPH.get(key).is_partitioned
    }
    made = ["predictions/race_predictions", "predictions/explanations"]
    made += ["strategy/recommendations", "strategy/caution_advice", "narration/stories"]
    by_season = dict.fromkeys(["model/backtest", "strategy/strategy_backtest"], "seasons")
    assert partitioned == dict.fromkeys([*made, *BY_EVENT], "events") | by_season


def test_every_table_has_a_blocking_check() -> None:
    blocking = {
        key.asset_key.to_user_string() for key in GRAPH.asset_check_keys if GRAPH.get(key).blocking
    }
    assert blocking == {f"{layer}/{name}" for layer, names in TABLES.items() for name in names}


def test_loading_imports_nothing_heavy() -> None:
    code = (
        "import sys, f1_pipeline.definitions; "
        "heavy = ('fastf1', 'catboost', 'matplotlib', 'optuna', 'mlflow'); "
        "print([m for m in heavy if m in sys.modules])"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "[]"


def test_jobs_resolve() -> None:
    names = {job.name for job in DEFS.resolve_all_job_defs()}
    assert {"refresh", "update_event", "after_race", "collect_season", "predict_event"} <= names
    assert "sync_drivers" in names
    assert {"retrain", "promote_model", "roll_back_model", "tune", "retention", "backup"} <= names


def test_what_runs_by_itself_is_on_from_the_start() -> None:
    sensors, schedules = DEFS.sensors or [], DEFS.schedules or []
    assert {s.name for s in sensors} == {
        "sessions",
        "retraining",
        "alerts",
        "run_requests",
        "plans",
    }
    assert all(s.default_status == dg.DefaultSensorStatus.RUNNING for s in sensors)
    assert {s.name: s.cron_schedule for s in schedules} == {  # type: ignore[union-attr]
        "weekly_refresh": "0 6 * * 1",
        "weekly_retraining": "0 8 * * 1",
        "weekly_retention": "0 2 * * 0",
        "daily_backup": "30 3 * * *",
        "daily_check": "30 4 * * *",
        "weekly_check": "30 5 * * 2",
        "backfill_missing": "30 2 * * *",
    }
    assert {s.execution_timezone for s in schedules} == {"UTC"}  # type: ignore[union-attr]


def test_a_refresh_asks_no_upstream_and_does_what_is_due_only() -> None:
    selected = DEFS.resolve_job_def("refresh").asset_layer.executable_asset_keys
    names = {key.to_user_string() for key in selected}
    assert not names & {"raw/calendar", "raw/rosters", *BY_EVENT}
    assert not names & {"model/tuning", "model/studies", "operations/backup"}
    assert not names & {"strategy/recommendations", "strategy/strategy_backtest"}
    assert "model/champion" in names


def test_a_retraining_is_judged_whatever_was_said_before() -> None:
    job = DEFS.resolve_job_def("retrain")
    config = job.run_config or {}
    assert config["resources"]["training"]["config"]["judged"] is True
