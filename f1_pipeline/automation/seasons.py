"""Which seasons to check again for results that were changed, and which to fill."""

from datetime import datetime, timedelta

import pandas as pd

# Results change weeks and months after a race; after that hardly ever.
RECENT = timedelta(days=122)
# A race that is not listed after so long is not just late.
_LATE = timedelta(days=2)


def recent(events: pd.DataFrame, held: set[str], now: datetime) -> dict[int, list[str]]:
    """By season the held events of the last four months."""
    starts = events["race_starts_at"]
    inside = starts.between(now - RECENT, now) & events["event_id"].isin(held)
    return _by_season(events[inside])


def older(events: pd.DataFrame, held: set[str], now: datetime) -> dict[int, list[str]]:
    """By season the held events before that."""
    inside = (events["race_starts_at"] < now - RECENT) & events["event_id"].isin(held)
    return _by_season(events[inside])


def missing(events: pd.DataFrame, held: set[str], now: datetime) -> dict[int, list[str]]:
    """By season the events that were run and have no result."""
    run = events["race_starts_at"] < now - _LATE
    return _by_season(events[run & ~events["event_id"].isin(held)])


def _by_season(events: pd.DataFrame) -> dict[int, list[str]]:
    ordered = events.sort_values(["race_starts_at", "event_id"])
    return {int(s): list(rows["event_id"]) for s, rows in ordered.groupby("season")}
