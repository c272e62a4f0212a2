"""What a car gains lap by lap as fuel burns off and the track takes rubber; offsets of compounds.

Within a stint this gain cannot be told from wear. Between the stints of one driver in one race it
can: a set put on at lap 30 begins at age 0 in a lighter car. Here belongs the estimate of it. What
is done with wear then is in `tyres`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from f1_pipeline.strategy.fits.components import Effect, FloatArray, expect, same, variances
from f1_pipeline.strategy.fits.stints import COMPOUNDS

BoolArray = npt.NDArray[np.bool_]

_REFERENCE = "MEDIUM"
# A tank of 105 to 110 kg, at 0.03 s a kilogram on a lap of 90 s, before any race has shown it.
_SHARE = 0.035
# First guess of what stints scatter by, before the race's own scatter is known: level and slope.
_LEVEL_MS, _SLOPE_MS = 400.0, 40.0
_ROUNDS = 3
_LEAST = 0.05  # of the first guess: stints that fit to the millisecond are few, not exact
_MAD = 1.4826  # to a standard deviation, under the normal distribution
# First guesses of the offsets' standard deviations: 0.3 s between circuits, and races.
_OFFSET_MS = 300.0


@dataclass(frozen=True)
class RaceEstimate:
    """One race: gain in ms per lap, and per compound but the medium its offset and error in ms."""

    gain_ms: float
    offsets: dict[str, tuple[float, float]]


def race_estimates(stints: pd.DataFrame) -> dict[str, RaceEstimate]:
    """By event, what its stints show; events that do not tell it are left out."""
    found = {event: race_estimate(of) for event, of in stints.groupby("event_id", sort=False)}
    return {str(event): estimate for event, estimate in found.items() if estimate is not None}


def share(stints: pd.DataFrame, estimates: Mapping[str, RaceEstimate]) -> float:
    """What the whole distance gains, as a share of the lap: the median of the races' estimates.

    A race's estimate is its gain per lap, times its laps, over its median lap. That is the form to
    carry from circuit to circuit: a tank is the same everywhere, what a kilogram costs goes with
    the length of the lap and what a lap burns does so again, so gain = share * lap / laps. Races
    of 2018-2025 bear it out: by quarters of the number of laps the share is 0.037, 0.041, 0.038
    and 0.039, while the gain falls from 71 to 41 ms per lap. The median, since a race with few
    stops may say anything.
    """
    races = stints.drop_duplicates("event_id").set_index("event_id")
    found = [
        estimate.gain_ms * float(races.at[event, "laps"]) / float(races.at[event, "lap_ms"])
        for event, estimate in estimates.items()
    ]
    return float(np.median(found)) if found else _SHARE


def gain(stints: pd.DataFrame, circuits: "pd.Series[str]", whole: float) -> "pd.Series[float]":
    """ms per lap by circuit, at the lap and distance of its latest race; else of the median one.

    `whole`: the share that `share` gives.
    """
    by_race = stints.drop_duplicates("event_id", keep="last")
    per_lap = whole * by_race["lap_ms"].astype("float64") / by_race["laps"].astype("float64")
    latest = per_lap.groupby(by_race["circuit_id"]).last()
    return latest.reindex(circuits).fillna(per_lap.median())


def offsets(
    stints: pd.DataFrame, circuits: "pd.Series[str]", estimates: Mapping[str, RaceEstimate]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Pace of a new set over the medium's at the same lap and its error, ms: circuits by COMPOUNDS.

    Each compound's races are drawn to all circuits, by variance components. Where no race has shown
    it the offset is 0, and its error what the first guesses say that it may be.
    """
    circuit = stints.drop_duplicates("event_id").set_index("event_id")["circuit_id"]
    rows = [
        (circuit[event], compound, *value)
        for event, estimate in estimates.items()
        for compound, value in estimate.offsets.items()
    ]
    found = pd.DataFrame(0.0, index=pd.Index(circuits), columns=list(COMPOUNDS))
    errors = found + np.hypot(_OFFSET_MS, _OFFSET_MS)
    errors[_REFERENCE] = 0.0
    for compound, of in pd.DataFrame(
        rows, columns=["circuit_id", "compound", "offset", "error"]
    ).groupby("compound"):
        found[compound], errors[compound] = _drawn(of, circuits)
    return found, errors


def race_estimate(stints: pd.DataFrame) -> RaceEstimate | None:
    """The gain and the offsets that one race shows; None if its stints do not tell them.

    Least squares on two kinds of equation: a stint's pace, less the driver's mean, is offset +
    wear * age - gain * lap; its slope is wear - gain. Wear is each compound's own in that race.
    Both kinds weigh by what they scatter around the fit, slopes by their standard error as well.
    """
    stints = stints[stints.groupby("driver_id")["stint"].transform("size").gt(1)]
    compounds = [c for c in COMPOUNDS if stints["compound"].eq(c).any()]
    others = [c for c in compounds if c != _REFERENCE]
    if _REFERENCE not in compounds:
        others = others[1:]
    unknowns = len(compounds) + len(others) + 1
    levels = len(stints) - stints["driver_id"].nunique()
    if levels < unknowns or stints["slope_ms"].isna().all():
        return None
    X, y, level, error = _equations(stints, compounds, others)
    scatter = np.where(level, _LEVEL_MS, _SLOPE_MS)
    for _ in range(_ROUNDS):
        weight = 1 / np.hypot(error, scatter)
        b, _, rank, _ = np.linalg.lstsq(X * weight[:, None], y * weight)
        if rank < unknowns:
            return None
        residual = np.abs(y - X @ b)
        seen = [float(np.median(residual[kind])) * _MAD for kind in (~level, level)]
        scatter = np.where(
            level, max(seen[1], _LEAST * _LEVEL_MS), max(seen[0], _LEAST * _SLOPE_MS)
        )
    weighted = X * weight[:, None]
    errors = np.sqrt(np.diag(np.linalg.inv(weighted.T @ weighted)))
    first = len(compounds)
    told = {c: (float(b[first + i]), float(errors[first + i])) for i, c in enumerate(others)}
    return RaceEstimate(float(b[-1]), told if _REFERENCE in compounds else {})


def _equations(
    stints: pd.DataFrame, compounds: list[str], others: list[str]
) -> tuple[FloatArray, FloatArray, BoolArray, FloatArray]:
    """X (equations, wear by compound + offsets + gain), y, which are of levels, standard errors."""
    worn = np.column_stack([stints["compound"].eq(c) for c in compounds]).astype(np.float64)
    offset = np.column_stack([stints["compound"].eq(c) for c in others or [""]]).astype(np.float64)
    offset = offset[:, : len(others)]
    age, lap = stints["age"].to_numpy(np.float64), stints["mean_lap"].to_numpy(np.float64)
    levels = pd.DataFrame(np.column_stack([worn * age[:, None], offset, -lap]))
    levels["pace"] = stints["pace_ms"].to_numpy(np.float64)
    driver = stints["driver_id"].to_numpy()
    levels = levels - levels.groupby(driver).transform("mean")
    sloped = stints["slope_ms"].notna().to_numpy()
    slopes = np.column_stack([worn, np.zeros_like(offset), np.full(len(stints), -1.0)])[sloped]
    X = np.concatenate([levels.drop(columns="pace").to_numpy(), slopes])
    y = np.concatenate([levels["pace"], stints["slope_ms"].to_numpy(np.float64)[sloped]])
    error = stints["slope_error_ms"].to_numpy(np.float64)[sloped]
    level = np.arange(len(y)) < len(stints)
    return X, y, level, np.concatenate([np.zeros(len(stints)), np.nan_to_num(error)])


def _drawn(rows: pd.DataFrame, circuits: "pd.Series[str]") -> tuple[FloatArray, FloatArray]:
    """One compound's offset by circuit: level of all, one of the circuit, chance, error.

    With it the standard error for the next edition, which has a chance of its own.
    """
    here, there = same(rows["circuit_id"], rows["circuit_id"]), same(circuits, rows["circuit_id"])
    none, out = np.zeros_like(there), np.zeros(len(circuits))
    error = rows["error"].to_numpy(np.float64)
    effects = [
        Effect(here, there, np.ones(len(circuits)), _OFFSET_MS**2),
        Effect(np.eye(len(rows)), none, out, _OFFSET_MS**2),
        Effect(np.diag(error**2), none, out, 1.0),
    ]
    y, X = rows["offset"].to_numpy(np.float64), np.ones((len(rows), 1))
    found = variances(y, X, effects)
    mean, spread = expect(y, X, np.ones((len(circuits), 1)), effects, found)
    return mean, np.sqrt(spread + found[1])
