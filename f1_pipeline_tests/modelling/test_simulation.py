"""Laws that every simulated race obeys, whatever the strengths and hazards."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from f1_pipeline.modelling.simulation import STAGES, Draws, Hazards, simulate

DRAWS = 400


@st.composite
def grids(draw: st.DrawFn) -> tuple["np.ndarray", Hazards]:
    cars = draw(st.integers(1, 26))
    strengths = draw(nps.arrays(float, (len(STAGES), cars), elements=st.floats(-30, 30)))
    retired = draw(nps.arrays(float, cars, elements=st.floats(0, 1)))
    return strengths, Hazards(retired, draw(st.floats(0, 1)), draw(st.floats(0, 1)))


@settings(max_examples=60, deadline=None)
@given(grid=grids(), seed=st.integers(0, 2**32))
def test_any_race_is_one_joint_distribution(grid: tuple["np.ndarray", Hazards], seed: int) -> None:
    strengths, hazards = grid
    cars = strengths.shape[1]
    drawn = simulate(strengths, hazards, DRAWS, np.random.default_rng(seed))
    assert drawn.races == DRAWS
    assert (drawn.positions.sum(axis=0) == DRAWS).all()
    assert (drawn.positions.sum(axis=1) == DRAWS).all()
    podium = drawn.positions[:, :3].sum(axis=1)
    assert podium.sum() == min(3, cars) * DRAWS
    assert (drawn.positions[:, 0] <= podium).all()
    assert (podium <= drawn.in_points).all()
    assert drawn.in_points.sum() <= min(10, cars) * DRAWS
    assert (drawn.retired <= DRAWS).all()


def _simulate(strengths: "np.ndarray", hazards: Hazards, draws: int = 40_000) -> Draws:
    stages = np.broadcast_to(strengths, (len(STAGES), len(strengths)))
    return simulate(stages, hazards, draws, np.random.default_rng(1))


def test_without_retirements_it_is_plackett_luce() -> None:
    strengths = np.array([1.0, 0.5, 0.0, -0.5])
    drawn = _simulate(strengths, Hazards(np.zeros(4)))
    odds = np.exp(strengths)
    win = odds / odds.sum()
    assert drawn.positions[:, 0] / drawn.races == pytest.approx(win, abs=0.01)
    second = sum(win[i] * odds / (odds.sum() - odds[i]) * (np.arange(4) != i) for i in range(4))
    assert drawn.positions[:, 1] / drawn.races == pytest.approx(second, abs=0.01)


def test_stages_have_strengths_of_their_own() -> None:
    stages = np.zeros((len(STAGES), 6))
    stages[0, 0] = 50.0
    stages[1, 1] = 50.0
    drawn = simulate(stages, Hazards(np.zeros(6)), 500, np.random.default_rng(1))
    assert drawn.positions[0, 0] == 500
    assert drawn.positions[1, 1] == 500
    assert (drawn.positions[2:, 2] > 50).all()


def test_hazards_are_the_shares_that_retire() -> None:
    hazard = np.linspace(0.02, 0.5, 12)
    drawn = _simulate(np.zeros(12), Hazards(hazard))
    assert drawn.retired / drawn.races == pytest.approx(hazard, abs=0.01)


def test_cars_that_are_out_are_behind_all_others() -> None:
    hazard = np.array([1.0, 0.0, 0.0, 0.0, 0.0])
    drawn = _simulate(np.array([9.0, 0.0, 0.0, 0.0, 0.0]), Hazards(hazard))
    assert drawn.positions[0, 4] == drawn.races
    assert drawn.in_points[0] == 0


def test_a_car_can_retire_and_be_classified_last() -> None:
    hazard = np.array([1.0, 1.0, 0.0, 0.0, 0.0])
    drawn = _simulate(np.zeros(5), Hazards(hazard, classified_retired=0.25))
    assert drawn.in_points[:2] / drawn.races == pytest.approx([0.25, 0.25], abs=0.01)
    assert drawn.retired[0] == drawn.races
    assert drawn.positions[0, :3].sum() == 0


def test_a_car_can_be_excluded_without_retiring() -> None:
    drawn = _simulate(np.zeros(6), Hazards(np.zeros(6), excluded=0.2))
    assert drawn.in_points / drawn.races == pytest.approx(np.full(6, 0.8), abs=0.01)
    assert drawn.retired.sum() == 0


@pytest.mark.parametrize(("cars", "kept"), [(1, 1), (2, 2), (3, 3), (8, 3)])
def test_at_least_three_cars_are_always_classified(cars: int, kept: int) -> None:
    drawn = _simulate(np.zeros(cars), Hazards(np.ones(cars)), 2_000)
    assert drawn.in_points.sum() == kept * 2_000
    assert drawn.retired.sum() == (cars - kept) * 2_000


def test_a_seed_gives_the_same_draws() -> None:
    hazards = Hazards(np.full(10, 0.2), 0.1, 0.01)
    first, again = (_simulate(np.linspace(2, -2, 10), hazards, 3_000) for _ in range(2))
    assert (first.positions == again.positions).all()
    assert (first.in_points == again.in_points).all()
