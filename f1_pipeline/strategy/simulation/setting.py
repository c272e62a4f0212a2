"""What a simulation is told: the race, its cars, and how sure each number is.

Here belong the inputs alone, no chance: plain arrays, so that whoever holds fits, or makes numbers
up for a test, can fill them.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from f1_pipeline.errors import UsageError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
Single = npt.NDArray[np.float32]  # what a simulation computes in

# States of the track. The first three index what a stop costs; a stop under red costs nothing.
GREEN, VIRTUAL, SAFETY, RED = 0, 1, 2, 3
KINDS = (SAFETY, VIRTUAL, RED)  # in the order of `caution_rates`
MOST_STOPS = 3


@dataclass(frozen=True)
class Reaction:
    """Whether a car stops when a safety car comes out: logistic, in what a stint's row shows.

    log-odds = level of the kind + age * (laps on the set / laps of the race)
    + left * (laps to go / laps of the race) + planned * (1 where a planned stop is left, else 0)
    """

    safety_car: float
    virtual_safety_car: float
    age: float
    left: float
    planned: float

    def probability(
        self,
        kind: npt.NDArray[np.integer],
        age: npt.NDArray[np.floating],
        left: npt.NDArray[np.floating],
        planned: BoolArray,
    ) -> FloatArray:
        """Arrays that broadcast; `kind` is SAFETY or VIRTUAL, `age` and `left` are shares."""
        level = np.where(kind == SAFETY, self.safety_car, self.virtual_safety_car)
        odds = level + self.age * age + self.left * left + self.planned * planned
        return np.asarray(expit(odds), dtype=np.float64)


@dataclass(frozen=True)
class Setting:
    """A race as it is expected. Cars are in the order of the grid; compounds are S, M, H; states
    green, virtual, safety car; kinds of caution safety car, virtual, red. Errors are standard
    deviations of what is expected, spreads of single stops or laps around that. Times in ms.

    drivers, pit_lane, retires: (cars,), `retires` the probability of not finishing
    pace_ms, pace_error_ms: (cars,), deficit per lap; the error is what a race differs from it by
    wear_ms, offset_ms and errors: (3,) by compound: lost per lap of age, and on a new set
    pit_loss_ms, pit_loss_error_ms, stop_spread_ms: (3,) by state
    caution_rates (per race), first_lap_share: (3,) by kind; caution_lengths: laps seen, by kind
    pass_ms, scale_ms: chance that the rear one of two finishes ahead, see `passing`
    start_gap_ms, start_spread_ms: after the first lap cars are 0.8 s apart and differ from their
        slot by 1.5 s: so 35 % of neighbours swap and cars move by 1.3 places; on first laps of
        2019-2025 without a caution it was 32 % and 1.5, gaps 0.65 s (here 0.66)
    longest_stint: in laps, where the rules limit it
    """

    laps: int
    lap_ms: float
    drivers: tuple[str, ...]
    pit_lane: BoolArray
    pace_ms: FloatArray
    pace_error_ms: FloatArray
    retires: FloatArray
    wear_ms: FloatArray
    wear_error_ms: FloatArray
    offset_ms: FloatArray
    offset_error_ms: FloatArray
    fuel_ms: float
    lap_noise_ms: float
    pit_loss_ms: FloatArray
    pit_loss_error_ms: FloatArray
    stop_spread_ms: FloatArray
    caution_rates: FloatArray
    first_lap_share: FloatArray
    caution_lengths: tuple[IntArray, IntArray, IntArray]
    pass_ms: float
    scale_ms: float
    reaction: Reaction
    start_gap_ms: float = 800.0
    start_spread_ms: float = 1500.0
    longest_stint: int | None = None

    def __post_init__(self) -> None:
        if self.laps < 1 or not self.drivers:
            raise UsageError("a race needs a lap and a car: give laps and drivers")
        if not self.scale_ms > 0:
            raise UsageError(f"scale_ms must be above 0, not {self.scale_ms:g}")
        for size, names in ((len(self.drivers), _CARS), (3, _THREES)):
            for name in names:
                array = np.asarray(getattr(self, name))
                if array.shape != (size,):
                    raise UsageError(f"{name} must hold {size} numbers, not {array.shape}")
                if array.dtype != bool and not np.isfinite(array).all():
                    raise UsageError(f"{name} must hold numbers alone: it has gaps")


_CARS = ("pit_lane", "pace_ms", "pace_error_ms", "retires")
_TYRES = ("wear_ms", "wear_error_ms", "offset_ms", "offset_error_ms")
_STOPS = ("pit_loss_ms", "pit_loss_error_ms", "stop_spread_ms")
_THREES = (*_TYRES, *_STOPS, "caution_rates", "first_lap_share")


@dataclass(frozen=True)
class RivalPlans:
    """What the cars of the grid plan, the driver in question among them, whose row is not used.

    `stops`: (draws, cars, 3) planned laps, rising, laps + 1 where there is none; `compounds`:
    (draws, cars, 4), 0 1 2 for S M H, beyond the last stop anything. Where fewer draws are held
    than simulated they are used again in turn.
    """

    stops: npt.NDArray[np.int16]
    compounds: npt.NDArray[np.int8]

    def __post_init__(self) -> None:
        cars = self.stops.shape[:2]
        if self.stops.shape != (*cars, MOST_STOPS) or self.compounds.shape != (*cars, 4):
            raise UsageError(
                "rivals' stops must be (draws, cars, 3) and compounds (draws, cars, 4), not "
                f"{self.stops.shape} and {self.compounds.shape}"
            )
