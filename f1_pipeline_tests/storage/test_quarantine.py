"""Each fault is kept once, with when it came, whether it stands, and when it went."""

from datetime import timedelta

import pandas as pd

from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline_tests.storage.rows import AT, LATER, faults, state


def record(warehouse: Warehouse, *ids: str, day: int, run: str = "run") -> pd.DataFrame:
    """Make these the faults that stand; gives the quarantine by id."""
    at = AT + timedelta(days=day)
    warehouse.publish({}, run_id=f"{run}-{day}", at=at, faults=faults(*ids))
    return warehouse.read("quarantine").set_index("quarantine_id")


def standing(quarantine: pd.DataFrame) -> set[str]:
    return set(quarantine.index[quarantine["resolved_at"].isna()])


def test_a_fault_comes_stands_goes_and_comes_back(warehouse):
    first = record(warehouse, "a", "b", day=0)
    assert standing(first) == {"a", "b"}
    assert set(first["run_id"]) == {"run-0"}
    assert set(first["quarantined_at"]) == {pd.Timestamp(AT)}

    again = record(warehouse, "a", "b", "c", day=1)
    assert standing(again) == {"a", "b", "c"}
    pd.testing.assert_frame_equal(again.loc[["a", "b"]], first)
    assert again.loc["c", "run_id"] == "run-1"

    gone = record(warehouse, "c", day=2)
    assert standing(gone) == {"c"}
    assert set(gone.loc[["a", "b"], "resolved_at"]) == {pd.Timestamp(AT + timedelta(days=2))}

    # One that went earlier keeps the instant at which it did.
    later = record(warehouse, day=3)
    assert standing(later) == set()
    pd.testing.assert_frame_equal(later.loc[["a", "b"]], gone.loc[["a", "b"]])
    assert later.loc["c", "resolved_at"] == pd.Timestamp(AT + timedelta(days=3))

    # One that is back is the same fault, and open again.
    back = record(warehouse, "a", day=4)
    assert standing(back) == {"a"}
    pd.testing.assert_frame_equal(back.loc[["b", "c"]], later.loc[["b", "c"]])
    assert back.loc["a", "quarantined_at"] == pd.Timestamp(AT)
    assert len(back) == 3


def test_the_same_fault_twice_in_a_run_is_one(warehouse):
    assert len(record(warehouse, "a", "a", day=0)) == 1
    assert len(record(warehouse, "a", "a", day=1)) == 1


def test_a_publication_that_says_nothing_of_faults_changes_none(warehouse):
    record(warehouse, "a", day=0)
    before = state(warehouse.url)

    warehouse.publish({}, run_id="other", at=LATER)

    assert state(warehouse.url) == before


def test_faults_by_the_ten_thousand_are_kept(tmp_path):
    """More than SQLite takes as values of one statement: a whole column can go bad at once."""
    warehouse = Warehouse(f"sqlite:///{tmp_path / 'warehouse.db'}")
    many = [f"fault-{n:05}" for n in range(33_000)]

    assert len(standing(record(warehouse, *many, day=0))) == len(many)
    assert standing(record(warehouse, day=1)) == set()
    assert len(standing(record(warehouse, *many, day=2))) == len(many)
