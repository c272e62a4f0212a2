import numpy as np
import pytest

from f1_pipeline.errors import PipelineError
from f1_pipeline.strategy.simulation.setting import SAFETY, VIRTUAL, Reaction, RivalPlans
from f1_pipeline_tests.strategy.simulation.settings import OFTEN, plausible


@pytest.mark.parametrize(
    ("other", "what"),
    [
        ({"laps": 0}, "give laps and drivers"),
        ({"scale_ms": 0.0}, "scale_ms must be above 0"),
        ({"pace_ms": np.zeros(3)}, "pace_ms must hold 20 numbers"),
        ({"wear_ms": np.zeros(2)}, "wear_ms must hold 3 numbers"),
        ({"retires": np.full(20, np.nan)}, "retires must hold numbers alone"),
    ],
)
def test_what_is_no_race_is_refused(other, what):
    with pytest.raises(PipelineError, match=what):
        plausible(**other)


def test_rivals_plans_have_their_shapes():
    with pytest.raises(PipelineError, match=r"not \(5, 20, 2\)"):
        RivalPlans(np.zeros((5, 20, 2), np.int16), np.zeros((5, 20, 4), np.int8))


def test_old_tyres_a_stop_left_and_a_real_safety_car_make_cars_stop():
    def chance(kind=SAFETY, age=0.3, planned=True) -> float:
        kinds, ages = np.array([kind]), np.array([age])
        return float(OFTEN.probability(kinds, ages, np.array([0.5]), np.array([planned]))[0])

    assert chance() > max(chance(kind=VIRTUAL), chance(age=0.1), chance(planned=False))


def test_the_log_odds_are_the_sum_that_the_reaction_says():
    reaction = Reaction(0.5, -0.5, 2.0, -1.0, 0.25)
    left, planned = np.array([0.2]), np.array([True])
    found = reaction.probability(np.array([VIRTUAL]), np.array([0.1]), left, planned)
    odds = -0.5 + 2.0 * 0.1 - 1.0 * 0.2 + 0.25
    assert found == pytest.approx(1 / (1 + np.exp(-odds)))
