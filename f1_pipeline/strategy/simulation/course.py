"""The car's own course: its plans as arrays, its tyres, and when it stops.

Here belongs what a car decides and what its stops cost. Whom it meets is the matter of `entrant`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from f1_pipeline.strategy.plans import Plan, stint_costs
from f1_pipeline.strategy.simulation.draws import Draws
from f1_pipeline.strategy.simulation.setting import (
    GREEN,
    MOST_STOPS,
    RED,
    SAFETY,
    VIRTUAL,
    BoolArray,
    FloatArray,
    Setting,
    Single,
)

# A stop is brought forward from this share of its stint on: what a wear that grows evenly says of
# very short stints, and of the long ones that follow them, is furthest from any race.
_USED = 0.25

# What a plan does when a caution comes out: nothing; bring its next stop forward where that pays;
# and to learn what a safety car is good for, at the first one stop or stay out whatever it pays,
# after it as the second.
NEVER, WHERE_IT_PAYS, STOP, STAY = range(4)


@dataclass(frozen=True)
class Course:
    """Plans as arrays, and what they expect of tyres and stops before the race.

    stops, compounds: (plans, MOST_STOPS + 2), laps + 1 and the last compound where no more are
    planned; react: (plans,), one of the four above; costs: (3, laps + 1) of a stint of n laps;
    saved: (3,) what a stop under each state costs less than under green; longest: laps allowed on
    a set.
    """

    laps: int
    stops: npt.NDArray[np.int16]
    compounds: npt.NDArray[np.int8]
    react: npt.NDArray[np.int8]
    costs: FloatArray
    saved: FloatArray
    longest: int

    @classmethod
    def of(cls, setting: Setting, plans: Sequence[Plan], react: Sequence[int]) -> "Course":
        shape = (len(plans), MOST_STOPS + 2)
        stops = np.full(shape, setting.laps + 1, np.int16)
        compounds = np.zeros(shape, np.int8)
        for i, plan in enumerate(plans):
            stops[i, : len(plan.stops)] = plan.stops
            compounds[i] = plan.indices[-1]
            compounds[i, : len(plan.indices)] = plan.indices
        return cls(
            laps=setting.laps,
            stops=stops,
            compounds=compounds,
            react=np.asarray(react, dtype=np.int8),
            costs=stint_costs(setting),
            saved=setting.pit_loss_ms[GREEN] - setting.pit_loss_ms,
            longest=setting.longest_stint or setting.laps,
        )


class Car:
    """The car's tyres and what is left of its plans, in some draws: arrays of (plans, draws)."""

    def __init__(self, course: Course, drawn: Draws, driver: int, draws: slice) -> None:
        self.course = course
        self.state = np.ascontiguousarray(drawn.state[:, draws])
        self.begins = drawn.begins[:, draws] & ((self.state == SAFETY) | (self.state == VIRTUAL))
        self.wears, self.offsets = drawn.wear[:, draws].copy(), drawn.offset[:, draws].copy()
        self.level, self.spread = drawn.loss[:, draws].copy(), drawn.spread
        self.chance = drawn.stop[:, driver, draws].copy()
        shape = (len(course.stops), self.state.shape[1])
        self.done = np.zeros(shape, np.int8)  # planned stops that are made
        self.made = np.zeros(shape, np.int8)  # stops that cost time
        self.since = np.zeros(shape, np.int16)
        self.next = np.repeat(course.stops[:, :1], shape[1], axis=1)
        self.reacted = np.zeros(shape, np.int16)
        first = course.compounds[:, 0]
        self.cost, self.wear = self.offsets[first].copy(), self.wears[first].copy()
        self.time: Single = np.repeat(drawn.start[driver, draws][None], shape[0], axis=0)

    def stops(self, lap: int) -> BoolArray:
        """Where the car stops at the end of the lap: as planned, or earlier under a caution."""
        stops = np.asarray(self.next == lap)
        stops[:, self.state[lap] == RED] = False  # all tyres are changed for nothing
        seen = np.flatnonzero(self.begins[lap])
        if len(seen) and lap < self.course.laps and self.course.react.any():
            may, pays = self._early(lap, seen)
            may &= ~stops[:, seen]
            react, untold = self.course.react[:, None], self.reacted[:, seen] == 0
            asked = may & (react >= STOP) & untold & (self.state[lap, seen] == SAFETY)
            early = np.where(asked, react == STOP, may & pays & (react != NEVER))
            told = asked | (early & (react == WHERE_IT_PAYS) & untold)
            self.reacted[:, seen] += (told * lap).astype(np.int16)
            stops[:, seen] |= early
        return stops

    def _early(self, lap: int, seen: npt.NDArray[np.intp]) -> tuple[BoolArray, BoolArray]:
        """Whether the next stop may be brought forward to a lap on which a caution begins, and
        whether that pays.

        It may if one is left and no stint becomes longer than the rules allow. It pays if, on the
        road alone, the stop then costs less than the tyres do that are changed too early, both as
        expected before the race; and only from a quarter of the planned stint on.
        """
        course, plan = self.course, np.arange(len(self.next))[:, None]
        since, planned, done = self.since[:, seen], self.next[:, seen], self.done[:, seen]
        end = np.minimum(course.stops[plan, done + 1], course.laps)
        on, then = course.compounds[plan, done], course.compounds[plan, done + 1]
        last = np.minimum(planned, course.laps)
        used, costs = lap - since, course.costs
        more = costs[on, used] - costs[on, last - since]
        more += costs[then, np.maximum(end - lap, 0)] - costs[then, np.maximum(end - last, 0)]
        may = (planned <= course.laps) & (end - lap <= course.longest)
        pays = (used >= _USED * (planned - since)) & (more < course.saved[self.state[lap, seen]])
        return np.asarray(may), np.asarray(pays)

    def losses(self, lap: int, stops: BoolArray) -> Single:
        """What the stops of the lap cost, in their draw: the same for all plans by number."""
        loss = np.zeros(stops.shape, np.float32)
        plan, draw = stops.nonzero()
        if len(plan):
            state = self.state[lap, draw]
            chance = self.chance[self.made[plan, draw], draw]
            loss[plan, draw] = np.maximum(self.level[state, draw] + self.spread[state] * chance, 0)
            self.made[plan, draw] += 1
        return loss

    def change(self, lap: int, stops: BoolArray) -> None:
        """The lap's wear, and new tyres where the car stopped or the race was stopped: then the
        next ones planned, and their stop is made; where none is left, of the same compound."""
        self.cost += self.wear
        red = self.state[lap] == RED
        changed = stops | red if red.any() else stops
        plan, draw = changed.nonzero()
        if not len(plan):
            return
        done = self.done[plan, draw] + (self.next[plan, draw] <= self.course.laps)
        self.done[plan, draw] = done
        self.next[plan, draw] = self.course.stops[plan, done]
        compound = self.course.compounds[plan, done]
        self.cost[plan, draw] = self.offsets[compound, draw]
        self.wear[plan, draw] = self.wears[compound, draw]
        self.since[plan, draw] = lap
