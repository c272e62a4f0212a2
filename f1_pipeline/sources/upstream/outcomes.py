"""What comes of asking an upstream: seven outcomes, five of them errors that know their retry.

An error says whether the same question can help, and when: a retry is decided by kind, never by
the words of a message.
"""

from enum import StrEnum

from f1_pipeline.errors import SourceError


class Outcome(StrEnum):
    """What an upstream gave."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    NOT_YET = "not there yet"
    OVER_BUDGET = "over budget"
    REFUSED = "refused"
    GONE = "gone"
    BROKEN = "broken"


class UpstreamError(SourceError):
    """An upstream gave no usable answer. `retry_after`: seconds until asking again can help."""

    outcome: Outcome
    retry_after: float | None = None


class NotYetError(UpstreamError):
    """There is no such result yet: ask later, quietly."""

    outcome = Outcome.NOT_YET


class OverBudgetError(UpstreamError):
    """The budget is spent, or the service said so itself (429): wait the window out."""

    outcome = Outcome.OVER_BUDGET

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = max(retry_after, 1.0)


class RefusedError(UpstreamError):
    """401 or 403: it stays refused until something is changed."""

    outcome = Outcome.REFUSED


class GoneError(UpstreamError):
    """404 or 410: there is no such thing at this address."""

    outcome = Outcome.GONE


class BrokenError(UpstreamError):
    """No answer, half an answer or nonsense: the next try may be better."""

    outcome = Outcome.BROKEN

    def __init__(self, message: str, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after
