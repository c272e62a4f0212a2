"""What teams are expected to choose in one race: chances of plans, and plans for the rivals.

Past choices, each weighing by how like the race it is from (`levels`) and how near its place on the
grid was. Rules of the event cut off what they forbid.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from f1_pipeline.errors import PipelineError
from f1_pipeline.strategy.chosen.first_stop import FirstStop, first_stop
from f1_pipeline.strategy.chosen.levels import expected_level, likeness, race_levels
from f1_pipeline.strategy.fits.components import FloatArray
from f1_pipeline.strategy.plans import COMPOUNDS, Plan
from f1_pipeline.strategy.rules import Rules
from f1_pipeline.strategy.simulation.setting import MOST_STOPS, BoolArray, RivalPlans

MOST = 5  # stops that are told apart; more count as so many
# A quarter of the field: whoever starts so near plans against the same cars.
_PLACES = 5.0
# Compounds are made anew every winter: what a sequence of last year says fades within a year.
_YEAR = 1.0
_LETTERS = "".join(COMPOUNDS)
_UNSEEN = 0.02  # chance that is spread over what was never seen


@dataclass(frozen=True)
class Chosen:
    """Expected choices of one race. `past`: choices with `weight`, summing to 1 over all rows."""

    past: pd.DataFrame
    first: FirstStop
    season: int
    year: float
    laps: int
    rules: Rules
    level: float
    level_deviation: float

    def stops(self, grid: FloatArray) -> FloatArray:
        """P(number of stops 0 to 5) by place on the grid: (cars, 6)."""
        weight = self._near(grid)
        seen = self.past["stops"].clip(upper=MOST).to_numpy()
        chance = np.stack([weight[:, seen == k].sum(axis=1) for k in range(MOST + 1)], axis=1)
        chance = (1 - _UNSEEN) * chance / chance.sum(axis=1, keepdims=True) + _UNSEEN / (MOST + 1)
        # Fewer than the rules ask for are made all the same, where a race is stopped.
        chance[:, : min(least_stops(self.rules, self.laps), MOST)] *= _UNSEEN
        return np.asarray(chance / chance.sum(axis=1, keepdims=True), dtype=np.float64)

    def first_of_one(self, grid: FloatArray) -> FloatArray:
        """Expected lap of the stop of cars that stop once: (cars,), not rounded."""
        return self.first.share(grid, self.season) * self.laps

    def plausibility(self, plan: Plan, grid: float) -> float:
        """Log of how likely such a plan is chosen from a place: stops, compounds, first stop."""
        number, at = len(plan.stops), np.array([grid])
        chance = float(self.stops(at)[0, min(number, MOST)])
        weight, _ = self._sequences(number, at)
        same = np.array([c == plan.compounds for c in self.past["compounds"]])
        kinds = 3.0 ** (number + 1)
        total = float(weight.sum())
        seen = float(weight[same].sum()) / total if total > 0 else 1 / kinds
        sequence = (1 - _UNSEEN) * seen + _UNSEEN / kinds
        middle, spread = self._first(number, at, weight)
        away = (plan.stops[0] / self.laps - middle) / spread if plan.stops else 0.0
        return float(np.log(max(chance, 1e-12)) + np.log(sequence) - away**2 / 2)

    def usual(self, grid: float) -> list[Plan]:
        """Of each number of stops the two orders of compounds most often run, on the usual laps."""
        found = []
        most = min(MOST_STOPS, self.laps - 1)  # a short race has no room for more
        for number in range(max(least_stops(self.rules, self.laps), 1), most + 1):
            weight, told = self._sequences(number, np.array([grid]))
            share, _ = self._first(number, np.array([grid]), weight)
            first = min(max(round(share * self.laps), 1), self.laps - number)
            rest = (self.laps - first) / number
            stops = tuple(first + round(rest * k) for k in range(number))
            by_order = (
                pd.Series(weight[told]).groupby(self.past["compounds"][told].to_numpy()).sum()
            )
            orders = by_order.sort_values(ascending=False, kind="stable").index
            allowed = [o for o in orders if len(o) == number + 1 and len(set(o)) > 1]
            found += [Plan(order, stops) for order in allowed[:2]]
        return found

    def rivals(self, grid: FloatArray, draws: int, rng: np.random.Generator) -> RivalPlans:
        """Plans of the cars at these places, drawn race by race: who is in one race is alike."""
        pool = self.past[self._allowed()].reset_index(drop=True)
        cars = len(grid)
        stops = np.full((draws, cars, MOST_STOPS), self.laps + 1, dtype=np.int16)
        compounds = np.zeros((draws, cars, MOST_STOPS + 1), dtype=np.int8)
        if pool.empty:
            pool = self._even()
        number, names = pd.factorize(pool["event_id"])
        weight = np.bincount(number, weights=pool["weight"].to_numpy(np.float64))
        chosen = rng.choice(len(names), size=draws, p=weight / weight.sum())
        laps, kinds = _tables(pool, self.laps)
        where = pool["grid"].to_numpy(np.float64)
        point = rng.random((draws, cars))
        for race in np.unique(chosen):
            rows, mine = np.flatnonzero(number == race), chosen == race
            near = np.exp(-(((grid[:, None] - where[rows]) / _PLACES) ** 2) / 2) + 1e-9
            upto = np.cumsum(near / near.sum(axis=1, keepdims=True), axis=1)
            pick = (point[mine][:, :, None] > upto[None]).sum(axis=2).clip(max=len(rows) - 1)
            stops[mine], compounds[mine] = laps[rows][pick], kinds[rows][pick]
        return RivalPlans(stops=stops, compounds=compounds)

    def _near(self, grid: FloatArray) -> FloatArray:
        """Weights of past rows by place on the grid: (cars, rows), each summing to 1."""
        away = (np.asarray(grid)[:, None] - self.past["grid"].to_numpy(np.float64)) / _PLACES
        weight = np.exp(-(away**2) / 2) * self.past["weight"].to_numpy(np.float64)
        return np.asarray(weight / weight.sum(axis=1, keepdims=True), dtype=np.float64)

    def _sequences(self, number: int, grid: FloatArray) -> tuple[FloatArray, BoolArray]:
        """Weights of past rows that tell the compounds of so many stops, and which those are."""
        weight = self._near(grid)[0] * np.exp((self.past["year"].to_numpy() - self.year) / _YEAR)
        told = self.past["compounds"].notna().to_numpy() & self.past["stops"].eq(number).to_numpy()
        return np.where(told, weight, 0.0), told

    def _first(self, number: int, grid: FloatArray, weight: FloatArray) -> tuple[float, float]:
        """Share of the distance of the first of so many stops, and its standard deviation."""
        if number == 1 or weight.sum() == 0:
            share = float(self.first.share(grid, self.season)[0])
            return share * 2 / (number + 1), self.first.spread
        share = (self.past["first_stop"] / self.past["laps"]).fillna(0.0).to_numpy(np.float64)
        weight = weight / weight.sum()
        middle = float(weight @ share)
        return middle, max(float(np.sqrt(weight @ (share - middle) ** 2)), 0.02)

    def _allowed(self) -> "pd.Series[bool]":
        """Past plans that the simulation can run and that the rules of the event allow."""
        least = least_stops(self.rules, self.laps)
        return self.past.apply(lambda row: _runs(row, self.laps, self.rules, least), axis=1)

    def _even(self) -> pd.DataFrame:
        """Where no past plan is allowed: as few stops as the rules ask for, evenly spaced; where
        they ask for more than can be simulated, as many as can."""
        least = min(max(least_stops(self.rules, self.laps), 1), MOST_STOPS)
        stops = tuple(round(self.laps * k / (least + 1)) for k in range(1, least + 1))
        kinds = tuple("MH"[k % 2] for k in range(least + 1))
        row = {"event_id": "none", "grid": 10.0, "weight": 1.0, "laps": self.laps}
        return pd.DataFrame([row | {"stop_laps": stops, "compounds": kinds}])


def least_stops(rules: Rules, laps: int) -> int:
    """Stops that the rules ask for, over a distance."""
    sets = 1 if rules.stint_laps is None else -(-laps // rules.stint_laps)
    return max(rules.stops, sets - 1)


def expect_choices(
    choices: pd.DataFrame,
    circuit: str,
    season: int,
    year: float,
    laps: int,
    rules: Rules,
    stint_rates: Mapping[str, float],
) -> Chosen:
    """Of past choices (as `made.choices` gives them, of earlier races only) those of one race.

    Raises PipelineError when there are none.
    """
    races = race_levels(choices)
    if len(races) < 2:
        raise PipelineError(
            "no plan can be recommended: fewer than two dry races before this one are held."
        )
    mean, deviation = expected_level(races, circuit, year, laps, stint_rates)
    weight = likeness(races["level"].to_numpy(np.float64), mean, deviation)
    by_race = choices["event_id"].map(dict(zip(races["event_id"], weight, strict=True)))
    cars = choices.groupby("event_id")["driver_id"].transform("size")
    past = choices.assign(weight=by_race / cars)
    return Chosen(past, first_stop(choices, circuit), season, year, laps, rules, mean, deviation)


def _runs(row: "pd.Series[object]", laps: int, rules: Rules, least: int) -> bool:
    kinds, stops = row["compounds"], row["stop_laps"]
    if not isinstance(kinds, tuple) or not isinstance(stops, tuple):
        return False
    if not max(least, 1) <= len(stops) <= MOST_STOPS or len(kinds) != len(stops) + 1:
        return False
    if len(set(kinds)) < rules.compounds or any(kind not in COMPOUNDS for kind in kinds):
        return False
    share = laps / float(row["laps"])
    at = [0, *(round(stop * share) for stop in stops), laps]
    longest = max(b - a for a, b in pairwise(at))
    return rules.stint_laps is None or longest <= rules.stint_laps


def _tables(
    pool: pd.DataFrame, laps: int
) -> tuple[
    "np.ndarray[tuple[int, int], np.dtype[np.int16]]",
    "np.ndarray[tuple[int, int], np.dtype[np.int8]]",
]:
    """Stop laps, scaled to the distance and laps + 1 where none, and compounds by number."""
    stops = np.full((len(pool), MOST_STOPS), laps + 1, dtype=np.int16)
    kinds = np.zeros((len(pool), MOST_STOPS + 1), dtype=np.int8)
    numbers = zip(pool["stop_laps"], pool["compounds"], pool["laps"], strict=True)
    for i, (at, names, distance) in enumerate(numbers):
        scaled = [round(lap * laps / distance) for lap in at]
        stops[i, : len(at)] = np.clip(scaled, 1, laps - 1)
        kinds[i, : len(names)] = [_LETTERS.index(name) for name in names]
    return stops, kinds
