"""The backtest as an analyst uses it, scored again by a second scorer."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from f1_pipeline.modelling.metrics import METRICS
from f1_pipeline_tests.cli.conftest import Home

pytestmark = pytest.mark.journey
CLIP = 1e-4


@pytest.fixture(scope="module")
def backtested(
    small: Home, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], pd.DataFrame]:
    out = tmp_path_factory.mktemp("out") / "rows.parquet"
    done = small.call("backtest", "--quick", "--seasons", "2025", "--out", str(out), "--json")
    assert done.code == 0, done.err
    return json.loads(done.out), pd.read_parquet(out)


@pytest.fixture
def outcomes(small_archive: str) -> pd.DataFrame:
    """Finishing order and classification over the field of the published grid, from raw facts."""
    archive = Path(small_archive)
    grid = pd.read_parquet(archive / "starting_grids.parquet")[["event_id", "driver_id"]]
    results = pd.read_parquet(archive / "race_results.parquet")
    joined = grid.merge(results, on=["event_id", "driver_id"], how="left")
    ordered = joined.sort_values(["event_id", "display_order"])
    return pd.DataFrame(
        {
            "event_id": ordered["event_id"],
            "driver_id": ordered["driver_id"],
            "finish": ordered.groupby("event_id").cumcount() + 1,
            "placed": ordered["position"].notna(),
        }
    )


def _score(race: pd.DataFrame) -> dict[str, float]:
    """One race by the published definitions, written without a look at the project's scorer."""
    race = race.sort_values("driver_id")
    size = len(race)
    clipped = race[["p_win", "p_podium", "p_points"]].clip(CLIP, 1 - CLIP)
    won = race["finish"] == 1
    podium, points = race["finish"] <= 3, (race["finish"] <= 10) & race["placed"]

    def binary(p: "pd.Series[float]", y: "pd.Series[bool]") -> float:
        return float(np.mean([-math.log(a if b else 1 - a) for a, b in zip(p, y, strict=True)]))

    def hits(p: "pd.Series[float]", y: "pd.Series[bool]", count: int) -> float:
        return float(y[p.sort_values(ascending=False, kind="stable").index[:count]].mean())

    cumulative = np.cumsum(np.vstack(race["position_probabilities"].to_list()), axis=1)[:, :-1]
    happened = race["finish"].to_numpy()[:, None] <= np.arange(1, size)[None, :]
    placed = race[race["placed"]]
    predicted = placed["expected_position"].rank(method="first")
    real = placed["finish"].rank(method="first")
    return {
        "win_top1": hits(race["p_win"], won, 1),
        "win_ll": -math.log(float(clipped["p_win"][won].iloc[0])),
        "podium_p3": hits(race["p_podium"], podium, 3),
        "podium_ll": binary(clipped["p_podium"], podium),
        "points_p10": hits(race["p_points"], points, 10),
        "points_ll": binary(clipped["p_points"], points),
        "spearman": float(np.corrcoef(predicted, real)[0, 1]),
        "mae": float((predicted - real).abs().mean()),
        "rps": float(((cumulative - happened) ** 2).mean()),
    }


def test_it_prints_every_metric_beside_the_grid(
    backtested: tuple[dict[str, Any], pd.DataFrame],
) -> None:
    scores, _ = backtested
    assert scores["races"] == 6
    for part in ("model", "grid", "difference", "difference_ci"):
        assert list(scores[part]) == list(METRICS)
    for metric, (low, high) in scores["difference_ci"].items():
        assert low <= scores["difference"][metric] <= high


def test_a_second_scorer_gets_the_same_numbers(
    backtested: tuple[dict[str, Any], pd.DataFrame], outcomes: pd.DataFrame
) -> None:
    scores, rows = backtested
    joined = rows.drop(columns=["finish_order", "classified", "retired"]).merge(
        outcomes, on=["event_id", "driver_id"]
    )
    assert len(joined) == len(rows)
    races = pd.DataFrame([_score(race) for _, race in joined.groupby("event_id")])
    for metric, value in races.mean().items():
        assert scores["model"][str(metric)] == pytest.approx(value, abs=1e-9), metric


@pytest.mark.parametrize("happened", ["win", "podium", "points"])
def test_the_calibration_error_is_that_of_fixed_bins(
    backtested: tuple[dict[str, Any], pd.DataFrame],
    outcomes: pd.DataFrame,
    happened: str,
) -> None:
    scores, rows = backtested
    joined = rows.merge(outcomes, on=["event_id", "driver_id"])
    y = {
        "win": joined["finish"] == 1,
        "podium": joined["finish"] <= 3,
        "points": (joined["finish"] <= 10) & joined["placed"],
    }[happened].astype(float)
    p = joined[f"p_{happened}"]
    error = 0.0
    for edge in range(10):
        inside = (p >= edge / 10) & ((p < (edge + 1) / 10) | (edge == 9))
        if inside.any():
            error += inside.mean() * abs(p[inside].mean() - y[inside].mean())
    assert scores["model"][f"ece_{happened}"] == pytest.approx(error, abs=1e-9)


@pytest.mark.parametrize("horizon", ["pre_weekend", "post_practice"])
def test_without_a_grid_the_standings_are_the_yardstick(small: Home, horizon: str) -> None:
    done = small.call("backtest", "--quick", "--seasons", "2025", "--horizon", horizon)
    assert done.code == 0, done.err
    assert "standings" in done.out


def test_an_output_that_cannot_be_written(small: Home, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = small.call(
        "backtest", "--quick", "--seasons", "2025", "--out", str(tmp_path / "file" / "x")
    )
    assert done.code == 1
    assert "cannot be written" in done.error_lines[0]
