"""FastF1's laps become the table's: values as they are, and nothing else than repairs."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from f1_pipeline.contracts import CONTRACTS, check, coerce, split
from f1_pipeline.tables.timing.laps import laps, milliseconds
from f1_pipeline_tests.tables.timing.raw_laps import (
    PRACTICE,
    RACE,
    driver_laps,
    marked,
    raw_laps,
    stop,
    together,
    typed_laps,
)

EVEN = [80_000] * 10
CONTRACT = CONTRACTS["laps"]
# FastF1's column of each column that is a time, a number, a flag or a text as it came.
MOMENTS = {
    "lap_ms": "LapTime",
    "sector1_ms": "Sector1Time",
    "sector2_ms": "Sector2Time",
    "sector3_ms": "Sector3Time",
    "starts_at_ms": "LapStartTime",
    "ends_at_ms": "Time",
    "pit_in_ms": "PitInTime",
    "pit_out_ms": "PitOutTime",
}
SAME = {
    "event_id": "event_id",
    "session": "session",
    "source": "source",
    "driver_id": "driver_id",
    "lap": "LapNumber",
    "stint": "Stint",
    "speed_i1": "SpeedI1",
    "speed_i2": "SpeedI2",
    "speed_fl": "SpeedFL",
    "speed_st": "SpeedST",
    "track_status": "TrackStatus",
    "personal_best": "IsPersonalBest",
    "deleted": "Deleted",
    "generated": "FastF1Generated",
    "accurate": "IsAccurate",
    "compound": "Compound",
    "tyre_age": "TyreLife",
    "fresh_tyre": "FreshTyre",
    "position": "Position",
}


def norris(times=EVEN, changes=None, **same: Any) -> pd.DataFrame:
    return typed_laps(raw_laps(driver_laps("norris", times, changes, **same)))


def reasons(rows: pd.DataFrame) -> list[str]:
    return [rejection.reason for rejection in split(rows, CONTRACT)[1]]


def test_laps_as_they_come_keep_the_contract_and_need_no_repair():
    rows = laps(raw_laps(driver_laps("norris", EVEN, stop(5, 10)), driver_laps("russell", EVEN)))
    assert len(check(rows, CONTRACT)) == 20
    assert rows["repaired"].isna().all()
    assert set(rows["tier"]) == {"timing"}
    assert set(rows["source"]) == {"livetiming"}


def test_every_value_is_fastf1s():
    whole = {
        "Sector1Time": 25_001,
        "Sector2Time": 30_002,
        "Sector3Time": 24_997,
        "PitInTime": 3_679_000,
        "PitOutTime": 3_601_000,
        "SpeedI1": 280.0,
        "SpeedI2": 281.0,
        "SpeedFL": 282.0,
        "SpeedST": 283.0,
        "TrackStatus": "24",
        "IsPersonalBest": True,
        "Deleted": True,
        "DeletedReason": "TRACK LIMITS AT TURN 4 LAP 1",
        "IsAccurate": False,
        "FreshTyre": False,
    }
    raw = raw_laps(driver_laps("norris", [80_000], {1: whole}))
    (row,) = typed_laps(raw).to_dict("records")
    (given_row,) = raw.to_dict("records")
    assert {name: row[name] for name in SAME} == {n: given_row[c] for n, c in SAME.items()}
    assert row["car_number"] == 4
    assert row["deleted_reason"] == whole["DeletedReason"]
    assert {row[name] for name in MOMENTS} == {
        *(whole[c] for n, c in MOMENTS.items() if n.startswith(("sector", "pit"))),
        *(80_000, 3_600_000, 3_680_000),
    }


@given(st.lists(st.integers(-(10**10), 10**10) | st.none(), max_size=20))
def test_milliseconds_are_exact(values):
    given_times = pd.to_timedelta(pd.Series(values, dtype="Int64"), unit="ms")
    assert [None if pd.isna(v) else v for v in milliseconds(given_times)] == values


def test_parts_of_a_millisecond_are_rounded():
    times = pd.to_timedelta(pd.Series([80_000_400, 80_000_600, -600]), unit="us")
    assert list(milliseconds(times)) == [80_000, 80_001, -1]


def test_what_is_missing_is_missing():
    nothing = dict.fromkeys(["Position", "SpeedI1", "PitInTime", "TrackStatus", "IsPersonalBest"])
    rows = norris(changes={4: {**nothing, "DeletedReason": "", "Stint": None}})
    (lap,) = rows[rows["lap"].eq(4)].to_dict("records")
    empty = ["position", "speed_i1", "pit_in_ms", "track_status", "personal_best", "stint"]
    assert all(pd.isna(lap[name]) for name in [*empty, "deleted_reason"])
    assert reasons(rows) == []


def test_without_tyre_data_a_set_is_not_called_used():
    """FastF1 then fills FreshTyre with False."""
    rows = norris([80_000] * 3, TyreLife=None, FreshTyre=False, Compound="UNKNOWN")
    assert rows[["tyre_age", "fresh_tyre", "compound"]].isna().all(axis=None)
    assert norris([80_000] * 3, FreshTyre=False)["fresh_tyre"].eq(False).all()


@pytest.mark.parametrize("word", [None, "", "nan", "None", "UNKNOWN", "TEST", "TEST_UNKNOWN"])
def test_words_for_an_unknown_compound_become_null(word):
    rows = norris(Compound=word)
    assert rows["compound"].isna().all()
    assert reasons(rows) == []
    assert marked(rows) == {}


@pytest.mark.parametrize("word", ["C3", "soft", "SUPERWET"])
def test_a_compound_that_nobody_knows_breaks_the_contract(word):
    rows = norris(changes={7: {"Compound": word}})
    assert reasons(rows) == [f"compound: not an allowed value ({word!r})"]


@pytest.mark.parametrize("word", ["HYPERSOFT", "SUPERHARD", "INTERMEDIATE", "WET"])
def test_compounds_by_their_names_are_kept(word):
    assert set(norris(Compound=word)["compound"]) == {word}


def test_a_lap_that_is_there_twice_counts_once():
    raw = raw_laps(driver_laps("norris", EVEN, {4: {"PitInTime": None, "Deleted": None}}))
    twice = laps(together(raw, raw.iloc[[3, 4]]))
    pd.testing.assert_frame_equal(twice, laps(raw))


def test_two_laps_of_one_number_that_contradict_each_other_are_a_duplicate_key():
    raw = raw_laps(driver_laps("norris", EVEN))
    other = raw.iloc[[4]].assign(LapTime=pd.Timedelta(milliseconds=80_001))
    rows = laps(together(raw, other))
    assert reasons(rows) == ["duplicate key (2025-monaco, R, norris, 5)"] * 2


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("LapTime", -1, "lap_ms: too small (-1)"),
        ("LapTime", 0, "lap_ms: too small (0)"),
        ("Sector2Time", -5, "sector2_ms: too small (-5)"),
        ("LapNumber", 0.0, "lap: too small (0)"),
        ("LapNumber", None, "lap: must not be empty (<NA>)"),
        ("Stint", 61.0, "stint: too large (61)"),
        ("SpeedST", 451.0, "speed_st: too large (451.0)"),
        ("DriverNumber", "A", "car_number: wrong type ('A')"),
        ("driver_id", None, "driver_id: must not be empty (None)"),
    ],
)
def test_what_cannot_be_true_is_left_for_the_contract_to_find(column, value, reason):
    raw = raw_laps(driver_laps("norris", EVEN, {4: {column: value}}))
    assert [r.reason for r in split(laps(raw), CONTRACT)[1]] == [reason]


WORDS = st.sampled_from(["HARD", "SOFT", None, "UNKNOWN", "C3"])
NUMBERS = st.sampled_from([None, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 12.0])
TIMES = st.none() | st.integers(-5, 7_200_000)


@st.composite
def any_laps(draw) -> pd.DataFrame:
    """Two cars of two sessions, six laps each, of which anything may be said."""
    drivers = []
    for session in (RACE, PRACTICE):
        for driver_id in ("norris", "russell"):
            changes: dict[int, dict[str, Any]] = {}
            for lap in range(1, 7):
                changes[lap] = draw(
                    st.fixed_dictionaries(
                        {},
                        optional={
                            "Compound": WORDS,
                            "TyreLife": NUMBERS,
                            "Position": NUMBERS,
                            "Stint": st.sampled_from([None, 1.0, 2.0]),
                            "FreshTyre": st.sampled_from([None, True, False]),
                            "Deleted": st.sampled_from([None, True, False]),
                            "TrackStatus": st.sampled_from([None, "", "1", "24"]),
                            **dict.fromkeys(["LapTime", "Time", "PitInTime", "Sector1Time"], TIMES),
                        },
                    )
                )
            drivers.append(driver_laps(driver_id, EVEN[:6], changes, session))
    return raw_laps(*drivers)


def as_given(raw: pd.DataFrame) -> pd.DataFrame:
    """FastF1's values in the contract's types, each column by itself and nothing put right."""
    given_rows = pd.DataFrame({name: raw[column] for name, column in SAME.items()})
    for name, column in MOMENTS.items():
        given_rows[name] = [None if pd.isna(t) else t // pd.Timedelta("1ms") for t in raw[column]]
    known = ~raw["Compound"].isin(["UNKNOWN"])
    given_rows["compound"] = raw["Compound"].where(known, None)
    given_rows["fresh_tyre"] = raw["FreshTyre"].where(raw["TyreLife"].notna(), None)
    given_rows["track_status"] = raw["TrackStatus"].replace({"": None})
    given_rows = given_rows.assign(car_number=raw["DriverNumber"], tier="timing")
    given_rows = given_rows.assign(deleted_reason=None, repaired=None)
    return coerce(given_rows, CONTRACT)[0].sort_values(list(CONTRACT.key), ignore_index=True)


@settings(max_examples=30, deadline=None)
@given(any_laps())
def test_what_is_not_named_in_repaired_is_fastf1s(raw):
    rows, before = typed_laps(raw), as_given(raw)
    assert len(rows) == len(before)
    for name in before.columns.drop("repaired"):
        named = rows["repaired"].fillna("").astype(str).str.split(",").map(lambda n: name in n)  # noqa: B023
        pd.testing.assert_series_equal(rows.loc[~named, name], before.loc[~named, name])
        # What is named was changed, and to something.
        assert rows.loc[named, name].notna().all()
        assert not rows.loc[named, name].eq(before.loc[named, name]).fillna(False).any()
    assert rows.loc[before["compound"].notna(), "compound"].equals(before["compound"].dropna())


@settings(max_examples=30, deadline=None)
@given(any_laps(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(raw, random):
    order = list(raw.index)
    random.shuffle(order)
    pd.testing.assert_frame_equal(typed_laps(raw.loc[order]), typed_laps(raw))


@settings(max_examples=30, deadline=None)
@given(any_laps())
def test_a_repaired_lap_needs_no_repair(raw):
    once = laps(raw)
    names = {"compound": "Compound", "tyre_age": "TyreLife", "position": "Position"}
    again = laps(raw.assign(**{column: once[name] for name, column in names.items()}))
    assert again["repaired"].isna().all()


def test_a_frame_without_rows_stays_one():
    assert check(laps(raw_laps()), CONTRACT).empty
