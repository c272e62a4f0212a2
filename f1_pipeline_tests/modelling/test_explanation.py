"""Contributions add up to the strength, whatever the order of rows, and name what made it."""

import numpy as np
import pandas as pd
import pytest

from f1_pipeline.modelling import RaceModel
from f1_pipeline.modelling.explanation import contributions
from f1_pipeline.modelling.strength import on_places
from f1_pipeline_tests.modelling.conftest import OFFICIAL, one_race

HELD = "2024-prix-5"
PRE = ("pre_weekend", "none")


def explained(model: RaceModel, race: pd.DataFrame, variant: tuple[str, str]) -> pd.DataFrame:
    forecast = model.predict(race).set_index("driver_id")["expected_position"]
    return contributions(
        model.variants[variant], race, forecast[race["driver_id"]].to_numpy(dtype=float)
    )


@pytest.mark.parametrize("variant", [OFFICIAL, PRE])
def test_they_add_up_to_the_strength(
    model: RaceModel, race_features: pd.DataFrame, variant: tuple[str, str]
) -> None:
    race = one_race(race_features, HELD, variant).sort_values("driver_id")
    fitted = model.variants[variant]
    scores = fitted.strength.scores(race)
    mean = scores.mean(axis=0)
    mean[2] = on_places(mean[1])
    place = model.predict(race)["expected_position"].rank(method="first").to_numpy()
    stage = np.select([place <= 1, place <= 3, place <= 10], [0, 1, 2], 3)
    strength = (fitted.weights[stage] * (scores - mean)).sum(axis=1)

    made = explained(model, race, variant)

    assert list(made.index) == list(race["driver_id"])
    assert made.sum(axis=1).to_numpy() == pytest.approx(strength, abs=1e-9)


def test_the_order_of_rows_and_columns_changes_nothing(
    model: RaceModel, race_features: pd.DataFrame
) -> None:
    race = one_race(race_features, HELD)
    turned = race.iloc[::-1, ::-1]
    pd.testing.assert_frame_equal(
        explained(model, race, OFFICIAL), explained(model, turned, OFFICIAL), check_exact=True
    )


def test_what_is_the_same_for_all_adds_nothing(
    model: RaceModel, race_features: pd.DataFrame
) -> None:
    race = one_race(race_features, HELD)
    assert explained(model, race, OFFICIAL)["previous_position"].abs().max() > 0
    same = explained(model, race.assign(previous_position=7.0), OFFICIAL)
    assert same["previous_position"].abs().max() == pytest.approx(0, abs=1e-12)
    assert not any(name.startswith("log_") for name in same)


def test_a_better_place_on_the_grid_speaks_for_a_car(
    model: RaceModel, race_features: pd.DataFrame
) -> None:
    race = one_race(race_features, HELD)
    made = explained(model, race, OFFICIAL)["grid_place"]
    place = race.set_index("driver_id")["grid_place"][made.index].astype(float)
    assert made.corr(place, method="spearman") < -0.5
