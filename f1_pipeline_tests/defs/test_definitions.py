"""What the UI shows of every asset, and what loading the definitions may cost."""

import subprocess
import sys

import dagster as dg
import pytest

from f1_pipeline.contracts import CONTRACTS
from f1_pipeline.definitions import build_definitions
from f1_pipeline.defs.specs import column_schema

DEFS = build_definitions()
GRAPH = DEFS.resolve_asset_graph()
KEYS = sorted(GRAPH.get_all_asset_keys(), key=lambda key: key.to_user_string())
TABLES = {
    "tables": [name for name, c in CONTRACTS.items() if c.layer == "tables"],
    "features": ["circuit_patterns", "driver_form", "race_features", "team_form"],
    "model": ["training_set"],
    "predictions": ["race_predictions", "scored_predictions"],
}


def test_the_graph_holds_the_layers() -> None:
    expected = {f"{layer}/{name}" for layer, names in TABLES.items() for name in names}
    expected |= {"raw/archive", "model/backtest", "model/challenger", "model/champion"}
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
    assert partitioned == {"predictions/race_predictions": "events", "model/backtest": "seasons"}


def test_every_table_has_a_blocking_check() -> None:
    blocking = {
        key.asset_key.to_user_string() for key in GRAPH.asset_check_keys if GRAPH.get(key).blocking
    }
    assert blocking == {f"{layer}/{name}" for layer, names in TABLES.items() for name in names}


def test_loading_imports_nothing_heavy() -> None:
    code = (
        "import sys, f1_pipeline.definitions; "
        "print([m for m in ('fastf1', 'catboost', 'matplotlib') if m in sys.modules])"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "[]"


def test_jobs_resolve() -> None:
    names = {job.name for job in DEFS.resolve_all_job_defs()}
    assert {"refresh", "backtest_season", "predict_event"} <= names
