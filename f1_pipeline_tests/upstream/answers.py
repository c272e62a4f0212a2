"""Paths of the API in, its documents out: what is visible, paging, the shape of a row.

No HTTP. `View` says what a reader may see; a season is put together once for each view.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from f1_pipeline_tests.upstream.edits import amended, edited
from f1_pipeline_tests.upstream.facts import Facts, Finish, Weekend, clock
from f1_pipeline_tests.upstream.names import Json, page

HOST = "api.jolpi.ca"
_PATH = re.compile(r"ergast/f1/(\d{4})(?:/(\d{1,2}))?/([a-z]+)\.json")
_LABELS = {
    "results": "Results",
    "qualifying": "QualifyingResults",
    "sprint": "SprintResults",
    "pitstops": "PitStops",
}
_ROSTERS = {"drivers": ("Driver", "driverId"), "constructors": ("Constructor", "constructorId")}
_MOST = 100


class NotHereError(Exception):
    """There is no such document."""


class BadQueryError(Exception):
    """The document cannot be made as it was asked for."""


@dataclass(frozen=True)
class View:
    """What a reader may see: sessions that ended `lag` before `until`, after these changes."""

    until: datetime | None = None
    lag: timedelta = timedelta()
    amend: list[Json] = field(default_factory=list)
    edit_calendar: list[Json] = field(default_factory=list)

    def shows(self, weekend: Weekend, kind: str) -> bool:
        return self.until is None or weekend.end(kind) + self.lag <= self.until


@dataclass(frozen=True)
class _Race:
    """A race as it is answered: what every document says of it, its sessions, its rows."""

    round: int
    head: Json
    sessions: Json
    rows: dict[str, list[Json]]


class Answers:
    """The documents under one view. Not for two threads at once."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._view = View()
        self._seasons: dict[int, list[_Race]] = {}

    def show(self, view: View) -> None:
        """Answer under this view from now on."""
        self._view = view
        self._seasons = {}

    def document(self, path: str, query: dict[str, str]) -> Json:
        """The answer to a path on `HOST`. Raises `NotHereError` and `BadQueryError`."""
        match = _PATH.fullmatch(path)
        if match is None:
            raise NotHereError(path)
        season, number, endpoint = match.groups()
        if endpoint == "pitstops" and number is None:
            raise BadQueryError("pitstops need a season and a round")
        limit, offset = min(_whole(query, "limit", 30), _MOST), _whole(query, "offset", 0)
        races = self._season(int(season))
        if number is not None:
            races = [race for race in races if race.round == int(number)]
        label, elements, total = _table(endpoint, races, offset, offset + limit)
        about: Json = {"xmlns": "", "series": "f1", "url": f"https://{HOST}/{path}"}
        about |= {"limit": str(limit), "offset": str(offset), "total": str(total)}
        which = {"season": season} | ({"round": str(int(number))} if number is not None else {})
        return {"MRData": about | {f"{label}Table": which | {f"{label}s": elements}}}

    def _season(self, season: int) -> list[_Race]:
        if season not in self._seasons:
            found = [
                self._race(amended(weekend, self._view.amend))
                for original in self.facts.season(season)
                if (weekend := edited(original, self._view.edit_calendar)) is not None
            ]
            self._seasons[season] = sorted(found, key=lambda race: race.round)
        return self._seasons[season]

    def _race(self, weekend: Weekend) -> _Race:
        rows = weekend.rows | {kind: _finishes(weekend, kind) for kind in weekend.finishes}
        return _Race(
            round=weekend.shown_round,
            head=_head(weekend),
            sessions={name: slot.json(weekend.timed) for name, slot in weekend.sessions.items()},
            rows={kind: rows[kind] for kind in rows if self._view.shows(weekend, kind)},
        )


def _table(endpoint: str, races: list[_Race], first: int, last: int) -> tuple[str, list[Json], int]:
    """The name of the table, its elements from `first` to before `last`, and how many there are."""
    if endpoint == "races":
        return "Race", [race.head | race.sessions for race in races[first:last]], len(races)
    if endpoint in _LABELS:
        return "Race", *_page(endpoint, races, first, last)
    if endpoint in _ROSTERS:
        label, key = _ROSTERS[endpoint]
        found = _roster(races, label, key)
        return label, found[first:last], len(found)
    raise NotHereError(endpoint)


def _page(kind: str, races: list[_Race], first: int, last: int) -> tuple[list[Json], int]:
    """What is counted and cut are rows, not races: a race may go on over the page."""
    found, seen = [], 0
    for race in races:
        rows = race.rows.get(kind, [])
        here = rows[max(first - seen, 0) : max(last - seen, 0)]
        if here:
            found.append(race.head | {_LABELS[kind]: here})
        seen += len(rows)
    return found, seen


def _roster(races: list[_Race], label: str, key: str) -> list[Json]:
    """Those who appear in results that are visible, by their ids."""
    found: Json = {}
    for race in races:
        for kind in ("results", "qualifying", "sprint"):
            found |= {row[label][key]: row[label] for row in race.rows.get(kind, [])}
    return [found[name] for name in sorted(found)]


def _head(weekend: Weekend) -> Json:
    return {
        "season": str(weekend.season),
        "round": str(weekend.shown_round),
        "url": page(f"{weekend.season} {weekend.name}"),
        "raceName": weekend.name,
        "Circuit": weekend.circuit,
        **weekend.race.json(weekend.timed),
    }


def _finishes(weekend: Weekend, kind: str) -> list[Json]:
    finishes = weekend.finishes[kind]
    leader = finishes[0].time_ms if finishes else None
    return [
        _finish(finish, place, leader, ranked=kind == "results")
        for place, finish in enumerate(finishes, start=1)
    ]


def _finish(finish: Finish, place: int, leader_ms: int | None, ranked: bool) -> Json:
    row: dict[str, Any] = {
        "number": finish.number,
        "position": str(place),
        "positionText": finish.text,
        "points": f"{finish.points:g}",
        "Driver": finish.driver,
        "Constructor": finish.constructor,
        "grid": finish.grid,
        "laps": str(finish.laps),
        "status": finish.status,
    }
    if finish.time_ms is not None:
        behind = finish.time_ms - (leader_ms or finish.time_ms)
        # One who was faster than the winner and lost his place has a time, and no gap.
        time = f"+{clock(behind)}" if place > 1 and behind > 0 else clock(finish.time_ms)
        row["Time"] = {"millis": str(finish.time_ms), "time": time}
    if ranked and finish.fastest:
        row["FastestLap"] = {"rank": "1"}
    return row


def _whole(query: dict[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not text.isdecimal():
        raise BadQueryError("limit and offset must be whole numbers")
    return int(text)
