"""What the newest forecasts were worth beside the baseline's, and whether the model still holds.

Here belong the window's numbers, the verdict and its reason in words. Which forecasts count is in
`forecasts`, what has drifted in `drift`.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from f1_pipeline.contracts import CONTRACTS
from f1_pipeline.contracts.predictions import HORIZONS
from f1_pipeline.modelling import scores_by_race, summary
from f1_pipeline.modelling.arrays import FloatArray
from f1_pipeline.modelling.metrics import BINS, resampled_counts
from f1_pipeline.modelling.ordering import in_time

GOOD, DEGRADED, POOR = "good", "degraded", "poor"
NO_MODEL = "grid_baseline"
# With fewer races even a bad model is ahead half the time.
_FEWEST = 5
_METRICS = ("rps", "points_ll")
_WORDS = {"rps": "rps", "points_ll": "points log-loss"}


@dataclass(frozen=True)
class Limits:
    """What a model has to keep to: the same numbers as at the gate."""

    rps: float
    points_ll: float
    calibration_error: float


def by_race(
    training_set: pd.DataFrame, forecasts: pd.DataFrame, baseline: pd.DataFrame
) -> pd.DataFrame:
    """Scores of each race and horizon, oldest race first: rps, points_ll, and the baseline's.

    Columns: event_id, horizon, published, the two metrics, and the same with `_baseline`.
    """
    order = in_time(training_set)["event_id"].drop_duplicates().tolist()
    parts = []
    for horizon, rows in forecasts.groupby("horizon"):
        scores = scores_by_race(rows)[list(_METRICS)]
        theirs = scores_by_race(baseline[baseline["horizon"].eq(horizon)])[list(_METRICS)]
        both = scores.join(theirs, rsuffix="_baseline", how="inner")
        published = rows.groupby("event_id")["published"].first()
        parts.append(both.assign(horizon=horizon, published=published).reset_index())
    if not parts:
        return pd.DataFrame(columns=["event_id", "horizon", "published", *_METRICS])
    rows = pd.concat(parts)
    return rows.sort_values(
        "event_id", key=lambda events: events.map(order.index), kind="stable", ignore_index=True
    )


def health(
    scores: pd.DataFrame,
    forecasts: pd.DataFrame,
    *,
    event_id: str,
    model_version: str,
    drift_score: float | None,
    drifted: list[str],
    limits: Limits,
) -> pd.DataFrame:
    """Contract `model_health` for the window that ends with `event_id`; no row without a forecast.

    `scores` (as `by_race` gives them) and `forecasts` are those of the window's races. `drifted`
    names what has newly drifted without a calendar effect.
    """
    lines = []
    for horizon in HORIZONS:
        rows = scores[scores["horizon"].eq(horizon)]
        if rows.empty:
            continue
        mine = forecasts["horizon"].eq(horizon) & forecasts["event_id"].isin(set(rows["event_id"]))
        line = _measured(rows)
        line["calibration_error"] = summary(forecasts[mine])["ece_points"]
        least = calibration_by_chance(forecasts.loc[mine, "p_points"].to_numpy(dtype=np.float64))
        status, reason = verdict(line, model_version, drifted, limits, least)
        about = {"event_id": event_id, "horizon": horizon, "model_version": model_version}
        told = {"drift_score": drift_score, "status": status, "reason": reason}
        lines.append({**about, **line, **told})
    return pd.DataFrame(lines, columns=[c.name for c in CONTRACTS["model_health"].columns])


def _measured(rows: pd.DataFrame) -> dict[str, float]:
    """Means over the races, and 95 % of the mean difference over resampled races."""
    line: dict[str, float] = {"races": len(rows), "published": int(rows["published"].sum())}
    rows = rows.sort_values("event_id")  # as in `evaluate`: the same resamples
    counts = resampled_counts(len(rows)) / len(rows)
    for metric in _METRICS:
        apart = (rows[metric] - rows[f"{metric}_baseline"]).to_numpy(dtype=np.float64)
        low, high = np.quantile(counts @ apart, [0.025, 0.975])
        line |= {
            metric: float(rows[metric].mean()),
            f"{metric}_baseline": float(rows[f"{metric}_baseline"].mean()),
            f"{metric}_low": float(low),
            f"{metric}_high": float(high),
        }
    return line


def calibration_by_chance(p: FloatArray) -> float:
    """What the calibration error of right probabilities stays below in 97 of 100 such samples.

    Its mean and two standard deviations: the surplus of each bin is about normal with variance
    sum p(1 - p), its size half-normal. Some 0.07 for 30 races, 0.11 for 10.
    """
    in_bin = np.minimum((p * BINS).astype(int), BINS - 1)
    variance = np.bincount(in_bin, weights=p * (1 - p), minlength=BINS)
    mean = np.sqrt(2 / np.pi) * np.sqrt(variance).sum()
    return float((mean + 2 * np.sqrt((1 - 2 / np.pi) * variance.sum())) / len(p))


def verdict(
    line: dict[str, float],
    model_version: str,
    drifted: list[str],
    limits: Limits,
    by_chance: float,
) -> tuple[str, str]:
    """Status and the reason in words, for the numbers of a row of `model_health`.

    poor: no model is in force, or it is surely worse than the baseline, or no better and beyond a
    limit of the gate; degraded: no better or beyond a limit, or badly calibrated (beyond the limit,
    and beyond what chance does, `by_chance`), or something has newly drifted.
    """
    if model_version == NO_MODEL:
        return POOR, "no model is in force: the baseline forecasts"
    races = int(line["races"])
    judged = races >= _FEWEST
    poor, degraded = _behind(line, limits) if judged else ([], [])
    at_most = max(limits.calibration_error, by_chance)
    if judged and line["calibration_error"] > at_most:
        degraded.append(
            f"calibration error of the points {line['calibration_error']:.3f} over {races} races "
            f"is above {at_most:.3f}"
        )
    if drifted:
        degraded.append(f"new drift of {_listed(drifted)}")
    if poor or degraded:
        return POOR if poor else DEGRADED, "; ".join(poor + degraded)
    if not judged:
        return GOOD, f"{races} races are too few to tell, and nothing has newly drifted"
    ahead = ", ".join(
        f"{words} {line[metric]:.3f} against {line[f'{metric}_baseline']:.3f}"
        for metric, words in _WORDS.items()
    )
    return GOOD, f"ahead of the baseline over {races} races: {ahead}"


def _behind(line: dict[str, float], limits: Limits) -> tuple[list[str], list[str]]:
    """What makes the scores poor, and what makes them degraded."""
    poor: list[str] = []
    degraded: list[str] = []
    for metric, words in _WORDS.items():
        value, reference, limit = line[metric], line[f"{metric}_baseline"], getattr(limits, metric)
        beside = f"{words} {value:.3f} over {line['races']} races, the baseline's {reference:.3f}"
        if line[f"{metric}_low"] > 0:
            poor.append(f"{beside}: surely worse")
        elif value > limit:
            (poor if value > reference else degraded).append(f"{beside}: above the limit {limit:g}")
        elif value > reference:
            degraded.append(f"{beside}: no better")
    return poor, degraded


def _listed(names: list[str], most: int = 4) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
