"""What the upstreams answered, kept version by version: the raw store of the results tier.

An answer is JSON under a kind (results, schedule, …) and a key (an event or a season). A new
version is written only where the content differs; none is ever changed or deleted. It lies in the
database and not in files, because it is small (20 KB an event), and so that it is there or not in
one transaction for workers that share no disk. What an answer means is not known here.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from f1_pipeline.storage import database, migrate
from f1_pipeline.storage.schema import ANSWERS


@dataclass(frozen=True)
class Answer:
    """What a source said: `content` is plain JSON, `rows` how many rows of a result it holds."""

    kind: str
    key: str
    season: int
    content: Any
    rows: int

    @property
    def revision(self) -> str:
        """A hash of the content: the same answer has the same revision."""
        return hashlib.sha256(_text(self.content).encode()).hexdigest()[:16]


class AnswerStore:
    """The answers at one address. Opening it brings the schema up to date."""

    def __init__(self, url: str) -> None:
        self.url = url
        migrate.upgrade(url)

    def record(self, answers: list[Answer], *, run_id: str, at: datetime) -> list[Answer]:
        """Keep what is new, in one transaction; returns the answers that differ from before."""
        if not answers:
            return []
        with database.writing(self.url) as connection:
            current = _current_revisions(connection)
            return [a for a in answers if _record(connection, a, current, run_id, at)]

    def current(self, kinds: tuple[str, ...] = ()) -> list[Answer]:
        """The newest version of every answer (of these kinds), by kind and key."""
        statement = sa.select(ANSWERS).where(ANSWERS.c.superseded_at.is_(None))
        if kinds:
            statement = statement.where(ANSWERS.c.kind.in_(kinds))
        statement = statement.order_by(ANSWERS.c.kind, ANSWERS.c.season, ANSWERS.c.key)
        with database.reading(self.url) as connection:
            return [
                Answer(r.kind, r.key, r.season, json.loads(r.content), r.row_count)
                for r in connection.execute(statement)
            ]

    def revisions(self) -> dict[tuple[str, str], str]:
        """By kind and key the revision that is current, without its content."""
        with database.reading(self.url) as connection:
            found = _current_revisions(connection)
        return {key: row.revision for key, row in found.items()}

    def unpublished(self) -> dict[tuple[str, str], str]:
        """The answers that the tables have not taken in yet, with their revisions."""
        with database.reading(self.url) as connection:
            found = _current_revisions(connection)
        return {key: row.revision for key, row in found.items() if row.published_at is None}

    def mark_published(self, answers: list[Answer], at: datetime) -> None:
        """Say that the tables hold these answers (those of them that are still current)."""
        if not answers:
            return
        with database.writing(self.url) as connection:
            connection.execute(
                sa.update(ANSWERS)
                .where(
                    ANSWERS.c.kind == sa.bindparam("of_kind"),
                    ANSWERS.c.key == sa.bindparam("of_key"),
                    ANSWERS.c.revision == sa.bindparam("of_revision"),
                    ANSWERS.c.superseded_at.is_(None) & ANSWERS.c.published_at.is_(None),
                )
                .values(published_at=at),
                [{"of_kind": a.kind, "of_key": a.key, "of_revision": a.revision} for a in answers],
            )


def _record(
    connection: Connection,
    answer: Answer,
    current: dict[tuple[str, str], Any],
    run_id: str,
    at: datetime,
) -> bool:
    before = current.get((answer.kind, answer.key))
    same_answer = (ANSWERS.c.kind == answer.kind) & (ANSWERS.c.key == answer.key)
    newest = same_answer & ANSWERS.c.superseded_at.is_(None)
    if before is not None and before.revision == answer.revision:
        connection.execute(sa.update(ANSWERS).where(newest).values(last_seen_at=at))
        return False
    connection.execute(sa.update(ANSWERS).where(newest).values(superseded_at=at))
    row = {
        "kind": answer.kind,
        "key": answer.key,
        "version": before.version + 1 if before is not None else 1,
        "season": answer.season,
        "revision": answer.revision,
        "content": _text(answer.content),
        "row_count": answer.rows,
        "first_seen_at": at,
        "last_seen_at": at,
        "run_id": run_id,
    }
    connection.execute(sa.insert(ANSWERS), [row])
    return True


def _current_revisions(connection: Connection) -> dict[tuple[str, str], Any]:
    columns = [column for column in ANSWERS.c if column.name != "content"]
    statement = sa.select(*columns).where(ANSWERS.c.superseded_at.is_(None))
    return {(row.kind, row.key): row for row in connection.execute(statement)}


def _text(content: Any) -> str:
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
