"""FastF1's upstreams: how they are reached, what they may be asked, and how they fail.

`outcomes` types what came of a request, `gate` stands between FastF1 and the network (budget,
address, broken answers), `witness` knows what a load met, `account` signs in to live timing,
`connection` puts all of them there. What is asked belongs to `results`.
"""

from f1_pipeline.sources.upstream.account import Account
from f1_pipeline.sources.upstream.connection import Connection, account, connect
from f1_pipeline.sources.upstream.gate import JOLPICA_SERVICE, TIMING_SERVICE, limits
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
    "TIMING_SERVICE",
    "Account",
    "BrokenError",
    "Connection",
    "GoneError",
    "NotYetError",
    "Outcome",
    "OverBudgetError",
    "RefusedError",
    "UpstreamError",
    "account",
    "connect",
    "limits",
]
