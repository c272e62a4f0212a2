"""How many stops are expected, and which past races one is like."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from f1_pipeline.strategy.chosen.levels import expected_level, likeness, race_levels
from f1_pipeline_tests.strategy.chosen.past import race, races


def levels(
    mean: dict[str, float], years: range, seed: int = 0, noise: float = 0.15, trend: float = 0.0
) -> pd.DataFrame:
    """A race at each circuit in each year, its level scattered around the circuit's."""
    rng = np.random.default_rng(seed)
    rows = [
        (f"{year}-{circuit}", circuit, year + 0.5, 60, level + trend * (year - years[0]))
        for year in years
        for circuit, level in mean.items()
    ]
    found = pd.DataFrame(rows, columns=["event_id", "circuit_id", "year", "laps", "level"])
    return found.assign(level=found["level"] + rng.normal(0, noise, len(found)))


def test_the_level_of_a_race_is_the_logarithm_of_its_mean_stops():
    done = races(
        race("2023-c00", ["M-20-H", "M-20-H-40-M"] * 2), race("2024-c01", ["M"] * 3, "c01")
    )
    found = race_levels(done)
    assert list(found["event_id"]) == ["2023-c00", "2024-c01"]
    assert found["level"].to_numpy() == pytest.approx([np.log(1.75), np.log(0.25)])


def test_a_circuit_that_saw_more_stops_is_expected_to_see_more():
    means = dict.fromkeys(("c01", "c02", "c03", "c04", "c05"), 0.2)
    held = levels(means | {"c00": 1.0}, range(2015, 2025))
    (more, _), (less, _), (unknown, wide) = (
        expected_level(held, circuit, 2025.5, 60, {}) for circuit in ("c00", "c01", "new")
    )
    assert more == pytest.approx(1.0, abs=0.2)
    assert less == pytest.approx(0.2, abs=0.1)
    assert less < unknown < more
    assert wide > expected_level(held, "c01", 2025.5, 60, {})[1]


def test_what_races_of_late_were_like_counts():
    means = dict.fromkeys(("c00", "c01", "c02", "c03"), 0.0)
    risen = levels(means, range(2015, 2025), trend=0.1)
    assert expected_level(risen, "c00", 2025.5, 60, {})[0] > risen["level"].mean() + 0.2


def test_where_wear_told_stops_it_tells_them_of_a_circuit_that_is_new():
    stints = {f"c{i:02d}": np.exp(0.2 * i) / 60 for i in range(6)}
    held = levels({c: 2 * np.log(60 * rate) for c, rate in stints.items()}, range(2018, 2025))
    rates = stints | {"worn": np.exp(1.0) / 60, "kind": 1 / 60}
    worn, kind = (expected_level(held, c, 2025.5, 60, rates)[0] for c in ("worn", "kind"))
    assert worn > kind + 1
    assert expected_level(held, "worn", 2025.5, 60, {})[0] < worn
    # A circuit whose wear is not known counts as the mean of those whose is.
    assert kind < expected_level(held, "new", 2025.5, 60, rates)[0] < worn


def test_two_races_are_enough_to_expect_a_third():
    mean, deviation = expected_level(levels({"c00": 0.5}, range(2023, 2025)), "c00", 2025.5, 60, {})
    assert 0 < mean < 1
    assert 0.1 < deviation < 1


numbers = st.lists(st.floats(-1.4, 1.7), min_size=2, max_size=60)


@given(numbers, st.floats(-1.0, 1.5), st.floats(0.2, 0.8))
def test_likeness_sums_to_one(past, mean, deviation):
    weight = likeness(np.array(past), mean, deviation)
    assert weight.shape == (len(past),)
    assert (weight >= 0).all()
    assert weight.sum() == pytest.approx(1)


@pytest.mark.parametrize("mean", [-0.4, 0.0, 0.5, 0.9])
def test_races_of_the_level_that_is_expected_count_more(mean):
    past = np.random.default_rng(3).normal(0.3, 0.5, 400)
    weight = likeness(past, mean, 0.25)
    assert weight @ past == pytest.approx(mean, abs=0.06)
    assert np.sqrt(weight @ (past - mean) ** 2) == pytest.approx(0.25, abs=0.06)


def test_what_is_expected_as_all_races_were_leaves_them_alike():
    past = np.random.default_rng(4).normal(0.3, 0.5, 100)
    assert likeness(past, past.mean(), past.std()) == pytest.approx(np.full(100, 0.01))


def test_one_race_like_no_other_does_not_take_all():
    past = np.append(np.random.default_rng(5).normal(0.0, 0.3, 199), 1.2)
    weight = likeness(past, 1.2, 0.2)
    assert weight[199] == weight.max() < 0.2
    assert (weight == weight.max()).sum() > 2
