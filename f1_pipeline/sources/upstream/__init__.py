"""FastF1's upstreams: how they are reached, what they may be asked, and how they fail.

`outcomes` types what came of a request, `gate` stands between FastF1 and the network (budget,
address, broken answers), `connection` puts it there. What is asked belongs to `results`.
"""

from f1_pipeline.sources.upstream.connection import Connection, connect
from f1_pipeline.sources.upstream.gate import JOLPICA_SERVICE, limits
from f1_pipeline.sources.upstream.outcomes import (
    BrokenError,
    GoneError,
    NotYetError,
    Outcome,
    OverBudgetError,
    RefusedError,
    UpstreamError,
)

__all__ = [
    "JOLPICA_SERVICE",
    "BrokenError",
    "Connection",
    "GoneError",
    "NotYetError",
    "Outcome",
    "OverBudgetError",
    "RefusedError",
    "UpstreamError",
    "connect",
    "limits",
]
