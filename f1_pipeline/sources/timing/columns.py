"""FastF1's columns of laps, weather and track status, and foreign values put into their types.

A value that cannot be read is missing afterwards and counted. Whether one that can be read may be
true (a negative lap time, two laps of one number) is decided in `tables`.
"""

from collections import Counter
from collections.abc import Callable

import numpy as np
import pandas as pd

_TEXT, _TIME, _DATE, _NUMBER, _TRUTH = "text", "time", "date", "number", "truth value"
# WindDirection is whole where all of it is given, as FastF1 has it.
_WHOLE = "whole number"
COLUMNS = {
    "laps": {
        "Time": _TIME,
        "Driver": _TEXT,
        "DriverNumber": _TEXT,
        "LapTime": _TIME,
        "LapNumber": _NUMBER,
        "Stint": _NUMBER,
        "PitOutTime": _TIME,
        "PitInTime": _TIME,
        "Sector1Time": _TIME,
        "Sector2Time": _TIME,
        "Sector3Time": _TIME,
        "Sector1SessionTime": _TIME,
        "Sector2SessionTime": _TIME,
        "Sector3SessionTime": _TIME,
        "SpeedI1": _NUMBER,
        "SpeedI2": _NUMBER,
        "SpeedFL": _NUMBER,
        "SpeedST": _NUMBER,
        "IsPersonalBest": _TRUTH,
        "Compound": _TEXT,
        "TyreLife": _NUMBER,
        "FreshTyre": _TRUTH,
        "Team": _TEXT,
        "LapStartTime": _TIME,
        "LapStartDate": _DATE,
        "TrackStatus": _TEXT,
        "Position": _NUMBER,
        "Deleted": _TRUTH,
        "DeletedReason": _TEXT,
        "FastF1Generated": _TRUTH,
        "IsAccurate": _TRUTH,
    },
    "weather": {
        "Time": _TIME,
        "AirTemp": _NUMBER,
        "Humidity": _NUMBER,
        "Pressure": _NUMBER,
        "Rainfall": _TRUTH,
        "TrackTemp": _NUMBER,
        "WindDirection": _WHOLE,
        "WindSpeed": _NUMBER,
    },
    "track_status": {"Time": _TIME, "Status": _TEXT, "Message": _TEXT},
}
_NOTHING = {"", "nan", "nat", "none", "null", "<na>", "na", "n/a"}
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}
# "1:33.123", "00:01:33.123", "0 days 00:01:33.123000", and "-1 days +23:59:58.500000" as pandas
# words -1.5 s. Read here, since pandas wants hours and takes hours by the million for others.
_CLOCK = (
    r"^\s*(?:(?P<days>[+-]?[0-9]{1,6}) days?,?)?\s*"
    r"(?:(?P<sign>[+-]?)(?:(?P<hours>[0-9]{1,6}):)?(?P<minutes>[0-9]{1,6}):"
    r"(?P<seconds>[0-9]{1,6}(?:\.[0-9]*)?))?\s*$"
)
_SECONDS = {"days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
_MOST_SECONDS = 9e9  # more nanoseconds than these are no 64-bit number


def in_fastf1s_types(frame: pd.DataFrame, part: str, unread: Counter[str]) -> pd.DataFrame:
    """FastF1's columns of a part, and no others; those that are not there are empty.

    `unread` counts "LapTime are no times": the values that were given and could not be read.
    """
    columns = {}
    for name, kind in COLUMNS[part].items():
        given = _plain(frame[name]) if name in frame else pd.Series(None, frame.index, dtype=object)
        columns[name] = _READ[kind](given)
        unread[f"{name} are no {kind}s"] += int((given.notna() & columns[name].isna()).sum())
    return pd.DataFrame(columns, index=frame.index)


def settled(frame: pd.DataFrame, part: str) -> pd.DataFrame:
    """A part of one session: columns that are whole get the types that know nothing missing."""
    types = {}
    for name, kind in COLUMNS[part].items():
        values = frame[name]
        if kind == _TRUTH and values.notna().all():
            types[name] = "bool"
        if kind == _WHOLE and values.notna().all() and values.mod(1).eq(0).all():
            types[name] = "int64"
    return frame.astype(types).reset_index(drop=True)


def texts(values: "pd.Series[object]") -> "pd.Series[object]":
    """Texts, None where there is none; a number that is whole has no decimals: 44.0 is "44"."""
    spelled = values.astype(object).map(str, na_action="ignore")
    # Thousands of laps have a handful of texts: each is looked at once.
    places, found = pd.factorize(spelled)
    read = np.array([*(_text(text) for text in found), None], dtype=object)
    return pd.Series(read[places], index=values.index, dtype=object)


def _text(text: str) -> str | None:
    if text.strip().lower() in _NOTHING:
        return None
    whole, point, decimals = text.partition(".")
    is_whole = point and whole.removeprefix("-").isdecimal() and set(decimals) == {"0"}
    return whole if is_whole else text


def _plain(values: "pd.Series[object]") -> "pd.Series[object]":
    """Numbers as they are, durations in seconds, all else as texts."""
    if pd.api.types.is_timedelta64_dtype(values):
        return values.dt.total_seconds()
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        return values
    return texts(values)


def _numbers(values: "pd.Series[object]") -> "pd.Series[float]":
    numbers = pd.to_numeric(values, errors="coerce").astype("float64")
    return numbers.where(np.isfinite(numbers))


def _times(values: "pd.Series[object]") -> "pd.Series[pd.Timedelta]":
    """Timedeltas in whole milliseconds, as timing has them, from seconds or from texts."""
    seconds = _numbers(values)
    worded = seconds.isna() & values.notna()
    if values.dtype == object and worded.any():
        seconds = seconds.fillna(_clocks(values[worded]))
    seconds = seconds.where(seconds.abs() < _MOST_SECONDS)
    # Whole numbers by hand: pandas warns now and then when it casts what is missing.
    milliseconds = seconds.mul(1000).round().fillna(0).astype("int64")
    return milliseconds.mul(1_000_000).astype("timedelta64[ns]").where(seconds.notna())


def _clocks(worded: "pd.Series[str]") -> "pd.Series[float]":
    """The seconds that texts word; missing where they word none."""
    found = worded.str.extract(_CLOCK)
    parts = {
        name: pd.to_numeric(found[name]).fillna(0).astype("float64").mul(seconds)
        for name, seconds in _SECONDS.items()
    }
    sign = found["sign"].eq("-").map({True: -1.0, False: 1.0})
    total = parts["days"] + sign * (parts["hours"] + parts["minutes"] + parts["seconds"])
    return total.where(found[["days", "minutes"]].notna().any(axis=1))


def _dates(values: "pd.Series[object]") -> "pd.Series[pd.Timestamp]":
    dates = pd.to_datetime(texts(values), errors="coerce", format="ISO8601", utc=True)
    return dates.dt.tz_localize(None).astype("datetime64[ns]")


def _truths(values: "pd.Series[object]") -> "pd.Series[object]":
    """True, False or None."""
    worded = texts(values)
    read = {text: _TRUTHS.get(text.strip().lower()) for text in worded.dropna().unique()}
    return pd.Series([read.get(text) for text in worded], index=values.index, dtype=object)


_READ: dict[str, Callable[["pd.Series[object]"], "pd.Series[object]"]] = {
    _TEXT: texts,
    _TIME: _times,
    _DATE: _dates,
    _NUMBER: _numbers,
    _WHOLE: _numbers,
    _TRUTH: _truths,
}
