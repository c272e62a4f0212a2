"""What the checks among the laps of a session find, and what they leave in peace."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from f1_pipeline.tables.timing import checks
from f1_pipeline_tests.tables.timing.made_laps import driver_laps, laps, none
from f1_pipeline_tests.tables.timing.raw_laps import PRACTICE, RACE, Session, facts

DRIVERS = [f"driver-{n:02d}" for n in range(12)]


def aged(ages: list[int | None], driver_id: str = "norris", **same: Any) -> list[dict[str, Any]]:
    changes = {lap: {"tyre_age": age} for lap, age in enumerate(ages, start=1)}
    return driver_laps(driver_id, [80_000] * len(ages), changes, RACE, **same)


def falling(*drivers: list[dict[str, Any]]) -> list[str]:
    found = checks.falling_tyre_ages(laps(*drivers))
    assert all((event_id, session) == RACE for event_id, session, _ in found)
    return [line for _, _, line in found]


@pytest.mark.parametrize(
    "ages", [[1, 2, 3, 4], [4, 5, 9, 10], [1, 1, 2, 2], [1, None, 3], [None] * 4, [7]]
)
def test_tyres_that_grow_older_or_are_not_known_are_no_finding(ages):
    assert falling(aged(ages)) == []


@pytest.mark.parametrize(
    ("ages", "lap"), [([1, 2, 1, 2], 3), ([9, 3, 4, 5], 2), ([5, None, 4], 3), ([3, 2, 1], 2)]
)
def test_tyres_that_grow_younger_within_a_stint_are_found(ages, lap):
    assert falling(aged(ages)) == [f"the tyres of norris grow younger on lap {lap}"]


def test_new_tyres_in_a_new_stint_are_no_finding():
    rows = aged([5, 6, 1, 2])
    for row in rows[2:]:
        row["stint"] = 2
    assert falling(rows) == []
    assert falling(aged([5, 6, 1, 2], stint=None)) == []


def test_each_driver_is_named_once_and_judged_by_his_own_laps():
    found = falling(aged([3, 2, 1], "russell"), aged([8, 9]), aged([2, 1], "leclerc"))
    assert found == [
        "the tyres of leclerc grow younger on lap 2",
        "the tyres of russell grow younger on lap 2",
    ]


def race(
    driven: dict[str, int], session: Session = RACE, changes: dict[str, dict] | None = None
) -> pd.DataFrame:
    """Cars in the order of their places, and how many laps are there of each."""
    cars = []
    for place, (driver_id, count) in enumerate(driven.items(), start=1):
        mine = (changes or {}).get(driver_id)
        cars.append(driver_laps(driver_id, [80_000] * count, mine, session, position=place))
    return laps(*cars)


def results(completed: dict[str, int], session: Session = RACE) -> pd.DataFrame:
    return checks.classified(facts({session: completed}))


def test_classified_are_those_of_races_and_sprints():
    tables = facts({RACE: {"norris": 78, "russell": 77}, ("2025-spain", "S"): {"leclerc": 22}})
    retired = tables["race_results"].iloc[[0]].assign(driver_id="piastri", classified=False)
    tables["race_results"] = pd.concat([tables["race_results"], retired], ignore_index=True)
    found = checks.classified(tables)[["event_id", "session", "driver_id", "position", "laps"]]
    assert list(found.itertuples(index=False, name=None)) == [
        ("2025-monaco", "R", "norris", 1, 78),
        ("2025-monaco", "R", "russell", 2, 77),
        ("2025-spain", "S", "leclerc", 1, 22),
    ]


def test_all_laps_of_the_classified_are_no_finding():
    driven = {"norris": 10, "russell": 9}
    assert checks.missing_laps(race(driven), results(driven)) == {}
    # Whom the classification does not list, and laps beyond it, are no lack.
    assert checks.missing_laps(race(driven | {"leclerc": 2}), results({"norris": 9})) == {}


def test_laps_that_a_classified_driver_completed_are_missed():
    found = checks.missing_laps(
        race({"norris": 10, "russell": 7}), results({"norris": 10, "russell": 9})
    )
    assert found == {RACE: "2 laps of russell are not there"}


def test_a_classified_driver_without_any_laps_is_missed():
    found = checks.missing_laps(race({"norris": 10}), results({"norris": 10, "russell": 9}))
    assert found == {RACE: "9 laps of russell are not there"}


def test_a_lap_that_fastf1_made_up_is_not_there():
    last = {"russell": {10: {"generated": True, "lap_ms": None}}}
    rows = race({"norris": 10, "russell": 10}, changes=last)
    found = checks.missing_laps(rows, results({"norris": 10, "russell": 10}))
    assert found == {RACE: "1 lap of russell is not there"}


def test_of_many_drivers_three_are_named():
    completed = dict.fromkeys(DRIVERS[:5], 10)
    rows = race(dict.fromkeys(DRIVERS[:5], 8))
    assert checks.missing_laps(rows, results(completed)) == {
        RACE: "10 laps of driver-00, driver-01, driver-02 and 2 more are not there"
    }


def test_laps_of_a_result_that_does_not_say_how_many_are_not_missed():
    unknown = results({"norris": 10}).assign(laps=pd.array([None], dtype="Int64"))
    assert checks.missing_laps(race({"norris": 8}), unknown) == {}


def test_a_session_that_was_not_recorded_is_not_missed():
    assert checks.missing_laps(none("laps"), results({"norris": 10})) == {}
    practice = race({"norris": 8}, PRACTICE)
    assert checks.missing_laps(practice, results({"norris": 10})) == {}
    sprint = race({"norris": 8}, ("2025-monaco", "S"))
    assert checks.missing_laps(sprint, results({"norris": 10})) == {}


FIELD = dict.fromkeys(DRIVERS, 10)


def test_the_order_of_the_classification_is_no_finding():
    assert checks.another_order(race(FIELD), results(FIELD)) == {}


def test_a_time_penalty_is_no_other_order():
    """The winner on the road falls to the sixth place."""
    order = [*DRIVERS[1:6], DRIVERS[0], *DRIVERS[6:]]
    assert checks.another_order(race(FIELD), results(dict.fromkeys(order, 10))) == {}


def test_the_order_of_another_race_is_found():
    found = checks.another_order(race(FIELD), results(dict.fromkeys(reversed(DRIVERS), 10)))
    assert found == {RACE: "places by the laps are 6.0 off the classification on average"}


def test_lapped_cars_are_behind_those_with_more_laps():
    """On the last lap that all have, half the field was in front that retired a lap later."""
    driven = dict.fromkeys(DRIVERS[:6], 9) | dict.fromkeys(DRIVERS[6:], 10)
    leaders_first = dict.fromkeys([*DRIVERS[6:], *DRIVERS[:6]], 10)
    assert checks.another_order(race(driven), results(leaders_first)) == {}
    assert checks.another_order(race(driven), results(FIELD))


def test_cars_that_are_not_classified_do_not_move_the_others():
    """Half the field is disqualified, in front of the other half."""
    assert checks.another_order(race(FIELD), results(dict.fromkeys(DRIVERS[6:], 10))) == {}


def test_laps_without_places_have_no_order():
    rows = race(FIELD).assign(position=pd.array([None] * 120, dtype="Int64"))
    assert checks.another_order(rows, results(dict.fromkeys(reversed(DRIVERS), 10))) == {}


@settings(max_examples=30, deadline=None)
@given(st.permutations(DRIVERS), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(order, random):
    rows, classified = race(FIELD), results(dict.fromkeys(order, 11))
    shuffled = list(rows.index)
    random.shuffle(shuffled)
    for check in (checks.another_order, checks.missing_laps):
        assert check(rows.loc[shuffled], classified) == check(rows, classified)
    off = [abs(DRIVERS.index(driver_id) - place) for place, driver_id in enumerate(order)]
    assert bool(checks.another_order(rows, classified)) == (sum(off) / len(off) > 3)
