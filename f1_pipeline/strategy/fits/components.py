"""Variance components: how much of a difference is the circuit's own and how much is chance.

Observations are y = X b + sum of effects, an effect of variance s_k having the covariance s_k K_k
between observations (K of a circuit's effect: 1 where the circuit is the same). The variances are
estimated from the observations, so how hard a circuit is drawn to all circuits is never set by
hand. Here belongs that arithmetic alone; what is observed is said by the fits.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

FloatArray = npt.NDArray[np.float64]

# Standard deviation of a variance's logarithm before data: from a seventh to seven times the
# start. A hundred editions outweigh it; with one race only it is all there is.
_LOOSE = 2.0
_BOUNDS = (-12.0, 6.0)  # of the same logarithm; what is e^-12 of its start is nothing


@dataclass(frozen=True)
class Effect:
    """A random effect: its covariance per unit of variance, and a first guess of the variance.

    `held` is (n, n) between observations; `ahead` is (m, n) between what is asked for and the
    observations, `own` (m,) of what is asked for with itself (0 where the effect is left out of
    the answer, as the sampling error of an estimate is).
    """

    held: FloatArray
    ahead: FloatArray
    own: FloatArray
    guess: float


def same(left: "pd.Series[str]", right: "pd.Series[str]") -> FloatArray:
    """1.0 where the labels are equal: (rows of left, rows of right)."""
    return np.asarray(left.to_numpy()[:, None] == right.to_numpy()[None, :], dtype=np.float64)


def fading(left: FloatArray, right: FloatArray, years: float) -> FloatArray:
    """exp(-|t - t'| / years): an effect that is forgotten, times in years."""
    return np.asarray(np.exp(-np.abs(left[:, None] - right[None, :]) / years), dtype=np.float64)


def variances(y: FloatArray, X: FloatArray, effects: Sequence[Effect]) -> FloatArray:
    """Restricted maximum likelihood (Patterson and Thompson 1971) under a loose prior: (effects,).

    The logarithm of each variance has a normal prior around that of its guess, so that few
    observations, which say nothing of some variance, leave it where it is.
    """
    guesses = np.array([effect.guess for effect in effects])
    bounds = [_BOUNDS] * len(effects)
    kernels = [effect.held for effect in effects]
    if len(y) <= X.shape[1]:
        return guesses

    def loss(logs: FloatArray) -> tuple[float, FloatArray]:
        found = guesses * np.exp(logs)
        value, slope = _restricted(y, X, kernels, found)
        prior = logs / _LOOSE**2
        return value + float(logs @ prior) / 2, slope * found + prior

    start = np.zeros(len(effects))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return np.asarray(guesses * np.exp(found.x), dtype=np.float64)


def expect(
    y: FloatArray,
    X: FloatArray,
    X_ahead: FloatArray,
    effects: Sequence[Effect],
    found: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Best linear unbiased prediction (Henderson 1975) and its variance: (m,) and (m,).

    The variance holds that of the fixed effects b, but not that of the variances themselves.
    """
    total = sum(s * e.held for s, e in zip(found, effects, strict=True))
    ahead = sum(s * e.ahead for s, e in zip(found, effects, strict=True))
    own = sum(s * e.own for s, e in zip(found, effects, strict=True))
    factor = cho_factor(total, lower=True)
    fixed = cho_solve(factor, X)
    precision = X.T @ fixed
    b = np.linalg.solve(precision, fixed.T @ y)
    mean = X_ahead @ b + ahead @ cho_solve(factor, y - X @ b)
    rest = X_ahead - ahead @ fixed
    spread = own - np.einsum("ij,ji->i", ahead, cho_solve(factor, np.asarray(ahead).T))
    spread = spread + np.einsum("ij,ji->i", rest, np.linalg.solve(precision, rest.T))
    return np.asarray(mean), np.maximum(np.asarray(spread, dtype=np.float64), 0.0)


def _restricted(
    y: FloatArray, X: FloatArray, kernels: Sequence[FloatArray], found: FloatArray
) -> tuple[float, FloatArray]:
    """Minus the restricted log-likelihood, and its derivative by each variance."""
    total = np.zeros_like(kernels[0])
    for s, kernel in zip(found, kernels, strict=True):
        total += s * kernel
    lower = np.linalg.cholesky(total)
    inverse = np.linalg.inv(total)
    fixed = inverse @ X
    precision = X.T @ fixed
    inverse = inverse - fixed @ np.linalg.solve(precision, fixed.T)
    residual = inverse @ y
    value = np.log(np.diag(lower)).sum() + np.linalg.slogdet(precision)[1] / 2 + y @ residual / 2
    slope = [(np.vdot(inverse, k) - residual @ k @ residual) / 2 for k in kernels]
    return float(value), np.array(slope)
