"""The server on loopback: documents with their headers for caches, faults, `/_control`."""

import hashlib
import json
import os
import socket
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from f1_pipeline_tests.upstream.answers import HOST, BadQueryError, NotHereError
from f1_pipeline_tests.upstream.control import Control
from f1_pipeline_tests.upstream.faults import GARBAGE, REFUSALS
from f1_pipeline_tests.upstream.names import Json

_JSON = "application/json"
_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: what is not sent yet is dropped, with a reset


class Upstream(ThreadingHTTPServer):
    """A server of an archive's facts; `serve_forever` runs it, `stop` ends it and all its talks."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, archive: Path, port: int = 0, log: Path | None = None, **settings: Any
    ) -> None:
        self.control = Control(archive, **settings)
        self.stopping = threading.Event()
        self._log = log
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def change(self, **settings: Any) -> Json:
        """What `POST /_control` does. Raises `ValueError` where that answers 400."""
        return self.control.change(**settings)

    def report(self) -> Json:
        """What `GET /_control` answers."""
        return self.control.report()

    def log(self, line: str) -> None:
        if self._log is not None:
            with self._lock, self._log.open("a") as file:
                file.write(f"{datetime.now(UTC):%H:%M:%S.%f} {line}\n")

    def stop(self) -> None:
        """End the server. A client that kept its connection finds it closed, as a new one would."""
        self.stopping.set()
        self.shutdown()
        self.server_close()
        with self._lock:
            for connection in self._open:
                _hang_up(connection)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no news; all else is."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Upstream
    # One packet an answer: with more, each waits for the one before to be acknowledged.
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on the terminal."""

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/_control":
            return self._json(200, self.server.report())
        self.server.stopping.wait(self.server.control.setting("latency_ms") / 1000)
        host, _, path = unquote(url.path).lstrip("/").partition("/")
        fault = self.server.control.asked(host, path)
        self.server.log(f"{host}/{path}?{url.query} {fault or ''}".rstrip())
        if fault in ("timeout", "reset"):
            return self._vanish(fault)
        if fault in REFUSALS:
            refusal = REFUSALS[fault]
            headers = dict(refusal.headers)
            return self._count_and_send(refusal.status, refusal.body, refusal.content_type, headers)
        if fault == "garbage":
            return self._count_and_send(200, GARBAGE, _JSON, self._for_caches())
        return self._document(host, path, dict(parse_qsl(url.query)), fault == "truncate")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path != "/_control":
            return self._json(404, {"detail": "Not found."})
        try:
            settings = json.loads(body)
            if not isinstance(settings, dict):
                raise ValueError("settings are an object")
            return self._json(200, self.server.change(**settings))
        except ValueError as error:
            return self._json(400, {"error": str(error)})

    def _document(self, host: str, path: str, query: dict[str, str], cut: bool) -> None:
        try:
            if host != HOST:
                raise NotHereError(host)
            body = _bytes(self.server.control.document(path, query))
        except NotHereError:
            return self._count_and_send(404, _bytes({"detail": "Not found."}))
        except BadQueryError as error:
            return self._count_and_send(400, _bytes({"detail": str(error)}))
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = {"ETag": tag} | self._for_caches()
        if cut:
            self.close_connection = True
            return self._send(200, body[: len(body) // 2], _JSON, headers, len(body))
        if self.headers.get("If-None-Match") == tag:
            return self._count_and_send(304, b"", None, headers)
        return self._count_and_send(200, body, _JSON, headers)

    def _for_caches(self) -> dict[str, str]:
        age = self.server.control.setting("max_age")
        return {"Cache-Control": f"max-age={age}" if age else "no-cache"}

    def _json(self, status: int, content: Json) -> None:
        self._send(status, _bytes(content))

    def _count_and_send(
        self,
        status: int,
        body: bytes,
        content_type: str | None = _JSON,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.server.control.answered(status)
        self._send(status, body, content_type, headers)

    def _send(
        self,
        status: int,
        body: bytes,
        content_type: str | None = _JSON,
        headers: dict[str, str] | None = None,
        length: int | None = None,
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if content_type is not None:
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def _vanish(self, fault: str) -> None:
        self.close_connection = True
        if fault == "timeout":
            self.server.stopping.wait(self.server.control.setting("timeout_s"))
            return
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        # The streams on the socket would keep an ordinary close from happening now.
        os.close(self.connection.detach())


@contextmanager
def serving(archive: Path, **settings: Any) -> Iterator[Upstream]:
    """Serve an archive's facts from a thread of this process until the block ends."""
    upstream = Upstream(archive, **settings)
    thread = threading.Thread(target=upstream.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield upstream
    finally:
        upstream.stop()
        thread.join()


def _bytes(content: Json) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the client was faster
