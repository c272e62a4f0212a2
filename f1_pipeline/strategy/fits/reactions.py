"""Whether cars stop when a safety car comes out: the coefficients of `simulation.setting.Reaction`.

A row per car and caution of a dry race: laps on the set and laps to go as shares of the distance,
whether the car still owes a stop (it has run one compound alone), and whether it came in before the
caution ended. What it had planned no figure tells; owing a stop stands for a planned stop left.
Here belongs that regression; when cautions began is a figure of their race.
"""

import numpy as np
import pandas as pd

from f1_pipeline.strategy.fits.components import FloatArray
from f1_pipeline.strategy.fits.logistic import fitted
from f1_pipeline.strategy.fits.rows import dated
from f1_pipeline.strategy.simulation.setting import Reaction

_KINDS = ("safety_car", "virtual_safety_car")
# Before any caution was seen: half of those that owe a stop come in for a real one, one in five for
# a virtual one, few of the others.
_BEFORE = np.array([-2.0, -3.5, 4.0, 0.0, 1.5])
_WIDE = 3.0  # of each coefficient around that, in log-odds


def fit(
    stints: pd.DataFrame, cautions: pd.DataFrame, races: pd.DataFrame, events: pd.DataFrame
) -> Reaction:
    """Rows of `stint_figures`, `caution_figures`, `race_figures`, `events`: races that are over."""
    rows = dated(answers(stints, cautions, races), events)
    X = np.column_stack(
        [
            rows["caution"].eq(_KINDS[0]),
            rows["caution"].eq(_KINDS[1]),
            rows["age"],
            rows["left"],
            rows["owes"],
        ]
    ).astype(np.float64)
    found: FloatArray = _BEFORE + fitted(
        X,
        rows["stopped"].to_numpy(np.float64),
        np.full(len(_BEFORE), _WIDE**-2),
        offset=X @ _BEFORE,
    )
    return Reaction(*(float(value) for value in found))


def answers(stints: pd.DataFrame, cautions: pd.DataFrame, races: pd.DataFrame) -> pd.DataFrame:
    """Cars that were running when a caution of a dry race began, after its first lap: the rows.

    event_id, driver_id, caution, age, left, owes, stopped.
    """
    dry = races[races["dry"].astype("boolean").fillna(False).astype(bool)]
    shown = cautions[cautions["caution"].isin(_KINDS) & cautions["first_lap"].gt(1)]
    shown = shown.merge(dry[["event_id", "laps"]], on="event_id", suffixes=("", "_of_race"))
    shown = shown.assign(begins=shown["first_lap"], ends=shown["first_lap"] + shown["laps"])
    cars = stints.sort_values(["event_id", "driver_id", "stint"], ignore_index=True)
    by_car = cars.groupby(["event_id", "driver_id"])
    cars = cars.assign(
        next_lap=by_car["first_lap"].shift(-1),
        next_under=by_car["began_under"].shift(-1),
        before=cars["tyre_age"].astype("float64").fillna(0.0),
    )
    compound = cars["compound"].fillna("?")
    alone = compound.eq(compound.groupby([cars["event_id"], cars["driver_id"]]).transform("first"))
    # By stint whether it and all before it were on one compound.
    cars["owes"] = alone.groupby([cars["event_id"], cars["driver_id"]]).cummin()
    columns = ["event_id", "caution", "begins", "ends", "laps_of_race"]
    rows = cars.merge(shown[columns], on="event_id")
    rows = rows[rows["first_lap"].le(rows["begins"]) & rows["last_lap"].ge(rows["begins"])]
    distance = rows["laps_of_race"].astype("float64")
    came = rows["next_under"].eq(rows["caution"]) & rows["next_lap"].le(rows["ends"])
    return rows[["event_id", "driver_id", "caution"]].assign(
        age=(rows["before"] + rows["begins"] - rows["first_lap"] + 1).astype("float64") / distance,
        left=(distance - rows["begins"].astype("float64")) / distance,
        owes=rows["owes"].astype("float64"),
        stopped=came.fillna(False).astype("float64"),
    )
