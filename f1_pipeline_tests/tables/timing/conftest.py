"""A race with everything in it, for the laws that hold of any race."""

from typing import Any

import pandas as pd
import pytest

from f1_pipeline_tests.tables.timing.made_laps import RACE, START, driver_laps, laps, track_status

CARS = ("bottas", "leclerc", "norris", "piastri", "sainz")


def a_race(session: tuple[str, str] = RACE, seed: int = 0) -> pd.DataFrame:
    """Five cars over 24 laps: a stop each, a safety car, intermediates at the end for one."""
    return laps(*[_car(i, driver_id, session, seed) for i, driver_id in enumerate(CARS)])


def _car(i: int, driver_id: str, session: tuple[str, str], seed: int) -> list[dict[str, Any]]:
    times = [80_000 + 150 * i + (37 * lap * (i + 2 + seed)) % 400 - 20 * lap for lap in range(24)]
    stop = 9 if i < 2 else 16
    times[0] += 6_000
    times[stop - 1] += 5_000
    times[stop] += 17_000
    times[20] += 4_000 * (i == 3)
    changes: dict[int, dict[str, Any]] = {}
    for lap in (15, 16, 17):
        times[lap - 1] += 40_000
        changes[lap] = {"track_status": "4"}
    entry = START + sum(times[:stop])
    changes[stop] = changes.get(stop, {}) | {"pit_in_ms": entry - 4_000}
    changes[stop + 1] = changes.get(stop + 1, {}) | {"pit_out_ms": entry + 18_000}
    for lap in range(stop + 1, 25):
        changes[lap] = changes.get(lap, {}) | {"stint": 2, "compound": "MEDIUM"}
    if i == 4:
        changes[24]["compound"] = "INTERMEDIATE"
    return driver_laps(driver_id, times, changes, session)


@pytest.fixture
def race() -> pd.DataFrame:
    return a_race()


@pytest.fixture
def race_status(race: pd.DataFrame) -> pd.DataFrame:
    """The safety car comes as the leader begins lap 15."""
    return track_status({0: "1", int(race.loc[race["lap"].eq(15), "starts_at_ms"].min()): "4"})
