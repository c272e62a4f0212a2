"""Walk-forward: a race is forecast from earlier races only, seasons stand alone."""

import numpy as np
import pandas as pd
import pytest

from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline.errors import UsageError
from f1_pipeline.modelling import (
    NotEnoughRacesError,
    Recipe,
    evaluate,
    fit,
    track_record,
    walk_forward,
)
from f1_pipeline.modelling.positions import FORECAST
from f1_pipeline.modelling.race_model import VARIANTS
from f1_pipeline_tests.modelling.conftest import one_race

SEASON = 2024
OUTCOME = ["finish_order", "classified", "retired", "started"]


@pytest.fixture(scope="module")
def result(training_set: pd.DataFrame, recipe: Recipe) -> pd.DataFrame:
    return walk_forward(training_set, SEASON, recipe)


def test_it_meets_its_contract_and_covers_the_season(
    training_set: pd.DataFrame, result: pd.DataFrame
) -> None:
    check(
        result.assign(recipe="a", fingerprint="x", tier="results"),
        CONTRACTS["backtest_predictions"],
    )
    expected = training_set[training_set["season"].eq(SEASON)]
    assert len(result) == 2 * len(expected)
    assert set(result["model"]) == {"catboost", "baseline"}
    has_grid = result["horizon"].eq("post_qualifying")
    assert result.loc[~has_grid, "grid_position"].isna().all()
    assert result.loc[has_grid, "grid_position"].notna().all()


def test_the_rows_can_be_evaluated(result: pd.DataFrame) -> None:
    for horizon, grid in VARIANTS:
        rows = result[result["horizon"].eq(horizon) & result["grid_source"].eq(grid)]
        scores = evaluate(
            rows[rows["model"].eq("catboost")], rows[rows["model"].eq("baseline")], resamples=200
        )
        assert scores["races"] == 6


def _scrambled(training_set: pd.DataFrame, events: list[str]) -> pd.DataFrame:
    """Another outcome of the events, in every variant the same."""
    changed = training_set.copy()
    for event in events:
        for variant in VARIANTS:
            rows = one_race(changed, event, variant).sort_values("driver_id").index
            order = np.random.default_rng(9).permutation(rows)
            changed.loc[rows, OUTCOME] = training_set.loc[order, OUTCOME].to_numpy()
    return changed


def test_a_race_is_forecast_without_its_outcome_or_later_ones(
    training_set: pd.DataFrame, result: pd.DataFrame, recipe: Recipe
) -> None:
    """Races 4 to 6 are forecast by one fit, on the races up to 3."""
    later = ["2024-prix-4", "2024-prix-5", "2024-prix-6"]
    changed = walk_forward(_scrambled(training_set, later), SEASON, recipe)
    columns = ["event_id", "driver_id", "model", *FORECAST]
    pd.testing.assert_frame_equal(changed[columns], result[columns], check_exact=True)
    assert not changed["finish_order"].equals(result["finish_order"])


def test_an_earlier_outcome_does_change_the_forecast(
    training_set: pd.DataFrame, result: pd.DataFrame, recipe: Recipe
) -> None:
    changed = walk_forward(_scrambled(training_set, ["2024-prix-1"]), SEASON, recipe)
    ours = result["model"].eq("catboost")
    moved = changed.loc[ours, "p_win"] != result.loc[ours, "p_win"]
    by_event = moved.groupby(result.loc[ours, "event_id"]).any()
    assert not by_event[["2024-prix-1", "2024-prix-2", "2024-prix-3"]].any()
    assert by_event[["2024-prix-4", "2024-prix-5", "2024-prix-6"]].all()


def test_a_season_does_not_depend_on_later_ones(training_set: pd.DataFrame, recipe: Recipe) -> None:
    alone = walk_forward(training_set[training_set["season"] <= 2023], 2023, recipe)
    pd.testing.assert_frame_equal(walk_forward(training_set, 2023, recipe), alone)


def test_the_first_fit_is_the_one_that_fit_makes(
    training_set: pd.DataFrame, result: pd.DataFrame, recipe: Recipe
) -> None:
    before = training_set[training_set["season"] < SEASON]
    model = fit(before, recipe)
    for variant in VARIANTS:
        race = one_race(training_set, "2024-prix-1", variant)
        rows = one_race(result, "2024-prix-1", variant)
        rows = rows[rows["model"].eq("catboost")].reset_index(drop=True)
        pd.testing.assert_frame_equal(model.predict(race), rows[["driver_id", *FORECAST]])


def test_progress_is_told(training_set: pd.DataFrame, recipe: Recipe) -> None:
    lines: list[str] = []
    walk_forward(training_set, 2023, recipe, progress=lines.append)
    assert len(lines) == len(VARIANTS)
    assert all("2023" in line and "8 races" in line for line in lines)


def test_a_season_that_cannot_be_forecast_is_refused(
    training_set: pd.DataFrame, recipe: Recipe
) -> None:
    with pytest.raises(NotEnoughRacesError, match="Choose a later season"):
        walk_forward(training_set, 2021, recipe)
    with pytest.raises(UsageError, match="No race of 2030"):
        walk_forward(training_set, 2030, recipe)


def test_the_track_record_is_that_of_the_rows(result: pd.DataFrame) -> None:
    rows = result.assign(recipe="a", fingerprint="x", tier="results")
    record = check(track_record(rows), CONTRACTS["track_record"])
    assert set(record["period"]) == {"reported"}
    by_variant = record.groupby(["horizon", "grid_source", "against"]).size()
    assert len(by_variant) == len(VARIANTS) + 2  # on both rungs of the grid the standings too
    model = rows[rows["model"].eq("catboost") & rows["grid_source"].eq("qualifying")]
    standings = rows[rows["model"].eq("baseline") & rows["horizon"].eq("pre_weekend")]
    scores = evaluate(model, standings)
    mine = record[record["grid_source"].eq("qualifying") & record["against"].eq("standings")]
    mine = mine.set_index("metric")
    for metric, value in scores["difference"].items():
        assert mine.at[metric, "difference"] == pytest.approx(value)
        low, high = scores["difference_ci"][metric]
        assert (mine.at[metric, "low"], mine.at[metric, "high"]) == pytest.approx((low, high))


def test_seasons_that_were_chosen_on_are_a_period_of_their_own(result: pd.DataFrame) -> None:
    rows = result.assign(recipe="a", fingerprint="x", tier="results")
    flattered = rows.assign(season=2018, event_id=rows["event_id"].str.replace("2024", "2018"))
    record = track_record(pd.concat([rows, flattered]))
    assert record.groupby("period")["races"].max().to_dict() == {"chosen on": 6, "reported": 6}
