"""Walk-forward backtest of a season: every race is forecast by a fit on earlier races only.

A fit forecasts the next few races (`Recipe.refit_every`), then a new one takes over. The baseline
is recomputed from the same rows. Seasons do not depend on one another: they can be done in any
order, or side by side. Not here: scores (`metrics`), and who keeps the rows.
"""

from collections.abc import Callable, Iterator

import pandas as pd

from f1_pipeline.errors import UsageError
from f1_pipeline.modelling.baseline import baseline_forecast
from f1_pipeline.modelling.ordering import in_time
from f1_pipeline.modelling.race_model import (
    FEWEST_RACES,
    VARIANTS,
    NotEnoughRacesError,
    variant_rows,
)
from f1_pipeline.modelling.recipe import Recipe
from f1_pipeline.modelling.strength import Strength
from f1_pipeline.modelling.variant import fit_variant

Progress = Callable[[str], object]

MODEL, BASELINE = "catboost", "baseline"
_GIVEN = ["event_id", "season", "round", "driver_id", "constructor_id", "horizon", "grid_source"]
_OUTCOME = ["finish_order", "classified", "retired"]


def walk_forward(
    training_set: pd.DataFrame, season: int, recipe: Recipe, progress: Progress | None = None
) -> pd.DataFrame:
    """Forecasts of all races of the season, by the model and by its baseline, for all variants.

    Returns the columns of contract `backtest_predictions` but `fingerprint` and `tier`. Rows of
    later races may be in the training set; they are not read. `progress` gets a line after each
    variant.

    Raises `UsageError` when the season holds no race, `NotEnoughRacesError` when too few precede.
    """
    known = training_set[training_set["season"] <= season]
    if not known["season"].eq(season).any():
        raise UsageError(f"No race of {season} is held: choose a season that has results.")
    parts = []
    for variant in VARIANTS:
        rows = in_time(variant_rows(known, variant))
        parts += list(_variant(rows, season, recipe))
        if progress is not None and len(rows):
            races = rows.loc[rows["season"].eq(season), "race"].nunique()
            progress(f"{season}: {races} races forecast, {variant[0]}, grid {variant[1]}")
    result = pd.concat(parts, ignore_index=True)
    return result.sort_values(
        ["season", "round", "event_id", "horizon", "grid_source", "model", "driver_id"],
        ignore_index=True,
    )


def _variant(rows: pd.DataFrame, season: int, recipe: Recipe) -> Iterator[pd.DataFrame]:
    """`rows` are those of one variant up to the season's end, numbered by race."""
    by_season: dict[int, Strength] = {}
    races = sorted(rows.loc[rows["season"].eq(season), "race"].unique())
    for start in range(0, len(races), recipe.refit_every):
        before = rows[rows["race"] < races[start]]
        if before["race"].nunique() < FEWEST_RACES:
            raise NotEnoughRacesError(
                f"{before['race'].nunique()} races before {season} are too few for a backtest: "
                f"it takes {FEWEST_RACES}. Choose a later season."
            )
        model = fit_variant(before, recipe, by_season)
        by_season.setdefault(season, model.strength)
        version = f"{recipe.content_hash}@{before['event_id'].iloc[-1]}"
        for number in races[start : start + recipe.refit_every]:
            race = rows[rows["race"].eq(number)]
            yield _scored(race, model.predict(race), MODEL, version)
            baseline = baseline_forecast(rows[rows["race"] < number], race)
            yield _scored(race, baseline, BASELINE, _baseline_version(race))


def _baseline_version(race: pd.DataFrame) -> str:
    has_grid = race["grid_place"].notna().all()
    return "grid_baseline" if has_grid else "championship_baseline"


def _scored(race: pd.DataFrame, forecast: pd.DataFrame, model: str, version: str) -> pd.DataFrame:
    given = race[[*_GIVEN, "grid_place", *_OUTCOME]].rename(columns={"grid_place": "grid_position"})
    rows = given.merge(forecast, on="driver_id", validate="1:1")
    return rows.assign(model=model, model_version=version)
