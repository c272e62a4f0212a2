"""`f1-pipeline serve` in a process of its own, as users start it, and a client that asks it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx2


class Served:
    """A server that is running."""

    def __init__(self, process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
        self.process = process
        self.url = url
        self.log = log
        self._client = httpx2.Client(base_url=url, timeout=30)

    def __enter__(self) -> "Served":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def get(self, path: str, **more: Any) -> httpx2.Response:
        return self._client.get(path, **more)

    def post(self, path: str, **more: Any) -> httpx2.Response:
        return self._client.post(path, **more)

    def until(self, what: Any, seconds: float) -> Any:
        """The first true value of `what()`; fails when there is none in so many seconds."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            if found := what():
                return found
        raise AssertionError(f"not within {seconds} s; the log ends {self.log.read_text()[-2000:]}")


@contextmanager
def served(variables: dict[str, str], folder: Path, *arguments: str) -> Iterator[Served]:
    """Start the command and wait until it is ready; end it as a service manager does."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = folder / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "f1_pipeline.cli", "serve", "--port", str(port), *arguments],
            env=os.environ | {"LOG_FORMAT": "json"} | variables,
            stdout=output,
            stderr=output,
        )
    try:
        with Served(process, f"http://127.0.0.1:{port}", log) as server:
            server.until(lambda: _answers(server), 60)
            yield server
    finally:
        process.send_signal(signal.SIGTERM)
        # The server ends its answers first, and then by the signal that it was sent.
        assert process.wait(30) in (0, -signal.SIGTERM), log.read_text()[-2000:]


def _answers(server: Served) -> bool:
    assert server.process.poll() is None, server.log.read_text()
    try:
        return server.get("/health/live").status_code == 200
    except httpx2.TransportError:
        return False
