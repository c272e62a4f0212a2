"""Calibration of the strengths: how much each counts for the win, places 2-3, 4-10 and 11 on.

Scores that were never fitted on the race they judge say how sharp they may be used. The weights of
each stage are fitted to the finishing orders by maximum likelihood; that matters more for the win
than any group of features.
"""

from collections.abc import Sequence

import numpy as np

from f1_pipeline.modelling.arrays import FloatArray, IntArray
from f1_pipeline.modelling.plackett_luce import Orders, fit_coefficients
from f1_pipeline.modelling.simulation import STAGES


def fit_stages(
    scores: FloatArray,
    race: IntArray,
    finish: FloatArray,
    towards: Sequence[Sequence[float]],
    ridge: float,
) -> FloatArray:
    """Stages by scores: weights from rows of classified cars with scores out of sample.

    `finish` is the finishing order. Few rows leave the weights near `towards`, none leave them so.
    """
    priors = np.array(towards, dtype=np.float64)
    if not len(scores):
        return priors
    orders = Orders.of(scores, race, finish)
    place = np.arange(1, orders.present.shape[1] + 1)
    return np.array(
        [
            fit_coefficients(
                orders,
                np.broadcast_to(
                    ((place >= first) & (place <= (last or len(place)))).astype(np.float64),
                    orders.present.shape,
                ),
                ridge,
                prior,
            )
            for (first, last), prior in zip(STAGES, priors, strict=True)
        ]
    )
