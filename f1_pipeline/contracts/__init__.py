"""One pandera model per table: columns, types, keys, ranges, units. The only truth about them.

Here belong the models and the reading of a frame against one. Not here: SQL (storage), the making
of a table's content (tables, features, modelling), Dagster (defs).
"""

from f1_pipeline.contracts import (
    features,
    identity,
    models,
    operations,
    predictions,
    recommendations,
    search,
    strategy,
    timing,
    weekend,
)
from f1_pipeline.contracts.base import Column, Contract, Kind, registered
from f1_pipeline.contracts.content import WHOLE, content_fingerprint, content_hashes, units
from f1_pipeline.contracts.validation import Rejection, check, coerce, split

CONTRACTS: dict[str, Contract] = registered()

__all__ = [
    "CONTRACTS",
    "WHOLE",
    "Column",
    "Contract",
    "Kind",
    "Rejection",
    "check",
    "coerce",
    "content_fingerprint",
    "content_hashes",
    "features",
    "identity",
    "models",
    "operations",
    "predictions",
    "recommendations",
    "search",
    "split",
    "strategy",
    "timing",
    "units",
    "weekend",
]
