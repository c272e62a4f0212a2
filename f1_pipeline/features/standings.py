"""Championship standings as they stood before an event: the last ones published before it.

The points of a sprint on the same weekend are never in them.
"""

import pandas as pd

from f1_pipeline.features.timeline import Tables, ordered_events


def standing_before(tables: Tables, championship: str) -> pd.DataFrame:
    """Standings of the season so far, by event and competitor, before each event.

    Columns: event_id, competitor_id, position, points, share (points over the leader's). An event
    that opens its season has no rows.
    """
    events, standings = _published(tables, championship)
    events["source_id"] = (
        events["event_id"].where(events["published"]).groupby(events["season"]).shift(1)
    )
    events["source_id"] = events.groupby("season")["source_id"].ffill()
    rows = (
        events[["event_id", "source_id"]]
        .dropna()
        .merge(standings.rename(columns={"event_id": "source_id"}), on="source_id")
    )
    leader = rows.groupby("event_id")["points"].transform("max")
    rows["share"] = (rows["points"] / leader.where(leader > 0)).clip(0, 1)
    return rows[["event_id", "competitor_id", "position", "points", "share"]]


def final_standing(tables: Tables, championship: str) -> pd.DataFrame:
    """The last standings of each season that has a later event: season, competitor_id, position.

    `season` is the season that may read them: the one after.
    """
    events, standings = _published(tables, championship)
    last = events[events["published"]].groupby("season", as_index=False)["event_id"].last()
    rows = last.merge(standings, on="event_id")
    rows["season"] = rows["season"] + 1
    return rows[["season", "competitor_id", "position"]]


def _published(tables: Tables, championship: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    standings = tables["standings"]
    standings = standings.loc[
        standings["championship"].eq(championship),
        ["event_id", "competitor_id", "position", "points"],
    ].sort_values(["event_id", "position", "competitor_id"], ignore_index=True)
    events = ordered_events(tables)[["event_id", "season", "sequence"]].copy()
    events["published"] = events["event_id"].isin(standings["event_id"])
    return events, standings
