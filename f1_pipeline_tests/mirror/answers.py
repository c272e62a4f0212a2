"""The documents of the Ergast API, made from an archive's frames. No HTTP, no faults."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from f1_pipeline.sources import archive as source
from f1_pipeline.sources.aliases import table as alias_table
from f1_pipeline_tests.mirror.times import brief, clock

Row = dict[str, Any]
_TEXTS = {"DNF": "R", "DSQ": "D", "EX": "E", "DNS": "W", "WD": "W", "NC": "N", "DNQ": "F"}
_STATUS = {
    "DSQ": "Disqualified",
    "EX": "Excluded",
    "DNS": "Did not start",
    "DNQ": "Did not qualify",
}
# Of a session: the table of its rows, the calendar's columns of its start, and its longest length.
_KINDS = {
    "results": ("race_results", "race", timedelta(hours=2)),
    "qualifying": ("qualifying_results", "qualifying", timedelta(hours=1)),
    "sprint": ("sprint_results", "sprint", timedelta(hours=1)),
    "pitstops": ("pit_stops", "race", timedelta(hours=2)),
}
LABELS = {
    "results": "Results",
    "qualifying": "QualifyingResults",
    "sprint": "SprintResults",
    "pitstops": "PitStops",
}
_SESSIONS = {
    "fp1": "FirstPractice",
    "fp2": "SecondPractice",
    "fp3": "ThirdPractice",
    "qualifying": "Qualifying",
    "sprint_qualifying": "SprintQualifying",
    "sprint": "Sprint",
}


class NotHereError(Exception):
    """There is no such document."""


@dataclass
class Facts:
    """An archive's frames in the API's words; `until`: what is later is not there yet."""

    frames: dict[str, pd.DataFrame]
    until: datetime | None = None
    calendar_edits: list[Row] = field(default_factory=list)
    amended: dict[tuple[int, int, str], list[Row]] = field(default_factory=dict)
    _names: dict[tuple[str, int, str], str] = field(default_factory=dict)
    _rows: dict[tuple[str, str], list[Row]] = field(default_factory=dict)
    _calendars: dict[int, list[Row]] = field(default_factory=dict)
    _events: dict[tuple[int, int], Row] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path) -> "Facts":
        return cls(source.read(folder))

    def document(self, path: str, query: dict[str, str]) -> Row:
        """The answer to `/ergast/f1/{path}.json`. Raises `NotHereError`."""
        match = re.fullmatch(r"/ergast/f1/(\d{4})(?:/(\d{1,2}))?/([a-z]+)(?:\.json)?/?", path)
        if match is None:
            raise NotHereError(path)
        season, number, endpoint = int(match[1]), int(match[2] or 0), match[3]
        limit, offset = min(int(query.get("limit", 30)), 100), int(query.get("offset", 0))
        if endpoint == "races":
            races = [r for r in self.races(season) if number in (0, int(r["round"]))]
            table, total = {"Races": races[offset : offset + limit]}, len(races)
            name = "RaceTable"
        elif endpoint in ("drivers", "constructors"):
            rows = self._roster(season, "Driver" if endpoint == "drivers" else "Constructor")
            name = "DriverTable" if endpoint == "drivers" else "ConstructorTable"
            table = {endpoint.capitalize(): rows[offset : offset + limit]}
            total = len(rows)
        elif endpoint in _KINDS and (endpoint != "pitstops" or number):
            table, total = self._page(endpoint, season, number, limit, offset)
            name = "RaceTable"
        else:
            raise NotHereError(path)
        about = {"series": "f1", "limit": str(limit), "offset": str(offset), "total": str(total)}
        return {"MRData": about | {name: {"season": str(season)} | table}}

    def races(self, season: int) -> list[Row]:
        """The calendar of a season, with the edits that were asked for."""
        if season not in self._calendars:
            events = self.frames["events"]
            events = events[events["season"].eq(season)].sort_values("round")
            made = [self._race(event) for event in events.to_dict("records")]
            self._calendars[season] = made
        races = self._calendars[season]
        for edit in [e for e in self.calendar_edits if e["season"] == season]:
            races = [r for race in races if (r := _edited(race, edit)) is not None]
        return sorted(races, key=lambda race: int(race["round"]))

    def event(self, race: Row) -> Row:
        """The archive's row of a race of the calendar."""
        if not self._events:
            rows = records(self.frames["events"])
            self._events = {(row["season"], row["round"]): row for row in rows}
        season = int(race["season"])
        return self._events[season, self.original_round(season, race)]

    def rows(self, kind: str, season: int, number: int) -> list[Row]:
        """All rows of a session, whether they are there yet or not."""
        changed = self.amended.get((season, number, kind))
        if changed is not None:
            return changed
        event_id = self._event_of(season, number)
        if event_id is None:
            return []
        if (kind, event_id) not in self._rows:
            frame = self.frames[_KINDS[kind][0]]
            mine = frame[frame["event_id"].eq(event_id)]
            if kind == "qualifying":
                mine = mine[mine["session"].eq("Q")].drop_duplicates("driver_id")
            made = [self._row(kind, season, row) for row in records(mine)]
            self._rows[kind, event_id] = made
        return self._rows[kind, event_id]

    def _page(
        self, kind: str, season: int, number: int, limit: int, offset: int
    ) -> tuple[Row, int]:
        races, seen = [], 0
        for race in self.races(season):
            if number not in (0, int(race["round"])) or not self.visible(kind, race):
                continue
            rows = self.rows(kind, season, self.original_round(season, race))
            page = rows[max(0, offset - seen) : max(0, offset + limit - seen)]
            seen += len(rows)
            if page:
                head = {k: v for k, v in race.items() if k not in _SESSIONS.values()}
                races.append(head | {LABELS[kind]: page})
        return {"Races": races}, seen

    def visible(self, kind: str, race: Row) -> bool:
        if self.until is None:
            return True
        _, session, length = _KINDS[kind]
        start = race if session == "race" else race.get(_SESSIONS[session], {})
        if "date" not in start:
            return True
        if "time" not in start:
            start, length = start | {"time": "23:59:59Z"}, timedelta()
        begins = datetime.fromisoformat(f"{start['date']}T{start['time']}")
        return begins + length <= self.until

    def _race(self, event: Row) -> Row:
        race = {
            "season": str(event["season"]),
            "round": str(event["round"]),
            "url": f"http://example.org/{event['event_id']}",
            "raceName": self._name("grand_prix", event["season"], event["grand_prix_id"])
            or str(event["name"]),
            "Circuit": self._circuit(event),
        } | _start(event, "race")
        for session, name in _SESSIONS.items():
            start = _start(event, session)
            if start:
                shootout = session == "sprint_qualifying" and event["season"] == 2023
                race["SprintShootout" if shootout else name] = start
        return race

    def _circuit(self, event: Row) -> Row:
        circuits = self.frames["circuits"].set_index("circuit_id")
        circuit = circuits.loc[event["circuit_id"]]
        return {
            "circuitId": self.alias("circuit", event["season"], event["circuit_id"]),
            "circuitName": circuit["full_name"] or circuit["name"],
            "Location": {
                "lat": str(circuit["latitude"]),
                "long": str(circuit["longitude"]),
                "locality": circuit["place"],
            },
        }

    def _row(self, kind: str, season: int, row: Row) -> Row:
        if kind == "pitstops":
            duration = int(row["pit_lane_ms"] or 0)
            return {
                "driverId": self.alias("driver", season, row["driver_id"]),
                "lap": str(row["lap"]),
                "stop": str(row["stop"]),
                "duration": brief(duration),
            }
        made = {
            "number": str(row["car_number"]),
            "position": str(row["display_order"]),
            "Driver": self._driver(season, row["driver_id"]),
            "Constructor": self._constructor(season, row["constructor_id"]),
        }
        if kind == "qualifying":
            parts = {f"Q{n}": row[f"q{n}_ms"] for n in (1, 2, 3)}
            return made | {name: clock(int(ms)) for name, ms in parts.items() if ms}
        text = str(row["position_text"])
        made |= {
            "positionText": _TEXTS.get(text, text),
            "points": f"{row['points'] or 0:g}",
            "grid": "0" if row["grid_text"] == "PL" else str(row["grid_position"] or 0),
            "laps": str(row["laps"] or 0),
            "status": _STATUS.get(text) or row["reason_retired"] or "Finished",
        }
        if row["time_ms"]:
            made["Time"] = {"millis": str(row["time_ms"]), "time": clock(int(row["time_ms"]))}
        if kind == "results" and row["fastest_lap"]:
            made["FastestLap"] = {"rank": "1"}
        return made

    def _driver(self, season: int, driver_id: str) -> Row:
        drivers = self.frames["drivers"]
        driver = records(drivers[drivers["driver_id"].eq(driver_id)])[0]
        given, _, family = driver["name"].partition(" ")
        return {
            "driverId": self.alias("driver", season, driver_id),
            "url": f"http://example.org/{driver_id}",
            "givenName": given,
            "familyName": family,
            **({"code": driver["code"]} if driver["code"] else {}),
            **({"dateOfBirth": driver["date_of_birth"]} if driver["date_of_birth"] else {}),
        }

    def _constructor(self, season: int, constructor_id: str) -> Row:
        constructors = self.frames["constructors"]
        name = constructors.loc[constructors["constructor_id"].eq(constructor_id), "name"].iloc[0]
        return {
            "constructorId": self.alias("constructor", season, constructor_id),
            "name": name,
        }

    def _roster(self, season: int, label: str) -> list[Row]:
        found: dict[str, Row] = {}
        for race in self.races(season):
            number = self.original_round(season, race)
            for kind in ("results", "qualifying", "sprint"):
                if self.visible(kind, race):
                    for row in self.rows(kind, season, number):
                        found[row[label][f"{label.lower()}Id"]] = row[label]
        return [found[key] for key in sorted(found)]

    def _event_of(self, season: int, number: int) -> str | None:
        events = self.frames["events"]
        mine = events[events["season"].eq(season) & events["round"].eq(number)]
        return None if mine.empty else str(mine["event_id"].iloc[0])

    def original_round(self, season: int, race: Row) -> int:
        return int(race.get("_round") or race["round"])

    def alias(self, kind: str, season: int, known_id: str) -> str:
        return self._name(kind, season, known_id) or known_id.replace("-", "_")

    def _name(self, kind: str, season: int, known_id: str) -> str | None:
        if not self._names:
            for row in alias_table().itertuples():
                first = 1950 if pd.isna(row.first_season) else int(row.first_season)
                last = 2100 if pd.isna(row.last_season) else int(row.last_season)
                for year in range(first, last + 1):
                    self._names[str(row.kind), year, str(row.id)] = str(row.alias)
        return self._names.get((kind, season, known_id))


def _edited(race: Row, edit: Row) -> Row | None:
    if int(race.get("_round") or race["round"]) != edit["round"]:
        return race
    if edit.get("cancel"):
        return None
    race = race | {"_round": (race.get("_round") or race["round"])}
    if "new_round" in edit:
        race["round"] = str(edit["new_round"])
    if edit.get("drop_times"):
        race = {k: v for k, v in race.items() if k != "time" and k not in _SESSIONS.values()}
    return race | {k: edit[k] for k in ("date", "time", "raceName") if k in edit}


def _start(event: Row, session: str) -> Row:
    date, time = event[f"{session}_date"], event[f"{session}_time"]
    if pd.isna(date):
        return {}
    return {"date": str(date)} | ({} if pd.isna(time) else {"time": f"{time}:00Z"})


def records(frame: pd.DataFrame) -> list[Row]:
    """Rows in Python's own types; whole numbers as such, what is missing as None."""
    rows = []
    for row in frame.astype(object).where(frame.notna(), None).to_dict("records"):
        rows.append(
            {str(k): int(v) if isinstance(v, float) and v == int(v) else v for k, v in row.items()}
        )
    return sorted(rows, key=lambda r: (r.get("display_order") or 0, r.get("stop") or 0))
