"""Connections: one engine per address, the same rules on SQLite and PostgreSQL.

Failures to reach a database become one `StorageError` line, with the password left out.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError

from f1_pipeline import clock
from f1_pipeline.errors import StorageError

SCHEMA = "f1"
# Marks the tables (in their `info`) whose changes readers are told of.
REVISED = "revised"
_LOCK = 0x4631  # the project's advisory lock in PostgreSQL: "F1"
_BUSY_SECONDS = 60
# `schema.REVISIONS`, which stands on this module.
_REVISIONS = sa.Table(
    "table_revisions",
    sa.MetaData(schema=SCHEMA),
    sa.Column("table_name", sa.Text()),
    sa.Column("revision", sa.BigInteger()),
    sa.Column("changed_at", sa.DateTime(timezone=True)),
)


@cache
def engine_for(url: str) -> Engine:
    """The engine of an address; tables of schema `f1` have no schema on SQLite."""
    if make_url(url).get_backend_name() == "sqlite":
        return _sqlite(url)
    return sa.create_engine(
        url, pool_pre_ping=True, pool_size=2, connect_args={"connect_timeout": 10}
    )


def _sqlite(url: str) -> Engine:
    engine = sa.create_engine(
        url, connect_args={"timeout": _BUSY_SECONDS}, poolclass=sa.pool.NullPool
    )

    @sa.event.listens_for(engine, "connect")
    def configure(connection, _record):  # type: ignore[no-untyped-def]
        # The driver's own BEGIN comes too late for DDL: transactions are begun below.
        connection.isolation_level = None
        _use_wal(connection)
        connection.execute("PRAGMA synchronous=NORMAL")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine.execution_options(schema_translate_map={SCHEMA: None})


def _use_wal(connection: Any) -> None:
    """Switch the file to WAL. Here SQLite does not wait for another process that does the same."""
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


@contextmanager
def reading(url: str) -> Iterator[Connection]:
    """A read transaction: one consistent state of all tables."""
    with clear_errors(url), engine_for(url).connect() as connection:
        if connection.dialect.name == "postgresql":
            # The default would let each statement see what was committed meanwhile.
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            yield connection


@contextmanager
def writing(url: str, *, in_turn: bool = True) -> Iterator[Connection]:
    """A write transaction; writers of all processes take turns, and readers never wait.

    Everything in it is published at its end, or nothing is. Not `in_turn`: rows that no other
    writer touches need not wait for one, on PostgreSQL; SQLite knows one writer.
    """
    _make_folder(url)
    with clear_errors(url), engine_for(url).connect() as connection:
        connection = connection.execution_options(writes=True)
        with connection.begin():
            if in_turn and connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            changed = _changed_tables(connection)
            yield connection
            _raise_revisions(connection, changed)


def _changed_tables(connection: Connection) -> set[str]:
    """The names of the tables whose rows this connection changes from now on, as it does."""
    changed = set[str]()

    def note(_connection: Any, statement: Any, *_rest: Any) -> None:
        nonlocal changed
        table = getattr(statement, "table", None)
        if getattr(statement, "is_dml", False) and isinstance(table, sa.Table):
            changed |= {table.name} if table.info.get(REVISED) else set()

    sa.event.listen(connection, "after_execute", note)
    return changed


def _raise_revisions(connection: Connection, changed: set[str]) -> None:
    for name in sorted(changed):
        now = clock.wall()
        known = connection.execute(
            sa.update(_REVISIONS)
            .where(_REVISIONS.c.table_name == name)
            .values(revision=_REVISIONS.c.revision + 1, changed_at=now)
        )
        if not known.rowcount:
            row = {"table_name": name, "revision": 1, "changed_at": now}
            connection.execute(sa.insert(_REVISIONS).values(row))


def _make_folder(url: str) -> None:
    database = make_url(url).database
    if make_url(url).get_backend_name() != "sqlite" or not database:
        return
    try:
        Path(database).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"{Path(database).parent} cannot be created ({error.strerror}): set F1_DATA_DIR or "
            "DATABASE_URL to a folder that can be written."
        ) from None


@contextmanager
def clear_errors(url: str) -> Iterator[None]:
    """The driver's errors as `StorageError`s: one line, without the password."""
    try:
        yield
    except DBAPIError as error:
        cause = str(error.orig).strip().partition("\n")[0]
        # The base class itself stands for a file that is no database, or a damaged one.
        if not isinstance(error, OperationalError) and type(error) is not DatabaseError:
            raise StorageError(f"the database refused a statement ({cause}).") from error
        address = make_url(url).difference_update_query(["password", "sslpassword"])
        raise StorageError(
            f"the database {address.render_as_string(hide_password=True)} cannot be used "
            f"({cause}): check DATABASE_URL and F1_DATA_DIR."
        ) from error
