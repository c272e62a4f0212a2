"""Strategy: figures of races that laps have shown, and what is fitted to them.

Figures are facts by event, computed from the timing tier once and shipped with the archive, so that
strategy needs no laps. Fits are made anew from the figures and carry their uncertainty.
"""

import pandera.pandas as pa

from f1_pipeline.contracts import fields
from f1_pipeline.contracts.base import SLUG, Boolean, FactTable, Integer, Table, contract
from f1_pipeline.contracts.timing import CAUTIONS, COMPOUNDS

# The tables of facts among them: what is computed of laps, and ships.
FIGURES = ("race_figures", "stint_figures", "caution_figures", "pit_loss_figures")
_EVENT = {"event_id": ("events", "event_id")}
_DRIVER = _EVENT | {"driver_id": ("drivers", "driver_id")}
_CIRCUIT = {"circuit_id": ("circuits", "circuit_id")}


def _lap(what: str, nullable: bool = False) -> Integer:
    return pa.Field(ge=1, le=250, nullable=nullable, description=what)


def _ms(what: str, nullable: bool = False) -> float:
    return pa.Field(nullable=nullable, description=what, metadata={"unit": "ms"})


def _rate(what: str) -> float:
    return pa.Field(ge=0, le=1, description=what)


@contract(layer="strategy", key=("event_id",), by_event=True, references=_EVENT)
class RaceFigures(FactTable):
    """What a race was, as far as strategy goes."""

    event_id: str = fields.event_id()
    laps: Integer = _lap("laps of the winner")
    dry: Boolean = pa.Field(description="fewer than one car in twenty on wet tyres at any time")
    red_flags: Integer = pa.Field(ge=0, description="times that the race was stopped")
    lap_ms: float = _ms("median clean lap of the field", nullable=True)
    revision: str = pa.Field(description="hash of the rows and rules that all its figures rest on")


@contract(
    layer="strategy", key=("event_id", "driver_id", "stint"), by_event=True, references=_DRIVER
)
class StintFigures(FactTable):
    """A car's laps on one set of tyres in a race, and the pace that they showed."""

    event_id: str = fields.event_id()
    driver_id: str = fields.driver_id()
    stint: Integer = pa.Field(ge=1, le=60, description="number of the stint")
    compound: str = pa.Field(isin=COMPOUNDS, nullable=True, description="null where not known")
    first_lap: Integer = _lap("first lap of the stint")
    last_lap: Integer = _lap("last lap of the stint")
    tyre_age: Integer = pa.Field(
        ge=0, le=120, nullable=True, description="laps on the set before the stint"
    )
    began_under: str = pa.Field(
        isin=["start", *CAUTIONS], description="the track's state at the stop that began it"
    )
    clean_laps: Integer = pa.Field(ge=0, description="laps that the pace rests on")
    pace_ms: float = _ms("median clean lap", nullable=True)
    mean_lap: float = pa.Field(nullable=True, description="mean number of the clean laps")
    slope_ms: float = _ms("change per clean lap, least squares", nullable=True)
    slope_error_ms: float = pa.Field(
        gt=0, nullable=True, description="standard error of it", metadata={"unit": "ms"}
    )


@contract(layer="strategy", key=("event_id", "number"), by_event=True, references=_EVENT)
class CautionFigures(FactTable):
    """The times that a race was neutralised or stopped."""

    event_id: str = fields.event_id()
    number: Integer = pa.Field(ge=1, description="order of them")
    caution: str = pa.Field(
        isin=["safety_car", "virtual_safety_car", "red"], description="what kind it was"
    )
    first_lap: Integer = _lap("the leader's lap when it began")
    laps: Integer = pa.Field(ge=1, description="the leader's laps that it touched")


@contract(layer="strategy", key=("event_id", "caution"), by_event=True, references=_EVENT)
class PitLossFigures(FactTable):
    """What stops cost in a race, by the track's state at the entry."""

    event_id: str = fields.event_id()
    caution: str = pa.Field(
        isin=["green", "virtual_safety_car", "safety_car"], description="the track's state"
    )
    stops: Integer = pa.Field(ge=1, description="usable stops")
    loss_ms: float = _ms("median loss against staying out")
    spread_ms: float = _ms("half the distance of its 16 and 84 % quantiles", nullable=True)


@contract(layer="strategy", key=("circuit_id", "caution"), references=_CIRCUIT)
class PitLoss(Table):
    """What a stop is expected to cost at a circuit, shrunk to all circuits."""

    circuit_id: str = pa.Field(str_matches=SLUG, description="f1db circuit id")
    caution: str = pa.Field(
        isin=["green", "virtual_safety_car", "safety_car"], description="the track's state"
    )
    loss_ms: float = _ms("expected at the next edition")
    low_ms: float = _ms("10 % quantile of the next edition's median")
    high_ms: float = _ms("90 % quantile of it")
    stop_spread_ms: float = _ms("standard deviation of a stop around its edition's median")
    events: Integer = pa.Field(ge=0, description="editions that it rests on")
    stops: Integer = pa.Field(ge=0, description="stops that it rests on")


@contract(layer="strategy", key=("circuit_id", "compound"), references=_CIRCUIT)
class TyreDegradation(Table):
    """What a lap more on a set costs at a circuit, fuel and track taken out; never negative."""

    circuit_id: str = pa.Field(str_matches=SLUG, description="f1db circuit id")
    compound: str = pa.Field(isin=["SOFT", "MEDIUM", "HARD"], description="of the weekend's three")
    wear_ms: float = pa.Field(ge=0, description="lost per lap", metadata={"unit": "ms"})
    low_ms: float = pa.Field(
        ge=0, description="10 % quantile of the next edition's wear", metadata={"unit": "ms"}
    )
    high_ms: float = pa.Field(
        ge=0, description="90 % quantile of the next edition's wear", metadata={"unit": "ms"}
    )
    offset_ms: float = _ms("pace of a new set over the medium's")
    offset_error_ms: float = pa.Field(
        ge=0,
        description="standard error of it for the next edition; 0 for the medium",
        metadata={"unit": "ms"},
    )
    fuel_ms: float = _ms("gained per lap by fuel burnt and the track")
    stints: Integer = pa.Field(ge=0, description="stints there that it rests on")


@contract(layer="strategy", key=("circuit_id", "caution"), references=_CIRCUIT)
class Neutralisations(Table):
    """How often, when and for how long races are neutralised at a circuit, shrunk hard."""

    circuit_id: str = pa.Field(str_matches=SLUG, description="f1db circuit id")
    caution: str = pa.Field(
        isin=["safety_car", "virtual_safety_car", "red"], description="what kind"
    )
    per_race: float = pa.Field(ge=0, description="expected number in a race")
    low: float = pa.Field(ge=0, description="10 % quantile of the rate")
    high: float = pa.Field(ge=0, description="90 % quantile of the rate")
    first_lap_share: float = _rate("share of them that begin on the first lap, everywhere")
    mean_laps: float = pa.Field(
        gt=0, description="mean length, everywhere", metadata={"unit": "laps"}
    )
    races: Integer = pa.Field(ge=0, description="races there that it rests on")


@contract(layer="strategy", key=("circuit_id",), references=_CIRCUIT)
class TrackPositionCost(Table):
    """What a place is worth at a circuit: how much faster a car has to be to pass, shrunk."""

    circuit_id: str = pa.Field(str_matches=SLUG, description="f1db circuit id")
    pass_ms: float = pa.Field(
        ge=0,
        description="advantage in race pace per lap over the car that started next ahead at which "
        "half finish ahead of it",
        metadata={"unit": "ms"},
    )
    scale_ms: float = pa.Field(
        gt=0, description="what the log-odds of it change by one over", metadata={"unit": "ms"}
    )
    low_ms: float = pa.Field(ge=0, description="10 % quantile", metadata={"unit": "ms"})
    high_ms: float = pa.Field(ge=0, description="90 % quantile", metadata={"unit": "ms"})
    held: Integer = pa.Field(ge=0, description="races there that it rests on")
