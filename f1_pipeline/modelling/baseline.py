"""The forecast that a model must beat: what became of those who started from about that place.

A kernel on the logarithm of a rank over the previous six seasons. After qualifying the rank is the
place on the grid; before the weekend it is the championship standing (`ordering.starting_rank`).
Nothing here is fitted.

P(finish k | rank q) = sum over the starters of the previous six seasons of w * 1[finish = k] with
w = exp(-0.5 * ((ln q - ln q') * sqrt(q) / 0.6)^2), plus 1e-4 per cell, normalised; finishes beyond
the field's size go to its last place. The win probability is the first place of that, normalised
over the race; podium, points (classified in the top ten) and retirement are means under the same
weights.
"""

import numpy as np
import pandas as pd

from f1_pipeline.modelling.arrays import FloatArray
from f1_pipeline.modelling.ordering import starting_rank
from f1_pipeline.modelling.positions import forecast_columns

SEASONS = 6
BANDWIDTH = 0.6
FLOOR = 1e-4
_ROUNDS = 200


def baseline_forecast(
    history: pd.DataFrame, race: pd.DataFrame, coherent: bool = False
) -> pd.DataFrame:
    """The baseline's forecast of one race: driver_id and the forecast columns, in rows' order.

    `history` are training rows of the same horizon and grid; only starters of the six seasons
    before the race's are used (none: everyone is given the same chance). `coherent` balances the
    position distribution until every place is taken by one car, so that wins sum to 1 and podiums
    to 3, as a forecast that is published must; scores are of the definition, without it.
    """
    season = int(race["season"].iloc[0])
    past = history[history["season"].between(season - SEASONS, season - 1)]
    past = past.assign(rank=starting_rank(past) if len(past) else np.empty(0))
    past = past[past["started"]]  # ranked first: who does not start leaves a gap on the grid
    size = len(race)
    weights = _weights(starting_rank(race), past["rank"].to_numpy(dtype=np.float64))
    finish = past["finish_order"].to_numpy(dtype=np.int64)
    cells = np.zeros((len(past), size))
    cells[np.arange(len(past)), np.minimum(finish, size) - 1] = 1.0
    distribution = weights @ cells + FLOOR
    distribution /= distribution.sum(axis=1, keepdims=True)
    p_dnf = _mean(weights, past["retired"].to_numpy(dtype=np.float64), 0.0)
    if coherent:
        return _balanced(race, distribution, p_dnf)
    in_points = (finish <= 10) & past["classified"].to_numpy(dtype=bool)
    return forecast_columns(
        race["driver_id"],
        distribution,
        p_win=distribution[:, 0] / distribution[:, 0].sum(),
        p_podium=_mean(weights, (finish <= 3).astype(np.float64), min(3 / size, 1.0)),
        p_points=_mean(weights, in_points.astype(np.float64), min(10 / size, 1.0)),
        p_dnf=p_dnf,
    )


def _balanced(race: pd.DataFrame, distribution: FloatArray, p_dnf: FloatArray) -> pd.DataFrame:
    for _ in range(_ROUNDS):
        distribution = distribution / distribution.sum(axis=0, keepdims=True)
        distribution = distribution / distribution.sum(axis=1, keepdims=True)
    distribution = distribution / distribution.sum(axis=0, keepdims=True)
    reached = np.minimum(distribution.cumsum(axis=1), 1.0)
    last = len(race) - 1
    p_podium = reached[:, min(2, last)]
    # With ten cars and fewer everyone is in the top ten, but who retires is not classified.
    finishes = np.maximum(1.0 - p_dnf, p_podium)
    return forecast_columns(
        race["driver_id"],
        distribution,
        p_win=reached[:, 0],
        p_podium=p_podium,
        p_points=np.minimum(reached[:, min(9, last)], finishes),
        p_dnf=p_dnf,
    )


def _weights(rank: FloatArray, past: FloatArray) -> FloatArray:
    distance = (np.log(rank)[:, None] - np.log(past)[None, :]) * np.sqrt(rank)[:, None]
    return np.asarray(np.exp(-0.5 * (distance / BANDWIDTH) ** 2), dtype=np.float64)


def _mean(weights: FloatArray, values: FloatArray, otherwise: float) -> FloatArray:
    total = weights.sum(axis=1)
    known = total > 0
    return np.where(known, weights @ values / np.where(known, total, 1.0), otherwise)
