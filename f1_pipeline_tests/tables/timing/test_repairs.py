"""What a rule puts right in laps, what it leaves, and that it says which."""

from typing import Any

import pandas as pd
import pytest

from f1_pipeline_tests.tables.timing.raw_laps import (
    PRACTICE,
    RACE,
    driver_laps,
    marked,
    raw_laps,
    stop,
    typed_laps,
)

EVEN = [80_000] * 10


def norris(times=EVEN, changes=None, **same: Any) -> pd.DataFrame:
    return typed_laps(raw_laps(driver_laps("norris", times, changes, **same)))


def test_a_missing_compound_is_filled_from_a_stint_that_agrees():
    changes = stop(5, 10)
    changes[3] = {"Compound": None}
    changes[8]["Compound"] = "UNKNOWN"
    rows = norris(changes=changes)
    assert list(rows["compound"]) == ["HARD"] * 5 + ["MEDIUM"] * 5
    assert marked(rows) == {3: "compound", 8: "compound"}


def test_a_missing_compound_stays_missing_where_its_stint_does_not_agree():
    rows = norris(changes={3: {"Compound": None}, 4: {"Compound": "SOFT"}})
    assert pd.isna(rows.loc[2, "compound"])
    assert rows.loc[3, "compound"] == "SOFT"
    assert marked(rows) == {}


@pytest.mark.parametrize(
    "other",
    [
        driver_laps("russell", EVEN),
        driver_laps("norris", EVEN, session=PRACTICE),
        driver_laps("norris", EVEN, session=("2025-spain", "R")),
    ],
)
def test_another_driver_or_session_is_no_witness_for_a_compound(other):
    rows = typed_laps(raw_laps(driver_laps("norris", EVEN, Compound=None), other))
    assert rows["compound"].isna().sum() == 10
    assert marked(rows) == {}


def test_a_lap_without_a_stint_is_not_repaired():
    lost = {"Stint": None, "Compound": None, "TyreLife": None}
    rows = norris(changes=dict.fromkeys((2, 3), lost))
    assert rows.loc[[1, 2], ["stint", "compound", "tyre_age"]].isna().all(axis=None)
    assert marked(rows) == {}


def test_a_tyre_age_that_its_stint_contradicts_is_counted_anew():
    rows = norris(changes={4: {"TyreLife": 1.0}, 5: {"TyreLife": None}, 9: {"TyreLife": 30.0}})
    assert list(rows["tyre_age"]) == list(range(1, 11))
    assert marked(rows) == {4: "tyre_age", 5: "tyre_age", 9: "tyre_age"}


def test_a_used_set_is_counted_on_from_its_age():
    used = {lap: {"TyreLife": float(lap + 3)} for lap in range(1, 11)}
    rows = norris(changes=used | {6: {"TyreLife": 0.0}})
    assert list(rows["tyre_age"]) == list(range(4, 14))
    assert marked(rows) == {6: "tyre_age"}


def test_a_tyre_age_stays_where_no_more_than_half_of_the_stint_agree():
    ages = [1.0, 2.0, 3.0, 14.0, 15.0, 16.0]
    changes = {lap: {"TyreLife": age} for lap, age in enumerate(ages, start=1)}
    rows = norris([80_000] * 6, changes)
    assert list(rows["tyre_age"]) == ages
    assert marked(rows) == {}
    # One lap more on a side decides.
    rows = norris([80_000] * 7, changes | {7: {"TyreLife": 17.0}})
    assert list(rows["tyre_age"]) == list(range(11, 18))
    assert marked(rows) == dict.fromkeys([1, 2, 3], "tyre_age")


def aged(ages: list[float | None]) -> pd.DataFrame:
    changes = {lap: {"TyreLife": age} for lap, age in enumerate(ages, start=1)}
    return norris([80_000] * len(ages), changes)


@pytest.mark.parametrize(
    "ages",
    [
        # A count that begins again; one that begins late; one that leaves out a lap of its own.
        [7.0, 8.0, 9.0, 10.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0],
        [None, None, None, 2.0, 3.0, 4.0, 5.0],
        [5.0, 5.0, 0.0, 1.0, 2.0, 3.0, 4.0],
        [None, 1.0, 2.0, 3.0],
    ],
)
def test_ages_that_would_make_the_first_lap_younger_than_new_are_no_witness(ages):
    rows = aged(ages)
    assert [None if pd.isna(age) else age for age in rows["tyre_age"]] == ages
    assert marked(rows) == {}


def test_the_same_ages_are_one_where_the_set_was_new_on_the_first_lap():
    rows = aged([7.0, 8.0, None, 4.0, 5.0, 6.0, 7.0])
    assert list(rows["tyre_age"]) == [1, 2, 3, 4, 5, 6, 7]
    assert marked(rows) == dict.fromkeys([1, 2, 3], "tyre_age")


def test_ages_on_both_sides_of_a_lap_that_is_not_held_may_differ():
    """FastF1 counts the laps that it has: after a gap its ages are one too low, not before it."""
    ages = {1: {"TyreLife": 7.0}} | {lap: {"TyreLife": lap + 5.0} for lap in range(3, 11)}
    laps = [row for row in driver_laps("norris", EVEN, ages) if row["LapNumber"] != 2]
    rows = typed_laps(raw_laps(laps))
    assert list(rows["tyre_age"]) == list(range(7, 16))
    assert marked(rows) == {}


def three_cars(changes: dict[int, dict[str, Any]], session=RACE) -> pd.DataFrame:
    """norris leads russell and leclerc by a second each; `changes` are russell's."""
    return typed_laps(
        raw_laps(
            driver_laps("norris", [80_000] * 3, session=session),
            driver_laps("russell", [81_000, 80_000, 80_000], changes, session),
            driver_laps("leclerc", [82_000, 80_000, 80_000], session=session),
        )
    )


def places(rows: pd.DataFrame, lap: int) -> dict[str, Any]:
    mine = rows[rows["lap"].eq(lap)]
    return dict(zip(mine["driver_id"], mine["position"], strict=True))


BY_CLOCK = {"norris": 1, "russell": 2, "leclerc": 3}


def test_places_follow_the_clock():
    rows = three_cars({2: {"Position": 1.0}, 3: {"Position": 9.0}})
    assert all(places(rows, lap) == BY_CLOCK for lap in (1, 2, 3))
    assert marked(rows) == {2: "position", 3: "position"}
    assert marked(three_cars({})) == {}


def test_places_of_a_sprint_follow_the_clock_those_of_a_practice_are_no_places():
    wrong = {2: {"Position": 1.0}}
    assert marked(three_cars(wrong, ("2025-monaco", "S"))) == {2: "position"}
    rows = three_cars({}, PRACTICE)
    assert rows["position"].isna().all()
    assert marked(three_cars(wrong, PRACTICE)) == {}


def test_places_stay_where_the_clock_of_one_of_them_is_not_known():
    given = {"norris": 2.0, "russell": 1.0, "leclerc": 3.0}
    lost = {"russell": {"Time": None}}
    cars = [
        driver_laps(driver_id, [80_000 + n], {1: {"Position": place} | lost.get(driver_id, {})})
        for n, (driver_id, place) in enumerate(given.items())
    ]
    rows = typed_laps(raw_laps(*cars))
    assert places(rows, 1) == given
    assert marked(rows) == {}


def test_a_car_without_a_place_is_not_counted():
    """FastF1 gives none to who stops on the first lap."""
    rows = three_cars({1: {"Position": None, "Time": 1}})
    assert pd.isna(places(rows, 1)["russell"])
    assert places(rows, 1)["leclerc"] == 2


def test_of_two_cars_at_one_instant_the_source_knows_the_order():
    rows = three_cars({3: {"Time": 3_600_000 + 240_000, "Position": 1.0}})
    assert places(rows, 3) == {"norris": 1, "russell": 1, "leclerc": 3}
    assert marked(rows) == {}


def test_several_repairs_of_a_lap_are_all_named():
    lost = {"Compound": None, "TyreLife": None, "Position": 3.0}
    assert marked(three_cars({2: lost})) == {2: "compound,tyre_age,position"}
