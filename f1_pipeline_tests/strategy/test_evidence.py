"""What plans have been worth: numbers that can be worked out by hand, and the gate."""

import json

import numpy as np
import pandas as pd
import pytest

from f1_pipeline.strategy.evidence import LEAST_RACES, beats, evaluate, in_words
from f1_pipeline_tests.tables.timing.made_laps import made

Car = dict[str, object]
# A car of a race, as plan and constants were right or not.
GOOD = {
    "plan": "M-20-H",
    "stops": 1,
    "first_stop": 20,
    "first_of_one": 20,
    "sequence": "M-H",
    "last_stops": 2,
    "edition_stops": 2,
    "edition_first_stop": 30,
    "edition_sequence": "S-H",
    "constant_first_stop": 10,
    "constant_sequence": "H-M",
    "actual_stops": 1,
    "actual_first_stop": 21,
    "actual_sequence": "M-H",
    "p_actual": 0.5,
    "regret_ms": 1000.0,
}


def rows(races: int, *cars: Car) -> pd.DataFrame:
    """Rows of `strategy_backtest`: the same cars in each race."""
    same = {"season": 2024, "fingerprint": "made up"}
    return made(
        "strategy_backtest",
        [
            GOOD | same | {"event_id": f"2024-r{r:02d}", "round": r, "driver_id": f"d{d}"} | car
            for r in range(races)
            for d, car in enumerate(cars)
        ],
    )


TWICE: Car = {"actual_stops": 2, "actual_first_stop": 12, "actual_sequence": "S-M-H"}
FOUR: tuple[Car, ...] = (
    {},
    {"actual_first_stop": 26, "actual_sequence": "S-H", "regret_ms": 3000.0, "p_actual": 0.25},
    TWICE | {"regret_ms": None},
    {"stops": 2, "sequence": "M-H-M", "first_of_one": 33, "actual_sequence": None},
)


def test_numbers_by_hand():
    found = evaluate(rows(2, *FOUR))
    assert (found["races"], found["rows"]) == (2, 8)
    count = found["measures"]["stop_count"]
    assert (count["rows"], count["races"], count["value"]) == (8, 2, 0.5)
    by_hand = {"one stop": (0.75, -0.25), "last year": (0.25, 0.25), "last edition": (0.25, 0.25)}
    told = {name: (of["value"], of["difference"]) for name, of in count["constants"].items()}
    assert told == by_hand
    # Of those that stopped once, on laps 21, 26 and 21: the plan said 20, 20 and 33.
    first = found["measures"]["first_stop_mae"]
    assert (first["rows"], first["value"]) == (6, pytest.approx((1 + 6 + 12) / 3))
    assert first["constants"]["share of the distance"]["value"] == pytest.approx((11 + 16 + 11) / 3)
    assert first["constants"]["last edition"]["value"] == pytest.approx((9 + 4 + 9) / 3)
    assert first["constants"]["last edition"]["difference"] == pytest.approx(-1)
    order = found["measures"]["sequence"]
    assert (order["rows"], order["value"]) == (6, pytest.approx(1 / 3))
    assert order["constants"]["last edition"]["value"] == pytest.approx(1 / 3)
    assert order["constants"]["most run"]["value"] == 0
    assert found["ceiling"] == 0.75
    assert found["stops_log_loss"] == pytest.approx((3 * np.log(2) + np.log(4)) / 4)
    assert found["regret_s"] == pytest.approx((1 + 3 + 1) / 3)


def test_races_that_are_alike_leave_no_doubt_and_those_that_differ_do():
    same = evaluate(rows(5, *FOUR))["measures"]["stop_count"]["constants"]["one stop"]
    assert same["low"] == same["difference"] == same["high"] == -0.25
    mixed = pd.concat([rows(5, {}), earlier(rows(5, TWICE))])
    one = evaluate(mixed)["measures"]["stop_count"]["constants"]["last year"]
    assert one["low"] < one["difference"] == 0 < one["high"]


def earlier(found: pd.DataFrame) -> pd.DataFrame:
    """The same as races of the year before."""
    return found.assign(event_id="2023" + found["event_id"].str[4:])


def test_races_are_resampled_whole():
    """Ten cars that did alike say no more than one of them."""
    few, many = (pd.concat([rows(8, *[{}] * n), earlier(rows(8, *[TWICE] * n))]) for n in (1, 10))
    one, ten = (
        evaluate(of)["measures"]["stop_count"]["constants"]["last year"] for of in (few, many)
    )
    assert (one["low"], one["high"]) == (pytest.approx(ten["low"]), pytest.approx(ten["high"]))


# Where everybody stopped twice, "always one" is beaten too; who stopped once tells of the lap.
WON: tuple[Car, ...] = (
    TWICE | {"stops": 2, "last_stops": 1, "edition_stops": 1},
    {"last_stops": 2},
)


def test_the_gate_opens_where_every_constant_is_beaten_on_forty_races():
    assert LEAST_RACES == 40
    assert evaluate(rows(40, *WON))["beats_constants"] is True
    assert evaluate(rows(39, *WON))["beats_constants"] is False


@pytest.mark.parametrize(
    "spoiled",
    [
        {"edition_first_stop": 21},
        {"constant_first_stop": 21},
        {"first_of_one": 45},
        {"last_stops": 1, "stops": 2},
        {"edition_stops": 1, "stops": 2},
    ],
)
def test_the_gate_stays_shut_where_one_constant_is_as_good(spoiled):
    assert evaluate(rows(40, WON[0], WON[1] | spoiled))["beats_constants"] is False


def test_the_gate_stays_shut_where_an_interval_holds_zero():
    """Better in the mean, by a few races that differ from all others."""
    alike: Car = {"last_stops": 1, "edition_stops": 1, "edition_first_stop": 21}
    tied = rows(60, TWICE | {"last_stops": 2, "edition_stops": 2, "stops": 2}, alike)
    won = rows(40, *WON)
    few = won[won["event_id"].isin(won["event_id"].unique()[:1])]
    found = evaluate(pd.concat([tied, few.assign(event_id="2023-other")]))
    one = found["measures"]["stop_count"]["constants"]["last year"]
    assert one["difference"] > 0
    assert one["low"] <= 0
    assert found["beats_constants"] is False


def test_the_gate_reads_each_bound():
    def measures(low: float | None, high: float | None, races: int = 40) -> dict[str, object]:
        one = {"races": races, "constants": {"a": {"low": 0.1, "high": 0.2}}}
        near = {"races": races, "constants": {"a": {"low": -2.0, "high": -1.0}}}
        one["constants"] |= {"b": {"low": low, "high": 1.0}}  # type: ignore[operator]
        near["constants"] |= {"b": {"low": -1.0, "high": high}}  # type: ignore[operator]
        return {"stop_count": one, "first_stop_mae": near}

    assert beats(measures(0.01, -0.01))
    for low, high, races in ((0, -0.01, 40), (0.01, 0, 40), (None, -1, 40), (1, None, 40),
                             (0.01, -0.01, 39)):  # fmt: skip
        assert not beats(measures(low, high, races))


@pytest.mark.parametrize(
    "held",
    [
        rows(0),
        rows(1, TWICE | {"actual_sequence": None, "regret_ms": None}),
        rows(2, *FOUR),
        rows(40, *WON),
    ],
)
def test_numbers_are_ready_for_json_and_for_words(held):
    found = evaluate(held)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert "nan" not in in_words(found)


def test_without_rows_nothing_is_shown():
    found = evaluate(rows(0))
    assert (found["races"], found["rows"], found["beats_constants"]) == (0, 0, False)
    for measure in found["measures"].values():
        assert measure["value"] is None
        for of in measure["constants"].values():
            assert set(of.values()) == {None}
    assert {found[name] for name in ("ceiling", "stops_log_loss", "regret_s")} == {None}
    assert "0 dry races" in in_words(found)


def test_where_no_order_is_told_that_measure_alone_is_empty():
    found = evaluate(rows(3, {"actual_sequence": None}))
    assert found["measures"]["sequence"]["value"] is None
    assert found["measures"]["stop_count"]["value"] == 1


def test_the_words_hold_the_numbers():
    words = in_words(evaluate(rows(2, *FOUR)))
    assert "2 dry races, 8 classified drivers." in words
    assert "| stop count named | 0.500 | one stop | 0.750 | -0.250 | -0.250 to -0.250 |" in words
    assert "| first of one stop, laps off | 6.333 | last edition | 7.333 | -1.000 |" in words
    assert "| compounds in order named | 0.333 | most run | 0.000 | +0.333 |" in words
    assert "0.750 of stop counts" in words
    assert "1.667 s" in words
    assert "**experimental**" in words
    won = in_words(evaluate(rows(40, *WON)))
    assert "Plans beat the constants." in won
    assert "experimental" not in won
