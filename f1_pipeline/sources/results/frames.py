"""Kept answers to raw frames: the archive's shapes and vocabulary, f1db's ids, `source` = jolpica.

The Ergast API's words are put into the archive's here (R is DNF, grid 0 is PL) so that `tables`
reads one language. A value that is no number goes on as it is, for its contract to name.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd

from f1_pipeline.sources.aliases import Aliases
from f1_pipeline.sources.archive.layout import SESSION_PREFIXES, archive_columns

_POSITION_TEXTS = {"R": "DNF", "D": "DSQ", "E": "EX", "W": "DNS", "N": "NC", "F": "DNQ"}
_ENDED_OTHERWISE = re.compile(
    r"Finished|Lapped|\+\d+ Laps?|Disqualified|Excluded|Did not start|Did not qualify|"
    r"Did not prequalify|Withdrew|Not classified|107% Rule"
)
# Names of the sessions in a schedule, under the archive's prefixes.
_SCHEDULED = {
    "fp1": ("FirstPractice",),
    "fp2": ("SecondPractice",),
    "fp3": ("ThirdPractice",),
    "qualifying": ("Qualifying",),
    "sprint_qualifying": ("SprintQualifying", "SprintShootout"),
    "sprint": ("Sprint",),
}
Row = dict[str, Any]
Rows = dict[str, list[Row]]


def frames(contents: Iterable[tuple[str, str, Any]], aliases: Aliases) -> dict[str, pd.DataFrame]:
    """Raw frames by table, from (kind, key, content) of the answers that are kept.

    Only tables that some answer says something of are there. New names get their ids from
    `aliases`, whose notices tell of them.
    """
    rows: Rows = {}
    # Pit stops name a driver by id alone: who he is must have been read before.
    for kind, key, content in sorted(contents, key=lambda answer: list(_READERS).index(answer[0])):
        _READERS[kind](key, content, aliases, rows)
    named = {"drivers": "driver_id", "constructors": "constructor_id", "circuits": "circuit_id"}
    made = {}
    for table, found in rows.items():
        columns = archive_columns(table)
        frame = pd.DataFrame(found, columns=columns, dtype=object)
        if table in named:
            frame = frame.drop_duplicates(named[table], keep="last")
        made[table] = frame.assign(source="jolpica")
    return made


def event_id(season: int, race_name: str, aliases: Aliases) -> str:
    """The id of an event, which survives a renumbering: season and Grand Prix."""
    return f"{season}-{aliases.grand_prix(race_name, season)}"


def _schedule(key: str, content: list[Row], aliases: Aliases, rows: Rows) -> None:
    for race in content:
        season = int(race["season"])
        circuit = race["Circuit"]
        circuit_id = aliases.circuit(circuit)
        starts: Row = {}
        for prefix in SESSION_PREFIXES:
            session: Row = next((race[n] for n in _SCHEDULED[prefix] if n in race), {})
            starts[f"{prefix}_date"] = session.get("date")
            starts[f"{prefix}_time"] = _minute(session.get("time"))
        # A sprint has had a qualifying of its own since 2023, listed or not.
        shootout = "Sprint" in race and season > 2022
        sets_grid = "Sprint" in race and season in (2021, 2022)
        _add(
            rows,
            "events",
            event_id=event_id(season, race["raceName"], aliases),
            season=season,
            name=race["raceName"],
            round=_number(race["round"]),
            grand_prix_id=aliases.grand_prix(race["raceName"], season),
            circuit_id=circuit_id,
            qualifying_format="SPRINT_RACE" if sets_grid else "KNOCKOUT",
            sprint_qualifying_format="SPRINT_SHOOTOUT" if shootout else None,
            race_date=race.get("date"),
            race_time=_minute(race.get("time")),
            **starts,
        )
        place = circuit.get("Location", {})
        _add(
            rows,
            "circuits",
            circuit_id=circuit_id,
            name=circuit.get("circuitName"),
            # The API does not say; two of three are permanent.
            circuit_type="RACE",
            place=place.get("locality"),
            latitude=place.get("lat"),
            longitude=place.get("long"),
        )


def _results(key: str, content: Row, aliases: Aliases, rows: Rows) -> None:
    about = _about(key, content)
    for row in content["rows"]:
        fastest = row.get("FastestLap", {}).get("rank") == "1"
        _add(
            rows, "race_results", **about, **_finish(row, about, aliases, rows), fastest_lap=fastest
        )
    _starting_grid(about, content["rows"], aliases, rows)


def _sprint(key: str, content: Row, aliases: Aliases, rows: Rows) -> None:
    about = _about(key, content)
    for row in content["rows"]:
        _add(rows, "sprint_results", **about, **_finish(row, about, aliases, rows))


def _starting_grid(about: Row, results: list[Row], aliases: Aliases, rows: Rows) -> None:
    """The grid, which this API gives with the result alone; a grid that is all wrong is none."""
    placed = [r for r in results if str(r.get("grid", "")).isdigit()]
    if not any(int(r["grid"]) > 0 for r in placed):
        return
    ordered = sorted(
        placed, key=lambda r: (r["grid"] == "0", int(r["grid"]), _number(r["position"]))
    )
    for order, row in enumerate(ordered, start=1):
        from_pit_lane = row["grid"] == "0"
        _add(
            rows,
            "starting_grids",
            **about,
            **_car(row, about, aliases, rows),
            display_order=order,
            position=None if from_pit_lane else int(row["grid"]),
            position_text="PL" if from_pit_lane else row["grid"],
        )


def _qualifying(key: str, content: Row, aliases: Aliases, rows: Rows) -> None:
    about = _about(key, content)
    for row in content["rows"]:
        parts = {f"q{n}_ms": _milliseconds(row.get(f"Q{n}")) for n in (1, 2, 3)}
        _add(
            rows,
            "qualifying_results",
            **about,
            session="Q",
            **_car(row, about, aliases, rows),
            display_order=_number(row["position"]),
            position=_number(row["position"]),
            position_text=str(row["position"]),
            **parts,
        )


def _pit_stops(key: str, content: Row, aliases: Aliases, rows: Rows) -> None:
    about = _about(key, content)
    for row in content["rows"]:
        _add(
            rows,
            "pit_stops",
            **about,
            # The API names no constructor here: it is the entry's, filled in where tables meet.
            driver_id=aliases.driver({"driverId": row["driverId"]}),
            stop=_number(row["stop"]),
            lap=_number(row["lap"]),
            pit_lane_ms=_milliseconds(row.get("duration")),
        )


def _drivers(key: str, content: list[Row], aliases: Aliases, rows: Rows) -> None:
    for driver in content:
        _driver(driver, aliases, rows)


def _constructors(key: str, content: list[Row], aliases: Aliases, rows: Rows) -> None:
    for constructor in content:
        _constructor(constructor, int(key), aliases, rows)


def _finish(row: Row, about: Row, aliases: Aliases, rows: Rows) -> Row:
    text = str(row["positionText"])
    status = str(row.get("status", ""))
    not_started = status == "Did not start" and not text.isdigit()
    words = "DNS" if not_started else _POSITION_TEXTS.get(text, text)
    grid = str(row.get("grid", ""))
    return _car(row, about, aliases, rows) | {
        "display_order": _number(row["position"]),
        "position": int(text) if text.isdigit() else None,
        "position_text": words,
        "laps": _number(row.get("laps")),
        "time_ms": _number(row.get("Time", {}).get("millis")),
        "reason_retired": None if not status or _ENDED_OTHERWISE.fullmatch(status) else status,
        "points": _number(row.get("points")),
        "grid_position": int(grid) if grid.isdigit() and grid != "0" else None,
        "grid_text": "PL" if grid == "0" else (grid if grid.isdigit() else None),
    }


def _car(row: Row, about: Row, aliases: Aliases, rows: Rows) -> Row:
    return {
        "driver_id": _driver(row["Driver"], aliases, rows),
        "constructor_id": _constructor(row["Constructor"], about["season"], aliases, rows),
        "car_number": _number(row.get("number")),
    }


def _driver(driver: Row, aliases: Aliases, rows: Rows) -> str:
    driver_id = aliases.driver(driver)
    _add(
        rows,
        "drivers",
        driver_id=driver_id,
        name=" ".join(filter(None, [driver.get("givenName"), driver.get("familyName")])),
        code=driver.get("code"),
        date_of_birth=driver.get("dateOfBirth"),
    )
    return driver_id


def _constructor(constructor: Row, season: int, aliases: Aliases, rows: Rows) -> str:
    constructor_id = aliases.constructor(constructor, season)
    _add(rows, "constructors", constructor_id=constructor_id, name=constructor.get("name"))
    return constructor_id


def _about(key: str, content: Row) -> Row:
    return {"event_id": key, "season": int(content["season"])}


def _add(rows: Rows, table: str, **values: Any) -> None:
    rows.setdefault(table, []).append(values)


def _number(text: Any) -> Any:
    """The number that a text is, or the text."""
    try:
        return float(text) if "." in str(text) else int(text)
    except (TypeError, ValueError):
        return text


def _minute(time: str | None) -> str | None:
    """15:00:00Z as the archive writes it, 15:00."""
    return time[:5] if time else None


def _milliseconds(text: str | None) -> Any:
    """1:34.742 or 23.004 in milliseconds; what is neither goes on as it is."""
    if not text:
        return None
    match = re.fullmatch(r"(?:(?:(\d+):)?(\d+):)?(\d+)\.(\d{1,3})", text)
    if match is None:
        return text
    hours, minutes, seconds, rest = match.groups()
    whole = (int(hours or 0) * 60 + int(minutes or 0)) * 60 + int(seconds)
    return whole * 1000 + int(rest.ljust(3, "0"))


_READERS: dict[str, Callable[[str, Any, Aliases, Rows], None]] = {
    "schedule": _schedule,
    "results": _results,
    "qualifying": _qualifying,
    "sprint": _sprint,
    "pit_stops": _pit_stops,
    "drivers": _drivers,
    "constructors": _constructors,
}
