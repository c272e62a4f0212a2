"""From features and a model to published forecasts, and from published rows to what is current.

Pure functions over frames: which model may forecast an event, the rows under the prediction
contract, their coherence, their status, their scores. Not here: fitting (modelling), storing
(storage).
"""

from f1_pipeline.predictions.choice import BASELINE, Forecaster, model_for
from f1_pipeline.predictions.coherence import exact, incoherences
from f1_pipeline.predictions.current import current, status
from f1_pipeline.predictions.explanations import explanations, sentence
from f1_pipeline.predictions.rows import Timing, forecast, not_published, timing_of
from f1_pipeline.predictions.scores import scored

__all__ = [
    "BASELINE",
    "Forecaster",
    "Timing",
    "current",
    "exact",
    "explanations",
    "forecast",
    "incoherences",
    "model_for",
    "not_published",
    "scored",
    "sentence",
    "status",
    "timing_of",
]
