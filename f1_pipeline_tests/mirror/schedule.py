"""The weekends: which sessions there are, what FastF1 calls them and when; its schedule file.

Where the archive knows no time of a session, the usual slot of its format stands for it.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from f1_pipeline_tests.mirror.answers import Facts, NotHereError, records

Row = dict[str, Any]
FORMATS = {
    "conventional": ("FP1", "FP2", "FP3", "Q", "R"),
    "sprint": ("FP1", "Q", "FP2", "S", "R"),
    "sprint_shootout": ("FP1", "Q", "SQ", "S", "R"),
    "sprint_qualifying": ("FP1", "SQ", "S", "Q", "R"),
}
NAMES = {
    "FP1": "Practice 1",
    "FP2": "Practice 2",
    "FP3": "Practice 3",
    "Q": "Qualifying",
    "SQ": "Sprint Qualifying",
    "S": "Sprint",
    "R": "Race",
}
# What the Ergast calendar calls them; the race's own start lies beside these.
_ERGAST = {
    "FP1": ("FirstPractice",),
    "FP2": ("SecondPractice",),
    "FP3": ("ThirdPractice",),
    "Q": ("Qualifying",),
    "SQ": ("SprintQualifying", "SprintShootout"),
    "S": ("Sprint",),
}
# Days before the race's and hour of the five sessions, where nothing is known.
_SLOTS = ((2, 11), (2, 15), (1, 11), (1, 15), (0, 14))
_LONGEST = {"R": timedelta(hours=2)}
_AN_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Session:
    """A session of the calendar in force; `over`: from when on there can be data of it."""

    event_id: str
    season: int
    number: int
    event: str
    event_date: str
    code: str
    name: str
    starts: datetime
    over: datetime

    @property
    def ends(self) -> datetime:
        return self.starts + _LONGEST.get(self.code, _AN_HOUR)

    @property
    def folder(self) -> str:
        """Where its files lie below `/static/`."""
        weekend = _folder(self.event_date, self.event)
        return f"{self.season}/{weekend}/{_folder(f'{self.starts:%Y-%m-%d}', self.name)}/"


def document(facts: Facts, path: str) -> Row:
    """FastF1's schedule file of a season. Raises `NotHereError`."""
    match = re.fullmatch(r"/theOehrly/f1schedule/master/schedule_(\d{4})\.json", path)
    races = facts.races(int(match[1])) if match else []
    if not races:
        raise NotHereError(path)
    rows = [_row(facts, race) for race in races]
    return {key: {str(i): row[key] for i, row in enumerate(rows)} for key in rows[0]}


def sessions(facts: Facts, race: Row) -> list[Session]:
    """The sessions of a weekend in their order; `race` is a row of the Ergast calendar."""
    event = facts.event(race)
    return [
        _session(event, race, code, slot)
        for code, slot in zip(FORMATS[_format(event)], _SLOTS, strict=True)
    ]


def find(facts: Facts, season: int, weekend: str, session: str) -> Session:
    """The session that a path of the timing host names. Raises `NotHereError`.

    The session's own date there is not looked at: FastF1 asks for the qualifying of Brazil 2024
    under the day before.
    """
    races = [r for r in facts.races(season) if _folder(r["date"], r["raceName"]) == weekend]
    for found in [each for race in races for each in sessions(facts, race)]:
        if found.name.replace(" ", "_") == session:
            return found
    raise NotHereError(weekend)


def _folder(date: str, name: str) -> str:
    return f"{date} {name}".replace(" ", "_")


def _format(event: Row) -> str:
    if event["qualifying_format"] == "SPRINT_RACE":
        return "sprint"
    if event["sprint_qualifying_format"]:
        return "sprint_shootout" if event["season"] == 2023 else "sprint_qualifying"
    return "conventional"


def _session(event: Row, race: Row, code: str, slot: tuple[int, int]) -> Session:
    known = race if code == "R" else next((race[k] for k in _ERGAST[code] if k in race), {})
    before, hour = slot
    day = datetime.fromisoformat(f"{race['date']}T00:00:00Z") - timedelta(days=before)
    if "date" in known:
        day = datetime.fromisoformat(f"{known['date']}T00:00:00Z")
    if "time" in known:
        starts = datetime.fromisoformat(f"{known['date']}T{known['time']}")
        over = starts + _LONGEST.get(code, _AN_HOUR)
    else:
        starts = day + timedelta(hours=hour)
        # As its Ergast result, it appears at the end of the day.
        over = datetime.combine(day, time(23, 59, 59), UTC)
    shootout = code == "SQ" and event["season"] == 2023
    return Session(
        event_id=str(event["event_id"]),
        season=int(event["season"]),
        number=int(race["round"]),
        event=str(race["raceName"]),
        event_date=str(race["date"]),
        code=code,
        name="Sprint Shootout" if shootout else NAMES[code],
        starts=starts,
        over=over,
    )


def _row(facts: Facts, race: Row) -> Row:
    event, weekend = facts.event(race), sessions(facts, race)
    circuit = race["Circuit"]
    row: Row = {
        "round_number": int(race["round"]),
        "country": _country(facts, event) or circuit["Location"]["locality"],
        "location": circuit["Location"]["locality"],
        "official_event_name": event["official_name"] or race["raceName"],
        "event_date": f"{race['date']}T00:00:00",
        "event_name": race["raceName"],
        "gmt_offset": "+00:00",
        "event_format": _format(event),
    }
    for place, session in enumerate(weekend, start=1):
        row[f"session{place}"] = session.name
        row[f"session{place}_date"] = f"{session.starts:%Y-%m-%dT%H:%M:%S}"
    return row | {"f1_api_support": True}


def _country(facts: Facts, event: Row) -> str:
    circuits = facts.frames["circuits"]
    circuit = records(circuits[circuits["circuit_id"].eq(event["circuit_id"])])[0]
    return str(circuit["country"] or "").replace("-", " ").title()
