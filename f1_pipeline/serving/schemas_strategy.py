"""The shapes of race strategy: plans, what they were compared with, what they rest on.

A plan reads M-18-H: started on mediums, stopped at the end of lap 18, finished on hards. What all
answers share is in `schemas`.
"""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from f1_pipeline.serving.schemas import Asked, Event, Place, Race, Shape, Share

# No value that is handed to a command begins with a dash. [0-9]: \d is any script's digit.
PLAN = r"^[SMH](-[1-9][0-9]?-[SMH]){1,3}$"
DRIVER = r"^[a-z0-9][a-z0-9-]{0,79}$"
LEAST_DRAWS, DRAWS, MOST_DRAWS = 100, 1000, 5000
Plan = Annotated[str, Field(pattern=PLAN, max_length=16, examples=["M-18-H"])]
Driver = Annotated[str, Field(pattern=DRIVER, examples=["charles-leclerc"])]


class RankedPlan(Shape):
    """A plan in simulated races. Differences are in places; intervals hold 80 %."""

    rank: Place = Field(description="1 is recommended")
    plan: str
    stops: int
    chosen_share: Share = Field(description="chance that a team stops so often")
    expected_position: float
    expected_points: float
    p_gain: Share = Field(description="finishes ahead of the place on the grid")
    p_lose: Share
    difference: float = Field(description="places lost against the plan of the best expectation")
    difference_error: float
    difference_low: float
    difference_high: float
    clear: bool = Field(description="false: no clear difference to the best expectation")
    window_first: list[int] = Field(description="by stop the first lap that costs nothing")
    window_last: list[int] = Field(description="and the last one; empty where not looked at")


class CautionAdvice(Shape):
    """What to do in the recommended plan when a safety car comes out in a part of the race."""

    phase: int
    first_lap: int
    last_lap: int
    advice: str = Field(description="stop, stay, no clear difference, or too few (draws to tell)")
    difference: float | None = Field(description="places gained by stopping")
    difference_error: float | None
    draws: int


class Done(Shape):
    """What was done in the race; tyre changes under red left out."""

    stops: int
    first_stop: int | None
    sequence: str | None = Field(description="such as M-H; null if a compound was for the wet")


class DriverStrategy(Shape):
    driver_id: str
    name: str
    constructor_id: str | None
    constructor: str | None
    grid_position: int | None
    pit_lane: bool | None
    recommended: str = Field(description="the plan of rank 1")
    stops: int
    plans: list[RankedPlan] = Field(description="by rank; empty of the backtest")
    caution_advice: list[CautionAdvice]
    done: Done | None = Field(description="null before the race, and where it is not known")


class Strategy(Shape):
    """Plans for a dry race, by driver in order of the grid."""

    event: Event
    source: str = Field(description="published, or backtest where nothing is")
    status: str = Field(description="open, locked (race started), retrospective (made after it)")
    experimental: bool = Field(
        description="true: the backtest does not show that such plans beat constants"
    )
    run_id: str | None = Field(description="null of the backtest, as all that follows")
    generated_at: datetime | None
    data_version: str | None
    grid_source: str | None = Field(description="official, qualifying, or forecast")
    dry_races: int | None = Field(description="dry races that it rests on")
    circuit_races: int | None = Field(description="of them at this circuit")
    draws: int | None = Field(description="simulated races")
    drivers: list[DriverStrategy]
    links: dict[str, str]
    stale: str | None


class StopCost(Shape):
    """What a stop costs, by the track's state. Of the next race there; intervals hold 80 %."""

    caution: str = Field(description="green, virtual_safety_car or safety_car")
    loss_ms: float
    low_ms: float
    high_ms: float
    stop_spread_ms: float
    events: int = Field(description="races there that it rests on")
    stops: int


class Wear(Shape):
    compound: str
    wear_ms: float = Field(description="lost per lap on the set, fuel and track taken out")
    low_ms: float
    high_ms: float
    offset_ms: float = Field(description="pace of a new set over the medium's")
    offset_error_ms: float
    fuel_ms: float = Field(description="gained per lap by fuel burnt and the track")
    stints: int


class Neutralisation(Shape):
    caution: str = Field(description="safety_car, virtual_safety_car or red")
    per_race: float
    low: float
    high: float
    first_lap_share: Share
    mean_laps: float
    races: int


class PlaceCost(Shape):
    pass_ms: float = Field(description="advantage per lap at which half finish ahead")
    scale_ms: float
    low_ms: float
    high_ms: float
    held: int = Field(description="races there that it rests on")


class CircuitStrategy(Shape):
    """What is fitted to the races held, for the circuit of an event."""

    event: Event
    pit_loss: list[StopCost]
    tyre_degradation: list[Wear]
    neutralisations: list[Neutralisation]
    track_position_cost: PlaceCost | None
    stale: str | None


class PlansAsked(Asked):
    event_id: Race
    driver_id: Driver
    plans: list[Plan] = Field(default=[], max_length=5, description="plans of one's own")
    draws: int = Field(default=DRAWS, ge=LEAST_DRAWS, le=MOST_DRAWS, description="simulated races")


class ComparedPlan(RankedPlan):
    own: bool = Field(description="asked for")


class Compared(Shape):
    """One driver's plans, those that were asked for among them, simulated now."""

    event: Event
    driver_id: str
    name: str
    laps: int
    experimental: bool = Field(description="as in Strategy")
    against_the_rules: list[str] = Field(description="what the rules have against the plans")
    held: bool
    was_dry: bool | None = Field(description="null before the race")
    laps_run: int | None
    grid_position: Place
    grid_source: str
    pit_lane: bool
    dry_races: int
    circuit_races: int
    draws: int
    plans: list[ComparedPlan]
    caution_advice: list[CautionAdvice]
    stale: str | None
