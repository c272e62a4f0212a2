"""All of a publication or nothing of it, whoever reads, writes or dies meanwhile."""

import subprocess
import sys
import textwrap
from pathlib import Path
from threading import Barrier, Thread

import pandas as pd
import pytest
import sqlalchemy as sa

from f1_pipeline.errors import StorageError
from f1_pipeline.storage import database
from f1_pipeline.storage.schema import TABLES
from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline_tests.storage.rows import (
    AT,
    LATER,
    assert_ledger_agrees,
    drivers,
    faults,
    state,
    stops,
)

ROOT = Path(__file__).parents[2]
OLD = {"drivers": drivers("ada"), "pit_stops": stops(("2024-monaco", "ada", 22_000))}
NEW = {
    "drivers": drivers("ada", "bob"),
    "pit_stops": stops(("2024-monaco", "ada", 22_500), ("2024-spain", "bob", 23_000)),
}


def start(code: str, *arguments: str) -> "subprocess.Popen[str]":
    """A Python process of its own that talks over its pipes."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def said(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def tell(process: "subprocess.Popen[str]", text: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{text}\n")
    process.stdin.flush()


BAD = [
    (NEW["pit_stops"].assign(constructor_id=None), faults("new")),
    (pd.concat([NEW["pit_stops"], NEW["pit_stops"]]), faults("new")),
    (NEW["pit_stops"].drop(columns="lap"), faults("new")),
    (NEW["pit_stops"], faults("new").drop(columns="reason")),
    (NEW["pit_stops"], faults("new").assign(reason=None)),
]


def test_a_publication_that_fails_leaves_everything_as_it_was(warehouse):
    """The first frame is good and written already when what follows fails."""
    warehouse.publish(OLD, run_id="one", at=AT, faults=faults("old"))
    before = state(warehouse.url)

    for stops_now, faults_now in BAD:
        frames = {"drivers": NEW["drivers"], "pit_stops": stops_now}
        with pytest.raises((StorageError, KeyError)):
            warehouse.publish(frames, run_id="two", at=LATER, faults=faults_now)
        assert state(warehouse.url) == before

    # The connection is usable, and the lock is free.
    warehouse.publish(NEW, run_id="three", at=LATER, faults=faults())
    pd.testing.assert_frame_equal(warehouse.read("pit_stops"), NEW["pit_stops"])
    assert_ledger_agrees(warehouse.url)


def test_a_reader_sees_all_of_the_old_until_all_of_the_new_is_there(warehouse):
    warehouse.publish(OLD, run_id="one", at=AT)
    table = TABLES["drivers"]

    with database.reading(warehouse.url) as early:
        seen = early.execute(sa.select(table.c.driver_id)).scalars().all()
        with database.writing(warehouse.url) as writer:
            writer.execute(sa.delete(table))
            # In the middle of a write a new reader finds the old, and does not wait.
            pd.testing.assert_frame_equal(warehouse.read("drivers"), OLD["drivers"])
            writer.execute(sa.insert(table), [{"driver_id": "eve", "name": "Eve"}])
            pd.testing.assert_frame_equal(warehouse.read("drivers"), OLD["drivers"])
        assert warehouse.read("drivers")["driver_id"].to_list() == ["eve"]
        # Who began to read before stays with what he saw, in tables not yet read too.
        warehouse.publish({"pit_stops": NEW["pit_stops"]}, run_id="two", at=LATER)
        assert early.execute(sa.select(table.c.driver_id)).scalars().all() == seen == ["ada"]
        times = early.execute(sa.select(TABLES["pit_stops"].c.pit_lane_ms)).scalars().all()
        assert times == [22_000]
    assert len(warehouse.read("pit_stops")) == 2


def test_readers_never_see_two_tables_of_different_publications(warehouse):
    """Each publication writes its number into both tables."""
    barrier, done, failures = Barrier(2), [], []

    def write() -> None:
        try:
            barrier.wait()
            for number in range(2, 10):
                name = f"driver-{number}"
                frames = {"drivers": drivers(name), "pit_stops": stops(("2024-monaco", name, 1))}
                warehouse.publish(frames, run_id=name, at=AT)
        except Exception as error:
            failures.append(error)
        finally:
            done.append(True)

    first = {"drivers": drivers("driver-1"), "pit_stops": stops(("2024-monaco", "driver-1", 1))}
    warehouse.publish(first, run_id="one", at=AT)
    writer = Thread(target=write)
    writer.start()
    barrier.wait()
    pairs = set()
    while not done:
        both = warehouse.read_many(["drivers", "pit_stops"])
        pairs.add((*both["drivers"]["driver_id"], *both["pit_stops"]["driver_id"]))
    writer.join()

    assert failures == []
    assert pairs
    assert all(len(pair) == 2 and pair[0] == pair[1] for pair in pairs)
    assert_ledger_agrees(warehouse.url)


PUBLISHER = """
    import sys
    from f1_pipeline.storage.warehouse import Warehouse
    from f1_pipeline_tests.storage.rows import AT, drivers, faults, stops

    url, name = sys.argv[1:]
    print("ready", flush=True)
    input()
    warehouse = Warehouse(url)
    for number in range(5):
        frames = {"drivers": drivers(name), "pit_stops": stops(("2024-monaco", name, number + 1))}
        warehouse.publish(frames, run_id=f"{name}-{number}", at=AT, faults=faults(name))
    print("done", flush=True)
"""


def test_processes_that_open_and_publish_at_once_take_turns(url):
    """On a database that neither has seen: both also want to create its tables."""
    processes = [start(PUBLISHER, url, name) for name in ("ada", "bob")]
    for process in processes:
        assert said(process) == "ready"
    for process in processes:
        tell(process, "go")
    for process in processes:
        with process:
            assert said(process) == "done"

    assert_ledger_agrees(url)
    warehouse = Warehouse(url)
    ledger = warehouse.versions("pit_stops").sort_values("version")
    assert len(ledger) == 10
    for name in ("ada", "bob"):
        mine = ledger.loc[ledger["run_id"].str.startswith(name), "run_id"]
        assert mine.to_list() == [f"{name}-{number}" for number in range(5)]
    # The last of them is what stands, in both tables.
    last = ledger["run_id"].iloc[-1].split("-")[0]
    assert warehouse.read("drivers")["driver_id"].to_list() == [last]
    assert warehouse.read("pit_stops")["driver_id"].to_list() == [last]
    assert len(warehouse.read("quarantine")) == 2


VICTIM = """
    import sys
    import sqlalchemy as sa
    from f1_pipeline.storage import database
    from f1_pipeline.storage.schema import TABLES

    with database.writing(sys.argv[1]) as connection:
        for name in ("drivers", "pit_stops", "quarantine"):
            connection.execute(sa.delete(TABLES[name]))
        connection.execute(sa.insert(TABLES["drivers"]), [{"driver_id": "eve", "name": "Eve"}])
        print("written", flush=True)
        input()
"""


def test_a_writer_that_is_killed_leaves_the_old_content_and_no_lock(warehouse):
    warehouse.publish(OLD, run_id="one", at=AT, faults=faults("old"))
    before = state(warehouse.url)

    with start(VICTIM, warehouse.url) as victim:
        assert said(victim) == "written"
        assert state(warehouse.url) == before
        victim.kill()

    assert state(warehouse.url) == before
    warehouse.publish(NEW, run_id="two", at=LATER)
    pd.testing.assert_frame_equal(warehouse.read("drivers"), NEW["drivers"])
    assert_ledger_agrees(warehouse.url)
