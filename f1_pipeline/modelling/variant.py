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
from f1_pipeline.modelling.ordering import in_time, starting_rank
from f1_pipeline.modelling.positions import PODIUM_PLACES, forecast_columns
from f1_pipeline.modelling.recipe import Recipe, ResetRecipe
from f1_pipeline.modelling.simulation import Draws, simulate
from f1_pipeline.modelling.stages import fit_stages
from f1_pipeline.modelling.strength import SCORES, Strength, fit_strength


@dataclass(frozen=True)
class VariantModel:
    """A fit; `weights` is stages by scores, `grid_weights` by stage of the grid alone.

    `reset`: in which rounds how many of the races follow the grid. Same rows and recipe, same bits.
    """

    strength: Strength
    weights: FloatArray
    grid_weights: FloatArray
    hazard: Hazard
    reset: ResetRecipe
    draws: int
    seed: int

    def predict(self, race: pd.DataFrame) -> pd.DataFrame:
        """driver_id and the forecast's columns for one race, sorted by driver.

        All of it is counted over the same simulated races. The draws depend on event, horizon,
        grid and seed, not on the order of rows.
        """
        race = race.sort_values("driver_id", ignore_index=True)
        drawn = self._drawn(race, self._random(race))
        return forecast_columns(
            race["driver_id"],
            drawn.positions / drawn.races,
            p_win=drawn.positions[:, 0] / drawn.races,
            p_podium=drawn.positions[:, :PODIUM_PLACES].sum(axis=1) / drawn.races,
            p_points=drawn.in_points / drawn.races,
            p_dnf=drawn.retired / drawn.races,
        )

    def _drawn(self, race: pd.DataFrame, random: np.random.Generator) -> Draws:
        hazards = self.hazard.of(race)
        by_grid = round(self.draws * self.reset.share) if self._is_reset(race) else 0
        strengths = self.weights @ self.strength.scores(race).T
        drawn = simulate(strengths, hazards, self.draws - by_grid, random)
        if by_grid:
            drawn += simulate(self.grid_weights @ _grid_score(race).T, hazards, by_grid, random)
        return drawn

    def _is_reset(self, race: pd.DataFrame) -> bool:
        """Without a grid there is nothing to go back to: last year's standings know less."""
        early = int(race["round"].iloc[0]) <= self.reset.rounds
        return early and bool(race["grid_place"].notna().all())

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
    known = _out_of_sample(rows, recipe, {} if by_season is None else by_season)
    classified = known[known["classified"].astype(bool)]
    race = classified["race"].to_numpy(dtype=np.int64)
    finish = classified["finish_order"].to_numpy(dtype=np.float64)
    of_cars = classified[list(SCORES)].to_numpy(dtype=np.float64)
    of_grid = _grid_score(known)[known["classified"].to_numpy(dtype=bool)]
    return VariantModel(
        strength=fit_strength(rows, recipe),
        weights=fit_stages(of_cars, race, finish, recipe.stages.towards, recipe.stages.ridge),
        grid_weights=fit_stages(
            of_grid, race, finish, recipe.stages.grid_towards, recipe.stages.ridge
        ),
        hazard=fit_hazard(rows, recipe.hazard),
        reset=recipe.reset,
        draws=recipe.draws,
        seed=recipe.seed,
    )


def _out_of_sample(
    rows: pd.DataFrame, recipe: Recipe, by_season: dict[int, Strength]
) -> pd.DataFrame:
    """Rows of the latest seasons with their scores by fits on the seasons before each."""
    seasons = sorted(int(season) for season in rows["season"].unique())
    parts = [rows.iloc[:0].assign(**dict.fromkeys(SCORES, 0.0))]
    for season in seasons[1:][-recipe.stages.seasons :]:
        if season not in by_season:
            by_season[season] = fit_strength(rows[rows["season"] < season], recipe)
        target = rows[rows["season"].eq(season)]
        scores = by_season[season].scores(target)
        parts.append(target.assign(**dict(zip(SCORES, scores.T, strict=True))))
    return pd.concat(parts) if len(parts) > 1 else parts[0]


def _grid_score(rows: pd.DataFrame) -> FloatArray:
    """Rows by one: what the place on the grid alone says, as a logarithm of odds."""
    return -np.log(starting_rank(rows))[:, None]
