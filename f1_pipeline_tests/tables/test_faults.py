"""Which event or session a row that breaks its contract belongs to."""

from typing import Any

import pandas as pd
import pytest

from f1_pipeline.contracts import CONTRACTS
from f1_pipeline.tables.faults import Fault, valid_rows
from f1_pipeline_tests.tables.timing.made_laps import none
from f1_pipeline_tests.tables.timing.raw_laps import facts

ABOUT = {"source": "livetiming", "tier": "timing"}


def reading(at_ms: object, session: object = "R", event_id: object = "2025-monaco") -> dict:
    return ABOUT | {"event_id": event_id, "session": session, "at_ms": at_ms}


def checked(table: str, *rows: dict[str, Any]) -> tuple[pd.DataFrame, list[Fault]]:
    contract = CONTRACTS[table]
    columns = [column.name for column in contract.columns]
    known = facts() | {"constructors": none("constructors")}
    return valid_rows(pd.DataFrame(rows, columns=columns, dtype=object), contract, known)


def test_rows_without_a_fault_are_all_left():
    valid, faults = checked("weather", reading(1), reading(2), reading(1, "FP1"))
    assert faults == []
    assert list(valid["at_ms"]) == [1, 2, 1]


@pytest.mark.parametrize(
    ("row", "unit", "reason"),
    [
        (reading(None), "2025-monaco/R", "at_ms: must not be empty (<NA>)"),
        (reading("noon"), "2025-monaco/R", "at_ms: wrong type ('noon')"),
        (reading(1, "R2"), "2025-monaco/R2", "session: not an allowed value ('R2')"),
        (reading(1, "R", "2031-moon"), "2031-moon/R", "unknown event '2031-moon'"),
        (reading(1, None), None, "session: must not be empty (None)"),
        (reading(1, "R", None), None, "event_id: must not be empty (None)"),
    ],
)
def test_a_faulty_row_belongs_to_its_session(row, unit, reason):
    valid, (fault,) = checked("weather", row, reading(2, "FP1"))
    assert (fault.table, fault.event_id, fault.reason) == ("weather", unit, reason)
    assert fault.row["at_ms"] == row["at_ms"]
    assert list(valid["session"]) == ["FP1"]


def test_one_reason_in_two_sessions_of_an_event_is_two_faults():
    _, faults = checked("weather", reading(None), reading(None, "FP1"))
    assert [fault.event_id for fault in faults] == ["2025-monaco/R", "2025-monaco/FP1"]
    assert len({fault.id for fault in faults}) == 2


def test_a_duplicate_key_is_a_fault_of_both_rows():
    valid, faults = checked("weather", reading(1), reading(1), reading(1, "FP1"))
    reason = "duplicate key (2025-monaco, R, 1)"
    assert [(f.event_id, f.reason) for f in faults] == [("2025-monaco/R", reason)] * 2
    assert list(valid["session"]) == ["FP1"]


def test_a_table_by_event_has_its_event_for_a_unit_and_a_whole_one_none():
    _, faults = checked("race_results", ABOUT | {"event_id": "2025-monaco"})
    assert {fault.event_id for fault in faults} == {"2025-monaco"}
    _, faults = checked("drivers", ABOUT | {"driver_id": "norris"})
    assert {fault.event_id for fault in faults} == {None}
