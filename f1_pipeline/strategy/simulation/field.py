"""The field: all rivals of one car, driven over every draw without it.

Here belong what rivals do and what is kept of it. That they meet the car in question too is the
matter of `entrant`, which holds up each rival for itself.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from f1_pipeline.strategy.simulation.draws import CHANCES, STOPS, Draws
from f1_pipeline.strategy.simulation.setting import (
    MOST_STOPS,
    RED,
    SAFETY,
    VIRTUAL,
    BoolArray,
    RivalPlans,
    Setting,
    Single,
)
from f1_pipeline.strategy.simulation.traffic import CATCH, GONE_MS, follow, queue, stand


@dataclass(frozen=True)
class Field:
    """What the rivals did; the first axis is laps (0: before the start), the last one draws.

    time: (laps + 1, rivals, draws) at the end of the lap, relative; pace: (laps + 1, rivals, draws)
    deficit in the lap, infinite where the rival fights with nobody (in the pits, out, at a start,
    under a virtual safety car); guard: pace and the advantage it needs to pass in that lap, minus
    infinite there; stopped: whether it was in the pits; out: (rivals, draws) lap of retirement.
    """

    time: Single
    pace: Single
    guard: Single
    stopped: BoolArray
    out: npt.NDArray[np.int16]


class _Cars:
    """The rivals' tyres and what is left of their plans: arrays of (rivals, draws)."""

    def __init__(self, setting: Setting, drawn: Draws, plans: RivalPlans, cars: list[int]) -> None:
        turn = np.arange(drawn.count) % len(plans.stops)
        stops = plans.stops[turn][:, cars].transpose(2, 1, 0)
        # An entry more, so that the plan of one who has made all stops says: no more.
        beyond = np.full_like(stops[:1], setting.laps + 1)
        self.stops = np.ascontiguousarray(np.concatenate([stops, beyond]))
        self.compounds = np.ascontiguousarray(plans.compounds[turn][:, cars].transpose(2, 1, 0))
        self.none = setting.laps + 1
        self.drawn = drawn
        self.done = np.zeros(stops.shape[1:], np.int8)  # planned stops that are made
        self.made = np.zeros(stops.shape[1:], np.int8)  # all stops that cost time
        self.since = np.zeros(stops.shape[1:], np.int16)
        self.next = self.stops[0].copy()
        first = self.compounds[0]
        draw = np.arange(drawn.count)
        self.cost, self.wear = drawn.offset[first, draw], drawn.wear[first, draw]

    def change(self, lap: int, stops: BoolArray) -> None:
        """New tyres after the lap: the next planned, or of the same compound where none is left."""
        car, draw = stops.nonzero()
        planned = self.next[car, draw] < self.none
        self.done[car, draw] += planned
        done = self.done[car, draw]
        self.next[car, draw] = self.stops[np.minimum(done, MOST_STOPS), car, draw]
        compound = self.compounds[done, car, draw]
        self.cost[car, draw] = self.drawn.offset[compound, draw]
        self.wear[car, draw] = self.drawn.wear[compound, draw]
        self.since[car, draw] = lap


def run(setting: Setting, drawn: Draws, plans: RivalPlans, driver: int) -> Field:
    """All cars of the grid but the driver at that index of it."""
    cars = [i for i in range(len(setting.drivers)) if i != driver]
    shape = (setting.laps + 1, len(cars), drawn.count)
    time = np.zeros(shape, np.float32)
    pace, guard = np.full(shape, np.inf, np.float32), np.full(shape, -np.inf, np.float32)
    stopped = np.zeros(shape, bool)
    state, own, out = _Cars(setting, drawn, plans, cars), drawn.pace[cars], drawn.out[cars]
    time[0] = drawn.start[cars]
    if not cars:
        return Field(time, pace, guard, stopped, out)
    for lap in range(1, setting.laps + 1):
        gone = out <= lap
        stops = _stops(setting, state, lap, cars) & ~gone
        stopped[lap] = stops
        fights = ~(stops | gone | drawn.truce[lap])
        deficit = own + state.cost
        pace[lap] = np.where(fights, deficit, np.inf)
        guard[lap] = np.where(fights, deficit + drawn.needed[lap, cars], -np.inf)
        loss = _losses(drawn, state, lap, stops, cars)
        moves = drawn.state[lap] != VIRTUAL
        alone = time[lap - 1] + (deficit + drawn.noise[lap, cars]) * moves + loss
        if drawn.restarts[lap].any():
            alone += drawn.restart[cars] * drawn.restarts[lap]
        time[lap] = follow(time[lap - 1], alone, pace[lap], guard[lap])
        _neutralised(setting, drawn, lap, time, loss, stops, gone)
        time[lap][out == lap] += GONE_MS
        state.cost += state.wear
        state.change(lap, stops | ((drawn.state[lap] == RED) & ~gone))
    return Field(time, pace, guard, stopped, out)


def _stops(setting: Setting, state: _Cars, lap: int, cars: list[int]) -> BoolArray:
    """Who stops at the end of this lap: who planned to, and who reacts to a caution."""
    drawn = state.drawn
    stops = np.asarray(state.next == lap)
    now = drawn.state[lap]
    seen = np.flatnonzero(drawn.begins[lap] & ((now == SAFETY) | (now == VIRTUAL)))
    if len(seen) and 1 < lap < setting.laps:  # reactions were seen after the first lap
        chance = setting.reaction.probability(
            now[seen],
            (lap - state.since[:, seen]) / setting.laps,
            np.full(len(seen), (setting.laps - lap) / setting.laps),
            state.next[:, seen] < state.none,
        )
        stops[:, seen] |= drawn.reacts[lap % CHANCES, cars][:, seen] < chance
    stops[:, now == RED] = False  # their tyres are changed for nothing
    return stops


def _losses(drawn: Draws, state: _Cars, lap: int, stops: BoolArray, cars: list[int]) -> Single:
    loss = np.zeros(stops.shape, np.float32)
    car, draw = stops.nonzero()
    at = drawn.state[lap, draw]
    chance = drawn.stop[
        np.minimum(state.made[car, draw], STOPS - 1), np.asarray(cars, dtype=int)[car], draw
    ]
    loss[car, draw] = np.maximum(drawn.loss[at, draw] + drawn.spread[at] * chance, 0.0)
    state.made[car, draw] += 1
    return loss


def _neutralised(
    setting: Setting,
    drawn: Draws,
    lap: int,
    time: Single,
    loss: Single,
    stops: BoolArray,
    gone: BoolArray,
) -> None:
    """Puts right the draws in which the lap was driven behind a safety car, or the race stopped."""
    slow = np.flatnonzero(drawn.queued[lap])
    if len(slow):
        catch = np.float32(CATCH * setting.lap_ms)
        before, lost = time[lap - 1][:, slow], loss[:, slow]
        time[lap][:, slow] = queue(before, lost, stops[:, slow], gone[:, slow], catch)
    red = np.flatnonzero(drawn.state[lap] == RED)
    if len(red):
        gap = np.float32(setting.start_gap_ms)
        time[lap][:, red] = stand(time[lap][:, red], gone[:, red], gap)
