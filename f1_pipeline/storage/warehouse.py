"""The warehouse: read tables, publish tables, one transaction each; nothing overwritten silently.

Publishing compares content with what is current: an event whose rows are the same keeps its
version; one that differs becomes a new version, and the rows of the old one go to the ledger.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate, groupby, pairwise
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from f1_pipeline.contracts import CONTRACTS, Contract, coerce, content_hashes, units
from f1_pipeline.storage import database, migrate, quarantine
from f1_pipeline.storage.schema import TABLES, VERSIONS

# Rows that are Python objects at a time. A row of features is 66 values: as objects, as text and as
# parameters of a statement it takes ten times what it takes in a frame.
_BATCH = 20_000


@dataclass(frozen=True)
class Published:
    """What a publication changed: events, sessions (or '' for the whole table) by table."""

    changed: dict[str, list[str]] = field(default_factory=dict)
    withdrawn: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Current:
    """What a table holds now: how many rows, and one hash of all its content."""

    rows: int
    fingerprint: str


@dataclass(frozen=True)
class Superseded:
    """A version of an event that another one has replaced; no rows where it was a withdrawal.

    The next version holds from `superseded_at` on.
    """

    table: str
    event_id: str
    version: int
    valid_from: datetime
    superseded_at: datetime
    frame: pd.DataFrame


class Warehouse:
    """The project's tables at one address. Opening it brings the schema up to date."""

    def __init__(self, url: str) -> None:
        self.url = url
        migrate.upgrade(url)

    def read(self, name: str) -> pd.DataFrame:
        """The current rows of a table in its contract's types, sorted by its key."""
        return self.read_many([name])[name]

    def read_many(self, names: list[str]) -> dict[str, pd.DataFrame]:
        """Several tables as they stand at one instant."""
        with database.reading(self.url) as connection:
            return {name: _select(connection, CONTRACTS[name]) for name in names}

    def read_version(self, name: str, event_id: str, version: int) -> pd.DataFrame:
        """The rows of an event as a version had them. Raises `KeyError` for an unknown version."""
        key = (VERSIONS.c.table_name == name) & (VERSIONS.c.event_id == event_id)
        with database.reading(self.url) as connection:
            row = connection.execute(
                sa.select(VERSIONS.c.rows, VERSIONS.c.superseded_at).where(
                    key & (VERSIONS.c.version == version)
                )
            ).one_or_none()
            if row is None:
                raise KeyError(f"{name} of {event_id} has no version {version}")
            if row.superseded_at is None:
                where = _of_unit(CONTRACTS[name], event_id)
                return _select(connection, CONTRACTS[name], **where)
        return _from_ledger([row.rows], CONTRACTS[name])[0]

    def superseded(self, names: list[str]) -> list[Superseded]:
        """Every version in these tables that was replaced, by table, event and version."""
        columns = ("table_name", "event_id", "version", "valid_from", "superseded_at", "rows")
        statement = (
            sa.select(*(VERSIONS.c[name] for name in columns))
            .where(VERSIONS.c.table_name.in_(names) & VERSIONS.c.superseded_at.is_not(None))
            .order_by(VERSIONS.c.table_name, VERSIONS.c.event_id, VERSIONS.c.version)
        )
        with database.reading(self.url) as connection:
            ledger = connection.execute(statement).all()
        found = []
        for name, versions in groupby(ledger, key=lambda row: row.table_name):
            rows = list(versions)
            frames = _from_ledger([row.rows for row in rows], CONTRACTS[name])
            for row, frame in zip(rows, frames, strict=True):
                at = row.superseded_at
                found.append(Superseded(name, row.event_id, row.version, row.valid_from, at, frame))
        return found

    def versions(self, name: str) -> pd.DataFrame:
        """The ledger of a table: every version of every event, without rows."""
        columns = [column for column in VERSIONS.c if column.name != "rows"]
        statement = sa.select(*columns).where(VERSIONS.c.table_name == name)
        with database.reading(self.url) as connection:
            return pd.DataFrame(connection.execute(statement).mappings().all())

    def publish(
        self,
        frames: Mapping[str, pd.DataFrame],
        *,
        run_id: str,
        at: datetime,
        valid_from: Mapping[str, Mapping[str, datetime]] | None = None,
        faults: pd.DataFrame | None = None,
        of: Mapping[str, Collection[str]] | None = None,
        faults_of: Collection[str] | None = None,
    ) -> Published:
        """Make the frames (valid, whole) the current content of their tables, all in one go.

        `valid_from`: by table and event, since when a content holds; `at` where it says nothing.
        `faults`: the rows that were refused on the way, for the quarantine: all that stand of the
        tables of `frames` (of the events or sessions `faults_of`, if given). `of`: by table the
        events or sessions that its frame is about; the others stay as they are. Without it it is
        about all, and what it lacks is withdrawn.
        """
        published = Published()
        with database.writing(self.url) as connection:
            for name, frame in frames.items():
                known = (valid_from or {}).get(name, {})
                only = None if of is None else of[name]
                _publish_table(
                    connection, CONTRACTS[name], frame, known, run_id, at, published, only
                )
            if faults is not None:
                quarantine.record(connection, faults, run_id, at, list(frames), faults_of)
        return published

    def current(self, name: str) -> Current:
        """What a table holds, by its ledger: no row of it is read."""
        with database.reading(self.url) as connection:
            held = _current_versions(connection, name)
        # What was withdrawn has no content: a table that never had it is the same.
        lines = sorted(f"{u} {v.content_hash}" for u, v in held.items() if v.content_hash)
        digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
        return Current(sum(version.row_count for version in held.values()), digest)

    def event_ids(self, name: str, **where: Any) -> set[str]:
        """The events that have a row in a table (of those that match `where`)."""
        table = TABLES[name]
        condition = sa.and_(sa.true(), *(table.c[column] == v for column, v in where.items()))
        statement = sa.select(table.c.event_id).where(condition).distinct()
        with database.reading(self.url) as connection:
            return set(connection.execute(statement).scalars())

    def read_units(self, name: str, chosen: Collection[str]) -> pd.DataFrame:
        """The current rows of these events or sessions (as `contracts.units` names them)."""
        contract = CONTRACTS[name]
        events = sorted({unit.partition("/")[0] for unit in chosen})
        with database.reading(self.url) as connection:
            parts = [_select(connection, contract, event_id=event_id) for event_id in events]
        if not parts:
            return _select_none(contract)
        frame = pd.concat(parts, ignore_index=True)
        return frame[units(frame, contract).isin(set(chosen))].reset_index(drop=True)

    def append(self, frames: Mapping[str, pd.DataFrame]) -> None:
        """Add rows that are never changed afterwards, of all tables in one go.

        Rows whose key exists are an error.
        """
        with database.writing(self.url) as connection:
            for name, frame in frames.items():
                _insert(connection, TABLES[name], frame)

    def replace_where(self, name: str, frame: pd.DataFrame, **where: Any) -> None:
        """Exchange the rows that match `where` (column = value) for the frame's, in one go."""
        table = TABLES[name]
        condition = sa.and_(*(table.c[column] == value for column, value in where.items()))
        with database.writing(self.url) as connection:
            connection.execute(sa.delete(table).where(condition))
            _insert(connection, table, frame)

    def read_where(self, name: str, **where: Any) -> pd.DataFrame:
        """The current rows that match `where` (column = value)."""
        with database.reading(self.url) as connection:
            return _select(connection, CONTRACTS[name], **where)


def _of_unit(contract: Contract, unit: str) -> dict[str, str]:
    """The columns that pick a unit's rows, with their values."""
    return dict(zip(contract.unit, unit.split("/"), strict=True)) if contract.by_event else {}


def _names(contract: Contract) -> list[str]:
    return [column.name for column in contract.columns]


def _from_ledger(texts: list[str], contract: Contract) -> list[pd.DataFrame]:
    """The rows of several versions of a table, typed in one go: that is what takes the time."""
    contents = [json.loads(text) for text in texts]
    rows = [row for content in contents for row in content]
    typed = coerce(pd.DataFrame(rows, columns=_names(contract), dtype=object), contract)[0]
    ends = [0, *accumulate(len(content) for content in contents)]
    return [typed.iloc[start:end].reset_index(drop=True) for start, end in pairwise(ends)]


def _select(connection: Connection, contract: Contract, **where: Any) -> pd.DataFrame:
    table = TABLES[contract.name]
    statement = sa.select(*(table.c[name] for name in _names(contract)))
    for column, value in where.items():
        statement = statement.where(table.c[column] == value)
    statement = statement.order_by(*_key(connection, contract))
    if where:
        return _typed(connection.execute(statement).all(), contract)
    # Of a whole table no more rows are fetched than are made values of the contract's types next.
    found = connection.execute(statement.execution_options(yield_per=_BATCH))
    parts = [_typed(rows, contract) for rows in found.partitions()]
    return pd.concat(parts, ignore_index=True) if parts else _select_none(contract)


def _typed(rows: Sequence[Any], contract: Contract) -> pd.DataFrame:
    return coerce(pd.DataFrame(rows, columns=_names(contract), dtype=object), contract)[0]


def _select_none(contract: Contract) -> pd.DataFrame:
    return coerce(pd.DataFrame(columns=_names(contract), dtype=object), contract)[0]


def _key(connection: Connection, contract: Contract) -> list[sa.ColumnElement[Any]]:
    """The key to sort by, texts by code point: a server's locale may have another order."""
    columns = [TABLES[contract.name].c[name] for name in contract.key]
    if connection.dialect.name != "postgresql":
        return [*columns]
    return [c.collate("C") if isinstance(c.type, sa.Text) else c for c in columns]


def _publish_table(
    connection: Connection,
    contract: Contract,
    frame: pd.DataFrame,
    valid_from: Mapping[str, datetime],
    run_id: str,
    at: datetime,
    published: Published,
    of: Collection[str] | None,
) -> None:
    hashes = _hashes(frame, contract)
    current = _current_versions(connection, contract.name)
    if of is not None:
        current = {unit: version for unit, version in current.items() if unit in of}
    changed = [e for e, h in hashes.items() if e not in current or current[e].content_hash != h]
    withdrawn = [e for e, v in current.items() if e not in hashes and v.row_count]
    published.changed[contract.name] = changed
    published.withdrawn[contract.name] = withdrawn
    if not changed and not withdrawn:
        return
    _retire(connection, contract, [*changed, *withdrawn], current, at)
    of_row = units(frame, contract)
    counts = of_row.value_counts()
    ledger = []
    for event_id in [*changed, *withdrawn]:
        before = current.get(event_id)
        ledger.append(
            {
                "table_name": contract.name,
                "event_id": event_id,
                "version": before.version + 1 if before else 1,
                "content_hash": hashes.get(event_id, ""),
                "valid_from": at if before else valid_from.get(event_id, at),
                "published_at": at,
                "run_id": run_id,
                "row_count": int(counts.get(event_id, 0)),
            }
        )
    connection.execute(sa.insert(VERSIONS), ledger)
    new, of_row = frame[of_row.isin(changed)], of_row[of_row.isin(changed)]
    if contract.by_event:
        versions = {row["event_id"]: row["version"] for row in ledger}
        since = {row["event_id"]: row["valid_from"] for row in ledger}
        new = new.assign(
            version=of_row.map(versions), valid_from=pd.to_datetime(of_row.map(since), utc=True)
        )
    _insert(connection, TABLES[contract.name], new)


def _hashes(frame: pd.DataFrame, contract: Contract) -> dict[str, str]:
    """`content_hashes`, some units at a time."""
    if not contract.by_event:
        return content_hashes(frame, contract)
    place, _ = pd.factorize(units(frame, contract))
    batch = np.bincount(place).cumsum() // _BATCH
    hashes: dict[str, str] = {}
    for _, rows in frame.groupby(batch[place]):
        hashes |= content_hashes(rows, contract)
    return hashes


def _current_versions(connection: Connection, name: str) -> dict[str, Any]:
    statement = sa.select(
        VERSIONS.c.event_id, VERSIONS.c.version, VERSIONS.c.content_hash, VERSIONS.c.row_count
    ).where((VERSIONS.c.table_name == name) & VERSIONS.c.superseded_at.is_(None))
    return {row.event_id: row for row in connection.execute(statement)}


def _retire(
    connection: Connection,
    contract: Contract,
    events: list[str],
    current: dict[str, Any],
    at: datetime,
) -> None:
    """Move the rows of events that are about to change from the table to the ledger."""
    table = TABLES[contract.name]
    for event_id in events:
        if event_id not in current:
            continue
        where = _of_unit(contract, event_id)
        mine = sa.and_(sa.true(), *(table.c[column] == value for column, value in where.items()))
        columns = [table.c[name] for name in _names(contract)]
        statement = sa.select(*columns).where(mine).order_by(*_key(connection, contract))
        old = [list(row) for row in connection.execute(statement)]
        connection.execute(
            sa.update(VERSIONS)
            .where(
                (VERSIONS.c.table_name == contract.name)
                & (VERSIONS.c.event_id == event_id)
                & (VERSIONS.c.version == current[event_id].version)
            )
            .values(superseded_at=at, rows=json.dumps(old, default=str))
        )
        connection.execute(sa.delete(table).where(mine))


def _insert(connection: Connection, table: sa.Table, frame: pd.DataFrame) -> None:
    columns = [column.name for column in table.columns]
    for start in range(0, len(frame), _BATCH):
        part = frame.iloc[start : start + _BATCH]
        values = [_plain(part[name]) for name in columns]
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]
        connection.execute(sa.insert(table), rows)


def _plain(values: "pd.Series[Any]") -> list[Any]:
    """Python values with None for what is missing: drivers know no NaN, NaT or NA."""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return [None if value is pd.NaT else value.to_pydatetime() for value in values]
    if values.dtype == object:
        return values.where(values.notna(), None).tolist()
    return values.astype(object).where(values.notna(), None).tolist()
