"""An archive's race weekends in the API's vocabulary: calendar, finishes, qualifying, pit stops.

Nothing here depends on the time of day, on paging or on what a test changed: that is for `answers`
and `edits`.
"""

import threading
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from f1_pipeline.sources import archive
from f1_pipeline_tests.upstream.names import Json, Names, records

_TEXTS = {"DNF": "R", "DSQ": "D", "EX": "E", "DNS": "W", "WD": "W", "NC": "N"}
_TEXTS |= dict.fromkeys(("DNQ", "DNP", "DNPQ"), "F")
_STATUSES = {
    "DSQ": "Disqualified",
    "EX": "Excluded",
    "NC": "Not classified",
    "WD": "Withdrew",
    "DNQ": "Did not qualify",
    "DNP": "Did not prequalify",
    "DNPQ": "Did not prequalify",
}
# Since this season the API no longer says by how many laps, and why a car stopped.
_TERSE_SINCE = 2023
_SESSIONS = {
    "fp1": "FirstPractice",
    "fp2": "SecondPractice",
    "fp3": "ThirdPractice",
    "qualifying": "Qualifying",
    "sprint_qualifying": "SprintQualifying",
    "sprint": "Sprint",
}
_TABLES = ("events", "race_results", "sprint_results", "qualifying_results", "pit_stops")
_Rows = dict[str, dict[str, list[Json]]]  # by table and event


@dataclass(frozen=True)
class Slot:
    """When a session starts: its date, and its time (15:00, UTC) where it is known."""

    day: date
    time: str | None

    def end(self, hours: int) -> datetime:
        """When a session of this length is over: with no time known, when the day is."""
        if self.time is None:
            return datetime.combine(self.day + timedelta(days=1), time_of_day(), UTC)
        start = datetime.combine(self.day, time_of_day.fromisoformat(self.time), UTC)
        return start + timedelta(hours=hours)

    def json(self, timed: bool) -> Json:
        about = {"date": self.day.isoformat()}
        return about | {"time": f"{self.time}:00Z"} if self.time and timed else about


@dataclass(frozen=True)
class Finish:
    """How a race or a sprint ended for one driver. Its place is its place in the list."""

    number: str
    text: str
    points: float
    driver: Json
    constructor: Json
    grid: str
    laps: int
    status: str
    time_ms: int | None
    fastest: bool

    @property
    def placed(self) -> bool:
        return self.text.isdigit()


@dataclass(frozen=True)
class Weekend:
    """One round: `round` is its number in the archive, `shown_round` the one that is answered."""

    season: int
    round: int
    shown_round: int
    name: str
    circuit: Json
    race: Slot
    sessions: dict[str, Slot]
    finishes: dict[str, tuple[Finish, ...]]  # results and sprint
    rows: dict[str, list[Json]]  # qualifying and pitstops
    timed: bool = True

    def end(self, kind: str) -> datetime:
        """When the session is over that rows of this kind tell of."""
        if kind in ("results", "pitstops"):
            return self.race.end(2)
        day_before = Slot(self.race.day - timedelta(days=1), None)
        session = "Sprint" if kind == "sprint" else "Qualifying"
        return self.sessions.get(session, day_before).end(1)


class Facts:
    """The weekends of an archive, made once for each season that is asked for."""

    def __init__(self, folder: Path) -> None:
        frames = archive.read(folder)
        self._names = Names(frames)
        self._frames = {name: frames[name] for name in _TABLES}
        self._seasons: dict[int, tuple[Weekend, ...]] = {}
        self._lock = threading.Lock()

    def season(self, season: int) -> tuple[Weekend, ...]:
        """The weekends in the order of their rounds; none for a season that is unknown."""
        with self._lock:
            if season not in self._seasons:
                self._seasons[season] = self._make(season)
            return self._seasons[season]

    def _make(self, season: int) -> tuple[Weekend, ...]:
        found: _Rows = {
            name: _by_event(frame[frame["season"].eq(season)])
            for name, frame in self._frames.items()
        }
        weekends = [self._weekend(rows[0], found) for rows in found.pop("events").values()]
        return tuple(sorted(weekends, key=lambda weekend: weekend.round))

    def _weekend(self, event: Json, found: _Rows) -> Weekend:
        season, mine = event["season"], event["event_id"]
        race = _slot(event, "race")
        if race is None:
            raise ValueError(f"{mine} has no date.")
        races, sprints = (found[f"{name}_results"].get(mine, []) for name in ("race", "sprint"))
        return Weekend(
            season=season,
            round=int(event["round"]),
            shown_round=int(event["round"]),
            name=self._names.race(event["grand_prix_id"], event["name"], season),
            circuit=self._names.circuit(event["circuit_id"], season),
            race=race,
            sessions=_sessions(event, race, bool(sprints)),
            finishes={"results": self._finishes(races), "sprint": self._finishes(sprints)},
            rows={
                "qualifying": self._qualifying(found["qualifying_results"].get(mine, [])),
                "pitstops": self._pit_stops(found["pit_stops"].get(mine, []), race),
            },
        )

    def _finishes(self, rows: list[Json]) -> tuple[Finish, ...]:
        rows = sorted(rows, key=lambda row: row["display_order"])
        most = max((int(row["laps"] or 0) for row in rows), default=0)
        return tuple(self._finish(row, most) for row in rows)

    def _finish(self, row: Json, most_laps: int) -> Finish:
        text, slot = str(row["position_text"]), row["grid_position"]
        return Finish(
            **self._car(row),
            text=_TEXTS.get(text, text),
            points=row["points"] or 0.0,
            # The pit lane and no slot at all are one to the API.
            grid="0" if row["grid_text"] == "PL" or slot is None else str(int(slot)),
            laps=int(row["laps"] or 0),
            status=_status(row, most_laps),
            time_ms=None if row["time_ms"] is None else int(row["time_ms"]),
            fastest=bool(row.get("fastest_lap")),
        )

    def _qualifying(self, rows: list[Json]) -> list[Json]:
        rows = [row for row in rows if row["session"] == "Q"]
        timed = {row["driver_id"] for row in rows if _parts(row)}
        # A driver is listed twice where a ruling followed: the API has one row, with his times.
        kept = [row for row in rows if _parts(row) or row["driver_id"] not in timed]
        kept.sort(key=lambda row: row["display_order"])
        made = []
        for order, row in enumerate(kept, start=1):
            car = self._car(row)
            about = {"number": car["number"], "position": str(order)}
            about |= {"Driver": car["driver"], "Constructor": car["constructor"]}
            made.append(about | _parts(row))
        return made

    def _pit_stops(self, rows: list[Json], race: Slot) -> list[Json]:
        rows = sorted(rows, key=lambda row: (row["lap"], row["stop"]))
        return [self._pit_stop(row, race) for row in rows]

    def _pit_stop(self, row: Json, race: Slot) -> Json:
        driver = self._names.driver(row["driver_id"], row["season"])
        # The archive has no time of day; laps of a minute and a half come close.
        start = time_of_day.fromisoformat(race.time or "14:00")
        at = datetime.combine(race.day, start) + timedelta(seconds=90 * int(row["lap"]))
        return {
            "driverId": driver["driverId"],
            "lap": str(int(row["lap"])),
            "stop": str(int(row["stop"])),
            "time": f"{at:%H:%M:%S}",
            "duration": clock(int(row["pit_lane_ms"] or 0)),
        }

    def _car(self, row: Json) -> dict[str, Any]:
        return {
            "number": str(int(row["car_number"] or 0)),
            "driver": self._names.driver(row["driver_id"], row["season"]),
            "constructor": self._names.constructor(row["constructor_id"], row["season"]),
        }


def facts(folder: Path) -> Facts:
    """The facts of an archive; read once for as long as its files stay the same."""
    return _facts(folder, archive.fingerprint(folder))


def clock(milliseconds: int) -> str:
    """A time as the API writes it: 23.004, 1:33.660, 1:40:52.554."""
    seconds, rest = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02}:{seconds:02}.{rest:03}"
    return f"{minutes}:{seconds:02}.{rest:03}" if minutes else f"{seconds}.{rest:03}"


@lru_cache(maxsize=4)
def _facts(folder: Path, fingerprint: str) -> Facts:
    return Facts(folder)


def _by_event(frame: pd.DataFrame) -> dict[str, list[Json]]:
    found: dict[str, list[Json]] = {}
    for row in records(frame):
        found.setdefault(row["event_id"], []).append(row)
    return found


def _slot(event: Json, session: str) -> Slot | None:
    day, time = event[f"{session}_date"], event[f"{session}_time"]
    return None if day is None else Slot(date.fromisoformat(str(day)), time and str(time)[:5])


def _sessions(event: Json, race: Slot, has_sprint: bool) -> dict[str, Slot]:
    """The sessions before the race by the API's names, in the order in which they are held."""
    found = {session: slot for session in _SESSIONS if (slot := _slot(event, session)) is not None}
    if has_sprint:
        # The calendar names every sprint, also where an archive knows no dates.
        day_before = Slot(race.day - timedelta(days=1), None)
        if event["season"] >= 2023:
            found.setdefault("sprint_qualifying", day_before)
        found.setdefault("sprint", day_before)
    ordered = sorted(found, key=lambda session: (found[session].day, found[session].time or ""))
    named = _SESSIONS | ({"sprint_qualifying": "SprintShootout"} if event["season"] == 2023 else {})
    return {named[session]: found[session] for session in ordered}


def _status(row: Json, most_laps: int) -> str:
    text, reason, terse = str(row["position_text"]), row["reason_retired"], _TERSE_SINCE
    if text in _STATUSES:
        return _STATUSES[text]
    if text == "DNS":
        return "Did not start" if row["season"] >= terse or not reason else str(reason)
    if reason or text == "DNF":
        return "Retired" if row["season"] >= terse or not reason else str(reason)
    behind = most_laps - int(row["laps"] or 0)
    if row["time_ms"] is not None or behind == 0:
        return "Finished"
    return "Lapped" if row["season"] >= terse else f"+{behind} Lap{'s' if behind > 1 else ''}"


def _parts(row: Json) -> Json:
    """The times of a qualifying; one without parts has its time as the first."""
    times = (row["q1_ms"] or row["time_ms"], row["q2_ms"], row["q3_ms"])
    return {f"Q{n}": clock(int(ms)) for n, ms in enumerate(times, start=1) if ms}
