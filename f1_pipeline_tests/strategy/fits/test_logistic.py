"""Logistic regression, against what can be worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit

from f1_pipeline.strategy.fits.logistic import fitted

LOOSE = 1e-9


def ones(number: int) -> np.ndarray:
    return np.ones((number, 1))


def test_a_level_alone_is_the_log_odds_of_the_share():
    happened = np.array([1.0] * 3 + [0.0] * 1)
    assert fitted(ones(4), happened, np.array([LOOSE])) == pytest.approx([np.log(3)], abs=1e-6)


def test_two_kinds_have_each_its_own_level():
    kind = np.repeat([[1.0, 0.0], [0.0, 1.0]], [10, 5], axis=0)
    happened = np.array([1.0] * 2 + [0.0] * 8 + [1.0] * 4 + [0.0])
    found = fitted(kind, happened, np.full(2, LOOSE))
    assert found == pytest.approx([logit(0.2), logit(0.8)], abs=1e-6)


def test_an_offset_is_what_is_known_already():
    happened, known = np.array([1.0] * 3 + [0.0]), np.full(4, 2.0)
    found = fitted(ones(4), happened, np.array([LOOSE]), offset=known)
    assert found == pytest.approx([np.log(3) - 2], abs=1e-6)


def test_a_penalty_draws_to_nothing_and_holds_what_is_separated():
    happened = np.ones(5)
    weak, strong = (float(fitted(ones(5), happened, np.array([p]))[0]) for p in (0.1, 10.0))
    assert 0 < strong < weak < 10
    # Where the slope of the likelihood is that of the penalty: 5 * (1 - p) = penalty * b.
    for b, penalty in ((weak, 0.1), (strong, 10.0)):
        assert 5 * (1 - expit(b)) == pytest.approx(penalty * b)


def test_no_rows_leave_the_penalty_alone():
    assert list(fitted(np.zeros((0, 3)), np.zeros(0), np.ones(3))) == [0, 0, 0]


@given(st.lists(st.tuples(st.floats(-3, 3), st.booleans()), min_size=1, max_size=40))
def test_it_is_where_the_slope_of_the_penalised_likelihood_is_zero(rows):
    x, happened = (np.array(of, dtype=np.float64) for of in zip(*rows, strict=True))
    X, penalty = np.column_stack([np.ones(len(x)), x]), np.array([0.2, 0.5])
    b = fitted(X, happened, penalty)
    slope = X.T @ (happened - expit(X @ b)) - penalty * b
    assert slope == pytest.approx(np.zeros(2), abs=1e-6)
