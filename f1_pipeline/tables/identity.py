"""Drivers, constructors, their lineage, circuits: whole tables that hold no event."""

import pandas as pd

from f1_pipeline.contracts import CONTRACTS


def drivers(raw: pd.DataFrame) -> pd.DataFrame:
    return raw[[c.name for c in CONTRACTS["drivers"].columns]]


def constructors(raw: pd.DataFrame) -> pd.DataFrame:
    return raw[[c.name for c in CONTRACTS["constructors"].columns]]


def circuits(raw: pd.DataFrame) -> pd.DataFrame:
    return raw[[c.name for c in CONTRACTS["circuits"].columns]]


def constructor_lineage(chains: pd.DataFrame, known: set[str]) -> pd.DataFrame:
    """One row for each name and period that a team raced under.

    The source repeats a chain of names under every name in it; the chain's first name is the id
    of the team, since it is the only one that a later renaming does not change.
    """
    ordered = chains.sort_values(["chain_id", "display_order"], kind="stable")
    ordered = ordered.assign(
        lineage_id=ordered.groupby("chain_id")["constructor_id"].transform("first")
    )
    periods = ordered.drop_duplicates(["constructor_id", "season_from"])
    columns = [c.name for c in CONTRACTS["constructor_lineage"].columns]
    return periods.loc[periods["constructor_id"].isin(known), columns]
