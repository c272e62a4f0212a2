"""Recordings to raw frames for the tables: f1db's ids, one frame a part for many sessions at once.

Who a driver is comes from his whole name, else from the event's entries: by number and code, or by
one of them where a source has no names. A list of people most of whom nobody knows is a support
race's: none of its rows goes on. What a value means, and whether it can be right, is decided in
`tables`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from f1_pipeline.sources.aliases.timing import TimingNames
from f1_pipeline.sources.archive.layout import archive_columns
from f1_pipeline.sources.timing.recording import Recording
from f1_pipeline.storage.answers import Answer

PRACTICES = ("FP1", "FP2", "FP3")
STRANGERS = "most of its drivers are in no other session: is it a support race's?"
_MOST = 0.5
_TABLED = ("laps", "weather", "track_status")
USED = ("results", *_TABLED)
_PARTS = {"practice": "practice_results", "SQ": "qualifying_results"}
# By event: driver ids by car number and by code, as the entries have them.
Cars = Mapping[str, Mapping[str, str]]


@dataclass
class TimingFrames:
    """`frames` by part, with event_id, session and source beside FastF1's columns; laps have
    driver_id as well. `strange`: sessions (event, session) of which nothing can be said, and why.
    """

    frames: dict[str, pd.DataFrame]
    strange: dict[tuple[str, str], str] = field(default_factory=dict)


def cars(entries: pd.DataFrame, drivers: pd.DataFrame) -> Cars:
    """From the tables of these names."""
    codes = drivers.set_index("driver_id")["code"]
    known: dict[str, dict[str, str]] = {}
    for row in entries.assign(code=entries["driver_id"].map(codes)).itertuples():
        mine = known.setdefault(row.event_id, {})
        mine |= {str(key): row.driver_id for key in (row.car_number, row.code) if pd.notna(key)}
    return known


def timing_frames(recordings: Iterable[Recording], names: TimingNames, cars: Cars) -> TimingFrames:
    """The parts that the tables are made of, of all sessions."""
    parts: dict[str, list[pd.DataFrame]] = {part: [] for part in _TABLED}
    strange: dict[tuple[str, str], str] = {}
    for recording in recordings:
        about = {
            "event_id": recording.event_id,
            "session": recording.session,
            "source": recording.source,
        }
        people = recording.frames.get("results")
        rows = [] if people is None else _people(people)
        drivers = _drivers(rows, names, cars.get(recording.event_id, {}))
        if drivers is None:
            strange[recording.event_id, recording.session] = STRANGERS
            continue
        for part in _TABLED:
            frame = recording.frames.get(part)
            if frame is not None and len(frame):
                frame = frame.assign(**about)
                if part == "laps":
                    frame["driver_id"] = frame["DriverNumber"].map(drivers)
                parts[part].append(frame)
    stacked = {p: pd.concat(f, ignore_index=True) for p, f in parts.items() if f}
    return TimingFrames(stacked, strange)


def classified_frames(
    answers: Iterable[Answer], names: TimingNames, cars: Cars
) -> dict[str, pd.DataFrame]:
    """Practice results and sprint qualifying in the archive's shapes, and who is new in them."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for answer in answers:
        table = _PARTS.get("practice" if answer.kind in PRACTICES else answer.kind)
        people = answer.content["classification"]
        drivers = _drivers(people, names, cars.get(answer.key, {}))
        if table is None or drivers is None:
            continue
        people = [person for person in people if person["number"] in drivers]
        ordered = sorted(people, key=_by_part) if answer.kind == "SQ" else people
        for order, person in enumerate(ordered, start=1):
            about = {"event_id": answer.key, "season": answer.season, "session": answer.kind}
            rows.setdefault(table, []).append(
                about | _classified(person, order, drivers[person["number"]], names)
            )
            new = {"driver_id": drivers[person["number"]], "name": _name(person)}
            rows.setdefault("drivers", []).append(new | {"code": person["code"]})
    made = {}
    for table, found in rows.items():
        frame = pd.DataFrame(found, dtype=object).reindex(columns=archive_columns(table))
        frame = frame.drop_duplicates("driver_id") if table == "drivers" else frame
        made[table] = frame.assign(source="livetiming")
    return made


def _classified(
    person: Mapping[str, Any], order: int, driver_id: str, names: TimingNames
) -> dict[str, Any]:
    timed = person["best_ms"] is not None
    return {
        "driver_id": driver_id,
        "constructor_id": names.constructor(person["team"]) if person["team"] else None,
        "car_number": int(person["number"]) if person["number"].isdigit() else None,
        "display_order": order,
        "position": order if timed else None,
        "position_text": str(order) if timed else "NC",
        "best_ms": person["best_ms"],
        "laps": person["laps"],
    } | {f"q{n}_ms": person.get(f"q{n}_ms") for n in (1, 2, 3)}


def _by_part(person: Mapping[str, Any]) -> tuple[Any, ...]:
    """The order of a qualifying: by the time of the last part reached."""
    times = [person.get(f"q{n}_ms") for n in (3, 2, 1)]
    return (*((time is None, time or 0) for time in times), person["number"])


def _people(results: pd.DataFrame) -> list[dict[str, Any]]:
    named = results.astype(object).where(results.notna(), None)
    return [
        {
            "number": row["DriverNumber"],
            "first_name": row["FirstName"],
            "last_name": row["LastName"],
            "code": row["Abbreviation"],
        }
        for row in named.to_dict("records")
    ]


def _drivers(
    people: list[dict[str, Any]], names: TimingNames, cars: Mapping[str, str]
) -> dict[str, str] | None:
    """Driver ids by number; None when most of them are unknown."""
    known = {p["number"]: _known(p, names, cars) for p in people}
    unknown = [person for person in people if known[person["number"]] is None]
    if len(unknown) > _MOST * len(people):
        return None
    new = {p["number"]: names.new_driver(_name(p)) for p in unknown if _name(p)}
    return {number: found for number, found in known.items() if found is not None} | new


def _known(person: dict[str, Any], names: TimingNames, cars: Mapping[str, str]) -> str | None:
    by_number, by_code = cars.get(person["number"]), cars.get(person["code"] or "")
    if not _name(person):
        return by_number or by_code
    # Half of a support race's numbers are driven in Formula 1 as well.
    return names.driver(_name(person)) or (by_number if by_number == by_code else None)


def _name(person: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (person["first_name"], person["last_name"])))
