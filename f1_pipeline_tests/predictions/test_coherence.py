"""What does not add up is found, and what does is left in peace."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from f1_pipeline.predictions import exact, incoherences


@pytest.fixture
def race() -> pd.DataFrame:
    """Twelve equal cars: any place with the same chance."""
    cars = 12
    return pd.DataFrame(
        {
            "event_id": "2026-australia",
            "horizon": "pre_weekend",
            "driver_id": [f"driver-{i}" for i in range(cars)],
            "p_win": 1 / cars,
            "p_podium": 3 / cars,
            "p_points": 9 / cars,
            "position_probabilities": [[1 / cars] * cars for _ in range(cars)],
        }
    )


def test_a_joint_distribution_adds_up(race: pd.DataFrame) -> None:
    assert incoherences(race) == []


@pytest.mark.parametrize(
    ("column", "value", "found"),
    [
        ("p_win", 0.09, "p_win sums to"),
        ("p_podium", 0.2, "p_podium sums to"),
        ("p_points", 0.95, "p_points sums to"),
        ("position_probabilities", [0.5] * 12, "do not sum to 1"),
    ],
)
def test_each_fault_is_named(race: pd.DataFrame, column: str, value: object, found: str) -> None:
    race[column] = race[column].astype(object)
    for index in race.index:
        race.at[index, column] = value
    assert any(found in fault for fault in incoherences(race))


def test_a_driver_more_likely_to_win_than_to_be_on_the_podium(race: pd.DataFrame) -> None:
    race.loc[[0, 1], "p_win"] = [0.3, 2 / 12 - 0.3 + 1e-9]
    assert any("driver-0 has not p_win" in fault for fault in incoherences(race))


@given(st.integers(11, 24), st.integers(0, 2**32 - 1))
def test_shares_of_draws_sum_to_at_most_ten_in_any_order(cars: int, seed: int) -> None:
    draws, random = 10_000, np.random.default_rng(seed)
    counts = random.multinomial(10 * draws, np.full(cars, 1 / cars))
    shares = pd.DataFrame({"p_win": counts, "p_podium": counts, "p_points": counts}) / draws
    exactly = exact(shares)
    for order in (exactly, exactly.iloc[::-1]):
        assert sum(order["p_points"]) <= 10
    assert (exactly - shares).abs().max().max() < 1e-11
    # What was equal stays equal, so that p_win ≤ p_podium ≤ p_points is not lost.
    assert exactly["p_podium"].equals(exactly["p_points"])
