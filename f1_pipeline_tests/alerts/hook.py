"""A webhook on loopback that keeps what it is told and answers as a test says."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PATH = "/services/T000/a-secret?key=another-secret"


@dataclass
class Hook:
    """`status`: what the next requests are answered; `slow`: seconds before that."""

    address: str = ""
    status: int = 200
    slow: float = 0.0
    got: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def told(self) -> list[tuple[str, str]]:
        """State and incident of what it has taken, in order."""
        return [(body["state"], body["incident"]) for body in self.got]


class _Handler(BaseHTTPRequestHandler):
    hook: Hook

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.hook.paths.append(self.path)
        self.hook.headers.append(dict(self.headers))
        time.sleep(self.hook.slow)
        if 200 <= self.hook.status < 300:
            self.hook.got.append(body)
        self.send_response(self.hook.status)
        if 300 <= self.hook.status < 400:
            self.send_header("Location", f"{self.hook.address.partition('?')[0]}/elsewhere")
        self.end_headers()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A client that goes away is no news."""


@contextmanager
def listening() -> Iterator[Hook]:
    """A webhook in a thread of this process until the block ends."""
    hook = Hook()
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"hook": hook}))
    hook.address = f"http://127.0.0.1:{server.server_address[1]}{PATH}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield hook
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
