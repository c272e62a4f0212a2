"""Put the gate into FastF1, and give FastF1 a cache folder that can be used.

FastF1 keeps one cache and two sessions for the whole process, so connecting is done once for each
address and folder. Its own limits stay in force beside the shared budget.
"""

import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from f1_pipeline.errors import StorageError
from f1_pipeline.sources.upstream.account import Account
from f1_pipeline.sources.upstream.gate import Gate
from f1_pipeline.storage.budget import RequestBudget

_TIMING = "https://livetiming.formula1.com/"
_PREFIXES = ("https://", "http://", _TIMING)
HTTP_CACHE = "fastf1_http_cache.sqlite"
_connected: list["Connection"] = []
_lock = threading.Lock()
_own_limits: dict[Any, Any] = {}  # FastF1's, for a connection that is limited again
_account = Account()


def account() -> Account:
    """The F1 account of this process: what it knows of failed sign-ins holds for all requests."""
    return _account


@dataclass(frozen=True)
class Connection:
    """Where FastF1 asks, where it caches, and whether its own limits hold."""

    cache: Path
    mirror: str
    limited: bool
    budget: RequestBudget


def connect(connection: Connection, warn: Callable[[str], None]) -> None:
    """Make FastF1 of this process ask through the gate.

    A damaged HTTP cache is removed, with a line to `warn`: all of it can be asked for again. Raises
    `StorageError` when the cache folder cannot be written.
    """
    with _lock:
        if _connected == [connection]:
            return
        import fastf1.req
        from fastf1.logger import set_log_level

        set_log_level("ERROR")
        _prepare(connection.cache, warn)
        fastf1.req.Cache.configure(cache_dir=str(connection.cache))
        _install(fastf1.req, connection)
        _connected[:] = [connection]


def _install(req: Any, connection: Connection) -> None:
    """Mount the gate on both of FastF1's sessions, and the account behind it for live timing.

    `_requests_session_cached`, `_requests_session` and `_RATE_LIMITS` are private names of FastF1;
    it has no public way to mount an adapter (test_connection notices when they change).
    """
    from fastf1.internals.f1account import LivetimingAuthAdapter

    cached = req.Cache._requests_session_cached
    # An outage must show as one, and not be covered by what was cached last week.
    cached.settings.stale_if_error = False
    for session in (cached, req.Cache._requests_session):
        for prefix in _PREFIXES:
            inner = session.get_adapter("https://x")
            while isinstance(inner, Gate):
                inner = inner.inner
            if prefix == _TIMING and not connection.mirror:
                # A sign-in has no business with a mirror.
                inner = LivetimingAuthAdapter(_account)
            session.mount(prefix, Gate(inner, connection.budget, connection.mirror))
    limiting = req._SessionWithRateLimiting
    _own_limits.update(limiting._RATE_LIMITS)
    limiting._RATE_LIMITS = dict(_own_limits) if connection.limited else {}


def _prepare(cache: Path, warn: Callable[[str], None]) -> None:
    try:
        cache.mkdir(parents=True, exist_ok=True)
        probe = cache / ".writable"
        probe.write_bytes(b"f1" * 2048)
        probe.unlink()
        if not _is_sound(cache / HTTP_CACHE):
            for file in cache.glob(f"{HTTP_CACHE}*"):
                file.unlink()
            warn(f"{cache / HTTP_CACHE} was damaged and is begun anew.")
    except OSError as error:
        raise StorageError(
            f"{cache} cannot be written ({error.strerror}): free some space there or set "
            "FASTF1_CACHE_DIR to a folder that can be."
        ) from None


def _is_sound(file: Path) -> bool:
    if not file.exists():
        return True
    try:
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as connection:
            found = connection.execute("PRAGMA quick_check").fetchone()
            return bool(found == ("ok",))
    except sqlite3.OperationalError as error:
        return "locked" in str(error)
    except sqlite3.DatabaseError:
        return False
