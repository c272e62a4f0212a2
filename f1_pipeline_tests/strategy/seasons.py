"""Seasons made up whole: all tables that a race is expected from, in their contracts' types.

Six cars of three teams at four circuits; even cars stop once, odd ones twice. Grids turn by a place
from race to race. The first season has no figures, only pit stops.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from f1_pipeline.strategy.expected_race import READ
from f1_pipeline_tests.strategy.fits import simulated
from f1_pipeline_tests.tables.timing.made_laps import made

LAPS = 60
CARS = 6
SEASONS = (2020, 2021, 2022, 2023, 2024)
NEXT = "2024-c03"  # the last event: fifteen races with figures are held before it
_WEAR = {"SOFT": 90.0, "MEDIUM": 60.0, "HARD": 40.0}
_RATE = 0.9  # of each kind of caution
Frames = dict[str, pd.DataFrame]


def seasons(years: Sequence[int] = SEASONS, circuits: int = 4, seed: int = 0) -> Frames:
    """The tables of `READ`; the same arguments give the same bits."""
    rng = np.random.default_rng(seed)
    events = simulated.events_of(circuits, years)
    events["round"] = events.groupby("season").cumcount() + 1
    events["grand_prix_id"] = "gp-" + events["circuit_id"]
    events["planned_laps"], events["course_length_km"] = LAPS, 5.1
    wear = {(c, of): ms for c in events["circuit_id"].unique() for of, ms in _WEAR.items()}
    stints = simulated.stints(events, wear, rng, cars=CARS, laps=LAPS)
    told = events[events["season"].gt(years[0])]
    levels = dict.fromkeys(events["circuit_id"], 22_000.0)
    losses = [
        simulated.pit_losses(told, {c: share * of for c, of in levels.items()}, rng, caution)
        for caution, share in (("green", 1.0), ("virtual_safety_car", 0.7), ("safety_car", 0.6))
    ]
    rates = dict.fromkeys(levels, _RATE)
    kinds = [simulated.cautions(told, rates, rng, k) for k in ("safety_car", "virtual_safety_car")]
    cautions = pd.concat(kinds).sort_values(["event_id", "first_lap", "caution"])
    cautions["number"] = cautions.groupby("event_id").cumcount() + 1
    tables = {
        "events": events,
        "race_figures": simulated.races(told, LAPS).assign(revision="made up"),
        "stint_figures": stints[stints["event_id"].isin(told["event_id"])],
        "caution_figures": cautions,
        "pit_loss_figures": pd.concat(losses),
        **_results(events, stints, rng),
    }
    return {name: made(name, tables[name].to_dict("records")) for name in READ}


def _results(
    events: pd.DataFrame, stints: pd.DataFrame, rng: np.random.Generator
) -> Mapping[str, pd.DataFrame]:
    grids, results = [], []
    for number, event in enumerate(events["event_id"]):
        finish = np.argsort(np.argsort(np.arange(CARS) + rng.normal(0, 3, CARS))) + 1
        for car in range(CARS):
            place, last = (car + number) % CARS + 1, int(finish[car]) == CARS
            who = {
                "event_id": event,
                "driver_id": f"d{car:02d}",
                "constructor_id": f"team-{car // 2}",
                "grid_position": place,
            }
            grids.append(who | {"grid_order": place, "pit_lane": False})
            results.append(
                who
                | {
                    "finish_order": int(finish[car]),
                    "classified": not last,
                    "retired": last,
                    "outcome": "retired" if last else "finished",
                    "laps": 20 if last else LAPS,
                }
            )
    stops = stints[stints["stint"].gt(1)]
    stops = stops.assign(lap=stops["first_lap"] - 1, stop=stops["stint"] - 1, pit_lane_ms=23_000)
    return {
        "starting_grids": pd.DataFrame(grids),
        "race_results": pd.DataFrame(results),
        "pit_stops": stops,
    }


def grid_of(tables: Frames, event_id: str = NEXT) -> pd.DataFrame:
    """The starting order of an event, as `strategy.grid` gives it."""
    rows = tables["starting_grids"]
    rows = rows[rows["event_id"].eq(event_id)].sort_values("grid_order", ignore_index=True)
    return rows[["driver_id", "constructor_id"]].assign(pit_lane=rows["pit_lane"].astype(bool))


def changed(tables: Frames, name: str, rows: "pd.Series[bool]", **values: object) -> Frames:
    """The tables with values of some rows of one of them set otherwise."""
    frame = tables[name].copy()
    for column, value in values.items():
        frame.loc[rows, column] = value
    return tables | {name: frame}


def renamed(tables: Frames, event_id: str, new: str) -> Frames:
    """An event under the name of one that has rules of its own, such as 2025-monaco."""
    found = {n: rows.assign(event_id=rows["event_id"].replace(event_id, new))
             for n, rows in tables.items()}  # fmt: skip
    return changed(found, "events", found["events"]["event_id"].eq(new), season=int(new[:4]))
