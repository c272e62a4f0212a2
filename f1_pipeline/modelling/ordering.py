"""The order of races and of cars: who is before whom when nothing else is known of them."""

import numpy as np
import pandas as pd

from f1_pipeline.modelling.arrays import FloatArray

_IN_TIME = ["race_starts_at", "season", "round", "event_id"]


def in_time(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows sorted by race, earliest first, then driver, with `race`, 0 for the first race.

    A fit begins with this, so it does not depend on the order that rows come in.
    """
    rows = rows.sort_values([*_IN_TIME, "driver_id"], ignore_index=True)
    return rows.assign(race=rows.groupby(_IN_TIME, sort=True).ngroup())


def starting_rank(rows: pd.DataFrame) -> FloatArray:
    """Rank before the race, 1 to the field's size, for rows of one horizon and grid.

    With a grid it is `grid_place`. Without, the championship position so far, before the first
    race of a season the final one of the season before; those without one last, ties by driver id.
    """
    place = rows["grid_place"].astype("float64")
    if place.isna().any():
        so_far = rows["championship_position"].astype("float64")
        opened = so_far.notna().groupby(rows["event_id"]).transform("any")
        place = so_far.where(opened, rows["previous_position"].astype("float64"))
    keyed = pd.DataFrame(
        {
            "event_id": rows["event_id"].to_numpy(),
            "place": place.fillna(np.inf).to_numpy(),
            "driver_id": rows["driver_id"].to_numpy(),
        }
    )
    ordered = keyed.sort_values(["event_id", "place", "driver_id"])
    rank = ordered.groupby("event_id").cumcount() + 1
    return rank.sort_index().to_numpy(dtype=np.float64)
