"""Figures of made-up races: what is counted, when, and what is not known."""

import numpy as np
import pandas as pd
import pytest

from f1_pipeline.contracts import CONTRACTS, split
from f1_pipeline.contracts.strategy import FIGURES
from f1_pipeline.strategy import figures as strategy
from f1_pipeline_tests.strategy.races import EVENT, LAP, at, car, losses, saw, stops, tables
from f1_pipeline_tests.tables.timing.made_laps import none

REVISIONS = {EVENT: "abc"}


def figures(given: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The figures, each of which meets its contract."""
    made_of = strategy.figures(given, REVISIONS)
    assert set(made_of) == set(FIGURES)
    for name, frame in made_of.items():
        assert split(frame, CONTRACTS[name])[1] == [], name
    return made_of


def cautions(given: dict[str, pd.DataFrame]) -> list[tuple[str, int, int]]:
    frame = figures(given)["caution_figures"]
    assert list(frame["number"]) == list(range(1, len(frame) + 1))
    return [(r.caution, int(r.first_lap), int(r.laps)) for r in frame.itertuples()]


def began(given: dict[str, pd.DataFrame], driver: str = "one") -> list[str]:
    frame = figures(given)["stint_figures"]
    return list(frame.loc[frame["driver_id"].eq(driver), "began_under"])


def test_a_quiet_race_has_no_caution_and_its_source():
    made_of = figures(tables([car("one"), car("two", behind=500)]))

    race = made_of["race_figures"].iloc[0]
    assert (race["laps"], race["dry"], race["red_flags"]) == (12, True, 0)
    assert (race["lap_ms"], race["revision"]) == (LAP, "abc")
    assert made_of["caution_figures"].empty
    assert made_of["pit_loss_figures"].empty
    for frame in made_of.values():
        assert set(zip(frame["source"], frame["tier"], strict=True)) <= {("livetiming", "timing")}


@pytest.mark.parametrize("order", [("one", "two"), ("two", "one")])
def test_a_safety_car_counts_by_the_laps_of_the_leader(order):
    """The other car is a third of a lap behind: on its own laps it would begin a lap earlier."""
    cars = {"one": car("one"), "two": car("two", behind=30_000)}
    states = {at(3.2): "2", at(3.25): "4", at(6.5): "1"}

    assert cautions(tables([cars[name] for name in order], states)) == [("safety_car", 4, 4)]


def test_cautions_of_each_kind_come_in_their_order():
    states = {at(1.1): "6", at(1.8): "7", at(2.2): "1"}
    states |= {at(4.5): "4", at(5.5): "5", at(6.5): "1"}

    assert cautions(tables([car("one")], states)) == [
        ("virtual_safety_car", 2, 1),
        ("safety_car", 5, 2),
        ("red", 6, 2),
    ]


def test_a_safety_car_that_is_said_twice_or_comes_again_within_the_lap_is_one():
    twice = {at(3.2): "4", at(3.4): "4", at(5.2): "1"}
    again = {at(3.2): "4", at(4.2): "1", at(4.6): "4", at(5.2): "1"}
    later = {at(3.2): "4", at(4.2): "1", at(5.6): "4", at(6.2): "1"}

    assert cautions(tables([car("one")], twice)) == [("safety_car", 4, 3)]
    assert cautions(tables([car("one")], again)) == [("safety_car", 4, 3)]
    assert cautions(tables([car("one")], later)) == [("safety_car", 4, 2), ("safety_car", 6, 2)]


def test_a_race_that_is_stopped_twice_within_a_lap_is_stopped_twice():
    states = {at(3.2): "5", at(3.6): "1", at(3.8): "5", at(4.5): "1"}

    made_of = figures(tables([car("one")], states))

    assert made_of["race_figures"]["red_flags"].tolist() == [2]
    assert len(made_of["caution_figures"]) == 2


def test_what_comes_before_the_start_or_after_the_finish_is_none_of_the_race():
    before = {at(-20): "5", at(-10): "1"}
    after = {at(12.1): "5"}
    to_the_end = {at(11.2): "4"}

    assert cautions(tables([car("one")], before)) == []
    assert cautions(tables([car("one")], after)) == []
    assert cautions(tables([car("one")], to_the_end)) == [("safety_car", 12, 1)]


def test_a_caution_of_the_first_lap_is_one_that_a_car_on_it_saw():
    states = {at(0.3): "4", at(2.5): "1"}

    seen = tables([saw(car("one"), {1: "124", 2: "4", 3: "41"})], states)
    assert cautions(seen) == [("safety_car", 1, 3)]
    assert cautions(tables([saw(car("one"), {1: "12"})], states)) == []
    # Where laps say nothing of the track at all, the clock is all there is.
    assert cautions(tables([car("one", track_status=None)], states)) == [("safety_car", 1, 3)]


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ({}, "green"),
        ({4.8: "2", 5.5: "1"}, "yellow"),
        ({4.2: "4", 6.5: "1"}, "safety_car"),
        ({4.2: "6", 6.5: "7", 6.6: "1"}, "virtual_safety_car"),
        ({4.2: "6", 4.8: "7", 5.5: "1"}, "virtual_safety_car"),
        ({4.2: "4", 4.8: "1"}, "green"),
        ({4.95: "4", 6.5: "1"}, "green"),
        ({4.2: "5", 6.5: "1"}, "red"),
    ],
)
def test_a_stint_began_under_the_state_at_the_entry(states, expected):
    one = stops(car("one"), 5, at(4.9), at(5.1))
    given = tables([one, car("two", behind=500)], {at(lap): code for lap, code in states.items()})
    nothing_of_stops = given | {"pit_lane_losses": none("pit_lane_losses")}

    assert began(given) == ["start", expected]
    assert began(nothing_of_stops) == ["start", expected]
    assert began(given, "two") == ["start"]


def test_a_car_that_was_in_the_pit_lane_when_the_race_was_stopped_changed_under_red():
    states = {at(4.2): "4", at(5.0): "5", at(6.0): "1"}
    caught = stops(car("one"), 5, at(4.9), at(6.1))
    gone = stops(car("two", behind=500), 5, at(4.8), at(4.99))

    given = tables([caught, gone], states)
    assert began(given, "one") == ["start", "red"]
    assert began(given, "two") == ["start", "safety_car"]


def test_tyres_changed_on_the_grid_of_a_restart_are_changed_under_red():
    """No entry and no exit are known: the laps say that the race was stopped."""
    states = {at(4.2): "5", at(6.0): "1"}
    one = saw(car("one"), {5: "15", 6: "51"})
    for row in one:
        row["stint"] = 1 if row["lap"] <= 5 else 2
    quiet = [row | {"track_status": "1"} for row in one]

    assert began(tables([one], states)) == ["start", "red"]
    assert began(tables([quiet])) == ["start", "green"]


def test_what_a_result_lacks_the_laps_say():
    assert figures(tables([car("one")], won=11))["race_figures"]["laps"].tolist() == [11]
    assert figures(tables([car("one")], won=None))["race_figures"]["laps"].tolist() == [12]


def test_a_race_is_wet_with_one_car_in_twenty_on_wet_tyres():
    dry = [car(f"car-{number}", 3, behind=100 * number) for number in range(1, 21)]
    one = stops(car("one", 3), 2, at(1.9), at(2.1), compound="INTERMEDIATE")

    assert figures(tables([car("one", 3), *dry], won=3))["race_figures"]["dry"].tolist() == [True]
    assert figures(tables([one, *dry], won=3))["race_figures"]["dry"].tolist() == [True]
    assert figures(tables([one, *dry[:19]], won=3))["race_figures"]["dry"].tolist() == [False]
    wet = figures(tables([car("one", compound="WET")]))
    assert wet["race_figures"]["dry"].tolist() == [False]
    assert np.isnan(wet["race_figures"]["lap_ms"].iloc[0])


def test_compounds_that_are_not_known_stay_so_and_prove_nothing():
    unknown = car("one", compound=None)

    alone = figures(tables([unknown]))
    assert alone["stint_figures"]["compound"].isna().all()
    assert alone["race_figures"]["dry"].tolist() == [False]
    beside = figures(tables([unknown, car("two", behind=500)]))
    assert beside["race_figures"]["dry"].tolist() == [True]


def test_the_slope_is_the_line_through_the_clean_laps():
    times = [95_000, *[90_000 + 50 * lap + (30 if lap % 2 else -30) for lap in range(2, 13)]]
    one = car("one")
    for row, time in zip(one, times, strict=True):
        row["lap_ms"] = time
    stint = figures(tables([one]))["stint_figures"].iloc[0]

    lap = np.arange(2, 13)
    (slope, _), spread = np.polyfit(lap, times[1:], 1, cov=True)
    assert stint["clean_laps"] == 11
    assert stint["mean_lap"] == 7
    assert stint["pace_ms"] == np.median(times[1:])
    assert stint["slope_ms"] == pytest.approx(slope, abs=0.01)
    assert stint["slope_error_ms"] == pytest.approx(np.sqrt(spread[0, 0]), abs=0.01)


def test_a_line_without_any_error_is_known_to_a_hundredth_of_a_millisecond():
    stint = figures(tables([car("one")]))["stint_figures"].iloc[0]
    assert (stint["slope_ms"], stint["slope_error_ms"]) == (0, 0.01)


@pytest.mark.parametrize(("laps", "has_slope"), [(6, True), (5, False)])
def test_a_slope_needs_five_clean_laps(laps, has_slope):
    stint = figures(tables([car("one", laps)], won=laps))["stint_figures"].iloc[0]
    assert stint["clean_laps"] == laps - 1  # the first is a standing start
    assert (not np.isnan(stint["slope_ms"])) == has_slope
    assert not np.isnan(stint["pace_ms"])


def test_a_stint_without_a_clean_lap_has_no_pace():
    states = {at(6.5): "4", at(11): "1"}
    codes = dict.fromkeys(range(7, 13), "4")
    one = stops(saw(car("one"), codes), 7, at(6.9), at(7.1), compound="SOFT", tyre_age=3)
    rows = figures(tables([one], states))["stint_figures"]

    assert rows["clean_laps"].tolist() == [5, 0]
    assert rows.loc[1, ["pace_ms", "mean_lap", "slope_ms", "slope_error_ms"]].isna().all()
    assert rows.loc[1, ["first_lap", "last_lap", "compound"]].tolist() == [8, 12, "SOFT"]
    assert rows.loc[1, "tyre_age"] == 2


def test_what_stops_cost_is_that_of_the_usable_ones_by_state():
    of = losses(
        *(("green", loss, True) for loss in (21_000, 22_000, 30_000)),
        ("yellow", 23_000, True),
        ("green", 55_000, False),
        ("safety_car", 12_000, True),
        ("virtual_safety_car", 15_000, False),
    )
    rows = figures(tables([car("one")], losses=of))["pit_loss_figures"].set_index("caution")

    assert rows["stops"].to_dict() == {"green": 4, "safety_car": 1}
    assert rows["loss_ms"].to_dict() == {"green": 22_500, "safety_car": 12_000}
    quantiles = np.quantile([21_000, 22_000, 23_000, 30_000], [0.16, 0.84])
    assert rows.loc["green", "spread_ms"] == pytest.approx(np.diff(quantiles)[0] / 2, abs=0.1)
    assert np.isnan(rows.loc["safety_car", "spread_ms"])


@pytest.mark.parametrize("name", strategy.NEEDED)
def test_a_race_of_which_something_needed_is_not_held_has_no_figures(name):
    given = tables([car("one")])
    made_of = figures(given | {name: none(name)})
    assert all(frame.empty for frame in made_of.values())


def test_what_is_not_needed_may_be_missing():
    given = tables([car("one")])
    nothing = {name: none(name) for name in set(strategy.INPUTS) - set(strategy.NEEDED)}
    made_of = figures(given | nothing)
    assert len(made_of["race_figures"]) == 1
    assert made_of["stint_figures"].empty


def test_other_sessions_are_no_races():
    given = tables([car("one")])
    for name in ("laps", "stints", "clean_laps", "track_status"):
        given[name] = given[name].assign(session="S")
    assert figures(given)["race_figures"].empty


def test_races_together_are_what_each_is_alone():
    one = tables([car("one")], {at(3.2): "4", at(5.2): "1"})
    other = tables([car("one", 8)], {at(1.5): "5", at(2.5): "1"}, won=8)
    other = {name: frame.assign(event_id="2024-spain") for name, frame in other.items()}
    both = {name: pd.concat([other[name], one[name]], ignore_index=True) for name in one}
    revisions = {EVENT: "abc", "2024-spain": "def"}

    together = strategy.figures(both, revisions)
    for event, alone in ((EVENT, one), ("2024-spain", other)):
        for name, frame in strategy.figures(alone, revisions).items():
            mine = together[name][together[name]["event_id"].eq(event)].reset_index(drop=True)
            pd.testing.assert_frame_equal(mine, frame, check_dtype=False)


def test_a_revision_follows_every_input_and_nothing_else():
    contents = {name: f"hash of {name}" for name in strategy.INPUTS}
    same = strategy.revision(dict(reversed(contents.items())) | {"weather": "x"})
    assert strategy.revision(contents) == same
    others = {strategy.revision(contents | {name: "new"}) for name in strategy.INPUTS}
    others |= {strategy.revision({k: v for k, v in contents.items() if k != "stints"})}
    assert len(others | {same}) == len(strategy.INPUTS) + 2
