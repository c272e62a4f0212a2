"""Signs of life of runs. A killed process leaves a run that Dagster takes for started for ever:
its launcher cannot ask a worker that is gone. A run that stops beating is lost, on any machine.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import sqlalchemy as sa

from f1_pipeline import clock
from f1_pipeline.errors import StorageError
from f1_pipeline.storage import database, migrate
from f1_pipeline.storage.schema import HEARTBEATS

EVERY = 5.0  # seconds
# A machine may be busy: eight beats missed. With the five seconds between two looks and the time
# that a run takes to begin, what a killed process left undone is taken up within 90 s.
LOST_AFTER = timedelta(seconds=40)


class Heartbeats:
    """The runs under way at one address. Opening it brings the schema up to date."""

    def __init__(self, url: str) -> None:
        self.url = url
        migrate.upgrade(url)

    @contextmanager
    def beating(self, run_id: str) -> Iterator[None]:
        """Give a sign of life every five seconds until the block ends."""
        self._beat(run_id)
        ended = threading.Event()
        thread = threading.Thread(target=self._keep_beating, args=(run_id, ended), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def last(self) -> dict[str, datetime]:
        """When each run beat last."""
        with database.reading(self.url) as connection:
            return dict(connection.execute(sa.select(HEARTBEATS)).tuples().all())

    def _keep_beating(self, run_id: str, ended: threading.Event) -> None:
        while not ended.wait(EVERY):
            try:
                self._beat(run_id)
            except StorageError:
                # The run itself meets the same fault where it can say so; the next beat may come.
                continue

    def _beat(self, run_id: str) -> None:
        now = clock.wall()
        # Out of turn: a writer that takes its time must not silence the runs that wait for it.
        with database.writing(self.url, in_turn=False) as connection:
            connection.execute(sa.delete(HEARTBEATS).where(HEARTBEATS.c.run_id == run_id))
            connection.execute(
                sa.delete(HEARTBEATS).where(HEARTBEATS.c.beat_at < now - 10 * LOST_AFTER)
            )
            connection.execute(sa.insert(HEARTBEATS), [{"run_id": run_id, "beat_at": now}])
