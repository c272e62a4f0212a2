"""From a distribution over positions to the columns of a forecast."""

import numpy as np
import pandas as pd

from f1_pipeline.modelling.arrays import FloatArray

FORECAST = [
    "p_win",
    "p_podium",
    "p_points",
    "p_dnf",
    "expected_position",
    "position_p05",
    "position_p95",
    "position_probabilities",
]
PODIUM_PLACES = 3
_ROUNDING = 1e-9  # a cumulated share that is 0.05 but for rounding counts as reached


def forecast_columns(
    driver_id: pd.Series,
    distribution: FloatArray,
    p_win: FloatArray,
    p_podium: FloatArray,
    p_points: FloatArray,
    p_dnf: FloatArray,
) -> pd.DataFrame:
    """driver_id and the forecast's columns; `distribution` is drivers by positions 1 to n.

    The expected position and the 5 and 95 % quantiles (positions, from 1) follow from the
    distribution, whose rows sum to 1.
    """
    reached = distribution.cumsum(axis=1)
    positions = np.arange(1, distribution.shape[1] + 1)
    return pd.DataFrame(
        {
            "driver_id": driver_id.to_numpy(),
            "p_win": p_win,
            "p_podium": p_podium,
            "p_points": p_points,
            "p_dnf": p_dnf,
            "expected_position": distribution @ positions,
            "position_p05": (reached < 0.05 - _ROUNDING).sum(axis=1) + 1,
            "position_p95": (reached < 0.95 - _ROUNDING).sum(axis=1) + 1,
            "position_probabilities": distribution.tolist(),
        }
    )
