"""How often, when and for how long races are neutralised: table `neutralisations`.

Here belong rates and lengths. When a caution began and how long it lasted is a figure of its race.
Within a race its cautions are taken to begin on the first lap with a share of their own, and evenly
over the laps after it: safety cars of 2018-2025 began in the fifths of the rest 21, 18, 20, 24 and
16 times, virtual ones 21, 14, 17, 18 and 17 times.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import gammaincinv

from f1_pipeline.strategy.fits.components import FloatArray
from f1_pipeline.strategy.fits.rows import circuits_of, dated, table

CAUTIONS = ("safety_car", "virtual_safety_car", "red")
# What all circuits say counts for a circuit as at least so many races of its own. A circuit's own
# safety cars of eight seasons at most say less than that: taken for themselves they forecast worse
# than all races together, and the moments of so few counts may call chance a difference.
_LEAST_RACES = 32.0

# Jeffreys' prior of a rate and of a share: in 2018 no race was stopped, which is no law.
_HALF = 0.5


def fit(cautions: pd.DataFrame, races: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Rates by circuit and kind of caution: contract `neutralisations`.

    `cautions`: rows of `caution_figures`, `races` of `race_figures`, of the races that are over (a
    race without cautions counts as such); `events`: rows of `events` with those and with all
    circuits that are asked for. No rows before the first race.

    The number in a race is Poisson, a circuit's rate gamma around that of all circuits (Clayton and
    Kaldor 1987, by moments): shape = races of strength * common rate + number seen there, so the
    mean is (strength * common + seen) / (strength + races). `low` and `high` are the posterior's 10
    and 90 % quantiles of the rate.
    """
    held, circuits = dated(races[["event_id"]], events), circuits_of(events)
    if held.empty:
        return table("neutralisations", [])
    cautions = cautions[cautions["event_id"].isin(held["event_id"])]
    kinds = [_rows(kind, cautions, held, circuits) for kind in CAUTIONS]
    return table("neutralisations", kinds)


def happens(per_race: FloatArray) -> FloatArray:
    """Probability of at least one in a race, of a rate: 1 - exp(-rate)."""
    return np.asarray(-np.expm1(-per_race), dtype=np.float64)


def lengths(cautions: pd.DataFrame, kind: str) -> npt.NDArray[np.int64]:
    """Laps that each caution of the kind lasted, in rising order: what a simulation draws from."""
    laps = cautions.loc[cautions["caution"].eq(kind), "laps"].to_numpy(dtype=np.int64)
    return np.sort(laps)


def strength(seen: FloatArray, races: FloatArray) -> float:
    """Races that the common rate counts for, from the numbers by circuit; at least 32.

    Common rate / variance between circuits, the variance by the moments of rates that rest on
    unequal numbers of races. Where circuits differ no more than by chance, all races together: the
    common rate is not known better than they tell it.
    """
    total = float(races.sum())
    common = float(seen.sum()) / total
    surplus = float((races * (seen / races - common) ** 2).sum()) - (len(races) - 1) * common
    scale = total - float((races**2).sum()) / total
    most = max(total, _LEAST_RACES)
    if surplus <= 0 or scale <= 0:
        return most
    return float(np.clip(common * scale / surplus, _LEAST_RACES, most))


def _rows(
    kind: str, cautions: pd.DataFrame, held: pd.DataFrame, circuits: "pd.Series[str]"
) -> pd.DataFrame:
    shown = cautions[cautions["caution"].eq(kind)]
    number = held["event_id"].map(shown.groupby("event_id").size()).fillna(0.0)
    by_circuit = number.astype("float64").groupby(held["circuit_id"])
    seen, races = by_circuit.sum(), by_circuit.size().astype("float64")
    weight = strength(seen.to_numpy(), races.to_numpy())
    here = circuits.map(races).fillna(0.0).to_numpy(np.float64)
    common = (float(number.sum()) + _HALF) / len(held)
    shape = weight * common + circuits.map(seen).fillna(0.0).to_numpy(np.float64)
    scale = 1 / (weight + here)
    first = int(shown["first_lap"].eq(1).sum())
    return pd.DataFrame(
        {
            "circuit_id": circuits,
            "caution": kind,
            "per_race": shape * scale,
            "low": gammaincinv(shape, 0.1) * scale,
            "high": gammaincinv(shape, 0.9) * scale,
            "first_lap_share": (first + _HALF) / (len(shown) + 2 * _HALF),
            "mean_laps": _mean_laps(shown, cautions),
            "races": here,
        }
    )


def _mean_laps(shown: pd.DataFrame, cautions: pd.DataFrame) -> float:
    """Of the kind; of all kinds where it was not seen; at the least the lap that one touches."""
    of = cautions if shown.empty else shown
    return float(of["laps"].astype("float64").mean()) if len(of) else 1.0
