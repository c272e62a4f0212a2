"""The strategy backtest: each past dry race as it was expected before it, beside what was done.

Walk-forward: fits, choices and draws of a race know nothing of it or of later ones. Its grid is the
official one, its rows the classified drivers. Here belong the rows; what they say is in `evidence`.
"""

from collections.abc import Callable, Hashable, Mapping
from itertools import pairwise

import numpy as np
import pandas as pd

from f1_pipeline.errors import PipelineError
from f1_pipeline.strategy.chosen import choices
from f1_pipeline.strategy.chosen.expected import MOST
from f1_pipeline.strategy.constants import constants, sequences
from f1_pipeline.strategy.expected_race import READ, ExpectedRace, before, expected_race
from f1_pipeline.strategy.grid import grid_of
from f1_pipeline.strategy.plans import Plan, faults
from f1_pipeline.strategy.recommend import Simulated, best_of, recommend, simulated
from f1_pipeline.strategy.simulation.compare import compare
from f1_pipeline.strategy.simulation.setting import MOST_STOPS

# A fifth of what is published: differences of plans are then known to 0.2 of a place.
DRAWS = 400
_FREE = ["start", "red"]

Frames = Mapping[str, pd.DataFrame]


def dry_events(tables: Frames, season: int) -> list[str]:
    """The season's dry races with figures, in order of time."""
    races, events = tables["race_figures"], tables["events"]
    dry = races.loc[races["dry"].astype("boolean").fillna(False).astype(bool), "event_id"]
    mine = events[events["season"].eq(season) & events["event_id"].isin(dry)]
    return list(mine.sort_values("race_starts_at")["event_id"])


def backtest_season(
    tables: Frames, season: int, draws: int = DRAWS, log: Callable[[str], object] = print
) -> pd.DataFrame:
    """Rows of `strategy_backtest` but the fingerprint; none of races that no plan is made for."""
    done = choices(
        tables["stint_figures"],
        tables["race_figures"],
        tables["pit_stops"],
        tables["race_results"],
        tables["events"],
    )
    counted = _counted(tables)
    found: list[dict[Hashable, object]] = []
    events = dry_events(tables, season)
    for number, event_id in enumerate(events, start=1):
        log(f"{event_id}, {number} of {len(events)}")
        try:
            grid, _ = grid_of(event_id, tables["starting_grids"], pd.DataFrame)
            race = expected_race(tables, event_id, grid)
            rows = _event_rows(race, tables, done, counted, draws)
        except PipelineError as error:
            log(f"{event_id} is left out: {error}")
            continue
        found += rows.to_dict("records")
    return pd.DataFrame(found)


def _event_rows(
    race: ExpectedRace, tables: Frames, done: pd.DataFrame, counted: pd.DataFrame, draws: int
) -> pd.DataFrame:
    known = set(before(tables, race.event_id)["events"]["event_id"]) - {race.event_id}
    cars = done[done["event_id"].eq(race.event_id) & done["driver_id"].isin(race.setting.drivers)]
    cars = cars.reset_index(drop=True)
    if cars.empty:
        return cars
    simulation = simulated(race, draws)
    planned = [
        _planned(simulation, row.driver_id, row.compounds, row.stop_laps, int(row.stops))
        for row in cars.itertuples(index=False)
    ]
    against = constants(
        done[done["event_id"].isin(known)],
        counted[counted["event_id"].isin(known)],
        cars[["event_id", "driver_id"]],
        tables["events"],
        race.setting.laps,
    )
    event = tables["events"].set_index("event_id").loc[race.event_id]
    return against.assign(
        season=event["season"],
        round=event["round"],
        actual_stops=cars["stops"],
        actual_first_stop=cars["first_stop"],
        actual_sequence=sequences(cars),
    ).join(pd.DataFrame(planned))


def _planned(
    simulation: Simulated,
    driver_id: str,
    compounds: tuple[str, ...] | None,
    stop_laps: tuple[int, ...] | None,
    stops: int,
) -> dict[str, object]:
    race = simulation.race
    driver = race.setting.drivers.index(driver_id)
    made = recommend(simulation, driver, detail=0)
    plan, slot = made.first.plan, driver + 1
    one = best_of(race, slot, made.comparison.outcomes, 1)
    share = race.chosen.first_of_one(np.array([float(slot)]))[0]
    chance = race.chosen.stops(np.array([float(slot)]))[0]
    actual = _run(race, compounds, stop_laps)
    return {
        "plan": str(plan),
        "stops": len(plan.stops),
        "first_stop": plan.stops[0],
        "first_of_one": one.plan.stops[0] if one else max(round(share), 1),
        "sequence": "-".join(plan.compounds),
        "p_actual": float(chance[min(stops, MOST)]),
        "regret_ms": _regret(simulation, driver, plan, actual) if actual else None,
    }


def _run(
    race: ExpectedRace, compounds: tuple[str, ...] | None, stop_laps: tuple[int, ...] | None
) -> Plan | None:
    """What was done as a plan that can be simulated; none of a race that was stopped, say."""
    if compounds is None or stop_laps is None or len(compounds) != len(stop_laps) + 1:
        return None
    rising = all(a < b for a, b in pairwise((0, *stop_laps)))
    if not rising or not 1 <= len(stop_laps) <= MOST_STOPS:
        return None
    plan = Plan(compounds, stop_laps)
    return None if faults(plan, race.setting.laps, race.rules) else plan


def _regret(simulation: Simulated, driver: int, plan: Plan, actual: Plan) -> float:
    """Simulated time of what was done less that of the plan, over the same draws: ms.

    Compared apart from the recommendation, which so never knows what was done.
    """
    if plan == actual:
        return 0.0
    both = compare(
        simulation.race.setting, driver, [plan, actual], simulation.rivals, drawn=simulation.drawn,
        detail=0,
    )  # fmt: skip
    time = {one.plan: one.time_ms for one in both.outcomes}
    return time[actual] - time[plan]


def _counted(tables: Frames) -> pd.DataFrame:
    """Stops of classified drivers in all races with figures, wet ones too."""
    stints, results = tables["stint_figures"], tables["race_results"]
    stop = ~stints["began_under"].isin(_FREE)
    by_car = stop.groupby([stints["event_id"], stints["driver_id"]]).sum().rename("stops")
    placed = results[results["classified"].astype("boolean").fillna(False).astype(bool)]
    return by_car.reset_index().merge(placed[["event_id", "driver_id"]])


__all__ = ["DRAWS", "READ", "backtest_season", "dry_events"]
