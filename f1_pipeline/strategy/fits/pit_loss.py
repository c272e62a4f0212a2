"""What a stop is expected to cost at each circuit: table `pit_loss`.

Here belongs the shrinkage of what editions showed. What single stops cost is measured before, in
the timing tier; which stops are usable is decided there.
"""

import numpy as np
import pandas as pd
from scipy.special import ndtri

from f1_pipeline.strategy.fits.components import (
    Effect,
    FloatArray,
    expect,
    fading,
    same,
    variances,
)
from f1_pipeline.strategy.fits.rows import circuits_of, dated, table

GREEN = "green"
CAUTIONS = (GREEN, "virtual_safety_car", "safety_car")
_LOW, _HIGH = ndtri(0.1), ndtri(0.9)
# First guesses of the variances of logarithms: what differs between circuits by 15 % (pit lanes
# take from 16 to 30 s), what drifts at one by 5 %, from edition to edition by 5 %.
_CIRCUIT, _DRIFT, _EDITION, _SAMPLING = 0.15**2, 0.05**2, 0.05**2, 1.0
_YEARS = 3.0  # a rebuilt lane, another speed limit: what is new there holds for some years
# A spread of n stops counts as n - 1, the typical one of all editions as 5: two stops that were
# alike do not make an edition exact.
_TYPICAL = 5.0


def fit(figures: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Expected loss of a stop by circuit and state of the track: contract `pit_loss`.

    `figures`: rows of `pit_loss_figures`, of the races that are over. `events`: rows of `events`
    (event_id, circuit_id, race_starts_at) with those races and all circuits that are asked for. A
    circuit without editions gets what all circuits say. Loss under a caution is that under green
    times a ratio, which is shrunk in turn: a third of the races has stops under a safety car, with
    six of them, so the ratio says more than their own median. A state that no race has shown has
    no rows.

    The logarithm of an edition's median is taken as the sum of a level of all circuits, one of the
    circuit, one that it keeps for some years, chance of the edition, and sampling error: variance
    pi/2 * spread^2 / stops, the asymptotic one of a median under the normal distribution.
    """
    rows = dated(figures, events)
    rows = rows[(rows["loss_ms"] > 0) & (rows["stops"] > 0)]
    circuits, found = circuits_of(events), []
    green = rows[rows["caution"].eq(GREEN)].reset_index(drop=True)
    if green.empty or circuits.empty:
        return table("pit_loss", [])
    level, sure, chance = _expected(green, _logs(green), circuits)
    found.append(_rows(green, GREEN, circuits, level, sure + chance))
    for caution in CAUTIONS[1:]:
        shown = rows[rows["caution"].eq(caution)].reset_index(drop=True)
        if shown.empty:
            continue
        at_green = shown["circuit_id"].map(pd.Series(level, index=circuits)).to_numpy(np.float64)
        ratio, unsure, chance = _expected(shown, _logs(shown) - at_green, circuits)
        mean, spread = level + ratio, sure + unsure + chance
        found.append(_rows(shown, caution, circuits, mean, spread))
    return table("pit_loss", found)


def _logs(rows: pd.DataFrame) -> FloatArray:
    return np.asarray(np.log(rows["loss_ms"].to_numpy(np.float64)))


def _expected(
    rows: pd.DataFrame, y: FloatArray, circuits: "pd.Series[str]"
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """By circuit: level, its variance, and the variance of an edition's median around it."""
    time, own = rows["year"].to_numpy(np.float64), np.ones(len(circuits))
    here, there = same(rows["circuit_id"], rows["circuit_id"]), same(circuits, rows["circuit_id"])
    now = np.full(len(circuits), time.max())
    error, none = _sampling(rows), np.zeros_like(there)
    effects = [
        Effect(here, there, own, _CIRCUIT),
        Effect(here * fading(time, time, _YEARS), there * fading(now, time, _YEARS), own, _DRIFT),
        Effect(np.eye(len(y)), none, 0 * own, _EDITION),
        Effect(np.diag(error), none, 0 * own, _SAMPLING),
    ]
    X, X_ahead = np.ones((len(y), 1)), np.ones((len(circuits), 1))
    found = variances(y, X, effects)
    mean, spread = expect(y, X, X_ahead, effects, found)
    chance = found[2] + found[3] * np.median(error)
    return mean, spread, np.full(len(mean), chance)


def _spreads(rows: pd.DataFrame) -> FloatArray:
    """Each edition's spread, drawn to the typical one: (rows,) in ms."""
    shown = rows["spread_ms"].where(rows["stops"] > 1).astype("float64")
    typical = shown.median() if shown.notna().any() else rows["loss_ms"].median() / 10
    weight = (rows["stops"].astype("float64") - 1).where(shown.notna(), 0.0)
    drawn = weight * shown.fillna(0.0) ** 2 + _TYPICAL * typical**2
    return np.sqrt((drawn / (weight + _TYPICAL)).to_numpy(np.float64))


def _sampling(rows: pd.DataFrame) -> FloatArray:
    """Variance of the logarithm of each edition's median: (rows,)."""
    relative = _spreads(rows) / rows["loss_ms"].to_numpy(np.float64)
    return np.asarray(np.pi / 2 * relative**2 / rows["stops"].to_numpy(np.float64))


def _rows(
    rows: pd.DataFrame,
    caution: str,
    circuits: "pd.Series[str]",
    mean: FloatArray,
    variance: FloatArray,
) -> pd.DataFrame:
    held, deviation = rows.groupby("circuit_id"), np.sqrt(variance)
    return pd.DataFrame(
        {
            "circuit_id": circuits,
            "caution": caution,
            "loss_ms": np.exp(mean),
            "low_ms": np.exp(mean + _LOW * deviation),
            "high_ms": np.exp(mean + _HIGH * deviation),
            "stop_spread_ms": _stop_spread(rows, circuits),
            "events": circuits.map(held.size()).fillna(0),
            "stops": circuits.map(held["stops"].sum()).fillna(0),
        }
    )


def _stop_spread(rows: pd.DataFrame, circuits: "pd.Series[str]") -> FloatArray:
    """Median spread of the circuit's editions, with that of all editions counted once more."""
    spread = pd.Series(_spreads(rows), index=rows.index)
    typical, held = float(spread.median()), spread.groupby(rows["circuit_id"])
    logs, editions = np.log(held.median()), held.size()
    drawn = np.exp((logs * editions + np.log(typical)) / (editions + 1))
    return circuits.map(drawn).fillna(typical).to_numpy(np.float64)
