"""`driver_form`: each driver's state before each event."""

import pandas as pd

from f1_pipeline.features.decay import (
    LONG,
    PRIOR_RACES,
    RECENT,
    before,
    count_before,
    decayed_mean,
    rate_before,
    shrunk_rate,
)
from f1_pipeline.features.history import driver_history
from f1_pipeline.features.standings import final_standing, standing_before
from f1_pipeline.features.timeline import Tables

_DECAYED = (
    ("finish_form", "finish", RECENT),
    ("finish_level", "finish", LONG),
    ("grid_form", "grid_held", RECENT),
    ("grid_gain", "gain", LONG),
    ("qualifying_gap_form", "qualifying_gap", RECENT),
    ("practice_form", "practice_place", RECENT),
    ("practice_gap_form", "practice_gap", RECENT),
    ("teammate_qualifying", "teammate_qualifying", LONG),
    ("teammate_finish", "teammate_finish", LONG),
    ("win_rate", "win", LONG),
    ("podium_rate", "podium", LONG),
    ("points_rate", "points", LONG),
)


def driver_form(tables: Tables) -> pd.DataFrame:
    """State before the event for each driver of the field: contract `driver_form`.

    One row per event_id and driver_id, for every event that has a grid or entries. Places are
    counted from 1, gaps are in percent of the best lap, rates between 0 and 1; null where there
    is nothing to go by.
    """
    rows = driver_history(tables)
    driver = rows["driver_id"]
    form = rows[["event_id", "season", "round", "driver_id", "constructor_id"]].copy()
    form["starts"] = count_before(rows["started"].where(rows["started"].eq(1)), driver)
    for name, values, half_life in _DECAYED:
        form[name] = decayed_mean(rows[values], driver, half_life)
    everyone = rate_before(rows["retired"], rows["sequence"], 2 * LONG)
    form["retirement_rate"] = shrunk_rate(rows["retired"], driver, LONG, everyone, PRIOR_RACES)
    form["last_finish"] = before(rows["finish_order"].groupby(driver).ffill(), driver)
    return _with_standings(form, tables)


def _with_standings(form: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    so_far = standing_before(tables, "drivers").rename(
        columns={
            "competitor_id": "driver_id",
            "position": "championship_position",
            "points": "championship_points",
            "share": "championship_share",
        }
    )
    previous = final_standing(tables, "drivers").rename(
        columns={"competitor_id": "driver_id", "position": "previous_position"}
    )
    form = form.merge(so_far, on=["event_id", "driver_id"], how="left")
    return form.merge(previous, on=["season", "driver_id"], how="left")
