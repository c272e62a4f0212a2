"""Outcome: what simulated places say of plans, and how surely.

Here belongs arithmetic over draws that are there. Which plans are simulated is said in `compare`.
"""

import itertools
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from f1_pipeline.strategy.plans import Plan
from f1_pipeline.strategy.simulation.entrant import Finish
from f1_pipeline.strategy.simulation.setting import SAFETY, BoolArray, FloatArray, IntArray

_TO_80 = 1.2815515655446004  # standard deviations that the middle 80 % of a normal reach
_NEAR = 0.1  # of a place: nobody would call a plan worse for less
FEWEST = 30  # draws that an advice rests on at least
PHASES = 3

Advised = Literal["stop", "stay", "no clear difference", "too few"]


@dataclass(frozen=True)
class Difference:
    """Of expected places, over the same draws: above 0 where the first is further behind.

    `error`: standard error of the mean by what differs from draw to draw, less with more draws;
    `spread`: standard deviation of the expected difference by what the fits are unsure of (tyres,
    pit loss), which more draws do not change.
    """

    places: float
    error: float
    spread: float
    draws: int

    @property
    def interval(self) -> tuple[float, float]:
        """Its 80 % interval, by error and spread together."""
        reach = _TO_80 * float(np.hypot(self.error, self.spread))
        return self.places - reach, self.places + reach

    @property
    def clear(self) -> bool:
        """Whether that leaves out 0."""
        low, high = self.interval
        return low > 0 or high < 0


@dataclass(frozen=True)
class PlanOutcome:
    """What a plan is expected to give; `gains` and `loses` are the probabilities of finishing
    before and behind the place on the grid; `time_ms` is the mean race, retirements left out;
    `behind`: against the best plan, `among`: against the best with as many stops. A best one's own
    is 0, as a rule the second one's is not clear."""

    plan: Plan
    place: float
    points: float
    gains: float
    loses: float
    time_ms: float
    behind: Difference
    among: Difference

    @property
    def clear(self) -> bool:
        return self.behind.clear


@dataclass(frozen=True)
class Window:
    """The laps within which a planned stop may be made: `first` to `last`, in steps of three."""

    stop: int
    lap: int
    first: int
    last: int


@dataclass(frozen=True)
class Advice:
    """What to do when the first safety car comes out on the laps `first` to `last`, if a stop is
    left that could be brought forward. `gained`: places by stopping, over the draws in which that
    came up."""

    first: int
    last: int
    advised: Advised
    gained: Difference


@dataclass(frozen=True)
class Detail:
    plan: Plan
    windows: tuple[Window, ...]
    advice: tuple[Advice, ...]


@dataclass(frozen=True)
class Comparison:
    """A driver's plans by expected place, the best first; details of the first few of them."""

    driver: str
    slot: int
    draws: int
    seed: int
    outcomes: tuple[PlanOutcome, ...]
    details: tuple[Detail, ...]

    @property
    def best(self) -> PlanOutcome:
        return self.outcomes[0]


def difference(
    one: npt.NDArray[np.generic], other: npt.NDArray[np.generic], group: IntArray
) -> Difference:
    """Of one over the other, (draws,) each; `group` of draws that share what fits are unsure of.

    One-way analysis of variance: what group means differ by beyond chance, (between - within) /
    size, is the fits' part.
    """
    d = np.asarray(one, np.float64) - np.asarray(other, np.float64)
    size = np.bincount(group, minlength=1).astype(np.float64)
    kept = size > 0
    groups, number = int(kept.sum()), len(d)
    if number < 2:
        return Difference(float(d.mean()) if number else 0.0, float("inf"), 0.0, number)
    means = np.bincount(group, d) / np.maximum(size, 1)
    mean = float(d.mean())
    inside = float(((d - means[group]) ** 2).sum())
    if number == groups or groups == 1:
        return Difference(mean, float(d.std(ddof=1) / np.sqrt(number)), 0.0, number)
    within = inside / (number - groups)
    between = float((size * (means - mean) ** 2).sum()) / (groups - 1)
    typical = (number - float((size**2).sum()) / number) / (groups - 1)
    spread = np.sqrt(max(between - within, 0.0) / typical)
    return Difference(mean, float(np.sqrt(within / number)), float(spread), number)


def outcomes(
    plans: list[Plan], finish: Finish, slot: int, group: IntArray
) -> tuple[PlanOutcome, ...]:
    """Ranked by expected place; plans that are expected alike keep the order they came in."""
    expected = finish.place.mean(axis=1)
    order = np.argsort(expected, kind="stable")
    points = finish.points.mean(axis=1)
    best = finish.place[order[0]]
    alike = {len(plans[i].stops): finish.place[i] for i in order[::-1]}
    return tuple(
        PlanOutcome(
            plan=plans[i],
            place=float(expected[i]),
            points=float(points[i]),
            gains=float((finish.place[i] < slot).mean()),
            loses=float((finish.place[i] > slot).mean()),
            time_ms=float(finish.time_ms[i].mean()),
            behind=difference(finish.place[i], best, group),
            among=difference(finish.place[i], alike[len(plans[i].stops)], group),
        )
        for i in order
    )


def window(
    stop: int,
    lap: int,
    moved: dict[int, npt.NDArray[np.int8]],
    planned: npt.NDArray[np.int8],
    group: IntArray,
) -> Window:
    """Places of the plan with the stop on other laps, (draws,) by lap, against those as planned.

    A lap is out where it is expected to cost more than a tenth of a place, and more than the error
    of the draws lets one say by chance: with few draws a window is rather too wide than too narrow.
    """

    def holds(other: int) -> bool:
        found = difference(moved[other], planned, group)
        return found.places <= max(_NEAR, _TO_80 * found.error)

    first = last = lap
    for other in sorted((n for n in moved if n < lap), reverse=True):
        if not holds(other):
            break
        first = other
    for other in sorted(n for n in moved if n > lap):
        if not holds(other):
            break
        last = other
    return Window(stop, lap, first, last)


def advice(
    react: tuple[npt.NDArray[np.int8], npt.NDArray[np.int16]],
    stay: npt.NDArray[np.int8],
    state: npt.NDArray[np.int8],
    group: IntArray,
    running: BoolArray,
) -> tuple[Advice, ...]:
    """By thirds of the race: places of stopping under the first safety car, with the lap of it,
    against staying out.

    Draws count for the third in which that safety car came out; where no stop is left nothing comes
    up. `running`: (draws,) that are counted at all.
    """
    place, lap = react
    laps = len(state) - 1
    under = state[lap, np.arange(len(lap))] == SAFETY
    bounds = [round(laps * i / PHASES) for i in range(PHASES + 1)]
    found = []
    for first, last in itertools.pairwise(bounds):
        shown = running & under & (first < lap) & (lap <= last)
        gained = difference(stay[shown], place[shown], group[shown])
        found.append(Advice(first + 1, last, _advised(gained), gained))
    return tuple(found)


def _advised(gained: Difference) -> Advised:
    if gained.draws < FEWEST:
        return "too few"
    if not gained.clear:
        return "no clear difference"
    return "stop" if gained.places > 0 else "stay"


def expected(finish: Finish) -> FloatArray:
    """Expected place of each plan: (plans,)."""
    return np.asarray(finish.place.mean(axis=1), dtype=np.float64)
