"""Which request fails, and how a failure looks that comes with a status of its own.

Those that are no answer at all (timeout, reset, truncate) are for `server` to perform.
"""

import random
import re
from dataclasses import dataclass
from typing import Any

TRY_LATER = (("Retry-After", "1"),)


@dataclass(frozen=True)
class Refusal:
    """An answer that says no."""

    status: int
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


_JSON, _HTML = "application/json", "text/html"
REFUSALS = {
    "401": Refusal(401, _JSON, b'{"detail":"Sign in first."}', (("WWW-Authenticate", "Bearer"),)),
    "403": Refusal(403, "application/xml", b"<Error><Code>AccessDenied</Code></Error>"),
    "404": Refusal(404, _JSON, b'{"detail":"Not found."}'),
    "429": Refusal(429, _JSON, b'{"detail":"Too many requests."}', TRY_LATER),
    "500": Refusal(500, _HTML, b"<h1>Server error</h1>"),
    "503": Refusal(503, _HTML, b"<h1>Closed for repairs</h1>", TRY_LATER),
}
KINDS = (*REFUSALS, "timeout", "truncate", "garbage", "reset")
GARBAGE = b"<html><body>no such gateway</body></html>\xff\xfe\x00\x80"


class Faults:
    """Chooses faults: the same seed and the same order of requests give the same choices."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def choose(self, settings: dict[str, Any], address: str) -> str | None:
        """The fault that a request for host/path meets, if any; uses up `fail_next`."""
        if not re.search(settings["fail_match"], address):
            return None
        if settings["fail_next"] > 0:
            settings["fail_next"] -= 1
        elif self._random.random() >= settings["fail"]:
            return None
        return str(self._random.choice(settings["fail_kinds"]))
