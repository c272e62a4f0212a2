"""Why a car is expected where it is: what each feature adds to its strength against the field.

A strength is the logarithm of the odds to be ahead, weighed by stage; a car is explained by the
weights of the stage that it is expected in. The linear score splits by itself (coefficient times
distance from the field's mean), the tree's by SHAP values, as CatBoost computes them (Lundberg et
al. 2020, Nature Machine Intelligence 2, 56-67). Its score on the scale of places is a function of
the tree's, whose slope between the car and the field's mean carries the shares over, so that all
of them add up. Not here: retirements, which a car's place decides, and words.
"""

import numpy as np
import pandas as pd

from f1_pipeline.modelling.arrays import FloatArray, IntArray, ranks
from f1_pipeline.modelling.simulation import STAGES
from f1_pipeline.modelling.strength import on_places
from f1_pipeline.modelling.variant import VariantModel

_LOG = "log_"
_NEAR = 1e-9  # scores that are no further apart have the slope at their place


def contributions(
    model: VariantModel, race: pd.DataFrame, expected_position: FloatArray
) -> pd.DataFrame:
    """Cars by features, in log-odds: more than 0 is better than the field's mean.

    `race` holds the rows of one race and variant, `expected_position` belongs to them in their
    order. Returns one row per driver (index driver_id, sorted) and one column per feature (a
    logarithm counts for what it is of). A row's sum is the car's strength less that of a car with
    the field's mean scores.
    """
    order = np.argsort(race["driver_id"].to_numpy(dtype=str), kind="stable")
    race = race.iloc[order].reset_index(drop=True)
    weights = model.weights[_stages(expected_position[order])]
    linear, tree = model.strength.linear, model.strength.tree
    slopes = weights[:, 1] + weights[:, 2] * _slopes(tree.scores(race))
    parts = pd.concat(
        [
            pd.DataFrame(weights[:, [0]] * linear.shares(race), columns=list(linear.features)),
            pd.DataFrame(slopes[:, None] * tree.shares(race), columns=list(tree.features)),
        ],
        axis=1,
    )
    summed = parts.T.groupby(lambda name: name.removeprefix(_LOG)).sum().T
    return summed.set_index(pd.Index(race["driver_id"], name="driver_id"))


def _stages(expected_position: FloatArray) -> IntArray:
    """Number of the stage of each car's place in the expected order."""
    firsts = [first for first, _ in STAGES]
    return np.searchsorted(firsts, ranks(expected_position), side="right") - 1


def _slopes(scores: FloatArray) -> FloatArray:
    """Of the score on the scale of places between the mean score and each car's."""
    middle = scores.mean()
    away = scores - middle
    near = np.abs(away) < _NEAR
    return np.where(
        near,
        -on_places(scores),  # its own derivative, but for the sign
        (on_places(scores) - on_places(middle)) / np.where(near, 1.0, away),
    )
