"""What chance adds to a setting: drawn once for an event, the same for all drivers and plans.

Two plans that meet the same safety cars, noise and starts differ by less than two that do not: the
difference between them is what is asked for. Here belongs all that is random; what follows from it
is computed elsewhere without chance.

Draws come in groups. Those of a group share what the fits are unsure of (wear, offsets, pit loss),
so that the spread of the groups' means shows what that does to an expected difference.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from f1_pipeline.strategy.simulation.passing import needed_ms
from f1_pipeline.strategy.simulation.setting import (
    GREEN,
    KINDS,
    RED,
    SAFETY,
    VIRTUAL,
    BoolArray,
    FloatArray,
    IntArray,
    Setting,
    Single,
)

GROUPS = 40
STOPS = 4  # draws of stop times per car: a stop more than planned, under a caution, has one too
CHANCES = 4  # draws of reactions per car, taken in turn by lap: cautions of one race differ
# A car starts from the pit lane when the field has gone by, from standstill: seconds behind the
# last of the grid.
_PIT_LANE_MS = 8000.0
# Relative times begin here, so that all of them are above 0 (no car wins a quarter of an hour on
# the reference), which lets a mask be multiplied with; single precision then holds 0.06 ms.
ORIGIN_MS = 1e6


@dataclass(frozen=True)
class Draws:
    """The last axis is always draws; laps are at index lap (0 is before the start).

    group: (draws,) rising; wear, offset: (3, draws) by compound; loss: (4, draws) by state, 0 under
    red; spread: (4,); stop: (STOPS, cars, draws) standard normal; pace: (cars, draws) over the
    fastest car's expected; start: (cars, draws) at lights out; restart: (cars, draws); noise,
    needed: (laps + 1, cars, draws), the latter the advantage that passes in a lap; reacts:
    (CHANCES, cars, draws) uniform; out: (cars, draws) lap of retirement, laps + 1 where none.

    By lap, (laps + 1, draws): state; begins, where a caution of that state does; restarts, laps
    that begin with a start from standstill after a red flag; truce, laps in which nobody fights for
    a place (at a start chance deals them, under a virtual safety car gaps stay as they are);
    queued, laps behind a safety car.
    """

    seed: int
    group: IntArray
    wear: Single
    offset: Single
    loss: Single
    spread: Single
    stop: Single
    pace: Single
    start: Single
    restart: Single
    noise: Single
    needed: Single
    reacts: Single
    out: npt.NDArray[np.int16]
    state: npt.NDArray[np.int8]
    begins: BoolArray
    restarts: BoolArray
    truce: BoolArray
    queued: BoolArray

    @property
    def count(self) -> int:
        return len(self.group)


def draw(setting: Setting, draws: int, seed: int | tuple[int, int]) -> Draws:
    """All of it, by one generator; a pair of numbers seeds draws beside those of its first one."""
    rng = np.random.Generator(np.random.PCG64(seed))
    laps, cars = setting.laps, len(setting.drivers)
    groups = min(GROUPS, draws)
    group = np.arange(draws) * groups // draws
    wear = np.maximum(_levels(rng, setting.wear_ms, setting.wear_error_ms, groups), 0.0)
    offset = _levels(rng, setting.offset_ms, setting.offset_error_ms, groups)
    loss = _losses(rng, setting, groups)
    state = _cautions(rng, setting, draws)
    tries = rng.standard_exponential((laps + 1, cars, draws), dtype=np.float32)
    noise = rng.standard_normal((laps + 1, cars, draws), dtype=np.float32)
    noise *= np.float32(setting.lap_noise_ms)
    for lap in range(laps + 1):  # lap by lap: no second array of all laps is needed
        tries[lap] = needed_ms(tries[lap], laps, setting.pass_ms, setting.scale_ms)
    shape = (cars, draws)
    pace = (setting.pace_ms - setting.pace_ms.min())[:, None]
    shuffle = np.float32(setting.start_spread_ms)
    return Draws(
        seed=seed if isinstance(seed, int) else seed[0],
        group=group,
        wear=wear[:, group].astype(np.float32),
        offset=offset[:, group].astype(np.float32),
        loss=loss[:, group].astype(np.float32),
        spread=np.append(setting.stop_spread_ms, 0.0).astype(np.float32),
        stop=rng.standard_normal((STOPS, *shape), dtype=np.float32),
        pace=(pace + setting.pace_error_ms[:, None] * rng.standard_normal(shape)).astype(
            np.float32
        ),
        start=_slots(setting)[:, None] + shuffle * rng.standard_normal(shape, dtype=np.float32),
        restart=shuffle * rng.standard_normal(shape, dtype=np.float32),
        noise=noise,
        needed=tries,
        reacts=rng.random((CHANCES, *shape), dtype=np.float32),
        out=_retirements(rng, setting, draws),
        state=state,
        **of_laps(state),
    )


def of_laps(state: npt.NDArray[np.int8]) -> dict[str, BoolArray]:
    """begins, restarts, truce and queued of `Draws`, from the state of each lap."""
    begins, restarts = np.zeros(state.shape, bool), np.zeros(state.shape, bool)
    begins[1:] = (state[1:] != GREEN) & (state[1:] != state[:-1])
    # What is left of a virtual safety car after a real one is no new caution.
    begins[1:] &= ~((state[1:] == VIRTUAL) & (state[:-1] >= SAFETY))
    restarts[1:] = state[:-1] == RED
    starts = restarts.copy()
    starts[1] = True
    return {
        "begins": begins,
        "restarts": restarts,
        "truce": starts | (state == VIRTUAL),
        "queued": ~starts & (state == SAFETY),
    }


def factors(state: npt.NDArray[np.int8]) -> FloatArray:
    """How much longer a lap takes in each state: 1.35 under a virtual safety car, 1.4 behind one.

    All cars alike, so it tells in times and nowhere else. The stopped time of a red flag is not
    counted.
    """
    return np.array([1.0, 1.35, 1.4, 1.0])[state]


def _levels(
    rng: np.random.Generator, mean: FloatArray, error: FloatArray, groups: int
) -> FloatArray:
    return mean[:, None] + error[:, None] * rng.standard_normal((len(mean), groups))


def _losses(rng: np.random.Generator, setting: Setting, groups: int) -> FloatArray:
    """By state: what the lane takes is common to all states, what it saves is a state's own."""
    error = setting.pit_loss_error_ms
    common = np.minimum(error, error[GREEN])
    own = np.sqrt(error**2 - common**2)
    z = rng.standard_normal((4, groups))
    levels = setting.pit_loss_ms[:, None] + common[:, None] * z[3] + own[:, None] * z[:3]
    return np.vstack([np.maximum(levels, 0.0), np.zeros((1, groups))])


def _cautions(rng: np.random.Generator, setting: Setting, draws: int) -> npt.NDArray[np.int8]:
    """Where two overlap the graver one holds. A race is stopped for no lap: it goes on with the
    next one, so red has the length of the lap that it began on."""
    laps = setting.laps
    state = np.zeros((laps + 1, draws), np.int8)
    kinds = zip(KINDS, setting.caution_rates, setting.first_lap_share, strict=True)
    for (kind, rate, first), seen in zip(kinds, setting.caution_lengths, strict=True):
        which = np.repeat(np.arange(draws), rng.poisson(rate, draws))
        later = rng.integers(2, laps + 1, len(which)) if laps > 1 else np.ones(len(which), int)
        begin = np.where(rng.random(len(which)) < first, 1, later)
        lengths = rng.choice(seen, len(which)) if len(seen) else np.ones(len(which), int)
        last = begin if kind == RED else np.minimum(begin + lengths - 1, laps)
        for lap in range(1, laps + 1):
            on = which[(begin <= lap) & (lap <= last)]
            state[lap, on] = np.maximum(state[lap, on], kind)
    return state


def _retirements(rng: np.random.Generator, setting: Setting, draws: int) -> npt.NDArray[np.int16]:
    """Any lap is as likely: more than chance would have it retire on the first, but few."""
    shape = (len(setting.drivers), draws)
    lap = rng.integers(1, setting.laps + 1, shape)
    retires = rng.random(shape) < setting.retires[:, None]
    return np.where(retires, lap, setting.laps + 1).astype(np.int16)


def _slots(setting: Setting) -> Single:
    at = np.arange(len(setting.drivers)) * setting.start_gap_ms
    return np.asarray(ORIGIN_MS + at + _PIT_LANE_MS * setting.pit_lane, dtype=np.float32)
