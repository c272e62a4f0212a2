"""A row that breaks its contract withholds its event in every table, and nothing else."""

import json

import pandas as pd
import pytest

from f1_pipeline.contracts import CONTRACTS
from f1_pipeline.errors import ContractError
from f1_pipeline.tables import Fault, build, fault_rows
from f1_pipeline_tests.tables.corrupt import (
    Frames,
    assert_same,
    assert_withheld_exactly,
    in_key_order,
    row_of,
    with_value,
)

EVENT = "2024-china"  # a sprint weekend in the middle of what was held

VALUES = [
    ("race_results", "driver_id", "nobody", "unknown driver 'nobody'"),
    ("race_results", "driver_id", "No Body", "driver_id: malformed ('No Body')"),
    ("race_results", "driver_id", None, "driver_id: must not be empty (None)"),
    ("race_results", "constructor_id", "no-team", "unknown constructor 'no-team'"),
    ("race_results", "laps", "many", "laps: wrong type ('many')"),
    ("race_results", "laps", -1, "laps: too small (-1)"),
    ("race_results", "points", -1, "points: too small (-1.0)"),
    ("race_results", "grid_position", 1.5, "grid_position: wrong type (1.5)"),
    ("race_results", "fastest_lap", "perhaps", "fastest_lap: wrong type ('perhaps')"),
    ("race_results", "position", "9th", "position: wrong type ('9th')"),
    ("race_results", "position", None, "outcome: not an allowed value ('1')"),
    ("entries", "car_number", 1000, "car_number: too large (1000)"),
    ("starting_grids", "position", 61, "grid_position: too large (61)"),
    ("sprint_results", "laps", 1000, "laps: too large (1000)"),
    ("sprint_results", "position", 2, "classified positions have a gap or a tie"),
    ("qualifying_results", "q1_ms", 0, "q1_ms: too small (0)"),
    ("qualifying_results", "session", "Q3", "session: not an allowed value ('Q3')"),
    ("practice_results", "best_ms", "fast", "best_ms: wrong type ('fast')"),
    ("pit_stops", "lap", None, "lap: must not be empty (<NA>)"),
    ("events", "round", 0, "round: too small (0)"),
    ("events", "round", "second", "round: wrong type ('second')"),
    ("events", "season", "MMXXIV", "season: wrong type ('MMXXIV')"),
    ("events", "course_length_km", "long", "course_length_km: wrong type ('long')"),
    ("events", "race_date", "2024-02-30", "race_starts_at: wrong type ('2024-02-30T14:00')"),
    ("events", "fp1_time", "noon", "fp1_starts_at: wrong type ('2024-"),
    ("events", "circuit_id", "moon", "unknown circuit 'moon'"),
    ("events", "name", None, "name: must not be empty (None)"),
]


def spoilt(raw: Frames, table: str, column: str, value: object) -> Frames:
    """One cell of the event exchanged. A text among numbers makes all of its column text."""
    source = "race_results" if table == "entries" else table
    label = row_of(raw, source, EVENT)
    return with_value(raw, source, label, column, value, text=isinstance(value, str))


@pytest.mark.parametrize(("table", "column", "value", "reason"), VALUES)
def test_a_bad_value_withholds_its_event(small_raw, small, table, column, value, reason):
    built = build(spoilt(small_raw, table, column, value), {})

    assert_withheld_exactly(built, small, {EVENT})
    assert all(fault.event_id == EVENT for fault in built.faults)
    found = [fault for fault in built.faults if reason in fault.reason]
    assert table in {fault.table for fault in found}
    # What was refused can be read in the fault; a rule among rows has no single row.
    assert all(not f.row or f.row["event_id"] == EVENT for f in found)


def test_with_what_was_published_before_nothing_is_lost(small_raw, small):
    raw = small_raw
    for table, column, value, _ in VALUES:
        raw = spoilt(raw, table, column, value)

    built = build(raw, small.frames)

    assert built.withheld == {EVENT}
    assert_same(built.frames, small.frames, small.frames)


def doubled(frame: pd.DataFrame, label: object) -> pd.DataFrame:
    return pd.concat([frame, frame.loc[[label]]], ignore_index=True)


def without(frame: pd.DataFrame, label: object) -> pd.DataFrame:
    return frame.drop(index=label)


@pytest.mark.parametrize(
    ("table", "change", "number", "reason"),
    [
        ("race_results", doubled, 0, "duplicate key (2024-china, "),
        ("pit_stops", doubled, 0, "duplicate key (2024-china, "),
        ("qualifying_results", doubled, 0, "duplicate key (2024-china, Q, "),
        ("events", doubled, 0, "duplicate key (2024-china)"),
        ("race_results", without, -1, "who is on the grid"),
        ("race_results", without, 0, "classified positions have a gap or a tie"),
        ("sprint_results", without, 0, "classified positions have a gap or a tie"),
    ],
)
def test_a_row_too_many_or_too_few_withholds_its_event(
    small_raw, small, table, change, number, reason
):
    label = row_of(small_raw, table, EVENT, number)
    raw = small_raw | {table: change(small_raw[table], label)}

    built = build(raw, {})

    assert_withheld_exactly(built, small, {EVENT})
    assert any(reason in f.reason and f.table == table for f in built.faults)


def test_two_rows_with_times_for_a_driver_in_qualifying_are_no_ruling(small_raw, small):
    """Only a row without times gives its text to the other."""
    qualifying = small_raw["qualifying_results"]
    label = row_of(small_raw, "qualifying_results", EVENT)
    bare = dict.fromkeys(("position", "time_ms", "q1_ms", "q2_ms", "q3_ms"), float("nan"))
    ruling = qualifying.loc[[label]].assign(position_text="DSQ", display_order=7, **bare)

    def built_with(*more: pd.DataFrame) -> pd.DataFrame:
        rows = pd.concat([qualifying, *more], ignore_index=True)
        built = build(small_raw | {"qualifying_results": rows}, {})
        frame = built.frames["qualifying_results"]
        return frame[frame["event_id"].eq(EVENT) & frame["session"].eq("Q")]

    clean = in_key_order(built_with(), "qualifying_results")
    ruled = in_key_order(built_with(ruling), "qualifying_results")
    assert set(ruled["position_text"]) - set(clean["position_text"]) == {"DSQ"}
    pd.testing.assert_frame_equal(
        ruled.drop(columns="position_text"), clean.drop(columns="position_text")
    )
    assert built_with(qualifying.loc[[label]]).empty


def test_a_row_of_an_event_that_nobody_knows_is_refused_alone(small_raw, small):
    stops = small_raw["pit_stops"]
    more = stops.iloc[[0]].assign(event_id="2024-atlantis")
    raw = small_raw | {"pit_stops": pd.concat([stops, more], ignore_index=True)}

    built = build(raw, {})

    assert_withheld_exactly(built, small, {"2024-atlantis"})
    assert [(f.table, f.event_id, f.reason) for f in built.faults] == [
        ("pit_stops", "2024-atlantis", "unknown event '2024-atlantis'")
    ]


@pytest.mark.parametrize(
    ("table", "key", "column", "value", "reason"),
    [
        ("drivers", "cirrus-second", "code", "CIRRUS", "code: malformed ('CIRRUS')"),
        ("drivers", "cirrus-second", "name", None, "name: must not be empty (None)"),
        ("constructors", "cirrus", "name", 5, "name: wrong type (5)"),
        ("circuits", "china-ring", "latitude", 91, "latitude: too large (91.0)"),
        ("circuits", "china-ring", "circuit_type", "OVAL", "circuit_type: not an allowed value"),
    ],
)
def test_a_bad_row_of_a_whole_table_falls_out_with_what_refers_to_it(
    small_raw, small, table, key, column, value, reason
):
    name = f"{table.removesuffix('s')}_id"
    label = small_raw[table].index[small_raw[table][name].eq(key)][0]
    raw = with_value(small_raw, table, label, column, value)
    referring = {
        event_id
        for frame in small.frames.values()
        if {"event_id", name} <= set(frame)
        for event_id in frame.loc[frame[name].eq(key), "event_id"]
    }
    assert referring
    assert len(referring) < len(small.frames["events"])

    built = build(raw, {})

    assert key not in set(built.frames[table][name])
    assert_withheld_exactly(built, small, referring)
    (fault,) = [f for f in built.faults if f.event_id is None and f.table == table]
    assert reason in fault.reason
    assert fault.row[name] == key
    # Its last good version stands in, and nothing is withheld.
    kept = build(raw, small.frames)
    assert kept.withheld == frozenset()
    assert any(f.reason == fault.reason and f.event_id is None for f in kept.faults)
    assert_same(kept.frames, small.frames, small.frames)


def test_the_last_good_version_is_kept_while_other_events_go_on(small_raw, small):
    """A correction elsewhere is published in the same go as a fault holds an event back."""
    fixed = with_value(
        small_raw, "race_results", row_of(small_raw, "race_results", "2023-japan"), "laps", 49
    )
    raw = with_value(fixed, "race_results", row_of(fixed, "race_results", EVENT), "laps", -1)

    built = build(raw, small.frames)

    assert_same(built.frames, build(fixed, {}).frames, small.frames)
    assert built.withheld == {EVENT}
    # An event that was never published has no last good version.
    never: Frames = {
        n: f[f["event_id"].ne(EVENT)] for n, f in small.frames.items() if "event_id" in f
    }
    assert_withheld_exactly(build(raw, never), build(fixed, {}), {EVENT})


def test_a_whole_frame_at_fault_is_no_rows_fault(small_raw):
    for table, column in (("drivers", "code"), ("race_results", "laps")):
        raw = small_raw | {table: small_raw[table].drop(columns=column)}
        with pytest.raises((ContractError, KeyError), match=column):
            build(raw, {})


def test_faults_become_rows_of_the_quarantine_once_each(small_raw):
    label = row_of(small_raw, "race_results", EVENT)
    raw = with_value(small_raw, "race_results", label, "laps", -1)

    rows = fault_rows(build(raw, {}).faults)

    again = fault_rows(build(raw, {}).faults)
    pd.testing.assert_frame_equal(rows, again)
    assert not rows["quarantine_id"].duplicated().any()
    (row,) = rows[rows["table_name"].eq("race_results")].to_dict("records")
    assert (row["event_id"], row["reason"]) == (EVENT, "laps: too small (-1)")
    assert json.loads(row["row_json"])["laps"] == -1
    names = [c.name for c in CONTRACTS["quarantine"].columns]
    assert list(rows) == names[: len(rows.columns)]
    assert list(fault_rows([])) == list(rows)
    other = Fault("race_results", EVENT, "laps: too small (-1)", {"laps": -2})
    assert other.id not in set(rows["quarantine_id"])


def test_a_bad_row_of_the_calendar_accuses_no_other(small_raw: Frames) -> None:
    built = build(spoilt(small_raw, "events", "round", 0), {})
    assert [(f.table, f.event_id) for f in built.faults] == [("events", EVENT)]
    assert EVENT in built.withheld


def test_a_list_of_support_race_drivers_withholds_its_event(small_raw, small):
    """All of one race's drivers are unknown elsewhere; a few rookies are no support race."""

    def with_others(share: float):
        raw = dict(small_raw)
        mine = raw["race_results"]["event_id"].eq(EVENT)
        drivers = list(raw["race_results"].loc[mine, "driver_id"])
        others = {d: f"other-{d}" for d in drivers[: round(share * len(drivers))]}
        known = raw["drivers"][raw["drivers"]["driver_id"].isin(others)]
        new = known.assign(driver_id=known["driver_id"].map(others))
        raw["drivers"] = pd.concat([raw["drivers"], new], ignore_index=True)
        for name in ("race_results", "starting_grids"):
            frame = raw[name].copy()
            here = frame["event_id"].eq(EVENT)
            frame.loc[here, "driver_id"] = frame.loc[here, "driver_id"].replace(others)
            raw[name] = frame
        return build(raw, small.frames)

    found = with_others(1.0)
    assert found.withheld == {EVENT}
    assert any("support race" in fault.reason for fault in found.faults)
    assert with_others(0.25).withheld == frozenset()
