"""When a car that stops once does so: its share of the distance, by circuit and place on the grid.

Two steps. Within races: what the place on the grid changes, and having to start on the tyres of
qualifying, as the first ten had to until 2021 (a rule, so known before the race). Between races:
an effect of the circuit, drawn to all circuits as its estimated variance says.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from f1_pipeline.strategy.fits.components import Effect, FloatArray, expect, same, variances

# First guesses of standard deviations of the share: of circuits, races, cars.
_CIRCUIT, _RACE, _CAR = 0.05, 0.08, 0.12
_LEAST = 0.02  # of the spread: cars that all stopped on one lap are few, not certain
_SHARE = 0.42  # before any race was seen: half the distance, less what a fresh hard set outlasts
_LAST_BOUND = 2021


@dataclass(frozen=True)
class FirstStop:
    """`level`: share of the distance at place ten; `slopes`: of `_terms`; `spread`: of cars."""

    level: float
    slopes: FloatArray
    spread: float

    def share(self, grid: FloatArray, season: int) -> FloatArray:
        """Expected share of the distance at the first of one stop: (cars,) of their grid places."""
        shift = _terms(np.asarray(grid, dtype=np.float64), np.full(len(grid), season)) @ self.slopes
        return np.asarray(np.clip(self.level + shift, 0.05, 0.95), dtype=np.float64)


def first_stop(choices: pd.DataFrame, circuit: str) -> FirstStop:
    """What the one-stoppers of past races let one expect at a circuit."""
    rows = choices[choices["stops"].eq(1) & choices["first_stop"].notna()]
    if rows["event_id"].nunique() < 2:
        return FirstStop(_SHARE, np.zeros(2), _CAR)
    share = rows["first_stop"].to_numpy(np.float64) / rows["laps"].to_numpy(np.float64)
    season = rows["event_id"].str[:4].astype(int).to_numpy()
    terms = _terms(rows["grid"].to_numpy(np.float64), season)
    event = rows["event_id"].to_numpy()
    both = pd.DataFrame(np.column_stack([terms, share]))
    within = (both - both.groupby(event).transform("mean")).to_numpy()
    slopes = np.linalg.lstsq(within[:, :2], within[:, 2])[0]
    rest = within[:, 2] - within[:, :2] @ slopes
    level = _level(rows.assign(rest=share - terms @ slopes), circuit)
    return FirstStop(level, slopes, max(float(rest.std()), _LEAST))


def _terms(grid: FloatArray, season: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> FloatArray:
    """(cars, 2): places behind the tenth in tens, and whether the tyres of qualifying bind."""
    bound = (grid <= 10) & (season <= _LAST_BOUND)
    return np.column_stack([(grid - 10) / 10, bound.astype(np.float64)])


def _level(rows: pd.DataFrame, circuit: str) -> float:
    races = rows.groupby("event_id", sort=False).agg(
        circuit_id=("circuit_id", "first"), cars=("rest", "size"), mean=("rest", "mean")
    )
    place = pd.Series([circuit], dtype=object)
    there = same(place, races["circuit_id"])
    one, none = np.ones(1), np.zeros_like(there)
    effects = [
        Effect(same(races["circuit_id"], races["circuit_id"]), there, one, _CIRCUIT**2),
        Effect(np.eye(len(races)), none, 0 * one, _RACE**2),
        Effect(np.diag(_CAR**2 / races["cars"].to_numpy(np.float64)), none, 0 * one, 1.0),
    ]
    y, X = races["mean"].to_numpy(np.float64), np.ones((len(races), 1))
    return float(expect(y, X, np.ones((1, 1)), effects, variances(y, X, effects))[0][0])
