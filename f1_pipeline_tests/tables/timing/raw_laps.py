"""Raw frames of recorded sessions in FastF1's columns and types, made up a driver a line.

As `sources.timing.frames` hands them on: with event_id, session and source, laps with driver_id.
Instants and durations are given in milliseconds. Tables in the contracts' types are in `made_laps`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from f1_pipeline.contracts import CONTRACTS, check, coerce
from f1_pipeline.sources.timing.columns import COLUMNS
from f1_pipeline.tables.timing import Recorded, TimingBuild, build
from f1_pipeline.tables.timing.laps import laps
from f1_pipeline_tests.tables.timing.made_laps import START, made

Session = tuple[str, str]
RACE: Session = ("2025-monaco", "R")
PRACTICE: Session = ("2025-monaco", "FP1")
DRIVERS = {"norris": "4", "piastri": "81", "russell": "63", "leclerc": "16"}
LAP: dict[str, Any] = {
    "Stint": 1.0,
    "Compound": "HARD",
    "FreshTyre": True,
    "TrackStatus": "1",
    "IsPersonalBest": False,
    "Deleted": False,
    "DeletedReason": "",
    "FastF1Generated": False,
    "IsAccurate": True,
}
READING: dict[str, Any] = {
    "AirTemp": 21.5,
    "Humidity": 48.0,
    "Pressure": 1012.3,
    "Rainfall": False,
    "TrackTemp": 38.0,
    "WindDirection": 270.0,
    "WindSpeed": 1.5,
}


def driver_laps(
    driver_id: str,
    times: Sequence[int | None],
    changes: Mapping[int, Mapping[str, Any]] | None = None,
    session: Session = RACE,
    begins: int = START,
    **same: Any,
) -> list[dict[str, Any]]:
    """A driver's laps from lap 1 on, on one set of tyres that grow older.

    `changes`: FastF1's columns of single laps; `same`: of all of them. A lap without a time takes
    90 s on the clock.
    """
    rows, clock = [], begins
    for lap, time in enumerate(times, start=1):
        ends = clock + (90_000 if time is None else time)
        row = {"event_id": session[0], "session": session[1], "source": "livetiming"}
        row |= {"driver_id": driver_id, "DriverNumber": DRIVERS.get(driver_id, "99")}
        moments = {"LapTime": time, "LapStartTime": clock, "Time": ends}
        mine = {"LapNumber": float(lap), "TyreLife": float(lap)} | moments
        rows.append(LAP | row | mine | same | dict((changes or {}).get(lap, {})))
        clock = ends
    return rows


def stop(lap: int, laps: int, compound: str = "MEDIUM") -> dict[int, dict[str, Any]]:
    """A stop at the end of `lap` of `laps`, to a new set: changes for `driver_laps`."""
    changes: dict[int, dict[str, Any]] = {lap: {"PitInTime": START + lap * 80_000}}
    for after in range(lap + 1, laps + 1):
        age = {"Stint": 2.0, "TyreLife": float(after - lap)}
        changes[after] = {"Compound": compound} | age
    changes[lap + 1]["PitOutTime"] = START + lap * 80_000 + 20_000
    return changes


def raw_laps(*drivers: list[dict[str, Any]]) -> pd.DataFrame:
    """FastF1's laps; in races and sprints with the places by the clock, where none is given."""
    rows = [row for driver in drivers for row in driver]
    frame = _frame("laps", rows, driver_id=True)
    named = pd.Series(["Position" in row for row in rows], index=frame.index, dtype=bool)
    placed = frame[frame["session"].isin(["R", "S"]) & ~(named & frame["Position"].isna())]
    by_lap = placed.groupby(["event_id", "session", "LapNumber"])["Time"]
    place = by_lap.rank(method="first").reindex(frame.index)
    return frame.assign(Position=frame["Position"].where(named, place))


def typed_laps(raw: pd.DataFrame) -> pd.DataFrame:
    """The table's rows in its types, in the order of its key; they may break the contract."""
    contract = CONTRACTS["laps"]
    return coerce(laps(raw).sort_values(list(contract.key), ignore_index=True), contract)[0]


def marked(rows: pd.DataFrame) -> dict[int, str]:
    """Lap → what was put right on it."""
    put_right = rows[rows["repaired"].notna()]
    return dict(zip(put_right["lap"], put_right["repaired"], strict=True))


def raw_weather(readings: Mapping[int, Mapping[str, Any]], session: Session = RACE) -> pd.DataFrame:
    """Readings: when → the columns that are not `READING`'s."""
    rows = [READING | {"Time": at} | dict(values) for at, values in readings.items()]
    return _of(session, "weather", rows)


def raw_track_status(changes: Mapping[int, str], session: Session = RACE) -> pd.DataFrame:
    """Changes of the track's state: when → code."""
    rows = [{"Time": at, "Status": code, "Message": "so"} for at, code in changes.items()]
    return _of(session, "track_status", rows)


def together(*frames: pd.DataFrame) -> pd.DataFrame:
    """A part of several sessions as one frame."""
    return pd.concat(frames, ignore_index=True)


def facts(
    classified: Mapping[Session, Mapping[str, int]] | None = None,
    events: Sequence[str] = ("2025-monaco", "2025-spain"),
) -> dict[str, pd.DataFrame]:
    """The tables that a build reads. `classified`: by race or sprint, drivers in the order of their
    places and how many laps they completed.
    """
    rows: dict[str, list[dict[str, Any]]] = {"R": [], "S": []}
    for (event_id, session), drivers in (classified or {}).items():
        for place, (driver_id, driven) in enumerate(drivers.items(), start=1):
            row = {"event_id": event_id, "driver_id": driver_id, "position": place, "laps": driven}
            rows[session].append(row | {"classified": True})
    return {
        "events": made("events", [{"event_id": event_id} for event_id in events]),
        "drivers": made("drivers", [{"driver_id": driver_id} for driver_id in DRIVERS]),
        "race_results": made("race_results", rows["R"]),
        "sprint_results": made("sprint_results", rows["S"]),
    }


def recorded(
    session: Session, missing: Mapping[str, str] | None = None, strange: str | None = None
) -> Recorded:
    return Recorded(*session, "c0ffee", "livetiming", missing or {}, strange)


def checked_build(
    sessions: Sequence[Recorded],
    raw: Mapping[str, pd.DataFrame],
    tables: dict[str, pd.DataFrame],
) -> TimingBuild:
    """A build all of whose frames meet their contracts, whatever went in."""
    built = build(list(sessions), raw, tables)
    for name, frame in built.frames.items():
        pd.testing.assert_frame_equal(check(frame, CONTRACTS[name]), frame)
    return built


def _of(session: Session, part: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    about = {"event_id": session[0], "session": session[1], "source": "livetiming"}
    return _frame(part, [row | about for row in rows])


def _frame(part: str, rows: list[dict[str, Any]], driver_id: bool = False) -> pd.DataFrame:
    """FastF1's types: timedeltas, floats, texts; truth values are bool where all are known."""
    about = ["event_id", "session", "source", *["driver_id"] * driver_id]
    frame = pd.DataFrame(rows, columns=[*COLUMNS[part], *about], dtype=object)
    for name, kind in COLUMNS[part].items():
        if kind == "time":
            frame[name] = pd.to_timedelta(frame[name], unit="ms").astype("timedelta64[ns]")
        elif kind in ("number", "whole number"):
            frame[name] = frame[name].astype("float64")
        elif kind == "truth value" and len(frame) and frame[name].notna().all():
            frame[name] = frame[name].astype(bool)
    return frame
