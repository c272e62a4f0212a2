"""Dumps: tables, view and rows of a revision as lines of JSON that load into either database.

Neither the contracts nor the migrations are asked: a dump says itself what there was.
"""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from f1_pipeline.storage import database
from f1_pipeline.storage.schema import current_predictions_ddl

FOLDER = Path(__file__).parent / "dumps"
VIEW = "current_predictions"
VERSION_TABLE = "f1_migrations"
TYPES: dict[str, sa.types.TypeEngine[Any]] = {
    "text": sa.Text(),
    "bigint": sa.BigInteger(),
    "double": sa.Double(),
    "boolean": sa.Boolean(),
    "timestamptz": sa.DateTime(timezone=True),
    "json": sa.JSON(),
}
_KINDS = {"DATETIME": "timestamptz"}


@dataclass(frozen=True)
class Table:
    """`columns`: by name its type, and " null" behind it where a value may be missing."""

    name: str
    columns: dict[str, str]
    key: list[str]
    rows: list[list[Any]]

    def dicts(self) -> list[dict[str, Any]]:
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def described(self, schema: str | None, metadata: sa.MetaData) -> sa.Table:
        """The table as SQLAlchemy makes it in a database."""
        columns = (
            sa.Column(name, TYPES[told.split()[0]], nullable=told.endswith(" null"))
            for name, told in self.columns.items()
        )
        return sa.Table(
            self.name, metadata, *columns, sa.PrimaryKeyConstraint(*self.key), schema=schema
        )


@dataclass(frozen=True)
class Dump:
    """`views`: by dialect how the view was made."""

    revision: str
    views: dict[str, str]
    tables: dict[str, Table]

    def filled(self, rows: dict[str, list[dict[str, Any]]]) -> "Dump":
        tables = {
            name: replace(table, rows=[[row[c] for c in table.columns] for row in rows[name]])
            for name, table in self.tables.items()
        }
        return replace(self, tables=tables)


def file_of(revision: str) -> Path:
    return FOLDER / f"{revision}.jsonl"


def dumped() -> list[str]:
    """The revisions that have a dump, in order."""
    return sorted(file.stem for file in FOLDER.glob("*.jsonl"))


def taken(url: str, revision: str) -> Dump:
    """The tables of a SQLite database that was migrated to a revision, without rows."""
    with database.reading(url) as connection:
        inspector = sa.inspect(connection)
        tables = {
            name: Table(
                name,
                {
                    c["name"]: _kind(c["type"]) + " null" * c["nullable"]
                    for c in inspector.get_columns(name)
                },
                inspector.get_pk_constraint(name)["constrained_columns"],
                [],
            )
            for name in sorted(inspector.get_table_names())
            if name != VERSION_TABLE
        }
    views = {dialect: current_predictions_ddl(dialect) for dialect in ("sqlite", "postgresql")}
    return Dump(revision, views, tables)


def write(dump: Dump) -> None:
    lines: list[dict[str, Any]] = [{"revision": dump.revision, "views": dump.views}]
    lines += [
        {"table": t.name, "columns": t.columns, "key": t.key, "rows": t.rows}
        for t in dump.tables.values()
    ]
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    file_of(dump.revision).write_text(text, encoding="utf-8")


def read(revision: str) -> Dump:
    head, *lines = map(json.loads, file_of(revision).read_text(encoding="utf-8").splitlines())
    tables = {
        line["table"]: Table(line["table"], line["columns"], line["key"], line["rows"])
        for line in lines
    }
    return Dump(head["revision"], head["views"], tables)


def load(url: str, dump: Dump) -> None:
    """Make an empty database what the dump says, the table of revisions included."""
    with database.writing(url) as connection:
        dialect = connection.dialect.name
        schema, prefix = (None, "") if dialect == "sqlite" else ("f1", "f1.")
        if schema:
            connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
        metadata = sa.MetaData()
        for told in dump.tables.values():
            table = told.described(schema, metadata)
            table.create(connection)
            if told.rows:
                connection.execute(sa.insert(table), [_typed(told, row) for row in told.dicts()])
        # A double % would be a parameter's mark otherwise.
        connection.exec_driver_sql(dump.views[dialect].replace("%", "%%" if schema else "%"))
        known = f"{prefix}{VERSION_TABLE}"
        connection.exec_driver_sql(
            f"CREATE TABLE {known} (version_num VARCHAR(32) NOT NULL, "
            f"CONSTRAINT {VERSION_TABLE}_pkc PRIMARY KEY (version_num))"
        )
        connection.exec_driver_sql(f"INSERT INTO {known} VALUES ('{dump.revision}')")


def rows_now(connection: Connection, told: Table, columns: list[str]) -> list[list[Any]]:
    """The rows that a database holds of a table, as a dump would say them, sorted."""
    schema = None if connection.dialect.name == "sqlite" else "f1"
    kinds = {name: told.columns[name].split()[0] for name in columns}
    table = sa.table(told.name, *(sa.column(n, TYPES[k]) for n, k in kinds.items()), schema=schema)
    found = connection.execute(sa.select(*table.c)).all()
    return sorted(([_plain(value) for value in row] for row in found), key=repr)


def rows_told(told: Table, columns: list[str]) -> list[list[Any]]:
    """The same of a dump itself."""
    return sorted(([row[name] for name in columns] for row in told.dicts()), key=repr)


def _kind(of: sa.types.TypeEngine[Any]) -> str:
    name = str(of)
    kind = _KINDS.get(name, name.lower())
    assert kind in TYPES, f"a column of type {name}"
    return kind


def _typed(told: Table, row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: datetime.fromisoformat(value)
        if value is not None and told.columns[name].startswith("timestamptz")
        else value
        for name, value in row.items()
    }


def _plain(value: Any) -> Any:
    """Instants as text, in UTC: SQLite keeps no zone."""
    if not isinstance(value, datetime):
        return value
    return (value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
