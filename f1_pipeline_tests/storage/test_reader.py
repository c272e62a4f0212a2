"""The reader reads what the warehouse wrote, changes nothing, and is told of every change."""

import subprocess
import sys

import pytest
import sqlalchemy as sa

from f1_pipeline.errors import StorageError
from f1_pipeline.storage.reader import EmptyError, Reader
from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline_tests.storage.rows import AT, LATER, drivers, stops


@pytest.fixture
def reader(url):
    made = Reader(url, connections=2, seconds=5)
    yield made
    made.close()


def published(warehouse, *rows, run="run", at=AT):
    return warehouse.publish({"pit_stops": stops(*rows)}, run_id=run, at=at)


def test_it_reads_rows_as_they_were_written(warehouse, reader):
    published(warehouse, ("2024-monaco", "a", 2000), ("2024-monaco", "b", 1000))

    with reader.snapshot() as snapshot:
        rows = snapshot.rows("pit_stops", ("driver_id", "pit_lane_ms"), order=("pit_lane_ms",))
        assert rows == [
            {"driver_id": "b", "pit_lane_ms": 1000},
            {"driver_id": "a", "pit_lane_ms": 2000},
        ]
        assert snapshot.rows("pit_stops", ("driver_id",), order=("-pit_lane_ms",), limit=1) == [
            {"driver_id": "a"}
        ]
        assert snapshot.count("pit_stops", driver_id=["a", "c"]) == 1
        assert snapshot.newest("pit_stops", "pit_lane_ms") == 2000
        assert snapshot.first("pit_stops", driver_id="c") is None
        # Whole rows, and instants as they were given: aware, in UTC.
        assert snapshot.rows("pit_stops", driver_id="a")[0]["valid_from"] == AT


def test_a_text_that_is_sql_is_a_text(warehouse, reader):
    published(warehouse, ("2024-monaco", "a", 2000))
    with reader.snapshot() as snapshot:
        assert snapshot.rows("pit_stops", driver_id="a' OR '1'='1") == []
        with pytest.raises(EmptyError):
            snapshot.rows("pit_stops; DROP TABLE pit_stops")


def test_it_changes_nothing(warehouse, reader):
    published(warehouse, ("2024-monaco", "a", 2000))
    with pytest.raises(StorageError), reader.snapshot() as snapshot:
        snapshot._connection.execute(sa.delete(snapshot._table("pit_stops")))
    assert len(warehouse.read("pit_stops")) == 1


def test_a_snapshot_does_not_see_what_is_published_meanwhile(warehouse, reader):
    published(warehouse, ("2024-monaco", "a", 2000))
    with reader.snapshot() as snapshot:
        assert snapshot.count("pit_stops") == 1
        published(warehouse, ("2024-monaco", "a", 2000), ("2024-monaco", "b", 1), at=LATER)
        assert snapshot.count("pit_stops") == 1
    with reader.snapshot() as snapshot:
        assert snapshot.count("pit_stops") == 2


def test_a_statement_that_takes_too_long_is_ended(url, warehouse):
    hasty = Reader(url, connections=1, seconds=0.2)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    with pytest.raises(StorageError), hasty.snapshot() as snapshot:
        snapshot._connection.execute(sa.text(endless))
    with hasty.snapshot() as snapshot:  # the connection serves again
        assert snapshot.count("pit_stops") == 0
    hasty.close()


@pytest.mark.parametrize(
    "write",
    [
        lambda w: published(w, ("2024-monaco", "a", 3000), at=LATER),
        lambda w: w.publish({"pit_stops": stops()}, run_id="r", at=LATER),
    ],
    ids=["changed", "withdrawn"],
)
def test_every_change_is_told(warehouse, reader, write):
    published(warehouse, ("2024-monaco", "a", 2000))
    before = reader.revisions()
    write(warehouse)
    after = reader.revisions()
    assert after["pit_stops"] != before["pit_stops"]
    assert {k: v for k, v in after.items() if k != "pit_stops"} == {
        k: v for k, v in before.items() if k != "pit_stops"
    }


def test_rows_that_are_added_or_exchanged_are_told_too(warehouse, reader):
    warehouse.append({"drivers": drivers("a")})
    added = reader.revisions()["drivers"]
    warehouse.replace_where("drivers", drivers("b"), driver_id="a")
    assert reader.revisions()["drivers"] != added


def test_the_same_content_is_no_change(warehouse, reader):
    published(warehouse, ("2024-monaco", "a", 2000))
    before = reader.revisions()
    published(warehouse, ("2024-monaco", "a", 2000), run="another", at=LATER)
    assert reader.revisions() == before


def test_what_fails_is_no_change(warehouse, reader):
    warehouse.append({"drivers": drivers("a")})
    before = reader.revisions()
    with pytest.raises(StorageError):
        warehouse.append({"drivers": drivers("b", "a")})
    assert reader.revisions() == before


def test_a_place_without_tables_says_what_makes_them(tmp_path):
    nothing = Reader(f"sqlite:///{tmp_path}/none.db", connections=1, seconds=1)
    with pytest.raises(StorageError):
        nothing.revisions()
    assert not (tmp_path / "none.db").exists()
    (tmp_path / "none.db").touch()
    with pytest.raises(EmptyError, match="f1-pipeline run"):
        nothing.revisions()
    nothing.close()


def test_a_process_that_serves_needs_no_pandas_and_no_dagster(url, warehouse: Warehouse):
    script = (
        "import sys\n"
        "from f1_pipeline.serving.app import create_app\n"
        "from f1_pipeline.storage.reader import Reader\n"
        f"Reader({url!r}, connections=1, seconds=5).revisions()\n"
        "create_app()\n"
        "heavy = {'pandas', 'pandera', 'numpy', 'dagster', 'catboost', 'fastf1', 'matplotlib'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
