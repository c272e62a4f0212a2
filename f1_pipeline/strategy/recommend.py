"""Recommendations: a driver's plans compared, ranked, and put into the rows of their contracts.

Here belongs the ranking. How often to stop is taken from what teams choose in races like this one:
it hangs on how long tyres last, and figures do not show that, as a stint ends before its tyres do.
So on them alone a simulation stops too seldom (once in nine of ten races, teams in six). Which
compounds and laps it is, then, the simulation says, and where it finds no clear difference what
teams choose most. Not here: simulated races, and whether plans have been worth anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from f1_pipeline.strategy.chosen.expected import MOST
from f1_pipeline.strategy.expected_race import ExpectedRace
from f1_pipeline.strategy.plans import Plan, candidates, faults
from f1_pipeline.strategy.simulation.compare import compare
from f1_pipeline.strategy.simulation.draws import Draws, draw
from f1_pipeline.strategy.simulation.outcome import Comparison, Detail, PlanOutcome
from f1_pipeline.strategy.simulation.setting import RivalPlans

PLANS = 40
SHOWN = 6  # orders of compounds that are published for a driver
_SEED = 20190317


@dataclass(frozen=True)
class Simulated:
    """A race ready to be simulated: the same draws and rivals' plans for every driver and plan."""

    race: ExpectedRace
    rivals: RivalPlans
    drawn: Draws


@dataclass(frozen=True)
class Recommendation:
    """One driver's plans: the recommended one, then one for each order of compounds by place."""

    driver_id: str
    ranked: tuple[PlanOutcome, ...]
    shares: tuple[float, ...]
    comparison: Comparison

    @property
    def first(self) -> PlanOutcome:
        return self.ranked[0]

    def detail(self, plan: Plan) -> Detail | None:
        return next((one for one in self.comparison.details if one.plan == plan), None)


def simulated(race: ExpectedRace, draws: int, seed: int = _SEED) -> Simulated:
    """Draws and rivals' plans of a race; the same seed gives the same bits."""
    rng = np.random.default_rng([seed, 1])
    rivals = race.chosen.rivals(race.places, draws, rng)
    return Simulated(race, rivals, draw(race.setting, draws, seed))


def plans_for(race: ExpectedRace, slot: int, own: Sequence[Plan] = ()) -> list[Plan]:
    """Forty plans: those of one's own, what is usual there, and the fastest on the road alone."""
    laps = race.setting.laps
    usual = [p for p in race.chosen.usual(float(slot)) if not faults(p, laps, race.rules)]
    fastest = candidates(race.setting, race.rules, PLANS)
    return list(dict.fromkeys([*own, *usual, *fastest]))[: max(PLANS, len(own))]


def recommend(
    simulation: Simulated, driver: int, own: Sequence[Plan] = (), detail: int = 1
) -> Recommendation:
    """The plans of the car at that index of the grid; `own` are among them whatever they are like.

    `detail`: of how many of the ranked plans windows and advice are worked out.
    """
    race = simulation.race
    slot = driver + 1

    order: list[PlanOutcome] = []

    def chosen(outcomes: tuple[PlanOutcome, ...]) -> list[Plan]:
        order.extend(ranking(race, slot, outcomes))
        return [one.plan for one in order[:detail]]

    comparison = compare(
        race.setting,
        driver,
        plans_for(race, slot, own),
        simulation.rivals,
        drawn=simulation.drawn,
        detailed=chosen,
    )
    ranked = _by_order(order, own)
    chance = race.chosen.stops(np.array([float(slot)]))[0]
    shares = tuple(float(chance[min(len(one.plan.stops), MOST)]) for one in ranked)
    return Recommendation(race.setting.drivers[driver], ranked, shares, comparison)


def ranking(
    race: ExpectedRace, slot: int, outcomes: Sequence[PlanOutcome]
) -> tuple[PlanOutcome, ...]:
    """The plan that is recommended, then the others by expected place."""
    chance = race.chosen.stops(np.array([float(slot)]))[0]
    numbers = {len(one.plan.stops) for one in outcomes if _allowed(race, one.plan)}
    likeliest = max(numbers, key=lambda number: (chance[min(number, MOST)], -number))
    first = best_of(race, slot, outcomes, likeliest) or outcomes[0]
    return (first, *(one for one in outcomes if one is not first))


def best_of(
    race: ExpectedRace, slot: int, outcomes: Sequence[PlanOutcome], stops: int
) -> PlanOutcome | None:
    """Of the plans with so many stops that are not clearly behind the best of them the one that is
    chosen most; None where there is no such plan."""
    near = [
        one
        for one in outcomes
        if len(one.plan.stops) == stops and not one.among.clear and _allowed(race, one.plan)
    ]
    return max(
        near,
        key=lambda one: (race.chosen.plausibility(one.plan, float(slot)), -one.place),
        default=None,
    )


def _allowed(race: ExpectedRace, plan: Plan) -> bool:
    """Not so a plan of one's own against the rules: it is simulated, and never recommended."""
    return not faults(plan, race.setting.laps, race.rules)


def _by_order(ranked: Sequence[PlanOutcome], own: Sequence[Plan]) -> tuple[PlanOutcome, ...]:
    """Of each order of compounds the first, and one's own plans: the others differ by laps only."""
    kept: dict[tuple[str, ...], PlanOutcome] = {}
    for one in ranked:
        kept.setdefault(one.plan.compounds, one)
    shown = list(kept.values())[:SHOWN]
    return tuple(one for one in ranked if one in shown or one.plan in own)


def rows(
    simulation: Simulated, made: Sequence[Recommendation], grid_source: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`recommendations` and `caution_advice` of drivers, but for what a publication adds."""
    race = simulation.race
    teams = race.grid.set_index("driver_id")
    same = {
        "event_id": race.event_id,
        "season": race.season,
        "grid_source": grid_source,
        "dry_races": race.dry_races,
        "circuit_races": race.circuit_races,
        "draws": simulation.drawn.count,
    }
    plans, advice = [], []
    for one in made:
        mine = teams.loc[one.driver_id]
        about = same | {
            "driver_id": one.driver_id,
            "constructor_id": mine["constructor_id"],
            "pit_lane": bool(mine["pit_lane"]),
            "grid_position": one.comparison.slot,
        }
        for rank, (outcome, share) in enumerate(zip(one.ranked, one.shares, strict=True), start=1):
            plans.append(about | {"rank": rank} | _plan(outcome, share, one.detail(outcome.plan)))
        shown = one.detail(one.first.plan)
        for phase, told in enumerate(shown.advice if shown else (), start=1):
            few = told.advised == "too few"
            advice.append(
                {
                    "event_id": race.event_id,
                    "driver_id": one.driver_id,
                    "phase": phase,
                    "first_lap": told.first,
                    "last_lap": told.last,
                    "advice": told.advised,
                    "difference": None if few else told.gained.places,
                    "difference_error": None if few else told.gained.error,
                    "draws": told.gained.draws,
                }
            )
    return pd.DataFrame(plans), pd.DataFrame(advice, columns=_ADVICE)


_ADVICE = ["event_id", "driver_id", "phase", "first_lap", "last_lap", "advice", "difference"]
_ADVICE = [*_ADVICE, "difference_error", "draws"]


def _plan(one: PlanOutcome, share: float, detail: Detail | None) -> dict[str, object]:
    low, high = one.behind.interval
    windows = detail.windows if detail else ()
    return {
        "plan": str(one.plan),
        "stops": len(one.plan.stops),
        "chosen_share": share,
        "expected_position": one.place,
        "expected_points": one.points,
        "p_gain": one.gains,
        "p_lose": one.loses,
        "difference": one.behind.places,
        "difference_error": one.behind.error,
        "difference_low": low,
        "difference_high": high,
        "clear": one.clear,
        "window_first": [float(window.first) for window in windows],
        "window_last": [float(window.last) for window in windows],
    }
