import numpy as np
import pytest

from f1_pipeline.strategy.simulation.outcome import Difference, difference, window

GROUP = np.repeat(np.arange(40), 50)


def test_a_difference_that_draws_alone_make_has_no_spread():
    d = np.random.default_rng(0).normal(0.5, 2.0, 2000)
    found = difference(d, np.zeros(2000), GROUP)
    assert found.places == pytest.approx(d.mean())
    assert found.error == pytest.approx(2.0 / np.sqrt(2000), rel=0.05)
    assert found.spread < 0.15
    assert found.clear


def test_what_groups_differ_by_is_the_spread_and_not_the_error():
    rng = np.random.default_rng(0)
    levels = rng.normal(0.0, 1.0, 40)
    d = rng.normal(0.5, 2.0, 2000) + (levels / levels.std(ddof=1))[GROUP]
    found = difference(d, np.zeros(2000), GROUP)
    assert found.spread == pytest.approx(1.0, abs=0.1)
    assert found.error == pytest.approx(2.0 / np.sqrt(2000), rel=0.05)
    assert not found.clear


def test_draws_of_some_groups_only_are_enough():
    chosen = np.arange(0, 2000, 77)
    found = difference(np.ones(len(chosen)), np.zeros(len(chosen)), GROUP[chosen])
    assert (found.places, found.error, found.spread) == (1.0, 0.0, 0.0)


@pytest.mark.parametrize("number", [0, 1])
def test_of_no_draws_nothing_is_clear(number):
    found = difference(np.ones(number), np.zeros(number), GROUP[:number])
    assert not found.clear
    assert found.draws == number


def test_clear_is_an_interval_that_leaves_out_zero():
    assert Difference(1.29, 0.8, 0.6, 100).clear
    assert not Difference(1.28, 0.8, 0.6, 100).clear
    assert Difference(-1.29, 0.8, 0.6, 100).clear


def test_a_window_ends_before_the_first_lap_that_costs_places():
    base = np.full(2000, 5, np.int8)
    moved = {lap: base + np.int8(worse) for lap, worse in zip((16, 19, 22), (0, 1, 0), strict=True)}
    moved |= {28: base, 31: base, 34: base + np.int8(1)}
    found = window(1, 25, moved, base, GROUP)
    assert (found.first, found.last) == (22, 31)
    assert window(1, 25, {}, base, GROUP).first == 25
