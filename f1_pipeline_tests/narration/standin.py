"""A stand-in for the Messages API on loopback: takes and answers what the real one does, or fails.

Its answers are queued by a test; when none is queued it writes the text that the test has set.
"""

import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from f1_pipeline.narration import Facts, Worded, paragraph

KEY = "sk-ant-a-secret-key"
MODEL = "claude-of-the-test"
# The clients wait so long before they try again: no test does.
SOON = {"retry-after-ms": "1"}
KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    503: "api_error",
    529: "overloaded_error",
}


@dataclass(frozen=True)
class Answer:
    """`drops`: the connection is closed without a word; `waits`: until the stand-in ends."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    drops: bool = False
    waits: bool = False


def message(text: str | None, stop_reason: str | None = "end_turn", **changed: Any) -> Answer:
    """What the service answers; no text: no content."""
    content = [] if text is None else [{"type": "text", "text": text}]
    return of_json(
        {
            "id": "msg_01",
            "type": "message",
            "role": "assistant",
            "model": MODEL,
            "content": content,
            "stop_reason": stop_reason,
            "stop_sequence": None,
            "usage": {"input_tokens": 700, "output_tokens": 120, "service_tier": "standard"},
        }
        | changed
    )


def failure(status: int, **headers: str) -> Answer:
    """An error of the service. As the worst one could, it repeats the key."""
    body = {
        "type": "error",
        "error": {"type": KINDS[status], "message": f"no: {KEY}"},
        "request_id": "req_01",
    }
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return of_json(body, status, SOON | named)


def of_json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    head = {"content-type": "application/json", "request-id": "req_01"} | (headers or {})
    return Answer(status, json.dumps(body).encode(), head)


@dataclass
class StandIn:
    """`text`: what it writes when no other answer is queued."""

    address: str = ""
    text: str = ""
    answers: deque[Answer] = field(default_factory=deque)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def answer(self, path: str, headers: dict[str, str]) -> Answer:
        key = headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ")
        if path != "/v1/messages":
            return failure(404)
        if key != KEY:
            return failure(401)
        if "anthropic-version" not in headers:
            return failure(400)
        return self.answers.popleft() if self.answers else message(self.text)


class _Handler(BaseHTTPRequestHandler):
    standin: StandIn
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.standin.raw.append(raw)
        self.standin.bodies.append(json.loads(raw))
        self.standin.headers.append(headers)
        answer = self.standin.answer(self.path, headers)
        if answer.waits:
            self.standin.ended.wait(10)
        if answer.drops or answer.waits:
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A client that goes away is no news."""


@contextmanager
def listening() -> Iterator[StandIn]:
    """A stand-in in a thread of this process until the block ends."""
    standin = StandIn()
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"standin": standin}))
    standin.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield standin
    finally:
        standin.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()


def assert_by_template(worded: Worded, facts: Facts, reason: str) -> None:
    assert worded.by == "template"
    assert worded.text == paragraph(facts)
    assert worded.model is None
    assert reason in str(worded.reason)
