"""The gate between FastF1 and the network: a requests adapter that FastF1's sessions send through.

Each request that really goes out passes here (what FastF1's cache answers does not): it takes its
place in the budget, is sent to the mirror if there is one, and what comes back is looked at before
FastF1 may cache it. No secret is in an error or a log: only host and path are named.
"""

import json
import re
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter

from f1_pipeline.sources.upstream.outcomes import (
    BrokenError,
    GoneError,
    OverBudgetError,
    RefusedError,
)
from f1_pipeline.sources.upstream.witness import attending
from f1_pipeline.storage.budget import Limit, RequestBudget

JOLPICA = "api.jolpi.ca"
TIMING = ("livetiming.formula1.com", "livetiming-mirror.fastf1.dev")
SCHEDULES = "raw.githubusercontent.com"
JOLPICA_SERVICE = "jolpica"
TIMING_SERVICE = "live timing"
# FastF1 leaves a quarter of a second between two requests of a process; here it is of all.
INTERVAL = 0.25
# A wait of less is slept through; a longer one is the caller's to plan.
PATIENCE = 5.0
# Of 500 requests an hour so many are kept back for the results tier.
_RESERVED = 60
# FastF1 gives none for live timing: a service that keeps silent would hold a run for ever.
TIMEOUT = (5.0, 20.0)
# A line of a recorded stream: an instant of the session's clock, then JSON or a packed text.
_LINE = re.compile(r'\d\d:\d\d:\d\d\.\d{3}[{"]')


class Gate(BaseAdapter):
    """Sends what `inner` would send: within the budget, and to `mirror` in place of the host."""

    def __init__(self, inner: BaseAdapter, budget: RequestBudget, mirror: str = "") -> None:
        super().__init__()
        self.inner = inner
        self.budget = budget
        self.mirror = mirror

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """The response, read to its end. Raises one of the upstream's errors for its faults.

        What live timing does not have or refuses goes to FastF1 as it is: it asks the next host.
        """
        url = urlsplit(str(request.url))

        def once() -> requests.Response:
            return self._send(request, stream, timeout or TIMEOUT, verify, cert, proxies)

        witness = attending()
        return once() if witness is None else witness.attend(str(url.hostname), url.path, once)

    def close(self) -> None:
        self.inner.close()

    def _send(
        self,
        request: requests.PreparedRequest,
        stream: bool,
        timeout: Any,
        verify: bool | str,
        cert: Any,
        proxies: Mapping[str, str] | None,
    ) -> requests.Response:
        url = urlsplit(str(request.url))
        host = str(url.hostname)
        what = f"{host}{url.path}"
        self._wait_for_budget(host)
        sent, routes = request, dict(proxies or {})
        if self.mirror:
            sent, routes = request.copy(), {}
            query = f"?{url.query}" if url.query else ""
            sent.url = f"{self.mirror}/{url.netloc}{url.path}{query}"
            sent.headers.pop("Host", None)
        try:
            # By name: FastF1's adapter that signs in takes them no other way.
            response = self.inner.send(
                sent, stream=stream, timeout=timeout, verify=verify, cert=cert, proxies=routes
            )
            _ = response.content  # a connection that breaks in the middle shows here
        except requests.RequestException as error:
            if host != JOLPICA and host not in TIMING:
                raise
            raise BrokenError(f"{what} gave no whole answer ({type(error).__name__}).") from None
        response.url, response.request = str(request.url), request
        if host == JOLPICA:
            self._judge(response, what)
            # When to look is decided by schedule: a look must not be answered by what was cached
            # ten minutes ago nor, while the service is down, last week. A 304 is cheap.
            response.headers["Cache-Control"] = "max-age=0"
            response.headers.pop("Expires", None)
        elif host in TIMING:
            self._judge_recorded(response, what)
        elif host == SCHEDULES and response.status_code == 200 and not _is_json(response.content):
            # In FastF1's cache a login page of the network's would stand for the season half a day.
            raise BrokenError(f"{what} gave an answer that is no JSON.")
        return response

    def _wait_for_budget(self, host: str) -> None:
        wait = self.budget.take(service(host), PATIENCE)
        if wait > PATIENCE:
            raise OverBudgetError(
                f"the requests that {host} grants are spent: the next may go out in {wait:.0f} s.",
                wait,
            )
        if wait > 0:
            time.sleep(wait)

    def _judge(self, response: requests.Response, what: str) -> None:
        status = response.status_code
        self._judge_service(response, what, JOLPICA_SERVICE)
        if status in (401, 403):
            raise RefusedError(
                f"{what} refuses to answer ({status}): this address may be blocked there."
            )
        if status in (404, 410):
            raise GoneError(f"{what} is not there ({status}).")
        if status >= 400:
            raise BrokenError(f"{what} failed ({status}).")
        if status == 200 and not _is_json(response.content):
            # Raised before FastF1's cache sees it, which would keep it for minutes.
            raise BrokenError(f"{what} gave an answer that is no JSON.")

    def _judge_recorded(self, response: requests.Response, what: str) -> None:
        """A file of live timing: there and whole, or not there (that is the caller's to know)."""
        self._judge_service(response, what, service(what.partition("/")[0]))
        if response.status_code >= 500:
            raise BrokenError(f"{what} failed ({response.status_code}).")
        whole = _is_recording if what.endswith(".jsonStream") else _is_json
        if response.status_code == 200 and not whole(response.content):
            raise BrokenError(f"{what} gave an answer that is no recording.")

    def _judge_service(self, response: requests.Response, what: str, name: str) -> None:
        """A service that wants fewer requests or is out of order says so: so it is taken."""
        if response.status_code not in (429, 503):
            return
        wait = _seconds(response.headers.get("Retry-After"))
        if wait:
            self.budget.pause(name, wait)
        if response.status_code == 429:
            raise OverBudgetError(f"{what} wants no more requests (429).", wait or 60)
        raise BrokenError(f"{what} is out of service (503).", wait or 1.0)


def limits(setting: str) -> dict[str, Limit]:
    """The limits that `F1_REQUEST_LIMITS` names: requests an hour to Jolpica, and together.

    FastF1 raises at the last request that its limit allows, so one less is granted.
    """
    if setting == "none":
        return {}
    jolpica, together = (int(number) for number in setting.split(","))
    return {
        JOLPICA_SERVICE: Limit(max(jolpica - 1, 1), INTERVAL),
        # A season of recordings takes some 1,400 requests: results must not wait for them.
        TIMING_SERVICE: Limit(max(together - 1 - _RESERVED * together // 500, 1), INTERVAL),
        "": Limit(max(together - 1, 1), 0.0),
    }


def service(host: str) -> str:
    """The name under which a host's requests are counted."""
    if host == JOLPICA or host.endswith(".jolpi.ca"):
        return JOLPICA_SERVICE
    return TIMING_SERVICE if host in TIMING else host


def _is_json(content: bytes) -> bool:
    try:
        return isinstance(json.loads(content.decode("utf-8-sig")), dict)
    except ValueError:
        return False


def _is_recording(content: bytes) -> bool:
    """Whether its first and last lines are those of a stream; an empty one is."""
    lines = content.decode("utf-8-sig", "replace").rstrip("\r\n").split("\r\n")
    return lines == [""] or all(_LINE.match(line) for line in (lines[0], lines[-1]))


def _seconds(retry_after: str | None) -> float:
    """Retry-After in seconds; a date there counts as a minute."""
    if not retry_after:
        return 0.0
    return float(retry_after) if retry_after.isdigit() else 60.0
