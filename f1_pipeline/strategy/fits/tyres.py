"""What a lap more on a set of tyres costs, by circuit and compound: table `tyre_degradation`.

Within a stint the age of the set and the number of the lap grow together, so a stint's slope is
wear less what the car gains by fuel burnt and the track. That gain is estimated in `fuel`, from
stints of one driver in one race; here belongs what is done with slopes then: added up by race and
compound, drawn to all circuits, kept above 0. Races are dry ones, tyres are slicks.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from f1_pipeline.strategy.fits import fuel
from f1_pipeline.strategy.fits.components import (
    Effect,
    FloatArray,
    expect,
    same,
    variances,
)
from f1_pipeline.strategy.fits.rows import circuits_of, table
from f1_pipeline.strategy.fits.stints import COMPOUNDS, dry_stints
from f1_pipeline.strategy.fits.truncated import above_zero

# First guesses of standard deviations, ms per lap. Wear is some tens of ms: each source of
# difference is given half of that.
_GUESS = 20.0**2


@dataclass(frozen=True)
class Wear:
    """Normal posterior of the wear at the next edition, before it is kept above 0: ms per lap.

    `keys`: circuit_id, compound; `mean`, `deviation` in their order.
    """

    keys: pd.DataFrame
    mean: FloatArray
    deviation: FloatArray


def fit(figures: pd.DataFrame, races: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Wear by circuit and compound: contract `tyre_degradation`.

    `figures`: rows of `stint_figures`, `races` of `race_figures`, of the races that are over;
    `events`: rows of `events` with those and with all circuits that are asked for. No rows before a
    dry race with slopes was held.

    `wear_ms` is the mean of the normal posterior cut off at 0, `low_ms` and `high_ms` its 10 and
    90 % quantiles. A normal prior cut off at 0 (a set does not grow faster with use) under normal
    errors leaves that posterior, circuit by circuit, so no other law has to be assumed; unlike a
    log-normal it takes slopes under the gain by fuel for what they are, evidence of little wear.
    """
    stints = dry_stints(figures, races, events)
    return of_stints(stints, fuel.race_estimates(stints), circuits_of(events))


def of_stints(
    stints: pd.DataFrame, estimates: Mapping[str, fuel.RaceEstimate], circuits: "pd.Series[str]"
) -> pd.DataFrame:
    """`fit` for stints as `dry_stints` gives them, and what `fuel` found in their races."""
    whole = fuel.share(stints, estimates)
    cells = race_wear(stints, whole)
    if cells.empty or circuits.empty:
        return table("tyre_degradation", [])
    wear = posterior(cells, circuits)
    mean, low, high = above_zero(wear.mean, wear.deviation)
    rows = wear.keys.assign(wear_ms=mean, low_ms=low, high_ms=high)
    keys = pd.MultiIndex.from_frame(rows[["circuit_id", "compound"]])
    offset, error = fuel.offsets(stints, circuits, estimates)
    rows["offset_ms"] = offset.stack().reindex(keys).to_numpy()
    rows["offset_error_ms"] = error.stack().reindex(keys).to_numpy()
    rows["fuel_ms"] = rows["circuit_id"].map(fuel.gain(stints, circuits, whole))
    held = stints[stints["slope_ms"].notna()].groupby(["circuit_id", "compound"]).size()
    rows["stints"] = held.reindex(keys).fillna(0).to_numpy()
    return table("tyre_degradation", [rows])


def race_wear(stints: pd.DataFrame, whole: float) -> pd.DataFrame:
    """A row per race and compound: circuit_id, year, wear in ms per lap and its sampling variance.

    `whole`: gain over the whole distance, as a share of the lap. A stint weighs by the inverse of
    its standard error squared plus the variance between the stints of one race and compound, which
    is that of traffic and drivers (`between`).
    """
    rows = stints[stints["slope_ms"].notna() & stints["slope_error_ms"].gt(0)].copy()
    rows["wear"] = rows["slope_ms"] + whole * rows["lap_ms"].astype("float64") / rows[
        "laps"
    ].astype("float64")
    cell = rows.groupby(["event_id", "compound"], sort=False).ngroup()
    precision = 1 / rows["slope_error_ms"].astype("float64") ** 2
    weight = 1 / (1 / precision + between(rows["wear"], precision, cell))
    total = weight.groupby(cell).sum()
    cells = rows.groupby(cell)[["event_id", "circuit_id", "year", "compound"]].first()
    wear = (weight * rows["wear"]).groupby(cell).sum() / total
    return cells.assign(wear=wear, variance=1 / total).reset_index(drop=True)


def between(values: pd.Series, precision: pd.Series, group: pd.Series) -> float:
    """Variance of values around their group's mean beyond that of their errors, by moments.

    DerSimonian and Laird (1986), over all groups together; `precision` is 1 / error squared.
    """
    total = precision.groupby(group).transform("sum")
    mean = (precision * values).groupby(group).transform("sum") / total
    chance = len(values) - group.nunique()
    scale = precision.sum() - (precision**2 / total).sum()
    surplus = float((precision * (values - mean) ** 2).sum()) - chance
    return max(surplus / float(scale), 0.0) if scale > 0 else 0.0


def posterior(cells: pd.DataFrame, circuits: "pd.Series[str]") -> Wear:
    """Wear at the circuits' next edition, given races and compounds as `race_wear` gives them.

    Each compound has a mean; around it there is an effect of the circuit, of circuit and compound,
    of the race, and of race and compound, all normal. The error of a cell is estimated with a
    factor of its own: what few stints show differs by more than the stints of one race do (a
    factor of about 6), as they share its traffic. What the factor adds to the error is no error of
    the estimate but the race's, so a race like the median one has it too.
    """
    keys = pd.MultiIndex.from_product([circuits, COMPOUNDS], names=["circuit_id", "compound"])
    ahead = keys.to_frame(index=False)
    effects = _effects(cells, ahead)
    X, X_ahead = _means(cells, cells), _means(ahead, cells)
    y = cells["wear"].to_numpy(np.float64)
    found = variances(y, X, effects)
    mean, spread = expect(y, X, X_ahead, effects, found)
    surplus = max(float(found[-1]) - 1.0, 0.0) * float(cells["variance"].median())
    return Wear(ahead, mean, np.sqrt(spread + surplus))


def _effects(cells: pd.DataFrame, ahead: pd.DataFrame) -> list[Effect]:
    compound, circuit, race = (
        same(cells[c], cells[c]) for c in ("compound", "circuit_id", "event_id")
    )
    chosen, there = (same(ahead[c], cells[c]) for c in ("compound", "circuit_id"))
    none, own = np.zeros_like(there), np.ones(len(ahead))  # a race keeps what it had of its own
    error = np.diag(cells["variance"].to_numpy(np.float64))
    return [
        Effect(circuit, there, own, _GUESS),
        Effect(circuit * compound, there * chosen, own, _GUESS),
        Effect(race, none, own, _GUESS),
        Effect(race * compound, none, own, _GUESS),
        Effect(error, none, 0 * own, 1.0),
    ]


def _means(rows: pd.DataFrame, cells: pd.DataFrame) -> FloatArray:
    """A column per compound that the cells hold; one that they do not hold is the mean of them."""
    shown = [c for c in COMPOUNDS if cells["compound"].eq(c).any()]
    X = np.column_stack([rows["compound"].eq(c) for c in shown]).astype(np.float64)
    X[X.sum(axis=1) == 0] = 1 / len(shown)
    return X
