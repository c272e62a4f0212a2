import numpy as np
import pytest
from scipy.special import expit

from f1_pipeline.strategy.plans import parse
from f1_pipeline.strategy.simulation.compare import expected_places
from f1_pipeline.strategy.simulation.passing import CONTACT, needed_ms, tries
from f1_pipeline_tests.strategy.simulation.settings import all_on, quiet


@pytest.mark.parametrize("advantage", [-200.0, 0.0, 200.0, 600.0])
def test_the_chances_of_all_laps_add_up_to_that_of_the_race(advantage):
    rng = np.random.default_rng(0)
    needed = needed_ms(rng.standard_exponential(400_000, dtype=np.float32), 50, 200.0, 250.0)
    lap = (advantage > needed).mean()
    race = expit((advantage - 200.0) / 250.0)
    assert 1 - (1 - lap) ** (50 * CONTACT) == pytest.approx(race, abs=0.045)


def test_the_law_of_the_race_hardly_changes_where_pairs_are():
    odds = np.linspace(-6, 6, 200)
    assert 1 - np.exp(-tries(odds)) == pytest.approx(expit(odds), abs=0.04)


def test_a_car_two_seconds_a_lap_faster_passes_within_a_lap_or_two():
    rng = np.random.default_rng(0)
    needed = needed_ms(rng.standard_exponential(10_000, dtype=np.float32), 57, 200.0, 250.0)
    assert (needed < 2000.0).mean() > 0.5
    assert (needed < 500.0).mean() < 0.05


def test_an_advantage_is_needed_by_every_draw():
    extremes = needed_ms(np.array([0.0, 1e-20, 1.0, 50.0], np.float32), 50, 200.0, 250.0)
    assert np.isfinite(extremes).all()
    assert (np.diff(extremes) >= 0).all()
    assert extremes[0] < extremes[-1]


@pytest.mark.parametrize("advantage", [-300.0, -100.0, 0.0, 100.0, 200.0, 300.0, 500.0, 800.0])
def test_simulated_pairs_finish_as_the_law_says(advantage):
    setting = quiet(
        laps=57,
        pace_ms=np.array([max(advantage, 0.0), max(-advantage, 0.0)]),
        lap_noise_ms=450.0,
        start_spread_ms=900.0,
        stop_spread_ms=np.full(3, 1200.0),
        pass_ms=200.0,
        scale_ms=250.0,
    )
    rivals = all_on("M-25-H", setting)
    place = expected_places(setting, 1, [parse("M-25-H")], rivals, draws=2000)[0]
    assert 2 - place == pytest.approx(expit((advantage - 200.0) / 250.0), abs=0.12)
