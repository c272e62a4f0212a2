"""Which forecast of a race counts: what was published in time, else what the backtest has."""

from datetime import timedelta

import pandas as pd
import pytest

from f1_pipeline.modelling import scores_by_race
from f1_pipeline.monitoring import counted, of_baseline
from f1_pipeline.predictions import scored
from f1_pipeline_tests.monitoring.conftest import nothing

RACES = ["2020-prix-14", "2020-prix-15", "2020-prix-16"]


@pytest.fixture(scope="module")
def walked(training_set):
    """The last three races as a backtest has them, at each horizon and on both rungs."""
    wanted = training_set[training_set["event_id"].isin(RACES)]
    return of_baseline(training_set, wanted)


def published(walked: pd.DataFrame, training_set: pd.DataFrame, late: float, run_id: str = "r"):
    """The same as it would be published so many hours after the start of the race."""
    starts = training_set.drop_duplicates("event_id").set_index("event_id")["race_starts_at"]
    rows = walked[walked["grid_source"].ne("official")].drop(columns="published")
    rows = rows.drop(columns=["finish_order", "classified", "retired"])
    at = rows["event_id"].map(starts)
    return rows.assign(
        season=2020,
        round=14,
        run_id=run_id,
        generated_at=at + timedelta(hours=late),
        event_starts_at=at,
        grid_source=rows["grid_source"].where(rows["grid_source"].ne("none"), None),
        model_version="m",
        data_version="d",
        tier="results",
    )


def results(training_set: pd.DataFrame) -> pd.DataFrame:
    """The races' results, as the training set knows them."""
    rows = training_set.drop_duplicates(["event_id", "driver_id"])
    return rows.assign(outcome=rows["started"].map({True: "finished", False: "did_not_start"}))


def test_without_anything_published_the_backtest_counts_with_the_official_grid(
    training_set, walked
):
    rows = counted(training_set, walked, nothing("race_predictions"))
    assert not rows["published"].any()
    assert set(rows["horizon"]) == {"pre_weekend", "post_practice", "post_qualifying"}
    assert set(rows["grid_source"]) == {"none", "official"}
    assert not rows.duplicated(["event_id", "horizon", "driver_id"]).any()


def test_what_was_published_in_time_takes_the_place_of_the_backtest(training_set, walked):
    in_time = published(walked, training_set, late=-2)
    some = in_time[in_time["event_id"].eq(RACES[1]) & in_time["horizon"].eq("post_qualifying")]
    rows = counted(training_set, walked, some)
    theirs = rows[rows["published"]]
    assert set(zip(theirs["event_id"], theirs["horizon"], theirs["grid_source"], strict=True)) == {
        (RACES[1], "post_qualifying", "qualifying")
    }
    assert len(rows) == len(counted(training_set, walked, nothing("race_predictions")))


def test_what_came_too_late_is_no_forecast(training_set, walked):
    for late in (0, 3):
        rows = counted(training_set, walked, published(walked, training_set, late))
        assert not rows["published"].any()


def test_of_several_runs_in_time_the_newest_counts(training_set, walked):
    old = published(walked, training_set, late=-9, run_id="old").assign(p_win=0.5)
    new = published(walked, training_set, late=-1, run_id="a new one").assign(p_win=0.25)
    rows = counted(training_set, walked.iloc[:0], pd.concat([new, old]))
    assert set(rows["p_win"]) == {0.25}


def test_published_forecasts_are_scored_as_the_table_of_scores_has_them(training_set, walked):
    """A driver without a result comes last, and one who was not forecast is left out."""
    rows = published(walked, training_set, late=-2)
    first = rows["driver_id"].min()
    changed = rows["driver_id"].where(rows["driver_id"].ne(first), "driver-99")
    rows = rows.assign(driver_id=changed)
    mine = counted(training_set, walked.iloc[:0], rows)
    table = scored(rows.assign(driver_code=None, degraded_reason=None), results(training_set))
    for horizon, theirs in table.groupby("horizon"):
        ours = scores_by_race(mine[mine["horizon"].eq(horizon)])
        for metric in ("rps", "points_ll", "win_ll", "mae"):
            assert ours[metric].tolist() == pytest.approx(theirs[metric].tolist(), abs=1e-12)


def test_races_to_come_are_left_out(training_set, walked):
    ahead = published(walked, training_set, late=-2)
    known = training_set[training_set["event_id"].ne(RACES[2])]
    rows = counted(known, walked[walked["event_id"].ne(RACES[2])], ahead)
    assert set(rows["event_id"]) == set(RACES[:2])


def test_the_baseline_forecasts_the_same_races_from_the_same_grids(training_set, walked):
    some = counted(training_set, walked, published(walked, training_set, late=-2))
    theirs = of_baseline(training_set, some)
    key = ["event_id", "horizon", "grid_source", "driver_id"]
    assert set(map(tuple, theirs[key].to_numpy())) == set(map(tuple, some[key].to_numpy()))
    assert of_baseline(training_set, some.iloc[:0]).empty
