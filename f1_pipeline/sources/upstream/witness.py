"""What the requests of a load met, since FastF1 swallows their faults and goes on without.

While a witness attends, a broken request is sent again here: nobody above could ask for one file
of a session alone. Not here: what an answer's status means (gate), what follows from it (timing).
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from urllib.parse import unquote

import requests

from f1_pipeline.sources.upstream.outcomes import BrokenError, OverBudgetError, UpstreamError

TRIES = 5
_LONGEST_WAIT = 5.0  # seconds slept here; what takes longer is the caller's to plan


@dataclass
class Witness:
    """Faults by host and path, and the last status of each file, whichever host gave it."""

    tries: int
    sleep: Callable[[float], None]
    faults: dict[str, UpstreamError] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)

    def attend(
        self, host: str, path: str, send: Callable[[], requests.Response]
    ) -> requests.Response:
        """Send, again if the answer is broken; remember what came of it, and hand it on."""
        for attempt in range(1, self.tries + 1):
            try:
                response = send()
            except UpstreamError as error:
                wait = error.retry_after or 0.0
                again = isinstance(error, BrokenError | OverBudgetError) and wait <= _LONGEST_WAIT
                if attempt == self.tries or not again:
                    self.faults[f"{host}{path}"] = error
                    raise
                self.sleep(wait)
            else:
                self.statuses[unquote(path)] = response.status_code
                return response
        raise AssertionError("the last attempt returns or raises")

    def worst(self) -> UpstreamError | None:
        """A fault that a later try may mend: over budget before all others."""
        found = list(self.faults.values())
        spent = [error for error in found if isinstance(error, OverBudgetError)]
        broken = [error for error in found if isinstance(error, BrokenError)]
        return next(iter([*spent, *broken]), None)


_attending: ContextVar[Witness | None] = ContextVar("attending", default=None)


def attending() -> Witness | None:
    """The witness of the requests that are being made, if there is one."""
    return _attending.get()


@contextmanager
def witnessed(tries: int = TRIES, sleep: Callable[[float], None] = time.sleep) -> Iterator[Witness]:
    """Every request within the block is attended by the witness given."""
    witness = Witness(tries, sleep)
    token = _attending.set(witness)
    try:
        yield witness
    finally:
        _attending.reset(token)
