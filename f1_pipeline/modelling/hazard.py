"""Who retires: a logistic hazard, with its intercept set on the latest seasons.

The label is "retired or did not start". The rate drifts over the years (.19 in 2014, .10 in 2024),
the differences between cars far less, so those are learnt from all races and the level from few.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit

from f1_pipeline.modelling.arrays import FloatArray
from f1_pipeline.modelling.design import matrix
from f1_pipeline.modelling.recipe import HazardRecipe
from f1_pipeline.modelling.simulation import Hazards

_FEWEST, _MOST = 0.005, 0.8
_STEPS = 50


@dataclass(frozen=True)
class Hazard:
    """A fitted hazard; `mean` fills a feature that is not known, coefficients are per unit.

    `classified_retired`, `excluded`: what follows a retirement or its absence, for all cars; see
    `simulation.Hazards`.
    """

    features: tuple[str, ...]
    mean: FloatArray
    coefficients: FloatArray
    intercept: float
    classified_retired: float
    excluded: float

    def of(self, rows: pd.DataFrame) -> Hazards:
        """The hazards of the rows' cars, between 0.005 and 0.8."""
        offsets = _less(matrix(rows, self.features), self.mean) @ self.coefficients
        retired = np.clip(expit(self.intercept + offsets), _FEWEST, _MOST)
        return Hazards(retired, self.classified_retired, self.excluded)


def fit_hazard(rows: pd.DataFrame, recipe: HazardRecipe) -> Hazard:
    """Fit on rows of one variant, all cars of all races."""
    columns = matrix(rows, recipe.features)
    known = ~np.isnan(columns).all(axis=0)
    mean = np.zeros(columns.shape[1])
    mean[known] = np.nanmean(columns[:, known], axis=0)
    offsets = _less(columns, mean)
    spread = offsets.std(axis=0)
    spread = np.where(spread > 1e-9, spread, 1.0)
    retired = rows["retired"].to_numpy(dtype=np.float64)
    coefficients = _fit_logistic(offsets / spread, retired, recipe.ridge) / spread
    season = rows["season"].to_numpy(dtype=np.int64)
    recent = season > season.max() - recipe.intercept_seasons
    rates = rows[season > season.max() - recipe.rates_seasons]
    classified = rates["classified"].to_numpy(dtype=bool)
    out = rates["retired"].to_numpy(dtype=bool)
    return Hazard(
        features=recipe.features,
        mean=mean,
        coefficients=coefficients,
        intercept=_intercept((offsets @ coefficients)[recent], retired[recent]),
        classified_retired=_share(classified[out]),
        excluded=_share(~classified[~out]),
    )


def _less(columns: FloatArray, mean: FloatArray) -> FloatArray:
    return np.nan_to_num(columns - mean)


def _share(values: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> float:
    return float(values.mean()) if len(values) else 0.0


def _fit_logistic(columns: FloatArray, happened: FloatArray, ridge: float) -> FloatArray:
    """Coefficients of the standardised columns under a ridge; the intercept is set elsewhere."""

    def loss(parameters: FloatArray) -> tuple[float, FloatArray]:
        coefficients = parameters[1:]
        logits = parameters[0] + columns @ coefficients
        surplus = expit(logits) - happened
        value = (np.logaddexp(0, logits) - happened * logits).sum()
        penalty = np.concatenate([[0.0], ridge * coefficients])
        slope = np.concatenate([[surplus.sum()], columns.T @ surplus]) + penalty
        return float(value + ridge * (coefficients @ coefficients) / 2), slope

    start = np.zeros(columns.shape[1] + 1)
    found = minimize(loss, start, jac=True, method="L-BFGS-B")
    return np.asarray(found.x[1:], dtype=np.float64)


def _intercept(offsets: FloatArray, happened: FloatArray) -> float:
    """The level at which as many are expected as there were, one added to each side."""
    wanted = (happened.sum() + 1) / (len(happened) + 2)
    low, high = -20.0, 20.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if expit(middle + offsets).mean() < wanted:
            low = middle
        else:
            high = middle
    return (low + high) / 2
