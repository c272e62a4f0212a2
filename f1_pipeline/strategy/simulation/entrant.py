"""One car against the field: all its plans at once, over draws in blocks.

The field was driven without it (`field`). Here the car meets it lap by lap: it is held behind whom
it does not pass, and holds up who does not pass it. Kept are the rivals' times by
plan: what one lost behind the car stays lost. That it then holds up others is left out, as they
meet the car as well.

Arrays are (rivals, plans, draws of a block) or (plans, draws of a block): the first ones, of some
hundred kB, stay in the cache of a core from one operation to the next, which is most of the speed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from f1_pipeline.strategy.plans import Plan, inside
from f1_pipeline.strategy.simulation.course import Car, Course
from f1_pipeline.strategy.simulation.draws import ORIGIN_MS, Draws, factors
from f1_pipeline.strategy.simulation.field import Field
from f1_pipeline.strategy.simulation.setting import (
    RED,
    VIRTUAL,
    BoolArray,
    FloatArray,
    Setting,
    Single,
)
from f1_pipeline.strategy.simulation.traffic import CATCH, GONE_MS, HOLD_MS, QUEUE_MS, ranks

POINTS = np.array([0, 25, 18, 15, 12, 10, 8, 6, 4, 2, 1], dtype=np.float64)
_CELLS = 150_000  # rivals by plans by draws of a block: 600 kB each, three are used at a time
_FEWEST = 16  # draws in a block, however many plans


@dataclass(frozen=True)
class Finish:
    """Of each plan and draw: place, from 1 on; time, as if the car did not retire; the lap after
    which a caution made it stop early for the first time, 0 where none did. (plans, draws)."""

    place: npt.NDArray[np.int8]
    time_ms: FloatArray
    reacted: npt.NDArray[np.int16]

    @property
    def points(self) -> FloatArray:
        paid = np.minimum(self.place, len(POINTS))
        return np.append(POINTS, 0.0)[paid]


def run(
    setting: Setting,
    drawn: Draws,
    field: Field,
    driver: int,
    plans: Sequence[Plan],
    react: Sequence[int],
    every: int = 1,
) -> Finish:
    """The plans of the car at that index of the grid, over every n-th draw. `react`: what each
    plan does under a caution, see `course`."""
    for plan in plans:
        inside(plan, setting.laps)
    course = Course.of(setting, plans, react)
    size = max(_CELLS // max(len(plans) * field.time.shape[1], 1), _FEWEST) * every
    found = []
    for first in range(0, drawn.count, size):
        draws = slice(first, min(first + size, drawn.count), every)
        found.append(_Drive(setting, course, drawn, field, driver, draws).finish())
    return Finish(
        np.concatenate([part.place for part in found], axis=1),
        np.concatenate([part.time_ms for part in found], axis=1),
        np.concatenate([part.reacted for part in found], axis=1),
    )


class _Drive:
    """The car's race in some draws: their numbers side by side, and the arrays to compute in."""

    def __init__(
        self,
        setting: Setting,
        course: Course,
        drawn: Draws,
        field: Field,
        driver: int,
        draws: slice,
    ) -> None:
        self.setting, self.car = setting, Car(course, drawn, driver, draws)
        self.field_time = field.time[..., draws].copy()
        self.field_pace = field.pace[..., draws].copy()
        self.field_guard = field.guard[..., draws].copy()
        self.field_stops = field.stopped[..., draws]
        self.field_out = field.out[:, draws]
        self.state, self.queued = self.car.state, drawn.queued[:, draws]
        self.noise = drawn.noise[:, driver, draws].copy()
        self.noise += drawn.restart[driver, draws] * drawn.restarts[:, draws]
        self.needed = drawn.needed[:, driver, draws].copy()
        self.pace, self.out = drawn.pace[driver, draws].copy(), drawn.out[driver, draws]
        shape = (len(self.field_time[0]), *self.car.time.shape)
        self.rivals = np.empty(shape, np.float32)  # their times, with what the car cost them
        self.rivals[:] = self.field_time[0][:, None]
        self.before, self.number = np.empty_like(self.rivals), np.empty_like(self.rivals)
        self.fight, self.side = np.empty(shape, bool), np.empty(shape, bool)

    def finish(self) -> Finish:
        for lap in range(1, self.setting.laps + 1):
            self._lap(lap)
        laps = factors(self.state[1:]).sum(axis=0) * self.setting.lap_ms
        fuel = self.setting.fuel_ms * self.setting.laps * (self.setting.laps + 1) / 2
        return Finish(self._places(), self.car.time + (laps - fuel - ORIGIN_MS), self.car.reacted)

    def _places(self) -> npt.NDArray[np.int8]:
        """A car that retired is behind all that finished and those that retired later."""
        place = 1 + (self.rivals < self.car.time).sum(axis=0)
        later = 1 + (self.field_out > self.out).sum(axis=0)
        return np.where(self.out <= self.setting.laps, later, place).astype(np.int8)

    def _lap(self, lap: int) -> None:
        car, state = self.car, self.state[lap]
        stops = car.stops(lap)
        loss = car.losses(lap, stops)
        deficit = car.cost + self.pace
        move = (deficit + self.noise[lap]) * (state != VIRTUAL) + loss
        start = car.time
        self.rivals, self.before = self.before, self.rivals
        car.time = self._meet(lap, start, start + move, deficit, stops)
        slow = np.flatnonzero(self.queued[lap])
        if len(slow):
            self._queue(lap, slow, start[:, slow], stops[:, slow], loss[:, slow])
        red = np.flatnonzero(state == RED)
        if len(red):
            self._stand(lap, red)
        car.change(lap, stops)

    def _meet(
        self, lap: int, start: Single, end: Single, deficit: Single, stops: BoolArray
    ) -> Single:
        """A lap on the road: the car's times at its end, given those that it would reach alone.

        Who stops fights with nobody. A mask times what is above 0 leaves 0 where it does not hold.
        """
        rivals, number, fight, side = self.rivals, self.number, self.fight, self.side
        inf = np.float32(np.inf)
        reach = np.where(stops, -inf, deficit + self.needed[lap])
        own = np.where(stops, inf, deficit)
        steps = self.field_time[lap] - self.field_time[lap - 1]
        np.add(self.before, steps[:, None], out=rivals)
        # Held by who is ahead and not slow enough to be passed.
        np.less(self.before, start, out=side)
        np.less_equal(self.field_pace[lap][:, None], reach, out=fight)
        np.logical_and(side, fight, out=fight)
        np.multiply(rivals, fight, out=number)
        end = np.maximum(end, number.max(axis=0, initial=0) + HOLD_MS)
        # Holds who is behind and not fast enough to pass.
        np.less_equal(own, self.field_guard[lap][:, None], out=fight)
        np.greater(fight, side, out=fight)
        np.multiply(fight, end + HOLD_MS, out=number)
        np.maximum(rivals, number, out=rivals)
        return end

    def _queue(
        self,
        lap: int,
        slow: npt.NDArray[np.intp],
        start: Single,
        stops: BoolArray,
        loss: Single,
    ) -> None:
        """Puts right the draws in which the lap was driven behind a safety car.

        The car closes up to who is ahead. Where it leads, the field closes up to it: the field's
        times being those of a race without it, it is the car that comes back. A rival that the car
        held up wins that back at the same rate. Nobody passes but who stays out one who stops.
        """
        catch = np.float32(CATCH * self.setting.lap_ms)
        was = self.before[:, :, slow]
        then, now = (self.field_time[n][:, None, slow] for n in (lap - 1, lap))
        times = now + np.maximum(was - (then + catch), 0)
        here = ~(self.field_stops[lap][:, slow] | (self.field_out[:, slow] <= lap))[:, None]
        side = was < start
        limit = (times * (side & here)).max(axis=0, initial=0)
        waits = here & ~side
        stay = np.maximum(start - catch, limit + QUEUE_MS)
        leads = limit == 0
        if leads.any():
            second = np.where(waits, times, np.inf).min(axis=0, initial=np.inf)
            lead = np.where(second < np.inf, np.minimum(second - QUEUE_MS, start + catch), start)
            stay = np.where(leads, np.maximum(start - catch, lead), stay).astype(np.float32)
        times = np.maximum(times, (waits & ~stops) * (stay + QUEUE_MS))
        self.rivals[:, :, slow] = times
        self.car.time[:, slow] = stay + loss

    def _stand(self, lap: int, red: npt.NDArray[np.intp]) -> None:
        """The grid of a race that was stopped: the car in its place, rivals in theirs around it."""
        size = np.float32(self.setting.start_gap_ms)
        rivals, gone = self.rivals[:, :, red], (self.field_out[:, red] <= lap)[:, None]
        order, ahead = ranks(rivals), (rivals < self.car.time[:, red]).sum(axis=0)
        front = self.field_time[lap][:, red].min(axis=0, initial=ORIGIN_MS + GONE_MS)
        front = np.where(np.all(gone, axis=0), self.car.time[:, red], front)
        slots = front + (order + (order >= ahead)) * size
        self.rivals[:, :, red] = np.where(gone, rivals, slots)
        self.car.time[:, red] = front + ahead * size
