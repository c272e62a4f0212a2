"""One JSON message to one address. The address is a secret: whoever has it may write there.

So nothing here says more of it than its host, and no cause is chained that would. Nothing is sent
twice here: when to try again is the caller's.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import requests

from f1_pipeline import __version__
from f1_pipeline.errors import PipelineError

_CONNECT_S, _READ_S = 5.0, 10.0
# The service is busy, or slow: the same message may get through later. 5xx likewise.
_LATER = (408, 429)


class UnreachableError(PipelineError):
    """The webhook was not reached, or has a fault: the same message may get through later."""


class RefusedError(PipelineError):
    """The webhook takes no such message: only another address, or its owner, can help."""


def message(
    *,
    incident: str,
    kind: str,
    message: str,
    opened_at: datetime,
    closed_at: datetime | None,
) -> dict[str, Any]:
    """The body: that an incident began or, with `closed_at`, that it is over.

    `text` is the whole in one line, which chat services show.
    """
    said = " ".join(message.split())
    over = "" if closed_at is None else f"over since {closed_at.astimezone(UTC):%H:%M} UTC: "
    return {
        "service": "f1_pipeline",
        "version": __version__,
        "state": "open" if closed_at is None else "over",
        "kind": kind,
        "incident": incident,
        "message": said,
        "opened_at": _iso(opened_at),
        "closed_at": None if closed_at is None else _iso(closed_at),
        "text": f"f1_pipeline, {kind.replace('_', ' ')}: {over}{said}",
    }


def send(address: str, body: dict[str, Any], timeout: tuple[float, float] | None = None) -> None:
    """POST the body; any 2xx is taken for told. `timeout`: seconds to connect, to answer.

    Raises `UnreachableError` or `RefusedError`. A redirect is not followed: the address that was
    given is the one that was meant.
    """
    host = urlsplit(address).netloc.rpartition("@")[2]
    try:
        with _hidden(address):
            response = requests.post(
                address,
                json=body,
                headers={"User-Agent": f"f1_pipeline/{__version__}"},
                timeout=timeout or (_CONNECT_S, _READ_S),
                allow_redirects=False,
                stream=True,  # what it answers beyond its status is not waited for
            )
            response.close()
    except requests.RequestException as error:
        raise UnreachableError(
            f"the webhook at {host} was not reached ({_cause(error)}): it is told again soon."
        ) from None
    status = response.status_code
    if status in _LATER or status >= 500:
        raise UnreachableError(f"the webhook at {host} answered {status}: it is told again soon.")
    if not 200 <= status < 300:
        raise RefusedError(
            f"the webhook at {host} answered {status}, and nobody was told: correct "
            "ALERT_WEBHOOK_URL. The same address is tried again after a day."
        )


def _cause(error: requests.RequestException) -> str:
    """What kind of failure it was: its own words hold the address."""
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not valid"
    return "no connection" if isinstance(error, requests.ConnectionError) else "no valid answer"


@contextmanager
def _hidden(address: str) -> Iterator[None]:
    """Keep the address out of the log: at level DEBUG urllib3 writes down every path it asks."""
    parts = urlsplit(address)
    secrets = [part for part in (parts.path.strip("/"), parts.query) if part]

    def is_harmless(record: logging.LogRecord) -> bool:
        return not any(secret in record.getMessage() for secret in secrets)

    logger = logging.getLogger("urllib3.connectionpool")
    logger.addFilter(is_harmless)
    try:
        yield
    finally:
        logger.removeFilter(is_harmless)


def _iso(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
