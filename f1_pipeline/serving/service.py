"""What a worker stands on: connections, threads, cache, watch. Made at its start."""

import asyncio
import base64
import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from html import escape
from typing import TypeVar

from fastapi import Request, Response

from f1_pipeline import clock
from f1_pipeline.errors import StorageError
from f1_pipeline.serving.access import Access
from f1_pipeline.serving.answers.calendar import Calendar
from f1_pipeline.serving.cache import Cache, Kept, Read, Shelf
from f1_pipeline.serving.errors import unavailable
from f1_pipeline.serving.finder import Finder
from f1_pipeline.serving.metrics import STALE
from f1_pipeline.serving.pages.problem import problem_page
from f1_pipeline.serving.planner import Planner
from f1_pipeline.serving.schemas import Shape
from f1_pipeline.serving.watch import Watch
from f1_pipeline.settings import Settings
from f1_pipeline.storage.reader import Reader, Row, Snapshot, revisions
from f1_pipeline.storage.run_requests import RunRequests

_CALENDAR = ("events", "race_results")
# Reads at a time, each with a connection of its own; the watch has one more.
_CONNECTIONS = 4
_JSON = "application/json"
HTML = "text/html; charset=utf-8"
_T = TypeVar("_T")
# Where a page begins, for what has to be said above it.
_BEGIN = b'<main id="main" tabindex="-1"><div class="wrap">'
# A page may show what is in it and use its own style, and nothing else: no script at all.
_STYLE = re.search(r"<style>(.*?)</style>", problem_page(0, "", "", ""), re.DOTALL)
assert _STYLE is not None
_HASH = base64.b64encode(hashlib.sha256(_STYLE[1].encode()).digest()).decode()
_CONTENT = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)


class Service:
    """One worker's view of the project."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        limit = settings.request_seconds
        self.reader = Reader(settings.database_url, connections=_CONNECTIONS + 1, seconds=limit)
        self.threads = ThreadPoolExecutor(_CONNECTIONS, thread_name_prefix="read")
        self._watching = ThreadPoolExecutor(1, thread_name_prefix="watch")
        self.watch = Watch(self.reader, self._watching)
        self.shelf = _shelf(settings)
        self.cache = Cache(
            self.reader, self.watch, self.threads, settings.cache_seconds, limit, self.shelf
        )
        self._calendar: tuple[str, Calendar] | None = None
        self.access = Access(settings)
        self.requests = RunRequests(settings.database_url)
        self.planner = Planner(limit)
        self.finder = Finder(limit)

    async def calendar(self) -> Calendar:
        """The calendar as last seen: for which race is meant, not for what is said of it."""
        kept = await self.cache.get("calendar", _CALENDAR, lambda s: Read(self._calendar_of(s)))
        calendar: Calendar = kept.value
        return calendar

    def _calendar_of(self, snapshot: Snapshot) -> Calendar:
        """The calendar of a snapshot: an answer must not mix two states of the tables."""
        token = Watch.token_of(revisions(snapshot), _CALENDAR)
        if self._calendar is None or self._calendar[0] != token:
            self._calendar = (token, Calendar.of(snapshot))
        return self._calendar[1]

    async def answer(
        self,
        request: Request,
        key: str,
        shape: type[Shape],
        tables: Sequence[str],
        read: Callable[[Snapshot, Calendar], Row],
        changes_at: datetime | None = None,
    ) -> Response:
        """A JSON answer: kept, or read and checked against its shape."""

        def as_json(snapshot: Snapshot) -> Read:
            found = read(snapshot, self._calendar_of(snapshot))
            body = shape.model_validate(found).model_dump_json().encode()
            return Read(body, changes_at)

        kept = await self.cache.get(key, tables, as_json)
        return respond(request, kept, _JSON)

    async def page(
        self,
        request: Request,
        key: str,
        tables: Sequence[str],
        read: Callable[[Snapshot, Calendar], str],
        changes_at: datetime | None = None,
    ) -> Response:
        """A page for people: kept, or drawn."""

        def as_html(snapshot: Snapshot) -> Read:
            return Read(read(snapshot, self._calendar_of(snapshot)).encode(), changes_at)

        kept = await self.cache.get(f"html/{key}", tables, as_html)
        return respond(request, kept, HTML)

    async def read(self, read: Callable[[Snapshot, Calendar], _T]) -> _T:
        """Something of this moment, which is not kept."""

        def in_snapshot() -> _T:
            with self.reader.snapshot() as snapshot:
                return read(snapshot, self._calendar_of(snapshot))

        return await self.in_thread(in_snapshot)

    async def look(self) -> None:
        """Look at the database now, without waiting for the next turn."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._watching, self.watch.look)

    async def in_thread(self, call: Callable[[], _T]) -> _T:
        """Something that blocks on the database. Raises the 503 when that cannot be used."""
        work: Awaitable[_T] = asyncio.get_running_loop().run_in_executor(self.threads, call)
        try:
            return await asyncio.wait_for(work, self.settings.request_seconds)
        except StorageError as error:
            self.watch.failed(error)
        except TimeoutError:
            pass
        raise unavailable(
            "unavailable", "The database cannot be used now.", "Try again in some seconds."
        )

    async def close(self) -> None:
        await self.finder.close()
        if self.shelf is not None:
            await self.shelf.close()
        self.threads.shutdown(wait=False, cancel_futures=True)
        self._watching.shutdown(wait=False, cancel_futures=True)
        self.reader.close()


def of(request: Request) -> Service:
    """The service of a request's application."""
    service: Service = request.app.state.service
    return service


def starts(event: Row) -> datetime | None:
    """When the answers on an event change by themselves: at its start, if that is to come."""
    at: datetime = event["race_starts_at"]
    return at if at > clock.now() else None


def respond(request: Request, kept: Kept, media_type: str) -> Response:
    """What is kept as a response, or 304 to a client that has it already."""
    headers = {
        # Kept by whoever likes, asked for again each time: a new forecast is seen at once.
        "Cache-Control": "public, max-age=0, must-revalidate, stale-if-error=86400",
        "ETag": kept.etag,
        "Vary": "Accept",
    }
    body: bytes = kept.value
    if media_type == HTML:
        headers["Content-Security-Policy"] = _CONTENT
    if kept.stale is not None:
        STALE.inc()
        headers |= {"Warning": '110 f1_pipeline "Response is Stale"', "X-Stale": kept.stale}
        headers |= {"Cache-Control": "no-store"}
        if media_type == _JSON:
            body = json.dumps(json.loads(body) | {"stale": kept.stale}).encode()
        else:
            body = body.replace(
                _BEGIN, _BEGIN + f'<p class="note">{escape(kept.stale)}</p>'.encode()
            )
        del headers["ETag"]
    elif _matches(request.headers.get("if-none-match"), kept.etag):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)


def _matches(asked: str | None, etag: str) -> bool:
    if asked is None:
        return False
    return asked.strip() == "*" or etag in (
        part.strip().removeprefix("W/") for part in asked.split(",")
    )


def _shelf(settings: Settings) -> Shelf | None:
    if not settings.redis_url:
        return None
    from f1_pipeline.serving.shelf import RedisShelf

    database = hashlib.sha256(settings.database_url.encode()).hexdigest()[:12]
    return RedisShelf(settings.redis_url, database, settings.cache_seconds)
