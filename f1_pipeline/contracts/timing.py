"""The timing tier: laps, stints, weather and track status of sessions, and what is derived of them.

Instants within a session are milliseconds on its own clock, which starts some minutes before it.
All of these tables are versioned and withheld session by session. Not here: practice results, which
the archive has as well (`weekend`).
"""

import pandera.pandas as pa

from f1_pipeline.contracts import fields
from f1_pipeline.contracts.base import Boolean, FactTable, Integer, Table, contract

SESSIONS = ("FP1", "FP2", "FP3", "Q", "SQ", "S", "R")
DRY = ["HYPERSOFT", "ULTRASOFT", "SUPERSOFT", "SOFT", "MEDIUM", "HARD", "SUPERHARD"]
COMPOUNDS = [*DRY, "INTERMEDIATE", "WET"]
CAUTIONS = ["green", "yellow", "safety_car", "red", "virtual_safety_car"]
_EVENT = {"event_id": ("events", "event_id")}
_DRIVER = _EVENT | {"driver_id": ("drivers", "driver_id")}
_LAP = ("event_id", "session", "driver_id", "lap")
_STINT = ("event_id", "session", "driver_id", "stint")


def _session() -> str:
    return pa.Field(isin=SESSIONS, description="which session")


def _lap(what: str) -> Integer:
    return pa.Field(ge=1, le=250, description=what)


def _stint(nullable: bool = False) -> Integer:
    return pa.Field(ge=1, le=60, nullable=nullable, description="number of the stint")


def _clock(what: str) -> Integer:
    return pa.Field(nullable=True, description=f"{what}, session clock", metadata={"unit": "ms"})


def _milliseconds(what: str) -> Integer:
    return pa.Field(gt=0, nullable=True, description=what, metadata={"unit": "ms"})


def _speed(where: str) -> float:
    return pa.Field(
        ge=0, le=450, nullable=True, description=f"speed {where}", metadata={"unit": "km/h"}
    )


def _compound() -> str:
    return pa.Field(isin=COMPOUNDS, nullable=True, description="compound; null where not known")


def _flag(what: str, nullable: bool = False) -> Boolean:
    return pa.Field(nullable=nullable, description=what)


@contract(layer="tables", key=_LAP, by_session=True, references=_DRIVER)
class Laps(FactTable):
    """Every lap of every driver of a session, as FastF1 words it; what was repaired is marked."""

    event_id: str = fields.event_id()
    session: str = _session()
    driver_id: str = fields.driver_id()
    car_number: Integer = pa.Field(ge=0, le=999, description="number on the car")
    lap: Integer = _lap("number of the lap")
    stint: Integer = _stint(nullable=True)
    lap_ms: Integer = _milliseconds("lap time; null where none was taken")
    sector1_ms: Integer = _milliseconds("time of the first sector")
    sector2_ms: Integer = _milliseconds("time of the second sector")
    sector3_ms: Integer = _milliseconds("time of the third sector")
    starts_at_ms: Integer = _clock("start of the lap")
    ends_at_ms: Integer = _clock("end of the lap")
    pit_in_ms: Integer = _clock("entry into the pit lane on this lap")
    pit_out_ms: Integer = _clock("exit from the pit lane on this lap")
    compound: str = _compound()
    tyre_age: Integer = pa.Field(
        ge=0, le=120, nullable=True, description="laps on this set of tyres, this one included"
    )
    fresh_tyre: Boolean = _flag("the set was new at the start of the stint", nullable=True)
    position: Integer = pa.Field(
        ge=1, le=60, nullable=True, description="place at the end of the lap; races and sprints"
    )
    track_status: str = pa.Field(
        nullable=True, description="codes of all track states during the lap: 1 clear, 2 yellow, "
        "4 safety car, 5 red flag, 6 and 7 virtual safety car"
    )  # fmt: skip
    speed_i1: float = _speed("at the first intermediate")
    speed_i2: float = _speed("at the second intermediate")
    speed_fl: float = _speed("at the finish line")
    speed_st: float = _speed("on the longest straight")
    personal_best: Boolean = _flag("the driver's best lap so far", nullable=True)
    deleted: Boolean = _flag("the lap time was deleted by the stewards", nullable=True)
    deleted_reason: str = pa.Field(nullable=True, description="why it was deleted")
    generated: Boolean = _flag("added by FastF1: the lap on which the driver stopped")
    accurate: Boolean = _flag("FastF1 vouches for the lap's times", nullable=True)
    repaired: str = pa.Field(nullable=True, description="columns put right by a rule, by name")


@contract(layer="tables", key=_STINT, by_session=True, references=_DRIVER)
class Stints(FactTable):
    """Laps of a driver on one set of tyres, from one stop to the next."""

    event_id: str = fields.event_id()
    session: str = _session()
    driver_id: str = fields.driver_id()
    stint: Integer = _stint()
    compound: str = _compound()
    first_lap: Integer = _lap("first lap of the stint")
    last_lap: Integer = _lap("last lap of the stint")
    laps: Integer = pa.Field(ge=1, le=250, description="laps of the stint that are known")
    tyre_age_at_start: Integer = pa.Field(
        ge=0, le=120, nullable=True, description="laps on the set before the stint"
    )
    fresh_tyre: Boolean = _flag("the set was new", nullable=True)
    ended_in_pit: Boolean = _flag("the last lap went into the pit lane")


@contract(
    layer="tables",
    key=("event_id", "session", "at_ms"),
    by_session=True,
    references=_EVENT,
)
class Weather(FactTable):
    """The weather station at the circuit, about once a minute. Of a race: an outcome."""

    event_id: str = fields.event_id()
    session: str = _session()
    at_ms: Integer = pa.Field(description="when, session clock", metadata={"unit": "ms"})
    air_temperature: float = pa.Field(
        ge=-20, le=60, nullable=True, description="temperature of the air", metadata={"unit": "°C"}
    )
    track_temperature: float = pa.Field(
        ge=-20,
        le=90,
        nullable=True,
        description="temperature of the asphalt",
        metadata={"unit": "°C"},
    )
    humidity: float = pa.Field(
        ge=0, le=100, nullable=True, description="relative humidity", metadata={"unit": "%"}
    )
    pressure: float = pa.Field(
        ge=600, le=1100, nullable=True, description="pressure of the air", metadata={"unit": "mbar"}
    )
    rainfall: Boolean = _flag("rain falls", nullable=True)
    wind_direction: Integer = pa.Field(
        ge=0, le=360, nullable=True, description="where it blows from", metadata={"unit": "°"}
    )
    wind_speed: float = pa.Field(
        ge=0, le=60, nullable=True, description="speed of the wind", metadata={"unit": "m/s"}
    )


@contract(
    layer="tables",
    key=("event_id", "session", "sequence"),
    by_session=True,
    references=_EVENT,
)
class TrackStatus(FactTable):
    """Changes of the track's state: each holds until the next one."""

    event_id: str = fields.event_id()
    session: str = _session()
    sequence: Integer = pa.Field(ge=1, description="order of the changes")
    at_ms: Integer = pa.Field(description="when, session clock", metadata={"unit": "ms"})
    status: str = pa.Field(
        isin=["1", "2", "3", "4", "5", "6", "7"],
        description="1 clear, 2 yellow, 4 safety car, 5 red flag, 6 virtual safety car, 7 it ends",
    )
    message: str = pa.Field(nullable=True, description="the source's word for it")


@contract(
    layer="tables",
    key=("event_id", "session"),
    by_session=True,
    references=_EVENT,
)
class TimingSessions(FactTable):
    """What is held of each session of the timing tier, and what is wanting in it."""

    event_id: str = fields.event_id()
    session: str = _session()
    outcome: str = pa.Field(isin=["complete", "partial"], description="whether all of it is there")
    missing: str = pa.Field(nullable=True, description="what is not there, and why")
    findings: str = pa.Field(nullable=True, description="what the checks of its rows found")
    drivers: Integer = pa.Field(ge=0, description="drivers with laps")
    laps: Integer = pa.Field(ge=0, description="laps held")
    repaired_laps: Integer = pa.Field(ge=0, description="laps with a value put right by a rule")
    compared: Boolean = _flag("compared with the classification; races and sprints")
    revision: str = pa.Field(description="content hash of the raw recording")


@contract(layer="tables", key=_LAP, by_session=True, references=_DRIVER)
class CleanLaps(Table):
    """Laps with a time, and what kept each from showing the car's pace: a clean one, nothing."""

    event_id: str = fields.event_id()
    session: str = _session()
    driver_id: str = fields.driver_id()
    lap: Integer = _lap("number of the lap")
    stint: Integer = _stint(nullable=True)
    lap_ms: Integer = pa.Field(gt=0, description="lap time", metadata={"unit": "ms"})
    compound: str = _compound()
    tyre_age: Integer = pa.Field(ge=0, le=120, nullable=True, description="laps on the set")
    in_lap: Boolean = _flag("ended in the pit lane")
    out_lap: Boolean = _flag("began in the pit lane, or at a standing start")
    neutralised: Boolean = _flag(
        "under a safety car, virtual or real, or a red flag, or just after"
    )
    wet: Boolean = _flag("on a wet track: by its tyre, or by those of others on that lap")
    deleted: Boolean = _flag("deleted by the stewards")
    outlier: Boolean = _flag(
        "for no reason above far from the stint's laps; not in a race: from the best"
    )
    clean: Boolean = _flag("none of these")


@contract(layer="tables", key=_STINT, by_session=True, references=_DRIVER)
class RacePace(Table):
    """Pace of a driver in a stint of a race or sprint, from its clean laps."""

    event_id: str = fields.event_id()
    session: str = _session()
    driver_id: str = fields.driver_id()
    stint: Integer = _stint()
    compound: str = _compound()
    clean_laps: Integer = pa.Field(ge=1, description="laps that the pace rests on")
    pace_ms: float = pa.Field(gt=0, description="median clean lap", metadata={"unit": "ms"})
    gap: float = pa.Field(
        description="pace over that of the field on the same laps", metadata={"unit": "%"}
    )
    slope: float = pa.Field(
        nullable=True,
        description="change per lap, Theil-Sen, fuel and wear together; from five clean laps on",
        metadata={"unit": "ms per lap"},
    )


@contract(layer="tables", key=_LAP, by_session=True, references=_DRIVER)
class PitLaneLosses(Table):
    """What each stop of a race or sprint cost against staying out, as far as laps show it."""

    event_id: str = fields.event_id()
    session: str = _session()
    driver_id: str = fields.driver_id()
    lap: Integer = _lap("lap that ended in the pit lane")
    caution: str = pa.Field(isin=CAUTIONS, description="the track's state at the entry")
    pit_lane_ms: Integer = _milliseconds("time in the pit lane")
    reference_ms: float = pa.Field(
        gt=0,
        description="a lap without the stop: his own on green laps, else by who stayed out",
        metadata={"unit": "ms"},
    )
    loss_ms: float = pa.Field(
        description="in-lap and out-lap over two reference laps", metadata={"unit": "ms"}
    )
    usable: Boolean = _flag("no red flag, and a loss of 8 to 60 s: no repair, no wrong clock")
