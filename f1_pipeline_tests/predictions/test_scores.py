"""Published forecasts meet the result: who is scored against what, and what a correction does."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from f1_pipeline.contracts import CONTRACTS, check, content_hashes
from f1_pipeline.modelling import scores_by_race
from f1_pipeline.modelling.metrics import PER_RACE
from f1_pipeline.predictions import scored

START = datetime(2024, 5, 26, 13, tzinfo=UTC)
CONTRACT = CONTRACTS["scored_predictions"]
CARS = ["ada", "bob", "cyd", "dan"]


def forecast(*drivers: str, **given: Any) -> pd.DataFrame:
    """What one run published for an event: the drivers in the order that is expected of them."""
    n = len(drivers)
    random = np.random.default_rng(n)
    falling = np.arange(n, 0, -1)
    rows = pd.DataFrame(
        {
            "event_id": "2024-monaco",
            "season": 2024,
            "round": 8,
            "driver_id": list(drivers),
            "constructor_id": "red",
            "horizon": "post_qualifying",
            "p_win": falling / falling.sum(),
            "p_podium": np.minimum(0.9, 3 * falling / falling.sum()),
            "p_points": 0.95 - 0.01 * np.arange(n),
            "p_dnf": 0.1,
            "expected_position": np.arange(1.0, n + 1),
            "position_probabilities": random.dirichlet(np.ones(n), n).tolist(),
            "grid_source": "official",
            "tier": "results",
            "model_version": "m1",
            "data_version": "d1",
            "run_id": "run-1",
            "generated_at": START - timedelta(hours=5),
            "event_starts_at": START,
        }
    )
    return rows.assign(**given)


def result(*drivers: str, event_id: str = "2024-monaco", out: int = 0) -> pd.DataFrame:
    """The order at the flag; the last `out` retired."""
    n = len(drivers)
    classified = np.arange(n) < n - out
    return pd.DataFrame(
        {
            "event_id": event_id,
            "driver_id": list(drivers),
            "finish_order": np.arange(1, n + 1),
            "classified": classified,
            "retired": ~classified,
            "outcome": np.where(classified, "finished", "retired"),
        }
    )


def outcome(rows: pd.DataFrame, order: dict[str, int], classified: set[str]) -> pd.DataFrame:
    return rows.assign(
        finish_order=rows["driver_id"].map(order), classified=rows["driver_id"].isin(classified)
    )


def metrics(rows: pd.DataFrame) -> list[float]:
    assert len(rows) == 1
    return rows[list(PER_RACE)].iloc[0].tolist()


def test_a_forecast_is_scored_by_the_metrics_of_the_backtest() -> None:
    made = forecast(*CARS)
    scores = check(scored(made, result("bob", "ada", "cyd", "dan", out=1)), CONTRACT)
    order = {"bob": 1, "ada": 2, "cyd": 3, "dan": 4}
    expected = scores_by_race(outcome(made, order, {"ada", "bob", "cyd"}))
    assert metrics(scores) == pytest.approx(expected.iloc[0].tolist())
    row = scores.iloc[0]
    assert row["win_top1"] == 0
    assert row["win_ll"] == pytest.approx(-np.log(0.3))
    assert (row["event_id"], row["horizon"], row["run_id"]) == (
        "2024-monaco",
        "post_qualifying",
        "run-1",
    )
    assert (row["season"], row["round"], row["drivers"]) == (2024, 8, 4)
    assert (row["model_version"], row["data_version"]) == ("m1", "d1")
    assert (row["tier"], row["grid_source"]) == ("results", "official")
    assert row["generated_at"] == pd.Timestamp(START - timedelta(hours=5))


def test_the_field_is_that_of_the_forecast() -> None:
    """Who has no result comes last; who was not forecast leaves no gap in the order."""
    made = forecast(*CARS)
    scores = scored(made, result("eve", "bob", "ada", "cyd"))
    expected = outcome(made, {"bob": 1, "ada": 2, "cyd": 3, "dan": 4}, {"ada", "bob", "cyd"})
    assert metrics(scores) == pytest.approx(scores_by_race(expected).iloc[0].tolist())
    assert scores["drivers"].tolist() == [4]


def test_forecasts_of_one_race_are_scored_each_by_itself() -> None:
    several = [
        forecast(*CARS, horizon="pre_weekend", grid_source=None),
        forecast(*reversed(CARS), model_version="m2"),
        forecast("ada", "bob", "cyd", run_id="run-2"),
        forecast(*CARS, run_id="run-3", generated_at=START),
        forecast("bob", "ada", event_id="2024-spain", run_id="run-1"),
    ]
    results = pd.concat([result(*CARS), result("ada", "bob", event_id="2024-spain")])
    together = check(scored(pd.concat(several, ignore_index=True), results), CONTRACT)
    alone = pd.concat([scored(made, results) for made in several], ignore_index=True)
    alone = check(alone, CONTRACT).sort_values(list(CONTRACT.key), ignore_index=True)
    pd.testing.assert_frame_equal(together, alone)
    assert together["drivers"].tolist() == [4, 3, 4, 4, 2]
    mixed = pd.concat(several).sample(frac=1, random_state=1)
    again = check(scored(mixed, results.sample(frac=1, random_state=2)), CONTRACT)
    pd.testing.assert_frame_equal(again, together)


@pytest.mark.parametrize(
    ("after_start", "status"),
    [(timedelta(minutes=-1), "locked"), (timedelta(0), "retrospective")],
)
def test_what_was_made_after_the_start_is_retrospective(
    after_start: timedelta, status: str
) -> None:
    made = forecast(*CARS, generated_at=START + after_start)
    assert scored(made, result(*CARS))["status"].tolist() == [status]


def test_a_race_without_a_result_is_not_scored() -> None:
    made = pd.concat([forecast(*CARS), forecast(*CARS, event_id="2024-spain")])
    assert scored(made, result(*CARS))["event_id"].tolist() == ["2024-monaco"]
    for nothing in (
        scored(made, result(*CARS).iloc[:0]),
        scored(made.iloc[:0], result(*CARS)),
    ):
        assert len(check(nothing, CONTRACT)) == 0


def test_a_metric_that_is_not_defined_is_empty() -> None:
    scores = check(scored(forecast(*CARS), result(*CARS, out=3)), CONTRACT)
    assert scores[["spearman", "mae"]].isna().all(axis=None)
    assert scores["rps"].notna().all()


def test_a_corrected_result_scores_its_event_again_and_no_other() -> None:
    made = pd.concat([forecast(*CARS), forecast(*CARS, event_id="2024-spain")])
    other = result(*CARS, event_id="2024-spain")
    before, same, after = (
        content_hashes(check(scored(made, pd.concat([first, other])), CONTRACT), CONTRACT)
        for first in (result(*CARS), result(*CARS), result("bob", "ada", "cyd", "dan"))
    )
    assert before == same
    assert before["2024-monaco"] != after["2024-monaco"]
    assert before["2024-spain"] == after["2024-spain"]
