"""Requests of runs in the database: asked once, taken once, ended once, whoever is first."""

import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from f1_pipeline.errors import StorageError
from f1_pipeline.storage import database, migrate
from f1_pipeline.storage.run_requests import KEPT, Request, RunRequests
from f1_pipeline.storage.schema import RUN_REQUESTS
from f1_pipeline_tests.storage.rows import AT

MINUTE = timedelta(minutes=1)
SYNC = ("sync_drivers", {"seasons": [2024, 2025]})


@pytest.fixture
def requests(url: str) -> RunRequests:
    migrate.upgrade(url)
    return RunRequests(url)


def state(requests: RunRequests, request_id: str) -> str:
    found = requests.read(request_id)
    assert found is not None
    return found.state


def test_a_request_waits_runs_and_ends(requests):
    asked = requests.ask(*SYNC, AT)
    new = Request(asked, *SYNC, "waiting", None, None, None, AT, None, None)
    assert requests.read(asked) == new
    assert requests.waiting() == [new]
    assert requests.running() == []

    assert requests.take(asked, None, AT + MINUTE)
    requests.began(asked, "run-1")
    running = Request(asked, *SYNC, "running", None, None, "run-1", AT, AT + MINUTE, None)
    assert requests.running() == [running]
    assert requests.waiting() == []

    requests.ended(asked, True, "all is well", {"drivers_synced": 20}, AT + 2 * MINUTE)
    ended = RunRequests(requests.url).read(asked)
    assert ended == Request(
        *(asked, *SYNC, "succeeded", "all is well", {"drivers_synced": 20}, "run-1"),
        *(AT, AT + MINUTE, AT + 2 * MINUTE),
    )
    assert requests.running() == []


def test_nobody_asked(requests):
    assert requests.read("none") is None
    assert requests.waiting() == []
    assert not requests.take("none", "run", AT)


def test_the_same_is_asked_for_once_until_it_has_ended(requests):
    first = requests.ask("retrain", {}, AT)
    assert requests.ask("retrain", {}, AT + MINUTE) == first
    requests.take(first, "run-1", AT)
    assert requests.ask("retrain", {}, AT + MINUTE) == first

    requests.ended(first, False, "no", None, AT)

    again = requests.ask("retrain", {}, AT + MINUTE)
    assert again != first
    assert [r.request_id for r in requests.waiting()] == [again]


def test_other_arguments_are_another_request(requests):
    asked = [
        requests.ask("sync_drivers", {"seasons": seasons, "a": 1}, AT + number * MINUTE)
        for number, seasons in enumerate(([2024], [2025], [2024, 2025]))
    ]
    assert [r.request_id for r in requests.waiting()] == asked
    assert requests.ask("sync_drivers", {"a": 1, "seasons": [2025]}, AT) == asked[1]
    assert requests.ask("retrain", {"seasons": [2025], "a": 1}, AT) not in asked


def test_of_many_at_once_one_asks_and_one_takes(requests):
    start, found, taken = threading.Barrier(6), list[str](), list[bool]()

    def both() -> None:
        mine = RunRequests(requests.url)
        start.wait(30)
        found.append(mine.ask("retrain", {}, AT))
        taken.append(mine.take(found[-1], "run", AT))

    threads = [threading.Thread(target=both) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert len(set(found)) == 1
    assert sorted(taken) == [False] * 5 + [True]


def test_what_was_taken_is_not_taken_again(requests):
    asked = requests.ask("retrain", {}, AT)
    assert requests.take(asked, "run-1", AT)
    assert not requests.take(asked, "run-2", AT + MINUTE)
    assert requests.running()[0].run_id == "run-1"


def test_how_it_ended_is_entered_once_and_only_of_what_was_taken(requests):
    asked = requests.ask("retrain", {}, AT)
    requests.ended(asked, True, "too early", None, AT)
    assert state(requests, asked) == "waiting"

    requests.take(asked, "run-1", AT)
    requests.ended(asked, False, "its process is gone", None, AT)
    requests.ended(asked, True, "too late", None, AT)
    requests.began(asked, "run-2")

    ended = requests.read(asked)
    assert (ended.state, ended.message, ended.run_id) == ("failed", "its process is gone", "run-1")
    assert not requests.take(asked, "run-3", AT)


def test_requests_go_a_month_after_they_ended_when_one_is_asked(requests):
    old, young, open_still = (requests.ask("retrain", {"n": n}, AT) for n in range(3))
    for request_id, at in ((old, AT), (young, AT + 2 * MINUTE)):
        requests.take(request_id, "run", AT)
        requests.ended(request_id, True, "", None, at)

    requests.ask("sync_drivers", {}, AT + KEPT + MINUTE)

    assert requests.read(old) is None
    assert state(requests, young) == "succeeded"
    assert state(requests, open_still) == "waiting"


def test_instants_are_the_same_from_any_zone(requests):
    asked = requests.ask("retrain", {}, AT.astimezone(timezone(timedelta(hours=5))))
    found = requests.read(asked)
    assert found.asked_at == AT
    assert found.asked_at.utcoffset() == timedelta(0)


def test_the_table_is_the_one_of_the_schema(requests):
    asked = requests.ask(*SYNC, AT)
    requests.take(asked, "run-1", AT)
    requests.ended(asked, True, "m", {}, AT)
    with database.reading(requests.url) as connection:
        (row,) = connection.execute(sa.select(RUN_REQUESTS)).mappings()
    assert row["asked_at"] == row["taken_at"] == row["ended_at"] == AT
    assert None not in row.values()


def test_a_database_without_the_table_is_one_line_and_stays_as_it_is(url, tmp_path):
    requests = RunRequests(url)
    for attempt in (
        lambda: requests.ask("retrain", {}, AT),
        lambda: requests.read("one"),
        lambda: requests.take("one", "run", AT),
    ):
        with pytest.raises(StorageError, match="f1-pipeline run"):
            attempt()
    if url.startswith("sqlite"):
        assert not (tmp_path / "a folder").exists()
    assert not _tables(url)  # which makes the file
    with pytest.raises(StorageError, match="f1-pipeline run"):
        requests.waiting()


def _tables(url: str) -> list[str]:
    with database.writing(url) as connection:
        schema = database.SCHEMA if connection.dialect.name == "postgresql" else None
        return sa.inspect(connection).get_table_names(schema=schema)


def test_to_ask_and_to_read_needs_no_pandas(requests):
    at = datetime(2024, 1, 1, tzinfo=UTC).isoformat()
    code = (
        "import sys; from datetime import datetime;"
        "from f1_pipeline.storage.run_requests import RunRequests;"
        f"requests = RunRequests({requests.url!r});"
        f"asked = requests.ask('retrain', {{}}, datetime.fromisoformat({at!r}));"
        "assert requests.read(asked).state == 'waiting';"
        "print([m for m in ('pandas', 'pandera', 'alembic', 'dagster') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert len(requests.waiting()) == 1
