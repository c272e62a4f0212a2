"""The metrics against numbers worked out by hand and against a scorer written from the text."""

import json
import math
from itertools import product
from statistics import fmean
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from f1_pipeline.modelling import METRICS, ScoreError, evaluate, scores_by_race, summary
from f1_pipeline_tests.modelling.conftest import random_forecasts

# Three cars: b wins from a, c is out. Forecast: a .5, b .3, c .2 to win.
RACE = pd.DataFrame(
    {
        "event_id": "2020-a",
        "driver_id": ["a", "b", "c"],
        "p_win": [0.5, 0.3, 0.2],
        "p_podium": [1.0, 1.0, 1.0],
        "p_points": [0.9, 0.8, 0.7],
        "p_dnf": [0.1, 0.2, 0.3],
        "expected_position": [1.7, 2.0, 2.3],
        "position_probabilities": [[0.5, 0.3, 0.2], [0.3, 0.4, 0.3], [0.2, 0.3, 0.5]],
        "finish_order": [2, 1, 3],
        "classified": [True, True, False],
        "retired": [False, False, True],
    }
)


def test_by_hand() -> None:
    scores = summary(RACE)
    assert scores["win_top1"] == 0
    assert scores["win_ll"] == pytest.approx(-math.log(0.3))
    assert scores["podium_p3"] == 1
    assert scores["podium_ll"] == pytest.approx(-math.log(1 - 1e-4))
    assert scores["points_p10"] == pytest.approx(2 / 3)
    expected = -(math.log(0.9) + math.log(0.8) + math.log(0.3)) / 3
    assert scores["points_ll"] == pytest.approx(expected)
    assert scores["spearman"] == pytest.approx(-1)  # a before b was expected
    assert scores["mae"] == 1
    # Thresholds 1 and 2. a: (.5-0)², (.8-1)²; b: (.3-1)², (.7-1)²; c: (.2-0)², (.5-0)².
    squares = [0.25, 0.04, 0.49, 0.09, 0.04, 0.25]
    assert scores["rps"] == pytest.approx(fmean(squares))
    assert scores["dnf_auc"] == 1
    # Bins .5, .3, .2 hold one car each: |.5-0|, |.3-1|, |.2-0|.
    assert scores["ece_win"] == pytest.approx((0.5 + 0.7 + 0.2) / 3)
    assert scores["ece_podium"] == 0
    assert scores["ece_points"] == pytest.approx((0.1 + 0.2 + 0.7) / 3)


def independent(rows: pd.DataFrame) -> dict[str, float]:
    """The definitions once more, in plain loops."""
    races: dict[str, list[dict[str, Any]]] = {}
    for row in rows.to_dict("records"):
        races.setdefault(row["event_id"], []).append(row)
    scores: dict[str, list[float]] = {name: [] for name in METRICS[:9]}
    for race in races.values():
        size = len(race)
        for row in race:
            row["win"], row["podium"] = row["finish_order"] == 1, row["finish_order"] <= 3
            row["points"] = row["finish_order"] <= 10 and row["classified"]
        for name, top, column in (("podium_p3", 3, "podium"), ("points_p10", 10, "points")):
            chosen = sorted(race, key=lambda r: (-r[f"p_{column}"], r["driver_id"]))[:top]
            scores[name].append(sum(r[column] for r in chosen) / len(chosen))
        best = min(race, key=lambda r: (-r["p_win"], r["driver_id"]))
        scores["win_top1"].append(float(best["win"]))
        clipped = {
            c: [min(max(r[c], 1e-4), 1 - 1e-4) for r in race] for c in race[0] if c[:2] == "p_"
        }
        winner = next(p for p, r in zip(clipped["p_win"], race, strict=True) if r["win"])
        scores["win_ll"].append(-math.log(winner))
        for name in ("podium", "points"):
            terms = [
                -math.log(p if r[name] else 1 - p)
                for p, r in zip(clipped[f"p_{name}"], race, strict=True)
            ]
            scores[f"{name}_ll"].append(fmean(terms))
        classified = sorted((r for r in race if r["classified"]), key=lambda r: r["finish_order"])
        expected = sorted(classified, key=lambda r: (r["expected_position"], r["driver_id"]))
        apart = [i - expected.index(r) for i, r in enumerate(classified)]
        n = len(classified)
        scores["mae"].append(fmean(abs(d) for d in apart))
        scores["spearman"].append(1 - 6 * sum(d * d for d in apart) / (n * (n * n - 1)))
        squares = [
            (sum(r["position_probabilities"][:k]) - (r["finish_order"] <= k)) ** 2
            for r in race
            for k in range(1, size)
        ]
        scores["rps"].append(fmean(squares))
    result = {name: fmean(values) for name, values in scores.items()}
    everyone = [row for race in races.values() for row in race]
    pairs = [
        1.0 if bad["p_dnf"] > good["p_dnf"] else 0.5 if bad["p_dnf"] == good["p_dnf"] else 0.0
        for bad, good in product(everyone, everyone)
        if bad["retired"] and not good["retired"]
    ]
    result["dnf_auc"] = fmean(pairs)
    for name in ("win", "podium", "points"):
        total = 0.0
        for low in range(10):
            inside = [r for r in everyone if min(int(r[f"p_{name}"] * 10), 9) == low]
            total += abs(sum(r[f"p_{name}"] - r[name] for r in inside))
        result[f"ece_{name}"] = total / len(everyone)
    return result


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_against_an_independent_scorer(seed: int) -> None:
    rows = random_forecasts(races=6, cars=13, seed=seed)
    expected = independent(rows)
    assert set(expected) == set(METRICS)
    assert summary(rows) == pytest.approx(expected)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000))
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    rows = random_forecasts(races=3, cars=8, seed=seed)
    mixed = rows.sample(frac=1, random_state=seed)
    assert summary(mixed) == pytest.approx(summary(rows), abs=1e-12, nan_ok=True)


def test_ties_do_not_hand_over_the_winner() -> None:
    """A forecast that tells nothing must not profit from rows that are sorted by finish."""
    rows = random_forecasts(races=40, cars=12, seed=7)
    for column in ("p_win", "p_podium", "p_points", "p_dnf", "expected_position"):
        rows[column] = 0.3
    by_finish = rows.sort_values(["event_id", "finish_order"])
    assert summary(by_finish) == summary(rows)
    assert summary(by_finish)["win_top1"] < 0.4
    assert summary(by_finish)["dnf_auc"] == 0.5


def test_extreme_probabilities_are_clipped() -> None:
    rows = RACE.assign(p_win=[1.0, 0.0, 0.0])
    assert summary(rows)["win_ll"] == pytest.approx(-math.log(1e-4))


def test_a_resample_counts_a_race_as_often_as_it_is_drawn() -> None:
    """The interval is of the metrics of the races drawn, pooled metrics included."""
    model, baseline = random_forecasts(3, 12, 1), random_forecasts(3, 12, 2)
    outcome = ["finish_order", "classified", "retired"]
    baseline[outcome] = model[outcome]
    races = sorted(model["event_id"].unique())
    differences: dict[str, list[float]] = {name: [] for name in METRICS}
    for drawn in product(races, repeat=3):
        scores = []
        for rows in (model, baseline):
            copies = [
                rows[rows["event_id"].eq(race)].assign(event_id=f"2020-copy-{i}")
                for i, race in enumerate(drawn)
            ]
            scores.append(summary(pd.concat(copies)))
        for name in METRICS:
            differences[name].append(scores[0][name] - scores[1][name])
    result: Any = evaluate(model, baseline, resamples=4_000)
    for name, values in differences.items():
        low, high = result["difference_ci"][name]
        # Each of the 27 draws comes up in 3.7 % of the resamples: the extremes are the interval.
        assert low == pytest.approx(min(values))
        assert high == pytest.approx(max(values))


class TestEvaluate:
    """What the command line prints."""

    def test_a_model_against_itself(self) -> None:
        rows = random_forecasts(5, 10, 3)
        result: Any = evaluate(rows, rows)
        assert result["races"] == 5
        assert result["model"] == result["grid"] == summary(rows)
        assert set(result["difference"].values()) == {0.0}
        assert all(interval == [0.0, 0.0] for interval in result["difference_ci"].values())

    def test_the_difference_is_paired_and_repeatable(self) -> None:
        model, baseline = random_forecasts(8, 10, 3), random_forecasts(8, 10, 4)
        outcome = ["finish_order", "classified", "retired"]
        baseline[outcome] = model[outcome]
        first: Any = evaluate(model, baseline)
        assert json.loads(json.dumps(first)) == first == evaluate(model, baseline)
        assert set(first) == {"races", "model", "grid", "difference", "difference_ci"}
        for name in METRICS:
            gap = first["model"][name] - first["grid"][name]
            assert first["difference"][name] == pytest.approx(gap)
            low, high = first["difference_ci"][name]
            assert low <= gap + 1e-9
            assert high >= gap - 1e-9 or name.startswith("ece")

    def test_what_is_not_defined_is_null(self) -> None:
        rows = RACE.assign(retired=False)
        result: Any = evaluate(rows, rows)
        assert result["model"]["dnf_auc"] is None
        assert result["difference_ci"]["dnf_auc"] == [None, None]

    def test_different_races_are_refused(self) -> None:
        rows = random_forecasts(3, 10, 3)
        with pytest.raises(ScoreError, match="same drivers of the same races"):
            evaluate(rows, rows[rows["event_id"].ne("2020-race-01")])
        with pytest.raises(ScoreError):
            evaluate(rows.iloc[:0], rows.iloc[:0])


def test_a_race_with_one_classified_car_has_no_correlation() -> None:
    rows = RACE.assign(classified=[False, True, False])
    assert np.isnan(scores_by_race(rows)["spearman"].item())
