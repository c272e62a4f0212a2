"""Do the probabilities of a race add up? One joint distribution always does."""

import numpy as np
import pandas as pd

TOLERANCE = 1e-6
_STEP = 2.0**-40


def exact(predictions: pd.DataFrame) -> pd.DataFrame:
    """The probabilities of win, podium and points, rounded down to multiples of 2^-40 (1e-12).

    Sums of such numbers carry no rounding error: ten points places that are all taken sum to at
    most 10, where the bare shares can come to 10.000000000000002. Their order stays.
    """
    columns = ["p_win", "p_podium", "p_points"]
    return predictions.assign(**{c: np.floor(predictions[c] / _STEP) * _STEP for c in columns})


def incoherences(predictions: pd.DataFrame) -> list[str]:
    """What does not add up, one line for each fault; empty when all is well.

    Over a race and horizon p_win sums to 1, p_podium to 3 and p_points to at most 10; per driver
    p_win ≤ p_podium ≤ p_points, and the position probabilities sum to 1.
    """
    faults = []
    for (event_id, horizon), race in predictions.groupby(["event_id", "horizon"], sort=False):
        where = f"{event_id} {horizon}"
        for column, expected in (("p_win", 1.0), ("p_podium", min(3.0, len(race)))):
            total = race[column].sum()
            if abs(total - expected) > TOLERANCE:
                faults.append(f"{where}: {column} sums to {total:.7f}, not {expected:g}")
        if race["p_points"].sum() > 10 + TOLERANCE:
            faults.append(f"{where}: p_points sums to {race['p_points'].sum():.4f}, over 10")
        ordered = (race["p_win"] <= race["p_podium"] + TOLERANCE) & (
            race["p_podium"] <= race["p_points"] + TOLERANCE
        )
        faults += [
            f"{where}: {driver} has not p_win ≤ p_podium ≤ p_points"
            for driver in race.loc[~ordered, "driver_id"]
        ]
        for row in race.itertuples():
            if abs(np.sum(row.position_probabilities) - 1) > TOLERANCE:
                faults.append(f"{where}: the positions of {row.driver_id} do not sum to 1")
    return faults
