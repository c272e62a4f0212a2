"""Rules that no single row can break: what must hold among the rows of an event."""

import pandas as pd


def broken(frames: dict[str, pd.DataFrame]) -> list[tuple[str, str, str]]:
    """(table, event_id, reason) for every event whose rows contradict each other."""
    return [
        *_places(frames["race_results"], "race_results"),
        *_places(frames["sprint_results"], "sprint_results"),
        *_starters_without_result(frames["starting_grids"], frames["race_results"]),
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
