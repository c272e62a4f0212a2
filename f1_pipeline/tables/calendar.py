"""Questions about the calendar that several layers ask: what was held, what comes next."""

import pandas as pd


def in_order(events: pd.DataFrame) -> pd.DataFrame:
    """Events in the order in which they are run."""
    return events.sort_values(["race_starts_at", "event_id"], ignore_index=True)


def held(events: pd.DataFrame, race_results: pd.DataFrame) -> pd.DataFrame:
    """The events that have a race result, in order."""
    return in_order(events[events["event_id"].isin(set(race_results["event_id"]))])


def next_event(events: pd.DataFrame, race_results: pd.DataFrame) -> str | None:
    """The first event of the calendar after the newest race result, or None at its end.

    The data decides, not the clock: when its start has passed, the data is stale.
    """
    past = held(events, race_results)
    later = in_order(events)
    if len(past):
        later = later[later["race_starts_at"] > past["race_starts_at"].iloc[-1]]
    return None if later.empty else str(later["event_id"].iloc[0])
