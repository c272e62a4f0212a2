import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from f1_pipeline.errors import PipelineError
from f1_pipeline.strategy.plans import (
    Plan,
    candidates,
    clean_time_ms,
    faults,
    parse,
    shifted,
)
from f1_pipeline.strategy.rules import Rules, rules_of
from f1_pipeline_tests.strategy.simulation.settings import plausible, quiet


@st.composite
def plans(draw, laps: int = 60):
    stops = sorted(draw(st.sets(st.integers(1, laps - 1), max_size=3)))
    compounds = draw(st.lists(st.sampled_from("SMH"), min_size=4, max_size=4))
    return Plan(tuple(compounds[: len(stops) + 1]), tuple(stops))


@given(plans())
def test_the_text_of_a_plan_is_the_plan(plan):
    assert parse(str(plan), 60) == plan
    assert parse(f" {str(plan).lower().replace('-', ' - ')} ") == plan


def test_a_text_is_read_in_either_case_and_written_in_one():
    assert str(parse("s - 12-m-30 -H")) == "S-12-M-30-H"
    assert parse("M-18-H") == Plan(("M", "H"), (18,))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("M-18-X", "'X' in 'M-18-X' is no compound: write S, M or H"),
        ("I-18-M", "a plan is for a dry race"),
        ("M-18-W", "a plan is for a dry race"),
        ("M-18", "write compounds and stop laps"),
        ("", "write compounds and stop laps"),
        ("M--H", "write compounds and stop laps"),
        ("M-H-18", "'H' in 'M-H-18' is no lap"),
        ("M-1.5-H", "is no lap"),
        ("M-18-H please", "no compound"),
        ("M-30-H-18-S", "rise from 1 on: 30, 18 do not"),
        ("M-18-H-18-S", "rise"),
        ("M-0-H", "rise from 1 on: 0"),
        ("M-50-H", "the last lap to stop on is 49"),
        ("M-9-H-19-M-29-H-39-S", "at most 3 stops, not 4"),
    ],
)
def test_what_is_no_plan_is_refused_in_a_line(text, what):
    with pytest.raises(PipelineError, match=what) as refused:
        parse(text, 50)
    assert "\n" not in str(refused.value)


def test_the_last_lap_to_stop_on_is_the_one_before_the_last():
    assert parse("M-49-H", 50).stops == (49,)


@pytest.mark.parametrize(
    ("text", "rules", "words"),
    [
        ("M-18-H", Rules(), []),
        ("M-18-M", Rules(), ["medium alone"]),
        ("M-20-M-40-M", Rules(), ["medium alone"]),
        ("H", Rules(), ["1 stop is asked for, it has 0", "hard alone"]),
        ("M-18-H", Rules(stops=2), ["2 stops are asked for, it has 1"]),
        ("M-18-H-40-M", Rules(stops=2), []),
        ("M-25-H", Rules(stint_laps=25), []),
        ("M-24-H", Rules(stint_laps=25), ["a stint of 26 laps, at most 25"]),
        ("M-50-H", Rules(), ["stops on lap 50, the race has 50"]),
    ],
)
def test_faults(text, rules, words):
    found = faults(parse(text), 50, rules)
    assert len(found) == len(words)
    assert all(word in fault for fault, word in zip(found, words, strict=True))


def test_the_clean_time_is_the_sum_of_laps():
    setting = plausible(laps=10)
    time = 10 * 92_000 - 57 * sum(range(1, 11)) + 22_000
    soft = sum(-500 + 80 * age for age in range(4))
    hard = sum(400 + 30 * age for age in range(6))
    assert clean_time_ms(parse("S-4-H"), setting) == pytest.approx(time + soft + hard)


@settings(max_examples=20)
@given(
    st.lists(st.integers(0, 200), min_size=3, max_size=3),
    st.lists(st.integers(-900, 900), min_size=3, max_size=3),
)
def test_no_stop_lap_of_a_one_stop_candidate_is_better_by_itself(wear, offset):
    setting = quiet(laps=30, wear_ms=np.array(wear) * 1.0, offset_ms=np.array(offset) * 1.0)
    best: dict[tuple[str, ...], float] = {}
    for plan in candidates(setting, Rules(), most=500):
        time = clean_time_ms(plan, setting)
        best[plan.compounds] = min(best.get(plan.compounds, np.inf), time)
    for one, other in itertools.permutations("SMH", 2):
        times = [clean_time_ms(Plan((one, other), (lap,)), setting) for lap in range(3, 28)]
        assert best[one, other] == pytest.approx(min(times))


def test_two_stops_are_found_exactly():
    setting = plausible(laps=24)
    two = [p for p in candidates(setting, Rules()) if p.compounds == ("S", "M", "S")]
    laps = itertools.combinations(range(2, 23), 2)
    times = [clean_time_ms(Plan(("S", "M", "S"), stops), setting) for stops in laps]
    assert clean_time_ms(two[0], setting) == pytest.approx(min(times))


@pytest.mark.parametrize("event", ["2024-italy", "2025-monaco", "2023-qatar", "2025-qatar"])
def test_candidates_keep_to_the_rules_and_differ(event):
    setting, rules = plausible(), rules_of(event, int(event[:4]))
    found = candidates(setting, rules)
    assert found == candidates(setting, rules)
    assert len(found) == len(set(found)) == 40
    assert not any(faults(plan, setting.laps, rules) for plan in found)
    times = [clean_time_ms(plan, setting) for plan in found]
    assert times == sorted(times)


def test_each_number_of_stops_is_there_however_slow():
    found = candidates(plausible(wear_ms=np.full(3, 1.0)), Rules())
    numbers = [len(plan.stops) for plan in found]
    assert min(numbers.count(n) for n in (1, 2, 3)) >= 3
    assert numbers[0] == 1


def test_the_first_stop_of_the_best_is_moved_too():
    setting = plausible()
    found = candidates(setting, Rules())
    moved = [shifted(found[0], 0, laps, setting.laps) for laps in (-8, -4, 4, 8)]
    assert sum(plan in found for plan in moved) >= 3


def test_a_stop_is_not_moved_past_another():
    plan = parse("S-10-M-20-H")
    assert shifted(plan, 0, 9, 50) == parse("S-19-M-20-H")
    assert shifted(plan, 0, 10, 50) is None
    assert shifted(plan, 0, -10, 50) is None
    assert shifted(plan, 1, 30, 50) is None


def test_a_race_without_room_for_a_stop_is_refused():
    with pytest.raises(PipelineError, match="a race of 1 laps leaves no room for a stop"):
        candidates(quiet(laps=1), Rules())
    assert {str(p) for p in candidates(quiet(laps=2), Rules())} == {
        f"{a}-1-{b}" for a, b in itertools.permutations("SMH", 2)
    }


def test_rules_that_no_plan_can_keep_are_refused():
    with pytest.raises(PipelineError, match="no plan of one to three stops"):
        candidates(replace(plausible(), laps=77), Rules(stint_laps=18))
