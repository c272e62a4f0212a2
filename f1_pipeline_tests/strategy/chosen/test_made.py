"""What was done, read off figures, and off pit stops where there are none."""

from typing import Any

import pandas as pd
import pytest

from f1_pipeline.strategy.chosen.made import COLUMNS, choices
from f1_pipeline.strategy.chosen.made import made as done_in
from f1_pipeline_tests.tables.timing.made_laps import made

EVENT = "2024-monaco"
Rows = list[dict[str, Any]]


def car(driver: str, *sets: tuple[str | None, int, str], event: str = EVENT) -> Rows:
    """A car's sets: compound, first lap, and what the track was like at the stop before it."""
    ends = [first - 1 for _, first, _ in sets[1:]] + [60]
    return [
        {
            "event_id": event,
            "driver_id": driver,
            "stint": number,
            "compound": compound,
            "first_lap": first,
            "last_lap": last,
            "began_under": under,
        }
        for number, ((compound, first, under), last) in enumerate(
            zip(sets, ends, strict=True), start=1
        )
    ]


def one_stop(driver: str, lap: int = 20, event: str = EVENT) -> Rows:
    return car(driver, ("MEDIUM", 1, "start"), ("HARD", lap + 1, "green"), event=event)


def figures(event: str = EVENT, laps: int = 60, dry: bool | None = True) -> dict[str, Any]:
    return {"event_id": event, "laps": laps, "dry": dry}


def results(*drivers: str, event: str = EVENT, classified: bool | None = True, **same: Any) -> Rows:
    return [
        {"event_id": event, "driver_id": driver, "classified": classified}
        | {"grid_position": place, "laps": 60}
        | same
        for place, driver in enumerate(drivers, start=1)
    ]


def read(cars: list[Rows], race: dict[str, Any] | None = None, placed: Rows | None = None) -> Any:
    stints = made("stint_figures", [row for rows in cars for row in rows])
    of = placed if placed is not None else results(*stints["driver_id"].unique())
    found = done_in(stints, made("race_figures", [race or figures()]), made("race_results", of))
    return found.set_index("driver_id")


def test_stops_their_laps_and_the_compounds_in_order():
    row = read(
        [car("a", ("SOFT", 1, "start"), ("HARD", 16, "green"), ("MEDIUM", 41, "safety_car"))]
    ).loc["a"]
    assert (row["stops"], row["first_stop"], row["stop_laps"]) == (2, 15, (15, 40))
    assert (row["compounds"], row["laps"], row["grid"]) == (("S", "H", "M"), 60, 1)


def test_tyres_changed_under_red_are_no_stop_but_a_set():
    both = car("a", ("MEDIUM", 1, "start"), ("HARD", 21, "green"), ("SOFT", 31, "red"))
    alone = car("b", ("MEDIUM", 1, "start"), ("HARD", 31, "red"))
    rows = read([both, alone])
    assert (rows.at["a", "stops"], rows.at["a", "stop_laps"]) == (1, (20,))
    assert rows.at["a", "compounds"] == ("M", "H", "S")
    assert (rows.at["b", "stops"], rows.at["b", "stop_laps"]) == (0, ())
    assert pd.isna(rows.at["b", "first_stop"])


@pytest.mark.parametrize("dry", [False, None])
def test_a_race_that_is_not_known_to_be_dry_is_left_out(dry):
    assert len(read([one_stop("a")], figures(dry=True))) == 1
    assert read([one_stop("a")], figures(dry=dry)).empty


@pytest.mark.parametrize("compound", [None, "INTERMEDIATE", "WET"])
def test_a_compound_that_is_no_known_slick_leaves_the_order_open(compound):
    rows = read([one_stop("a"), car("b", ("MEDIUM", 1, "start"), (compound, 31, "green"))])
    assert rows.at["a", "compounds"] == ("M", "H")
    assert rows.at["b", "compounds"] is None
    assert (rows.at["b", "stops"], rows.at["b", "stop_laps"]) == (1, (30,))


@pytest.mark.parametrize("classified", [False, None])
def test_who_was_not_classified_is_left_out(classified):
    placed = results("a") + results("b", classified=classified)
    assert list(read([one_stop("a"), one_stop("b")], placed=placed).index) == ["a"]


def test_a_pit_lane_start_counts_as_the_last_slot():
    assert read([one_stop("a")], placed=results("a", grid_position=None)).at["a", "grid"] == 22


@pytest.mark.parametrize(
    ("named", "letters"),
    [
        (("HYPERSOFT", "ULTRASOFT", "SUPERSOFT"), "SMH"),
        (("ULTRASOFT", "SUPERSOFT", "SOFT"), "SMH"),
        (("SUPERSOFT", "SOFT", "MEDIUM"), "SMH"),
        (("SOFT", "MEDIUM", "HARD"), "SMH"),
    ],
)
def test_names_of_2018_are_the_weekends_three(named, letters):
    sets = [(name, first, "green") for name, first in zip(named, (1, 21, 41), strict=True)]
    assert read([car("a", *sets)]).at["a", "compounds"] == tuple(letters)


# With and without figures: five classified drivers each, as fewer are no race.
DRIVERS = ("a", "b", "c", "d", "e")
OLD = "2013-monaco"


def calendar(*events: str) -> pd.DataFrame:
    rows = [
        {"event_id": event, "circuit_id": event[5:], "race_starts_at": f"{event[:4]}-06-01"}
        for event in events
    ]
    return pd.DataFrame(rows).assign(
        race_starts_at=lambda frame: pd.to_datetime(frame["race_starts_at"], utc=True)
    )


def pit_stop(driver: str, lap: int, ms: int | None = 22_000, event: str = OLD) -> dict[str, Any]:
    return {"event_id": event, "driver_id": driver, "lap": lap, "pit_lane_ms": ms}


def chosen(stops: Rows, placed: Rows, cars: Rows = (), race: Rows = ()) -> pd.DataFrame:  # type: ignore[assignment]
    return choices(
        made("stint_figures", list(cars)),
        made("race_figures", list(race)),
        made("pit_stops", stops),
        made("race_results", placed),
        calendar(OLD, EVENT, "2010-monaco"),
    )


def test_a_race_without_figures_is_told_by_its_pit_stops():
    stops = [
        pit_stop("a", 30),
        pit_stop("a", 12),
        pit_stop("b", 15, 119_999),
        pit_stop("c", 15, 120_000),
        pit_stop("d", 25, None),
    ]
    rows = chosen(stops, results(*DRIVERS, event=OLD, laps=58)).set_index("driver_id")
    assert dict(rows["stops"]) == {"a": 2, "b": 1, "c": 0, "d": 1, "e": 0}
    assert rows["first_stop"].dropna().to_dict() == {"a": 12, "b": 15, "d": 25}
    assert set(rows["laps"]) == {58}
    assert rows["compounds"].isna().all()
    assert rows["stop_laps"].isna().all()


def test_figures_tell_of_a_race_more_than_its_pit_stops():
    cars = [row for driver in DRIVERS for row in one_stop(driver)]
    twice = [pit_stop(driver, lap, event=EVENT) for driver in DRIVERS for lap in (10, 20)]
    placed = results(*DRIVERS)
    assert set(chosen(twice, placed, cars, [figures()])["stops"]) == {1}
    assert chosen(twice, placed, cars, [figures(dry=False)]).empty
    assert set(chosen(twice, placed)["stops"]) == {2}


def test_a_race_of_fewer_than_five_is_left_out():
    stops = [pit_stop(driver, 20) for driver in DRIVERS]
    assert len(chosen(stops, results(*DRIVERS, event=OLD))) == 5
    assert chosen(stops, results(*DRIVERS[:4], event=OLD)).empty


def test_races_before_tyres_were_made_to_wear_are_left_out():
    stops = [pit_stop(driver, 20, event="2010-monaco") for driver in DRIVERS]
    assert chosen(stops, results(*DRIVERS, event="2010-monaco")).empty


def test_rows_are_in_order_of_time_with_circuit_and_year():
    stops = [pit_stop(driver, 20) for driver in DRIVERS]
    cars = [row for driver in DRIVERS for row in one_stop(driver)]
    placed = results(*DRIVERS) + results(*DRIVERS, event=OLD)
    rows = chosen(stops, placed, cars, [figures()])
    assert list(rows.columns) == [*COLUMNS, "circuit_id", "year"]
    assert list(rows["event_id"].unique()) == [OLD, EVENT]
    assert set(rows["circuit_id"]) == {"monaco"}
    assert list(rows["year"].round(1).unique()) == [2013.4, 2024.4]


def test_nothing_held_is_nothing_known():
    rows = chosen([], [])
    assert rows.empty
    assert {*COLUMNS, "circuit_id", "year"} <= set(rows.columns)
