"""Features as of an event, and the training set made of them.

Every column of the features is known before its row's cut-off: form and patterns come from earlier
events only, the rest from sessions of the event that have ended by then. A value that is not known
(a rookie's form, a missing qualifying) is null; the model reads null as such.
"""

import pandera.pandas as pa

from f1_pipeline.contracts import fields
from f1_pipeline.contracts.base import (
    SLUG,
    Boolean,
    Integer,
    Table,
    Timestamp,
    contract,
)
from f1_pipeline.contracts.predictions import GRID_SOURCES, HORIZONS

_EVENT = {"event_id": ("events", "event_id")}
_DRIVER = {"driver_id": ("drivers", "driver_id")}
_CONSTRUCTOR = {"constructor_id": ("constructors", "constructor_id")}


def _value(what: str, unit: str | None = None) -> float:
    metadata = {"unit": unit} if unit else None
    return pa.Field(nullable=True, description=what, metadata=metadata)


def _place(what: str) -> Integer:
    return pa.Field(ge=1, nullable=True, description=what)


def _count(what: str) -> Integer:
    return pa.Field(ge=0, nullable=True, description=what)


def _correlation(what: str) -> float:
    return pa.Field(ge=-1, le=1, nullable=True, description=what)


def _rate(what: str) -> float:
    return pa.Field(ge=0, le=1, nullable=True, description=what)


@contract(
    layer="features",
    key=("event_id", "driver_id"),
    by_event=True,
    references=_EVENT | _DRIVER | _CONSTRUCTOR,
)
class DriverForm(Table):
    """A driver's state before an event, from earlier events only; recent races weigh most."""

    event_id: str = fields.event_id()
    season: Integer = fields.season()
    round: Integer = fields.round_number()
    driver_id: str = fields.driver_id()
    constructor_id: str = fields.constructor_id()
    starts: Integer = pa.Field(ge=0, description="races started before")
    finish_form: float = _value("finishing place when classified, half-life 4 races", "places")
    finish_level: float = _value("finishing place when classified, half-life 16 races", "places")
    grid_form: float = _value("place on the grid, half-life 4 races", "places")
    grid_gain: float = _value("places won from grid to finish, half-life 16 races", "places")
    qualifying_gap_form: float = _value("gap to the best in qualifying, half-life 4 races", "%")
    practice_form: float = _value("place in practice, mean of sessions, half-life 4", "places")
    practice_gap_form: float = _value("gap to the best in practice, half-life 4 races", "%")
    teammate_qualifying: float = _value(
        "qualifying gap less the team-mates', half-life 16 races; negative is faster", "%"
    )
    teammate_finish: float = _value(
        "finishing place less the team-mates' when classified, half-life 16 races", "places"
    )
    retirement_rate: float = _rate("share of races retired from, shrunk to that of all drivers")
    win_rate: float = _rate("share of races won, half-life 16 races")
    podium_rate: float = _rate("share of races finished in the top three, half-life 16 races")
    points_rate: float = _rate("share of races finished in the top ten, half-life 16 races")
    last_finish: Integer = _place("place in the finishing order of the last race")
    championship_position: Integer = _place("standing of the season so far; null at its first race")
    championship_points: float = _value("points of the season before the event", "points")
    championship_share: float = _rate("those points over the leader's")
    previous_position: Integer = _place("final standing of the previous season")


@contract(
    layer="features",
    key=("event_id", "constructor_id"),
    by_event=True,
    references=_EVENT | _CONSTRUCTOR,
)
class TeamForm(Table):
    """A team's state before an event, through its changes of name, from earlier events only."""

    event_id: str = fields.event_id()
    season: Integer = fields.season()
    round: Integer = fields.round_number()
    constructor_id: str = fields.constructor_id()
    lineage_id: str = pa.Field(str_matches=SLUG, description="the team under all its names")
    races: Integer = pa.Field(ge=0, description="races entered before, under any name")
    finish_form: float = _value(
        "mean finishing place of its classified cars, half-life 4 races", "places"
    )
    grid_form: float = _value("mean place of its cars on the grid, half-life 4 races", "places")
    qualifying_gap_form: float = _value("its best car's qualifying gap, half-life 4 races", "%")
    practice_form: float = _value("mean place of its cars in practice, half-life 4", "places")
    practice_gap_form: float = _value("its best car's practice gap, half-life 4 races", "%")
    qualifying_gap_season: float = _value("its best car's mean qualifying gap this season", "%")
    retirement_rate: float = _rate("share of its cars that retired, shrunk to that of all teams")
    points_share: float = _rate("share of a race's top-ten places, half-life 4 races")
    championship_position: Integer = _place("standing of the season so far; null at its first race")
    previous_position: Integer = _place("final standing of the previous season, under any name")


@contract(
    layer="features",
    key=("event_id",),
    by_event=True,
    references=_EVENT | {"circuit_id": ("circuits", "circuit_id")},
)
class CircuitPatterns(Table):
    """What was known of an event's circuit before it, from earlier events held there."""

    event_id: str = fields.event_id()
    season: Integer = fields.season()
    round: Integer = fields.round_number()
    circuit_id: str = pa.Field(str_matches=SLUG, description="f1db circuit id")
    races_held: Integer = pa.Field(ge=0, description="races held there before, of those known")
    retirement_rate: float = _rate("share of cars retired there, shrunk to that of all circuits")
    recent_retirement_rate: float = _rate("share of cars retired anywhere, half-life 20 races")
    grid_decides: float = _correlation(
        "rank correlation of grid and finish of classified cars there, shrunk"
    )
    pole_win_rate: float = _rate("share of races won from the first place there, shrunk")
    places_moved: float = _value(
        "mean places between grid and finish of classified cars there, shrunk", "places"
    )


@contract(
    layer="features",
    key=("event_id", "driver_id"),
    by_event=True,
    references=_EVENT | _DRIVER,
)
class LapForm(Table):
    """A driver's race pace before an event, from the clean laps of earlier races."""

    event_id: str = fields.event_id()
    driver_id: str = fields.driver_id()
    race_pace_form: float = _value("race pace over the field's, half-life 4 races", "%")
    teammate_race_pace: float = _value(
        "race pace less the team-mates', half-life 16 races; negative is faster", "%"
    )
    team_race_pace_form: float = _value("race pace of the team's faster car, half-life 4", "%")


class RaceRow(Table):
    """What race features and the training set share: who, when, and all that may be known."""

    event_id: str = fields.event_id()
    season: Integer = fields.season()
    round: Integer = fields.round_number()
    race_starts_at: Timestamp = pa.Field(description="scheduled start of the race, UTC")
    driver_id: str = fields.driver_id()
    constructor_id: str = fields.constructor_id()
    horizon: str = pa.Field(isin=HORIZONS, description="what was known: see the cut-offs")
    grid_source: str = pa.Field(
        isin=[*GRID_SOURCES, "none"], description="the grid's rung; none before qualifying"
    )
    field_size: Integer = pa.Field(ge=1, description="cars in the field")
    course_length_km: float = _value("length of a lap", "km")

    grid_place: Integer = _place("place on the grid's rung, 1 to the field's size")
    pit_lane: float = _rate("1 if listed as a pit-lane start; official grid only")
    qualifying_order: Integer = _place("place in qualifying")
    qualifying_gap: float = _value("gap to the best in the last part that a time was set in", "%")
    qualifying_teammate: float = _value("that gap less the team-mates'; negative is faster", "%")
    sprint_order: Integer = _place("place in the sprint, where it was before the cut-off")
    practice_gap: float = _value("gap to the best lap, mean of the practice sessions", "%")
    practice_best_gap: float = _value("gap to the best lap, least of the practice sessions", "%")
    practice_last_gap: float = _value("gap to the best lap, last practice session driven", "%")
    practice_rank: float = _value("rank of practice_gap in the field", "places")
    practice_best_rank: float = _value("rank of practice_best_gap in the field", "places")
    practice_mean_rank: float = _value("rank in a practice session, mean of them", "places")
    practice_teammate: float = _value("practice_gap less the team-mates'; negative is faster", "%")
    practice_team_gap: float = _value("practice_best_gap of the team's faster car", "%")

    starts: Integer = _count("races started before")
    finish_form: float = _value("finishing place when classified, half-life 4 races", "places")
    finish_level: float = _value("finishing place when classified, half-life 16 races", "places")
    finish_form_rank: float = _value("rank of finish_form in the field", "places")
    grid_form: float = _value("place on the grid, half-life 4 races", "places")
    grid_gain: float = _value("places won from grid to finish, half-life 16 races", "places")
    qualifying_gap_form: float = _value("gap to the best in qualifying, half-life 4 races", "%")
    practice_form: float = _value("place in practice, mean of sessions, half-life 4", "places")
    practice_gap_form: float = _value("gap to the best in practice, half-life 4 races", "%")
    qualifying_form_rank: float = _value("rank of qualifying_gap_form in the field", "places")
    teammate_qualifying: float = _value("qualifying gap less the team-mates', half-life 16", "%")
    teammate_finish: float = _value("finishing place less the team-mates', half-life 16", "places")
    retirement_rate: float = _rate("share of races retired from, shrunk")
    win_rate: float = _rate("share of races won, half-life 16 races")
    podium_rate: float = _rate("share of races finished in the top three, half-life 16 races")
    points_rate: float = _rate("share of races finished in the top ten, half-life 16 races")
    last_finish: Integer = _place("place in the finishing order of the last race")
    championship_position: Integer = _place("standing of the season so far; null at its first race")
    championship_points: float = _value("points of the season before the event", "points")
    championship_share: float = _rate("those points over the leader's")
    previous_position: Integer = _place("final standing of the previous season")

    team_races: Integer = _count("races the team entered before, under any name")
    team_finish_form: float = _value("mean finish of the team's classified cars", "places")
    team_grid_form: float = _value("mean place of the team's cars on the grid", "places")
    team_qualifying_gap_form: float = _value("the team's best car's qualifying gap", "%")
    team_qualifying_gap_season: float = _value("that gap's mean this season", "%")
    team_practice_form: float = _value("mean place of the team's cars in practice", "places")
    team_practice_gap_form: float = _value("the team's best car's practice gap", "%")
    team_pace_rank: float = _value("rank of team_qualifying_gap_form in the field", "places")
    team_retirement_rate: float = _rate("share of the team's cars that retired, shrunk")
    team_points_share: float = _rate("the team's share of a race's top-ten places")
    team_championship_position: Integer = _place("the constructor's standing of the season so far")
    team_previous_position: Integer = _place("the team's final standing of the previous season")

    race_pace_form: float = _value("race pace over the field's, by laps", "%")
    teammate_race_pace: float = _value("race pace less the team-mates'", "%")
    team_race_pace_form: float = _value("race pace of the team's faster car", "%")

    circuit_races_held: Integer = _count("races held at the circuit before, of those known")
    circuit_retirement_rate: float = _rate("share of cars retired at the circuit, shrunk")
    circuit_recent_retirement_rate: float = _rate("share of cars retired anywhere of late")
    circuit_grid_decides: float = _correlation("rank correlation of grid and finish there, shrunk")
    circuit_pole_win_rate: float = _rate("share of races won from the first place there, shrunk")
    circuit_places_moved: float = _value("mean places between grid and finish there", "places")


@contract(
    layer="features",
    key=("event_id", "driver_id", "horizon", "grid_source"),
    by_event=True,
    references=_EVENT | _DRIVER | _CONSTRUCTOR,
)
class RaceFeatures(RaceRow):
    """All that a model may know of a driver in a race, by horizon and rung of the grid."""


@contract(
    layer="model",
    key=("event_id", "driver_id", "horizon", "grid_source"),
    by_event=True,
    references=_EVENT | _DRIVER | _CONSTRUCTOR,
)
class TrainingSet(RaceRow):
    """Race features of the races held, with their outcome."""

    finish_order: Integer = pa.Field(
        ge=1, description="outcome: place in the field; classified first, then the source's order"
    )
    classified: Boolean = pa.Field(description="outcome: classified")
    retired: Boolean = pa.Field(description="outcome: retired or did not start")
    started: Boolean = pa.Field(description="outcome: started the race")
