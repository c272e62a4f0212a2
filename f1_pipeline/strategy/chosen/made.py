"""What was done: a row per classified driver and race with stops, their laps and the compounds.

Here belongs the reading of figures and of pit stops as choices. Tyres changed while a race is
stopped cost nothing, so they are no stop.
"""

import numpy as np
import pandas as pd

from f1_pipeline.strategy.fits.rows import dated
from f1_pipeline.strategy.fits.stints import relative

COLUMNS = ["event_id", "driver_id", "stops", "first_stop", "laps", "grid", "compounds", "stop_laps"]
# The first season on one maker's tyres that were made to wear; in 2010 a set lasted a race.
FIRST_SEASON = 2011
# Longer in the pit lane than this is a race that was stopped, or a car that was mended.
_STOPPED_MS = 120_000
_STARTS_LAST = 22  # a pit-lane start counts as the last slot of a full grid
_LEAST_CARS = 5
_FREE = ("start", "red")  # what a set was put on under that was no stop


def choices(
    stints: pd.DataFrame,
    races: pd.DataFrame,
    pit_stops: pd.DataFrame,
    results: pd.DataFrame,
    events: pd.DataFrame,
) -> pd.DataFrame:
    """All that is known of what was done in dry races: `COLUMNS`, circuit_id and year, in order.

    Rows of `stint_figures`, `race_figures`, `pit_stops`, `race_results` and `events`. A race with
    figures is told by them, and left out where it was wet; one without by its pit stops, with
    `compounds` and `stop_laps` null: then nothing says whether it was wet.
    """
    told = made(stints, races, results)
    others = pit_stops[~pit_stops["event_id"].isin(races["event_id"])]
    parts = [part for part in (told, _counted(others, results)) if len(part)]
    if not parts:
        return pd.DataFrame(columns=[*COLUMNS, "circuit_id", "year"])
    rows = dated(pd.concat(parts, ignore_index=True), events)
    cars = rows.groupby("event_id")["driver_id"].transform("size")
    return rows[cars.ge(_LEAST_CARS)].reset_index(drop=True)


def made(stints: pd.DataFrame, races: pd.DataFrame, results: pd.DataFrame) -> pd.DataFrame:
    """`COLUMNS` of the classified drivers of dry races, from `stint_figures`.

    `compounds`: of all sets in order, S, M and H being the weekend's three; null where one is not
    known or wet. `stop_laps`: the laps at whose end stops were made.
    """
    dry = races[races["dry"].astype("boolean").fillna(False).astype(bool)]
    rows = stints.merge(dry[["event_id", "laps"]], on="event_id")
    rows = rows.sort_values(["event_id", "driver_id", "stint"], ignore_index=True)
    rows["named"] = relative(rows)
    cars: dict[tuple[str, str, int], tuple[list[str | None], list[int]]] = {}
    for event, driver, laps, named, first, under in zip(
        *(rows[c] for c in ("event_id", "driver_id", "laps", "named", "first_lap", "began_under")),
        strict=True,
    ):
        compounds, stops = cars.setdefault((event, driver, int(laps)), ([], []))
        compounds.append(named[0] if isinstance(named, str) else None)
        if under not in _FREE:
            stops.append(int(first) - 1)
    found = [
        {
            "event_id": event,
            "driver_id": driver,
            "stops": len(stops),
            "first_stop": max(stops[0], 1) if stops else None,
            "laps": laps,
            "compounds": None if None in compounds else tuple(compounds),
            "stop_laps": tuple(stops),
        }
        for (event, driver, laps), (compounds, stops) in cars.items()
    ]
    return _classified(pd.DataFrame(found, columns=[c for c in COLUMNS if c != "grid"]), results)


def _counted(pit_stops: pd.DataFrame, results: pd.DataFrame) -> pd.DataFrame:
    """The same by pit stops alone: the number, and the first lap."""
    stops = pit_stops[pit_stops["pit_lane_ms"].fillna(0).lt(_STOPPED_MS)]
    by_car = stops.groupby(["event_id", "driver_id"]).agg(
        stops=("lap", "size"), first_stop=("lap", "min")
    )
    placed = results[results["event_id"].isin(pit_stops["event_id"])]
    placed = placed[placed["event_id"].str[:4].astype(int).ge(FIRST_SEASON)]
    most = placed.groupby("event_id")["laps"].max()
    rows = placed[["event_id", "driver_id"]].merge(
        by_car.reset_index(), how="left", on=["event_id", "driver_id"]
    )
    rows["stops"] = rows["stops"].fillna(0)
    rows["laps"] = rows["event_id"].map(most)
    rows["compounds"] = rows["stop_laps"] = None
    return _classified(rows, results)


def _classified(rows: pd.DataFrame, results: pd.DataFrame) -> pd.DataFrame:
    placed = results[results["classified"].astype("boolean").fillna(False).astype(bool)]
    grid = placed[["event_id", "driver_id", "grid_position"]]
    rows = rows.merge(grid, on=["event_id", "driver_id"])
    rows["grid"] = rows.pop("grid_position").astype("float64").fillna(_STARTS_LAST)
    rows = rows.astype({"stops": np.int64, "laps": np.int64, "first_stop": "float64"})
    return rows[COLUMNS]
