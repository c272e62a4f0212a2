import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from f1_pipeline.strategy.simulation.traffic import HOLD_MS, QUEUE_MS, follow, queue, stand

INF = np.inf


def column(*values) -> np.ndarray:
    return np.array(values, np.float32)[:, None]


def test_who_may_not_pass_is_held():
    end = follow(column(0, 600), column(1000, 200), column(1000, 0), column(0, 1500))
    assert end[:, 0].tolist() == [1000, 1000 + HOLD_MS]


def test_who_is_fast_enough_passes():
    # The deficits are 1000 and 0, so it has an advantage of 1000: it needs more than 999.
    end = follow(column(0, 600), column(1000, 200), column(1000, 0), column(0, 999))
    assert end[:, 0].tolist() == [1000, 200]
    end = follow(column(0, 600), column(1000, 200), column(1000, 0), column(0, 1000))
    assert end[:, 0].tolist() == [1000, 1000 + HOLD_MS]


def test_who_is_held_holds_others():
    end = follow(column(0, 600, 1200), column(900, 100, 50), column(5, 5, 5), column(9, 9, 9))
    assert end[:, 0].tolist() == [900, 900 + HOLD_MS, 900 + 2 * HOLD_MS]


def test_a_car_in_the_pits_holds_nobody_and_is_held_by_nobody():
    end = follow(column(0, 600), column(20_000, 700), column(INF, 5), column(-INF, 9))
    assert end[:, 0].tolist() == [20_000, 700]
    end = follow(column(0, 600), column(1000, 900), column(5, INF), column(9, -INF))
    assert end[:, 0].tolist() == [1000, 900]


def test_behind_a_safety_car_gaps_close_and_the_order_stays():
    none, false = column(0, 0, 0), np.zeros((3, 1), bool)
    end = queue(column(0, 30_000, 5000), none, false, false, np.float32(18_000))
    assert end[:, 0].tolist() == [0, 12_000, QUEUE_MS]
    end = queue(end, none, false, false, np.float32(18_000))
    assert end[:, 0].tolist() == [0, 2 * QUEUE_MS, QUEUE_MS]


def test_a_stop_behind_a_safety_car_costs_the_places_of_those_who_stay():
    stops, false = np.array([[True], [False], [False]]), np.zeros((3, 1), bool)
    start, loss = column(0, 3000, 40_000), column(16_000, 0, 0)
    end = queue(start, loss, stops, false, np.float32(18_000))
    assert end[:, 0].tolist() == [16_000, 0, 22_000]


@given(st.lists(st.integers(0, 100_000), min_size=2, max_size=20, unique=True))
def test_the_queue_keeps_the_order_of_those_who_stay(times):
    start = column(*times)
    none, false = np.zeros_like(start), np.zeros(start.shape, bool)
    end = queue(start, none, false, false, np.float32(18_000))
    assert (end.argsort(axis=0) == start.argsort(axis=0)).all()
    assert end.min() == start.min()


def test_cars_stand_again_in_the_order_of_the_race():
    gone = np.array([[False], [False], [True]])
    end = stand(column(500, 90, 9e5), gone, np.float32(800))
    assert end[:, 0] == pytest.approx([890, 90, 9e5])
