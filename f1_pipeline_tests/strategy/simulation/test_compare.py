import numpy as np
import pytest

from f1_pipeline.errors import PipelineError
from f1_pipeline.strategy.plans import candidates, parse
from f1_pipeline.strategy.rules import Rules
from f1_pipeline.strategy.simulation.compare import compare, expected_places
from f1_pipeline.strategy.simulation.draws import draw
from f1_pipeline_tests.strategy.simulation.settings import all_on, planned, plausible, quiet

SETTING = plausible()
FOUND = candidates(SETTING, Rules(), 12)
RIVALS = planned((FOUND * 2)[:20], SETTING)


def test_the_same_seed_is_the_same_bits():
    one, same, other = (compare(SETTING, 7, FOUND, RIVALS, 120, seed, 2) for seed in (5, 5, 6))
    assert one == same
    assert one != other


def test_plans_are_ranked_and_compared_to_the_best():
    found = compare(SETTING, 7, FOUND, RIVALS, 200, detail=3)
    places = [one.place for one in found.outcomes]
    assert places == sorted(places)
    assert {one.plan for one in found.outcomes} == set(FOUND)
    assert (found.best.behind.places, found.best.clear) == (0.0, False)
    for one in found.outcomes:
        assert one.behind.places == pytest.approx(one.place - found.best.place)
        assert 0 <= one.gains + one.loses <= 1
    assert [detail.plan for detail in found.details] == [one.plan for one in found.outcomes[:3]]
    assert (found.driver, found.slot, found.draws) == ("car-08", 8, 200)


def test_draws_that_are_passed_in_are_those_of_their_seed():
    drawn = draw(SETTING, 60, 9)
    assert compare(SETTING, 3, FOUND, RIVALS, drawn=drawn) == compare(
        SETTING, 3, FOUND, RIVALS, 60, 9
    )


def test_paired_differences_are_surer_than_independent_ones():
    paired, apart = (
        compare(SETTING, 7, FOUND[:3], RIVALS, 300, detail=0, independent=i) for i in (False, True)
    )
    assert paired.outcomes[1].behind.error < 0.6 * apart.outcomes[1].behind.error
    assert paired.outcomes[1].place == pytest.approx(apart.outcomes[1].place, abs=1.5)
    assert apart == compare(SETTING, 7, FOUND[:3], RIVALS, 300, independent=True)


def test_what_matters_is_clear_and_what_does_not_is_not():
    alike = quiet(cars=10, lap_noise_ms=450.0, start_spread_ms=900.0)
    plans = [parse(p) for p in ("M-25-H", "M-26-H", "M-12-H-25-M-38-H")]
    near, bad = compare(alike, 5, plans, all_on("M-25-H", alike), 200).outcomes[1:]
    assert (str(bad.plan), bad.clear) == ("M-12-H-25-M-38-H", True)
    assert not near.clear or near.behind.places < 0.5


def test_expected_places_are_those_of_a_comparison():
    places = expected_places(SETTING, 7, FOUND, RIVALS, 100, seed=2)
    found = compare(SETTING, 7, FOUND, RIVALS, 100, seed=2, detail=0)
    assert found.details == ()
    by_plan = {one.plan: one.place for one in found.outcomes}
    assert places == pytest.approx([by_plan[plan] for plan in FOUND])


def test_rivals_draws_are_used_in_turn():
    stops = np.repeat(RIVALS.stops, 100, axis=0)
    compounds = np.repeat(RIVALS.compounds, 100, axis=0)
    many = type(RIVALS)(stops, compounds)
    one, other = (compare(SETTING, 7, FOUND, r, 100, detail=0) for r in (RIVALS, many))
    assert one == other


def test_windows_lie_around_their_stops_and_close_where_a_stop_is_too_late():
    worn = quiet(cars=4, wear_ms=np.array([100.0, 100.0, 100.0]), lap_noise_ms=450.0)
    found = compare(worn, 1, [parse("M-25-H")], all_on("M-25-H", worn), 200)
    (window,) = found.details[0].windows
    assert (window.stop, window.lap) == (1, 25)
    assert window.first <= 25 <= window.last < 34


def test_stopping_is_advised_where_a_safety_car_pays_and_nothing_where_it_never_comes():
    rates = np.array([1.5, 0.0, 0.0])
    setting = quiet(
        cars=10, wear_ms=np.full(3, 20.0), caution_rates=rates, start_spread_ms=900.0, pass_ms=1e5
    )
    plans, rivals = [parse("M-30-H")], all_on("M-32-H", setting)
    advice = compare(setting, 5, plans, rivals, 600).details[0].advice
    assert [(one.first, one.last) for one in advice] == [(1, 17), (18, 33), (34, 50)]
    assert [one.advised for one in advice][1:] == ["stop", "too few"]
    assert advice[1].gained.places > 0
    assert advice[2].gained.draws == 0
    calm = quiet(cars=10)
    advice = compare(calm, 5, plans, rivals, 60).details[0].advice
    assert {one.advised for one in advice} == {"too few"}


def test_a_grid_of_one_is_compared_too():
    alone = plausible(cars=1)
    found = compare(alone, 0, FOUND[:2], all_on("M-25-H", alone), 50)
    assert [one.place for one in found.outcomes] == [1.0, 1.0]


@pytest.mark.parametrize(
    ("driver", "plans", "draws", "what"),
    [
        (20, FOUND, 10, "no car 20"),
        (-1, FOUND, 10, "no car -1"),
        (0, [], 10, "no plans to compare"),
        (0, FOUND, 0, "0 draws"),
    ],
)
def test_what_cannot_be_compared_is_refused(driver, plans, draws, what):
    with pytest.raises(PipelineError, match=what):
        compare(SETTING, driver, plans, RIVALS, draws)


def test_rivals_of_another_grid_are_refused():
    with pytest.raises(PipelineError, match="for 20 cars, the grid has 19"):
        compare(plausible(cars=19), 0, FOUND, RIVALS, 10)
