"""Runs that somebody outside the pipeline asked for: who asked, who took them, how they ended.

Whoever serves readers asks here, so neither contracts nor pandas are imported, and nothing is
migrated: the pipeline does that. What a job does with its arguments is decided in `defs`.
"""

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, make_url

from f1_pipeline.errors import StorageError
from f1_pipeline.storage import database

WAITING, RUNNING, SUCCEEDED, FAILED = "waiting", "running", "succeeded", "failed"
KEPT = timedelta(days=30)

# `schema.RUN_REQUESTS` is the same with all that a migration needs, and knows the contracts.
_INSTANT = sa.DateTime(timezone=True)
_TABLE = sa.Table(
    "run_requests",
    sa.MetaData(schema=database.SCHEMA),
    *(
        sa.Column(name, sa.Text())
        for name in ("request_id", "job", "arguments", "state", "message", "result", "run_id")
    ),
    *(sa.Column(name, _INSTANT) for name in ("asked_at", "taken_at", "ended_at")),
)
_OPEN = _TABLE.c.state.in_((WAITING, RUNNING))


@dataclass(frozen=True)
class Request:
    """A run that was asked for. `message` and `result`: what came of it, once it has ended.

    `run_id`: the Dagster run that does it, as soon as there is one.
    """

    request_id: str
    job: str
    arguments: dict[str, Any]
    state: str
    message: str | None
    result: dict[str, Any] | None
    run_id: str | None
    asked_at: datetime
    taken_at: datetime | None
    ended_at: datetime | None


class RunRequests:
    """The requests at one address. All instants are the real time: a clock that stands asks no
    one to wait. Raises `StorageError` where the pipeline has not made the table yet.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, job: str, arguments: dict[str, Any], at: datetime) -> str:
        """The id of a new request, or of the same one that is waiting or running."""
        request_id, text = uuid.uuid4().hex, json.dumps(arguments, sort_keys=True)
        new = {"request_id": request_id, "job": job, "arguments": text, "state": WAITING}
        at = at.astimezone(UTC)
        is_same = (_TABLE.c.job == job) & (_TABLE.c.arguments == text)
        with self._opened(database.writing) as connection:
            connection.execute(sa.delete(_TABLE).where(_TABLE.c.ended_at < at - KEPT))
            same = connection.scalar(sa.select(_TABLE.c.request_id).where(is_same & _OPEN))
            if same is not None:
                return same
            connection.execute(sa.insert(_TABLE), [new | {"asked_at": at}])
        return request_id

    def read(self, request_id: str) -> Request | None:
        """A request, or None for one that was never made, or ended long ago."""
        return next(iter(self._where(_TABLE.c.request_id == request_id)), None)

    def waiting(self) -> list[Request]:
        """Those that nobody has taken, the oldest first."""
        return self._where(_TABLE.c.state == WAITING)

    def running(self) -> list[Request]:
        """Those that were taken and have not ended, the oldest first."""
        return self._where(_TABLE.c.state == RUNNING)

    def take(self, request_id: str, run_id: str | None, at: datetime) -> bool:
        """Take a waiting request. False when there is none: somebody else was first.

        `run_id`: of the run that will do it, if that is known already.
        """
        return self._changed(
            request_id, WAITING, state=RUNNING, run_id=run_id, taken_at=at.astimezone(UTC)
        )

    def began(self, request_id: str, run_id: str) -> None:
        """Enter which run does a request that is running."""
        self._changed(request_id, RUNNING, run_id=run_id)

    def ended(
        self,
        request_id: str,
        succeeded: bool,
        message: str,
        result: dict[str, Any] | None,
        at: datetime,
    ) -> None:
        """Enter how a request ended that was running; how it ended is entered once."""
        self._changed(
            request_id,
            RUNNING,
            state=SUCCEEDED if succeeded else FAILED,
            message=message,
            result=None if result is None else json.dumps(result),
            ended_at=at.astimezone(UTC),
        )

    def _changed(self, request_id: str, state: str, /, **values: Any) -> bool:
        """Change a request that is in this state. False when it is not."""
        is_it = (_TABLE.c.request_id == request_id) & (_TABLE.c.state == state)
        with self._opened(database.writing) as connection:
            return bool(connection.execute(sa.update(_TABLE).where(is_it).values(values)).rowcount)

    def _where(self, condition: sa.ColumnElement[bool]) -> list[Request]:
        statement = sa.select(_TABLE).where(condition).order_by(_TABLE.c.asked_at)
        with self._opened(database.reading) as connection:
            return [_request(dict(row)) for row in connection.execute(statement).mappings()]

    @contextmanager
    def _opened(
        self, transaction: Callable[[str], AbstractContextManager[Connection]]
    ) -> Iterator[Connection]:
        # A connection would make SQLite's file: it is the pipeline's to make.
        if not _is_absent(self.url):
            with transaction(self.url) as connection:
                if sa.inspect(connection).has_table(_TABLE.name, schema=_schema(connection)):
                    yield connection
                    return
        raise StorageError(
            "the database has no table run_requests yet: `f1-pipeline run` makes it."
        )


def _request(row: dict[str, Any]) -> Request:
    for name in ("asked_at", "taken_at", "ended_at"):
        row[name] = _in_utc(row[name])
    row["arguments"] = json.loads(row["arguments"])
    row["result"] = None if row["result"] is None else json.loads(row["result"])
    return Request(**row)


def _in_utc(at: datetime | None) -> datetime | None:
    """SQLite keeps no zone: what it holds is UTC. PostgreSQL gives the server's."""
    if at is None:
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _is_absent(url: str) -> bool:
    address = make_url(url)
    return address.get_backend_name() == "sqlite" and not Path(str(address.database)).exists()


def _schema(connection: Connection) -> str | None:
    return database.SCHEMA if connection.dialect.name == "postgresql" else None
