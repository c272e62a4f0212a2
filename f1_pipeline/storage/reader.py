"""Reads for processes that only read: a few connections, a time limit, one state per answer.

It writes nothing, migrates nothing and knows no contract, so a process that serves needs neither
pandas nor pandera: the columns are those that the database has.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import NoSuchTableError
from sqlalchemy.pool import QueuePool

from f1_pipeline.errors import StorageError
from f1_pipeline.storage import database

Row = dict[str, Any]
# Instructions of SQLite between two looks at the clock: some 50 µs.
_STEPS = 10_000
# How long a connection may take to come about: a server that is gone is known sooner than a
# request's time limit.
_CONNECT_SECONDS = 3


class EmptyError(StorageError):
    """The database can be read and has no tables of the project yet."""


class Snapshot:
    """All tables as they stand at one instant."""

    def __init__(self, connection: Connection, tables: dict[str, sa.Table]) -> None:
        self._connection = connection
        self._tables = tables

    def rows(
        self,
        name: str,
        columns: Sequence[str] | None = None,
        *,
        order: Sequence[str] = (),
        limit: int | None = None,
        offset: int = 0,
        distinct: bool = False,
        **where: Any,
    ) -> list[Row]:
        """Rows of a table or view as dicts; instants are aware, in UTC.

        `where`: column=value, or column=list for any of them. `order`: columns, "-column" for
        descending.
        """
        table = self._table(name)
        chosen = [table.c[column] for column in columns or table.c.keys()]
        statement = sa.select(*chosen).where(_condition(table, where)).offset(offset or None)
        for column in order:
            by = table.c[column.removeprefix("-")]
            statement = statement.order_by(by.desc() if column.startswith("-") else by)
        if limit is not None:
            statement = statement.limit(limit)
        if distinct:
            statement = statement.distinct()
        found = self._connection.execute(statement).mappings()
        return [{key: _aware(value) for key, value in row.items()} for row in found]

    def first(self, name: str, *, order: Sequence[str] = (), **where: Any) -> Row | None:
        """The first of such rows, or None."""
        found = self.rows(name, order=order, limit=1, **where)
        return found[0] if found else None

    def count(self, name: str, **where: Any) -> int:
        table = self._table(name)
        statement = sa.select(sa.func.count()).select_from(table).where(_condition(table, where))
        return self._connection.execute(statement).scalar_one()

    def newest(self, name: str, column: str, **where: Any) -> Any:
        """The largest value of a column, None where there is none."""
        table = self._table(name)
        statement = sa.select(sa.func.max(table.c[column])).where(_condition(table, where))
        return _aware(self._connection.execute(statement).scalar())

    def _table(self, name: str) -> sa.Table:
        """The table as the database has it; looked up once."""
        if name not in self._tables:
            metadata = sa.MetaData(schema=_schema(self._connection))
            try:
                self._tables[name] = sa.Table(name, metadata, autoload_with=self._connection)
            except NoSuchTableError:
                raise EmptyError(
                    f"the database has no table {name} yet: `f1-pipeline run` makes it."
                ) from None
        return self._tables[name]


class Reader:
    """The tables at one address, read over at most so many connections at a time."""

    def __init__(self, url: str, *, connections: int, seconds: float) -> None:
        """`seconds`: how long a statement, and the wait for a connection, may take."""
        self._url = url
        self._engine = _engine(url, connections, seconds)
        self._tables: dict[str, sa.Table] = {}

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """One state of all tables. Raises `StorageError` when the database cannot be read."""
        with (
            database.clear_errors(self._url),
            self._engine.connect() as connection,
            connection.begin(),
        ):
            yield Snapshot(connection, self._tables)

    def revisions(self) -> dict[str, str]:
        """By table what changes whenever its rows do."""
        with self.snapshot() as snapshot:
            return revisions(snapshot)

    def close(self) -> None:
        self._engine.dispose()


def revisions(snapshot: Snapshot) -> dict[str, str]:
    """By table what changes whenever its rows do, as of a snapshot."""
    rows = snapshot.rows("table_revisions")
    return {row["table_name"]: f"{row['revision']}@{row['changed_at']}" for row in rows}


def _engine(url: str, connections: int, seconds: float) -> Engine:
    pool = {
        "poolclass": QueuePool,
        "pool_size": connections,
        "max_overflow": 0,
        "pool_timeout": seconds,
    }
    if make_url(url).get_backend_name() == "sqlite":
        return _sqlite(url, pool, seconds)
    milliseconds = int(seconds * 1000)
    options = f"-c default_transaction_read_only=on -c statement_timeout={milliseconds}"
    return sa.create_engine(
        url,
        **pool,
        pool_pre_ping=True,
        isolation_level="REPEATABLE READ",
        connect_args={
            "connect_timeout": _CONNECT_SECONDS,
            "options": options,
            # A server that vanished without a word is noticed within ten seconds or so.
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
        },
    )


def _sqlite(url: str, pool: dict[str, Any], seconds: float) -> Engine:
    # mode=ro: a file that is not there is an error, and is not made.
    path = make_url(url).database
    engine = sa.create_engine(
        f"sqlite:///file:{path}?mode=ro&uri=true",
        **pool,
        connect_args={"timeout": seconds, "check_same_thread": False},
    )

    @sa.event.listens_for(engine, "connect")
    def configure(connection, _record):  # type: ignore[no-untyped-def]
        connection.isolation_level = None

    @sa.event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        ends = time.monotonic() + seconds
        connection.connection.dbapi_connection.set_progress_handler(  # type: ignore[union-attr]
            lambda: time.monotonic() > ends, _STEPS
        )
        connection.exec_driver_sql("BEGIN")

    return engine


def _schema(connection: Connection) -> str | None:
    return database.SCHEMA if connection.dialect.name == "postgresql" else None


def _condition(table: sa.Table, where: Mapping[str, Any]) -> sa.ColumnElement[bool]:
    return sa.and_(
        sa.true(),
        *(
            table.c[name].in_(value) if isinstance(value, list) else table.c[name] == value
            for name, value in where.items()
        ),
    )


def _aware(value: Any) -> Any:
    """SQLite's instants come without their zone, which is UTC."""
    if not isinstance(value, datetime):
        return value
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
