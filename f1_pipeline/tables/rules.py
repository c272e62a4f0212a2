"""Rules that no single row can break: what must hold among the rows of an event."""

import pandas as pd

_EVENTS_TO_COMPARE = 4
_MOST = 0.5


def broken(frames: dict[str, pd.DataFrame]) -> list[tuple[str, str, str]]:
    """(table, event_id, reason) for every event whose rows contradict each other."""
    return [
        *_places(frames["race_results"], "race_results"),
        *_places(frames["sprint_results"], "sprint_results"),
        *_starters_without_result(frames["starting_grids"], frames["race_results"]),
        *_another_series(frames["race_results"]),
        *_another_series(frames["qualifying_results"], "qualifying_results"),
    ]


def _places(results: pd.DataFrame, table: str) -> list[tuple[str, str, str]]:
    """Classified positions of a finished session are 1, 2, 3, … without a gap or a tie."""
    placed = results[results["position"].notna()].sort_values(["event_id", "position"])
    expected = placed.groupby("event_id").cumcount() + 1
    wrong = placed.loc[placed["position"].ne(expected), "event_id"].unique()
    return [(table, event, "classified positions have a gap or a tie") for event in wrong]


def _starters_without_result(
    grids: pd.DataFrame, results: pd.DataFrame
) -> list[tuple[str, str, str]]:
    """A result that lacks a driver of the grid is half a race."""
    with_result = grids[grids["event_id"].isin(set(results["event_id"]))]
    listed = pd.MultiIndex.from_frame(results[["event_id", "driver_id"]])
    lacking = with_result[
        ~pd.MultiIndex.from_frame(with_result[["event_id", "driver_id"]]).isin(listed)
    ]
    return [
        ("race_results", row.event_id, f"no result for {row.driver_id}, who is on the grid")
        for row in lacking.itertuples()
    ]


def _another_series(
    results: pd.DataFrame, table: str = "race_results"
) -> list[tuple[str, str, str]]:
    """A list of drivers most of whom appear nowhere else is that of a support race.

    Rookies are a few at a time; where there are no other events, nothing can be said.
    """
    listed = results[["event_id", "driver_id"]].drop_duplicates()
    if listed["event_id"].nunique() < _EVENTS_TO_COMPARE:
        return []
    events_of_driver = listed.groupby("driver_id")["event_id"].transform("size")
    unknown = events_of_driver.eq(1).groupby(listed["event_id"]).mean()
    return [
        (table, event, "most of its drivers appear in no other event: is it a support race's?")
        for event in unknown.index[unknown > _MOST]
    ]
