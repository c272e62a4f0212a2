import dataclasses

import numpy as np
import pytest

from f1_pipeline.strategy.simulation.draws import GROUPS, draw, of_laps
from f1_pipeline.strategy.simulation.setting import GREEN, RED, SAFETY, VIRTUAL
from f1_pipeline_tests.strategy.simulation.settings import plausible, quiet


def test_the_same_seed_is_the_same_draws_and_another_is_not():
    one, same, other = (draw(plausible(), 50, seed) for seed in (3, 3, 4))
    for field in dataclasses.fields(one):
        assert np.array_equal(getattr(one, field.name), getattr(same, field.name))
    assert not np.array_equal(one.noise, other.noise)


def test_what_fits_are_unsure_of_is_shared_by_a_group_and_never_negative():
    drawn = draw(plausible(wear_error_ms=np.full(3, 100.0)), 400, 0)
    assert len(set(drawn.group)) == GROUPS
    assert len(np.unique(drawn.loss[GREEN])) == GROUPS
    assert (drawn.wear >= 0).all()
    assert (drawn.wear == 0).any()
    assert (drawn.loss[RED] == 0).all()


def test_fewer_draws_than_groups_are_as_many_groups():
    assert draw(plausible(), 7, 0).group.tolist() == list(range(7))


def test_cautions_come_as_often_as_asked_for_and_begin_on_the_first_lap_with_their_share():
    setting = plausible(caution_rates=np.array([0.6, 0.0, 0.0]))
    drawn = draw(setting, 20_000 // 10, 1)
    safety = (drawn.state == SAFETY).any(axis=0)
    assert safety.mean() == pytest.approx(1 - np.exp(-0.6), abs=0.04)
    assert not np.isin(drawn.state, [VIRTUAL, RED]).any()
    assert (drawn.state[1] == SAFETY).mean() == pytest.approx(1 - np.exp(-0.6 * 0.26), abs=0.03)
    assert not drawn.state[0].any()


def test_where_cautions_overlap_the_graver_one_holds_and_each_begins_once():
    state = np.array([[0, 1, 1, 2, 2, 1, 0, 3, 2, 0]], np.int8).T
    laps = of_laps(state)
    assert np.flatnonzero(laps["begins"]).tolist() == [1, 3, 7, 8]
    assert np.flatnonzero(laps["restarts"]).tolist() == [8]
    assert np.flatnonzero(laps["truce"]).tolist() == [1, 2, 5, 8]
    assert np.flatnonzero(laps["queued"]).tolist() == [3, 4]


def test_cautions_without_lengths_last_a_lap():
    none = (np.array([], np.int64),) * 3
    drawn = draw(plausible(caution_rates=np.array([5.0, 0, 0]), caution_lengths=none), 50, 0)
    assert (drawn.state == SAFETY).any()


def test_cars_retire_as_often_as_expected():
    drawn = draw(plausible(retires=np.linspace(0, 1, 20)), 1000, 0)
    out = (drawn.out <= 57).mean(axis=1)
    assert out == pytest.approx(np.linspace(0, 1, 20), abs=0.06)
    assert drawn.out.min() >= 1


def test_a_start_from_the_pit_lane_is_behind_the_grid():
    setting = quiet(cars=3, pit_lane=np.array([False, False, True]))
    start = draw(setting, 1, 0).start[:, 0]
    assert start[2] - start[1] > 5000
