"""Layer features: the state of drivers, teams and circuits before each event, and their join."""

from typing import Any

import dagster as dg
import pandas as pd

from f1_pipeline import features
from f1_pipeline.defs.resources import table_result
from f1_pipeline.defs.specs import describe_table

# What each feature reads: the edges of the graph, and all that its function is given.
_CIRCUIT = (
    "events",
    "entries",
    "starting_grids",
    "race_results",
    "qualifying_results",
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


@dg.asset(ins=_tables(*_FORM), **_feature("driver_form"))
def driver_form(**facts: pd.DataFrame) -> dg.MaterializeResult:
    return table_result("driver_form", features.driver_form(facts))


@dg.asset(ins=_tables(*_FORM), **_feature("team_form"))
def team_form(**facts: pd.DataFrame) -> dg.MaterializeResult:
    return table_result("team_form", features.team_form(facts))


@dg.asset(ins=_tables(*_CIRCUIT), **_feature("circuit_patterns"))
def circuit_patterns(**facts: pd.DataFrame) -> dg.MaterializeResult:
    return table_result("circuit_patterns", features.circuit_patterns(facts))


@dg.asset(
    ins=_tables(*_RACE)
    | {
        name: dg.AssetIn(dg.AssetKey(["features", name]))
        for name in ("driver_form", "team_form", "circuit_patterns")
    },
    **_feature("race_features"),
)
def race_features(
    driver_form: pd.DataFrame,
    team_form: pd.DataFrame,
    circuit_patterns: pd.DataFrame,
    **facts: pd.DataFrame,
) -> dg.MaterializeResult:
    rows = features.race_features(facts, driver_form, team_form, circuit_patterns)
    return table_result("race_features", rows)
