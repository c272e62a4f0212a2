"""Drawn car data is as much as is said, and within what a car can do."""

from f1_pipeline_tests.scale.telemetry import CARS, HERTZ, SECONDS, car


def test_a_cars_session_is_ten_samples_a_second_for_two_hours() -> None:
    drawn = car(1)
    assert len(drawn) == 72_000 == HERTZ * SECONDS
    assert len(drawn) * CARS == 1_440_000
    assert drawn["speed"].between(50, 340).all()
    assert drawn["gear"].between(1, 8).all()
    assert drawn["throttle"].between(0, 100).all()
    assert 0 < drawn["brake"].mean() < 1
    assert not car(2)["speed"].equals(drawn["speed"])
