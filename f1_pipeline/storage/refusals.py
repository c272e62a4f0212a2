"""Which services refuse to answer: one row while it lasts, so that all processes know and ask less.

Whether something has changed that could end a refusal is the caller's to say, by the account.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from f1_pipeline.storage import database, migrate
from f1_pipeline.storage.schema import REFUSALS


@dataclass(frozen=True)
class Refusal:
    """A service refuses since `since`, last checked at `checked_at`, to `account` (a hash)."""

    service: str
    reason: str
    account: str
    since: datetime
    checked_at: datetime


class Refusals:
    """The refusals at one address. Opening it brings the schema up to date."""

    def __init__(self, url: str) -> None:
        self.url = url
        migrate.upgrade(url)

    def of(self, service: str) -> Refusal | None:
        """The refusal that stands, if any."""
        statement = sa.select(REFUSALS).where(REFUSALS.c.service == service)
        with database.reading(self.url) as connection:
            row = connection.execute(statement).one_or_none()
        return None if row is None else Refusal(**row._mapping)

    def record(self, service: str, reason: str, account: str, at: datetime) -> bool:
        """It refuses, at this instant too. True when that is news."""
        before = self.of(service)
        is_news = before is None or (before.reason, before.account) != (reason, account)
        row = {
            "service": service,
            "reason": reason,
            "account": account,
            "since": at if before is None else before.since,
            "checked_at": at,
        }
        with database.writing(self.url) as connection:
            connection.execute(sa.delete(REFUSALS).where(REFUSALS.c.service == service))
            connection.execute(sa.insert(REFUSALS), [row])
        return is_news

    def lift(self, service: str) -> bool:
        """It answers. True when it refused before."""
        with database.writing(self.url) as connection:
            gone = connection.execute(sa.delete(REFUSALS).where(REFUSALS.c.service == service))
            return bool(gone.rowcount)
