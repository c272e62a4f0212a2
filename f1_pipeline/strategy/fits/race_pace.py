"""How fast the cars of a race are expected to be over a stint: deficits per lap, and their spread.

Of races before: each car's pace with the fuel of half the distance (`track_position.race_pace`),
against the median car, in shares of a lap. Put together of the place on the grid, the team, which
is forgotten in half a year, and the driver; variances are estimated. Here belongs that alone: the
forecast of results is the model's, and reads much more.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from f1_pipeline.strategy.fits.components import (
    Effect,
    FloatArray,
    expect,
    fading,
    same,
    variances,
)
from f1_pipeline.strategy.fits.track_position import race_pace

_RACES = 20  # a season: what teams were before has faded, and 400 rows are solved in a second
_HALF_YEAR = 0.5
# First guesses of standard deviations, in shares of a lap: 0.4 s of 90 between teams, half of that
# between drivers, 0.4 s by the day.
_TEAM, _DRIVER, _DAY = 0.0045, 0.002, 0.0045
_GRID = 0.0005  # a place on the grid, before any race was seen: 0.045 s
_SLOWEST = 0.05  # beyond five per cent a car was broken


def fit(
    stints: pd.DataFrame,
    results: pd.DataFrame,
    year: float,
    drivers: Sequence[str],
    constructors: Sequence[str],
    grid: FloatArray,
    lap_ms: float,
    whole: float,
) -> tuple[FloatArray, FloatArray]:
    """Deficit per lap to the fastest and standard deviation of a race's pace, ms: (cars,) each.

    `stints`: dry stints as `stints.dry_stints` gives them, of races that are over; `whole`: what
    the distance gains by fuel, as `fuel.share` gives it.
    """
    places = np.asarray(grid, dtype=np.float64)
    rows = _past(stints, results, whole)
    if rows.empty:
        return _GRID * lap_ms * (places - places.min()), np.full(len(places), _DAY * lap_ms)
    team, driver = (pd.Series(list(of), dtype=object) for of in (constructors, drivers))
    time, now = rows["year"].to_numpy(np.float64), np.full(len(places), year)
    own, none = np.ones(len(places)), np.zeros((len(places), len(rows)))
    faded = fading(time, time, _HALF_YEAR), fading(now, time, _HALF_YEAR)
    theirs = (
        same(rows["constructor_id"], rows["constructor_id"]),
        same(team, rows["constructor_id"]),
    )
    effects = [
        Effect(theirs[0] * faded[0], theirs[1] * faded[1], own, _TEAM**2),
        Effect(
            same(rows["driver_id"], rows["driver_id"]),
            same(driver, rows["driver_id"]),
            own,
            _DRIVER**2,
        ),
        Effect(np.eye(len(rows)), none, 0 * own, _DAY**2),
    ]
    y, X = rows["behind"].to_numpy(np.float64), _terms(rows["grid"].to_numpy(np.float64))
    found = variances(y, X, effects)
    mean, spread = expect(y, X, _terms(places), effects, found)
    return lap_ms * (mean - mean.min()), lap_ms * np.sqrt(spread + found[-1])


def _past(stints: pd.DataFrame, results: pd.DataFrame, whole: float) -> pd.DataFrame:
    """Cars of the last races: constructor_id, driver_id, year, grid, behind the median car."""
    last = stints.drop_duplicates("event_id", keep="last")["event_id"].iloc[-_RACES:]
    recent = stints[stints["event_id"].isin(last)]
    if recent.empty:
        return recent
    cars = race_pace(recent, whole)
    lap = cars["event_id"].map(recent.groupby("event_id")["lap_ms"].first()).astype("float64")
    median = cars.groupby("event_id")["pace"].transform("median")
    cars = cars.assign(behind=((cars["pace"] - median) / lap).astype("float64"))
    known = results[["event_id", "driver_id", "constructor_id", "grid_position"]]
    cars = cars[cars["behind"].lt(_SLOWEST)].merge(known, on=["event_id", "driver_id"])
    starters = cars.groupby("event_id")["driver_id"].transform("size")
    grid = cars["grid_position"].astype("float64").fillna(starters)
    return cars.assign(grid=grid).reset_index(drop=True)


def _terms(grid: FloatArray) -> FloatArray:
    return np.column_stack([np.ones(len(grid)), (grid - 10) / 10])
