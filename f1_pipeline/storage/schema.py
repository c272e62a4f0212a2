"""The DDL, derived from the contracts: one SQLAlchemy table for each, plus the version ledger.

Rows of tables that are kept by event carry the version they belong to. The view
`current_predictions` is written here too; the migrations create what this module describes.
"""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from f1_pipeline.contracts import CONTRACTS, Contract, Kind
from f1_pipeline.storage.database import REVISED, SCHEMA


class Instant(sa.TypeDecorator[datetime]):
    """An instant in UTC: timestamptz in PostgreSQL, ISO text in SQLite."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"an instant without a time zone: {value}")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


TYPES: dict[Kind, sa.types.TypeEngine[Any]] = {
    Kind.TEXT: sa.Text(),
    Kind.INTEGER: sa.BigInteger(),
    Kind.FLOAT: sa.Double(),
    Kind.BOOLEAN: sa.Boolean(),
    Kind.INSTANT: Instant(),
    Kind.LIST: sa.JSON(none_as_null=True),
}

METADATA = sa.MetaData(schema=SCHEMA)


def _table(contract: Contract) -> sa.Table:
    columns = [
        sa.Column(
            column.name,
            TYPES[column.kind],
            primary_key=column.name in contract.key,
            nullable=column.nullable,
        )
        for column in contract.columns
    ]
    if contract.by_event:
        columns += [
            sa.Column("version", sa.BigInteger(), nullable=False),
            sa.Column("valid_from", Instant(), nullable=False),
        ]
    return sa.Table(contract.name, METADATA, *columns, info={REVISED: True})


TABLES: dict[str, sa.Table] = {name: _table(contract) for name, contract in CONTRACTS.items()}

# What was published when: one row per table, event and version ('' for a table without events).
# `rows` holds a version's rows as JSON from the moment it is superseded; null while it is current.
VERSIONS = sa.Table(
    "table_versions",
    METADATA,
    sa.Column("table_name", sa.Text(), primary_key=True),
    sa.Column("event_id", sa.Text(), primary_key=True),
    sa.Column("version", sa.BigInteger(), primary_key=True),
    sa.Column("content_hash", sa.Text(), nullable=False),
    sa.Column("valid_from", Instant(), nullable=False),
    sa.Column("published_at", Instant(), nullable=False),
    sa.Column("superseded_at", Instant(), nullable=True),
    sa.Column("run_id", sa.Text(), nullable=False),
    sa.Column("row_count", sa.BigInteger(), nullable=False),
    sa.Column("rows", sa.Text(), nullable=True),
)

# What the upstreams answered: a row per kind (results, schedule, …), key (an event or a season) and
# version, a new one only where the content differs. `published_at`: when the tables took it in.
ANSWERS = sa.Table(
    "source_answers",
    METADATA,
    sa.Column("kind", sa.Text(), primary_key=True),
    sa.Column("key", sa.Text(), primary_key=True),
    sa.Column("version", sa.BigInteger(), primary_key=True),
    sa.Column("season", sa.BigInteger(), nullable=False),
    sa.Column("revision", sa.Text(), nullable=False),
    sa.Column("content", sa.Text(), nullable=False),
    sa.Column("row_count", sa.BigInteger(), nullable=False),
    sa.Column("first_seen_at", Instant(), nullable=False),
    sa.Column("last_seen_at", Instant(), nullable=False),
    sa.Column("superseded_at", Instant(), nullable=True),
    sa.Column("published_at", Instant(), nullable=True),
    sa.Column("run_id", sa.Text(), nullable=False),
)

# Every request that went out, and until when a service wants none: the budget of all processes.
REQUESTS = sa.Table(
    "requests",
    METADATA,
    sa.Column("request_id", sa.Text(), primary_key=True),
    sa.Column("service", sa.Text(), nullable=False),
    sa.Column("sent_at", Instant(), nullable=False),
)
PAUSES = sa.Table(
    "request_pauses",
    METADATA,
    sa.Column("service", sa.Text(), primary_key=True),
    sa.Column("until", Instant(), nullable=False),
)

# Signs of life of runs that are under way: a killed process leaves a run that never ends.
HEARTBEATS = sa.Table(
    "run_heartbeats",
    METADATA,
    sa.Column("run_id", sa.Text(), primary_key=True),
    sa.Column("beat_at", Instant(), nullable=False),
)

# Which services refuse to answer, since when, and to which account (a hash): it stays so until
# something changes.
REFUSALS = sa.Table(
    "refusals",
    METADATA,
    sa.Column("service", sa.Text(), primary_key=True),
    sa.Column("reason", sa.Text(), nullable=False),
    sa.Column("account", sa.Text(), nullable=False),
    sa.Column("since", Instant(), nullable=False),
    sa.Column("checked_at", Instant(), nullable=False),
)

# How often the rows of each table were changed: what a reader keeps in a cache holds until then.
# Every transaction that changes a contract's table counts, see `database.writing`.
REVISIONS = sa.Table(
    "table_revisions",
    METADATA,
    sa.Column("table_name", sa.Text(), primary_key=True),
    sa.Column("revision", sa.BigInteger(), nullable=False),
    sa.Column("changed_at", Instant(), nullable=False),
)

# Runs that a reader asked for: whoever takes one (the daemon's sensor, say) says how it went.
RUN_REQUESTS = sa.Table(
    "run_requests",
    METADATA,
    sa.Column("request_id", sa.Text(), primary_key=True),
    sa.Column("job", sa.Text(), nullable=False),
    sa.Column("arguments", sa.Text(), nullable=False),
    sa.Column("state", sa.Text(), nullable=False),
    sa.Column("message", sa.Text(), nullable=True),
    sa.Column("result", sa.Text(), nullable=True),
    sa.Column("run_id", sa.Text(), nullable=True),
    sa.Column("asked_at", Instant(), nullable=False),
    sa.Column("taken_at", Instant(), nullable=True),
    sa.Column("ended_at", Instant(), nullable=True),
)

# Of each event: the latest horizon; in it, forecasts made in time before retrospective ones; then
# the newest run. `status` follows the database's clock; the project's own reads follow F1_NOW.
CURRENT_PREDICTIONS = """
CREATE VIEW {prefix}current_predictions AS
SELECT p.*, CASE
    WHEN p.generated_at >= p.event_starts_at THEN 'retrospective'
    WHEN p.event_starts_at > {now} THEN 'open'
    ELSE 'locked' END AS status
FROM {prefix}race_predictions p
JOIN (
    SELECT event_id, horizon, run_id, ROW_NUMBER() OVER (
        PARTITION BY event_id
        ORDER BY CASE horizon WHEN 'post_qualifying' THEN 0 WHEN 'post_practice' THEN 1 ELSE 2 END,
                 CASE WHEN generated_at >= event_starts_at THEN 1 ELSE 0 END,
                 generated_at DESC, run_id DESC) AS place
    FROM (SELECT DISTINCT event_id, horizon, run_id, generated_at, event_starts_at
          FROM {prefix}race_predictions) runs
) best ON best.event_id = p.event_id AND best.horizon = p.horizon AND best.run_id = p.run_id
WHERE best.place = 1
"""


def current_predictions_ddl(dialect: str) -> str:
    """The view's DDL for `sqlite` or `postgresql`."""
    if dialect == "sqlite":
        return CURRENT_PREDICTIONS.format(prefix="", now="STRFTIME('%Y-%m-%d %H:%M:%f', 'now')")
    return CURRENT_PREDICTIONS.format(prefix=f"{SCHEMA}.", now="CURRENT_TIMESTAMP")
