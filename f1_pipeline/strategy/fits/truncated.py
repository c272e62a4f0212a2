"""Normal distributions cut off at 0: for what reason says cannot be negative."""

import numpy as np
from scipy.special import log_ndtr, ndtri_exp

from f1_pipeline.strategy.fits.components import FloatArray


def above_zero(
    mean: FloatArray, deviation: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean, 10 and 90 % quantile (Johnson, Kotz and Balakrishnan 1994, 13.10), each above 0.

    With a = mean / deviation the mean is mean + deviation * pdf(a) / cdf(a). All by logarithms, so
    that they keep their digits where the normal lies far under 0; what lies more than a hundred
    deviations under it counts as a hundred.
    """
    mean = np.maximum(mean, -100.0 * deviation)
    a = mean / deviation
    log_kept = log_ndtr(a)
    log_density = -(a**2) / 2 - np.log(2 * np.pi) / 2
    middle = mean + deviation * np.exp(log_density - log_kept)
    # P(X > x) = u * P(X > 0), solved in the upper tail.
    low, high = (mean - deviation * ndtri_exp(np.log(u) + log_kept) for u in (0.9, 0.1))
    return np.maximum(middle, 0.0), np.maximum(low, 0.0), np.maximum(high, 0.0)
