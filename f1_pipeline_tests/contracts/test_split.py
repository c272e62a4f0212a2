"""Every fault against a contract is found, with its row and in words; good rows have none."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from f1_pipeline.contracts import CONTRACTS, check, split
from f1_pipeline.errors import ContractError
from f1_pipeline_tests.contracts.sample import GOOD, SAMPLE, frame

FAULTS = [
    ("laps", -1, "laps: too small (-1)"),
    ("laps", "-1", "laps: too small (-1)"),
    ("laps", "many", "laps: wrong type ('many')"),
    ("length", 0, "length: too small (0.0)"),
    ("stop", 10, "stop: too large (10)"),
    ("stop", None, "stop: must not be empty (<NA>)"),
    ("event_id", "Monaco 2024", "event_id: malformed ('Monaco 2024')"),
    ("event_id", None, "event_id: must not be empty (None)"),
    ("event_id", "", "event_id: malformed ('')"),
    ("outcome", "exploded", "outcome: not an allowed value ('exploded')"),
    ("tier", "gossip", "tier: not an allowed value ('gossip')"),
    ("source", None, "source: must not be empty (None)"),
    ("held", "perhaps", "held: wrong type ('perhaps')"),
    ("starts_at", "late", "starts_at: wrong type ('late')"),
    ("note", 3.5, "note: wrong type (3.5)"),
]


def found(values: pd.DataFrame) -> list[tuple[object, str]]:
    return sorted((r.index, r.reason) for r in split(values, SAMPLE)[1])


@pytest.mark.parametrize(("column", "value", "reason"), FAULTS)
def test_a_fault_is_found_in_its_row(column, value, reason):
    values = frame({}, {column: value}, {})
    values.index = pd.Index([7, 7, 9])

    assert found(values) == [(1, reason)]
    assert found(values.iloc[[0, 2]]) == []
    assert len(reason.splitlines()) == 1


def test_rows_without_fault_come_back_in_their_types():
    valid, rejections = split(frame({}, {"laps": "5", "held": None}), SAMPLE)

    assert rejections == []
    assert valid["laps"].tolist() == [78, 5]
    pd.testing.assert_frame_equal(check(frame({}, {"laps": "5", "held": None}), SAMPLE), valid)
    pd.testing.assert_frame_equal(check(valid, SAMPLE), valid)


def test_all_faults_of_a_row_are_found_and_none_twice():
    several = {"laps": -1, "outcome": "exploded", "stop": "x"}

    # A value of a wrong type is emptied: that it is then empty is not held against it again.
    assert found(frame({}, several)) == [
        (1, "laps: too small (-1)"),
        (1, "outcome: not an allowed value ('exploded')"),
        (1, "stop: wrong type ('x')"),
    ]


def test_both_rows_of_a_doubled_key_are_at_fault():
    doubled = frame({"stop": 2}, {"stop": 3}, {"stop": "2", "laps": 1}, {"event_id": "2024-spain"})

    assert found(doubled) == [
        (0, "duplicate key (2024-monaco, 2)"),
        (2, "duplicate key (2024-monaco, 2)"),
    ]
    assert found(doubled.iloc[1:]) == []


def test_no_rows_have_no_faults():
    valid, rejections = split(frame(), SAMPLE)
    assert (len(valid), rejections) == (0, [])
    assert list(valid) == list(GOOD)


def test_a_missing_column_is_a_contract_error():
    for read in (split, check):
        with pytest.raises(ContractError, match=r"sample lacks the column stop\."):
            read(frame({}).drop(columns="stop"), SAMPLE)


def test_check_names_the_table_the_count_and_the_first_faults():
    bad = frame({}, *({"laps": -n} for n in range(1, 6)))

    with pytest.raises(ContractError) as error:
        check(bad, SAMPLE)

    assert str(error.value) == (
        "sample: 5 faults against its contract, first row 1: laps: too small (-1); "
        "row 2: laps: too small (-2); row 3: laps: too small (-3)."
    )


@settings(deadline=None, max_examples=25)
@given(st.lists(st.none() | st.sampled_from([f for f in FAULTS if f[0] != "stop"]), max_size=8))
def test_faults_are_found_where_they_were_put_and_nowhere_else(plan):
    changes = [{} if fault is None else {fault[0]: fault[1]} for fault in plan]
    expected = [(i, fault[2]) for i, fault in enumerate(plan) if fault is not None]

    assert found(frame(*changes)) == expected


@pytest.mark.parametrize(
    ("table", "column", "good", "bad"),
    [
        ("drivers", "driver_id", "max-verstappen", "Max Verstappen"),
        ("drivers", "code", "VER", "ver"),
        ("drivers", "date_of_birth", "1997-09-30", "30.9.1997"),
        ("circuits", "circuit_type", "STREET", "OVAL"),
        ("circuits", "latitude", 43.7, 91.0),
        ("events", "event_id", "2021-70th-anniversary", "21-monaco"),
        ("events", "format", "sprint_shootout", "sprint_race"),
        ("entries", "role", "practice", "spectator"),
        ("race_results", "outcome", "did_not_start", "DNS"),
        ("race_results", "points", 12.5, -1.0),
        ("race_results", "laps", 0, -1),
        ("qualifying_results", "session", "SQ", "S"),
        ("practice_results", "session", "FP3", "FP4"),
        ("pit_stops", "pit_lane_ms", 22_000, 0),
        ("standings", "championship", "drivers", "engines"),
        ("race_predictions", "p_win", 1.0, 1.01),
        ("race_predictions", "horizon", "post_practice", "post_race"),
        ("models", "stage", "champion", "winner"),
    ],
)
def test_what_the_tables_take_and_refuse(table, column, good, bad):
    """Of a frame of nothing but this column, so that only its own rule speaks."""
    contract = CONTRACTS[table]
    empty = pd.DataFrame({c.name: pd.Series([None], dtype=object) for c in contract.columns})

    def faults_with(value: object) -> list[str]:
        filled = empty.assign(**{column: pd.Series([value], dtype=object)})
        return [r.reason for r in split(filled, contract)[1] if r.reason.startswith(f"{column}:")]

    assert faults_with(good) == []
    assert len(faults_with(bad)) == 1
