"""Stints from laps; weather and track status as they came."""

from typing import Any

import pandas as pd
import pytest

from f1_pipeline.contracts import CONTRACTS, check, split
from f1_pipeline.tables.timing import laps as of_laps
from f1_pipeline.tables.timing.sessions import stints, track_status, weather
from f1_pipeline_tests.tables.timing import made_laps
from f1_pipeline_tests.tables.timing.raw_laps import (
    PRACTICE,
    RACE,
    READING,
    driver_laps,
    raw_laps,
    raw_track_status,
    raw_weather,
    stop,
    together,
)

EVEN = [80_000] * 10
LAPS = CONTRACTS["laps"]


def stints_of(*drivers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    laps = check(of_laps.laps(raw_laps(*drivers)), LAPS)
    return check(stints(laps), CONTRACTS["stints"]).to_dict("records")


def test_a_stint_goes_from_one_stop_to_the_next():
    first, second = stints_of(driver_laps("norris", EVEN, stop(4, 10)))
    about: dict[str, Any] = {"event_id": "2025-monaco", "session": "R", "driver_id": "norris"}
    about |= {"source": "livetiming", "tier": "timing", "tyre_age_at_start": 0, "fresh_tyre": True}
    assert first == about | {
        "stint": 1,
        "compound": "HARD",
        "first_lap": 1,
        "last_lap": 4,
        "laps": 4,
        "ended_in_pit": True,
    }
    assert second == about | {
        "stint": 2,
        "compound": "MEDIUM",
        "first_lap": 5,
        "last_lap": 10,
        "laps": 6,
        "ended_in_pit": False,
    }


def test_a_used_set_has_its_age_at_the_start():
    ages = {lap: {"TyreLife": float(lap + 3), "FreshTyre": False} for lap in range(1, 11)}
    (stint,) = stints_of(driver_laps("norris", EVEN, ages))
    assert (stint["tyre_age_at_start"], stint["fresh_tyre"]) == (3, False)


def test_an_age_of_nothing_on_the_first_lap_is_none_before_it():
    ages = {lap: {"TyreLife": float(lap - 1)} for lap in range(1, 11)}
    (stint,) = stints_of(driver_laps("norris", EVEN, ages))
    assert stint["tyre_age_at_start"] == 0


@pytest.mark.parametrize(
    ("ages", "at_start"),
    [([None, 9.0, 5.0, 12.0], 7), ([None, None, 2.0, 3.0], 0), ([None, 1.0, 2.0, 3.0], 0)],
)
def test_an_age_that_is_known_from_a_later_lap_on_is_counted_back(ages, at_start):
    changes = {lap: {"TyreLife": age} for lap, age in enumerate(ages, start=1)}
    laps = check(of_laps.laps(raw_laps(driver_laps("norris", EVEN[:4], changes))), LAPS)
    assert pd.isna(laps.loc[0, "tyre_age"])
    assert list(stints(laps)["tyre_age_at_start"]) == [at_start]


def test_a_pass_through_the_pit_lane_within_a_stint_does_not_end_it():
    (stint,) = stints_of(driver_laps("norris", EVEN, {4: {"PitInTime": 1}}))
    assert (stint["last_lap"], stint["ended_in_pit"]) == (10, False)


def test_laps_that_are_not_held_are_not_counted():
    laps = [row for row in driver_laps("norris", EVEN) if row["LapNumber"] not in (1, 5)]
    (stint,) = stints_of(laps)
    assert (stint["first_lap"], stint["last_lap"], stint["laps"]) == (2, 10, 8)
    assert stint["tyre_age_at_start"] == 1


def test_of_tyres_that_are_not_known_a_stint_says_nothing():
    (stint,) = stints_of(driver_laps("norris", EVEN, TyreLife=None, Compound=None))
    unknown = ["compound", "tyre_age_at_start", "fresh_tyre"]
    assert all(pd.isna(stint[name]) for name in unknown)
    assert stint["laps"] == 10


def test_a_lap_without_a_stint_is_of_none():
    (stint,) = stints_of(driver_laps("norris", EVEN, {10: {"Stint": None}}))
    assert stint["last_lap"] == 9
    assert stints_of(driver_laps("norris", EVEN, Stint=None)) == []


def test_stints_of_drivers_and_sessions_are_apart():
    rows = stints_of(
        driver_laps("russell", EVEN),
        driver_laps("norris", EVEN),
        driver_laps("norris", EVEN[:3], session=PRACTICE),
    )
    found = {(r["session"], r["driver_id"], r["laps"]) for r in rows}
    assert found == {("R", "norris", 10), ("R", "russell", 10), ("FP1", "norris", 3)}


def test_the_order_of_laps_does_not_matter():
    changes = stop(4, 10)
    changes[4]["FreshTyre"], changes[1] = None, {"TyreLife": 2.0, "FreshTyre": False}
    rows = raw_laps(driver_laps("norris", EVEN, changes), driver_laps("russell", EVEN))
    laps = check(of_laps.laps(rows), LAPS)
    pd.testing.assert_frame_equal(stints(laps[::-1]), stints(laps))


def test_no_laps_no_stints():
    assert check(stints(made_laps.none("laps")), CONTRACTS["stints"]).empty


def test_a_reading_has_fastf1s_values():
    (row,) = check(
        weather(raw_weather({61_234: {"Rainfall": True}})), CONTRACTS["weather"]
    ).to_dict("records")
    assert row == {
        "event_id": "2025-monaco",
        "session": "R",
        "source": "livetiming",
        "tier": "timing",
        "at_ms": 61_234,
        "air_temperature": READING["AirTemp"],
        "track_temperature": READING["TrackTemp"],
        "humidity": READING["Humidity"],
        "pressure": READING["Pressure"],
        "rainfall": True,
        "wind_direction": 270,
        "wind_speed": READING["WindSpeed"],
    }


def test_of_two_readings_at_one_instant_the_later_counts():
    early = raw_weather({0: {}, 60_000: {"AirTemp": 20.0}})
    late = raw_weather({60_000: {"AirTemp": 22.0}, 120_000: {}})
    rows = check(weather(together(early, late)), CONTRACTS["weather"])
    assert list(rows["at_ms"]) == [0, 60_000, 120_000]
    assert rows.loc[rows["at_ms"].eq(60_000), "air_temperature"].item() == 22.0


def test_readings_at_one_instant_of_two_sessions_both_count():
    rows = weather(together(raw_weather({60_000: {}}), raw_weather({60_000: {}}, PRACTICE)))
    assert sorted(check(rows, CONTRACTS["weather"])["session"]) == ["FP1", "R"]


def test_values_that_a_station_lacks_are_null():
    rows = check(weather(raw_weather({0: dict.fromkeys(READING)})), CONTRACTS["weather"])
    assert (
        rows.drop(columns=["event_id", "session", "source", "tier", "at_ms"]).isna().all(axis=None)
    )


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("AirTemp", 61.0, "air_temperature: too large (61.0)"),
        ("Humidity", -1.0, "humidity: too small (-1.0)"),
        ("Pressure", 0.0, "pressure: too small (0.0)"),
        ("WindDirection", 361.0, "wind_direction: too large (361)"),
        ("Time", None, "at_ms: must not be empty (<NA>)"),
    ],
)
def test_weather_that_cannot_be_true_is_left_for_the_contract_to_find(column, value, reason):
    rows = weather(raw_weather({0: {}, 60_000: {column: value}}))
    assert [r.reason for r in split(rows, CONTRACTS["weather"])[1]] == [reason]


def test_track_states_are_numbered_in_the_order_in_which_they_came():
    """A state and its end may have one instant: the order alone tells which holds."""
    raw = together(
        raw_track_status({0: "1", 60_000: "4"}),
        raw_track_status({60_000: "1", 90_000: "7"}),
        raw_track_status({0: "1"}, PRACTICE),
    )
    rows = check(track_status(raw), CONTRACTS["track_status"])
    race = rows[rows["session"].eq(RACE[1])]
    assert list(race["sequence"]) == [1, 2, 3, 4]
    assert list(race["status"]) == ["1", "4", "1", "7"]
    assert list(race["at_ms"]) == [0, 60_000, 60_000, 90_000]
    assert list(rows.loc[rows["session"].eq("FP1"), "sequence"]) == [1]


@pytest.mark.parametrize("code", ["8", "AllClear", None])
def test_a_track_state_that_nobody_knows_breaks_the_contract(code):
    (rejection,) = split(track_status(raw_track_status({0: code})), CONTRACTS["track_status"])[1]
    assert rejection.reason == f"status: not an allowed value ({str(code)!r})"
