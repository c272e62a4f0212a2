"""Rows in and out of the fits: which circuit and year a figure is of, and a contract's columns."""

from collections.abc import Sequence

import pandas as pd

from f1_pipeline.contracts import CONTRACTS, Kind

_TYPES = {Kind.INTEGER: "Int64", Kind.FLOAT: "float64", Kind.BOOLEAN: "boolean"}
_SECONDS = 365.25 * 24 * 3600


def dated(figures: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """The figures with `circuit_id` and `year` (a fraction), in order of time.

    Figures of events that `events` does not list are left out.
    """
    starts = pd.to_datetime(events["race_starts_at"], utc=True)
    since = (starts - pd.Timestamp("1950-01-01", tz="UTC")).dt.total_seconds()
    at = events[["event_id", "circuit_id"]].assign(year=1950 + since / _SECONDS)
    rows = figures.drop(columns=["circuit_id", "year"], errors="ignore").merge(at, on="event_id")
    key = [c for c in ("driver_id", "stint", "number", "caution") if c in rows]
    return rows.sort_values(["year", "event_id", *key], ignore_index=True)


def circuits_of(events: pd.DataFrame) -> "pd.Series[str]":
    """All circuits of the events, each once, in alphabetical order."""
    return pd.Series(sorted(events["circuit_id"].unique()), name="circuit_id", dtype=object)


def table(name: str, parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The columns of the contract in its types, ordered by its key; without parts, no rows."""
    contract = CONTRACTS[name]
    names = [column.name for column in contract.columns]
    types = {c.name: _TYPES.get(c.kind, "object") for c in contract.columns}
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names)
    rows = rows[names].astype(types)
    return rows.sort_values(list(contract.key), ignore_index=True)
