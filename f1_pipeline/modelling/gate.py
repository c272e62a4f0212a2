"""The gate: whether a recipe may forecast, judged on races after each fit's window.

`judge` compares walk-forward forecasts with those of the recipe in force and of the baseline, and
with absolute limits; `sane` looks at a refit of the recipe in force. Both return the criteria, one
row each, with their numbers. Not here: who forecasts what (`backtest`), and what follows from it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from f1_pipeline.modelling.arrays import FloatArray
from f1_pipeline.modelling.backtest import BASELINE, MODEL
from f1_pipeline.modelling.metrics import resampled_counts, scores_by_race, summary
from f1_pipeline.modelling.race_model import RaceModel, variant_rows

FEWEST_JUDGED = 12  # a difference to the grid in rps and points_ll shows after as many
GATED = (("post_qualifying", "official"), ("post_practice", "none"), ("pre_weekend", "none"))
NEWEST = 5  # races that a refit is looked at on
_CALIBRATION = ("ece_win", "ece_podium", "ece_points")


@dataclass(frozen=True)
class Limits:
    """What the gate asks: `races` to be judged on, margins of the mean differences, limits."""

    races: int
    rps_margin: float
    points_margin: float
    min_training_races: int
    max_rps: float
    max_points_ll: float
    max_calibration_error: float

    @property
    def margins(self) -> dict[str, float]:
        return {"rps": self.rps_margin, "points_ll": self.points_margin}


def judge(
    forecasts: pd.DataFrame, champion: pd.DataFrame | None, trained_races: int, limits: Limits
) -> pd.DataFrame:
    """The criteria of a recipe: columns horizon to `passed` of contract `gate_decisions`.

    `forecasts` are rows of contract `backtest_predictions`, model and baseline; `champion` those of
    the recipe in force, or None where there is none to compare with. The newest `limits.races`
    count, and each must lie after the window of the fit that forecast it. `trained_races`: of the
    fit that is to forecast.
    """
    mine = newest(forecasts, limits.races)
    lines = [_at_least("training_races", trained_races, limits.min_training_races)]
    lines.append(_at_least("races", mine["event_id"].nunique(), FEWEST_JUDGED))
    for horizon, grid in GATED:
        rows = _variant(mine, horizon, grid)
        if rows.empty:
            continue
        model, baseline = (rows[rows["model"].eq(name)] for name in (MODEL, BASELINE))
        against = {"baseline": baseline}
        if champion is not None:
            theirs = _variant(champion, horizon, grid)
            against["champion"] = theirs[
                theirs["model"].eq(MODEL) & theirs["event_id"].isin(set(model["event_id"]))
            ]
        for name, reference in against.items():
            lines += _compared(horizon, name, _losses(model), _losses(reference), limits.margins)
    lines += _limits(_variant(mine, *GATED[0]), limits)
    return pd.DataFrame(lines)


def sane(
    refit: RaceModel, in_force: RaceModel, training_set: pd.DataFrame, limits: Limits
) -> pd.DataFrame:
    """The criteria of a refit of the recipe in force, on the newest races that are held.

    Both fits forecast them. The refit has seen them and the other one may not have: a refit that
    is worse all the same is broken, or what it was fitted on is.
    """
    lines: list[dict[str, object]] = []
    for horizon, grid in GATED:
        rows = variant_rows(training_set, (horizon, grid))
        order = rows.drop_duplicates("event_id").sort_values("race_starts_at", kind="stable")
        races = list(order["event_id"])[-NEWEST:]
        both = [fit for fit in (refit, in_force) if (horizon, grid) in fit.variants]
        if len(both) < 2 or not races:
            continue
        mine, theirs = (_losses(_forecasts(fit, rows, races)) for fit in both)
        lines += _compared(horizon, "champion", mine, theirs, limits.margins)
    return pd.DataFrame(lines)


def newest(forecasts: pd.DataFrame, races: int) -> pd.DataFrame:
    """The rows of the newest races, as many as that."""
    order = forecasts[["event_id", "season", "round"]].drop_duplicates()
    events = list(order.sort_values(["season", "round"])["event_id"])[-races:]
    return forecasts[forecasts["event_id"].isin(events)]


def in_words(criteria: pd.DataFrame) -> str:
    """What was missed, or that nothing was: a line for logs, tables and alerts."""
    missed = criteria[~criteria["passed"].astype(bool)]
    if missed.empty:
        return f"all {len(criteria)} criteria are met"
    return "; ".join(_missed(row) for row in missed.to_dict("records"))


def _missed(row: dict[str, object]) -> str:
    if row["against"] == "limit":
        side = "below" if row["metric"] in ("races", "training_races") else "above"
        return f"{row['metric']} {row['value']:.4g} is {side} {row['bound']:.4g}"
    return (
        f"{row['metric']} {row['horizon']} is {row['difference']:+.4f} to the {row['against']}'s "
        f"(at most {row['bound']:+.4f})"
    )


def _variant(rows: pd.DataFrame, horizon: str, grid: str) -> pd.DataFrame:
    return rows[rows["horizon"].eq(horizon) & rows["grid_source"].eq(grid)]


def _losses(rows: pd.DataFrame) -> pd.DataFrame:
    return scores_by_race(rows)[["rps", "points_ll"]]


def _forecasts(fit: RaceModel, rows: pd.DataFrame, races: list[str]) -> pd.DataFrame:
    """Forecasts of these races by a fit, with their outcomes."""
    outcome = ["event_id", "driver_id", "finish_order", "classified", "retired"]
    parts = []
    for event_id in races:
        race = rows[rows["event_id"].eq(event_id)]
        parts.append(race[outcome].merge(fit.predict(race), on="driver_id", validate="1:1"))
    return pd.concat(parts, ignore_index=True)


def _compared(
    horizon: str,
    against: str,
    mine: pd.DataFrame,
    theirs: pd.DataFrame,
    margins: dict[str, float],
) -> Iterator[dict[str, object]]:
    """Paired mean differences over the races of `mine`, with intervals over resampled races."""
    theirs = theirs.reindex(mine.index)
    counts = resampled_counts(len(mine)) / len(mine)
    for metric, margin in margins.items():
        apart: FloatArray = (mine[metric] - theirs[metric]).to_numpy()
        low, high = np.quantile(counts @ apart, [0.025, 0.975])
        yield {
            "horizon": horizon,
            "against": against,
            "metric": metric,
            "value": float(mine[metric].mean()),
            "reference": float(theirs[metric].mean()),
            "difference": float(apart.mean()),
            "low": float(low),
            "high": float(high),
            "bound": margin,
            # A race that the other one did not forecast leaves no difference, and passes nothing.
            "passed": bool(apart.mean() <= margin),
        }


def _limits(rows: pd.DataFrame, limits: Limits) -> Iterator[dict[str, object]]:
    """The absolute limits, after qualifying."""
    if rows.empty:
        return
    scores = summary(rows[rows["model"].eq(MODEL)])
    for metric, value, most in (
        ("rps", scores["rps"], limits.max_rps),
        ("points_ll", scores["points_ll"], limits.max_points_ll),
        ("ece", max(scores[name] for name in _CALIBRATION), limits.max_calibration_error),
    ):
        yield _limit(GATED[0][0], metric, value, most, value <= most)


def _at_least(metric: str, value: int, least: int) -> dict[str, object]:
    return _limit("all", metric, value, least, value >= least)


def _limit(
    horizon: str, metric: str, value: float, bound: float, passed: bool
) -> dict[str, object]:
    none = dict.fromkeys(("reference", "difference", "low", "high"))
    about = {"horizon": horizon, "against": "limit", "metric": metric}
    return {**about, "value": value, **none, "bound": bound, "passed": bool(passed)}
