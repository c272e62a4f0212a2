"""What a pass through the pit lane cost, and against what it is held."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline.tables.timing.clean import clean_laps
from f1_pipeline.tables.timing.pit_lane import pit_lane_losses
from f1_pipeline_tests.tables.timing.conftest import a_race
from f1_pipeline_tests.tables.timing.made_laps import (
    RACE,
    START,
    driver_laps,
    laps,
    none,
    track_status,
)

GREEN = track_status({0: "1"})
TIMES = [86_000] + [80_000] * 7 + [83_000, 98_000] + [80_000] * 8
STOP = {9: {"pit_in_ms": START + 644_000}, 10: {"pit_out_ms": START + 667_500, "stint": 2}}


def losses(*drivers, status=GREEN) -> pd.DataFrame:
    rows = laps(*drivers)
    return pit_lane_losses(rows, clean_laps(rows, none("weather")), status)


def norris(times=None, changes=None, **same):
    return driver_laps("norris", TIMES if times is None else times, changes or STOP, **same)


def changed(lap: int, **values) -> dict:
    """The stop with other values in one lap."""
    return STOP | {lap: STOP.get(lap, {}) | values}


def under_safety_car(times, stop=None, begins=START):
    """Laps 9 and 10 behind the safety car, which is out at the pit entry."""
    changes = {lap: {"track_status": "4"} for lap in (9, 10)}
    for lap, values in (stop or {}).items():
        changes[lap] = changes.get(lap, {}) | values
    return lambda name: driver_laps(name, times, changes, begins=begins)


def test_a_stop_on_green_laps_is_held_against_the_drivers_own_laps():
    row = losses(norris()).iloc[0]
    assert (row["lap"], row["caution"], row["usable"]) == (9, "green", True)
    assert row["pit_lane_ms"] == 23_500
    assert row["reference_ms"] == 80_000
    assert row["loss_ms"] == 83_000 + 98_000 - 2 * 80_000


def test_worn_tyres_count_as_much_as_new_ones():
    times = [86_000] + [81_000] * 7 + [83_000, 98_000] + [79_000] * 2
    assert losses(norris(times))["reference_ms"].iloc[0] == 80_000


def test_only_the_five_laps_on_either_side_count():
    # Three of the five are even; a sixth would move the median.
    five = [80_000, 80_000, 80_000, 80_900, 80_900]
    times = [86_000, 80_900, 80_900, *five, 83_000, 98_000, *five, 80_900, 80_900]
    assert losses(norris(times))["reference_ms"].iloc[0] == 80_000


def test_where_only_one_side_has_clean_laps_it_counts_alone():
    times = [86_000] + [81_000] * 7 + [83_000, 98_000]
    assert losses(norris(times))["reference_ms"].iloc[0] == 81_000


def test_where_no_clean_lap_is_near_the_whole_session_counts():
    far = changed(2) | {lap: {"deleted": True} for lap in (4, 5, 6, 7, 8, 11, 12, 13, 14, 15)}
    times = [86_000, 81_000, 81_000, *TIMES[3:15], 79_000, 79_000]
    assert losses(norris(times, far))["reference_ms"].iloc[0] == 80_000


@pytest.mark.parametrize(
    "changes",
    [
        {9: {"pit_in_ms": START + 644_000}},
        {10: {"pit_out_ms": START + 667_500}},
        {9: {"pit_in_ms": START + 644_000}, 11: {"pit_out_ms": START + 667_500}},
    ],
)
def test_without_an_entry_and_an_exit_on_the_next_lap_there_is_no_pass(changes):
    assert losses(norris(changes=changes)).empty


def test_the_next_lap_is_the_drivers_own():
    first = driver_laps("leclerc", TIMES[:9], {9: {"pit_in_ms": START + 644_000}})
    assert losses(first, driver_laps("norris", TIMES, {1: {"pit_out_ms": 1}})).empty


@pytest.mark.parametrize(("name", "stops"), [("R", 1), ("S", 1), ("FP1", 0), ("SQ", 0)])
def test_only_races_and_sprints_have_losses(name, stops):
    assert len(losses(norris(session=("2024-monaco", name)))) == stops


@pytest.mark.parametrize(
    ("code", "caution"),
    [
        ("1", "green"),
        ("2", "yellow"),
        ("4", "safety_car"),
        ("5", "red"),
        ("6", "virtual_safety_car"),
        ("7", "virtual_safety_car"),
    ],
)
def test_the_caution_is_the_tracks_state_at_the_entry(code, caution):
    entry = START + 644_000
    cars = [norris(), *(driver_laps(f"car-{i}", TIMES[:8] + [80_000] * 3) for i in range(3))]
    at_entry = losses(*cars, status=track_status({0: "1", entry: code, entry + 1: "1"}))
    assert at_entry["caution"].tolist() == [caution]
    assert at_entry["usable"].tolist() == [caution != "red"]
    too_late = losses(*cars, status=track_status({0: "1", entry + 1: code}))
    assert too_late["caution"].tolist() == ["green"]


@pytest.mark.parametrize(
    ("status", "caution"),
    [("1", "green"), (None, "green"), ("21", "yellow"), ("264", "safety_car"), ("67", None)],
)
@pytest.mark.parametrize("changes", [{}, {START + 700_000: "2"}])
def test_before_the_first_change_the_caution_is_the_worst_of_the_lap(status, caution, changes):
    stay = [driver_laps(f"car-{i}", [80_000] * 11) for i in range(3)]
    rows = losses(
        norris(changes=changed(9, track_status=status)), *stay, status=none("track_status")
    )
    assert rows["caution"].tolist() == [caution or "virtual_safety_car"]


def test_a_change_of_another_session_is_none_of_this_one():
    status = pd.concat([GREEN, track_status({START: "4"}, ("2024-monaco", "S"))])
    assert losses(norris(), status=status)["caution"].tolist() == ["green"]


def test_under_a_safety_car_a_stop_is_held_against_those_who_stayed_out():
    queue = [*TIMES[:8], 120_000, 130_000, 81_000, 80_000]
    stopped = [*TIMES[:8], 124_000, 142_000, 81_000, 80_000]
    stay = under_safety_car(queue)
    rows = losses(
        under_safety_car(stopped, STOP)("norris"),
        *(stay(name) for name in ("leclerc", "piastri", "sainz")),
        status=track_status({0: "1", START + 640_000: "4"}),
    )
    row = rows.iloc[0]
    assert (row["caution"], row["usable"]) == ("safety_car", True)
    assert row["reference_ms"] == 125_000
    assert row["loss_ms"] == 16_000


def test_cars_that_began_the_lap_near_by_count_before_the_rest_of_the_field():
    near = [*TIMES[:8], 120_000, 130_000]
    far = [*TIMES[:8], 100_000, 110_000]
    stopped = [*TIMES[:8], 124_000, 142_000]
    rows = losses(
        under_safety_car(stopped, STOP)("norris"),
        under_safety_car(near, begins=START + 15_000)("leclerc"),
        *(under_safety_car(far, begins=START + 30_000)(f"car-{i}") for i in range(3)),
        status=track_status({0: "4"}),
    )
    assert rows["reference_ms"].tolist() == [125_000]


def test_a_lapped_car_is_held_against_what_ran_when_it_ran():
    # The leaders are on lap 10 when the lapped car runs its ninth.
    leaders = [80_000] * 9 + [120_000, 130_000, 80_000]
    lapped = [*TIMES[:8], 124_000, 142_000]
    rows = losses(
        driver_laps("norris", lapped, STOP, begins=START + 70_000),
        *(driver_laps(f"car-{i}", leaders) for i in range(3)),
        status=track_status({0: "1", START + 640_000: "4"}),
    )
    assert rows["reference_ms"].tolist() == [125_000]


def test_without_a_car_near_by_three_of_the_field_must_have_stayed_out():
    stopped = under_safety_car([*TIMES[:8], 124_000, 142_000], STOP)("norris")
    late = under_safety_car([*TIMES[:8], 100_000, 110_000], begins=START + 30_000)
    status = track_status({0: "4"})
    three = losses(stopped, *(late(f"car-{i}") for i in range(3)), status=status)
    assert three["reference_ms"].tolist() == [105_000]
    assert losses(stopped, *(late(f"car-{i}") for i in range(2)), status=status).empty


def test_cars_that_stopped_as_well_are_no_measure():
    stop = under_safety_car([*TIMES[:8], 124_000, 142_000], STOP)
    stay = under_safety_car([*TIMES[:8], 120_000, 130_000])
    cars = [*(stop(f"stops-{i}") for i in range(5)), stay("stays")]
    assert losses(*cars, status=track_status({0: "4"}))["reference_ms"].eq(125_000).all()


@pytest.mark.parametrize("lap", [9, 10])
@pytest.mark.parametrize("slow", [{"track_status": "6"}, {"compound": "INTERMEDIATE"}])
def test_a_green_entry_into_slow_laps_is_held_against_those_who_stayed_out(lap, slow):
    stay = [driver_laps(f"car-{i}", [*TIMES[:8], 90_000, 92_000]) for i in range(3)]
    rows = losses(norris(changes=changed(lap, **slow)), *stay)
    assert rows["caution"].tolist() == ["green"]
    assert rows["reference_ms"].tolist() == [91_000]


def test_a_stop_on_the_first_lap_is_held_against_those_who_started_too():
    stop = {1: {"pit_in_ms": START + 80_000}, 2: {"pit_out_ms": START + 100_000}}
    from_the_grid = {1: {"pit_out_ms": START - 1_800_000}}
    stay = [driver_laps(f"car-{i}", [86_000, 82_000, 80_000], from_the_grid) for i in range(3)]
    rows = losses(driver_laps("norris", [89_000, 99_000, *TIMES[2:]], stop), *stay)
    assert rows["loss_ms"].tolist() == [89_000 + 99_000 - 86_000 - 82_000]


def test_a_lap_without_a_time_is_known_by_the_clock():
    times = [*TIMES[:8], 83_000, None]
    changes = changed(10, ends_at_ms=START + sum(TIMES[:9]) + 98_000)
    stay = [driver_laps(f"car-{i}", [*TIMES[:8], 80_000, 80_000]) for i in range(3)]
    assert losses(norris(times, changes), *stay)["loss_ms"].tolist() == [21_000]
    changes[10]["ends_at_ms"] = None
    assert losses(norris(times, changes), *stay).empty


@pytest.mark.parametrize(
    ("out_lap", "usable"), [(84_900, False), (85_100, True), (136_900, True), (137_100, False)]
)
def test_a_loss_outside_of_8_to_60_seconds_is_not_usable(out_lap, usable):
    times = [*TIMES[:9], out_lap, *TIMES[10:]]
    assert losses(norris(times))["usable"].tolist() == [usable]


@pytest.mark.parametrize("lap", [9, 10])
def test_a_red_flag_on_either_lap_is_not_usable(lap):
    stay = [driver_laps(f"car-{i}", TIMES[:8] + [80_000] * 3) for i in range(3)]
    rows = losses(norris(changes=changed(lap, track_status="15")), *stay)
    assert rows["loss_ms"].between(8_000, 60_000).all()
    assert rows["usable"].tolist() == [False]


def test_an_exit_before_the_entry_gives_no_time_in_the_lane():
    rows = losses(norris(changes=changed(10, pit_out_ms=START)))
    assert rows["pit_lane_ms"].isna().all()
    check(rows, CONTRACTS["pit_lane_losses"])


def test_without_clocks_the_field_is_met_by_the_number_of_the_lap():
    clockless: dict[str, Any] = {"starts_at_ms": None, "ends_at_ms": None}
    stay = [driver_laps(f"car-{i}", [*TIMES[:8], 90_000, 92_000], **clockless) for i in range(3)]
    rows = losses(norris(changes=changed(9, track_status="4"), **clockless), *stay)
    assert rows["reference_ms"].tolist() == [91_000]


def test_no_laps_give_no_rows_with_all_columns():
    rows = pit_lane_losses(none("laps"), none("clean_laps"), none("track_status"))
    assert rows.empty
    check(rows, CONTRACTS["pit_lane_losses"])


def test_a_race_without_a_stop_has_no_rows():
    rows = losses(driver_laps("norris", [80_000] * 5))
    assert rows.empty
    check(rows, CONTRACTS["pit_lane_losses"])


def test_a_whole_race_meets_the_contract(race, race_status):
    rows = pit_lane_losses(race, clean_laps(race, none("weather")), race_status)
    pd.testing.assert_frame_equal(check(rows, CONTRACTS["pit_lane_losses"]), rows)
    assert rows["caution"].tolist() == ["green"] * 2 + ["safety_car"] * 3
    assert rows["usable"].all()


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 30_000))
def test_what_is_added_to_the_pass_adds_to_the_loss(more):
    def loss(out_lap: int) -> float:
        return losses(norris([*TIMES[:9], out_lap, *TIMES[10:]]))["loss_ms"].iloc[0]

    assert loss(98_000 + more) == loss(98_000) + more


@settings(deadline=None, max_examples=10)
@given(st.randoms(use_true_random=False))
def test_neither_the_order_of_rows_nor_another_session_changes_a_loss(random):
    race, other = a_race(), a_race(("2023-monaco", "R"), 5)
    status = track_status({0: "1", START + 1_150_000: "4"})
    expected = pit_lane_losses(race, clean_laps(race, none("weather")), status)
    both = pd.concat([other, race], ignore_index=True)
    clean = clean_laps(both, none("weather"))
    order = list(both.index)
    random.shuffle(order)
    changes = pd.concat([track_status({0: "6"}, ("2023-monaco", "R")), status]).iloc[::-1]
    rows = pit_lane_losses(both.loc[order], clean.iloc[np.array(order)], changes)
    mine = rows[rows["event_id"].eq(RACE[0])].reset_index(drop=True)
    pd.testing.assert_frame_equal(mine, expected)
