"""What is kept holds exactly as long as it may, and goes on when the database does not."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import pytest

from f1_pipeline.errors import StorageError
from f1_pipeline.serving import cache as caches
from f1_pipeline.serving.cache import Cache, Read
from f1_pipeline.serving.errors import ApiError
from f1_pipeline.serving.watch import Watch
from f1_pipeline.storage.reader import EmptyError

NOW = "2026-03-01T00:00:00Z"


class Tables:
    """A database of one table: its revision, and whether it can be read."""

    def __init__(self):
        self.revision = 1
        self.fault = None
        self.reads = 0

    @contextmanager
    def snapshot(self):
        if self.fault is not None:
            raise self.fault
        yield self

    def rows(self, name):
        assert name == "table_revisions"
        return [{"table_name": "drivers", "revision": self.revision, "changed_at": "then"}]

    def revisions(self):
        with self.snapshot():
            return {"drivers": f"{self.revision}@then"}

    def answer(self, _snapshot):
        self.reads += 1
        return Read(f"answer {self.reads}".encode())


@pytest.fixture
def tables():
    return Tables()


@pytest.fixture
def threads():
    pool = ThreadPoolExecutor(2)
    yield pool
    pool.shutdown()


@pytest.fixture
def watch(tables, threads):
    seen = Watch(tables, threads)
    seen.look()
    return seen


@pytest.fixture
def cache(tables, watch, threads, monkeypatch):
    monkeypatch.setenv("F1_NOW", NOW)
    return Cache(tables, watch, threads, seconds=300, limit=5)


def got(cache, tables, key="a"):
    return asyncio.run(cache.get(key, ("drivers",), tables.answer))


def test_it_is_read_once_while_nothing_changes(cache, tables):
    assert got(cache, tables).value == b"answer 1"
    assert got(cache, tables).value == b"answer 1"
    assert got(cache, tables, "b").value == b"answer 2"


def test_a_change_of_its_table_ends_it_and_of_another_does_not(cache, tables, watch):
    first = got(cache, tables)
    tables.revision = 2
    assert got(cache, tables) == first  # not seen yet
    watch.look()
    second = got(cache, tables)
    assert second.value == b"answer 2"
    assert second.etag != first.etag
    asyncio.run(cache.get("other", ("events",), tables.answer))
    reads, tables.revision = tables.reads, 3
    watch.look()
    asyncio.run(cache.get("other", ("events",), tables.answer))
    assert tables.reads == reads


@pytest.mark.parametrize(
    ("later", "reads"), [("2026-03-01T00:04:59Z", 1), ("2026-03-01T00:05:00Z", 2)]
)
def test_it_holds_for_so_many_seconds(cache, tables, monkeypatch, later, reads):
    got(cache, tables)
    monkeypatch.setenv("F1_NOW", later)
    got(cache, tables)
    assert tables.reads == reads


def test_a_moment_that_changes_it_ends_it(cache, tables, monkeypatch):
    from f1_pipeline.clock import parse_instant

    def read(snapshot):
        start = parse_instant("2026-03-01T00:01:00Z", "start")
        return Read(tables.answer(snapshot).value, start)

    async def twice():
        await cache.get("a", ("drivers",), read)
        monkeypatch.setenv("F1_NOW", "2026-03-01T00:01:00Z")
        return await cache.get("a", ("drivers",), read)

    assert asyncio.run(twice()).value == b"answer 2"


def test_a_clock_that_goes_back_ends_it(cache, tables, monkeypatch):
    got(cache, tables)
    monkeypatch.setenv("F1_NOW", "2026-02-01T00:00:00Z")
    got(cache, tables)
    assert tables.reads == 2


def test_many_that_ask_at_once_are_one_read(cache, tables):
    async def ask():
        asked = [cache.get("a", ("drivers",), tables.answer) for _ in range(50)]
        return await asyncio.gather(*asked)

    assert {kept.value for kept in asyncio.run(ask())} == {b"answer 1"}
    assert tables.reads == 1


def test_without_the_database_what_is_kept_goes_on_and_says_so(cache, tables, watch):
    got(cache, tables)
    tables.fault = StorageError("the database db.internal cannot be used")
    watch.look()
    kept = got(cache, tables)
    assert kept.value == b"answer 1"
    assert "cannot be read since" in kept.stale
    assert "db.internal" not in kept.stale
    with pytest.raises(ApiError) as caught:
        got(cache, tables, "never read")
    assert caught.value.status_code == 503
    assert "db.internal" not in str(caught.value.body())

    tables.fault = None
    watch.look()
    assert got(cache, tables).stale is None


def test_a_read_that_fails_before_the_watch_knows_is_stale_too(cache, tables, watch, monkeypatch):
    got(cache, tables)
    tables.fault = StorageError("gone")
    monkeypatch.setenv("F1_NOW", "2026-03-01T01:00:00Z")
    assert got(cache, tables).stale is not None
    assert watch.fault is not None


def test_a_refusal_is_not_kept(cache, tables):
    def refuse(_snapshot):
        tables.reads += 1
        raise ApiError(404, "unknown", "There is none.", "Ask for another.")

    for _ in range(2):
        with pytest.raises(ApiError):
            asyncio.run(cache.get("a", ("drivers",), refuse))
    assert tables.reads == 2


def test_a_database_without_tables_is_no_fault(tables, watch):
    tables.fault = EmptyError("no tables yet")
    watch.look()
    assert (watch.fault, watch.seen) == (None, {})


def test_too_many_reads_at_a_time_are_refused_at_once(cache, tables, monkeypatch):
    monkeypatch.setattr(caches, "_UNDER_WAY", 1)
    go_on = Event()

    def slow(_snapshot):
        go_on.wait(10)
        return Read(b"slow")

    async def ask():
        first = asyncio.create_task(cache.get("a", ("drivers",), slow))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        with pytest.raises(ApiError) as caught:
            await cache.get("b", ("drivers",), tables.answer)
        go_on.set()
        return caught.value, (await first).value

    refused, value = asyncio.run(ask())
    assert (refused.status_code, refused.code) == (503, "busy")
    assert refused.headers["Retry-After"]
    assert value == b"slow"


def test_a_read_that_takes_too_long_is_given_up(tables, watch, threads, monkeypatch):
    monkeypatch.setenv("F1_NOW", NOW)
    hasty = Cache(tables, watch, threads, seconds=300, limit=0.01)
    go_on = Event()

    def slow(_snapshot):
        go_on.wait(10)
        return Read(b"slow")

    async def ask():
        with pytest.raises(ApiError) as caught:
            await hasty.get("a", ("drivers",), slow)
        go_on.set()
        return caught.value

    assert asyncio.run(ask()).status_code == 503
    assert watch.fault is None  # slow is not gone
