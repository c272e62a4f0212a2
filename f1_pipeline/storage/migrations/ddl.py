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


def _schema() -> str | None:
    """Alembic does not translate the schema of ALTER TABLE, and SQLite has none."""
    return SCHEMA if op.get_bind().dialect.name == "postgresql" else None


def _column(text: str) -> "sa.Column[Any]":
    name, kind, *rest = text.split()
    return sa.Column(name, _TYPES[kind], nullable=rest == ["null"])
