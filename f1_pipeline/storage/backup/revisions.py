"""The schema at a chosen revision, within a transaction: a backup is loaded into its own."""

import sqlalchemy as sa
from alembic import command
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.engine import Connection

from f1_pipeline.errors import StorageError
from f1_pipeline.storage import database, migrate
from f1_pipeline.storage.schema import METADATA


def require_head(connection: Connection) -> str:
    """The revision of the database. Raises `StorageError` when this version is not of the same."""
    options = migrate.context_options(connection)
    found = MigrationContext.configure(connection, opts=options).get_current_revision()
    if found is None or found != _script().get_current_head():
        raise StorageError(
            f"the database is at revision {found}, and this process was started with another "
            "version of f1_pipeline: start it again."
        )
    return found


def require_known(revision: str) -> None:
    """Raises `StorageError` for a revision that only a newer version of the project has."""
    if revision not in {script.revision for script in _script().walk_revisions()}:
        raise StorageError(
            f"the backup's tables are at revision {revision}, which this version does not know: "
            "restore it with the version of f1_pipeline that wrote it, or a newer one."
        )


def require_empty(connection: Connection) -> None:
    """Raises `StorageError` when a table of the project holds a row."""
    schema = database.SCHEMA if connection.dialect.name == "postgresql" else None
    present = set(sa.inspect(connection).get_table_names(schema))
    for table in METADATA.tables.values():
        row = sa.select(sa.literal(1)).select_from(table).limit(1)
        if table.name in present and connection.scalar(row):
            raise StorageError(
                f"the database is not empty (table {table.name} has rows), and a restore "
                "overwrites nothing: name a new one in DATABASE_URL or F1_DATA_DIR, or remove "
                "this one first."
            )


def make(connection: Connection, revision: str) -> None:
    """Make the empty tables as they were at a revision, in place of empty ones that are there."""
    migrate.make_schema(connection)
    upgrade(connection, "head")
    if revision != _script().get_current_head():
        prefix = f"{database.SCHEMA}." if connection.dialect.name == "postgresql" else ""
        connection.execute(sa.text(f"DROP VIEW {prefix}current_predictions"))
        METADATA.drop_all(connection)
        config = migrate.configuration()
        config.attributes["connection"] = connection
        command.stamp(config, "base")
        upgrade(connection, revision)


def upgrade(connection: Connection, revision: str) -> None:
    """Migrate up to a revision. Raises `StorageError` when the tables are of a newer version."""
    config = migrate.configuration()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, revision)
    except CommandError as error:
        raise StorageError(
            f"the database is at a revision that this version does not know ({error}): name a new "
            "one in DATABASE_URL or F1_DATA_DIR."
        ) from None


def _script() -> ScriptDirectory:
    return ScriptDirectory.from_config(migrate.configuration())
