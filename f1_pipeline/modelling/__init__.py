"""Modelling: fit, calibrate, simulate, forecast, evaluate. Knows no Dagster and no SQL.

`fit` and `RaceModel` are the model, `baseline_forecast` is what it must beat, `walk_forward` plays
a season, `evaluate` scores it and `gate` says whether a recipe may forecast. The parts, in order
of a forecast: `ordering`, `design` (rows to matrices), `strength` (a linear Plackett-Luce model and
CatBoost), `stages` (calibration), `hazard` (retirements), `simulation` (one joint distribution),
`positions`; `explanation` splits a strength among its features, `studies` measure what each part is
worth. Every parameter is in `recipe`.
"""

from f1_pipeline.modelling import gate
from f1_pipeline.modelling.backtest import walk_forward
from f1_pipeline.modelling.baseline import baseline_forecast
from f1_pipeline.modelling.metrics import METRICS, ScoreError, evaluate, scores_by_race, summary
from f1_pipeline.modelling.race_model import (
    NotEnoughRacesError,
    RaceModel,
    UnknownVariantError,
    fit,
)
from f1_pipeline.modelling.recipe import (
    CHOICE_SEASONS,
    CODE_VERSION,
    FACTORS,
    QUICK,
    STANDARD,
    Recipe,
    recipe_of,
    with_laps,
)
from f1_pipeline.modelling.track_record import track_record

__all__ = [
    "CHOICE_SEASONS",
    "CODE_VERSION",
    "FACTORS",
    "METRICS",
    "QUICK",
    "STANDARD",
    "NotEnoughRacesError",
    "RaceModel",
    "Recipe",
    "ScoreError",
    "UnknownVariantError",
    "baseline_forecast",
    "evaluate",
    "fit",
    "gate",
    "recipe_of",
    "scores_by_race",
    "summary",
    "track_record",
    "walk_forward",
    "with_laps",
]
