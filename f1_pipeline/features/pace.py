"""`lap_form`: how fast each driver has raced, by the clean laps of earlier races.

Null where no laps are held: before 2018, and behind the wall.
"""

import pandas as pd

from f1_pipeline.features.decay import LONG, RECENT, decayed_mean
from f1_pipeline.features.history import driver_history
from f1_pipeline.features.timeline import KEY, Tables, less_others

_FEWEST_LAPS = 8  # clean laps of a race, below which traffic decides
_LARGEST_GAP = 4.0  # percent: beyond it the car was damaged


def lap_form(tables: Tables) -> pd.DataFrame:
    """State before the event for each driver of the field: contract `lap_form`.

    One row per event_id and driver_id. Gaps are in percent of the field's pace on the same laps.
    """
    rows = driver_history(tables).merge(_race_gaps(tables["race_pace"]), on=KEY, how="left")
    rows["gap"] = rows["gap"].where(rows["held"].notna())
    rows["teammate"] = less_others(rows["gap"], [rows["sequence"], rows["lineage_id"]])
    form = rows[[*KEY, "sequence", "lineage_id"]].copy()
    form["race_pace_form"] = decayed_mean(rows["gap"], rows["driver_id"], RECENT)
    form["teammate_race_pace"] = decayed_mean(rows["teammate"], rows["driver_id"], LONG)
    teams = rows.groupby(["sequence", "lineage_id"])["gap"].min().reset_index()
    teams["team_race_pace_form"] = decayed_mean(teams["gap"], teams["lineage_id"], RECENT)
    form = form.merge(teams.drop(columns="gap"), on=["sequence", "lineage_id"])
    form = form.sort_values(["sequence", "driver_id"], ignore_index=True)
    return form.drop(columns=["sequence", "lineage_id"])


def _race_gaps(race_pace: pd.DataFrame) -> pd.DataFrame:
    """Gap of the race, each stint weighing its clean laps: event_id, driver_id, gap (%)."""
    stints = race_pace[race_pace["session"].eq("R")]
    laps = stints["clean_laps"].astype("float64")
    sums = stints[KEY].assign(laps=laps, gap=stints["gap"] * laps).groupby(KEY).sum()
    sums = sums[sums["laps"] >= _FEWEST_LAPS]
    gap = (sums["gap"] / sums["laps"]).clip(-_LARGEST_GAP, _LARGEST_GAP)
    return gap.rename("gap").reset_index()
