"""Experiment tracking elsewhere: what MLflow gets of a fit, and how it gets there.

MLflow is a copy for those who work with it: the registry, the gate's decisions and the artifacts
are the project's own, and nothing here is read back.
"""

from f1_pipeline.tracking.fits import log_fit

__all__ = ["log_fit"]
