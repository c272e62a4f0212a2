"""The Plackett-Luce model of a finishing order, fitted by maximum likelihood.

P(order) is the product over places k of exp(s_k) / sum of exp(s_j) over the cars not yet placed;
strengths s are linear in the columns given. Each place may weigh differently, so the same fit
serves the linear strength (places near the front weigh more) and each stage of the calibration
(the places of that stage only). Not here: where columns and weights come from.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from f1_pipeline.modelling.arrays import BoolArray, FloatArray, IntArray

_TINY = 1e-300
_ITERATIONS = 200


@dataclass(frozen=True)
class Orders:
    """Races side by side: `columns` is races by places by columns, in finishing order.

    `present` tells the places that are taken from the padding behind them.
    """

    columns: FloatArray
    present: BoolArray

    @classmethod
    def of(cls, columns: FloatArray, race: IntArray, finish: FloatArray) -> "Orders":
        """From rows (columns, the race's number, the place in it) in any order."""
        order = np.lexsort((finish, race))
        races, start, size = np.unique(race[order], return_index=True, return_counts=True)
        place = np.arange(len(order)) - np.repeat(start, size)
        line = np.repeat(np.arange(len(races)), size)
        padded = np.zeros((len(races), int(size.max(initial=0)), columns.shape[1]))
        present = np.zeros(padded.shape[:2], dtype=bool)
        padded[line, place] = columns[order]
        present[line, place] = True
        return cls(padded, present)

    def decided(self) -> BoolArray:
        """The places that were contested: taken, with another car behind."""
        return self.present & (np.arange(self.present.shape[1]) < self.present.sum(1)[:, None] - 1)


def fit_coefficients(
    orders: Orders, weights: FloatArray, ridge: float, towards: FloatArray
) -> FloatArray:
    """The coefficients of greatest likelihood, less ridge / 2 times their distance from `towards`.

    `weights` is races by places. Without any weight the answer is `towards`.
    """
    weights = np.where(orders.decided(), weights, 0.0)

    def loss(coefficients: FloatArray) -> tuple[float, FloatArray]:
        strength = np.where(orders.present, orders.columns @ coefficients, -np.inf)
        strength = strength - strength.max(axis=1, keepdims=True)
        odds = np.exp(strength)
        left = np.cumsum(odds[:, ::-1], axis=1)[:, ::-1] + _TINY
        likelihood = weights * (np.where(orders.present, strength, 0.0) - np.log(left))
        slope = weights - odds * np.cumsum(weights / left, axis=1)
        apart = coefficients - towards
        return (
            float(-likelihood.sum() + ridge * (apart @ apart) / 2),
            -np.einsum("rp,rpc->c", slope, orders.columns) + ridge * apart,
        )

    if not weights.any():
        return towards.copy()
    found = minimize(loss, towards, jac=True, method="L-BFGS-B", options={"maxiter": _ITERATIONS})
    return np.asarray(found.x, dtype=np.float64)
