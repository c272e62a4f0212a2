"""Bring the schema of a database up to date, or one revision back, with Alembic.

Several processes may ask at once. Here belong when to migrate, who may, and what is refused; what
a migration does is in `migrations`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import DBAPIError

from f1_pipeline import clock
from f1_pipeline.errors import StorageError
from f1_pipeline.storage import database

VERSION_TABLE = "f1_migrations"
# SQLSTATE of what a role of PostgreSQL may not do.
_NOT_ALLOWED = "42501"
# A run gives a sign of life every five seconds (`heartbeats`); after this it counts as lost.
_QUIET = timedelta(seconds=60)


@dataclass(frozen=True)
class StepBack:
    """What a step back does: from a revision to the one before, and the rows that are lost.

    `dropped`: by table that goes, its rows. `thinned`: by table that stays, the rows that go.
    `columns`: by table that stays, the columns that go.
    """

    before: str
    after: str
    dropped: dict[str, int]
    thinned: dict[str, int]
    columns: dict[str, list[str]]


@cache
def upgrade(url: str) -> None:
    """Create or migrate the project's tables in one transaction, where they are not of today.

    A role that only reads or writes rows may open tables that are. Raises `StorageError` when the
    database was made by a newer version of the project, or this role may not migrate it.
    """
    script = ScriptDirectory.from_config(configuration())
    if _found(url) == script.get_current_head():
        return
    with _allowed(url, "migrate the tables"), database.writing(url) as connection:
        make_schema(connection)
        # Another process may have been first.
        if _known(script, revision(connection)) != script.get_current_head():
            command.upgrade(_on(connection), "head")


def plan_step_back(url: str) -> StepBack:
    """What `step_back` would do now. It is done and taken back: the tables stay as they are."""
    with _allowed(url, "migrate the tables"), database.writing(url) as connection:
        inside = connection.begin_nested()
        told = _stepped_back(connection)
        inside.rollback()
    return told


def step_back(url: str) -> str:
    """Undo the newest migration in one transaction; returns the revision that it leaves.

    For going back to the version of the project before, which has to be installed next: any
    command of this one migrates forwards again. Rows of tables that both revisions have stay, as
    far as each migration's `downgrade` says. Raises `StorageError` while a run is under way, at
    the first revision, and for a database that this version does not know.
    """
    with _allowed(url, "migrate the tables"), database.writing(url) as connection:
        _refuse_while_running(connection)
        after = _stepped_back(connection).after
    upgrade.cache_clear()
    return after


def configuration() -> Config:
    """Alembic's configuration: the migrations lie in this package."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def context_options(connection: Connection) -> dict[str, Any]:
    return {"version_table": VERSION_TABLE, "version_table_schema": _schema(connection)}


def revision(connection: Connection) -> str | None:
    """The revision that the tables are at; None where there are none."""
    options = context_options(connection)
    return MigrationContext.configure(connection, opts=options).get_current_revision()


def make_schema(connection: Connection) -> None:
    """Schema f1, where it is missing: asking for it needs a right even where it is there."""
    if connection.dialect.name != "postgresql":
        return
    if not sa.inspect(connection).has_schema(database.SCHEMA):
        connection.execute(sa.text(f"CREATE SCHEMA IF NOT EXISTS {database.SCHEMA}"))


def _found(url: str) -> str | None:
    """The revision of the tables at an address, read without a lock and without making anything."""
    address = make_url(url)
    is_file = address.get_backend_name() == "sqlite"
    if is_file and not Path(str(address.database)).exists():
        return None
    with (
        _allowed(url, "read which revision the tables are at"),
        database.reading(url) as connection,
    ):
        return revision(connection)


def _known(script: ScriptDirectory, found: str | None) -> str | None:
    """A revision. Raises `StorageError` for one that only a newer version has."""
    if found is not None and found not in {known.revision for known in script.walk_revisions()}:
        raise StorageError(
            f"the database is at revision {found}, which this version does not know: "
            "use the version of f1_pipeline that made it, or a newer one."
        )
    return found


def _on(connection: Connection) -> Config:
    config = configuration()
    config.attributes["connection"] = connection
    return config


def _stepped_back(connection: Connection) -> StepBack:
    script = ScriptDirectory.from_config(configuration())
    before = _known(script, revision(connection))
    if before is None:
        raise StorageError("the database has no tables of the project: there is nothing to undo.")
    after = script.get_revision(before).down_revision
    if not isinstance(after, str):
        raise StorageError(
            f"the database is at revision {before}, the first one: before it there is none."
        )
    rows, columns = _rows(connection), _columns(connection)
    command.downgrade(_on(connection), after)
    rows_left, columns_left = _rows(connection), _columns(connection)
    return StepBack(
        before,
        after,
        dropped={name: count for name, count in rows.items() if name not in rows_left},
        thinned={
            name: rows[name] - rows_left[name]
            for name in sorted(rows.keys() & rows_left.keys() - {"table_versions"})
            if rows_left[name] < rows[name]
        },
        columns={
            name: [column for column in columns[name] if column not in columns_left[name]]
            for name in sorted(rows.keys() & rows_left.keys())
            if set(columns[name]) - set(columns_left[name])
        },
    )


def _rows(connection: Connection) -> dict[str, int]:
    """By table of the project how many rows it holds."""
    schema = _schema(connection)
    names = set(_columns(connection)) - {VERSION_TABLE}
    count = sa.select(sa.func.count())
    return {
        name: connection.execute(count.select_from(sa.table(name, schema=schema))).scalar_one()
        for name in sorted(names)
    }


def _columns(connection: Connection) -> dict[str, list[str]]:
    found = sa.inspect(connection).get_multi_columns(schema=_schema(connection))
    return {name: [column["name"] for column in told] for (_, name), told in found.items()}


def _refuse_while_running(connection: Connection) -> None:
    """Raises `StorageError` when a run has given a sign of life in the last minute."""
    beats = sa.table(
        "run_heartbeats",
        sa.column("beat_at", sa.DateTime(timezone=True)),
        schema=_schema(connection),
    )
    if not sa.inspect(connection).has_table(beats.name, schema=beats.schema):
        return
    last: datetime | None = connection.scalar(sa.select(sa.func.max(beats.c.beat_at)))
    if last is None:
        return
    now = clock.wall()
    # SQLite keeps no zone: what it holds is UTC.
    if (last if last.tzinfo else last.replace(tzinfo=now.tzinfo)) > now - _QUIET:
        raise StorageError(
            "a run is under way, or was until a minute ago: stop the daemon and all runs, and "
            "step back then."
        )


@contextmanager
def _allowed(url: str, what: str) -> Iterator[None]:
    """What a role may not do, as one line that names the command and the role that may."""
    try:
        yield
    except StorageError as error:
        cause = error.__cause__
        if not isinstance(cause, DBAPIError) or getattr(cause.orig, "pgcode", "") != _NOT_ALLOWED:
            raise
        role = make_url(url).username or "the role that connects"
        reason = str(cause.orig).strip().partition("\n")[0]
        raise StorageError(
            f"{role} may not {what} ({reason}): run `f1-pipeline prepare` as the role that owns "
            f"schema {database.SCHEMA}, then deploy/postgres/roles.sql once more."
        ) from cause


def _schema(connection: Connection) -> str | None:
    return database.SCHEMA if connection.dialect.name == "postgresql" else None
