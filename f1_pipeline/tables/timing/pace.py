"""`race_pace`: how fast a driver was in each stint of a race or sprint, by its clean laps."""

import numpy as np
import pandas as pd

from f1_pipeline.tables.timing.clean import DRIVER, KEY, RACES, SESSION, rows_of

_STINT = [*DRIVER, "stint"]
_SLOPE_LAPS = 5  # with fewer, one lap of traffic turns the slope


def race_pace(clean_laps: pd.DataFrame) -> pd.DataFrame:
    """A row for each stint that has a clean lap: contract `race_pace`.

    `gap` is the mean, over the stint's clean laps, of the lap against the median of all clean laps
    of that lap number in the session: fuel and track are then the same, tyres and traffic are not.
    """
    shown = clean_laps["clean"].astype(bool) & clean_laps["stint"].notna()
    laps = clean_laps[shown & clean_laps["session"].isin(RACES)].sort_values(KEY)
    laps = laps.assign(time=laps["lap_ms"].astype("float64"))
    field = laps.groupby([*SESSION, "lap"])["time"].transform("median")
    stints = laps.assign(over=laps["time"] / field - 1).groupby(_STINT)
    pace = stints.agg(
        compound=("compound", "first"),
        clean_laps=("time", "size"),
        pace_ms=("time", "median"),
        gap=("over", "mean"),
    )
    pace["gap"] *= 100
    pace["slope"] = _slopes(laps, stints.ngroup())
    return rows_of("race_pace", pace.reset_index())


def _slopes(laps: pd.DataFrame, stint: "pd.Series[int]") -> np.ndarray:
    """Theil-Sen by number of the stint: the median slope of all pairs of its laps.

    `laps` are in the order of the stints. Written out, since scipy's takes ten times as long for
    the interval that it gives as well.
    """
    counts = np.bincount(stint.to_numpy(dtype=int))
    slopes = np.full(len(counts), np.nan)
    ends = np.cumsum(counts)
    lap, time = laps["lap"].to_numpy(dtype=float), laps["time"].to_numpy()
    for i in np.flatnonzero(counts >= _SLOPE_LAPS):
        own = slice(ends[i] - counts[i], ends[i])
        first, second = np.triu_indices(counts[i], 1)
        rise, run = time[own][second] - time[own][first], lap[own][second] - lap[own][first]
        slopes[i] = np.median(rise / run)
    return slopes
