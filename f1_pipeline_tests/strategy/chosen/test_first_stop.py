"""When a car that stops once does so."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from f1_pipeline.strategy.chosen.first_stop import FirstStop, first_stop
from f1_pipeline_tests.strategy.chosen.past import race, races

TEN = np.array([10.0])


def held(share, years: range, circuits: int = 4, cars: int = 20, seed: int = 0) -> pd.DataFrame:
    """One-stoppers of races: `share` of the distance by circuit, year and grid."""
    rng = np.random.default_rng(seed)
    found = []
    for year in years:
        for c in range(circuits):
            day = rng.normal(0, 0.03)
            at = [share(c, year, g) + day + rng.normal(0, 0.03) for g in range(1, cars + 1)]
            plans = [f"M-{int(np.clip(round(100 * of), 1, 99))}-H" for of in at]
            found.append(race(f"{year}-c{c:02d}", plans, f"c{c:02d}", laps=100))
    return races(*found)


def test_before_two_races_were_seen_it_is_what_the_distance_says():
    two = races(race("2023-c00", ["M-6-H"]), race("2024-c00", ["M-6-H"]))
    for rows in (two[:0], two[:1]):
        found = first_stop(rows, "c00")
        assert found.share(np.array([1.0, 20.0]), 2024) == pytest.approx([0.42, 0.42])
        assert found.spread == 0.12
    assert first_stop(two, "c00").share(TEN, 2024)[0] < 0.35


def test_only_cars_that_stopped_once_are_asked():
    once = [race(f"{year}-c00", ["M-30-H"] * 5) for year in (2022, 2023)]
    others = [race(f"{year}-c00", ["M-5-H-30-M"] * 5 + ["M"] * 5) for year in (2020, 2021)]
    found = first_stop(races(*others, *once), "c00")
    assert found.level == first_stop(races(*once), "c00").level


def test_a_circuit_where_stops_come_early_is_expected_early():
    rows = held(lambda c, y, g: 0.25 if c == 0 else 0.45, range(2018, 2025))
    early, late, unknown = (first_stop(rows, c).level for c in ("c00", "c01", "new"))
    assert early == pytest.approx(0.25, abs=0.04)
    assert late == pytest.approx(0.45, abs=0.03)
    assert early < unknown < late


def test_who_starts_further_back_stops_later_by_as_much_as_they_did():
    found = first_stop(held(lambda c, y, g: 0.4 + 0.008 * (g - 10), range(2022, 2025)), "c00")
    front, back = found.share(np.array([1.0, 20.0]), 2024)
    assert back - front == pytest.approx(0.008 * 19, abs=0.03)
    assert found.spread == pytest.approx(0.03, abs=0.006)


def test_tyres_of_qualifying_bound_the_first_ten_until_2021():
    rows = held(lambda c, y, g: 0.45 - 0.1 * (g <= 10 and y <= 2021), range(2019, 2024))
    found = first_stop(rows, "c00")
    grid = np.array([10.0, 11.0])
    bound, free = (found.share(grid, season) for season in (2021, 2022))
    assert bound[1] - bound[0] == pytest.approx(0.1, abs=0.03)
    assert free[1] - free[0] == pytest.approx(0.0, abs=0.02)


@given(st.floats(-1, 2), st.floats(-2, 2), st.floats(-2, 2), st.integers(2011, 2030))
def test_a_share_leaves_room_on_either_side(level, place, bound, season):
    share = FirstStop(level, np.array([place, bound]), 0.1).share(np.arange(1.0, 23.0), season)
    assert ((share >= 0.05) & (share <= 0.95)).all()


@pytest.mark.parametrize("cars", [1, 6])
def test_cars_that_stopped_on_one_lap_are_no_certainty(cars):
    same = [race(f"{year}-c00", ["M-20-H"] * cars) for year in (2022, 2023, 2024)]
    assert first_stop(races(*same), "c00").spread > 0.01
