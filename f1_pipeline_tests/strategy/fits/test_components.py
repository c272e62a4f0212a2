import numpy as np
import pandas as pd
import pytest

from f1_pipeline.strategy.fits import components
from f1_pipeline.strategy.fits.components import Effect, expect, fading, same, variances


def one_way(groups: int, each: int, between: float, within: float, seed: int = 0):
    rng = np.random.default_rng(seed)
    names = pd.Series(np.repeat([f"g{i:03d}" for i in range(groups)], each))
    truth = rng.normal(0, between, groups)
    y = 10 + np.repeat(truth, each) + rng.normal(0, within, groups * each)
    ahead = pd.Series(sorted(names.unique()))
    here, there = same(names, names), same(ahead, names)
    effects = [
        Effect(here, there, np.ones(groups), 1.0),
        Effect(np.eye(len(y)), 0 * there, np.zeros(groups), 1.0),
    ]
    return y, np.ones((len(y), 1)), np.ones((groups, 1)), effects, truth


@pytest.mark.parametrize(("between", "within"), [(3.0, 1.0), (0.5, 2.0)])
def test_variances_of_a_balanced_design_are_those_of_the_analysis_of_variance(between, within):
    y, X, _, effects, _ = one_way(200, 5, between, within)
    table = y.reshape(200, 5)
    inner = table.var(axis=1, ddof=1).mean()
    outer = table.mean(axis=1).var(ddof=1) - inner / 5
    assert variances(y, X, effects) == pytest.approx([outer, inner], rel=0.1)


def test_no_difference_is_found_where_there_is_none():
    y, X, _, effects, _ = one_way(100, 5, 0.0, 1.0)
    between, within = variances(y, X, effects)
    assert between < 0.05
    assert within == pytest.approx(1.0, rel=0.1)


def test_the_slope_of_the_likelihood_is_its_own():
    y, X, _, effects, _ = one_way(8, 3, 1.0, 1.0)
    kernels, at, step = [e.held for e in effects], np.array([0.7, 1.3]), 1e-6
    _, slope = components._restricted(y, X, kernels, at)
    for k in (0, 1):
        more, less = at.copy(), at.copy()
        more[k], less[k] = at[k] + step, at[k] - step
        values = [components._restricted(y, X, kernels, s)[0] for s in (more, less)]
        assert slope[k] == pytest.approx((values[0] - values[1]) / (2 * step), rel=1e-5)


def test_one_observation_leaves_the_guesses():
    y, X, _, effects, _ = one_way(1, 1, 1.0, 1.0)
    assert variances(y, X, effects).tolist() == [1.0, 1.0]


def test_prediction_of_a_balanced_design_is_the_shrunken_mean():
    y, X, X_ahead, effects, _ = one_way(40, 4, 2.0, 1.0)
    mean, _ = expect(y, X, X_ahead, effects, np.array([4.0, 1.0]))
    own = y.reshape(40, 4).mean(axis=1)
    assert mean == pytest.approx(y.mean() + (own - y.mean()) * 4 / (4 + 1 / 4))


def test_the_variance_says_how_far_predictions_miss():
    y, X, X_ahead, effects, truth = one_way(400, 2, 1.0, 1.0)
    mean, spread = expect(y, X, X_ahead, effects, np.array([1.0, 1.0]))
    assert np.mean((mean - 10 - truth) ** 2 / spread) == pytest.approx(1.0, abs=0.2)


def test_an_effect_that_fades_is_halved_after_its_time():
    kernel = fading(np.array([2020.0]), np.array([2020.0, 2021.0, 2023.0]), 1 / np.log(2))
    assert kernel[0] == pytest.approx([1.0, 0.5, 0.125])
