"""What the newest forecasts were worth beside the baseline, and the verdict both ways round."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline.modelling import evaluate, summary
from f1_pipeline.monitoring import NO_MODEL, Limits, by_race, counted, health, of_baseline
from f1_pipeline.monitoring.health import calibration_by_chance, verdict
from f1_pipeline_tests.monitoring.conftest import nothing

LIMITS = Limits(rps=0.135, points_ll=0.55, calibration_error=0.06)
GOOD = {
    "races": 30,
    "rps": 0.11,
    "rps_baseline": 0.12,
    "rps_low": -0.02,
    "points_ll": 0.45,
    "points_ll_baseline": 0.5,
    "points_ll_low": -0.08,
    "calibration_error": 0.02,
}


@pytest.fixture(scope="module")
def baseline(training_set):
    last = training_set["season"].eq(2020) & training_set["round"].gt(4)
    return of_baseline(training_set, training_set[last])


def knowing(rows: pd.DataFrame, share: float) -> pd.DataFrame:
    """Forecasts that know where this share of the cars finish; below 0 the wrong way round."""
    cars = rows.groupby(["event_id", "horizon", "grid_source"])["driver_id"].transform("size")
    place = rows["finish_order"] if share > 0 else cars + 1 - rows["finish_order"]
    told = np.random.default_rng(2).random(len(rows)) < abs(share)
    sure = [np.eye(n)[k - 1] for n, k in zip(cars, place, strict=True)]
    chances = [
        knows if is_told else np.array(p)
        for is_told, knows, p in zip(told, sure, rows["position_probabilities"], strict=True)
    ]
    reached = np.array([p.cumsum() for p in chances])
    in_points = rows["finish_order"].le(10) & rows["classified"].astype(bool)
    happened = (in_points if share > 0 else ~in_points).astype(float)
    return rows.assign(
        position_probabilities=[p.tolist() for p in chances],
        p_win=reached[:, 0],
        p_podium=reached[:, 2],
        p_points=rows["p_points"].where(~told, happened),
        expected_position=[p @ np.arange(1, len(p) + 1) for p in chances],
    )


def looked_at(training_set, baseline, share, **given):
    forecasts = counted(training_set, knowing(baseline, share), nothing("race_predictions"))
    against = of_baseline(training_set, forecasts)
    told: dict[str, Any] = {"model_version": "m", "drift_score": 0.0, "drifted": []}
    scores = by_race(training_set, forecasts, against)
    rows = health(scores, forecasts, event_id="2020-prix-16", limits=LIMITS, **(told | given))
    return check(rows, CONTRACTS["model_health"]), forecasts, against


def test_a_model_that_is_ahead_is_good(training_set, baseline):
    rows, forecasts, against = looked_at(training_set, baseline, 0.3)
    assert list(rows["horizon"]) == ["pre_weekend", "post_practice", "post_qualifying"]
    assert set(rows["status"]) == {"good"}
    assert rows["reason"].str.startswith("ahead of the baseline over 12 races: rps 0.").all()
    # The numbers are those of the backtest's own evaluation, of races resampled in the same way.
    for row in rows.itertuples():
        mine, theirs = (f[f["horizon"].eq(row.horizon)] for f in (forecasts, against))
        expected = evaluate(mine, theirs)
        assert (row.races, row.published) == (expected["races"], 0)
        for metric in ("rps", "points_ll"):
            found = [getattr(row, f"{metric}{end}") for end in ("", "_baseline", "_low", "_high")]
            assert found == pytest.approx(
                [
                    expected["model"][metric],
                    expected["grid"][metric],
                    *expected["difference_ci"][metric],
                ]
            )
        assert row.calibration_error == pytest.approx(summary(mine)["ece_points"])


def test_a_model_that_is_surely_behind_is_poor(training_set, baseline):
    rows, _, _ = looked_at(training_set, baseline, -0.3)
    assert set(rows["status"]) == {"poor"}
    assert rows["reason"].str.contains("surely worse").all()
    assert (rows["rps_low"] > 0).all()


def test_without_a_model_in_force_it_is_poor_and_says_why(training_set, baseline):
    rows, _, _ = looked_at(training_set, baseline, 0.3, model_version=NO_MODEL)
    assert set(rows["status"]) == {"poor"}
    assert set(rows["reason"]) == {"no model is in force: the baseline forecasts"}


def test_a_drift_degrades_a_good_model(training_set, baseline):
    rows, _, _ = looked_at(training_set, baseline, 0.3, drifted=["qualifying_gap"])
    assert set(rows["status"]) == {"degraded"}
    assert set(rows["reason"]) == {"new drift of qualifying_gap"}


def test_of_no_forecast_nothing_is_said(training_set, baseline):
    none = baseline.iloc[:0]
    scores = by_race(training_set, none, none)
    assert health(
        scores, none, event_id="x", model_version="m", drift_score=None, drifted=[], limits=LIMITS
    ).empty


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({}, "good", "ahead of the baseline over 30 races"),
        ({"rps": 0.121}, "degraded", "no better"),
        ({"points_ll": 0.51, "points_ll_low": 0.001}, "poor", "surely worse"),
        ({"points_ll": 0.56, "points_ll_baseline": 0.6}, "degraded", "above the limit 0.55"),
        ({"points_ll": 0.56}, "poor", "above the limit 0.55"),
        ({"calibration_error": 0.08}, "degraded", "is above 0.070"),
        ({"calibration_error": 0.065}, "good", "ahead"),  # beyond the limit, but not chance
        ({"races": 4, "rps": 0.2, "rps_low": 0.01}, "good", "4 races are too few to tell"),
    ],
)
def test_a_verdict(change, status, words):
    found, reason = verdict(GOOD | change, "m", [], LIMITS, 0.07)
    assert (found, words in reason) == (status, True), reason


def test_a_long_list_of_what_has_drifted_is_cut_short():
    _, reason = verdict(GOOD, "m", list("abcdef"), LIMITS, 0.07)
    assert reason == "new drift of a, b, c, d and 2 more"


def test_calibration_by_chance_is_what_right_probabilities_show():
    random = np.random.default_rng(1)
    p = random.random(600)
    in_bin = (p * 10).astype(int)
    errors = []
    for _ in range(400):
        surplus = np.bincount(in_bin, weights=p - (random.random(600) < p), minlength=10)
        errors.append(np.abs(surplus).sum() / 600)
    assert 0.95 < np.mean(np.array(errors) < calibration_by_chance(p)) < 0.995
