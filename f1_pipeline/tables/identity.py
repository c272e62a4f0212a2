"""Drivers, constructors, their lineage, circuits: whole tables that hold no event."""

import pandas as pd

from f1_pipeline.contracts import CONTRACTS


def as_listed(raw: pd.DataFrame, table: str) -> pd.DataFrame:
    """Drivers, constructors and circuits stand in their tables as the source lists them."""
    return raw[[c.name for c in CONTRACTS[table].columns]]


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
    return as_listed(periods[periods["constructor_id"].isin(known)], "constructor_lineage")
