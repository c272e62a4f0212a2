"""The model of a race: one fit per variant, its forecasts, its file.

`fit` makes it from a training set, `RaceModel.predict` forecasts a race, `save` and `load` keep it
as CatBoost's own format and JSON. Not here: how a variant is fitted (`variant`), nor which fit is
in force.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from f1_pipeline.errors import PipelineError
from f1_pipeline.modelling import model_files
from f1_pipeline.modelling.arrays import FloatArray
from f1_pipeline.modelling.explanation import contributions
from f1_pipeline.modelling.recipe import Recipe
from f1_pipeline.modelling.variant import VariantModel, fit_variant

Variant = tuple[str, str]  # horizon, grid_source
VARIANTS: tuple[Variant, ...] = (
    ("pre_weekend", "none"),
    ("post_practice", "none"),
    ("post_qualifying", "official"),
    ("post_qualifying", "qualifying"),
)
FEWEST_RACES = 10


class NotEnoughRacesError(PipelineError):
    """There are too few races to fit a model on."""


class UnknownVariantError(PipelineError):
    """The rows do not belong to one race and variant that the model was fitted for."""


@dataclass(frozen=True)
class RaceModel:
    """One fitted model per variant, and the recipe's hash."""

    variants: dict[Variant, VariantModel]
    recipe_hash: str

    def predict(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Forecast one race from its feature rows of one horizon and grid.

        Returns driver_id, p_win, p_podium, p_points, p_dnf, expected_position, position_p05,
        position_p95 and position_probabilities, one row per driver, sorted by driver. Over the
        race p_win sums to 1, p_podium to 3 and p_points to at most 10.

        Raises `UnknownVariantError` for rows of several races or of a variant that has no fit.
        """
        return self._of(rows).predict(rows)

    def contributions(self, rows: pd.DataFrame, expected_position: FloatArray) -> pd.DataFrame:
        """What each feature adds to each car of such rows: see `explanation.contributions`."""
        return contributions(self._of(rows), rows, expected_position)

    def _of(self, rows: pd.DataFrame) -> VariantModel:
        held = rows[["event_id", "horizon", "grid_source"]].drop_duplicates()
        if len(held) != 1:
            raise UnknownVariantError("Forecast one event, horizon and grid at a time.")
        _, horizon, grid_source = held.iloc[0]
        if (horizon, grid_source) not in self.variants:
            raise UnknownVariantError(
                f"This model was not fitted for {horizon} with grid {grid_source}: fit it again "
                "on seasons that have such rows."
            )
        return self.variants[horizon, grid_source]

    def feature_importance(self) -> "pd.Series[float]":
        """Share of each feature in the strength, by feature name; sums to 1, largest first.

        The mean over variants of CatBoost's importances (how much predictions change with it).
        """
        shares = [
            pd.Series(
                variant.strength.tree.regressor.get_feature_importance(),
                index=list(variant.strength.tree.features),
                dtype="float64",
            )
            for variant in self.variants.values()
        ]
        total = pd.concat(shares, axis=1).fillna(0.0).sum(axis=1)
        total = total / (total.sum() or 1.0)
        ordered = total.rename_axis("feature").reset_index(name="share")
        ordered = ordered.sort_values(["share", "feature"], ascending=[False, True])
        return ordered.set_index("feature")["share"]

    def save(self, folder: Path) -> None:
        """Write the fit into `folder`, which is made if missing."""
        folder.mkdir(parents=True, exist_ok=True)
        for (horizon, grid_source), variant in self.variants.items():
            model_files.write_variant(folder / f"{horizon}.{grid_source}", variant)
        model_files.write_index(folder, list(self.variants), self.recipe_hash)

    @classmethod
    def load(cls, folder: Path) -> "RaceModel":
        """Read what `save` wrote; it predicts the same bits. Raises `StorageError`."""
        variants, recipe_hash = model_files.read_index(folder)
        return cls(
            {
                (horizon, grid): model_files.read_variant(folder / f"{horizon}.{grid}")
                for horizon, grid in variants
            },
            recipe_hash,
        )


def fit(training_set: pd.DataFrame, recipe: Recipe) -> RaceModel:
    """Fit every variant that has enough races; contract of the rows: `training_set`.

    Raises `NotEnoughRacesError` when no variant has ten.
    """
    variants = {}
    for variant in VARIANTS:
        rows = variant_rows(training_set, variant)
        if rows["event_id"].nunique() >= FEWEST_RACES:
            variants[variant] = fit_variant(rows, recipe)
    if not variants:
        raise NotEnoughRacesError(too_few(training_set["event_id"].nunique()))
    return RaceModel(variants, recipe.content_hash)


def too_few(races: int) -> str:
    """Why there is no model, in words."""
    return f"{races} races are too few to fit a model on: it takes {FEWEST_RACES}."


def variant_rows(rows: pd.DataFrame, variant: Variant) -> pd.DataFrame:
    """The rows of one horizon and grid."""
    horizon, grid_source = variant
    return rows[rows["horizon"].eq(horizon) & rows["grid_source"].eq(grid_source)]
