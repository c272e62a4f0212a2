"""What a race of simulated plans costs, and what pairing them is worth: a part of `make bench`.

Of the home that the main job has filled, the newest race that was held: twenty cars, forty plans,
two thousand draws, in a process of its own.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

RACE = """
import json, time
import numpy as np
import pandas as pd
from f1_pipeline.settings import load_settings
from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline.strategy.expected_race import READ, expected_race
from f1_pipeline.strategy.grid import grid_of
from f1_pipeline.strategy.plans import Plan
from f1_pipeline.strategy.recommend import PLANS, plans_for, recommend, simulated
from f1_pipeline.strategy.simulation.compare import compare

tables = Warehouse(load_settings().database_url).read_many(list(READ))
events = tables["events"].sort_values("race_starts_at")
event = events[events["event_id"].isin(tables["race_figures"]["event_id"])]["event_id"].iloc[-1]
grid, _ = grid_of(event, tables["starting_grids"], pd.DataFrame)
start = time.process_time()
race = expected_race(tables, event, grid)
expected = time.process_time() - start
start = time.process_time()
simulation = simulated(race, 2000)
made = [recommend(simulation, driver) for driver in range(len(grid))]
simulated_in = time.process_time() - start
driver = len(grid) // 2
plans = [one.plan for one in made[driver].ranked]
noise = {}
for independent in (False, True):
    found = compare(race.setting, driver, plans, simulation.rivals, drawn=simulation.drawn,
                    detail=0, independent=independent)
    noise[independent] = [one.behind.error for one in found.outcomes[1:]]
    order = [str(one.plan) for one in found.outcomes]
    noise[f"order {independent}"] = order
print(json.dumps({
    "event": event, "cars": len(grid), "laps": race.setting.laps,
    "plans": [len(plans_for(race, slot + 1)) for slot in range(len(grid))],
    "expected": expected, "simulated": simulated_in,
    "paired": float(np.mean(noise[False])), "independent": float(np.mean(noise[True])),
    "orders": [noise["order False"], noise["order True"]],
}))
"""


def main(
    environment: dict[str, str],
    measure: Callable[[list[str], dict[str, str]], Any],
    show: Callable[[str, float, str, float], None],
) -> None:
    usage = measure([sys.executable, "-W", "ignore", "-c", RACE], environment)
    if usage.exit_code != 0:
        sys.exit(usage.output)
    found = json.loads(usage.output.strip().splitlines()[-1])
    what = f"{found['cars']} cars, {min(found['plans'])} plans, 2,000 draws, CPU"
    show(what, found["simulated"], "s", 30)
    show("  fits of one race and what it expects, CPU", found["expected"], "s", 5)
    show("  peak memory", usage.peak, "MiB", 400)
    pairs, alone = found["paired"], found["independent"]
    print(
        f"  {found['event']}, {found['laps']} laps; standard error of a difference of places: "
        f"{pairs:.3f} paired, {alone:.3f} with independent draws ({alone / pairs:.1f} times)"
    )
    for name, order in zip(("paired", "independent"), found["orders"], strict=True):
        print(f"  ranking, {name}: {', '.join(order)}")
