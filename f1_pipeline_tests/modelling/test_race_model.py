"""The model as a whole: coherent forecasts, the same bits every time, on disk as in memory."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from f1_pipeline.errors import StorageError
from f1_pipeline.modelling import (
    QUICK,
    STANDARD,
    NotEnoughRacesError,
    RaceModel,
    Recipe,
    UnknownVariantError,
    fit,
)
from f1_pipeline.modelling.race_model import VARIANTS
from f1_pipeline.modelling.recipe import ResetRecipe
from f1_pipeline_tests.modelling.conftest import OFFICIAL, one_race

HELD, COMING = "2024-prix-5", "2024-prix-8"


def assert_adds_up(forecast: pd.DataFrame) -> None:
    cars = len(forecast)
    assert forecast["p_win"].sum() == pytest.approx(1, abs=1e-9)
    assert forecast["p_podium"].sum() == pytest.approx(min(3, cars), abs=1e-9)
    assert forecast["p_points"].sum() <= 10 + 1e-9
    assert (forecast["p_win"] <= forecast["p_podium"]).all()
    assert (forecast["p_podium"] <= forecast["p_points"]).all()
    cells = np.array(forecast["position_probabilities"].tolist())
    assert cells.shape == (cars, cars)
    assert cells.sum(axis=0) == pytest.approx(np.ones(cars))
    assert cells.sum(axis=1) == pytest.approx(np.ones(cars))
    places = np.arange(1, cars + 1)
    assert forecast["expected_position"].to_numpy() == pytest.approx(cells @ places)
    assert (forecast["position_p05"] <= forecast["position_p95"]).all()
    assert forecast["position_p95"].between(1, cars).all()


@pytest.mark.parametrize("variant", VARIANTS)
def test_forecasts_of_every_variant_add_up(
    model: RaceModel, race_features: pd.DataFrame, variant: tuple[str, str]
) -> None:
    forecast = model.predict(one_race(race_features, HELD, variant))
    assert_adds_up(forecast)
    assert forecast["driver_id"].is_monotonic_increasing


def test_a_race_to_come_is_forecast_before_the_weekend(
    model: RaceModel, race_features: pd.DataFrame
) -> None:
    assert_adds_up(model.predict(one_race(race_features, COMING, VARIANTS[0])))


def test_front_runners_are_expected_in_front(model: RaceModel, race_features: pd.DataFrame) -> None:
    race = one_race(race_features, HELD).set_index("driver_id")
    forecast = model.predict(race.reset_index()).set_index("driver_id")
    expected, place = forecast["expected_position"], race["grid_place"]
    assert np.corrcoef(expected, place[expected.index])[0, 1] > 0.7


def test_early_in_a_season_a_share_of_the_races_follows_the_grid(
    model: RaceModel, race_features: pd.DataFrame
) -> None:
    race = one_race(race_features, HELD)
    variant = model.variants[OFFICIAL]

    def shared(number: int, share: float) -> pd.DataFrame:
        reset = ResetRecipe(rounds=5, share=share)
        return replace(variant, reset=reset).predict(race.assign(round=number))

    pd.testing.assert_frame_equal(shared(6, 0.5), shared(6, 0.0))
    pd.testing.assert_frame_equal(shared(5, 0.0), shared(6, 0.0))
    assert_adds_up(shared(5, 0.5))
    place = race.set_index("driver_id")["grid_place"].sort_index()
    wins = shared(5, 1.0).set_index("driver_id")["p_win"]
    assert wins.rank(ascending=False).corr(place, method="spearman") > 0.9
    assert not shared(5, 0.5)["p_win"].equals(shared(5, 0.0)["p_win"])


def test_without_a_grid_there_is_nothing_to_follow(
    model: RaceModel, race_features: pd.DataFrame
) -> None:
    race = one_race(race_features, HELD, VARIANTS[0]).assign(round=1)
    variant = model.variants[VARIANTS[0]]
    alone = replace(variant, reset=ResetRecipe(rounds=5, share=0.0))
    pd.testing.assert_frame_equal(variant.predict(race), alone.predict(race))


def test_two_fits_give_the_same_bits(
    model: RaceModel, training_set: pd.DataFrame, race_features: pd.DataFrame, recipe: Recipe
) -> None:
    """Whatever the order of rows and columns, in training and in forecasting."""
    mixed = training_set.sample(frac=1, random_state=2)
    mixed = mixed[sorted(mixed.columns)].reset_index(drop=True)
    again = fit(mixed, recipe)
    for variant in VARIANTS:
        race = one_race(race_features, HELD, variant)
        expected = model.predict(race)
        pd.testing.assert_frame_equal(again.predict(race), expected, check_exact=True)
        turned = race.iloc[::-1, ::-1]
        pd.testing.assert_frame_equal(model.predict(turned), expected, check_exact=True)


def test_another_seed_gives_other_draws(
    model: RaceModel, training_set: pd.DataFrame, race_features: pd.DataFrame, recipe: Recipe
) -> None:
    race = one_race(race_features, HELD)
    other = fit(training_set, replace(recipe, seed=recipe.seed + 1))
    assert not other.predict(race).equals(model.predict(race))


def test_a_saved_fit_predicts_the_same_bits(
    model: RaceModel, race_features: pd.DataFrame, tmp_path: Path
) -> None:
    model.save(tmp_path / "fit")
    assert {path.suffix for path in (tmp_path / "fit").iterdir()} == {".cbm", ".json"}
    loaded = RaceModel.load(tmp_path / "fit")
    assert loaded.recipe_hash == model.recipe_hash
    for variant in VARIANTS:
        race = one_race(race_features, HELD, variant)
        pd.testing.assert_frame_equal(loaded.predict(race), model.predict(race), check_exact=True)
    pd.testing.assert_series_equal(loaded.feature_importance(), model.feature_importance())


def test_a_fit_that_is_not_whole_is_refused(model: RaceModel, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="fit the model again"):
        RaceModel.load(tmp_path)
    model.save(tmp_path)
    (tmp_path / "post_qualifying.official.cbm").write_bytes(b"CBM1")
    with pytest.raises(StorageError, match="fit the model again"):
        RaceModel.load(tmp_path)


def test_importances_are_shares(model: RaceModel) -> None:
    importance = model.feature_importance()
    assert importance.sum() == pytest.approx(1)
    assert (importance >= 0).all()
    assert importance.is_monotonic_decreasing
    assert set(importance.index) <= set(STANDARD.tree.features)


def test_who_was_never_seen_is_forecast_too(model: RaceModel, race_features: pd.DataFrame) -> None:
    """Twenty-two cars, a rookie in a new team, no qualifying times."""
    race = one_race(race_features, HELD)
    more = pd.concat([race, race.assign(driver_id="new-" + race["driver_id"])]).head(22)
    more = more.assign(grid_place=range(1, 23), field_size=22, qualifying_gap=np.nan)
    known = ["event_id", "season", "round", "race_starts_at", "driver_id", "constructor_id"]
    known += ["horizon", "grid_source", "grid_place", "field_size"]
    unknown = [column for column in more if column not in known]
    more[unknown] = more[unknown].astype("float64")
    more.loc[more["grid_place"].gt(20), unknown] = np.nan
    forecast = model.predict(more)
    assert len(forecast) == 22
    assert_adds_up(forecast)


def test_a_new_team_is_not_taken_for_the_best(
    model: RaceModel, race_features: pd.DataFrame
) -> None:
    race = one_race(race_features, COMING, VARIANTS[0])
    newcomer = race["driver_id"].iloc[0]
    own = race["driver_id"].eq(newcomer)
    state = [c for c in race.columns if c.startswith("team_") or c in STANDARD.linear.features]
    race = race.astype(dict.fromkeys(state, "float64"))
    race.loc[own, state] = np.nan
    forecast = model.predict(race.assign(starts=race["starts"].where(~own, 0))).set_index(
        "driver_id"
    )
    assert forecast.loc[newcomer, "expected_position"] > forecast["expected_position"].median()


def test_one_race_at_a_time(model: RaceModel, race_features: pd.DataFrame) -> None:
    with pytest.raises(UnknownVariantError, match="one event, horizon and grid"):
        model.predict(race_features)


def test_a_variant_without_rows_has_no_fit(
    training_set: pd.DataFrame, race_features: pd.DataFrame, recipe: Recipe
) -> None:
    official = training_set[training_set["grid_source"].eq("official")]
    model = fit(official, recipe)
    assert list(model.variants) == [OFFICIAL]
    with pytest.raises(UnknownVariantError, match="pre_weekend"):
        model.predict(one_race(race_features, HELD, VARIANTS[0]))


def test_too_few_races_are_refused(training_set: pd.DataFrame, recipe: Recipe) -> None:
    few = training_set[training_set["season"].eq(2021)]
    with pytest.raises(NotEnoughRacesError, match="8 races are too few"):
        fit(few, recipe)
    with pytest.raises(NotEnoughRacesError, match="0 races"):
        fit(training_set.iloc[:0], recipe)


def _with(recipe: Any, parameter: str, value: Any) -> Any:
    return replace(recipe, **{parameter: value})


class TestRecipe:
    """The hash of a recipe tells recipes apart."""

    def test_equal_recipes_have_one_hash(self) -> None:
        assert Recipe().content_hash == STANDARD.content_hash
        assert len(STANDARD.content_hash) == 16

    def test_every_parameter_counts(self) -> None:
        def changed(value: Any) -> Any:
            return value[:-1] if isinstance(value, tuple) else value + 1

        hashes = [STANDARD.content_hash, QUICK.content_hash]
        for part in fields(Recipe):
            inner = getattr(STANDARD, part.name)
            if isinstance(inner, int):
                hashes.append(_with(STANDARD, part.name, inner + 1).content_hash)
                continue
            for parameter in fields(inner):
                value = changed(getattr(inner, parameter.name))
                other = _with(inner, parameter.name, value)
                hashes.append(_with(STANDARD, part.name, other).content_hash)
        assert len(set(hashes)) == len(hashes)
