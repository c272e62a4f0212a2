"""Compare a driver's plans: what others call.

Here belongs which races are simulated, and for what. What comes of them is added up in `outcome`.
"""

from collections.abc import Callable, Sequence

import numpy as np

from f1_pipeline.errors import UsageError
from f1_pipeline.strategy.plans import Plan, shifted
from f1_pipeline.strategy.simulation import entrant, field, outcome
from f1_pipeline.strategy.simulation.course import STAY, STOP, WHERE_IT_PAYS
from f1_pipeline.strategy.simulation.draws import Draws, draw
from f1_pipeline.strategy.simulation.entrant import Finish
from f1_pipeline.strategy.simulation.field import Field
from f1_pipeline.strategy.simulation.outcome import Comparison, Detail, PlanOutcome, Window
from f1_pipeline.strategy.simulation.setting import FloatArray, RivalPlans, Setting

MOVES = (-9, -6, -3, 3, 6, 9)  # laps that a stop is moved by to find its window
# Draws of these, each n-th: the error of a paired difference is then some 0.05 of a place, half of
# what a window is judged by, at a quarter of the time.
_OF_WINDOWS = 500


def compare(
    setting: Setting,
    driver_index: int,
    plans: Sequence[Plan],
    rivals: RivalPlans,
    draws: int = 2000,
    seed: int = 0,
    detail: int = 5,
    drawn: Draws | None = None,
    independent: bool = False,
    detailed: Callable[[tuple[PlanOutcome, ...]], Sequence[Plan]] | None = None,
) -> Comparison:
    """The plans of the car at that index of the grid, the best first.

    `detail`: of how many of the best windows and advice are given; `detailed` chooses the plans
    in their place. `drawn`: as `draw` gives it for
    the setting, drawn once for the drivers of an event; `draws` and `seed` are then its own.
    `independent`: draws of its own for each plan, without details: what pairing is worth.
    """
    _usable(setting, driver_index, plans, rivals, draws)
    slot = driver_index + 1
    drawn = drawn or draw(setting, draws, seed)
    if independent:
        finish = _separately(setting, driver_index, plans, rivals, drawn)
        ranked = outcome.outcomes(list(plans), finish, slot, drawn.group)
        details: tuple[Detail, ...] = ()
    else:
        others = field.run(setting, drawn, rivals, driver_index)
        finish = entrant.run(
            setting, drawn, others, driver_index, plans, [WHERE_IT_PAYS] * len(plans)
        )
        ranked = outcome.outcomes(list(plans), finish, slot, drawn.group)
        best = [one.plan for one in ranked[:detail]] if detailed is None else detailed(ranked)
        shown = [list(plans).index(plan) for plan in best]
        details = _details(setting, drawn, others, driver_index, plans, finish, shown)
    name = setting.drivers[driver_index]
    return Comparison(name, slot, drawn.count, drawn.seed, ranked, details)


def expected_places(
    setting: Setting,
    driver_index: int,
    plans: Sequence[Plan],
    rivals: RivalPlans,
    draws: int = 400,
    seed: int = 0,
    drawn: Draws | None = None,
) -> FloatArray:
    """Expected place of each plan, (plans,), and nothing else: for few plans of many races."""
    _usable(setting, driver_index, plans, rivals, draws)
    drawn = drawn or draw(setting, draws, seed)
    others = field.run(setting, drawn, rivals, driver_index)
    return outcome.expected(
        entrant.run(setting, drawn, others, driver_index, plans, [WHERE_IT_PAYS] * len(plans))
    )


def _usable(
    setting: Setting, driver: int, plans: Sequence[Plan], rivals: RivalPlans, draws: int
) -> None:
    cars = len(setting.drivers)
    if not 0 <= driver < cars:
        raise UsageError(f"no car {driver}: the grid has {cars}, counted from 0")
    if not plans:
        raise UsageError("no plans to compare: pass one at the least")
    if draws < 1:
        raise UsageError(f"{draws} draws say nothing: ask for one at the least")
    if rivals.stops.shape[1] != cars or not len(rivals.stops):
        raise UsageError(f"rivals' plans are for {rivals.stops.shape[1]} cars, the grid has {cars}")


def _separately(
    setting: Setting, driver: int, plans: Sequence[Plan], rivals: RivalPlans, drawn: Draws
) -> Finish:
    found = []
    for i, plan in enumerate(plans):
        own = draw(setting, drawn.count, (drawn.seed, i + 1))
        others = field.run(setting, own, rivals, driver)
        found.append(entrant.run(setting, own, others, driver, [plan], [WHERE_IT_PAYS]))
    return Finish(
        np.concatenate([one.place for one in found]),
        np.concatenate([one.time_ms for one in found]),
        np.concatenate([one.reacted for one in found]),
    )


def _details(
    setting: Setting,
    drawn: Draws,
    others: Field,
    driver: int,
    plans: Sequence[Plan],
    finish: Finish,
    shown: list[int],
) -> tuple[Detail, ...]:
    if not shown:
        return ()
    best = [plans[i] for i in shown]
    stop, stay = (
        entrant.run(setting, drawn, others, driver, best, [how] * len(best)) for how in (STOP, STAY)
    )
    windows = _windows(setting, drawn, others, driver, best, finish, shown)
    running = drawn.out[driver] > setting.laps
    return tuple(
        Detail(
            plans[i],
            windows[k],
            outcome.advice(
                (stop.place[k], stop.reacted[k]),
                stay.place[k],
                drawn.state,
                drawn.group,
                running,
            ),
        )
        for k, i in enumerate(shown)
    )


def _windows(
    setting: Setting,
    drawn: Draws,
    others: Field,
    driver: int,
    best: list[Plan],
    finish: Finish,
    shown: list[int],
) -> list[tuple[Window, ...]]:
    """Of each of the best plans' stops, all variants simulated together."""
    every = max(drawn.count // _OF_WINDOWS, 1)
    asked = {
        (k, stop, plan.stops[stop] + move): moved
        for k, plan in enumerate(best)
        for stop in range(len(plan.stops))
        for move in MOVES
        if (moved := shifted(plan, stop, move, setting.laps)) is not None and _short(moved, setting)
    }
    variants = list(dict.fromkeys(asked.values()))
    at = {plan: i for i, plan in enumerate(variants)}
    group, found = drawn.group[::every], []
    if variants:
        react = [WHERE_IT_PAYS] * len(variants)
        places = entrant.run(setting, drawn, others, driver, variants, react, every).place
    for k, plan in enumerate(best):
        planned = finish.place[shown[k], ::every]
        moved_by = [
            {lap: places[at[p]] for (i, j, lap), p in asked.items() if (i, j) == (k, stop)}
            for stop in range(len(plan.stops))
        ]
        stops = zip(plan.stops, moved_by, strict=True)
        found.append(
            tuple(
                outcome.window(n + 1, lap, moved, planned, group)
                for n, (lap, moved) in enumerate(stops)
            )
        )
    return found


def _short(plan: Plan, setting: Setting) -> bool:
    limit = setting.longest_stint
    return limit is None or max(plan.stints(setting.laps)) <= limit
