"""The arithmetic of growth, on costs whose growth is known."""

from math import log

import pytest

from f1_pipeline_tests.scale.growth import Point, beside, exponent, holds, worst_step

_ROWS = (1_000, 10_000, 100_000)


def test_the_exponent_is_that_of_the_power() -> None:
    assert exponent(Point(1_000, 3.0), Point(10_000, 30.0)) == pytest.approx(1)
    assert exponent(Point(1_000, 3.0), Point(10_000, 300.0)) == pytest.approx(2)
    assert exponent(Point(1_000, 3.0), Point(10_000, 3.0)) == pytest.approx(0)


def test_n_log_n_is_one_beside_itself() -> None:
    small, large = (Point(rows, 7e-6 * rows * log(rows)) for rows in (2_000, 50_000))
    assert beside(small, large) == pytest.approx(1)


def test_ten_times_the_cost_for_ten_times_the_rows_is_less_than_n_log_n() -> None:
    # Of n·log n from 1,000 to 10,000 rows 10 · 4 / 3 is allowed.
    assert beside(Point(1_000, 1.0), Point(10_000, 10.0)) == pytest.approx(0.75)


def test_what_compares_every_pair_is_found_and_what_is_in_proportion_is_not() -> None:
    in_proportion = [Point(rows, 1e-5 * rows) for rows in _ROWS]
    pairs = [Point(rows, 1e-8 * rows**2) for rows in _ROWS]
    assert holds(in_proportion)
    assert not holds(pairs)
    assert worst_step(pairs) == pytest.approx(100 / (10 * 5 / 4))


def test_a_fixed_cost_does_not_hide_what_grows_behind_it() -> None:
    costs = [Point(1_000, 100.0), Point(10_000, 101.0), Point(100_000, 3_000.0)]
    assert exponent(costs[0], costs[-1]) < 1
    assert not holds(costs)


def test_the_order_in_which_sizes_come_does_not_matter() -> None:
    costs = [Point(rows, float(rows)) for rows in _ROWS]
    assert worst_step(costs[::-1]) == worst_step(costs)


def test_a_machines_noise_is_no_growth_and_one_size_says_nothing() -> None:
    allowed = 10 * 4 / 3
    assert holds([Point(1_000, 1.0), Point(10_000, 1.15 * allowed)])
    assert not holds([Point(1_000, 1.0), Point(10_000, 1.25 * allowed)])
    assert worst_step([Point(1_000, 1.0)]) is None
    assert holds([Point(1_000, 1.0)])
