"""The incidents: what is open, what somebody is still to be told, and whose turn it is to tell.

What an incident is, is decided in `automation`; how it is told, in `alerts`.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from filelock import FileLock, Timeout
from sqlalchemy.engine import Connection, make_url

from f1_pipeline.storage import database, migrate
from f1_pipeline.storage.schema import TABLES

_TABLE = TABLES["incidents"]
_LOCK = 0x4632  # an advisory lock in PostgreSQL beside the writers' (`database`)


@dataclass(frozen=True)
class Untold:
    """What is still to be told of an incident: that it began, or, with `closed_at`, its end."""

    incident: str
    kind: str
    message: str
    opened_at: datetime
    closed_at: datetime | None


class Incidents:
    """The incidents at one address. Opening it brings the schema up to date."""

    def __init__(self, url: str) -> None:
        self.url = url
        migrate.upgrade(url)

    def open(self) -> set[str]:
        """The names of those that are not over."""
        with database.reading(self.url) as connection:
            return set(connection.execute(_open(_TABLE.c.incident)).scalars())

    def record(
        self, opened: Collection[Mapping[str, str]], over: Collection[str], at: datetime
    ) -> None:
        """Enter new incidents (`incident`, `kind`, `message`) and the end of others, in one go.

        One that is open already stays as it is: two processes may have noticed it.
        """
        if not opened and not over:
            return
        with database.writing(self.url) as connection:
            known = set(connection.execute(_open(_TABLE.c.incident)).scalars())
            for new in opened:
                if new["incident"] not in known:
                    opened_at = _after_the_last(connection, new["incident"], at)
                    row = {**new, "opened_at": opened_at}
                    connection.execute(sa.insert(_TABLE), [row])
            # An end is never before its beginning, though the clock may be put back.
            end = sa.case((_TABLE.c.opened_at > at, _TABLE.c.opened_at), else_=at)
            is_over = _TABLE.c.incident.in_(over) & _TABLE.c.closed_at.is_(None)
            connection.execute(sa.update(_TABLE).where(is_over).values(closed_at=end))

    def untold(self, since: datetime) -> list[Untold]:
        """What is to be told, oldest first; an end comes after its beginning.

        What began and ended before `since`, while there was nobody to tell, is not.
        """
        began, ended, told = (_TABLE.c[n] for n in ("told_at", "closed_at", "end_told_at"))
        statement = sa.select(_TABLE).where(
            (began.is_(None) & (ended.is_(None) | (ended >= since)))
            | (began.is_not(None) & ended.is_not(None) & told.is_(None))
        )
        with database.reading(self.url) as connection:
            rows = connection.execute(statement).mappings().all()
        found = []
        for row in rows:
            facts: dict[str, Any] = {n: row[n] for n in ("incident", "kind", "message")}
            facts["opened_at"] = row["opened_at"]
            if row["told_at"] is None:
                found.append(Untold(**facts, closed_at=None))
            if row["closed_at"] is not None:
                found.append(Untold(**facts, closed_at=row["closed_at"]))
        return sorted(found, key=lambda one: (one.closed_at or one.opened_at, one.incident))

    def told(self, what: Untold, at: datetime) -> None:
        """Enter that somebody was told."""
        column = "told_at" if what.closed_at is None else "end_told_at"
        is_it = (_TABLE.c.incident == what.incident) & (_TABLE.c.opened_at == what.opened_at)
        with database.writing(self.url) as connection:
            connection.execute(sa.update(_TABLE).where(is_it).values({column: at}))

    @contextmanager
    def turn_to_tell(self) -> Iterator[bool]:
        """Whether no other process is telling; none will before the block ends.

        A process that is killed gives its turn back.
        """
        if make_url(self.url).get_backend_name() == "postgresql":
            with database.reading(self.url) as connection:
                yield bool(connection.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(_LOCK))))
            return
        try:
            turn = FileLock(f"{make_url(self.url).database}.telling").acquire(blocking=False)
        except Timeout:
            yield False
            return
        with turn:
            yield True


def _open(column: sa.Column[Any]) -> sa.Select[Any]:
    return sa.select(column).where(_TABLE.c.closed_at.is_(None))


def _after_the_last(connection: Connection, incident: str, at: datetime) -> datetime:
    """`at`, or the next instant when the incident was opened then before: the clock may stand."""
    last = connection.scalar(
        sa.select(sa.func.max(_TABLE.c.opened_at)).where(_TABLE.c.incident == incident)
    )
    return at if last is None or last < at else last + timedelta(microseconds=1)
