"""Which model may forecast an event: never one that was trained on it or on a later race.

For the next race that is the fit in force. For a race that was held it is a fit of the same recipe
on the races before it, made on the spot. Without enough races there is none, nor while no recipe
has passed the gate: the grid baseline forecasts, under its own name.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import pandas as pd

from f1_pipeline.contracts import CONTRACTS, content_fingerprint
from f1_pipeline.modelling import NotEnoughRacesError, RaceModel, baseline_forecast, fit
from f1_pipeline.modelling.arrays import FloatArray
from f1_pipeline.modelling.race_model import FEWEST_RACES, too_few
from f1_pipeline.modelling.recipe import Recipe
from f1_pipeline.storage.model_store import ModelStore

BASELINE = "grid_baseline"


class Model(Protocol):
    """What can forecast the rows of one race, horizon and grid."""

    def predict(self, rows: pd.DataFrame) -> pd.DataFrame: ...

    def contributions(self, rows: pd.DataFrame, expected_position: FloatArray) -> pd.DataFrame: ...


@dataclass(frozen=True)
class Baseline:
    """The grid baseline as a model: its history is all races before the event."""

    history: pd.DataFrame

    def predict(self, rows: pd.DataFrame) -> pd.DataFrame:
        variant = self.history["horizon"].eq(rows["horizon"].iloc[0]) & self.history[
            "grid_source"
        ].eq(rows["grid_source"].iloc[0])
        return baseline_forecast(self.history[variant], rows, coherent=True)

    def contributions(self, rows: pd.DataFrame, expected_position: FloatArray) -> pd.DataFrame:
        """None: it weighs nothing."""
        return pd.DataFrame()


@dataclass(frozen=True)
class Forecaster:
    """A model, the name under which its forecasts are published, and what is wanting in it."""

    version: str
    model: Model
    degraded_reason: str | None = None


def model_for(
    event_id: str,
    events: pd.DataFrame,
    training_set: pd.DataFrame,
    recipe: Recipe | None,
    champion: dict[str, Any] | None,
    store: ModelStore,
    why_none: str = "",
) -> Forecaster:
    """The forecaster for an event; `training_set` holds the rows that it may be trained on.

    `recipe`: the one in force; None while there is none, and `why_none` says why. Raises
    `StorageError` when the artifact of the fit in force is not what was stored.
    """
    starts = events.set_index("event_id")["race_starts_at"]
    # A champion of another archive may rest on a race that is not in the calendar.
    trained_to = starts.get(champion["last_event"]) if champion is not None else None
    if champion is not None and trained_to is not None and trained_to < starts[event_id]:
        version = str(champion["model_version"])
        return Forecaster(version, store.load(version, RaceModel.load))
    before = training_set[training_set["event_id"].map(starts) < starts[event_id]]
    if recipe is None:
        races = before["event_id"].nunique()
        reason = too_few(races) if races < FEWEST_RACES else why_none
        return Forecaster(BASELINE, Baseline(before), f"no model in force: {reason}")
    try:
        model = fit(before.reset_index(drop=True), recipe)
    except NotEnoughRacesError as error:
        return Forecaster(BASELINE, Baseline(before), f"no model in force: {error}")
    digest = content_fingerprint(before, CONTRACTS["training_set"], recipe.content_hash)
    return Forecaster(f"as-of-{digest}", model)
