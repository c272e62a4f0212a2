"""Versions that were replaced, whose rows lie in the ledger as lists in their contract's order.

A migration that gives a table columns gives them to these rows here, else nobody could read them
any more. Rows that do not have the number of columns that is expected are left as they are.
"""

import json
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

from f1_pipeline.storage.migrations.ddl import SCHEMA

_PRACTICE = (18, 19, 20, 21, 22, 23, 31, 32, 50, 51, 57, 58, 59)
# What revision 0006 added, by table: how many columns it had before, and at which places of today's
# contract the new ones stand.
PRACTICE: dict[str, tuple[int, tuple[int, ...]]] = {
    "driver_form": (22, (11, 12)),
    "team_form": (14, (9, 10)),
    "race_features": (53, _PRACTICE),
    "training_set": (57, _PRACTICE),
}
_Row = list[Any]


def widen(table: str, width: int, places: tuple[int, ...]) -> None:
    """Rows of `width` columns get empty ones, at these places of the wider row."""

    def wider(row: _Row) -> _Row:
        for place in places:
            row = [*row[:place], None, *row[place:]]
        return row

    _reshape(table, width, wider)


def narrow(table: str, width: int, places: tuple[int, ...]) -> None:
    """The other way round: rows have `width` columns afterwards."""

    def narrower(row: _Row) -> _Row:
        return [value for place, value in enumerate(row) if place not in places]

    _reshape(table, width + len(places), narrower)


def _reshape(table: str, width: int, change: Callable[[_Row], _Row]) -> None:
    """Version by version: one may hold 300 KB, and a table has hundreds."""
    connection = op.get_bind()
    names = ("table_name", "event_id", "version", "rows")
    schema = SCHEMA if connection.dialect.name == "postgresql" else None
    ledger = sa.table("table_versions", *map(sa.column, names), schema=schema)
    held = (ledger.c.table_name == table) & ledger.c.rows.is_not(None)
    keys = connection.execute(sa.select(ledger.c.event_id, ledger.c.version).where(held)).all()
    for event_id, version in keys:
        one = held & (ledger.c.event_id == event_id) & (ledger.c.version == version)
        rows = json.loads(connection.execute(sa.select(ledger.c.rows).where(one)).scalar_one())
        changed = [change(row) if len(row) == width else row for row in rows]
        if changed != rows:
            connection.execute(sa.update(ledger).where(one).values(rows=json.dumps(changed)))
