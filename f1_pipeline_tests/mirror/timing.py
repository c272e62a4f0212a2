"""The files of the timing host, session by session; and the lap times that Ergast has of a race."""

import re
from collections.abc import Callable
from functools import lru_cache
from random import Random
from typing import Any

from f1_pipeline_tests.mirror import laps, races, schedule, streams
from f1_pipeline_tests.mirror.answers import Facts, NotHereError, records
from f1_pipeline_tests.mirror.laps import LEAD, Course
from f1_pipeline_tests.mirror.schedule import Session
from f1_pipeline_tests.mirror.times import clock

Row = dict[str, Any]
_RESULTS = {"R": "race_results", "S": "sprint_results"}
# A season has some 120 sessions; half a megabyte each is kept of the last ones asked for.
_KEPT = 64
_SUPPORT_LAPS = 20
_SUPPORT = (
    *("Abrelo", "Bocanni", "Cirrell", "Dovarin", "Eskelund", "Farquess", "Gundray", "Hollmer"),
    *("Ilvarez", "Jespar", "Kovarich", "Lindmoor", "Mastroni", "Norvell", "Ostrander", "Pellion"),
    *("Quintrell", "Rasmond", "Sandhelm", "Tolvanen"),
)


class Timing:
    """Sessions made up around an archive's facts, each once."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._session: Callable[[Session], tuple[Course, streams.People]]
        self._session = lru_cache(_KEPT)(self._make)
        self._file: Callable[[Session, str, bool], bytes]
        self._file = lru_cache(_KEPT * len(streams.FILES))(self._write)
        self._names: dict[str, Row] = {}
        self._teams: dict[str, str] = {}

    def file(self, path: str, support: bool) -> bytes:
        """A file of the timing host; `support`: as if it were a support race's.

        Raises `NotHereError`, also for a session that is not over.
        """
        match = re.fullmatch(r"/static/(\d{4})/([^/]+)/\d{4}-\d\d-\d\d_([^/]+)/(\w+)\.\w+", path)
        if match is None or match[4] not in streams.FILES:
            raise NotHereError(path)
        session = schedule.find(self.facts, int(match[1]), match[2], match[3])
        if self.facts.until is not None and session.over > self.facts.until:
            raise NotHereError(path)
        if match[4] == "LapCount" and session.code not in _RESULTS:
            raise NotHereError(path)
        return self._file(session, match[4], support)

    def lap_times(self, path: str, query: dict[str, str]) -> Row | None:
        """Ergast's times of one lap of a race; None for the path of another document."""
        match = re.fullmatch(r"/ergast/f1/(\d{4})/(\d{1,2})/laps/(\d+)(?:\.json)?/?", path)
        if match is None:
            return None
        season, number, lap = (int(part) for part in match.groups())
        limit, offset = min(int(query.get("limit", 30)), 100), int(query.get("offset", 0))
        shown, total = [], 0
        for race in [r for r in self.facts.races(season) if int(r["round"]) == number]:
            if self.facts.visible("results", race):
                rows = self._times(schedule.sessions(self.facts, race)[-1], lap)
                total, page = len(rows), rows[offset : offset + limit]
                if page:
                    shown.append(race | {"Laps": [{"number": str(lap), "Timings": page}]})
        about = {"series": "f1", "limit": str(limit), "offset": str(offset), "total": str(total)}
        table = {"season": str(season), "round": str(number), "Races": shown}
        return {"MRData": about | {"RaceTable": table}}

    def _times(self, session: Session, number: int) -> list[Row]:
        try:
            course, _ = self._session(session)
        except NotHereError:
            return []
        driven = [(d, d.laps[number - 1]) for d in course.drives if len(d.laps) >= number]
        return [
            {
                "driverId": self.facts.alias("driver", session.season, drive.driver_id),
                "time": clock(lap.ends - (lap.starts if number > 1 else LEAD)),
                "position": str(place),
            }
            for place, (drive, lap) in enumerate(sorted(driven, key=lambda d: d[1].ends), start=1)
        ]

    def _write(self, session: Session, file: str, support: bool) -> bytes:
        course, people = self._session(session)
        if support and file in ("DriverList", "TimingData"):
            course, people = _support_race(session, set(people))
        return streams.body(streams.FILES[file](session, course, people))

    def _make(self, session: Session) -> tuple[Course, streams.People]:
        random = Random(f"{session.event_id} {session.code}")
        rows = self._rows(session)
        if not rows:
            raise NotHereError(session.folder)
        if session.code in _RESULTS:
            course = races.race(rows, self._stops(session), random)
        elif session.code in ("Q", "SQ"):
            course = laps.qualifying(rows, session.code, random)
        else:
            course = laps.practice(rows, random)
        known = {str(row["car_number"]): row for row in rows}
        return course, {d.number: self._person(known[d.number]) for d in course.drives}

    def _rows(self, session: Session) -> list[Row]:
        """The result of the session in order, a driver once."""
        table = _RESULTS.get(session.code)
        if table is not None:
            frame = self._of(table, session)
        else:
            kind = "practice" if session.code.startswith("FP") else "qualifying"
            frame = self._of(f"{kind}_results", session)
            frame = frame[frame["session"].eq(session.code)]
        return records(frame.drop_duplicates("driver_id"))

    def _stops(self, session: Session) -> dict[str, list[tuple[int, int]]]:
        stops: dict[str, list[tuple[int, int]]] = {}
        if session.code == "R":
            for row in records(self._of("pit_stops", session)):
                stay = (row["lap"], row["pit_lane_ms"])
                stops.setdefault(row["driver_id"], []).append(stay)
        return stops

    def _of(self, table: str, session: Session) -> Any:
        frame = self.facts.frames[table]
        return frame[frame["event_id"].eq(session.event_id)]

    def _person(self, row: Row) -> Row:
        if not self._names:
            self._names = {d["driver_id"]: d for d in records(self.facts.frames["drivers"])}
            frame = self.facts.frames["constructors"]
            self._teams = {t["constructor_id"]: t["name"] for t in records(frame)}
        driver = self._names[row["driver_id"]]
        team = self._teams.get(row["constructor_id"], "")
        return _person(str(row["car_number"]), driver["name"], driver["code"], team)


def _person(number: str, name: str, code: str | None, team: str) -> Row:
    first, _, last = name.partition(" ")
    return {
        "RacingNumber": number,
        "BroadcastName": f"{first[:1]} {last}".upper(),
        "FullName": f"{first} {last.upper()}",
        "Tla": code or last[:3].upper(),
        "TeamName": team,
        "TeamColour": f"{Random(team).randrange(1 << 24):06X}",
        "FirstName": first,
        "LastName": last,
    }


def _support_race(session: Session, taken: set[str]) -> tuple[Course, streams.People]:
    """Another race of that weekend: none of its numbers is one of the session's own."""
    free = [str(number) for number in range(2, 100) if str(number) not in taken]
    numbers = dict(zip(_SUPPORT, free, strict=False))
    people = {
        number: _person(number, f"Junior {name}", None, f"Support {place // 2 + 1}")
        for place, (name, number) in enumerate(numbers.items())
    }
    rows = [
        {"driver_id": name, "car_number": number, "laps": _SUPPORT_LAPS, "time_ms": None}
        | {"position_text": str(place)}
        for place, (name, number) in enumerate(numbers.items(), start=1)
    ]
    return races.race(rows, {}, Random(f"{session.event_id} {session.code} support")), people
