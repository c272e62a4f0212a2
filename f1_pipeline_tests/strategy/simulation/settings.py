"""Settings of races that are made up: a plausible one, and one in which nothing happens."""

from dataclasses import replace
from typing import Any

import numpy as np

from f1_pipeline.strategy.plans import Plan, parse
from f1_pipeline.strategy.simulation.setting import Reaction, RivalPlans, Setting

NEVER = Reaction(-50.0, -50.0, 0.0, 0.0, 0.0)
OFTEN = Reaction(-2.5, -3.3, 6.0, 0.5, 2.0)


def plausible(cars: int = 20, laps: int = 57, **other: Any) -> Setting:
    """A race with one stop or two, safety cars and a field two seconds apart."""
    known = Setting(
        laps=laps,
        lap_ms=92_000.0,
        drivers=tuple(f"car-{i + 1:02d}" for i in range(cars)),
        pit_lane=np.zeros(cars, bool),
        pace_ms=np.linspace(0.0, 2000.0, cars),
        pace_error_ms=np.full(cars, 250.0),
        retires=np.full(cars, 0.1),
        wear_ms=np.array([80.0, 50.0, 30.0]),
        wear_error_ms=np.array([20.0, 15.0, 10.0]),
        offset_ms=np.array([-500.0, 0.0, 400.0]),
        offset_error_ms=np.array([100.0, 0.0, 100.0]),
        fuel_ms=57.0,
        lap_noise_ms=450.0,
        pit_loss_ms=np.array([22_000.0, 17_000.0, 16_400.0]),
        pit_loss_error_ms=np.array([1000.0, 1500.0, 2000.0]),
        stop_spread_ms=np.array([1200.0, 2000.0, 2500.0]),
        caution_rates=np.array([0.8, 0.5, 0.11]),
        first_lap_share=np.array([0.26, 0.1, 0.3]),
        caution_lengths=(np.array([3, 4, 5]), np.array([1, 2, 3]), np.array([1, 2])),
        pass_ms=200.0,
        scale_ms=250.0,
        reaction=OFTEN,
    )
    return replace(known, **other)


def quiet(cars: int = 2, laps: int = 50, **other: Any) -> Setting:
    """Equal cars, and nothing that happens by chance."""
    calm = {
        "pace_ms": np.zeros(cars),
        "pace_error_ms": np.zeros(cars),
        "retires": np.zeros(cars),
        "wear_ms": np.zeros(3),
        "wear_error_ms": np.zeros(3),
        "offset_ms": np.zeros(3),
        "offset_error_ms": np.zeros(3),
        "fuel_ms": 0.0,
        "lap_noise_ms": 0.0,
        "pit_loss_error_ms": np.zeros(3),
        "stop_spread_ms": np.zeros(3),
        "caution_rates": np.zeros(3),
        "reaction": NEVER,
        "start_spread_ms": 0.0,
    }
    return plausible(cars, laps, **(calm | other))


def all_on(plan: str, setting: Setting, draws: int = 1) -> RivalPlans:
    """Every car on the same plan."""
    return planned([parse(plan)] * len(setting.drivers), setting, draws)


def planned(plans: list[Plan], setting: Setting, draws: int = 1) -> RivalPlans:
    stops = np.full((draws, len(plans), 3), setting.laps + 1, np.int16)
    compounds = np.zeros((draws, len(plans), 4), np.int8)
    for i, plan in enumerate(plans):
        stops[:, i, : len(plan.stops)] = plan.stops
        compounds[:, i, : len(plan.compounds)] = plan.indices
    return RivalPlans(stops, compounds)
