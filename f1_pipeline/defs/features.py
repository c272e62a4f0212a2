"""Layer features: the state of drivers, teams and circuits before each event, and their join.

Each event's features come from the versions of the tables that held when its race started.
"""

from collections.abc import Callable
from typing import Any

import dagster as dg
import pandas as pd

from f1_pipeline import features
from f1_pipeline.defs.resources import Storage, table_result
from f1_pipeline.defs.specs import describe_table

# What each feature reads: the edges of the graph, and all that its function is given.
_CIRCUIT = (
    "events",
    "entries",
    "starting_grids",
    "race_results",
    "qualifying_results",
    "practice_results",
    "constructor_lineage",
)
_FORM = (*_CIRCUIT, "standings")
_RACE = (
    "events",
    "entries",
    "starting_grids",
    "qualifying_results",
    "sprint_results",
    "practice_results",
)


def _tables(*names: str) -> dict[str, dg.AssetIn]:
    return {name: dg.AssetIn(dg.AssetKey(["tables", name])) for name in names}


def _feature(name: str) -> dict[str, Any]:
    return describe_table(name, kinds={"pandas"}, made_by=("features",))


def _as_seen(
    name: str,
    compute: Callable[[features.Tables], pd.DataFrame],
    facts: dict[str, pd.DataFrame],
    storage: Storage,
) -> dg.MaterializeResult:
    superseded = storage.warehouse.superseded([n for n in facts if n in features.AS_SEEN])
    return table_result(name, features.compute_as_seen(compute, facts, superseded))


@dg.asset(ins=_tables(*_FORM), **_feature("driver_form"))
def driver_form(storage: Storage, **facts: pd.DataFrame) -> dg.MaterializeResult:
    return _as_seen("driver_form", features.driver_form, facts, storage)


@dg.asset(ins=_tables(*_FORM), **_feature("team_form"))
def team_form(storage: Storage, **facts: pd.DataFrame) -> dg.MaterializeResult:
    return _as_seen("team_form", features.team_form, facts, storage)


@dg.asset(ins=_tables(*_CIRCUIT), **_feature("circuit_patterns"))
def circuit_patterns(storage: Storage, **facts: pd.DataFrame) -> dg.MaterializeResult:
    return _as_seen("circuit_patterns", features.circuit_patterns, facts, storage)


@dg.asset(ins=_tables(*_CIRCUIT, "race_pace"), **_feature("lap_form"))
def lap_form(storage: Storage, **facts: pd.DataFrame) -> dg.MaterializeResult:
    """Laps as they stand: a race that is recorded anew changes the pace that it gave."""
    return _as_seen("lap_form", features.lap_form, facts, storage)


@dg.asset(
    ins=_tables(*_RACE)
    | {
        name: dg.AssetIn(dg.AssetKey(["features", name]))
        for name in ("driver_form", "team_form", "circuit_patterns", "lap_form")
    },
    **_feature("race_features"),
)
def race_features(
    driver_form: pd.DataFrame,
    team_form: pd.DataFrame,
    circuit_patterns: pd.DataFrame,
    lap_form: pd.DataFrame,
    storage: Storage,
    **facts: pd.DataFrame,
) -> dg.MaterializeResult:
    def joined(tables: features.Tables) -> pd.DataFrame:
        return features.race_features(tables, driver_form, team_form, circuit_patterns, lap_form)

    return _as_seen("race_features", joined, facts, storage)
