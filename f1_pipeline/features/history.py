"""One row per event and driver of the field, with what the race and qualifying turned out to be.

These rows are outcomes: they may be read only through `decay`, which hands on the state before.
"""

import pandas as pd

from f1_pipeline.features.sessions import (
    PRACTICES,
    practice_gaps,
    practice_shown,
    qualifying_gaps,
)
from f1_pipeline.features.timeline import KEY, Tables, field, less_others, lineages, outcomes

_REACHED = {"win": 1, "podium": 3, "points": 10}


def driver_history(tables: Tables) -> pd.DataFrame:
    """The field of every event with its outcome, null where the event is not held yet.

    Columns beside those of `field`: lineage_id, held, started, retired, win, podium, points (0 or
    1), finish (place when classified), last_finish (place), grid_held (grid_order), gain (places
    won from grid to finish when classified), qualifying_gap, practice_place and practice_gap (means
    of the sessions), teammate_qualifying and teammate_finish (own value less the mean of the
    team-mates').
    """
    rows = field(tables)
    rows = rows.merge(outcomes(rows, tables["race_results"]), on=KEY, how="left")
    rows = rows.merge(qualifying_gaps(tables), on=KEY, how="left")
    rows = rows.merge(practice_gaps(tables), on=KEY, how="left")
    rows["lineage_id"] = lineages(tables, rows)
    held = rows["finish_order"].notna()
    classified = rows["classified"].eq(True)
    rows["held"] = held.astype("float64").where(held)
    for name in ("started", "retired"):
        rows[name] = rows[name].eq(True).astype("float64").where(held)
    for name, last in _REACHED.items():
        reached = classified & (rows["finish_order"] <= last)
        rows[name] = reached.astype("float64").where(held)
    rows["finish"] = rows["finish_order"].where(classified)
    rows["grid_held"] = rows["grid_order"].where(held)
    rows["gain"] = rows["grid_order"] - rows["finish"]
    rows["qualifying_gap"] = rows["qualifying_gap"].where(held)
    practice = practice_shown(rows)
    rows["practice_place"] = practice["practice_mean_rank"].where(held)
    rows["practice_gap"] = practice["practice_gap"].where(held)
    team = [rows["sequence"], rows["lineage_id"]]
    rows["teammate_qualifying"] = less_others(rows["qualifying_gap"], team)
    rows["teammate_finish"] = less_others(rows["finish"], team)
    return rows.drop(columns=list(PRACTICES))


def team_history(drivers: pd.DataFrame) -> pd.DataFrame:
    """`driver_history` by event and team: one row per sequence and lineage_id, sorted so.

    Columns: event_id, season, round, held, finish and grid (means over the team's cars),
    practice_place (mean), qualifying_gap and practice_gap (its best car's), retired and points
    (share of its cars, and of the ten places).
    """
    teams = (
        drivers.groupby(["sequence", "lineage_id"], sort=True)
        .agg(
            event_id=("event_id", "first"),
            season=("season", "first"),
            round=("round", "first"),
            held=("held", "max"),
            finish=("finish", "mean"),
            grid=("grid_held", "mean"),
            qualifying_gap=("qualifying_gap", "min"),
            practice_place=("practice_place", "mean"),
            practice_gap=("practice_gap", "min"),
            retired=("retired", "mean"),
            points=("points", "sum"),
        )
        .reset_index()
    )
    teams["points"] = (teams["points"] / 10).clip(upper=1).where(teams["held"].notna())
    return teams
