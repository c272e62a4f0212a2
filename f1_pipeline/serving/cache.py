"""Answers that are kept: by what was asked and by the revisions of the tables they were read from.

An answer holds until one of its tables is changed, until a moment that changes it by itself (the
start of a race), or for `CACHE_TTL_SECONDS`. When the database cannot be read, what is kept goes
on, marked stale. Redis, if there is one, is a second shelf that workers share: its loss costs time.
"""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from cachetools import LRUCache

from f1_pipeline import clock
from f1_pipeline.errors import StorageError
from f1_pipeline.serving.errors import unavailable
from f1_pipeline.serving.metrics import HITS, MISSES, SHARED
from f1_pipeline.serving.watch import Watch
from f1_pipeline.storage.reader import EmptyError, Reader, Snapshot, revisions

_BYTES = 32 * 2**20
# What a value that is no text is taken to weigh.
_OBJECT = 200_000
# Misses under way at a time, beside those that wait for the same answer.
_UNDER_WAY = 64


@dataclass(frozen=True)
class Kept:
    """A value, the state of the tables that it was read from, and how long it holds."""

    value: Any
    token: str
    made_at: datetime
    until: datetime
    etag: str = ""
    # Why it may be out of date, where the database could not be asked.
    stale: str | None = None

    def holds(self, token: str, now: datetime) -> bool:
        return self.token == token and self.made_at <= now < self.until


@dataclass(frozen=True)
class Read:
    """What a reading function gives: the value, and the moment that changes it, if one does."""

    value: Any
    changes_at: datetime | None = None


class Shelf(Protocol):
    """A cache that other workers see too; what goes wrong with it is its own business."""

    async def get(self, key: str, token: str) -> Kept | None: ...

    async def put(self, key: str, kept: Kept) -> None: ...

    async def close(self) -> None: ...


class Cache:
    """One worker's answers."""

    def __init__(
        self,
        reader: Reader,
        watch: Watch,
        threads: ThreadPoolExecutor,
        seconds: int,
        limit: float,
        shelf: Shelf | None = None,
    ) -> None:
        self._reader = reader
        self._threads = threads
        self._watch = watch
        self._seconds = timedelta(seconds=seconds)
        self._limit = limit
        self._shelf = shelf
        self._kept: LRUCache[str, Kept] = LRUCache(_BYTES, getsizeof=_weight)
        self._under_way: dict[str, asyncio.Task[Kept]] = {}

    @property
    def holds_any(self) -> bool:
        return len(self._kept) > 0

    async def get(self, key: str, tables: Sequence[str], read: Callable[[Snapshot], Read]) -> Kept:
        """The value of `read` on the state of the tables as last seen.

        Raises `ApiError` 503 when there is none and the database cannot be read.
        """
        now = clock.now()
        kept = self._kept.get(key)
        fault = self._watch.fault
        if kept is not None and (fault or kept.holds(self._watch.token(tables), now)):
            HITS.inc()
            return replace(kept, stale=fault) if fault else kept
        MISSES.inc()
        task = self._under_way.get(key)
        if task is None:
            if len(self._under_way) >= _UNDER_WAY:
                raise unavailable("busy", "Too much is being read already.", "Try again soon.")
            task = asyncio.create_task(self._fetch(key, tables, read))
            self._under_way[key] = task
            task.add_done_callback(lambda _: self._under_way.pop(key, None))
        try:
            # A client that goes away, or gives up, takes the answer from nobody else.
            return await asyncio.wait_for(asyncio.shield(task), self._limit)
        except TimeoutError:
            fault = "reading it anew took too long"
        except EmptyError:
            text = "Nothing is published here yet."
            raise unavailable("empty", text, "`f1-pipeline run` makes it.") from None
        except StorageError as error:
            fault = self._watch.failed(error)
        if kept is not None:
            return replace(kept, stale=fault)
        raise unavailable(
            "unavailable",
            "The answer cannot be read from the database now.",
            "Try again in some seconds. In a new place `f1-pipeline run` makes the tables.",
        )

    async def _fetch(
        self, key: str, tables: Sequence[str], read: Callable[[Snapshot], Read]
    ) -> Kept:
        if self._shelf is not None:
            token = self._watch.token(tables)
            found = await self._shelf.get(key, token)
            if found is not None and found.holds(token, clock.now()):
                SHARED.inc()
                self._kept[key] = found
                return found
        kept = await asyncio.get_running_loop().run_in_executor(
            self._threads, self._read, tables, read
        )
        self._kept[key] = kept
        if self._shelf is not None and isinstance(kept.value, bytes):
            await self._shelf.put(key, kept)
        return kept

    def _read(self, tables: Sequence[str], read: Callable[[Snapshot], Read]) -> Kept:
        now = clock.now()
        with self._reader.snapshot() as snapshot:
            seen = revisions(snapshot)
            found = read(snapshot)
        until = now + self._seconds
        if found.changes_at is not None and found.changes_at > now:
            until = min(until, found.changes_at)
        etag = ""
        if isinstance(found.value, bytes):
            etag = f'"{hashlib.sha256(found.value).hexdigest()[:20]}"'
        return Kept(found.value, self._watch.token_of(seen, tables), now, until, etag)


def _weight(kept: Kept) -> int:
    return len(kept.value) if isinstance(kept.value, bytes) else _OBJECT
