"""Rows of a table as lines of JSON: the same bytes for the same content on both databases."""

import gzip
import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from f1_pipeline.contracts import Kind
from f1_pipeline.storage.backup.manifest import TableCopy
from f1_pipeline.storage.database import SCHEMA
from f1_pipeline.storage.schema import TYPES

# Rows held in memory at a time: a version in the ledger is up to 300 KB, an answer 20 KB.
_AT_A_TIME = 200
_KINDS = {type(of): kind for kind, of in TYPES.items()}
_to_line = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def read(connection: Connection, table: sa.Table, keep: Callable[[bytes], object]) -> TableCopy:
    """Hand `keep` the rows of a table as lines, sorted by its key; returns what they amount to."""
    digest, rows = hashlib.sha256(), 0
    for line in _lines(connection, table):
        keep(line)
        digest.update(line)
        rows += 1
    return TableCopy(
        columns={column.name: _KINDS[type(column.type)] for column in table.columns},
        key=[column.name for column in table.primary_key],
        rows=rows,
        content_sha256=digest.hexdigest(),
    )


def dump(connection: Connection, table: sa.Table, file: Path) -> TableCopy:
    """Write a table to a file, whose bytes depend on nothing but its content."""
    with (
        file.open("wb") as out,
        # Without a name and a time in its head, which gzip would put there.
        gzip.GzipFile("", "wb", compresslevel=6, fileobj=out, mtime=0) as packed,
    ):
        return read(connection, table, packed.write)


def load(connection: Connection, table: sa.Table, file: Path) -> None:
    """Insert the rows of a file into a table."""
    columns = [column.name for column in table.columns]
    instants = _places(table, Kind.INSTANT)
    batch = []
    with gzip.open(file, "rb") as lines:
        for line in lines:
            values = json.loads(line)
            for place in instants:
                if values[place] is not None:
                    values[place] = datetime.fromisoformat(values[place])
            batch.append(dict(zip(columns, values, strict=True)))
            if len(batch) == _AT_A_TIME:
                connection.execute(sa.insert(table), batch)
                batch = []
    if batch:
        connection.execute(sa.insert(table), batch)


def as_copied(name: str, copy: TableCopy) -> sa.Table:
    """The table as it was when it was copied: a later version may have other columns."""
    return sa.Table(
        name,
        sa.MetaData(schema=SCHEMA),
        *(
            sa.Column(column, TYPES[kind], primary_key=column in copy.key)
            for column, kind in copy.columns.items()
        ),
    )


def _lines(connection: Connection, table: sa.Table) -> Iterator[bytes]:
    instants, floats = _places(table, Kind.INSTANT), _places(table, Kind.FLOAT)
    statement = sa.select(table).order_by(*_key(connection, table))
    for row in connection.execute(statement, execution_options={"yield_per": _AT_A_TIME}):
        values = list(row)
        for place in instants:
            if values[place] is not None:
                values[place] = values[place].isoformat()
        for place in floats:
            if values[place] is not None:
                values[place] += 0.0  # SQLite keeps -0.0 as 0.0: the same number, the same line
        yield _to_line(values).encode() + b"\n"


def _places(table: sa.Table, kind: Kind) -> list[int]:
    return [n for n, column in enumerate(table.columns) if _KINDS[type(column.type)] is kind]


def _key(connection: Connection, table: sa.Table) -> list[sa.ColumnElement[Any]]:
    """The key to sort by, texts by code point as SQLite has them, whatever a server's locale."""
    if connection.dialect.name != "postgresql":
        return [*table.primary_key]
    return [c.collate("C") if isinstance(c.type, sa.Text) else c for c in table.primary_key]
