"""What teams are expected to choose in one race."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from f1_pipeline.errors import PipelineError
from f1_pipeline.strategy.chosen import Chosen, choices, expect_choices
from f1_pipeline.strategy.plans import Plan, faults, parse
from f1_pipeline.strategy.rules import Rules
from f1_pipeline_tests.strategy.chosen.past import race, races
from f1_pipeline_tests.strategy.seasons import Frames, seasons

LAPS = 60
TABLES = ("stint_figures", "race_figures", "pit_stops", "race_results", "events")
# Half stop once and half twice; at the front on mediums, at the back on hards.
MIXED = ["M-24-H", "M-26-H", "M-15-H-40-M", "M-18-H-38-M", "M-25-H"]
MIXED += ["H-32-M", "H-35-M", "H-20-M-40-H", "H-22-M-42-S", "H-34-M"]
GRID = np.arange(1.0, 11.0)
TWO = Rules(stops=2)
SHORT = Rules(stint_laps=25)
RULES = [Rules(), TWO, SHORT]


@pytest.fixture(scope="module")
def tables() -> Frames:
    return seasons()


def expected(done: pd.DataFrame, rules: Rules = Rules(), laps: int = LAPS) -> Chosen:  # noqa: B008
    return expect_choices(done, "c00", 2025, 2025.5, laps, rules, {})


def mixed(plans=MIXED, told: bool = True, laps: int = LAPS) -> pd.DataFrame:
    held = [
        race(f"{year}-c0{c}", plans, f"c0{c}", year + 0.1 * c, laps, told)
        for year in (2022, 2023, 2024)
        for c in range(3)
    ]
    return races(*held)


def drawn(chosen: Chosen, draws: int = 200, seed: int = 1, grid=GRID) -> list[list[Plan]]:
    """The rivals' plans as plans, race by race; refuses laps that do not rise."""
    rivals = chosen.rivals(grid, draws, np.random.default_rng(seed))
    assert rivals.stops.shape == (draws, len(grid), 3)
    assert rivals.compounds.shape == (draws, len(grid), 4)
    found = []
    for stops, kinds in zip(rivals.stops, rivals.compounds, strict=True):
        made = [sum(lap <= chosen.laps for lap in of) for of in stops]
        assert all((of[n:] == chosen.laps + 1).all() for of, n in zip(stops, made, strict=True))
        found.append(
            [
                Plan(tuple("SMH"[k] for k in of[: n + 1]), tuple(int(lap) for lap in laps[:n]))
                for of, laps, n in zip(kinds, stops, made, strict=True)
            ]
        )
    return found


@given(st.sampled_from(RULES), st.lists(st.floats(1, 22), min_size=1, max_size=22))
def test_chances_of_numbers_of_stops_sum_to_one(rules, grid):
    chance = replace(CHOSEN, rules=rules).stops(np.array(grid))
    assert chance.shape == (len(grid), 6)
    assert (chance > 0).all()
    assert chance.sum(axis=1) == pytest.approx(np.ones(len(grid)))


MIXED_HELD = mixed()
CHOSEN = expected(MIXED_HELD)


def test_chances_are_those_of_what_was_done():
    chance = expected(MIXED_HELD).stops(GRID)
    assert chance[:, 1].mean() == pytest.approx(0.6, abs=0.1)
    assert chance[:, 2].mean() == pytest.approx(0.4, abs=0.1)
    front, back = expected(mixed(["M-24-H"] * 5 + ["M-20-H-40-M"] * 5)).stops(np.array([1.0, 10.0]))
    assert front[1] > 0.6 > 0.4 > back[1]


@pytest.mark.parametrize(
    ("rules", "laps", "least"), [(TWO, 60, 2), (SHORT, 60, 2), (SHORT, 50, 1), (Rules(), 60, 1)]
)
def test_fewer_stops_than_the_rules_ask_for_are_hardly_made(rules, laps, least):
    seen = mixed(["M-24-H", "M-20-H-40-M"] * 5)
    chance, free = (expected(seen, of, laps).stops(GRID) for of in (rules, Rules(stops=0)))
    assert (chance[:, :least].sum(axis=1) < 0.04).all()
    assert (chance[:, least] > 0.4).all()
    assert free[:, :2].sum(axis=1) == pytest.approx(np.full(10, 0.5), abs=0.1)


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("laps", [60, 54])
def test_rivals_plans_keep_to_the_rules(rules, laps):
    plans = drawn(expected(MIXED_HELD, rules, laps))
    told = [plan for of in plans for plan in of]
    assert not any(faults(plan, laps, rules) for plan in told)
    assert len(set(told)) > 1
    assert {len(plan.stops) for plan in told} == ({1, 2} if rules == Rules() else {2})


def test_rivals_have_no_stint_that_is_too_long():
    both = expected(mixed(["M-18-H-38-M", "M-10-H-48-M"] * 5), SHORT)
    assert {plan for of in drawn(both) for plan in of} == {parse("M-18-H-38-M")}


def test_rivals_laps_are_scaled_to_the_distance():
    longer = expected(mixed(["M-24-H"] * 10), laps=75)
    assert {plan for of in drawn(longer) for plan in of} == {parse("M-30-H")}


def test_the_same_seed_draws_the_same_bits():
    chosen = expected(MIXED_HELD)
    one, same, other = (chosen.rivals(GRID, 50, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert one.stops.tobytes() == same.stops.tobytes()
    assert one.compounds.tobytes() == same.compounds.tobytes()
    assert one.stops.tobytes() != other.stops.tobytes()


def test_who_is_in_one_race_is_alike():
    held = [race(f"20{10 + i}-c00", [f"M-{20 + i}-H"] * 10) for i in range(10)]
    plans = drawn(expected(races(*held)))
    assert all(len(set(of)) == 1 for of in plans)
    assert len({of[0] for of in plans}) > 5


def test_rivals_plan_as_cars_did_that_started_where_they_do():
    plans = drawn(expected(MIXED_HELD))
    first = Counter(of[0].compounds[0] for of in plans)
    last = Counter(of[-1].compounds[0] for of in plans)
    assert first["M"] > 0.6 * len(plans)
    assert last["H"] > 0.6 * len(plans)


@pytest.mark.parametrize(
    ("rules", "laps", "plan"),
    [(Rules(), 60, "M-30-H"), (TWO, 60, "M-20-H-40-M"), (Rules(stint_laps=18), 57, None)],
)
def test_where_no_past_plan_is_usable_rivals_stop_evenly(rules, laps, plan):
    for done in (mixed(told=False), mixed(["M-59-M"] * 10)):
        told = {plan for of in drawn(expected(done, rules, laps), 20) for plan in of}
        assert told == {parse(plan or "M-14-H-28-M-43-H")}
        assert not any(faults(of, laps, rules) for of in told)


def test_rules_that_ask_for_more_than_can_be_simulated_do_not_end_in_a_traceback():
    chosen = expected(MIXED_HELD, Rules(stint_laps=10))
    assert {len(plan.stops) for of in drawn(chosen, 5) for plan in of} == {3}
    assert chosen.usual(5.0) == []


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("grid", [1.0, 10.0])
def test_usual_plans_are_allowed_and_of_each_number_the_orders_most_run(rules, grid):
    chosen = expected(MIXED_HELD, rules)
    plans = chosen.usual(grid)
    assert plans
    assert len(plans) == len(set(plans))
    numbers = Counter(len(plan.stops) for plan in plans)
    assert max(numbers.values()) <= 2
    assert min(numbers) == (1 if rules == Rules() else 2)
    stints = [faults(plan, LAPS, replace(rules, stint_laps=None)) for plan in plans]
    assert not any(stints)
    if rules == Rules():
        once = [plan for plan in plans if len(plan.stops) == 1]
        assert once[0].compounds == (("M", "H") if grid == 1 else ("H", "M"))
        share = chosen.first_of_one(np.array([grid]))[0]
        assert {plan.stops[0] for plan in once} == {round(share)}


@pytest.mark.parametrize("laps", range(1, 9))
def test_usual_plans_of_a_short_race_have_room_in_it(laps):
    done = mixed([*MIXED, "M-10-H-20-M-30-S"])
    plans = expected(done, laps=laps).usual(5.0)
    assert not any(faults(plan, laps, Rules()) for plan in plans)
    assert {len(plan.stops) for plan in plans} == set(range(1, min(laps, 4)))


def test_what_was_run_more_is_more_plausible():
    chosen = expected(mixed(["M-25-H"] * 7 + ["H-25-M"] * 2 + ["M-25-H-40-M"]))
    often, seldom, twice, never = (
        chosen.plausibility(parse(plan), 5.0)
        for plan in ("M-25-H", "H-25-M", "M-25-H-40-M", "S-25-M")
    )
    assert often > seldom > never
    assert often > twice
    assert often - seldom == pytest.approx(np.log(7 / 2), abs=0.5)


def test_a_stop_on_a_lap_as_they_were_is_more_plausible():
    chosen = expected(mixed(["M-24-H", "M-26-H"] * 5))
    lap = {lap: chosen.plausibility(parse(f"M-{lap}-H"), 5.0) for lap in (5, 20, 25, 30, 50)}
    assert max(lap, key=lambda n: lap[n]) == 25
    assert lap[5] < lap[20] < lap[25] > lap[30] > lap[50]


def test_compounds_of_last_year_count_more_than_those_before():
    early = [race(f"2018-c0{c}", ["S-25-M"] * 10, f"c0{c}") for c in range(4)]
    late = [race("2024-c00", ["M-25-H"] * 10)]
    chosen = expected(races(*early, *late))
    assert chosen.plausibility(parse("M-25-H"), 5.0) > chosen.plausibility(parse("S-25-M"), 5.0)
    assert chosen.usual(5.0)[0].compounds == ("M", "H")


@pytest.mark.parametrize("plan", ["M", "S-1-H", "M-59-H", "S-1-M-2-H-3-S"])
def test_any_plan_has_a_plausibility(plan):
    same = [race(f"{year}-c00", ["M-20-H"]) for year in (2022, 2023)]
    for done in (MIXED_HELD, mixed(told=False), races(*same)):
        assert np.isfinite(expected(done).plausibility(parse(plan), 5.0))


def test_the_first_of_one_stop_is_a_lap_of_the_distance():
    chosen = expected(mixed(["M-24-H", "M-26-H"] * 5), laps=72)
    assert chosen.first_of_one(GRID) == pytest.approx(np.full(10, 30), abs=2.5)


@pytest.mark.parametrize("held", [0, 1])
def test_under_two_dry_races_nothing_is_expected(held, tables):
    one = race("2024-c00", MIXED)
    rows = one if held else choices(*(tables[name][:0] for name in TABLES))
    with pytest.raises(PipelineError, match="fewer than two dry races before this one"):
        expected(rows)
    assert expected(races(race("2023-c00", MIXED), one)).level > 0


def test_weights_sum_to_one_over_all_rows():
    uneven = races(MIXED_HELD, race("2024-c09", MIXED[:5], "c09"))
    weight = expected(uneven).past["weight"]
    assert weight.sum() == pytest.approx(1)
    assert (weight > 0).all()


@settings(max_examples=4, deadline=None)
@given(st.integers(2, 18))
def test_choices_that_are_cut_are_those_of_tables_that_are(tables, number):
    """So who cuts the choices of all races need not make those of each race's past again."""
    past = tables["events"].sort_values("race_starts_at")["event_id"].iloc[:number]
    every = choices(*(tables[name] for name in TABLES))
    cut = every[every["event_id"].isin(past)].reset_index(drop=True)
    own = choices(*(tables[name][tables[name]["event_id"].isin(past)] for name in TABLES))
    pd.testing.assert_frame_equal(cut, own)
    one, other = expected(cut), expected(own)
    assert (one.level, one.level_deviation) == (other.level, other.level_deviation)
    assert one.stops(GRID).tobytes() == other.stops(GRID).tobytes()
    assert drawn(one, 5) == drawn(other, 5)
