"""The pace that practice and qualifying showed: gaps to the best lap, in percent, and places.

A lap ten percent off is a spin or a puncture and tells no more of the pace: gaps end there.
"""

import pandas as pd

from f1_pipeline.features.timeline import KEY, Tables, less_others

PRACTICES = ("FP1", "FP2", "FP3")
_LARGEST_GAP = 10.0


def qualifying_gaps(tables: Tables) -> pd.DataFrame:
    """Gap to the best in the last part of qualifying (Q) that the driver set a time in.

    Columns: event_id, driver_id, qualifying_order, qualifying_gap (%).
    """
    rows = tables["qualifying_results"]
    rows = rows[rows["session"].eq("Q")].sort_values(KEY, ignore_index=True)
    gap = pd.Series(float("nan"), index=rows.index)
    for part in ("q1_ms", "q2_ms", "q3_ms"):
        gap = _gap(rows[part], [rows["event_id"]]).fillna(gap)
    return rows[KEY].assign(
        qualifying_order=rows["qualifying_order"].astype("float64"), qualifying_gap=gap
    )


def practice_gaps(tables: Tables) -> pd.DataFrame:
    """Gap to the best lap of each practice session: event_id, driver_id, FP1, FP2, FP3 (%)."""
    rows = tables["practice_results"].sort_values([*KEY, "session"], ignore_index=True)
    rows = rows[[*KEY, "session"]].assign(
        gap=_gap(rows["best_ms"], [rows["event_id"], rows["session"]])
    )
    gaps = rows.pivot(index=KEY, columns="session", values="gap")
    return gaps.reindex(columns=list(PRACTICES)).reset_index().rename_axis(columns=None)


def practice_shown(rows: pd.DataFrame) -> dict[str, pd.Series]:
    """What the practice sessions of `PRACTICES` showed of each car: columns by name.

    `rows` hold a gap per session, null where it is not known, for whole fields (`sequence`,
    `lineage_id`). Places say more than gaps: a driver without a clean run is seconds off.
    """
    sessions = rows[list(PRACTICES)]
    mean, best = sessions.mean(axis=1), sessions.min(axis=1)
    field = rows["sequence"]
    team = [field, rows["lineage_id"]]
    return {
        "practice_gap": mean,
        "practice_best_gap": best,
        "practice_last_gap": sessions.ffill(axis=1).iloc[:, -1],
        "practice_rank": mean.groupby(field).rank(),
        "practice_best_rank": best.groupby(field).rank(),
        "practice_mean_rank": sessions.groupby(field).rank().mean(axis=1),
        "practice_teammate": less_others(mean, team),
        "practice_team_gap": best.groupby(team).transform("min"),
    }


def _gap(milliseconds: pd.Series, session: list[pd.Series]) -> pd.Series:
    times = milliseconds.astype("float64")
    best = times.groupby(session).transform("min")
    return (100 * (times / best - 1)).clip(upper=_LARGEST_GAP)
