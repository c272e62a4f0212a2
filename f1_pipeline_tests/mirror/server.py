"""The HTTP side: addresses, caching headers, counts, faults, and the remote control `/_control`.

`https://HOST/PATH` is asked for as `/HOST/PATH`. Settings beside the faults: `auth_wall` makes both
timing hosts answer 403; `lacking` names, by patterns on `HOST/PATH`, what is not there;
`support_race` names the driver lists and timing data that are another race's.
"""

import hashlib
import json
import random
import re
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from f1_pipeline_tests.mirror import schedule
from f1_pipeline_tests.mirror.amendments import amend
from f1_pipeline_tests.mirror.answers import Facts, NotHereError
from f1_pipeline_tests.mirror.times import instant
from f1_pipeline_tests.mirror.timing import Timing

HOST = "api.jolpi.ca"
SCHEDULES = "raw.githubusercontent.com"
TIMING = "livetiming.formula1.com"
TIMING_HOSTS = (TIMING, "livetiming-mirror.fastf1.dev")
_PLAIN_FAULTS = ("401", "403", "404", "429", "500", "503")
_SETTINGS: dict[str, Any] = {
    "until": None,
    "fail": 0.0,
    "fail_kinds": ["500"],
    "fail_match": "",
    "fail_next": 0,
    "timeout_s": 8.0,
    "max_age": 600,
    "amend": [],
    "edit_calendar": [],
    "auth_wall": False,
    "lacking": [],
    "support_race": [],
}


class WalledError(Exception):
    """The service answers none but its account holders."""


class Mirror:
    """What is served, how it fails, and what was asked."""

    def __init__(self, archive: Path, **settings: Any) -> None:
        self.facts = Facts.of(archive)
        self.timing = Timing(self.facts)
        self.settings = dict(_SETTINGS)
        self.lock = threading.RLock()
        self.random = random.Random(0)
        self.url = ""
        self._forget()
        self.change(**settings)

    def change(self, **settings: Any) -> dict[str, Any]:
        """Change settings; returns the report."""
        with self.lock:
            if "seed" in settings:
                self.random = random.Random(settings.pop("seed"))
            if settings.pop("reset_counts", False):
                self._forget()
            if "amend" in settings:
                new = settings.pop("amend")
                before = self.settings["amend"]
                self.settings["amend"] = [] if new is None else [*before, *_as_list(new)]
                amend(self.facts, self.settings["amend"])
            unknown = set(settings) - set(_SETTINGS)
            if unknown:
                raise ValueError(f"no such setting: {', '.join(sorted(unknown))}")
            self.settings |= settings
            self.facts.until = instant(self.settings["until"])
            self.facts.calendar_edits = _as_list(self.settings["edit_calendar"])
        return self.report()

    def report(self) -> dict[str, Any]:
        """Settings and counts."""
        with self.lock:
            return {
                "settings": dict(self.settings),
                "requests": sum(self.endpoints.values()),
                "by_endpoint": dict(self.endpoints),
                "by_status": dict(self.statuses),
                "faults": dict(self.faults),
            }

    def fault(self, address: str) -> str | None:
        """The fault that this request meets, if any; it is counted."""
        with self.lock:
            settings = self.settings
            if not re.search(settings["fail_match"], address):
                return None
            if settings["fail_next"] > 0:
                settings["fail_next"] -= 1
            elif self.random.random() >= settings["fail"]:
                return None
            kind = str(self.random.choice(settings["fail_kinds"]))
            self.faults[kind] += 1
            return kind

    def answer(self, host: str, path: str, query: str) -> bytes:
        """The document. Raises `NotHereError`, `WalledError`."""
        address = f"{host}{path}"
        with self.lock:
            if self.settings["auth_wall"] and host in TIMING_HOSTS:
                raise WalledError(address)
            if self._is_of("lacking", address):
                raise NotHereError(address)
            if host == TIMING:
                return self.timing.file(path, self._is_of("support_race", address))
            document = self._document(host, path, dict(parse_qsl(query)))
        return json.dumps(document, ensure_ascii=False).encode()

    def count(self, host: str, path: str) -> None:
        """Under the document's name; of one lap's times, `laps` is the name and not its number."""
        parts = re.sub(r"\.json(Stream)?$", "", path.rstrip("/")).split("/")
        name = parts[-2] if parts[-2:-1] == ["laps"] else parts[-1]
        with self.lock:
            self.endpoints[f"{host} {name}"] += 1

    def _document(self, host: str, path: str, query: dict[str, str]) -> dict[str, Any]:
        if host == SCHEDULES:
            return schedule.document(self.facts, path)
        if host != HOST:
            raise NotHereError(host)
        return self.timing.lap_times(path, query) or self.facts.document(path, query)

    def _is_of(self, setting: str, address: str) -> bool:
        return any(re.search(pattern, address) for pattern in _as_list(self.settings[setting]))

    def _forget(self) -> None:
        self.endpoints: Counter[str] = Counter()
        self.statuses: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    mirror: Mirror

    def log_message(self, *_: Any) -> None:
        """No line for every request."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            self._reply(200, json.dumps(self.mirror.change(**json.loads(body))).encode())
        except (ValueError, TypeError, StopIteration, KeyError) as error:
            self._reply(400, json.dumps({"error": repr(error)}).encode())

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/_control":
            return self._reply(200, json.dumps(self.mirror.report()).encode())
        host, _, rest = unquote(url.path).lstrip("/").partition("/")
        self.mirror.count(host, rest)
        fault = self.mirror.fault(f"{host}/{rest}")
        if fault in _PLAIN_FAULTS:
            headers = {"Retry-After": "1"} if fault in ("429", "503") else {}
            return self._reply(int(fault), b'{"detail": "no"}', headers)
        if fault in ("timeout", "reset"):
            return self._hang_up(fault)
        try:
            body = self.mirror.answer(host, f"/{rest}", url.query)
        except WalledError:
            return self._reply(403, b'{"detail": "Forbidden."}')
        except NotHereError:
            return self._reply(404, b'{"detail": "Not found."}')
        if fault == "garbage":
            return self._reply(200, b"<html>bad gateway</html>")
        return self._document(body, cut=fault == "truncate")

    def _document(self, body: bytes, cut: bool) -> None:
        tag = f'"{hashlib.md5(body).hexdigest()}"'
        age = self.mirror.settings["max_age"]
        headers = {"ETag": tag, "Cache-Control": f"max-age={age}" if age else "no-cache"}
        if self.headers.get("If-None-Match") == tag and not cut:
            return self._reply(304, b"", headers)
        return self._reply(200, body, headers, cut=cut)

    def _reply(
        self, status: int, body: bytes, headers: dict[str, str] | None = None, cut: bool = False
    ) -> None:
        with self.mirror.lock:
            self.mirror.statuses[str(status)] += 1
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            # FastF1 wants live timing's connections closed: one that is, and was not announced to
            # be, may be used again by the client and break there.
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        if cut:
            self.close_connection = True

    def _hang_up(self, fault: str) -> None:
        self.close_connection = True
        if fault == "timeout":
            time.sleep(self.mirror.settings["timeout_s"])
            return
        # A reset rather than an orderly end: nothing lingers.
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.shutdown(socket.SHUT_RDWR)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: Any) -> None:
        """A client that goes away is no news."""


def make_server(mirror: Mirror, port: int = 0) -> ThreadingHTTPServer:
    """A server on loopback; its address is then in `mirror.url`."""
    handler = type("Handler", (_Handler,), {"mirror": mirror})
    server = _Server(("127.0.0.1", port), handler)
    mirror.url = f"http://127.0.0.1:{server.server_address[1]}"
    return server


@contextmanager
def serving(archive: Path, **settings: Any) -> Iterator[Mirror]:
    """Serve an archive's facts from a thread of this process until the block ends."""
    mirror = Mirror(archive, **settings)
    server = make_server(mirror)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield mirror
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
