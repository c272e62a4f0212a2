"""Around every request: who may ask what host, how large, how long, what is logged and counted.

Pure ASGI, so that it costs little; the routes know nothing of it. Not here: keys and rate limits,
which belong to single routes.
"""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders

from f1_pipeline.serving.errors import ApiError
from f1_pipeline.serving.metrics import REFUSED, REQUESTS

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

ACCESS = logging.getLogger("f1_pipeline.access")
LOG = logging.getLogger("f1_pipeline.serving")
BODY = 64 * 1024  # bytes: a batch of a hundred races has some 3 KB
# Beyond the limits of reading itself, so that those speak first.
_GRACE = 5.0
_METHODS = {"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"}
_SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}


class Guard:
    """The outermost layer."""

    def __init__(self, app: App, *, hosts: tuple[str, ...], seconds: float) -> None:
        self._app = app
        self._hosts = hosts
        self._limit = seconds + _GRACE

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(scope, send)
        try:
            await self._guarded(scope, receive, answer)
        except ApiError as error:
            await answer.refuse(error)
        except TimeoutError:
            await answer.refuse(
                ApiError(504, "too_slow", "The answer took too long.", "Try again soon.")
            )
        except Exception:
            # The text of it stays in the log: it may hold what is nobody's business.
            LOG.exception("request %s failed", answer.id)
            await answer.refuse(
                ApiError(500, "internal", "Something went wrong here.", f"Report id {answer.id}.")
            )
        finally:
            answer.note()

    async def _guarded(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        headers = Headers(scope=scope)
        if not self._answers_to(headers.get("host", "")):
            raise ApiError(
                400, "unknown_host", "This server has another name.", "Set ALLOWED_HOSTS."
            )
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > BODY:
            raise _TOO_LARGE
        if scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}  # the server leaves the body out
        async with asyncio.timeout(self._limit):
            await self._app(scope, _limited(receive), answer.send)
        answer.scope = scope

    def _answers_to(self, host: str) -> bool:
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
        return any(
            pattern in ("*", name.lower())
            or (pattern.startswith("*.") and name.lower().endswith(pattern[1:]))
            for pattern in self._hosts
        )


_TOO_LARGE = ApiError(
    413, "too_large", f"A body may have {BODY} bytes.", "Ask for fewer races at a time."
)


def _limited(receive: Receive) -> Receive:
    """A body that comes in pieces, without saying how long it is, ends at the same limit."""
    got = 0

    async def limited() -> Message:
        nonlocal got
        message = await receive()
        got += len(message.get("body", b""))
        if got > BODY:
            raise _TOO_LARGE
        return message

    return limited


class _Answer:
    """What is sent for one request, and what is said of it afterwards."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.id = uuid4().hex[:12]
        self.scope = scope
        self._send = send
        self._began = time.perf_counter()
        self._status = 0
        self._bytes = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-ID"] = self.id
            for name, value in _SAFE.items():
                headers.setdefault(name, value)
        else:
            self._bytes += len(message.get("body", b""))
        await self._send(message)

    async def refuse(self, error: ApiError) -> None:
        """Say what was wrong, unless an answer is under way already."""
        if self._status:
            return
        body = json.dumps(error.body()).encode()
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        raw = [
            (k.lower().encode(), v.encode())
            for k, v in (headers | dict(error.headers or {})).items()
        ]
        REFUSED.labels(error.code).inc()
        await self.send(
            {"type": "http.response.start", "status": error.status_code, "headers": raw}
        )
        await self.send({"type": "http.response.body", "body": body})

    def note(self) -> None:
        """One line in the access log, and the time under the route's name."""
        took = time.perf_counter() - self._began
        route = getattr(self.scope.get("route"), "path", "other")
        method = self.scope["method"] if self.scope["method"] in _METHODS else "other"
        REQUESTS.labels(route, method, str(self._status)).observe(took)
        if ACCESS.isEnabledFor(logging.INFO):
            client = self.scope.get("client")
            # Escaped as it came: a path may hold line ends, which would be lines of the log.
            path = self.scope.get("raw_path", b"").decode("ascii", "backslashreplace")
            ACCESS.info(
                "%s %s %d",
                method,
                path,
                self._status,
                extra={
                    # No query and no header: a key could be among them.
                    "method": method,
                    "path": path,
                    "route": route,
                    "status": self._status,
                    "bytes": self._bytes,
                    "ms": round(took * 1000, 2),
                    "client": client[0] if client else None,
                    "request": self.id,
                },
            )
