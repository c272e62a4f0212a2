"""Strategy in a few rows: plans, what was done, figures of a race, fits of a circuit."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from f1_pipeline_tests.serving.pages.world import RACE, World

EVENT = "2024-monaco"
DRIVERS = ("ada", "bea")


def publish(
    world: World,
    drivers: Sequence[str] = DRIVERS,
    event_id: str = EVENT,
    run_id: str = "plans-1",
    **given: Any,
) -> None:
    """Two plans of each driver, the second clearly behind, and advice for the first."""
    shared = {
        "event_id": event_id,
        "season": int(event_id[:4]),
        "run_id": run_id,
        "constructor_id": "ferrari",
        "generated_at": RACE - timedelta(hours=20),
        "event_starts_at": RACE,
        "grid_source": "official",
        "pit_lane": False,
        "experimental": True,
        "dry_races": 40,
        "circuit_races": 3,
        "draws": 1000,
    }
    first = {"rank": 1, "plan": "M-18-H", "stops": 1, "difference": 0.0, "clear": False}
    first |= {"difference_low": 0.0, "difference_high": 0.0, "expected_position": 3.25}
    first |= {"window_first": [15], "window_last": [22]}
    second = {"rank": 2, "plan": "S-12-M-40-H", "stops": 2, "difference": 1.25, "clear": True}
    second |= {"difference_low": 0.5, "difference_high": 2.0, "expected_position": 4.5}
    second |= {"window_first": [], "window_last": []}
    for place, driver in enumerate(drivers, start=1):
        mine = shared | {"driver_id": driver, "grid_position": place}
        world.add("recommendations", *(mine | plan | given for plan in (first, second)))
        of = {"event_id": event_id, "driver_id": driver, "run_id": run_id}
        world.add(
            "caution_advice",
            of | {"phase": 1, "first_lap": 1, "last_lap": 17, "advice": "stop", "difference": 0.8},
            of | {"phase": 2, "first_lap": 18, "last_lap": 50, "advice": "too few"},
        )


def backtest(world: World, drivers: Sequence[str] = DRIVERS, event_id: str = EVENT) -> None:
    """What would have been recommended, and what was done."""
    rows = [
        {
            "event_id": event_id,
            "season": int(event_id[:4]),
            "driver_id": driver,
            "plan": "M-20-H",
            "stops": 1,
            "actual_stops": 2,
            "actual_first_stop": 9,
            "actual_sequence": "S-H-S",
        }
        for driver in drivers
    ]
    world.add("strategy_backtest", *rows)


def figures(
    world: World,
    stints: Mapping[str, Sequence[tuple[str | None, int, int]]],
    cautions: Sequence[tuple[str, int, int]] = (),
    event_id: str = EVENT,
    dry: bool = True,
) -> None:
    """Stints as compound, first and last lap; cautions as kind, first lap and laps."""
    laps = max(last for mine in stints.values() for _, _, last in mine)
    world.add("race_figures", {"event_id": event_id, "laps": laps, "dry": dry})
    world.add(
        "stint_figures",
        *(
            {
                "event_id": event_id,
                "driver_id": driver,
                "stint": number,
                "compound": compound,
                "first_lap": first,
                "last_lap": last,
            }
            for driver, mine in stints.items()
            for number, (compound, first, last) in enumerate(mine, start=1)
        ),
    )
    rows = [
        {"event_id": event_id, "number": n, "caution": kind, "first_lap": first, "laps": of}
        for n, (kind, first, of) in enumerate(cautions, start=1)
    ]
    if rows:
        world.add("caution_figures", *rows)


def fits(world: World, circuit_id: str = "the-streets") -> None:
    here = {"circuit_id": circuit_id}
    seconds = {"low_ms": 20_000.0, "high_ms": 24_000.0}
    world.add(
        "pit_loss",
        here | seconds | {"caution": "safety_car", "loss_ms": 12_000.0, "events": 0},
        here | seconds | {"caution": "green", "loss_ms": 22_000.0, "events": 4},
    )
    world.add(
        "tyre_degradation",
        *(
            here
            | {"compound": compound, "wear_ms": wear, "low_ms": wear / 2, "high_ms": 2 * wear}
            | {"offset_ms": offset, "offset_error_ms": abs(offset) / 2, "stints": 9}
            for compound, wear, offset in (
                ("HARD", 30.0, 400.0),
                ("SOFT", 90.0, -500.0),
                ("MEDIUM", 50.0, 0.0),
            )
        ),
    )
    rate = {"per_race": 0.5, "low": 0.25, "high": 0.75, "first_lap_share": 0.25, "races": 8}
    world.add("neutralisations", here | rate | {"caution": "safety_car"})
    world.add("track_position_cost", here | {"pass_ms": 60.0, "low_ms": 20.0, "high_ms": 110.0})
