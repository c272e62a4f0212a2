"""Signs of life: a run beats while it is under way, and what it left says when it ended."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.engine import Connection

from f1_pipeline import clock
from f1_pipeline.errors import StorageError
from f1_pipeline.storage import database, heartbeats
from f1_pipeline.storage.heartbeats import LOST_AFTER, Heartbeats

START = datetime(2024, 5, 26, 14, tzinfo=UTC)
PATIENCE = 30.0  # seconds; what is waited for comes within milliseconds


class Beats:
    """A clock that goes on by a second with every beat, and tells of the fourth."""

    def __init__(self) -> None:
        self.count = 0
        self.fourth = threading.Event()
        self.now = START

    def __call__(self) -> datetime:
        self.count += 1
        if self.count >= 4:
            self.fourth.set()
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def beats(monkeypatch: pytest.MonkeyPatch) -> Beats:
    """A clock of its own, and a beat every few milliseconds."""
    monkeypatch.setattr(heartbeats, "EVERY", 0.005)
    counted = Beats()
    monkeypatch.setattr(clock, "wall", counted)
    return counted


@pytest.fixture
def rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run beats at its beginning alone."""
    monkeypatch.setattr(heartbeats, "EVERY", 3600.0)


def at(monkeypatch: pytest.MonkeyPatch, instant: datetime) -> None:
    monkeypatch.setattr(clock, "wall", lambda: instant)


def test_a_run_beats_at_once_and_on_and_on_until_it_ends(url, beats):
    lives, threads = Heartbeats(url), set(threading.enumerate())
    assert lives.last() == {}

    with lives.beating("one"):
        first = lives.last()["one"]
        assert set(threading.enumerate()) - threads
        assert beats.fourth.wait(PATIENCE)

    # The thread has ended: nothing beats any more, and the last beat stays.
    assert set(threading.enumerate()) <= threads
    assert START < first < beats.now
    assert lives.last() == {"one": START + timedelta(seconds=beats.count)}


def test_a_run_that_fails_stops_beating_too(url, beats):
    lives, threads = Heartbeats(url), set(threading.enumerate())

    def fail() -> None:
        with lives.beating("one"):
            assert beats.fourth.wait(PATIENCE)
            raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        fail()

    assert set(threading.enumerate()) <= threads
    assert lives.last() == {"one": beats.now}


def test_a_run_does_not_wait_for_its_next_beat_to_end(url, rarely):
    lives, ended = Heartbeats(url), threading.Event()

    def run() -> None:
        with lives.beating("one"):
            pass
        ended.set()

    threading.Thread(target=run, daemon=True).start()
    assert ended.wait(PATIENCE)
    assert list(lives.last()) == ["one"]


def test_a_run_that_is_gone_keeps_its_last_beat(url, rarely, monkeypatch):
    lives = Heartbeats(url)
    at(monkeypatch, START)
    with lives.beating("gone"):
        pass
    later = START + 2 * LOST_AFTER
    at(monkeypatch, later)

    with lives.beating("one"):
        assert lives.last() == {"gone": START, "one": later}

    # Who is not there is as lost as who is silent: a beat of long ago is cleared away.
    much_later = START + 10 * LOST_AFTER + timedelta(seconds=1)
    at(monkeypatch, much_later)
    with lives.beating("two"):
        assert lives.last() == {"one": later, "two": much_later}


def test_a_run_that_beats_again_has_one_beat(url, rarely, monkeypatch):
    """A run is several processes, one after the other."""
    for instant in (START, START + LOST_AFTER):
        at(monkeypatch, instant)
        with Heartbeats(url).beating("one"):
            assert Heartbeats(url).last() == {"one": instant}


def test_runs_at_once_beat_each_for_itself(url, rarely):
    inside, done = threading.Barrier(5), threading.Event()

    def run(name: str) -> None:
        with Heartbeats(url).beating(name):
            inside.wait(PATIENCE)
            done.wait(PATIENCE)

    names = [f"run-{number}" for number in range(4)]
    threads = [threading.Thread(target=run, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    inside.wait(PATIENCE)
    found = Heartbeats(url).last()
    done.set()
    for thread in threads:
        thread.join(PATIENCE)

    assert sorted(found) == names
    assert Heartbeats(url).last() == found


def test_a_beat_that_fails_ends_neither_the_run_nor_the_beats(url, beats, monkeypatch):
    lives, writing = Heartbeats(url), database.writing
    failed: list[bool] = []

    @contextmanager
    def failing(address: str, **how: bool) -> Iterator[Connection]:
        if len(failed) < 2 and threading.current_thread() is not threading.main_thread():
            failed.append(True)
            raise StorageError("the database cannot be used")
        with writing(address, **how) as connection:
            yield connection

    monkeypatch.setattr(database, "writing", failing)
    with lives.beating("one"):
        first = lives.last()["one"]
        assert beats.fourth.wait(PATIENCE)

    assert failed == [True, True]
    assert lives.last()["one"] == beats.now > first


def test_a_run_whose_first_beat_fails_does_not_begin(url, monkeypatch):
    """It says so where it can be seen: its database is the one of everything else."""
    lives, threads = Heartbeats(url), set(threading.enumerate())

    def failing(address: str, **_: bool) -> None:
        raise StorageError("the database cannot be used")

    monkeypatch.setattr(database, "writing", failing)
    with pytest.raises(StorageError), lives.beating("one"):
        pytest.fail("it began")
    assert set(threading.enumerate()) <= threads


def test_the_played_time_has_no_influence(url, rarely, monkeypatch):
    monkeypatch.setenv("F1_NOW", "2019-01-01T00:00:00Z")
    before = datetime.now(UTC)
    with Heartbeats(url).beating("one"):
        (beat,) = Heartbeats(url).last().values()
    assert before <= beat <= datetime.now(UTC)
