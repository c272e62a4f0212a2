"""How good a forecast is: scores per race, over a period, and the difference between two models.

Here belong the definitions of the thirteen metrics and their bootstrap. Not here: where forecasts
come from. Rows are those of contract `backtest_predictions` (or any frame with its probability and
outcome columns) of one model, horizon and grid; a race is one `event_id`. Lower is better except
for win_top1, podium_p3, points_p10, spearman and dnf_auc.

Ties are broken by driver id: result files are sorted by finish, so a stable sort on tied scores
would hand the winner to whoever asks.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from f1_pipeline.errors import PipelineError
from f1_pipeline.modelling.arrays import FloatArray, ranks

PER_RACE = (
    "win_top1",
    "win_ll",
    "podium_p3",
    "podium_ll",
    "points_p10",
    "points_ll",
    "spearman",
    "mae",
    "rps",
)
POOLED = ("dnf_auc", "ece_win", "ece_podium", "ece_points")
METRICS = (*PER_RACE, *POOLED)

CLIP = 1e-4
BINS = 10  # of width 0.1, for the calibration error
RESAMPLES = 10_000
SEED = 20_190_317


class ScoreError(PipelineError):
    """The rows that were to be scored do not fit together."""


def scores_by_race(rows: pd.DataFrame) -> pd.DataFrame:
    """The per-race metrics, one row per event_id in its order of sorting.

    `spearman` and `mae` are over classified drivers (null with fewer than two), `rps` is the mean
    over drivers and over thresholds 1 to n-1 of the squared difference of the cumulative position
    distributions.
    """
    races = {str(event): _score(race) for event, race in rows.groupby("event_id", sort=True)}
    return pd.DataFrame.from_dict(races, orient="index", columns=list(PER_RACE)).rename_axis(
        "event_id"
    )


def summary(rows: pd.DataFrame) -> dict[str, float]:
    """All metrics over the races of the rows; NaN where one is not defined."""
    period = _Period.of(rows)
    return dict(zip(METRICS, period.metrics(np.ones((1, period.races)))[0].tolist(), strict=True))


def evaluate(
    model_rows: pd.DataFrame,
    baseline_rows: pd.DataFrame,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> dict[str, Any]:
    """Model and baseline over the same races, with the paired difference and its 95 % interval.

    Returns `{"races", "model", "grid", "difference", "difference_ci"}`, ready for JSON: each of
    the middle three maps a metric to its value, the last to [low, high] of the difference (model
    less baseline) under resampling of races; null where a metric is not defined.

    Raises `ScoreError` when the two do not cover the same drivers of the same races.
    """
    keys = [
        sorted(zip(r["event_id"], r["driver_id"], strict=True)) for r in (model_rows, baseline_rows)
    ]
    if keys[0] != keys[1] or not keys[0]:
        raise ScoreError("Model and baseline must forecast the same drivers of the same races.")
    model, baseline = _Period.of(model_rows), _Period.of(baseline_rows)
    counts = resampled_counts(model.races, resamples, seed)
    once = np.ones((1, model.races))
    values = [period.metrics(once)[0] for period in (model, baseline)]
    with np.errstate(invalid="ignore"):
        drawn = model.metrics(counts) - baseline.metrics(counts)
    low, high = np.full(len(METRICS), np.nan), np.full(len(METRICS), np.nan)
    for column in range(len(METRICS)):
        defined = drawn[~np.isnan(drawn[:, column]), column]
        if len(defined):
            low[column], high[column] = np.quantile(defined, [0.025, 0.975])
    return {
        "races": model.races,
        "model": _by_name(values[0]),
        "grid": _by_name(values[1]),
        "difference": _by_name(values[0] - values[1]),
        "difference_ci": {
            name: [_or_null(low[i]), _or_null(high[i])] for i, name in enumerate(METRICS)
        },
    }


def log_loss(probabilities: FloatArray, happened: FloatArray) -> float:
    """Mean binary log-loss in nats, probabilities clipped to [1e-4, 1 - 1e-4]."""
    p = np.clip(probabilities, CLIP, 1 - CLIP)
    return float(-np.mean(happened * np.log(p) + (1 - happened) * np.log(1 - p)))


def _score(race: pd.DataFrame) -> list[float]:
    race = race.sort_values("driver_id")
    finish = race["finish_order"].to_numpy(dtype=np.float64)
    classified = race["classified"].to_numpy(dtype=bool)
    p_win, p_podium, p_points = (
        race[c].to_numpy(dtype=np.float64) for c in ("p_win", "p_podium", "p_points")
    )
    won, podium = finish == 1, finish <= 3
    points = (finish <= 10) & classified
    expected = race["expected_position"].to_numpy(dtype=np.float64)
    predicted = ranks(ranks(expected)[classified])  # rows are in driver order: ties go by driver
    real = ranks(finish[classified])
    several = len(real) > 1
    distribution = np.array(race["position_probabilities"].tolist(), dtype=np.float64)
    return [
        float(won[np.argmax(p_win)]),
        float(-np.log(np.clip(p_win[won], CLIP, 1 - CLIP)).mean()),
        _hit_rate(p_podium, podium, 3),
        log_loss(p_podium, podium.astype(np.float64)),
        _hit_rate(p_points, points, 10),
        log_loss(p_points, points.astype(np.float64)),
        float(np.corrcoef(predicted, real)[0, 1]) if several else np.nan,
        float(np.abs(predicted - real).mean()) if several else np.nan,
        _ranked_probability_score(distribution, finish),
    ]


def _hit_rate(probabilities: FloatArray, happened: "np.ndarray", places: int) -> float:
    return float(happened[ranks(-probabilities) <= places].mean())


def _ranked_probability_score(distribution: FloatArray, finish: FloatArray) -> float:
    thresholds = np.arange(1, distribution.shape[1])
    if not len(thresholds):
        return 0.0
    forecast = distribution.cumsum(axis=1)[:, :-1]
    return float(((forecast - (finish[:, None] <= thresholds)) ** 2).mean())


@dataclass(frozen=True)
class _Period:
    """A period's races in a form whose metrics under any weights per race are sums.

    `per_race`: races by metric. `calibration`: per event (win, podium, points), races by bin, the
    sum of probability less outcome, and the number of rows. `pairs`: races by races, how often a
    retirement of the first outranks a car of the second that went on; `failed`, `lasted`: counts.
    """

    per_race: FloatArray
    calibration: list[FloatArray]
    rows_by_race: FloatArray
    pairs: FloatArray
    failed: FloatArray
    lasted: FloatArray

    @property
    def races(self) -> int:
        return len(self.per_race)

    @classmethod
    def of(cls, rows: pd.DataFrame) -> "_Period":
        rows = rows.sort_values(["event_id", "driver_id"])
        race = pd.factorize(rows["event_id"], sort=True)[0]
        races = int(race.max()) + 1
        finish = rows["finish_order"].to_numpy(dtype=np.float64)
        classified = rows["classified"].to_numpy(dtype=bool)
        happened = {
            "p_win": finish == 1,
            "p_podium": finish <= 3,
            "p_points": (finish <= 10) & classified,
        }
        calibration = []
        for name, outcome in happened.items():
            p = rows[name].to_numpy(dtype=np.float64)
            in_bin = np.minimum((p * BINS).astype(int), BINS - 1)
            surplus = np.zeros((races, BINS))
            np.add.at(surplus, (race, in_bin), p - outcome)
            calibration.append(surplus)
        retired = rows["retired"].to_numpy(dtype=bool)
        p_dnf = rows["p_dnf"].to_numpy(dtype=np.float64)
        failures, survivals = p_dnf[retired][:, None], p_dnf[~retired][None, :]
        outranked = (failures > survivals) + 0.5 * (failures == survivals)
        pairs = np.zeros((races, races))
        np.add.at(pairs, (race[retired][:, None], race[~retired][None, :]), outranked)
        return cls(
            per_race=scores_by_race(rows).to_numpy(dtype=np.float64),
            calibration=calibration,
            rows_by_race=np.bincount(race, minlength=races).astype(np.float64),
            pairs=pairs,
            failed=np.bincount(race[retired], minlength=races).astype(np.float64),
            lasted=np.bincount(race[~retired], minlength=races).astype(np.float64),
        )

    def metrics(self, counts: FloatArray) -> FloatArray:
        """All metrics (columns) for each row of `counts`, how often each race was drawn."""
        defined = ~np.isnan(self.per_race)
        with np.errstate(invalid="ignore", divide="ignore"):
            means = (counts @ np.nan_to_num(self.per_race)) / (counts @ defined)
            concordant = ((counts @ self.pairs) * counts).sum(axis=1)
            auc = concordant / ((counts @ self.failed) * (counts @ self.lasted))
        rows = counts @ self.rows_by_race
        eces = [np.abs(counts @ surplus).sum(axis=1) / rows for surplus in self.calibration]
        return np.column_stack([means, auc, *eces])


def resampled_counts(races: int, resamples: int = RESAMPLES, seed: int = SEED) -> FloatArray:
    """Resamples by races: how often each race was drawn."""
    drawn = np.random.default_rng(seed).multinomial(races, np.full(races, 1 / races), resamples)
    return drawn.astype(np.float64)


def _by_name(values: FloatArray) -> dict[str, float | None]:
    return {name: _or_null(values[i]) for i, name in enumerate(METRICS)}


def _or_null(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
