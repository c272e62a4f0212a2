"""Keep the rows that broke a contract: each fault once, with when it came and when it went."""

from collections.abc import Collection
from datetime import datetime

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from f1_pipeline.storage.schema import TABLES


def record(
    connection: Connection,
    faults: pd.DataFrame,
    run_id: str,
    at: datetime,
    tables: Collection[str],
    of: Collection[str] | None = None,
) -> None:
    """Make `faults` (the columns of the contract up to row_json) those that stand of `tables`.

    None named: of every table. A fault that is gone is marked as resolved, one that is back is open
    again; none is deleted. With `of` they are those of these events or sessions alone.
    """
    table = TABLES["quarantine"]
    statement = sa.select(table.c.quarantine_id, table.c.resolved_at)
    if tables:
        statement = statement.where(table.c.table_name.in_(tables))
    if of is not None:
        statement = statement.where(table.c.event_id.in_(of))
    standing = dict(connection.execute(statement).tuples().all())
    ids = set(faults["quarantine_id"])
    changed = [
        {"fault": fault, "instant": None if fault in ids else at}
        for fault, resolved_at in standing.items()
        if (fault in ids) == (resolved_at is not None)
    ]
    if changed:
        # One statement for each: a list of them all is longer than SQLite takes.
        connection.execute(
            sa.update(table)
            .where(table.c.quarantine_id == sa.bindparam("fault"))
            .values(resolved_at=sa.bindparam("instant")),
            changed,
        )
    new = faults[~faults["quarantine_id"].isin(standing)].drop_duplicates("quarantine_id")
    if len(new):
        rows = [row | {"run_id": run_id, "quarantined_at": at} for row in new.to_dict("records")]
        connection.execute(sa.insert(table), rows)
