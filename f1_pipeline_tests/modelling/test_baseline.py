"""The baseline against its definition, written out in loops."""

import math

import numpy as np
import pandas as pd
import pytest

from f1_pipeline.modelling import baseline_forecast
from f1_pipeline.modelling.ordering import in_time, starting_rank
from f1_pipeline_tests.modelling.conftest import OFFICIAL, one_race

EVENT = "2024-prix-2"


def _history(training_set: pd.DataFrame, variant: tuple[str, str] = OFFICIAL) -> pd.DataFrame:
    own = training_set["horizon"].eq(variant[0]) & training_set["grid_source"].eq(variant[1])
    return training_set[own]


def test_it_is_the_kernel_of_its_definition(training_set: pd.DataFrame) -> None:
    race = one_race(training_set, EVENT)
    forecast = baseline_forecast(_history(training_set), race).set_index("driver_id")
    size = len(race)
    cells, podium, points, dnf = {}, {}, {}, {}
    past = _history(training_set).query("season < 2024 and season >= 2018 and started")
    for car in race.to_dict("records"):
        q = car["grid_place"]
        weights = [
            math.exp(-0.5 * ((math.log(q) - math.log(p)) * math.sqrt(q) / 0.6) ** 2)
            for p in past["grid_place"]
        ]
        total = sum(weights)
        row = np.full(size, 1e-4)
        for weight, finish in zip(weights, past["finish_order"], strict=True):
            row[min(int(finish), size) - 1] += weight
        cells[car["driver_id"]] = row / row.sum()
        in_three = past["finish_order"] <= 3
        in_ten = (past["finish_order"] <= 10) & past["classified"]
        podium[car["driver_id"]] = np.dot(weights, in_three) / total
        points[car["driver_id"]] = np.dot(weights, in_ten) / total
        dnf[car["driver_id"]] = np.dot(weights, past["retired"]) / total
    wins = sum(row[0] for row in cells.values())
    for driver, row in forecast.iterrows():
        assert row["position_probabilities"] == pytest.approx(cells[driver].tolist())
        assert row["p_win"] == pytest.approx(cells[driver][0] / wins)
        assert row["p_podium"] == pytest.approx(podium[driver])
        assert row["p_points"] == pytest.approx(points[driver])
        assert row["p_dnf"] == pytest.approx(dnf[driver])


def test_only_starters_of_the_six_seasons_before_count(training_set: pd.DataFrame) -> None:
    race = one_race(training_set, EVENT)
    history = _history(training_set)
    expected = baseline_forecast(history, race)
    same_season = history["season"].eq(2024)
    pd.testing.assert_frame_equal(baseline_forecast(history[~same_season], race), expected)
    long_ago = history.assign(season=history["season"] - 10, event_id="1990-" + history["event_id"])
    both = pd.concat([history, long_ago], ignore_index=True)
    pd.testing.assert_frame_equal(baseline_forecast(both, race), expected)
    absent = history.assign(started=False)
    assert not baseline_forecast(pd.concat([absent]), race).equals(expected)


@pytest.mark.parametrize("history_rows", [None, 0])
@pytest.mark.parametrize("cars", [1, 2, 12])
def test_a_published_baseline_adds_up(
    training_set: pd.DataFrame, history_rows: int | None, cars: int
) -> None:
    race = one_race(training_set, EVENT).sort_values("grid_place").head(cars)
    history = _history(training_set).iloc[:history_rows]
    forecast = baseline_forecast(history, race, coherent=True)
    cells = np.array(forecast["position_probabilities"].tolist())
    assert cells.sum(axis=0) == pytest.approx(np.ones(cars), abs=1e-9)
    assert cells.sum(axis=1) == pytest.approx(np.ones(cars), abs=1e-6)
    assert forecast["p_win"].sum() == pytest.approx(1, abs=1e-9)
    assert forecast["p_podium"].sum() == pytest.approx(min(3, cars), abs=1e-9)
    assert forecast["p_points"].sum() <= 10 + 1e-9
    assert (forecast["p_win"] <= forecast["p_podium"]).all()
    assert (forecast["p_podium"] <= forecast["p_points"]).all()
    assert forecast[["p_win", "p_podium", "p_points", "p_dnf"]].max(axis=None) <= 1


def test_without_history_everyone_has_the_same_chance(training_set: pd.DataFrame) -> None:
    race = one_race(training_set, EVENT)
    forecast = baseline_forecast(_history(training_set).iloc[:0], race)
    assert forecast["p_win"].to_numpy() == pytest.approx(np.full(len(race), 1 / len(race)))
    assert forecast["p_podium"].to_numpy() == pytest.approx(np.full(len(race), 3 / len(race)))


class TestStartingRank:
    """The rank that the baseline and the hazard go by."""

    def test_with_a_grid_it_is_the_place(self, training_set: pd.DataFrame) -> None:
        race = one_race(training_set, EVENT)
        assert (starting_rank(race) == race["grid_place"].to_numpy()).all()

    def test_without_a_grid_it_is_the_standing(self) -> None:
        rows = pd.DataFrame(
            {
                "event_id": ["2020-b"] * 4 + ["2020-a"] * 3,
                "driver_id": ["d", "c", "b", "a", "x", "y", "z"],
                "grid_place": np.nan,
                "championship_position": [2, None, 1, None, None, None, None],
                "previous_position": [9, 1, 9, None, 7, None, 3],
            }
        )
        assert starting_rank(rows).tolist() == [2, 4, 1, 3, 2, 3, 1]


def test_races_are_numbered_in_time_whatever_the_order_of_rows(training_set: pd.DataFrame) -> None:
    rows = in_time(training_set)
    first = rows.groupby("race")["race_starts_at"].first()
    assert first.is_monotonic_increasing
    assert rows["race"].nunique() == training_set["event_id"].nunique()
    mixed = in_time(training_set.sample(frac=1, random_state=1))
    assert mixed["race"].tolist() == rows["race"].tolist()
