"""Plans of a driver: which are compared, how they are ranked, and the rows that are published."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline.errors import PipelineError
from f1_pipeline.strategy.expected_race import ExpectedRace, expected_race
from f1_pipeline.strategy.plans import faults, parse
from f1_pipeline.strategy.recommend import (
    PLANS,
    SHOWN,
    Recommendation,
    Simulated,
    plans_for,
    ranking,
    recommend,
    rows,
    simulated,
)
from f1_pipeline.strategy.rules import Rules
from f1_pipeline.strategy.simulation.outcome import Difference, PlanOutcome
from f1_pipeline_tests.strategy.seasons import CARS, LAPS, NEXT, Frames, changed, grid_of, seasons

DRAWS = 500  # the least that is published
DRIVER = 2
AT = pd.Timestamp("2024-03-27T12:00Z")
PUBLISHED = {
    "run_id": "a-run",
    "round": 4,
    "experimental": True,
    "data_version": "0123",
    "generated_at": AT,
    "event_starts_at": AT + pd.Timedelta(days=1),
}


@pytest.fixture(scope="module")
def tables() -> Frames:
    return seasons()


@pytest.fixture(scope="module")
def race(tables: Frames) -> ExpectedRace:
    return expected_race(tables, NEXT, grid_of(tables))


@pytest.fixture(scope="module")
def simulation(race: ExpectedRace) -> Simulated:
    return simulated(race, DRAWS)


@pytest.fixture(scope="module")
def made(simulation: Simulated) -> Recommendation:
    return recommend(simulation, DRIVER)


def ruled(race: ExpectedRace, rules: Rules) -> ExpectedRace:
    """The race under other rules."""
    setting = replace(race.setting, longest_stint=rules.stint_laps)
    return replace(race, rules=rules, setting=setting, chosen=replace(race.chosen, rules=rules))


def of_laps(race: ExpectedRace, laps: int) -> ExpectedRace:
    """The race over another distance."""
    setting, chosen = replace(race.setting, laps=laps), replace(race.chosen, laps=laps)
    return replace(race, setting=setting, chosen=chosen)


def test_the_same_seed_is_the_same_bits(race):
    one, same, other = (recommend(simulated(race, 60, seed), 1) for seed in (5, 5, 6))
    assert one == same
    assert one != other
    found = [rows(simulated(race, 60, 5), [of], "official") for of in (one, same)]
    for left, right in zip(*found, strict=True):
        pd.testing.assert_frame_equal(left, right, check_exact=True)


def test_drivers_meet_the_same_draws(simulation, made):
    """Whose plans are worked out before does not matter."""
    recommend(simulation, 0)
    assert recommend(simulation, DRIVER) == made


def test_forty_plans_are_compared_the_usual_ones_among_them(race):
    plans = plans_for(race, DRIVER + 1)
    assert len(plans) == len(set(plans)) == PLANS
    assert set(race.chosen.usual(DRIVER + 1.0)) <= set(plans)
    assert not any(faults(plan, LAPS, race.rules) for plan in plans)
    assert {len(plan.stops) for plan in plans} >= {1, 2}


def test_what_was_usual_and_is_forbidden_here_is_not_compared(race, monkeypatch):
    usual = [parse("M-20-H-40-M"), parse("M-5-H-45-M")]
    monkeypatch.setattr(type(race.chosen), "usual", lambda *_: usual)
    plans = plans_for(ruled(race, Rules(stint_laps=25)), DRIVER + 1)
    assert usual[0] in plans
    assert usual[1] not in plans


def test_plans_of_ones_own_are_compared_whatever_they_are_like(race):
    own = [parse(plan) for plan in ("M-20-M", "S-3-H", "H", "S-58-M-59-S")]
    plans = plans_for(race, DRIVER + 1, own)
    assert plans[:4] == own
    many = [parse(f"M-{lap}-H") for lap in range(1, PLANS + 5)]
    assert set(plans_for(race, DRIVER + 1, many)) >= set(many)


def test_the_first_stops_as_often_as_teams_do_and_is_not_clearly_behind_others_that_do(race, made):
    first, outcomes = made.first, made.comparison.outcomes
    chance = race.chosen.stops(np.array([DRIVER + 1.0]))[0]
    assert len(outcomes) == PLANS
    assert chance[len(first.plan.stops)] == max(chance[len(one.plan.stops)] for one in outcomes)
    assert not first.among.clear
    alike = [one for one in outcomes if len(one.plan.stops) == len(first.plan.stops)]
    likely = {one: race.chosen.plausibility(one.plan, DRIVER + 1.0) for one in alike}
    assert likely[first] == max(likely[one] for one in alike if not one.among.clear)
    rest = [one.place for one in made.ranked[1:]]
    assert rest == sorted(rest)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_what_teams_do_decides_how_often_to_stop(race, made, number, monkeypatch):
    monkeypatch.setattr(type(race.chosen), "stops", lambda *_: np.eye(6)[[number]])
    outcomes = made.comparison.outcomes
    held = {len(one.plan.stops) for one in outcomes}
    assert held >= {1, 2}
    first = ranking(race, DRIVER + 1, outcomes)[0]
    assert len(first.plan.stops) == (number if number in held else 1)


def outcome(number: int, behind: float, among: float) -> PlanOutcome:
    plan = parse(f"{'SMH'[number % 3]}-{5 + number}-{'MHS'[number % 3]}")
    of_all, of_alike = (Difference(of, 0.5, 0.0, 500) for of in (behind, among))
    return PlanOutcome(plan, 3.0 + behind, 10.0, 0.4, 0.4, 5e6, of_all, of_alike)


@given(st.lists(st.floats(0, 5), min_size=1, max_size=20))
def test_any_ranking_keeps_all_plans_and_begins_with_one_that_is_not_clear(race, behind):
    outcomes = tuple(outcome(i, of, of - min(behind)) for i, of in enumerate(sorted(behind)))
    first, *others = ranking(race, 3, outcomes)
    assert sorted(map(repr, (first, *others))) == sorted(map(repr, outcomes))
    assert not first.among.clear
    assert others == [one for one in outcomes if one is not first]


def test_of_each_order_of_compounds_the_first_is_shown(made):
    orders = [one.plan.compounds for one in made.ranked]
    assert len(orders) == len(set(orders)) == SHOWN
    for one in made.ranked[1:]:
        alike = (o for o in made.comparison.outcomes if o.plan.compounds == one.plan.compounds)
        assert one == next(alike)


def test_shares_are_the_chances_of_so_many_stops(race, made):
    chance = race.chosen.stops(np.array([DRIVER + 1.0]))[0]
    assert list(made.shares) == [chance[len(one.plan.stops)] for one in made.ranked]


def test_plans_of_ones_own_are_always_shown(simulation):
    """One that is slow, two that break rules, one without a stop."""
    own = [parse(plan) for plan in ("S-2-H-4-S", "M-20-M", "H-3-H", "M")]
    made = recommend(simulation, DRIVER, own)
    shown = [one.plan for one in made.ranked]
    assert set(own) <= set(shown)
    assert len(shown) == len(set(shown)) <= SHOWN + len(own)
    plans, advice = rows(simulation, [made], "official")
    assert {str(plan) for plan in own} <= set(plans["plan"])
    assert len(advice) == 3


def test_a_plan_against_the_rules_is_never_recommended(simulation, monkeypatch):
    """Were it what all teams chose."""
    own, chosen = parse("M"), type(simulation.race.chosen)
    monkeypatch.setattr(chosen, "stops", lambda _, grid: np.eye(6)[np.zeros(len(grid), int)])
    made = recommend(simulation, DRIVER, [own])
    assert made.first.plan != own
    plans, _ = rows(simulation, [made], "official")
    (mine,) = plans[plans["plan"].eq("M")].to_dict("records")
    assert (mine["stops"], mine["window_first"]) == (0, [])


def test_rows_meet_their_contracts(simulation, made):
    every = [made, recommend(simulation, 0), recommend(simulation, CARS - 1)]
    plans, advice = rows(simulation, every, "qualifying")
    found = check(plans.assign(**PUBLISHED), CONTRACTS["recommendations"])
    assert len(found) == len(plans) == sum(len(one.ranked) for one in every)
    said = check(advice.assign(run_id="a-run"), CONTRACTS["caution_advice"])
    assert list(said.groupby("driver_id").size()) == [3, 3, 3]
    mine = found[found["driver_id"].eq(made.driver_id)]
    assert list(mine["rank"]) == list(range(1, len(mine) + 1))
    assert list(mine["plan"]) == [str(one.plan) for one in made.ranked]
    assert set(mine["grid_position"]) == {DRIVER + 1}
    assert set(mine["constructor_id"]) == {simulation.race.grid["constructor_id"][DRIVER]}
    assert ((mine["p_gain"] + mine["p_lose"]) <= 1).all()
    assert (mine["difference_low"] <= mine["difference"]).all()
    assert (mine["difference"] <= mine["difference_high"]).all()
    assert mine["clear"].eq(mine["difference_low"].gt(0) | mine["difference_high"].lt(0)).all()


def test_windows_are_those_of_the_stops_and_of_what_was_looked_at(simulation, made):
    plans, _ = rows(simulation, [made], "official")
    windows = zip(plans["window_first"], plans["window_last"], plans["plan"], strict=True)
    for rank, (first, last, plan) in enumerate(windows, start=1):
        stops = parse(plan).stops if rank == 1 else ()
        assert len(first) == len(last) == len(stops)
        assert all(a <= lap <= b for a, lap, b in zip(first, stops, last, strict=True))
    none = recommend(simulation, DRIVER, detail=0)
    assert none.ranked == made.ranked
    plans, advice = rows(simulation, [none], "official")
    assert not any(plans["window_first"])
    assert advice.empty
    assert list(advice.columns) == list(rows(simulation, [made], "official")[1].columns)


@pytest.mark.parametrize("draws", [40, DRAWS])
def test_advice_is_finite_or_null(race, draws):
    """JSON has no infinity: what rests on too few draws says no number."""
    sim = simulated(race, draws)
    plans, advice = rows(sim, [recommend(sim, driver) for driver in (0, 3)], "official")
    few = advice["advice"].eq("too few")
    assert few.any()
    for name in ("difference", "difference_error"):
        values = advice[name].astype("float64")
        assert values.isna().eq(few).all()
        assert not np.isinf(values).any()
    assert advice["draws"].lt(30).eq(few).all()
    numbers = plans.select_dtypes("number")
    assert np.isfinite(numbers.to_numpy(np.float64)).all()
    json.dumps(
        advice.astype(object).where(advice.notna(), None).to_dict("records"), allow_nan=False
    )


def test_parts_of_the_race_follow_each_other(simulation, made):
    _, advice = rows(simulation, [made], "official")
    assert list(advice["phase"]) == [1, 2, 3]
    assert list(advice["first_lap"]) == [1, 21, 41]
    assert list(advice["last_lap"]) == [20, 40, 60]


@pytest.mark.parametrize("rules", [Rules(stops=2), Rules(stint_laps=25)])
def test_published_plans_keep_to_the_rules_of_the_event(race, rules):
    sim = simulated(ruled(race, rules), 60)
    plans, _ = rows(sim, [recommend(sim, driver) for driver in (0, CARS - 1)], "official")
    assert plans["stops"].ge(2).all()
    assert not any(faults(parse(plan), LAPS, rules) for plan in plans["plan"])
    for stops in sim.rivals.stops.reshape(-1, 3):
        assert (stops <= LAPS).sum() >= 2


def test_a_start_from_the_pit_lane(tables):
    grid = grid_of(tables)
    last = grid.index == CARS - 1
    race, usual = (expected_race(tables, NEXT, grid.assign(pit_lane=p)) for p in (last, False))
    here, there = (simulated(of, DRAWS) for of in (race, usual))
    made, otherwise = (recommend(of, CARS - 1) for of in (here, there))
    plans, advice = rows(here, [made], "official")
    found = check(plans.assign(**PUBLISHED), CONTRACTS["recommendations"])
    check(advice.assign(run_id="a-run"), CONTRACTS["caution_advice"])
    assert found["pit_lane"].all()
    assert set(found["grid_position"]) == {CARS}
    assert set(found["p_lose"]) == {0}
    assert made.comparison.best.place > otherwise.comparison.best.place
    assert not rows(there, [otherwise], "official")[0]["pit_lane"].any()


@pytest.mark.parametrize("laps", [1, 2, 3, 4, 5])
def test_a_race_of_a_few_laps(race, laps):
    """One lap leaves no room for a stop, and says so; more leave some, however little."""
    if laps == 1:
        with pytest.raises(PipelineError, match="a race of 1 laps leaves no room for a stop"):
            recommend(simulated(of_laps(race, 1), 40), 0)
        return
    made = recommend(simulated(of_laps(race, laps), 40), 0)
    assert not any(faults(one.plan, laps, race.rules) for one in made.comparison.outcomes)


def test_a_calendar_that_plans_one_lap_ends_in_a_line(tables):
    short = changed(tables, "events", tables["events"]["event_id"].eq(NEXT), planned_laps=1)
    race = expected_race(short, NEXT, grid_of(tables))
    with pytest.raises(PipelineError) as refused:
        recommend(simulated(race, 40), 0)
    assert "\n" not in str(refused.value)


def test_rules_that_no_plan_keeps_end_in_a_line(race):
    with pytest.raises(PipelineError, match="no plan of one to three stops keeps to the rules"):
        recommend(simulated(ruled(race, Rules(stint_laps=10)), 40), 0)
