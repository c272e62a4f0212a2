"""`race_features`: all that may be known of a driver in a race, by horizon and rung of the grid."""

import numpy as np
import pandas as pd

from f1_pipeline.features.cutoffs import GRIDS, grid_session, seen
from f1_pipeline.features.sessions import (
    PRACTICES,
    practice_gaps,
    practice_shown,
    qualifying_gaps,
)
from f1_pipeline.features.timeline import (
    KEY,
    Tables,
    field,
    less_others,
    ordered_events,
    places_within,
)

_ABOUT_EVENT = ["event_id", "season", "round"]
_RANKED = {
    "finish_form_rank": "finish_form",
    "qualifying_form_rank": "qualifying_gap_form",
    "team_pace_rank": "team_qualifying_gap_form",
}
_INTERNAL = ["sequence", "format", "lineage_id", "grid_order", "order_before_penalties"]


def race_features(
    tables: Tables,
    driver_form: pd.DataFrame,
    team_form: pd.DataFrame,
    circuit_patterns: pd.DataFrame,
    lap_form: pd.DataFrame,
) -> pd.DataFrame:
    """Features by event, driver, horizon and grid_source: contract `race_features`.

    Covers the field of every event that has a grid or entries; after practice only where a practice
    is known, after qualifying only where that rung of the grid exists. `grid_place` is the place on
    the rung, 1 to the size of the field; on the rung `qualifying` a driver without a result in the
    session that sets the grid is last.
    """
    known = _known_before(tables, driver_form, team_form, circuit_patterns, lap_form)
    parts = []
    for horizon, grids in GRIDS.items():
        weekend = _weekend(tables, known, horizon)
        for grid in grids:
            place = _grid_place(weekend, grid)
            rows = weekend.assign(horizon=horizon, grid_source=grid, grid_place=place)
            rows["pit_lane"] = rows["pit_lane"].where(rows["grid_source"].eq("official"))
            parts.append(rows[_is_known(rows, horizon, grid)])
    rows = pd.concat(parts).sort_values(["sequence", "horizon", "grid_source", "driver_id"])
    return rows.drop(columns=_INTERNAL).reset_index(drop=True)


def _known_before(
    tables: Tables,
    driver_form: pd.DataFrame,
    team_form: pd.DataFrame,
    circuit_patterns: pd.DataFrame,
    lap_form: pd.DataFrame,
) -> pd.DataFrame:
    """The field with the state before the event, and what the calendar says of it."""
    calendar = ["event_id", "format", "race_starts_at", "course_length_km"]
    rows = field(tables).merge(ordered_events(tables)[calendar], on="event_id")
    rows["field_size"] = rows.groupby("event_id")["driver_id"].transform("size").astype("int64")
    drivers = driver_form.drop(columns=["season", "round", "constructor_id"])
    teams = _prefixed(team_form, "team_", keep=["constructor_id", "lineage_id"])
    circuits = _prefixed(circuit_patterns.drop(columns="circuit_id"), "circuit_", keep=[])
    rows = rows.merge(drivers, on=KEY, how="left")
    rows = rows.merge(teams, on=["event_id", "constructor_id"], how="left")
    rows = rows.merge(circuits, on="event_id", how="left")
    rows = rows.merge(lap_form, on=KEY, how="left")
    for name, of in _RANKED.items():
        rows[name] = rows.groupby("event_id")[of].rank()
    return rows


def _prefixed(frame: pd.DataFrame, prefix: str, keep: list[str]) -> pd.DataFrame:
    kept = [*_ABOUT_EVENT, *keep]
    renamed = frame.rename(columns={c: prefix + c for c in frame if c not in kept})
    return renamed.drop(columns=["season", "round"])


def _weekend(tables: Tables, known: pd.DataFrame, horizon: str) -> pd.DataFrame:
    """Add what the weekend has shown by the horizon's cut-off; null where it has not."""
    sprint = tables["sprint_results"][[*KEY, "finish_order"]].rename(
        columns={"finish_order": "sprint_order"}
    )
    rows = known.merge(qualifying_gaps(tables), on=KEY, how="left")
    rows = rows.merge(sprint.astype({"sprint_order": "float64"}), on=KEY, how="left")
    rows = rows.merge(practice_gaps(tables), on=KEY, how="left")
    sessions = {"qualifying_order": "Q", "qualifying_gap": "Q", "sprint_order": "S"}
    for column, session in (sessions | {fp: fp for fp in PRACTICES}).items():
        rows[column] = rows[column].where(seen(rows, horizon, session))
    rows["qualifying_teammate"] = less_others(
        rows["qualifying_gap"], [rows["sequence"], rows["lineage_id"]]
    )
    rows["order_before_penalties"] = rows["sprint_order"].where(
        grid_session(rows).eq("S"), rows["qualifying_order"]
    )
    return rows.assign(**practice_shown(rows)).drop(columns=list(PRACTICES))


def _is_known(rows: pd.DataFrame, horizon: str, grid: str) -> "pd.Series[bool]":
    """Which rows stand on what their horizon is named after: a practice, a rung of the grid."""
    if horizon == "post_practice":
        return rows["practice_gap"].notna().groupby(rows["sequence"]).transform("any")
    return rows["grid_place"].notna() | (grid == "none")


def _grid_place(weekend: pd.DataFrame, grid: str) -> pd.Series:
    """The place on the rung; null where the rung does not exist."""
    if grid == "none":
        return pd.Series(np.nan, index=weekend.index)
    if grid == "official":
        return weekend["grid_order"]
    order = weekend["order_before_penalties"]
    places = places_within(weekend["sequence"], order.fillna(np.inf), weekend["driver_id"])
    return places.where(order.groupby(weekend["sequence"]).transform("count") > 0)
