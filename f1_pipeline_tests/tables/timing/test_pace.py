"""Pace, gap and slope of stints."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import theilslopes

from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline.tables.timing.clean import clean_laps
from f1_pipeline.tables.timing.pace import race_pace
from f1_pipeline_tests.tables.timing.conftest import a_race
from f1_pipeline_tests.tables.timing.made_laps import RACE, driver_laps, laps, none


def pace(*drivers) -> pd.DataFrame:
    return race_pace(clean_laps(laps(*drivers), none("weather")))


def of(rows: pd.DataFrame, driver_id: str) -> pd.Series:
    """The one stint of the driver."""
    own = rows[rows["driver_id"].eq(driver_id)]
    assert len(own) == 1
    return own.iloc[0]


def test_pace_is_the_median_of_the_clean_laps_of_each_stint():
    times = [90_000, 80_300, 80_100, 80_200, 79_000, 79_400]
    second = {lap: {"stint": 2, "compound": "SOFT"} for lap in (5, 6)}
    rows = pace(driver_laps("norris", times, second))
    assert list(rows["stint"]) == [1, 2]
    assert list(rows["compound"]) == ["HARD", "SOFT"]
    assert list(rows["clean_laps"]) == [3, 2]
    assert list(rows["pace_ms"]) == [80_200.0, 79_200.0]


def test_a_stint_without_a_clean_lap_has_no_pace():
    slow = {lap: {"track_status": "4", "stint": 2} for lap in (4, 5)}
    rows = pace(driver_laps("norris", [80_000] * 5, slow))
    assert list(rows["stint"]) == [1]


def test_a_lap_without_a_stint_belongs_to_none():
    assert pace(driver_laps("norris", [80_000] * 5, stint=None)).empty


@pytest.mark.parametrize(("name", "stints"), [("R", 1), ("S", 1), ("FP2", 0), ("Q", 0)])
def test_only_races_and_sprints_have_race_pace(name, stints):
    assert len(pace(driver_laps("norris", [80_000] * 5, session=("2024-monaco", name)))) == stints


def test_the_gap_is_in_percent_of_the_fields_median_on_the_same_laps():
    rows = pace(
        *[driver_laps(car, [80_000] * 6) for car in ("leclerc", "piastri", "sainz")],
        driver_laps("norris", [80_800] * 6),
        driver_laps("bottas", [79_600] * 6),
    )
    assert of(rows, "norris")["gap"] == pytest.approx(1.0)
    assert of(rows, "bottas")["gap"] == pytest.approx(-0.5)
    assert of(rows, "sainz")["gap"] == 0


def test_a_track_that_gets_faster_does_not_flatter_the_late_stint():
    field = [80_000 - 100 * lap for lap in range(20)]
    second = {lap: {"stint": 2} for lap in range(11, 21)}
    cars = [driver_laps(car, field, second) for car in ("leclerc", "norris", "sainz")]
    rows = pace(*cars)
    assert rows["gap"].eq(0).all()
    assert rows.groupby("stint")["pace_ms"].median().diff().iloc[-1] < -500


def test_the_slope_is_that_of_most_pairs_and_takes_no_notice_of_one_slow_lap():
    times = [90_000, *(80_000 + 50 * lap for lap in range(9))]
    assert of(pace(driver_laps("norris", times)), "norris")["slope"] == 50.0
    times[5] += 700
    assert of(pace(driver_laps("norris", times)), "norris")["slope"] == pytest.approx(50, abs=5)


def test_the_slope_is_per_lap_of_the_race_and_not_per_clean_lap():
    times = [90_000, *(80_000 + 50 * lap for lap in range(11))]
    gone = {lap: {"deleted": True} for lap in (4, 5, 8)}
    assert of(pace(driver_laps("norris", times, gone)), "norris")["slope"] == 50.0


@pytest.mark.parametrize(("clean", "known"), [(4, False), (5, True)])
def test_a_slope_takes_five_clean_laps(clean, known):
    row = of(pace(driver_laps("norris", [80_000] * (clean + 1))), "norris")
    assert row["clean_laps"] == clean
    assert pd.notna(row["slope"]) == known


def test_no_laps_give_no_rows_with_all_columns():
    rows = race_pace(none("clean_laps"))
    assert rows.empty
    check(rows, CONTRACTS["race_pace"])


def test_a_whole_race_meets_the_contract(race):
    rows = race_pace(clean_laps(race, none("weather")))
    pd.testing.assert_frame_equal(check(rows, CONTRACTS["race_pace"]), rows)
    assert len(rows) == 10


@settings(deadline=None, max_examples=10)
@given(st.lists(st.integers(79_500, 80_500), min_size=6, max_size=30))
def test_slopes_agree_with_those_of_scipy(times):
    rows = pace(driver_laps("alonso", [80_000] * 8), driver_laps("norris", times))
    laps_of = np.arange(2, len(times) + 1)
    clean = clean_laps(laps(driver_laps("norris", times)), none("weather"))["clean"].iloc[1:]
    kept = clean.to_numpy(dtype=bool)
    if kept.sum() >= 5:
        expected = theilslopes(np.array(times[1:])[kept], laps_of[kept]).slope
        assert of(rows, "norris")["slope"] == pytest.approx(expected)


@settings(deadline=None, max_examples=10)
@given(st.sampled_from([0.5, 2, 3]))
def test_scaling_all_lap_times_scales_the_pace_and_leaves_the_gap(scale):
    race = a_race()
    race["lap_ms"] = (race["lap_ms"] // 2) * 2
    rows = race_pace(clean_laps(race, none("weather")))
    scaled_race = race.assign(lap_ms=(race["lap_ms"] * scale).astype("Int64"))
    scaled = race_pace(clean_laps(scaled_race, none("weather")))
    np.testing.assert_allclose(scaled["pace_ms"], rows["pace_ms"] * scale)
    np.testing.assert_allclose(scaled["slope"], rows["slope"] * scale)
    np.testing.assert_allclose(scaled["gap"], rows["gap"], atol=1e-9)


@settings(deadline=None, max_examples=10)
@given(st.randoms(use_true_random=False))
def test_neither_the_order_of_rows_nor_another_session_changes_a_stint(random):
    clean = clean_laps(a_race(), none("weather"))
    both = pd.concat([clean_laps(a_race(("2023-monaco", "S"), 3), none("weather")), clean])
    order = list(range(len(both)))
    random.shuffle(order)
    rows = race_pace(both.iloc[order])
    mine = rows[rows["event_id"].eq(RACE[0])].reset_index(drop=True)
    pd.testing.assert_frame_equal(mine, race_pace(clean))
