"""How many stops a race will see, and which past races it will be like.

The level of a race is log(mean stops + 1/4) of its classified drivers. What is expected of the next
one is put together of effects whose variances are estimated (fits.components): the circuit, what it
keeps for some years, the time (rules and tyres that change from year to year, and more slowly), and
the number of stints that wear and pit loss would make the fastest. A past race counts by how much
likelier its level is under that expectation than among all past races (importance sampling, Kahn
and Marshall 1953). Here belongs that arithmetic, and nothing of single drivers.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from f1_pipeline.strategy.fits.components import (
    Effect,
    FloatArray,
    expect,
    fading,
    same,
    variances,
)

# Of the mean of stops: a race that nobody stopped in has a logarithm too, one of 1 stop and one of
# 2 lie as far apart as those of 2 and 3.7.
_PLUS = 0.25
# First guesses of standard deviations: races differ by a quarter to a third in their stops.
_CIRCUIT, _DRIFT, _TIME, _SLOW, _CHANCE, _SLOPE = 0.2, 0.2, 0.2, 0.2, 0.3, 0.5
_YEARS, _YEAR, _ERA = 3.0, 1.0, 5.0
# No race speaks for more than the fiftieth part that is heaviest: one like no other else decides.
_CUT = 0.98


def race_levels(choices: pd.DataFrame) -> pd.DataFrame:
    """A row per race of choices, in order of time: event_id, circuit_id, year, laps, level."""
    races = choices.groupby("event_id", sort=False).agg(
        circuit_id=("circuit_id", "first"),
        year=("year", "first"),
        laps=("laps", "first"),
        stops=("stops", "mean"),
    )
    races["level"] = np.log(races.pop("stops").astype("float64") + _PLUS)
    return races.reset_index()


def expected_level(
    races: pd.DataFrame, circuit: str, year: float, laps: int, stint_rates: Mapping[str, float]
) -> tuple[float, float]:
    """Mean and standard deviation of the level of a race to come.

    `races`: rows of `race_levels`. `stint_rates`: by circuit sqrt(wear / (2 * pit loss)): the
    fastest number of stints is laps times that, as k of them lose wear * laps^2 / (2 k) to wear and
    (k - 1) * loss in the pits. A circuit that it does not know counts as the mean.
    """
    now = np.array([year])
    times = races["year"].to_numpy(np.float64)
    places = pd.Series([circuit], dtype=object)
    here, there = same(races["circuit_id"], races["circuit_id"]), same(places, races["circuit_id"])
    stints, ahead = _stints(races, circuit, laps, stint_rates)
    drift = fading(times, times, _YEARS), fading(now, times, _YEARS)
    one, none = np.ones(1), np.zeros_like(there)
    effects = [
        Effect(here, there, one, _CIRCUIT**2),
        Effect(drift[0] * here, drift[1] * there, one, _DRIFT**2),
        Effect(fading(times, times, _YEAR), fading(now, times, _YEAR), one, _TIME**2),
        Effect(fading(times, times, _ERA), fading(now, times, _ERA), one, _SLOW**2),
        Effect(np.outer(stints, stints), ahead * stints[None, :], np.array([ahead**2]), _SLOPE**2),
        Effect(np.eye(len(races)), none, 0 * one, _CHANCE**2),
    ]
    y, X = races["level"].to_numpy(np.float64), np.ones((len(races), 1))
    found = variances(y, X, effects)
    mean, spread = expect(y, X, np.ones((1, 1)), effects, found)
    return float(mean[0]), float(np.sqrt(spread[0] + found[-1]))


def likeness(levels: FloatArray, mean: float, deviation: float) -> FloatArray:
    """How much each past race counts, (races,), summing to 1; `levels` are theirs."""
    middle, width = float(levels.mean()), max(float(levels.std()), deviation / 10)
    ahead, before = (levels - mean) / deviation, (levels - middle) / width
    weight = np.exp(np.minimum((before**2 - ahead**2) / 2, 50.0))
    weight = np.minimum(weight, np.quantile(weight, _CUT))
    return np.asarray(weight / weight.sum(), dtype=np.float64)


def _stints(
    races: pd.DataFrame, circuit: str, laps: int, rates: Mapping[str, float]
) -> tuple[FloatArray, float]:
    """Logarithm of the fastest number of stints, less its mean: of past races, of the next one."""
    known = races["circuit_id"].map(dict(rates)).astype("float64")
    logs = np.log(races["laps"].astype("float64") * known)
    if logs.notna().sum() == 0:
        return np.zeros(len(races)), 0.0
    middle = float(logs.mean())
    ahead = np.log(laps * rates[circuit]) - middle if circuit in rates else 0.0
    return (logs - middle).fillna(0.0).to_numpy(np.float64), float(ahead)
