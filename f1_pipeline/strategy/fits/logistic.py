"""Logistic regression with a ridge: the arithmetic that fits share, no data."""

import numpy as np
from scipy.special import expit

from f1_pipeline.strategy.fits.components import FloatArray

_STEPS, _PRECISE = 50, 1e-10


def fitted(
    X: FloatArray, happened: FloatArray, penalty: FloatArray, offset: FloatArray | None = None
) -> FloatArray:
    """Coefficients (columns,) by Newton's method; `penalty` is each one's inverse variance."""
    b, fixed = np.zeros(X.shape[1]), np.zeros(len(X)) if offset is None else offset
    for _ in range(_STEPS):
        p = expit(X @ b + fixed)
        curvature = (X * (p * (1 - p))[:, None]).T @ X + np.diag(penalty)
        step = np.linalg.solve(curvature, X.T @ (happened - p) - penalty * b)
        b = b + step
        if np.abs(step).max() < _PRECISE:
            break
    return np.asarray(b, dtype=np.float64)
