"""What was driven, as messages of the timing host: one function for each of its files.

A file is lines of a moment and a JSON document, ended by CR LF, after a byte order mark. Only
changes are sent; FastF1 puts the laps together again.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from random import Random
from typing import Any

from f1_pipeline_tests.mirror.laps import LEAD, Course, Drive, Lap
from f1_pipeline_tests.mirror.races import TO_THE_GRID
from f1_pipeline_tests.mirror.schedule import NAMES, Session
from f1_pipeline_tests.mirror.times import brief, clock, stamp

Row = dict[str, Any]
Message = tuple[int, Row]
People = Mapping[str, Row]  # of each number: what the driver list says
_MARK = b"\xef\xbb\xbf"
_encode = json.JSONEncoder(separators=(",", ":")).encode  # json.dumps makes one for each line


def driver_list(session: Session, course: Course, people: People) -> Iterable[Message]:
    yield 3_000, {d.number: people[d.number] | {"Line": i} for i, d in enumerate(course.drives, 1)}


def session_info(session: Session, course: Course, people: People) -> Iterable[Message]:
    kind = "Practice" if session.code.startswith("FP") else session.name
    yield (
        0,
        {
            "Meeting": {"Key": session.number, "Name": session.event, "Number": session.number},
            "ArchiveStatus": {"Status": "Complete"},
            "Key": session.season * 1000 + session.number * 10 + list(NAMES).index(session.code),
            "Type": {"S": "Race", "SQ": "Qualifying"}.get(session.code, kind),
            "Name": session.name,
            "StartDate": f"{session.starts:%Y-%m-%dT%H:%M:%S}",
            "EndDate": f"{session.ends:%Y-%m-%dT%H:%M:%S}",
            "GmtOffset": "00:00:00",
            "Path": session.folder,
        },
    )


def session_status(session: Session, course: Course, people: People) -> Iterable[Message]:
    yield 1_000, {"Status": "Inactive"}
    for starts, ends in course.parts:
        yield starts, {"Status": "Started"}
        yield ends, {"Status": "Finished"}
    last = _last(course)
    yield last + 120_000, {"Status": "Finalised"}
    yield last + 240_000, {"Status": "Ends"}


def track_status(session: Session, course: Course, people: People) -> Iterable[Message]:
    yield 0, {"Status": "1", "Message": "AllClear"}
    if course.caution:
        yield course.caution[0], {"Status": "4", "Message": "SCDeployed"}
        yield course.caution[1], {"Status": "1", "Message": "AllClear"}


def race_control(session: Session, course: Course, people: People) -> Iterable[Message]:
    said: list[tuple[int, Row]] = []
    for starts, ends in course.parts:
        green = {"Flag": "GREEN", "Scope": "Track", "Message": "GREEN LIGHT - PIT EXIT OPEN"}
        chequered = {"Flag": "CHEQUERED", "Scope": "Track", "Message": "CHEQUERED FLAG"}
        said += [(starts, {"Category": "Flag"} | green), (ends, {"Category": "Flag"} | chequered)]
    if course.caution:
        car = {"Category": "SafetyCar", "Mode": "SAFETY CAR"}
        out = car | {"Status": "DEPLOYED", "Message": "SAFETY CAR DEPLOYED"}
        back = car | {"Status": "IN THIS LAP", "Message": "SAFETY CAR IN THIS LAP"}
        said += [(course.caution[0], out), (course.caution[1], back)]
    for place, (at, what) in enumerate(sorted(said, key=lambda each: each[0])):
        when = session.starts + timedelta(milliseconds=at - LEAD)
        told = {"Utc": f"{when:%Y-%m-%dT%H:%M:%S}"} | what
        yield at, {"Messages": [told] if place == 0 else {str(place): told}}


def weather(session: Session, course: Course, people: People) -> Iterable[Message]:
    """A dry day: a reading a minute, which wander a little."""
    random = Random(f"{session.event_id} {session.code} weather")
    air, track = random.uniform(15, 32), random.uniform(8, 18)
    for at in range(2_000, _last(course) + 60_000, 60_000):
        air += random.uniform(-0.1, 0.1)
        yield (
            at,
            {
                "AirTemp": f"{air:.1f}",
                "Humidity": f"{random.uniform(40, 60):.1f}",
                "Pressure": f"{random.uniform(1008, 1012):.1f}",
                "Rainfall": "0",
                "TrackTemp": f"{air + track:.1f}",
                "WindDirection": str(random.randrange(360)),
                "WindSpeed": f"{random.uniform(0.5, 4):.1f}",
            },
        )


def lap_count(session: Session, course: Course, people: People) -> Iterable[Message]:
    yield 2_000, {"CurrentLap": 1, "TotalLaps": course.distance}
    leader = course.drives[0].laps if course.drives else []
    for lap in leader[:-1]:
        yield lap.ends, {"CurrentLap": lap.number + 1}


def timing_app(session: Session, course: Course, people: People) -> Iterable[Message]:
    lines = {d.number: {"RacingNumber": d.number, "Stints": []} for d in course.drives}
    yield 4_000, {"Lines": lines}
    for drive in course.drives:
        for stint, tyre in enumerate(drive.tyres):
            fitted = {
                "LapFlags": 0,
                "Compound": tyre.compound,
                "New": "false" if tyre.age else "true",
                "TyresNotChanged": "0",
                "TotalLaps": tyre.age,
                "StartLaps": tyre.age,
            }
            yield tyre.at, {"Lines": {drive.number: {"Stints": {str(stint): fitted}}}}


def timing(session: Session, course: Course, people: People) -> Iterable[Message]:
    random = Random(f"{session.event_id} {session.code} speeds")
    lines = {d.number: {"RacingNumber": d.number, "InPit": True} for d in course.drives}
    yield 4_000, {"Lines": lines}
    for drive in course.drives:
        if course.distance:
            yield LEAD - TO_THE_GRID, _line(drive, {"InPit": False, "PitOut": True})
        best, parts = 0, set()
        for lap in drive.laps:
            part = sum(starts <= lap.starts for starts, _ in course.parts) - 1
            if part not in parts:
                parts.add(part)
                best = 0
                if not course.distance:
                    # FastF1 takes the first of these for the beginning of Q2 and Q3.
                    at = course.parts[part][0]
                    yield at, _line(drive, {"BestLapTimes": {str(part): {"Value": ""}}})
            is_best = lap.timed and (not best or lap.ms < best)
            best = lap.ms if is_best else best
            yield from ((at, _line(drive, told)) for at, told in _lap(lap, is_best, random))
        if drive.retired and drive.laps:
            yield drive.laps[-1].ends + 30_000, _line(drive, {"Retired": True, "Stopped": True})


def _lap(lap: Lap, is_best: bool, random: Random) -> Iterable[Message]:
    if lap.pit_out is not None:
        yield lap.pit_out, {"InPit": False, "PitOut": True}
    first: Row = {"Speeds": {"I1": {"Value": str(random.randrange(270, 290))}}}
    if not lap.opening:
        first["Sectors"] = {"0": {"Value": brief(lap.first - lap.starts)}}
    yield lap.first, first
    yield (
        lap.second,
        {
            "Sectors": {"1": {"Value": brief(lap.second - lap.first)}},
            "Speeds": {
                "I2": {"Value": str(random.randrange(280, 300))},
                "ST": {"Value": str(random.randrange(305, 325))},
            },
        },
    )
    if lap.pit_in is not None:
        yield lap.pit_in, {"InPit": True}
    done: Row = {"NumberOfLaps": lap.number}
    if not lap.closing:
        done["Sectors"] = {"2": {"Value": brief(lap.ends - lap.second)}}
        done["Speeds"] = {"FL": {"Value": str(random.randrange(275, 295))}}
    if lap.timed:
        done["LastLapTime"] = {"Value": clock(lap.ms)}
    if is_best:
        done["BestLapTime"] = {"Value": clock(lap.ms), "Lap": lap.number}
    yield lap.ends, done


def _line(drive: Drive, told: Row) -> Row:
    return {"Lines": {drive.number: told}}


def _last(course: Course) -> int:
    ends = [end for _, end in course.parts]
    return max([*ends, *(lap.ends for drive in course.drives for lap in drive.laps[-1:])])


FILES: dict[str, Callable[[Session, Course, People], Iterable[Message]]] = {
    "SessionInfo": session_info,
    "DriverList": driver_list,
    "SessionStatus": session_status,
    "TrackStatus": track_status,
    "TimingData": timing,
    "TimingAppData": timing_app,
    "WeatherData": weather,
    "RaceControlMessages": race_control,
    "LapCount": lap_count,
}


def body(messages: Iterable[Message]) -> bytes:
    """The file: what happened at the same moment stays in the order in which it was told."""
    # As text at once: thousands of small dictionaries kept until the end cost more than all else.
    told = sorted(((at, _encode(what)) for at, what in messages), key=lambda line: line[0])
    lines = (f"{stamp(at)}{text}\r\n" for at, text in told)
    return _MARK + "".join(lines).encode()
