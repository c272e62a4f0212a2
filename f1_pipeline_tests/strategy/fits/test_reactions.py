"""Whether cars stop when a safety car comes out."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from f1_pipeline.strategy.fits.reactions import answers, fit
from f1_pipeline.strategy.simulation.setting import SAFETY, VIRTUAL, Reaction
from f1_pipeline_tests.tables.timing.made_laps import made

EVENT = "2024-monaco"
Rows = list[dict[str, Any]]
BEFORE = Reaction(-2.0, -3.5, 4.0, 0.0, 1.5)


def car(driver: str, *sets: tuple[str | None, int, str], event: str = EVENT, age: int = 0) -> Rows:
    """A car's sets: compound, first lap, what the track was like; all of them of this age."""
    ends = [first - 1 for _, first, _ in sets[1:]] + [60]
    return [
        {"event_id": event, "driver_id": driver, "stint": i, "compound": compound}
        | {"first_lap": first, "last_lap": last, "began_under": under, "tyre_age": age}
        for i, ((compound, first, under), last) in enumerate(zip(sets, ends, strict=True), start=1)
    ]


def caution(lap: int = 20, laps: int = 4, kind: str = "safety_car", event: str = EVENT) -> Rows:
    return [{"event_id": event, "number": lap, "caution": kind, "first_lap": lap, "laps": laps}]


def race(event: str = EVENT, dry: bool | None = True) -> Rows:
    return [{"event_id": event, "laps": 60, "dry": dry}]


def told(cars: Rows, cautions: Rows, races: Rows) -> pd.DataFrame:
    rows = answers(
        made("stint_figures", cars), made("caution_figures", cautions), made("race_figures", races)
    )
    return rows.set_index("driver_id")


def test_who_comes_in_while_it_lasts_has_stopped():
    cars = [
        *car("in-lap", ("MEDIUM", 1, "start"), ("HARD", 21, "safety_car")),
        *car("late", ("MEDIUM", 1, "start"), ("HARD", 24, "safety_car")),
        *car("after", ("MEDIUM", 1, "start"), ("HARD", 25, "safety_car")),
        *car("green", ("MEDIUM", 1, "start"), ("HARD", 22, "green")),
        *car("stays", ("MEDIUM", 1, "start")),
    ]
    assert told(cars, caution(), race())["stopped"].to_dict() == {
        "in-lap": 1, "late": 1, "after": 0, "green": 0, "stays": 0,
    }  # fmt: skip


def test_age_and_laps_to_go_are_shares_of_the_distance():
    cars = [
        *car("new", ("MEDIUM", 1, "start")),
        *car("used", ("MEDIUM", 1, "start"), age=3),
        *car("changed", ("MEDIUM", 1, "start"), ("HARD", 15, "green")),
    ]
    rows = told(cars, caution(20), race())
    assert rows["age"].to_dict() == pytest.approx(
        {"new": 20 / 60, "used": 23 / 60, "changed": 6 / 60}
    )
    assert rows["left"].to_numpy() == pytest.approx(np.full(3, 40 / 60))


def test_who_ran_one_compound_alone_owes_a_stop():
    cars = [
        *car("owes", ("MEDIUM", 1, "start")),
        *car("same", ("MEDIUM", 1, "start"), ("MEDIUM", 10, "green")),
        *car("free", ("MEDIUM", 1, "start"), ("HARD", 10, "green")),
        *car("back", ("MEDIUM", 1, "start"), ("HARD", 8, "green"), ("MEDIUM", 15, "green")),
        *car("later", ("MEDIUM", 1, "start"), ("HARD", 40, "green")),
        *car("unknown", (None, 1, "start")),
    ]
    owes = told(cars, caution(20), race())["owes"].to_dict()
    assert owes == {"owes": 1, "same": 1, "free": 0, "back": 0, "later": 1, "unknown": 1}


@pytest.mark.parametrize(
    ("cautions", "races", "rows"),
    [
        (caution(20), race(), 1),
        (caution(1), race(), 0),  # on the first lap nobody has anything to gain
        (caution(20, kind="red"), race(), 0),
        (caution(20), race(dry=False), 0),
        (caution(20), race(dry=None), 0),
        (caution(20) + caution(40, kind="virtual_safety_car"), race(), 2),
        (caution(20, event="2024-italy"), race(), 0),
    ],
)
def test_what_counts_as_a_caution(cautions, races, rows):
    assert len(told(car("a", ("MEDIUM", 1, "start")), cautions, races)) == rows


def test_who_is_out_is_not_asked():
    out = car("out", ("MEDIUM", 1, "start"))
    out[0]["last_lap"] = 12
    assert list(told(out + car("in", ("MEDIUM", 1, "start")), caution(20), race()).index) == ["in"]


def of_races(chance, races: int = 30, cars: int = 20) -> Reaction:
    """What is fitted to cars that react by tyres' age (a share), the kind, what they owe."""
    rng, rows, shown, held, events = np.random.default_rng(1), [], [], [], []
    for number in range(races):
        event, kind = f"2024-r{number:02d}", ("safety_car", "virtual_safety_car")[number % 2]
        lap = int(rng.integers(15, 50))
        held += race(event)
        shown += caution(lap, kind=kind, event=event)
        events.append(
            (event, "c00", pd.Timestamp("2024-01-01", tz="UTC") + pd.Timedelta(days=number))
        )
        for c in range(cars):
            owes = c % 2 == 0
            first = int(rng.integers(2, lap))
            sets = [("MEDIUM", 1, "start"), ("MEDIUM" if owes else "HARD", first, "green")]
            if rng.random() < chance((lap - first + 1) / 60, kind, owes):
                sets.append(("SOFT", lap + 1, kind))
            rows += car(f"d{c:02d}", *sets, event=event)
    calendar = pd.DataFrame(events, columns=["event_id", "circuit_id", "race_starts_at"])
    return fit(
        made("stint_figures", rows),
        made("caution_figures", shown),
        made("race_figures", held),
        calendar,
    )


def test_cars_that_stop_on_old_tyres_are_told_to():
    by_age = of_races(lambda age, kind, owes: float(age > 0.35))
    never, always = of_races(lambda *_: 0.02), of_races(lambda *_: 0.98)
    assert by_age.age > 5
    assert by_age.age > never.age
    for reaction, (new, old) in ((by_age, (0.2, 0.8)), (never, (0.1, 0.1)), (always, (0.9, 0.9))):
        chance = reaction.probability(
            np.array([SAFETY, SAFETY]), np.array([0.05, 0.65]), np.array([0.5]), np.array([True])
        )
        least = reaction is always
        assert (chance[0] > new) if least else (chance[0] < new)
        assert (chance[1] < old) if reaction is never else (chance[1] > old)


def test_a_kind_and_a_stop_that_is_owed_count():
    of_kind = {"safety_car": 0.6, "virtual_safety_car": 0.2}
    found = of_races(lambda age, kind, owes: of_kind[kind] * (0.2 + 0.8 * owes))
    assert found.safety_car > found.virtual_safety_car + 0.5
    assert found.planned > 1
    age, left = np.array([0.3]), np.array([0.5])
    shown = [
        float(found.probability(np.array([kind]), age, left, np.array([owes]))[0])
        for kind, owes in ((SAFETY, True), (SAFETY, False), (VIRTUAL, True), (VIRTUAL, False))
    ]
    assert shown == pytest.approx([0.6, 0.12, 0.2, 0.04], abs=0.12)


CALENDAR = pd.DataFrame(
    [(EVENT, "c00", pd.Timestamp("2024-06-01", tz="UTC"))],
    columns=["event_id", "circuit_id", "race_starts_at"],
)


def fitted(cars: Rows, cautions: Rows, races: Rows) -> Reaction:
    return fit(
        made("stint_figures", cars),
        made("caution_figures", cautions),
        made("race_figures", races),
        CALENDAR,
    )


def test_before_any_caution_it_is_what_is_taken_for_granted():
    assert fitted([], [], []) == BEFORE
    assert fitted(car("a", ("MEDIUM", 1, "start")), [], race()) == BEFORE


def test_one_caution_changes_it_a_little():
    cars = [row for c in range(3) for row in car(f"d{c}", ("MEDIUM", 1, "start"))]
    found = fitted(cars, caution(), race())
    assert BEFORE.safety_car - 2 < found.safety_car < BEFORE.safety_car
    assert found.virtual_safety_car == pytest.approx(BEFORE.virtual_safety_car)
