"""Write a table's columns on a few lines in a migration, frozen as they were at its time.

`create("entries", "event_id text, season bigint null", key="event_id")`: a type after each name,
`null` where the column may be empty. Only what migrations need; the truth of today is in contracts.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

SCHEMA = "f1"
_TYPES: dict[str, sa.types.TypeEngine[Any]] = {
    "text": sa.Text(),
    "bigint": sa.BigInteger(),
    "double": sa.Double(),
    "boolean": sa.Boolean(),
    "timestamptz": sa.DateTime(timezone=True),
    "json": sa.JSON(),
}


def create(name: str, columns: str, key: str) -> None:
    """Create a table; `key` lists the columns of its primary key."""
    op.create_table(
        name,
        *(_column(text) for text in columns.split(",") if text.strip()),
        sa.PrimaryKeyConstraint(*key.split()),
        schema=SCHEMA,
    )


def drop(name: str) -> None:
    """Drop a table whose rows can be computed again."""
    op.drop_table(name, schema=_schema())


def add(name: str, columns: str) -> None:
    """Add columns, written in the same way, to a table."""
    for text in columns.split(","):
        op.add_column(name, _column(text), schema=_schema())


def remove(name: str, columns: str) -> None:
    """Drop columns, given by name alone, from a table."""
    for column in columns.split():
        op.drop_column(name, column, schema=_schema())


def withdraw(*names: str) -> None:
    """Drop tables, and what the ledger says of them.

    A version that stayed there would count as published: when the tables came back, nothing would
    be written into them while its content is the same.
    """
    for name in names:
        op.drop_table(name, schema=_schema())
    ledger = sa.table("table_versions", sa.column("table_name"), schema=_schema())
    op.execute(sa.delete(ledger).where(ledger.c.table_name.in_(names)))


def remake(name: str, columns: str, key: str, where: str) -> None:
    """Give a table fewer columns and another key; rows that match `where` stay.

    The table itself is made anew, as SQLite cannot change a key and PostgreSQL would name the new
    one otherwise than in a database that was never any different.
    """
    kept, own = f"{prefix()}{name}_kept", f"{prefix()}{name}"
    names = ", ".join(text.split()[0] for text in columns.split(",") if text.strip())
    op.execute(f"CREATE TABLE {kept} AS SELECT {names} FROM {own} WHERE {where}")
    op.drop_table(name, schema=_schema())
    create(name, columns, key)
    op.execute(f"INSERT INTO {own} ({names}) SELECT {names} FROM {kept}")
    op.execute(f"DROP TABLE {kept}")


def prefix() -> str:
    """What stands before a table's name in SQL that is written out."""
    return f"{SCHEMA}." if _schema() else ""


def _schema() -> str | None:
    """Alembic does not translate the schema of ALTER TABLE, and SQLite has none."""
    return SCHEMA if op.get_bind().dialect.name == "postgresql" else None


def _column(text: str) -> "sa.Column[Any]":
    name, kind, *rest = text.split()
    return sa.Column(name, _TYPES[kind], nullable=rest == ["null"])
