from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from f1_pipeline.errors import PipelineError
from f1_pipeline.strategy.plans import clean_time_ms, parse
from f1_pipeline.strategy.simulation import entrant, field
from f1_pipeline.strategy.simulation.draws import Draws, draw, of_laps
from f1_pipeline.strategy.simulation.entrant import Finish
from f1_pipeline.strategy.simulation.setting import GREEN, RED, SAFETY, VIRTUAL, Setting
from f1_pipeline_tests.strategy.simulation.settings import all_on, planned, plausible, quiet


def under(drawn: Draws, state: int, first: int, last: int) -> Draws:
    """The draws with one caution, on these laps, and no other."""
    laps = np.zeros_like(drawn.state)
    laps[first : last + 1] = state
    follows: dict[str, Any] = {**of_laps(laps)}
    return replace(drawn, state=laps, **follows)


def finish(
    setting: Setting,
    driver: int,
    plans: list[str],
    rivals: str | list[str] = "M-25-H",
    draws: int = 1,
    react: bool = True,
    caution: tuple[int, int, int] | None = None,
) -> Finish:
    drawn = draw(setting, draws, 0)
    if caution:
        drawn = under(drawn, *caution)
    names = [rivals] * len(setting.drivers) if isinstance(rivals, str) else rivals
    others = field.run(setting, drawn, planned([parse(p) for p in names], setting), driver)
    known = [parse(p) for p in plans]
    return entrant.run(setting, drawn, others, driver, known, [react] * len(known))


@given(st.sampled_from(["M-25-H", "S-1-H", "H-49-S", "S-12-M-30-H", "S-9-S-20-M-33-H", "M"]))
def test_alone_and_without_chance_a_race_takes_the_sum_of_its_laps(text):
    wear, offset = np.array([80.0, 50.0, 30.0]), np.array([-500.0, 0.0, 400.0])
    setting = quiet(cars=1, wear_ms=wear, offset_ms=offset, fuel_ms=60.0)
    found = finish(setting, 0, [text])
    assert found.time_ms[0, 0] == pytest.approx(clean_time_ms(parse(text), setting), abs=10)
    assert found.place.tolist() == [[1]]


def test_tyres_that_do_not_wear_are_changed_once():
    setting = plausible(wear_ms=np.zeros(3), wear_error_ms=np.zeros(3), offset_ms=np.zeros(3))
    place = finish(setting, 9, ["M-25-H", "M-19-H-38-M", "M-14-H-28-M-42-H"], draws=400).place
    assert (np.diff(place.mean(axis=1)) > 0.5).all()


def test_stops_that_cost_nothing_are_made_where_tyres_wear():
    setting = plausible(
        pit_loss_ms=np.zeros(3), pit_loss_error_ms=np.zeros(3), wear_ms=np.full(3, 200.0)
    )
    place = finish(setting, 9, ["M-28-H", "M-19-H-38-M", "M-14-H-28-M-42-H"], draws=400).place
    assert (np.diff(place.mean(axis=1)) < -0.5).all()


def test_a_car_two_seconds_a_lap_faster_comes_through_from_the_back():
    pace = np.append(np.full(19, 2000.0), 0.0)
    place = finish(plausible(pace_ms=pace, retires=np.zeros(20)), 19, ["M-25-H"], draws=200).place
    assert place.mean() < 2


def test_where_nobody_can_pass_a_faster_car_stays_behind_but_for_stops():
    setting = quiet(cars=3, pace_ms=np.array([300.0, 300.0, 0.0]), pass_ms=1e7)
    place = finish(setting, 2, ["M-25-H", "M-15-H"], draws=20).place
    assert (place[0] == 3).all()
    # Ten laps in free air are worth 3 s: an undercut past both.
    assert (place[1] == 1).all()


def test_where_nobody_can_pass_a_slower_car_holds_up_the_field():
    setting = quiet(cars=3, pace_ms=np.array([300.0, 0.0, 0.0]), pass_ms=1e7)
    assert finish(setting, 0, ["M-25-H"], rivals="M-25-H", draws=20).place.tolist() == [[1] * 20]
    easy = replace(setting, pass_ms=-1e7)
    assert finish(easy, 0, ["M-25-H"], draws=20).place.tolist() == [[3] * 20]


def test_rivals_that_were_held_up_keep_what_they_lost():
    # 25 laps at 0.2 s are 5 s, by which the rival would come out ahead, stopping a lap later.
    setting = quiet(cars=2, pace_ms=np.array([200.0, 0.0]), pass_ms=1e7)
    assert finish(setting, 0, ["M-25-H"], rivals="M-26-H").place[0, 0] == 1
    easy = replace(setting, pass_ms=-1e7)
    assert finish(easy, 0, ["M-25-H"], rivals="M-26-H").place[0, 0] == 2


def test_a_start_from_the_pit_lane_costs_places():
    grid = plausible(pace_ms=np.zeros(20), retires=np.zeros(20))
    lane = replace(grid, pit_lane=np.append(np.zeros(19, bool), True))
    on, off = (finish(s, 19, ["M-25-H"], draws=300).place.mean() for s in (grid, lane))
    assert off > on + 0.5


@pytest.mark.parametrize("state", [SAFETY, VIRTUAL])
def test_a_stop_is_brought_forward_under_a_caution_and_pays(state):
    setting = quiet(cars=10, wear_ms=np.full(3, 20.0), pass_ms=1e7)
    caution = (state, 20, 22)
    react, stay = (finish(setting, 5, ["M-25-H"], react=r, caution=caution) for r in (True, False))
    assert react.reacted.tolist() == [[20]]
    assert stay.reacted.tolist() == [[0]]
    assert react.place[0, 0] < stay.place[0, 0]


def test_a_stop_is_not_brought_forward_where_tyres_cost_more_or_hardly_ran_or_rules_forbid():
    setting = quiet(cars=2, wear_ms=np.full(3, 20.0))
    assert finish(setting, 1, ["M-25-H"], caution=(SAFETY, 5, 7)).reacted.tolist() == [[0]]
    worn = replace(setting, wear_ms=np.full(3, 200.0))
    assert finish(worn, 1, ["M-25-H"], caution=(SAFETY, 15, 17)).reacted.tolist() == [[0]]
    assert finish(worn, 1, ["M-25-H"], caution=(SAFETY, 24, 25)).reacted.tolist() == [[24]]
    short = replace(setting, longest_stint=25)
    assert finish(short, 1, ["M-25-H"], caution=(SAFETY, 20, 22)).reacted.tolist() == [[0]]


def test_a_caution_after_the_last_stop_moves_nothing():
    setting = quiet(cars=2)
    assert finish(setting, 1, ["M-25-H"], caution=(SAFETY, 40, 42)).reacted.tolist() == [[0]]


def test_a_red_flag_gives_tyres_for_nothing():
    setting = quiet(cars=1, wear_ms=np.array([50.0, 50.0, 50.0]))
    found = finish(setting, 0, ["M-25-H", "M"], caution=(RED, 25, 25))
    expected = clean_time_ms(parse("M-25-H"), setting) - setting.pit_loss_ms[GREEN]
    assert found.time_ms[:, 0] == pytest.approx([expected, expected], abs=10)


def test_a_car_that_stopped_just_before_a_red_flag_falls_behind_those_who_had_not():
    setting = quiet(cars=5, pass_ms=1e7)
    late, early = finish(setting, 2, ["M-35-H", "M-28-H"], "M-34-H", caution=(RED, 30, 30)).place
    assert (late[0], early[0]) == (3, 5)


def test_a_safety_car_closes_the_gaps():
    # Two seconds a lap over 30 laps are a minute: without a safety car no stop is lost to the car.
    setting = quiet(cars=2, pace_ms=np.array([0.0, 2000.0]), pass_ms=1e7)
    assert finish(setting, 0, ["M-40-H"], rivals="M-45-H").place[0, 0] == 1
    plans, caution = ["M-47-H"], (SAFETY, 34, 42)
    assert finish(setting, 0, plans, "M-20-H", react=False, caution=caution).place[0, 0] == 2
    assert finish(setting, 0, plans, "M-20-H", react=False).place[0, 0] == 1


def test_a_car_that_retired_is_behind_those_that_did_not():
    setting = plausible(retires=np.append(1.0, np.full(19, 0.2)))
    found = finish(setting, 0, ["M-25-H", "S-19-M-38-H"], draws=100)
    drawn = draw(setting, 100, 0)
    later = (drawn.out[1:] > drawn.out[0]).sum(axis=0)
    assert (found.place == 1 + later).all()


def test_one_lap_and_three_are_races_too():
    assert finish(quiet(laps=1, cars=3), 1, ["M"], "M").place.tolist() == [[2]]
    setting = quiet(laps=3, cars=3)
    assert finish(setting, 1, ["M-1-H", "M-2-H"], rivals="M-2-H").place.tolist() == [[2], [2]]
    with pytest.raises(PipelineError, match="stops on lap 3 of 3"):
        finish(setting, 1, ["M-3-H"], rivals="M-2-H")


def test_blocks_of_draws_do_not_show(monkeypatch):
    setting, plans = plausible(), ["M-25-H", "S-19-M-38-H"]
    one = finish(setting, 9, plans, draws=90)
    monkeypatch.setattr(entrant, "_CELLS", 1)
    other = finish(setting, 9, plans, draws=90)
    assert np.array_equal(one.place, other.place)
    assert np.array_equal(one.time_ms, other.time_ms)


def test_every_nth_draw_is_the_one_that_all_have():
    setting, plans = plausible(), [parse("M-25-H"), parse("S-19-M-38-H")]
    drawn = draw(setting, 90, 0)
    others = field.run(setting, drawn, all_on("M-25-H", setting), 9)
    one, other = (entrant.run(setting, drawn, others, 9, plans, [True] * 2, n) for n in (1, 4))
    assert np.array_equal(one.place[:, ::4], other.place)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 5000), st.integers(0, 19))
def test_a_constant_added_to_all_pace_changes_nothing(constant, driver):
    setting = plausible(pace_ms=np.arange(20) * 100.0)
    moved = replace(setting, pace_ms=setting.pace_ms + constant)
    one, other = (finish(s, driver, ["M-25-H"], draws=20) for s in (setting, moved))
    assert np.array_equal(one.place, other.place)


def test_points_are_those_of_the_place():
    place = np.array([[1, 2, 10, 11, 20]], np.int8)
    found = Finish(place, np.zeros((1, 5)), np.zeros((1, 5), np.int16))
    assert found.points.tolist() == [[25, 18, 1, 0, 0]]
