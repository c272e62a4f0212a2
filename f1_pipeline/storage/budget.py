"""One request budget for all processes: every request is a row, counted over the last hour.

FastF1 counts its limits in each process alone, so two processes break them together. The times here
are the real ones: a season that is played forward gains no requests. What a service is called and
how much it grants is decided in `sources`.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from f1_pipeline import clock
from f1_pipeline.storage import database, migrate
from f1_pipeline.storage.schema import PAUSES, REQUESTS

WINDOW = timedelta(hours=1)
KEPT = timedelta(days=7)


@dataclass(frozen=True)
class Limit:
    """At most `per_hour` requests in any hour, `interval` seconds apart."""

    per_hour: int
    interval: float


@dataclass(frozen=True)
class RequestBudget:
    """The requests of all processes at one address. Opening it brings the schema up to date.

    `limits`: of each service and, under "", of all together; what has none is not limited.
    """

    url: str
    limits: dict[str, Limit]

    def __post_init__(self) -> None:
        migrate.upgrade(self.url)

    def take(self, service: str, patience: float) -> float:
        """Seconds to wait before a request may go out; up to `patience` it is entered as sent then.

        A longer wait enters nothing. Without limits nothing is counted, and nothing waits.
        """
        if not self.limits:
            return 0.0
        with database.writing(self.url) as connection:
            now = clock.wall()
            free = max(
                _free_at(connection, self.limits, service, now), _paused(connection, service, now)
            )
            wait = (free - now).total_seconds()
            if wait <= patience:
                row = {"request_id": uuid.uuid4().hex, "service": service, "sent_at": free}
                connection.execute(sa.insert(REQUESTS), [row])
                connection.execute(sa.delete(REQUESTS).where(REQUESTS.c.sent_at < now - KEPT))
            return wait

    def pause(self, service: str, seconds: float) -> None:
        """No request to the service for so long: it said so itself (Retry-After)."""
        with database.writing(self.url) as connection:
            until = clock.wall() + timedelta(seconds=seconds)
            before = _paused(connection, service, until)
            connection.execute(sa.delete(PAUSES).where(PAUSES.c.service == service))
            connection.execute(
                sa.insert(PAUSES), [{"service": service, "until": max(until, before)}]
            )

    def wait(self, service: str) -> float:
        """Seconds until a request to the service may go out; 0 when one may now."""
        with database.reading(self.url) as connection:
            now = clock.wall()
            paused = _paused(connection, service, now)
            free = max(_free_at(connection, self.limits, service, now), paused)
            return (free - now).total_seconds()


def _free_at(
    connection: Connection, limits: dict[str, Limit], service: str, now: datetime
) -> datetime:
    free = now
    for name, limit in limits.items():
        if name not in ("", service):
            continue
        sent = _sent(connection, name, now)
        if sent:
            free = max(free, sent[-1] + timedelta(seconds=limit.interval))
        if len(sent) >= limit.per_hour:
            free = max(free, sent[-limit.per_hour] + WINDOW)
    return free


def _sent(connection: Connection, service: str, now: datetime) -> list[datetime]:
    statement = sa.select(REQUESTS.c.sent_at).where(REQUESTS.c.sent_at > now - WINDOW)
    if service:
        statement = statement.where(REQUESTS.c.service == service)
    return list(connection.execute(statement.order_by(REQUESTS.c.sent_at)).scalars())


def _paused(connection: Connection, service: str, now: datetime) -> datetime:
    until = connection.execute(
        sa.select(PAUSES.c.until).where(PAUSES.c.service == service)
    ).scalar_one_or_none()
    return max(until, now) if until is not None else now
