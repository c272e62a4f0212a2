"""The model of one variant (a horizon and a rung of the grid): strength, calibration, hazard.

Each variant is fitted on its own rows, by itself. Not here: the set of variants and its file
(`race_model`).
"""

import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from f1_pipeline.modelling.arrays import FloatArray
from f1_pipeline.modelling.hazard import Hazard, fit_hazard
from f1_pipeline.modelling.ordering import in_time
from f1_pipeline.modelling.positions import PODIUM_PLACES, forecast_columns
from f1_pipeline.modelling.recipe import Recipe
from f1_pipeline.modelling.simulation import simulate
from f1_pipeline.modelling.stages import fit_stages
from f1_pipeline.modelling.strength import SCORES, Strength, fit_strength


@dataclass(frozen=True)
class VariantModel:
    """A fit; `weights` is stages by scores. Same rows and recipe, same bits."""

    strength: Strength
    weights: FloatArray
    hazard: Hazard
    draws: int
    seed: int

    def predict(self, race: pd.DataFrame) -> pd.DataFrame:
        """driver_id and the forecast's columns for one race, sorted by driver.

        All of it is counted over the same simulated races. The draws depend on event, horizon,
        grid and seed, not on the order of rows.
        """
        race = race.sort_values("driver_id", ignore_index=True)
        strengths = self.weights @ self.strength.scores(race).T
        drawn = simulate(strengths, self.hazard.of(race), self.draws, self._random(race))
        return forecast_columns(
            race["driver_id"],
            drawn.positions / drawn.races,
            p_win=drawn.positions[:, 0] / drawn.races,
            p_podium=drawn.positions[:, :PODIUM_PLACES].sum(axis=1) / drawn.races,
            p_points=drawn.in_points / drawn.races,
            p_dnf=drawn.retired / drawn.races,
        )

    def _random(self, race: pd.DataFrame) -> np.random.Generator:
        first = race.iloc[0]
        name = f"{first['event_id']} {first['horizon']} {first['grid_source']} {self.seed}"
        digest = hashlib.sha256(name.encode()).digest()
        return np.random.default_rng(int.from_bytes(digest[:8], "big"))


def fit_variant(
    rows: pd.DataFrame, recipe: Recipe, by_season: dict[int, Strength] | None = None
) -> VariantModel:
    """Fit on training rows of one variant.

    `by_season` holds strengths fitted on the seasons before the one that is their key. It is read
    and added to: fits that share earlier seasons need not repeat them.
    """
    rows = in_time(rows)
    by_season = {} if by_season is None else by_season
    return VariantModel(
        strength=fit_strength(rows, recipe),
        weights=_fit_weights(rows, recipe, by_season),
        hazard=fit_hazard(rows, recipe.hazard),
        draws=recipe.draws,
        seed=recipe.seed,
    )


def _fit_weights(rows: pd.DataFrame, recipe: Recipe, by_season: dict[int, Strength]) -> FloatArray:
    """Stage weights, from scores of the latest seasons by fits on the seasons before each."""
    seasons = sorted(int(season) for season in rows["season"].unique())
    judged = seasons[1:][-recipe.stages.seasons :]
    scores, race, finish = [np.empty((0, len(SCORES)))], [np.empty(0, np.int64)], [np.empty(0)]
    for season in judged:
        if season not in by_season:
            by_season[season] = fit_strength(rows[rows["season"] < season], recipe)
        target = rows[rows["season"].eq(season)]
        classified = target["classified"].to_numpy(dtype=bool)
        scores.append(by_season[season].scores(target)[classified])
        race.append(target["race"].to_numpy(dtype=np.int64)[classified])
        finish.append(target["finish_order"].to_numpy(dtype=np.float64)[classified])
    return fit_stages(
        np.concatenate(scores), np.concatenate(race), np.concatenate(finish), recipe.stages
    )
