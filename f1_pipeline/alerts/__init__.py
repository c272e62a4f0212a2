"""Telling people over a webhook: what is said, and how it gets there.

What there is to tell, and whether it was told, is not known here.
"""

from f1_pipeline.alerts.webhook import RefusedError, UnreachableError, message, send

__all__ = ["RefusedError", "UnreachableError", "message", "send"]
