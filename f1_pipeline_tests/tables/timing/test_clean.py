"""What keeps a lap from being clean, each reason with its opposite."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline.tables.timing.clean import clean_laps
from f1_pipeline_tests.tables.timing.conftest import a_race
from f1_pipeline_tests.tables.timing.made_laps import (
    RACE,
    START,
    driver_laps,
    laps,
    none,
    weather,
)

EVEN = [80_000] * 10
DRY = none("weather")


def flagged(rows: pd.DataFrame, flag: str, driver_id: str = "norris") -> list[int]:
    """The driver's laps that carry the flag."""
    return list(rows.loc[rows["driver_id"].eq(driver_id) & rows[flag].astype(bool), "lap"])


def norris(times=EVEN, changes=None, sky=DRY, **same) -> pd.DataFrame:
    return clean_laps(laps(driver_laps("norris", times, changes, **same)), sky)


def with_field(on_wets: int, sky=DRY, session=RACE) -> pd.DataFrame:
    """Ten cars; on lap 5 the first of them are on intermediates, norris on hards."""
    wet = {5: {"compound": "INTERMEDIATE"}}
    cars = [driver_laps("norris", EVEN, session=session)]
    for i in range(9):
        cars.append(driver_laps(f"car-{i}", EVEN, wet if i < on_wets else None, session))
    return clean_laps(laps(*cars), sky)


def test_an_undisturbed_lap_is_clean():
    assert flagged(norris(), "clean") == list(range(2, 11))


def test_a_lap_without_a_time_is_no_row_and_leaves_the_others():
    rows = norris([80_000, 80_000, None, 80_000])
    assert list(rows["lap"]) == [1, 2, 4]
    assert flagged(rows, "clean") == [2, 4]


def test_laps_into_and_out_of_the_pit_lane_are_not_clean():
    rows = norris(changes={4: {"pit_in_ms": 1}, 5: {"pit_out_ms": 2}})
    assert flagged(rows, "in_lap") == [4]
    assert flagged(rows, "out_lap") == [1, 5]
    assert flagged(rows, "clean") == [2, 3, 6, 7, 8, 9, 10]


@pytest.mark.parametrize(("session", "out"), [("R", [1]), ("S", [1]), ("FP1", []), ("Q", [])])
def test_only_races_and_sprints_start_from_a_standstill(session, out):
    assert flagged(norris(session=("2024-monaco", session)), "out_lap") == out


@pytest.mark.parametrize("status", ["4", "5", "6", "7", "41", "267"])
def test_a_lap_under_a_neutralisation_is_not_clean(status):
    rows = norris(changes={5: {"track_status": status}})
    assert 5 in flagged(rows, "neutralised")
    assert 5 not in flagged(rows, "clean")


@pytest.mark.parametrize("status", ["1", "2", "12", None])
def test_yellow_flags_and_an_unknown_status_do_not_neutralise_a_lap(status):
    assert flagged(norris(changes={5: {"track_status": status}}), "neutralised") == []


@pytest.mark.parametrize(("status", "laps_flagged"), [("4", [5, 6]), ("5", [5, 6]), ("67", [5])])
def test_the_lap_after_a_safety_car_is_neutralised_and_after_a_virtual_one_not(
    status, laps_flagged
):
    assert flagged(norris(changes={5: {"track_status": status}}), "neutralised") == laps_flagged


def test_the_lap_before_counts_even_if_it_has_no_time():
    rows = norris([*EVEN[:4], None, *EVEN[5:]], {5: {"track_status": "4"}})
    assert flagged(rows, "neutralised") == [6]


def test_the_lap_before_is_that_of_the_same_driver_and_the_number_before():
    first = driver_laps("leclerc", EVEN, {10: {"track_status": "4"}})
    second = driver_laps("norris", EVEN, {5: {"track_status": "4"}})
    del second[5]
    rows = clean_laps(laps(first, second), DRY)
    assert flagged(rows, "neutralised") == [5]


def test_the_restart_after_a_red_flag_is_an_out_lap_of_races_only():
    stopped = {5: {"track_status": "5"}}
    assert flagged(norris(changes=stopped), "out_lap") == [1, 6]
    assert flagged(norris(changes=stopped, session=("2024-monaco", "FP2")), "out_lap") == []


@pytest.mark.parametrize("compound", ["INTERMEDIATE", "WET"])
def test_a_lap_on_wet_tyres_is_wet(compound):
    assert flagged(norris(changes={5: {"compound": compound}}), "wet") == [5]


@pytest.mark.parametrize(("on_wets", "wet"), [(3, [5]), (2, [])])
def test_a_lap_is_wet_where_a_quarter_of_the_field_is_on_wet_tyres(on_wets, wet):
    assert flagged(with_field(on_wets), "wet") == wet


@pytest.mark.parametrize(
    ("on_wets", "rain", "wet"),
    [
        (1, {START: False, START + 330_000: True}, [5]),
        (1, {START: True, START + 310_000: False}, []),
        (1, {START: False, START + 410_000: True}, []),
        (0, {START: True}, []),
    ],
)
def test_rain_makes_a_lap_wet_once_someone_is_on_wet_tyres(on_wets, rain, wet):
    # Lap 5 lasts from 320 to 400 s after the start.
    assert flagged(with_field(on_wets, weather(rain)), "wet") == wet


def test_rain_of_another_session_wets_nothing():
    sky = weather({START: True}, ("2024-monaco", "S"))
    assert flagged(with_field(1, sky), "wet") == []


def test_lap_numbers_of_practice_do_not_compare():
    session = ("2024-monaco", "FP1")
    rows = with_field(9, session=session)
    assert flagged(rows, "wet") == []
    assert flagged(rows, "wet", "car-0") == [5]


def test_a_deleted_lap_is_not_clean_and_an_unknown_deletion_is_none():
    rows = norris(changes={5: {"deleted": True}, 6: {"deleted": None}})
    assert flagged(rows, "deleted") == [5]
    assert 6 in flagged(rows, "clean")


@pytest.mark.parametrize(("slower", "outliers"), [(1_100, []), (1_300, [5]), (-5_000, [])])
def test_a_lap_five_deviations_slow_is_an_outlier_and_a_fast_one_is_not(slower, outliers):
    # Of even laps of 80 s the floor of 0.3 % holds: 5 × 240 ms.
    rows = norris([*EVEN[:4], 80_000 + slower, *EVEN[5:]])
    assert flagged(rows, "outlier") == outliers
    assert (5 in flagged(rows, "clean")) == (not outliers)


def test_an_uneven_stint_bears_slower_laps():
    uneven = [80_000, 79_000, 81_000, 79_200, 80_800, 79_000, 81_000, 79_500, 80_500]
    assert flagged(norris([90_000, *uneven, 82_500]), "outlier") == []


def test_a_lap_with_another_flag_is_neither_outlier_nor_weighs_in_the_median():
    slow = [95_000] * 5
    rows = norris([*EVEN, *slow], {lap: {"track_status": "4"} for lap in range(11, 16)})
    assert flagged(rows, "outlier") == []
    assert flagged(rows, "clean") == list(range(2, 11))


def test_each_stint_has_its_own_median():
    second = {lap: {"stint": 2} for lap in range(11, 21)}
    rows = norris([80_000] * 10 + [77_000] * 10, second)
    assert flagged(rows, "outlier") == []
    rows = norris([80_000] * 10 + [77_000] * 9 + [80_000], second)
    assert flagged(rows, "outlier") == [20]


def test_a_short_stint_is_held_against_the_whole_race():
    short = {11: {"stint": 2}, 12: {"stint": 2}}
    rows = norris([*EVEN, 80_100, 95_000], short)
    assert flagged(rows, "outlier") == [12]


@pytest.mark.parametrize(
    ("session", "share", "clean"),
    [
        ("Q", 1.06, True),
        ("Q", 1.08, False),
        ("SQ", 1.08, False),
        ("FP2", 1.13, True),
        ("FP2", 1.2, False),
    ],
)
def test_outside_of_races_a_lap_is_held_against_the_drivers_best(session, share, clean):
    times = [95_000, 80_000, int(80_000 * share), 130_000]
    rows = norris(times, {1: {"pit_out_ms": 1}}, session=("2024-monaco", session))
    assert flagged(rows, "clean") == ([2, 3] if clean else [2])
    assert flagged(rows, "outlier") == ([4] if clean else [3, 4])


def test_a_deleted_best_is_no_measure():
    rows = norris([70_000, 80_000], {1: {"deleted": True}}, session=("2024-monaco", "Q"))
    assert flagged(rows, "clean") == [2]


def test_laps_without_a_clock_a_stint_or_a_compound_are_judged_as_well():
    bare: dict[str, Any] = {
        "starts_at_ms": None,
        "ends_at_ms": None,
        "stint": None,
        "compound": None,
    }
    rows = norris(sky=weather({0: True}), **bare)
    assert flagged(rows, "clean") == list(range(2, 11))
    check(rows, CONTRACTS["clean_laps"])


def test_no_laps_give_no_rows_with_all_columns():
    rows = clean_laps(none("laps"), DRY)
    assert rows.empty
    check(rows, CONTRACTS["clean_laps"])
    assert {str(dtype) for dtype in rows.dtypes} == {"object", "Int64", "boolean"}


def test_a_whole_race_meets_the_contract(race):
    check(race, CONTRACTS["laps"])
    rows = clean_laps(race, weather({START: True}))
    pd.testing.assert_frame_equal(check(rows, CONTRACTS["clean_laps"]), rows)
    reasons = ["in_lap", "out_lap", "neutralised", "wet", "outlier"]
    assert rows[reasons].any().all()
    assert rows["clean"].eq(~rows[[*reasons, "deleted"]].any(axis=1)).all()
    assert rows["clean"].mean() > 0.5


@settings(deadline=None, max_examples=10)
@given(st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(random):
    race = a_race()
    order = list(race.index)
    random.shuffle(order)
    sky = weather({START: False, START + 1_500_000: True})
    shuffled = clean_laps(race.loc[order], sky.iloc[::-1])
    pd.testing.assert_frame_equal(shuffled, clean_laps(race, sky))


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 50), st.sampled_from(["R", "S", "Q", "FP1"]))
def test_another_session_changes_nothing_of_this_one(seed, name):
    other = a_race(("2023-monaco", name), seed)
    both = clean_laps(pd.concat([other, a_race()]), DRY)
    mine = both[both["event_id"].eq("2024-monaco")].reset_index(drop=True)
    pd.testing.assert_frame_equal(mine, clean_laps(a_race(), DRY))


@settings(deadline=None, max_examples=10)
@given(st.sampled_from([0.5, 2.0, 3.0]), st.sampled_from(["R", "Q", "FP1"]))
def test_flags_do_not_depend_on_the_length_of_the_track(scale, name):
    race = a_race(("2024-monaco", name))
    race["lap_ms"] = (race["lap_ms"] // 2) * 2
    scaled = race.assign(lap_ms=(race["lap_ms"] * scale).astype("Int64"))
    flags = np.array(["in_lap", "out_lap", "neutralised", "wet", "outlier", "clean"])
    pd.testing.assert_frame_equal(clean_laps(scaled, DRY)[flags], clean_laps(race, DRY)[flags])
