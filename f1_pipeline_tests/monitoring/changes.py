"""What may change in the course of a season: a feature is shifted, two teams change places.

Made on any tables or rows, made-up ones or those that a warehouse holds.
"""

from collections.abc import Mapping

import pandas as pd

from f1_pipeline.modelling.ordering import in_time
from f1_pipeline.tables.standings import standings

_SWAPPED = (
    *("race_results", "sprint_results", "qualifying_results", "practice_results"),
    "starting_grids",
)


def shifted(rows: pd.DataFrame, feature: str, first: str, deviations: float) -> pd.DataFrame:
    """Rows of a training set with a feature moved by so many standard deviations from a race on.

    Deviations are those of the season before; the race is named by its event.
    """
    rows = in_time(rows)
    at = rows.loc[rows["event_id"].eq(first), "race"].iloc[0]
    season = rows.loc[rows["event_id"].eq(first), "season"].iloc[0]
    deviation = rows.loc[rows["season"].eq(season - 1), feature].astype("float64").std()
    values = rows[feature].astype("float64")
    return rows.assign(
        **{feature: values.where(rows["race"] < at, values + deviations * deviation)}
    ).drop(columns="race")


def swapped(
    tables: Mapping[str, pd.DataFrame], season: int, first_round: int, teams: tuple[str, str]
) -> dict[str, pd.DataFrame]:
    """Tables in which two teams have each other's pace from a round on, to the end of the season.

    Each result goes to the other team's driver, so practice, qualifying, grid and race change
    places, and the standings follow; what is carried from earlier races is as it was.
    """
    events = tables["events"]
    later = events["season"].eq(season) & events["round"].ge(first_round)
    changed = dict(tables)
    names = _partners(tables["starting_grids"], set(events.loc[later, "event_id"]), teams)
    for name in _SWAPPED:
        frame = tables[name]
        keys = pd.MultiIndex.from_frame(frame[["event_id", "driver_id"]])
        new = pd.DataFrame([names.get(key, key[1:]) for key in keys], index=frame.index).reindex(
            columns=[0, 1]
        )
        drivers, constructors = new[0], new[1].fillna(frame["constructor_id"])
        changed[name] = frame.assign(driver_id=drivers, constructor_id=constructors)
    changed["standings"] = standings(events, changed["race_results"], changed["sprint_results"])
    return changed


def _partners(
    grids: pd.DataFrame, events: set[str], teams: tuple[str, str]
) -> dict[tuple[str, str], tuple[str, str]]:
    """By event and driver: who takes the place, and for which team."""
    found = {}
    for event_id, grid in grids[grids["event_id"].isin(events)].groupby("event_id"):
        cars = [sorted(grid.loc[grid["constructor_id"].eq(team), "driver_id"]) for team in teams]
        for pair in zip(*cars, strict=False):
            for own, other in ((0, 1), (1, 0)):
                found[str(event_id), pair[own]] = (pair[other], teams[other])
    return found
