"""Monitoring: does the model still hold, and are the races still what it was fitted on?

`counted` chooses the forecast of each race that counts, `by_race` and `health` say what they were
worth beside the baseline, `drift` compares the newest races with those before them (features, the
target, the forecasts' errors) and names what the calendar explains. The parts: `quantities` (what
is watched), `distances` (PSI, KS, chance), `causes` (seasons and rules). Pure functions over
frames: no Dagster, no SQL, no clock. Not here: fitting and scoring (modelling), what follows from a
drift (defs).
"""

from f1_pipeline.monitoring.drift import SPAN, drift, drift_score, news
from f1_pipeline.monitoring.forecasts import counted, of_baseline
from f1_pipeline.monitoring.health import NO_MODEL, Limits, by_race, health
from f1_pipeline.monitoring.quantities import held

__all__ = [
    "NO_MODEL",
    "SPAN",
    "Limits",
    "by_race",
    "counted",
    "drift",
    "drift_score",
    "health",
    "held",
    "news",
    "of_baseline",
]
