"""The race weekend in the results tier: events, entries, sessions' results, standings."""

import pandera.pandas as pa

from f1_pipeline.contracts import fields
from f1_pipeline.contracts.base import (
    SLUG,
    Boolean,
    FactTable,
    Integer,
    Table,
    Timestamp,
    contract,
)

FORMATS = ["conventional", "sprint", "sprint_shootout", "sprint_qualifying"]
OUTCOMES = [
    "finished",
    "retired",
    "not_classified",
    "disqualified",
    "did_not_start",
    "did_not_qualify",
]
_EVENT = {"event_id": ("events", "event_id")}
_ENTRY = _EVENT | {
    "driver_id": ("drivers", "driver_id"),
    "constructor_id": ("constructors", "constructor_id"),
}


def _starts(session: str) -> Timestamp:
    return pa.Field(nullable=True, description=f"scheduled start of {session}, UTC, where known")


def _milliseconds(what: str) -> Integer:
    return pa.Field(gt=0, nullable=True, description=what, metadata={"unit": "ms"})


@contract(
    layer="tables",
    key=("event_id",),
    by_event=True,
    references={"circuit_id": ("circuits", "circuit_id")},
)
class Events(FactTable):
    """The calendar: one row per Grand Prix, held or to come. The round is an attribute, no key."""

    event_id: str = fields.event_id()
    season: Integer = fields.season()
    round: Integer = fields.round_number()
    grand_prix_id: str = pa.Field(str_matches=SLUG, description="f1db Grand Prix id")
    name: str = pa.Field(description="name of the Grand Prix")
    official_name: str = pa.Field(nullable=True, description="name with its sponsors")
    circuit_id: str = pa.Field(str_matches=SLUG, description="f1db circuit id")
    layout_id: str = pa.Field(nullable=True, description="f1db id of the circuit's layout")
    course_length_km: float = pa.Field(
        gt=0, nullable=True, description="length of a lap", metadata={"unit": "km"}
    )
    turns: Integer = pa.Field(ge=0, nullable=True, description="corners of the layout")
    planned_laps: Integer = pa.Field(
        gt=0, nullable=True, description="laps that were planned, not those that were run"
    )
    format: str = pa.Field(isin=FORMATS, description="weekend format, FastF1's names")
    fp1_starts_at: Timestamp = _starts("first practice")
    fp2_starts_at: Timestamp = _starts("second practice")
    fp3_starts_at: Timestamp = _starts("third practice")
    qualifying_starts_at: Timestamp = _starts("qualifying")
    sprint_qualifying_starts_at: Timestamp = _starts("sprint qualifying or shootout")
    sprint_starts_at: Timestamp = _starts("the sprint")
    race_starts_at: Timestamp = pa.Field(
        description="scheduled start of the race, UTC; midnight of its date where no time is known"
    )
    race_time_known: Boolean = pa.Field(description="whether race_starts_at is more than a date")


@contract(layer="tables", key=("event_id", "driver_id"), by_event=True, references=_ENTRY)
class Entries(FactTable):
    """Who is entered for an event, for which team. The team belongs to the entry."""

    event_id: str = fields.event_id()
    driver_id: str = fields.driver_id()
    constructor_id: str = fields.constructor_id()
    engine_id: str = pa.Field(nullable=True, description="f1db engine manufacturer id")
    car_number: Integer = pa.Field(ge=0, le=999, nullable=True, description="number on the car")
    role: str = pa.Field(isin=["race", "practice"], description="races, or practices only")


@contract(layer="tables", key=("event_id", "driver_id"), by_event=True, references=_ENTRY)
class StartingGrids(FactTable):
    """The published grid, penalties in, before Sunday's pit-lane changes: the official rung."""

    event_id: str = fields.event_id()
    driver_id: str = fields.driver_id()
    constructor_id: str = fields.constructor_id()
    grid_order: Integer = pa.Field(ge=1, le=60, description="row order, pit-lane starters last")
    grid_position: Integer = pa.Field(
        ge=1, le=60, nullable=True, description="grid slot; null from the pit lane"
    )
    pit_lane: Boolean = pa.Field(description="listed as a pit-lane start")


@contract(layer="tables", key=("event_id", "driver_id"), by_event=True, references=_ENTRY)
class RaceResults(FactTable):
    """The race result as last ruled: one row per driver of the result list."""

    event_id: str = fields.event_id()
    driver_id: str = fields.driver_id()
    constructor_id: str = fields.constructor_id()
    position: Integer = pa.Field(
        ge=1, le=60, nullable=True, description="classified position; null when not classified"
    )
    finish_order: Integer = pa.Field(
        ge=1, le=60, description="classified first, then the rest in the source's order"
    )
    classified: Boolean = pa.Field(description="90 % of the distance or more, not disqualified")
    outcome: str = pa.Field(isin=OUTCOMES, description="how the race ended for the driver")
    retired: Boolean = pa.Field(
        description="the failure label: a reason retired, neither DNS nor DSQ; "
        "a classified driver can have retired"
    )
    reason_retired: str = pa.Field(nullable=True, description="the reason as the source words it")
    grid_position: Integer = pa.Field(
        ge=1, le=60, nullable=True, description="slot started from; null from the pit lane"
    )
    laps: Integer = pa.Field(ge=0, le=250, nullable=True, description="laps completed")
    time_ms: Integer = _milliseconds("race time, where one is given")
    points: float = pa.Field(ge=0, le=60, description="championship points (half points exist)")
    fastest_lap: Boolean = pa.Field(description="set the fastest lap of the race")


@contract(
    layer="tables",
    key=("event_id", "session", "driver_id"),
    by_event=True,
    references=_ENTRY,
)
class QualifyingResults(FactTable):
    """Qualifying (Q) and sprint qualifying or shootout (SQ): order and best time per part."""

    event_id: str = fields.event_id()
    session: str = pa.Field(isin=["Q", "SQ"], description="which session")
    driver_id: str = fields.driver_id()
    constructor_id: str = fields.constructor_id()
    qualifying_order: Integer = pa.Field(ge=1, le=60, description="row order in the result")
    position: Integer = pa.Field(ge=1, le=60, nullable=True, description="position, if placed")
    position_text: str = pa.Field(description="a number, NC, DSQ, EX or DNS")
    q1_ms: Integer = _milliseconds("best time of the first part")
    q2_ms: Integer = _milliseconds("best time of the second part")
    q3_ms: Integer = _milliseconds("best time of the third part")


@contract(layer="tables", key=("event_id", "driver_id"), by_event=True, references=_ENTRY)
class SprintResults(FactTable):
    """The sprint: 3-2-1 points in 2021, 8 to 1 since; set the race grid in 2021 and 2022."""

    event_id: str = fields.event_id()
    driver_id: str = fields.driver_id()
    constructor_id: str = fields.constructor_id()
    position: Integer = pa.Field(ge=1, le=60, nullable=True, description="classified position")
    finish_order: Integer = pa.Field(ge=1, le=60, description="row order, classified first")
    classified: Boolean = pa.Field(description="classified in the sprint")
    outcome: str = pa.Field(isin=OUTCOMES, description="how the sprint ended for the driver")
    grid_position: Integer = pa.Field(
        ge=1, le=60, nullable=True, description="sprint grid slot; null from the pit lane"
    )
    laps: Integer = pa.Field(ge=0, le=100, nullable=True, description="laps completed")
    time_ms: Integer = _milliseconds("sprint time, where one is given")
    points: float = pa.Field(ge=0, le=20, description="championship points")


@contract(
    layer="tables",
    key=("event_id", "session", "driver_id"),
    by_event=True,
    references=_ENTRY,
)
class PracticeResults(FactTable):
    """Practice sessions: best time and laps of everyone who drove, reserve drivers too."""

    event_id: str = fields.event_id()
    session: str = pa.Field(isin=["FP1", "FP2", "FP3"], description="which session")
    driver_id: str = fields.driver_id()
    constructor_id: str = fields.constructor_id()
    position: Integer = pa.Field(ge=1, le=60, description="order by best time")
    best_ms: Integer = _milliseconds("best lap")
    laps: Integer = pa.Field(ge=0, le=250, nullable=True, description="laps completed")


@contract(
    layer="tables",
    key=("event_id", "driver_id", "stop"),
    by_event=True,
    references=_ENTRY,
)
class PitStops(FactTable):
    """Pit stops of the race. The time is that in the pit lane: use medians, red flags are in it."""

    event_id: str = fields.event_id()
    driver_id: str = fields.driver_id()
    constructor_id: str = fields.constructor_id()
    stop: Integer = pa.Field(ge=1, le=40, description="number of the stop")
    lap: Integer = pa.Field(ge=0, le=250, description="lap on which it was made")
    pit_lane_ms: Integer = _milliseconds("time in the pit lane")


@contract(
    layer="tables",
    key=("event_id", "championship", "competitor_id"),
    by_event=True,
    references=_EVENT,
)
class Standings(Table):
    """Championship standings after each event, computed from results, sprints and rulings."""

    event_id: str = fields.event_id()
    championship: str = pa.Field(isin=["drivers", "constructors"], description="which one")
    competitor_id: str = pa.Field(str_matches=SLUG, description="driver or constructor id")
    position: Integer = pa.Field(ge=1, description="by points, then by the count of places")
    points: float = pa.Field(description="points so far in the season, this event included")
    wins: Integer = pa.Field(ge=0, description="race wins so far, this event included")


@contract(layer="tables", key=("quarantine_id",))
class Quarantine(Table):
    """Rows that broke their contract: why, when, and whether they still do."""

    quarantine_id: str = pa.Field(description="hash of table, row and reason")
    table_name: str = pa.Field(description="the table that refused the row")
    event_id: str = pa.Field(nullable=True, description="the event, or session, that was withheld")
    reason: str = pa.Field(description="what is wrong, in one line")
    row_json: str = pa.Field(description="the row as it came")
    run_id: str = pa.Field(description="the run that first refused it")
    quarantined_at: Timestamp = pa.Field(description="when it was first refused")
    resolved_at: Timestamp = pa.Field(nullable=True, description="when it came right or went away")
