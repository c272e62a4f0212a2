"""`clean_laps`: which laps show the pace of the car, and what kept each other lap from it.

Here belongs the judgement of single laps, and every threshold of it. The shares beside a threshold
are of the 186,000 timed race laps of 2018-2025. Not here: what is computed of the clean laps.
"""

import numpy as np
import pandas as pd

from f1_pipeline.contracts import CONTRACTS, Kind

RACES = ("R", "S")
SESSION = ["event_id", "session"]
DRIVER = [*SESSION, "driver_id"]
KEY = [*DRIVER, "lap"]
_REASONS = ("in_lap", "out_lap", "neutralised", "wet", "deleted", "outlier")
_TYPES = {Kind.INTEGER: "Int64", Kind.BOOLEAN: "boolean", Kind.FLOAT: "float64"}
_WET_TYRES = ("INTERMEDIATE", "WET")
# Cars of 20 on wet tyres, and what the others lose on dry ones in that lap: 1 to 4 cars 1 to 7 %,
# 5 or 6 cars 12 to 22 %.
_WET_SHARE = 0.25
# A stint with fewer laps has no spread of its own and is held against the driver's whole session.
_STINT_LAPS = 5
# Half of all stints have a median deviation under 0.3 % of the lap. Without a floor the calmest
# ones would lose laps that are half a second slow.
_FLOOR = 0.003
# Deviations: at least 1.4 s of a lap of 90 s, and 2.9 % of the laps without another flag. There is
# no such bound for fast laps: at ten deviations it met 3 laps of 153,757, and all were real.
_SLOW = 5.0
# Against the driver's best lap of the session. In qualifying 95 % of all parts that a driver runs
# end within 2 % of it; 7 % is the sport's own limit. In practice long runs are wanted as well:
# 95 % of drivers race within 13 % of the best qualifying lap, a lap to cool down takes far longer.
_SLOW_QUALIFYING = 1.07
_SLOW_PRACTICE = 1.15


def clean_laps(laps: pd.DataFrame, weather: pd.DataFrame) -> pd.DataFrame:
    """Every lap that has a time, with its flags: contract `clean_laps`.

    A lap is an outlier for no other reason only: one that has another flag is never one.
    """
    laps = laps.sort_values(KEY, ignore_index=True)
    before = _status_before(laps)
    race = laps["session"].isin(RACES)
    rows = laps.assign(
        in_lap=laps["pit_in_ms"].notna(),
        out_lap=_out_lap(laps, race, before),
        neutralised=_neutralised(laps, before),
        wet=_wet(laps, weather, race),
        deleted=laps["deleted"].astype("boolean").fillna(False).astype(bool),
    )
    rows = rows[rows["lap_ms"].notna()]
    plain = ~rows[list(_REASONS[:-1])].any(axis=1)
    time = rows["lap_ms"].astype("float64")
    slow = _slow_in_stint(rows, time, plain).where(
        rows["session"].isin(RACES), _slow_against_best(rows, time, plain)
    )
    return rows_of("clean_laps", rows.assign(outlier=plain & slow, clean=plain & ~slow))


def rows_of(table: str, rows: pd.DataFrame) -> pd.DataFrame:
    """The columns of the contract, with flags and counts in its types."""
    columns = CONTRACTS[table].columns
    types = {c.name: _TYPES[c.kind] for c in columns if c.kind in _TYPES}
    return rows[[c.name for c in columns]].astype(types).reset_index(drop=True)


def _status_before(laps: pd.DataFrame) -> "pd.Series[str]":
    """The track status of the driver's lap before; empty where that lap is not held."""
    previous = laps[[*KEY, "track_status"]].shift()
    follows = laps["lap"].sub(previous["lap"]).eq(1).fillna(False)
    for column in DRIVER:
        follows &= laps[column].eq(previous[column])
    return previous["track_status"].where(follows.astype(bool)).fillna("").astype(str)


def _out_lap(laps: pd.DataFrame, race: "pd.Series[bool]", before: "pd.Series[str]") -> pd.Series:
    """Out of the pit lane, or from a standstill: the start, and the restart after a red flag."""
    standing = laps["lap"].eq(1).fillna(False).astype(bool) | before.str.contains("5", regex=False)
    return laps["pit_out_ms"].notna() | (race & standing)


def _neutralised(laps: pd.DataFrame, before: "pd.Series[str]") -> pd.Series:
    """Under a safety car, virtual or real, or a red flag, and the lap after one that was.

    The lap after a safety car begins at its pace: its median is 2.1 % over that of the stint. After
    a virtual one it is not slow (−0.1 %) and counts.
    """
    during = laps["track_status"].fillna("").astype(str).str.contains("[4567]")
    return during | before.str.contains("[45]")


def _wet(laps: pd.DataFrame, weather: pd.DataFrame, race: "pd.Series[bool]") -> pd.Series:
    """By the lap's own tyre; in a race also by the tyres of the others on that lap, and by rain.

    Rain alone is no sign: where nobody wears wet tyres, dry laps in it are 0.1 % slower. With one
    car on them they are 8 % slower. Outside of races lap numbers do not tell the time.
    """
    own = laps["compound"].isin(_WET_TYRES)
    known = own.astype("float64").where(laps["compound"].notna() & race)
    share = known.groupby([laps[c] for c in (*SESSION, "lap")]).transform("mean").fillna(0.0)
    some = share.gt(0) & share.lt(_WET_SHARE)
    raining = _rain_during(laps[some], weather).reindex(laps.index, fill_value=False)
    return own | share.ge(_WET_SHARE) | raining


def _rain_during(laps: pd.DataFrame, weather: pd.DataFrame) -> pd.Series:
    """Whether a reading of rain held in the lap: each holds until the next one."""
    ends = laps["ends_at_ms"].astype("float64")
    starts = laps["starts_at_ms"].astype("float64")
    starts = starts.fillna(ends - laps["lap_ms"].astype("float64"))
    spans = laps[SESSION].assign(start=starts, end=ends)[ends.notna()].sort_values("end")
    readings = weather[[*SESSION, "at_ms", "rainfall"]].sort_values([*SESSION, "at_ms"])
    readings["at"] = readings["at_ms"].astype("float64")
    readings["until"] = readings.groupby(SESSION)["at"].shift(-1).fillna(np.inf)
    rain = readings[readings["rainfall"].astype("boolean").fillna(False).astype(bool)]
    if spans.empty or rain.empty:
        return pd.Series(False, index=laps.index)
    met = pd.merge_asof(spans, rain.sort_values("at"), left_on="end", right_on="at", by=SESSION)
    held = pd.Series((met["until"] > met["start"]).to_numpy(), index=spans.index)
    return held.reindex(laps.index, fill_value=False)


def _slow_in_stint(rows: pd.DataFrame, time: pd.Series, plain: pd.Series) -> pd.Series:
    """Far over the median of the driver's plain laps in the stint, in median deviations."""
    stint = rows.groupby([*DRIVER, "stint"], dropna=False, sort=False).ngroup()
    driver = rows.groupby(DRIVER, sort=False).ngroup()
    enough = plain.groupby(stint).transform("sum").ge(_STINT_LAPS)
    distance = _distance(time, plain, stint).where(enough, _distance(time, plain, driver))
    return distance.gt(_SLOW)


def _distance(time: pd.Series, plain: pd.Series, group: pd.Series) -> pd.Series:
    shown = time.where(plain)
    median = shown.groupby(group).transform("median")
    deviation = (shown - median).abs().groupby(group).transform("median")
    return (time - median) / np.maximum(deviation, _FLOOR * median)


def _slow_against_best(rows: pd.DataFrame, time: pd.Series, plain: pd.Series) -> pd.Series:
    """Slow against the driver's best plain lap: a lap to cool down, to warm up or in traffic."""
    best = time.where(plain).groupby([rows[c] for c in DRIVER]).transform("min")
    practice = rows["session"].str.startswith("FP")
    return time > best * np.where(practice, _SLOW_PRACTICE, _SLOW_QUALIFYING)
