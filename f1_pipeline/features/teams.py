"""`team_form`: each team's state before each event, through its changes of name."""

import pandas as pd

from f1_pipeline.features.decay import (
    LONG,
    PRIOR_RACES,
    RECENT,
    count_before,
    decayed_mean,
    rate_before,
    shrunk_rate,
)
from f1_pipeline.features.history import driver_history, team_history
from f1_pipeline.features.standings import final_standing, standing_before
from f1_pipeline.features.timeline import Tables, lineages

_DECAYED = (
    ("finish_form", "finish"),
    ("grid_form", "grid"),
    ("qualifying_gap_form", "qualifying_gap"),
    ("practice_form", "practice_place"),
    ("practice_gap_form", "practice_gap"),
    ("points_share", "points"),
)


def team_form(tables: Tables) -> pd.DataFrame:
    """State before the event for each constructor of the field: contract `team_form`.

    One row per event_id and constructor_id. A renamed team keeps its state (`lineage_id`); its
    standing of the season so far is the constructor's own.
    """
    drivers = driver_history(tables)
    rows = team_history(drivers)
    team = rows["lineage_id"]
    form = rows[["sequence", "event_id", "season", "round", "lineage_id"]].copy()
    form["races"] = count_before(rows["held"], team)
    for name, values in _DECAYED:
        form[name] = decayed_mean(rows[values], team, RECENT)
    this_season = team + " " + rows["season"].astype(str)
    form["qualifying_gap_season"] = decayed_mean(rows["qualifying_gap"], this_season, LONG)
    everyone = rate_before(rows["retired"], rows["sequence"], 2 * LONG)
    form["retirement_rate"] = shrunk_rate(rows["retired"], team, LONG, everyone, PRIOR_RACES)
    constructors = drivers[["event_id", "constructor_id", "lineage_id"]].drop_duplicates(
        ["event_id", "constructor_id"]
    )
    form = form.merge(constructors, on=["event_id", "lineage_id"])
    form = _with_standings(form, tables)
    form = form.sort_values(["sequence", "constructor_id"], ignore_index=True)
    return form.drop(columns="sequence")


def _with_standings(form: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    so_far = standing_before(tables, "constructors")[["event_id", "competitor_id", "position"]]
    so_far = so_far.rename(
        columns={"competitor_id": "constructor_id", "position": "championship_position"}
    )
    previous = final_standing(tables, "constructors").rename(
        columns={"competitor_id": "constructor_id", "position": "previous_position"}
    )
    raced_in = previous[["constructor_id"]].assign(season=previous["season"] - 1)
    previous["lineage_id"] = lineages(tables, raced_in)
    best = previous.groupby(["season", "lineage_id"], as_index=False)["previous_position"].min()
    form = form.merge(so_far, on=["event_id", "constructor_id"], how="left")
    return form.merge(best, on=["season", "lineage_id"], how="left")
