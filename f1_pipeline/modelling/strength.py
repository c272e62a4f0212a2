"""How strong each car is: a linear Plackett-Luce model and a CatBoost regression, side by side.

Both are fitted on classified cars. They err differently: weighed together (`stages`) they beat
either alone. Not here: calibration and retirements.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from f1_pipeline.modelling.arrays import FloatArray
from f1_pipeline.modelling.design import centred, matrix
from f1_pipeline.modelling.plackett_luce import Orders, fit_coefficients
from f1_pipeline.modelling.recipe import LinearRecipe, Recipe, TreeRecipe

SCORES = ("linear", "tree", "tree_places")
_PLACES = 10.0  # of the column in places, so that its weight is of the others' size


@dataclass(frozen=True)
class Linear:
    """Coefficients per feature; the features are centred within a race."""

    features: tuple[str, ...]
    coefficients: FloatArray

    def scores(self, rows: pd.DataFrame) -> FloatArray:
        return centred(rows, self.features) @ self.coefficients

    def shares(self, rows: pd.DataFrame) -> FloatArray:
        """Rows by features: what each adds to the score; the field's mean adds nothing."""
        return centred(rows, self.features) * self.coefficients


@dataclass(frozen=True)
class Tree:
    """A CatBoost regressor of the logarithm of the finishing place."""

    features: tuple[str, ...]
    regressor: Any

    def scores(self, rows: pd.DataFrame) -> FloatArray:
        return -np.asarray(self.regressor.predict(matrix(rows, self.features)), dtype=np.float64)

    def shares(self, race: pd.DataFrame) -> FloatArray:
        """Rows of one race by features: SHAP values of the score, less their mean in the field."""
        from catboost import Pool

        values = self.regressor.get_feature_importance(
            Pool(matrix(race, self.features)), type="ShapValues", thread_count=1
        )
        shares = -np.asarray(values, dtype=np.float64)[:, :-1]  # the last is the mean of all rows
        return shares - shares.mean(axis=0)


@dataclass(frozen=True)
class Strength:
    """Both, as fitted on the same races."""

    linear: Linear
    tree: Tree

    def scores(self, rows: pd.DataFrame) -> FloatArray:
        """Rows by `SCORES`: each is higher for a stronger car."""
        tree = self.tree.scores(rows)
        return np.column_stack([self.linear.scores(rows), tree, on_places(tree)])


def on_places(tree: FloatArray) -> FloatArray:
    """The tree's score, the logarithm of a place with its sign changed, on the scale of places."""
    return -np.exp(-tree) / _PLACES


def fit_strength(rows: pd.DataFrame, recipe: Recipe) -> Strength:
    """Fit both on the classified cars of rows of one variant, sorted and numbered by `in_time`."""
    return Strength(fit_linear(rows, recipe.linear), fit_tree(rows, recipe.tree, recipe.seed))


def fit_linear(rows: pd.DataFrame, recipe: LinearRecipe) -> Linear:
    """Greatest weighted likelihood of the orders of classified cars."""
    classified = rows["classified"].to_numpy(dtype=bool)
    columns = centred(rows, recipe.features)[classified]
    spread = columns.std(axis=0)
    spread = np.where(spread > 1e-9, spread, 1.0)
    race = rows.loc[classified, "race"].to_numpy(dtype=np.int64)
    finish = rows.loc[classified, "finish_order"].to_numpy(dtype=np.float64)
    orders = Orders.of(columns / spread, race, finish)
    age = race.max() - np.unique(race)
    place = np.arange(1, orders.present.shape[1] + 1, dtype=np.float64)
    weights = 0.5 ** (age / recipe.half_life_races)[:, None] * place**-recipe.place_power
    nothing = np.zeros(len(recipe.features))
    return Linear(
        recipe.features, fit_coefficients(orders, weights, recipe.ridge, nothing) / spread
    )


def fit_tree(rows: pd.DataFrame, recipe: TreeRecipe, seed: int) -> Tree:
    """Least squares of ln(finishing place) over classified cars; one thread, so bits repeat."""
    from catboost import CatBoostRegressor

    classified = rows["classified"].to_numpy(dtype=bool)
    regressor = CatBoostRegressor(
        loss_function="RMSE",
        iterations=recipe.iterations,
        depth=recipe.depth,
        learning_rate=recipe.learning_rate,
        l2_leaf_reg=recipe.l2_leaf_reg,
        border_count=recipe.border_count,
        random_seed=seed,
        thread_count=1,
        allow_writing_files=False,
        logging_level="Silent",
    )
    columns = matrix(rows, recipe.features)
    used = tuple(
        name
        for name, column in zip(recipe.features, columns.T, strict=True)
        if not np.isnan(column).all()
    )
    columns = columns[:, [recipe.features.index(name) for name in used]]
    finish = rows.loc[classified, "finish_order"].to_numpy(dtype=np.float64)
    regressor.fit(columns[classified], np.log(finish))
    return Tree(used, regressor)
