"""What a place is worth at a circuit: table `track_position_cost`.

Figures tell where cars started, how fast they were and where they finished, but not who followed
whom. So the question is put to pairs: of two cars that started one behind the other and were both
classified, how much faster over the race must the rear one be to finish ahead in half of the cases?
Here belong the pairs and their regression.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import expit

from f1_pipeline.strategy.fits import fuel
from f1_pipeline.strategy.fits.components import FloatArray, same
from f1_pipeline.strategy.fits.rows import circuits_of, table
from f1_pipeline.strategy.fits.stints import dry_stints
from f1_pipeline.strategy.fits.truncated import above_zero

# Beyond that the slower car was broken or stopped once more; it says no more than at that.
_MOST_MS = 1500.0
_UNIT_MS = 300.0  # in which advantages enter: about half of what they differ by
# First guess of the circuits' standard deviation in log-odds (a chance of 50 % becomes 43 or 57 %),
# and how loosely its logarithm is held to it: pairs of a season or two tell little of it.
_CIRCUIT, _LOOSE = 0.3, 1.0
# Of the level and the slope in log-odds: so wide that it is felt only where all cases agree.
_WIDE = 5.0
_FLATTEST = 0.01  # log-odds per unit: pace decides at least a little
_STEPS, _PRECISE = 50, 1e-10


@dataclass(frozen=True)
class Passing:
    """A fitted regression: log-odds per unit of advantage; circuits in alphabetical order."""

    circuits: tuple[str, ...]
    mean: FloatArray
    covariance: FloatArray

    def probability(self, circuits: "pd.Series[str]", advantage_ms: FloatArray) -> FloatArray:
        """That the rear car finishes ahead; a circuit that is not known counts as the average."""
        at = circuits.map(dict(zip(self.circuits, self.mean[2:], strict=True))).fillna(0.0)
        odds = self.mean[0] + at.to_numpy(np.float64) + self.mean[1] * _units(advantage_ms)
        return np.asarray(expit(odds), dtype=np.float64)


def fit(
    figures: pd.DataFrame,
    races: pd.DataFrame,
    results: pd.DataFrame,
    grids: pd.DataFrame,
    events: pd.DataFrame,
) -> pd.DataFrame:
    """The advantage that a place takes, by circuit: contract `track_position_cost`.

    Rows of `stint_figures`, `race_figures`, `race_results`, `starting_grids` and `events`, as for
    `grid_pairs`: races that are over, in `events` also all circuits that are asked for. No rows
    before a dry race showed a pair.
    """
    return of_pairs(grid_pairs(figures, races, results, grids, events), circuits_of(events))


def of_pairs(pairs: pd.DataFrame, circuits: "pd.Series[str]") -> pd.DataFrame:
    """`fit` for pairs as `grid_pairs` gives them.

    `pass_ms` is where the log-odds are 0, -(level + circuit) / slope: normal by the delta method,
    and cut off at 0, since starting behind is no help. `scale_ms` is the same everywhere: where
    nothing is cut off, the chance is expit((advantage - pass_ms) / scale_ms).
    """
    if pairs.empty or circuits.empty:
        return table("track_position_cost", [])
    model = passing(pairs, circuits)
    at = 2 + np.searchsorted(model.circuits, circuits.to_numpy(str))
    level, slope = model.mean[0] + model.mean[at], max(model.mean[1], _FLATTEST)
    change = np.zeros((len(circuits), len(model.mean)))
    change[:, 0], change[:, 1] = -1 / slope, level / slope**2
    change[np.arange(len(circuits)), at] = -1 / slope
    deviation = np.sqrt(np.einsum("ij,jk,ik->i", change, model.covariance, change))
    cost, low, high = above_zero(-level / slope * _UNIT_MS, deviation * _UNIT_MS)
    held = circuits.map(pairs.groupby("circuit_id")["event_id"].nunique()).fillna(0)
    rows = {"circuit_id": circuits, "pass_ms": cost, "low_ms": low, "high_ms": high, "held": held}
    rows["scale_ms"] = _UNIT_MS / slope
    return table("track_position_cost", [pd.DataFrame(rows)])


def passing(pairs: pd.DataFrame, circuits: "pd.Series[str]") -> Passing:
    """Log-odds that the rear car finishes ahead: level + circuit + slope * advantage.

    The circuits, those of the pairs and those asked for, are normal around 0. Their variance is the
    likeliest one by Laplace's approximation of the marginal likelihood (Tierney and Kadane 1986).
    """
    known = sorted(set(pairs["circuit_id"]) | set(circuits))
    here = same(pairs["circuit_id"], pd.Series(known, dtype=object))
    advantage = _units(pairs["advantage_ms"].to_numpy(np.float64))
    X = np.column_stack([np.ones(len(pairs)), advantage, here])
    return Passing(tuple(known), *_posterior(X, pairs["passed"].to_numpy(np.float64)))


def grid_pairs(
    figures: pd.DataFrame,
    races: pd.DataFrame,
    results: pd.DataFrame,
    grids: pd.DataFrame,
    events: pd.DataFrame,
) -> pd.DataFrame:
    """Neighbours on the grid of dry races: event_id, circuit_id, year, advantage_ms, passed.

    Rows of `stint_figures`, `race_figures`, `race_results`, `starting_grids`, `events`. Cars that
    were not classified or started from the pit lane are left out, so neighbours are those that are
    left. `advantage_ms` is how much less a lap the rear car took: each car's mean of its stints'
    medians, by clean laps, with the fuel of half the distance.
    """
    stints = dry_stints(figures, races, events)
    whole = fuel.share(stints, fuel.race_estimates(stints))
    return neighbours(race_pace(stints, whole), results, grids)


def race_pace(stints: pd.DataFrame, whole: float) -> pd.DataFrame:
    """A row per car of stints as `dry_stints` gives them: ids, circuit_id, year, pace in ms."""
    key = ["event_id", "driver_id"]
    laps, weight = stints["laps"].astype("float64"), stints["clean_laps"].astype("float64")
    gained = whole * stints["lap_ms"] / laps * (stints["mean_lap"] - laps / 2)
    rows = stints.assign(weight=weight, total=weight * (stints["pace_ms"] + gained))
    cars = rows.groupby(key, sort=False).agg(
        circuit_id=("circuit_id", "first"),
        year=("year", "first"),
        weight=("weight", "sum"),
        total=("total", "sum"),
    )
    return cars.assign(pace=cars["total"] / cars["weight"]).reset_index()


def neighbours(cars: pd.DataFrame, results: pd.DataFrame, grids: pd.DataFrame) -> pd.DataFrame:
    """The pairs of `grid_pairs`, of cars with their pace."""
    key = ["event_id", "driver_id"]
    placed = results[results["classified"].astype("boolean").fillna(False).astype(bool)]
    onto = grids[~grids["pit_lane"].astype("boolean").fillna(False).astype(bool)]
    cars = cars.merge(placed[[*key, "finish_order"]], on=key).merge(
        onto[[*key, "grid_order"]], on=key
    )
    cars = cars.sort_values(["year", "event_id", "grid_order"], ignore_index=True)
    rear = cars.shift(-1)
    pair = cars["event_id"].eq(rear["event_id"])
    passed = rear["finish_order"].lt(cars["finish_order"]).fillna(False).astype(bool)
    pairs = cars[["event_id", "circuit_id", "year"]].assign(
        advantage_ms=cars["pace"] - rear["pace"], passed=passed
    )
    return pairs[pair].reset_index(drop=True)


def _units(advantage_ms: FloatArray) -> FloatArray:
    return np.asarray(np.clip(advantage_ms, -_MOST_MS, _MOST_MS) / _UNIT_MS, dtype=np.float64)


def _posterior(X: FloatArray, passed: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and covariance of level, slope and circuits, at the likeliest variance of these."""

    def loss(log: float) -> float:
        penalty = _penalty(X.shape[1], _CIRCUIT * np.exp(log))
        b, curvature = _mode(X, passed, penalty)
        odds = X @ b
        value = float((np.logaddexp(0, odds) - passed * odds).sum() + b @ (penalty * b) / 2)
        value += (np.linalg.slogdet(curvature)[1] - np.log(penalty).sum()) / 2
        return value + (log / _LOOSE) ** 2 / 2

    log = float(minimize_scalar(loss, bounds=(-4.0, 2.0), method="bounded").x)
    b, curvature = _mode(X, passed, _penalty(X.shape[1], _CIRCUIT * np.exp(log)))
    return b, np.asarray(np.linalg.inv(curvature), dtype=np.float64)


def _penalty(size: int, circuit: float) -> FloatArray:
    return np.concatenate([np.full(2, _WIDE**-2), np.full(size - 2, circuit**-2)])


def _mode(X: FloatArray, passed: FloatArray, penalty: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Newton's method for a logistic regression with a ridge: coefficients and curvature."""
    b = np.zeros(X.shape[1])
    for _ in range(_STEPS):
        p = expit(X @ b)
        curvature = (X * (p * (1 - p))[:, None]).T @ X + np.diag(penalty)
        step = np.linalg.solve(curvature, X.T @ (passed - p) - penalty * b)
        b = b + step
        if np.abs(step).max() < _PRECISE:
            break
    return b, curvature
