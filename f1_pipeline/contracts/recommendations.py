"""Recommendations: plans for a race by driver, what they were worth, and how such plans have done.

A plan reads M-18-H: started on mediums, stopped at the end of lap 18, finished on hards.
"""

import pandera.pandas as pa

from f1_pipeline.contracts import fields
from f1_pipeline.contracts.base import Boolean, Integer, Table, Timestamp, contract
from f1_pipeline.contracts.predictions import GRID_SOURCES

PLAN = r"^[SMH](-\d{1,2}-[SMH]){1,3}$"
SEQUENCE = r"^[SMH](-[SMH])*$"
# Under so few dry races the fits are their priors: no more than the first season's first half.
LEAST_DRY_RACES = 10
LEAST_DRAWS = 500
_REFERENCES = {"event_id": ("events", "event_id"), "driver_id": ("drivers", "driver_id")}


def _plan(what: str, nullable: bool = False) -> str:
    return pa.Field(str_matches=PLAN, nullable=nullable, description=what)


def _stops(what: str, nullable: bool = False) -> Integer:
    return pa.Field(ge=0, le=20, nullable=nullable, description=what)


def _lap(what: str, nullable: bool = False) -> Integer:
    return pa.Field(ge=1, le=250, nullable=nullable, description=what)


def _places(what: str, nullable: bool = False) -> float:
    return pa.Field(nullable=nullable, description=what, metadata={"unit": "places"})


def _share(what: str) -> float:
    return pa.Field(ge=0, le=1, description=what)


class Advice(Table):
    """What a published plan and what belongs to it share."""

    event_id: str = fields.event_id()
    driver_id: str = fields.driver_id()
    run_id: str = pa.Field(description="Dagster run that published it")


@contract(layer="strategy", key=("event_id", "driver_id", "run_id", "rank"), references=_REFERENCES)
class Recommendations(Advice):
    """Plans for a dry race, the first the one that is recommended; rows are never changed."""

    season: Integer = fields.season()
    round: Integer = fields.round_number()
    constructor_id: str = fields.constructor_id()
    rank: Integer = pa.Field(ge=1, le=10, description="1 is recommended")
    plan: str = _plan("start, stops by lap and compounds, such as M-18-H")
    stops: Integer = _stops("stops of the plan")
    chosen_share: float = _share("chance that a team stops so often, by races like this one")
    expected_position: float = pa.Field(ge=1, description="mean place")
    expected_points: float = pa.Field(ge=0, le=26, description="mean points of the finish")
    p_gain: float = _share("P(finishes ahead of the place on the grid)")
    p_lose: float = _share("P(finishes behind it)")
    difference: float = _places("expected places lost against the plan of the best expectation")
    difference_error: float = _places("standard error of it, of the paired draws")
    difference_low: float = _places("10 % quantile of it, fits uncertain too")
    difference_high: float = _places("90 % quantile of it")
    clear: Boolean = pa.Field(description="that interval excludes 0")
    window_first: object = pa.Field(description="for each stop the first lap that costs nothing")
    window_last: object = pa.Field(description="and the last one; empty where not looked at")
    grid_position: Integer = pa.Field(ge=1, description="place that it starts from")
    grid_source: str = pa.Field(
        isin=[*GRID_SOURCES, "forecast"], description="the grid's rung; forecast before qualifying"
    )
    pit_lane: Boolean = pa.Field(description="starts from the pit lane")
    dry_races: Integer = pa.Field(ge=LEAST_DRY_RACES, description="dry races that fits rest on")
    circuit_races: Integer = pa.Field(ge=0, description="of them at this circuit")
    draws: Integer = pa.Field(ge=LEAST_DRAWS, description="simulated races")
    experimental: Boolean = pa.Field(
        description="the backtest does not show that such plans beat constants"
    )
    data_version: str = pa.Field(description="hash of all that it was computed from")
    generated_at: Timestamp = pa.Field(description="when it was made, UTC")
    event_starts_at: Timestamp = pa.Field(description="scheduled start of the race, UTC")


@contract(
    layer="strategy", key=("event_id", "driver_id", "run_id", "phase"), references=_REFERENCES
)
class CautionAdvice(Advice):
    """What to do when a safety car comes out, by part of the race, for the recommended plan."""

    phase: Integer = pa.Field(ge=1, le=9, description="order of the part")
    first_lap: Integer = _lap("first lap of it")
    last_lap: Integer = _lap("last lap of it")
    advice: str = pa.Field(
        isin=["stop", "stay", "no clear difference", "too few"], description="what gains places"
    )
    difference: float = _places("places gained by stopping", nullable=True)
    difference_error: float = _places("standard error of it", nullable=True)
    draws: Integer = pa.Field(ge=0, description="draws in which a safety car came out then")


@contract(
    layer="strategy",
    key=("event_id", "driver_id", "run_id"),
    by_event=True,
    references=_REFERENCES,
)
class ScoredRecommendations(Advice):
    """Recommended plans beside what the teams did, in dry races, for classified drivers."""

    season: Integer = fields.season()
    round: Integer = fields.round_number()
    plan: str = _plan("recommended")
    actual_stops: Integer = _stops("stops made, tyre changes under red left out")
    actual_first_stop: Integer = _lap("lap of the first one", nullable=True)
    actual_sequence: str = pa.Field(
        str_matches=SEQUENCE, nullable=True, description="compounds in order; null if one is wet"
    )
    stops_right: Boolean = pa.Field(description="as many stops")
    first_stop_error: Integer = pa.Field(
        nullable=True, description="recommended less made; null where stops differ"
    )
    sequence_right: Boolean = pa.Field(nullable=True, description="the same compounds in order")
    status: str = pa.Field(
        isin=["locked", "retrospective"], description="made before the start, or after it"
    )
    generated_at: Timestamp = pa.Field(description="when the recommendation was made, UTC")


@contract(layer="strategy", key=("event_id", "driver_id"), references=_REFERENCES)
class StrategyBacktest(Table):
    """Plans of past dry races, walk-forward, beside what was done and what constants say."""

    event_id: str = fields.event_id()
    season: Integer = fields.season()
    round: Integer = fields.round_number()
    driver_id: str = fields.driver_id()
    plan: str = _plan("recommended, of what was known before the race")
    stops: Integer = _stops("stops of it")
    first_stop: Integer = _lap("lap of its first stop")
    first_of_one: Integer = _lap("lap of the stop, were there one")
    sequence: str = pa.Field(str_matches=SEQUENCE, description="compounds of it")
    last_stops: Integer = _stops(
        "the driver's own at the event a year before; else what most did there, else one"
    )
    edition_stops: Integer = _stops("what most did at the event's last dry edition; one where none")
    edition_first_stop: Integer = _lap("the one-stoppers' median there; the constant's where none")
    edition_sequence: str = pa.Field(str_matches=SEQUENCE, description="what most did there")
    constant_first_stop: Integer = _lap("by the share of the distance of all one-stoppers before")
    constant_sequence: str = pa.Field(str_matches=SEQUENCE, description="most seen before")
    actual_stops: Integer = _stops("what was done, tyre changes under red left out")
    actual_first_stop: Integer = _lap("lap of the first stop", nullable=True)
    actual_sequence: str = pa.Field(
        str_matches=SEQUENCE, nullable=True, description="compounds in order; null if one is wet"
    )
    p_actual: float = _share("what the forecast of stops gave to the number made")
    regret_ms: float = pa.Field(
        nullable=True,
        description="simulated time of what was done less that of the plan; null where not run",
        metadata={"unit": "ms"},
    )
    fingerprint: str = pa.Field(description="hash of code and data: same hash, same bits")
