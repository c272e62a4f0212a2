"""Databases at a revision, and what can be said of their structure, whatever it was made by."""

from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection, make_url

from f1_pipeline.storage import database, migrate
from f1_pipeline.storage.schema import METADATA

_AT: dict[str, dict[str, dict[str, Any]]] = {}


@cache
def revisions() -> list[str]:
    """All revisions, the first one first."""
    script = ScriptDirectory.from_config(migrate.configuration())
    return [known.revision for known in script.walk_revisions()][::-1]


def upgrade_to(url: str, revision: str) -> None:
    """Migrate a database to a revision, which need not be the newest."""
    config = migrate.configuration()
    with database.writing(url) as connection:
        migrate.make_schema(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def upgrade_afresh(url: str) -> None:
    """As a new process does it: `upgrade` itself remembers what it has seen."""
    migrate.upgrade.__wrapped__(url)


def structures(url: str) -> dict[str, dict[str, Any]]:
    """By revision the structure that the migrations make; `url` is empty, and stays so."""
    dialect = make_url(url).get_backend_name()
    if dialect not in _AT:
        found = {}
        for revision in revisions():
            upgrade_to(url, revision)
            found[revision] = structure(url)
        empty(url)
        _AT[dialect] = found
    return _AT[dialect]


def empty(url: str) -> None:
    """Remove what is the project's."""
    if make_url(url).get_backend_name() == "sqlite":
        file = Path(str(make_url(url).database))
        for path in file.parent.glob(f"{file.name}*"):
            path.unlink()
        return
    with database.writing(url) as connection:
        connection.exec_driver_sql(f"DROP SCHEMA {database.SCHEMA} CASCADE")


def structure(url: str) -> dict[str, Any]:
    """Tables and views by name: columns in order with type and default, keys, indexes, text."""
    with database.reading(url) as connection:
        schema = migrate.context_options(connection)["version_table_schema"]
        inspector = sa.inspect(connection)
        keys = inspector.get_multi_pk_constraint(schema)
        others = [
            ask(schema)
            for ask in (
                inspector.get_multi_indexes,
                inspector.get_multi_foreign_keys,
                inspector.get_multi_unique_constraints,
                inspector.get_multi_check_constraints,
            )
        ]
        tables = {
            table[1]: {
                "columns": [(c["name"], str(c["type"]), c["nullable"], c["default"]) for c in told],
                "key": keys[table],
                "others": [one for kind in others for one in kind.get(table, ())],
            }
            for table, told in inspector.get_multi_columns(schema).items()
        }
        views = {
            name: " ".join(str(inspector.get_view_definition(name, schema)).split())
            for name in inspector.get_view_names(schema)
        }
    return tables | views


def differences(url: str) -> list[object]:
    """What the database has and the metadata has not, or the other way round."""
    with database.reading(url) as connection:
        postgres = connection.dialect.name == "postgresql"
        context = MigrationContext.configure(
            connection,
            opts={
                **migrate.context_options(connection),
                "compare_type": True,
                "include_schemas": postgres,
                "include_name": lambda name, kind, _: (
                    not postgres or kind != "schema" or name == database.SCHEMA
                ),
            },
        )
        return list(compare_metadata(context, METADATA if postgres else _without_schema()))


def tables_of(connection: Connection) -> dict[str, list[str]]:
    """By table that there is the names of its columns."""
    schema = migrate.context_options(connection)["version_table_schema"]
    found = sa.inspect(connection).get_multi_columns(schema)
    return {
        name: [column["name"] for column in told]
        for (_, name), told in found.items()
        if name != migrate.VERSION_TABLE
    }


def _without_schema() -> sa.MetaData:
    expected = sa.MetaData()
    for table in METADATA.tables.values():
        sa.Table(table.name, expected, *(column._copy() for column in table.columns))
    return expected
