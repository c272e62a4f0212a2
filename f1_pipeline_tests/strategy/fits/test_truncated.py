import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import truncnorm

from f1_pipeline.strategy.fits.truncated import above_zero


@pytest.mark.parametrize("mean", [-30.0, 0.0, 15.0, 200.0])
def test_it_is_the_truncated_normal(mean):
    found = above_zero(np.array([mean]), np.array([20.0]))
    truth = truncnorm(-mean / 20, np.inf, loc=mean, scale=20)
    wanted = [truth.mean(), truth.ppf(0.1), truth.ppf(0.9)]
    assert [float(value[0]) for value in found] == pytest.approx(wanted)


@given(st.floats(-1e4, 1e4), st.floats(0.1, 1e3))
def test_it_is_never_negative_and_in_order(mean, deviation):
    middle, low, high = (float(v[0]) for v in above_zero(np.array([mean]), np.array([deviation])))
    assert 0 <= low < high < np.inf
    assert low < middle < high
    assert middle >= mean - 1e-9


def test_far_above_zero_nothing_is_cut_off():
    middle, low, high = above_zero(np.array([500.0]), np.array([10.0]))
    assert middle[0] == pytest.approx(500.0)
    assert (low[0], high[0]) == (pytest.approx(487.184, abs=1e-3), pytest.approx(512.816, abs=1e-3))
