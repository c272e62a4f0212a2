"""The worker's look at the database, twice a second: which tables have changed, and is it there?

A cached answer never waits for the database, so what is published is seen within a second.
"""

import asyncio
import hashlib
import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from f1_pipeline import __version__, clock
from f1_pipeline.errors import StorageError
from f1_pipeline.storage.reader import EmptyError, Reader

LOG = logging.getLogger("f1_pipeline.serving")
SECONDS = 0.5


class Watch:
    """What was last seen of the database. `fault`: since when it cannot be read, or None."""

    def __init__(self, reader: Reader, threads: ThreadPoolExecutor) -> None:
        self._reader = reader
        self._threads = threads
        self.fault: str | None = None
        self.has_tables = False
        self.seen: dict[str, str] = {}
        self._tokens: dict[tuple[str, ...], str] = {}

    def token(self, tables: Sequence[str]) -> str:
        """What changes whenever one of the tables does, as last seen."""
        key = tuple(tables)
        if key not in self._tokens:
            self._tokens[key] = self.token_of(self.seen, key)
        return self._tokens[key]

    @staticmethod
    def token_of(seen: Mapping[str, str], tables: Sequence[str]) -> str:
        """The same for a state of the tables, and this code: another words its answers anew."""
        text = "\n".join([__version__, *(f"{table} {seen.get(table)}" for table in sorted(tables))])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def look(self) -> None:
        """One look; blocks while the database is asked."""
        try:
            seen, self.has_tables = self._reader.revisions(), True
        except EmptyError:
            seen, self.has_tables = {}, False  # it can be read, and nothing was made yet
        except StorageError as error:
            self.failed(error)
            return
        if seen != self.seen:
            self.seen, self._tokens = seen, {}
        if self.fault is not None:
            LOG.warning("the database can be read again")
        self.fault = None

    def failed(self, error: StorageError) -> str:
        """Remember since when the database cannot be read; why is the log's business alone."""
        if self.fault is None:
            LOG.error("%s", error)
            since = f"{clock.wall():%Y-%m-%dT%H:%M:%SZ}"
            self.fault = f"the database cannot be read since {since}: this is what was read before"
        return self.fault

    async def go_on(self) -> None:
        """Look again and again, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await loop.run_in_executor(self._threads, self.look)
            await asyncio.sleep(SECONDS)
