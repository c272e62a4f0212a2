"""What is watched of a race: features that are read, places gained, errors of forecasts by team."""

import pandas as pd
import pytest

from f1_pipeline.modelling import STANDARD, with_laps
from f1_pipeline.monitoring.quantities import features_of, held, in_weekend, watched


def forecast(event_id: str, **cars: tuple[str, int, bool]) -> pd.DataFrame:
    """Before the weekend: four cars of equal chances, each with team, finish and classified."""
    rows = [
        {
            "event_id": event_id,
            "driver_id": driver,
            "constructor_id": team,
            "horizon": "pre_weekend",
            "finish_order": finish,
            "classified": classified,
            "expected_position": 2.5,
            "position_probabilities": [0.25] * 4,
        }
        for driver, (team, finish, classified) in cars.items()
    ]
    return pd.DataFrame(rows)


def errors(*forecasts: pd.DataFrame) -> dict[str, list[list[float]]]:
    """The errors that are watched, by name and race."""
    made = pd.concat(forecasts, ignore_index=True)
    events = list(dict.fromkeys(made["event_id"]))
    race = pd.DataFrame({"event_id": events, "race": range(len(events))})
    columns = ("classified", "retired", "grid_place", "finish_order", *features_of(STANDARD))
    rows = race.assign(**dict.fromkeys(columns, 1))
    found = watched(rows, made, STANDARD)
    return {q.name: [v.tolist() for v in q.values] for q in found if q.subject == "error"}


def test_the_features_that_a_recipe_reads_each_once():
    names = features_of(STANDARD)
    assert len(names) == len(set(names)) == 31
    assert {"grid_place", "previous_position", "team_practice_form"} < set(names)
    # It counts races: its drift says that time goes by.
    assert "starts" not in names
    assert not any(name.startswith("log_") for name in names)
    assert set(features_of(with_laps(STANDARD))) - set(names) == {
        *("race_pace_form", "teammate_race_pace", "team_race_pace_form")
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [("qualifying_gap", True), ("practice_team_gap", True), ("grid_form", False), ("x", False)],
)
def test_what_a_weekend_shows_and_what_is_carried(name, expected):
    assert in_weekend(name) is expected


def test_places_in_the_forecast_distribution():
    race = forecast(
        "2020-a", a=("x", 1, True), b=("y", 2, True), c=("x", 3, True), d=("y", 4, True)
    )
    assert errors(race)["pre_weekend"] == [pytest.approx([0.125, 0.375, 0.625, 0.875])]


def test_a_teams_error_is_of_its_classified_cars_beside_the_field():
    first = forecast(
        "2020-a", a=("x", 1, True), b=("x", 2, True), c=("y", 3, True), d=("y", 4, True)
    )
    # Cars that retired are left out, of their team's error and of the field's.
    second = forecast(
        "2020-b", a=("x", 1, True), b=("x", 4, False), c=("y", 2, True), d=("y", 3, False)
    )
    found = errors(first, second)
    # In places: x is a place ahead of the field, then half a place; y the same behind.
    scale = ((1 + 1 + 0.25 + 0.25) / 4) ** 0.5
    assert found["x"] == [[pytest.approx(-1 / scale)], [pytest.approx(-0.5 / scale)]]
    assert found["y"] == [[pytest.approx(1 / scale)], [pytest.approx(0.5 / scale)]]


def test_a_team_that_has_left_is_not_watched():
    first = forecast(
        "2020-a", a=("x", 1, True), b=("z", 2, True), c=("y", 3, True), d=("y", 4, True)
    )
    second = forecast("2020-b", a=("x", 1, True), b=("x", 2, True), c=("y", 3, True))
    assert set(errors(first, second)) == {"pre_weekend", "x", "y"}


def test_races_are_numbered_in_time_and_read_after_qualifying(training_set):
    rows = held(training_set)
    assert set(rows["grid_source"]) == {"official"}
    starts = rows.groupby("race")["race_starts_at"].first()
    assert starts.is_monotonic_increasing
    assert list(starts.index) == list(range(48))
