"""Bring the schema of a database up to date, with Alembic; several processes may ask at once."""

from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from f1_pipeline.errors import StorageError
from f1_pipeline.storage import database

VERSION_TABLE = "f1_migrations"


@cache
def upgrade(url: str) -> None:
    """Create or migrate the project's tables in one transaction.

    Raises `StorageError` when the database was made by a newer version of the project.
    """
    config = configuration()
    script = ScriptDirectory.from_config(config)
    with database.writing(url) as connection:
        _make_schema(connection)
        found = context_options(connection)
        current = MigrationContext.configure(connection, opts=found).get_current_revision()
        if current == script.get_current_head():
            return
        if current is not None and current not in {r.revision for r in script.walk_revisions()}:
            raise StorageError(
                f"the database is at revision {current}, which this version does not know: "
                "use the version of f1_pipeline that made it, or a newer one."
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def configuration() -> Config:
    """Alembic's configuration: the migrations lie in this package."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def context_options(connection: Connection) -> dict[str, Any]:
    schema = database.SCHEMA if connection.dialect.name == "postgresql" else None
    return {"version_table": VERSION_TABLE, "version_table_schema": schema}


def _make_schema(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text(f"CREATE SCHEMA IF NOT EXISTS {database.SCHEMA}"))
