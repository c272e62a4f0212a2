"""Events in their order, the field of each, and what came of it: the ground of all features.

Here belong the joins that turn the tables of facts into one row per event and driver. Not here:
any state carried from one event to the next (`decay`), nor what a horizon may see (`cutoffs`).
Every frame is sorted by its keys, so no result depends on the order of the rows that came in.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

Tables = Mapping[str, pd.DataFrame]

KEY = ["event_id", "driver_id"]
_NOT_STARTED = ["did_not_start", "did_not_qualify"]
_BEHIND_ALL = 1000.0


def ordered_events(tables: Tables) -> pd.DataFrame:
    """Every event with `sequence`, its place in time: 0 is the first.

    Ordered by the scheduled start, then season and round (a date may be wrong, or shared).
    """
    events = tables["events"].sort_values(
        ["race_starts_at", "season", "round", "event_id"], ignore_index=True
    )
    return events.assign(sequence=np.arange(len(events)))


def field(tables: Tables) -> pd.DataFrame:
    """Who races in each event: the drivers of the published grid, the entries where there is none.

    Columns: event_id, driver_id, constructor_id, grid_order (1 to n, null without a grid),
    pit_lane, and the event's sequence, season and round. Sorted by sequence and driver.
    """
    grids = tables["starting_grids"][[*KEY, "constructor_id", "grid_order", "pit_lane"]]
    entries = tables["entries"]
    entries = entries.loc[
        entries["role"].eq("race") & ~entries["event_id"].isin(grids["event_id"]),
        [*KEY, "constructor_id"],
    ]
    rows = pd.concat([grids, entries])
    rows = rows.astype({"grid_order": "float64", "pit_lane": "float64"})
    events = ordered_events(tables)[["event_id", "sequence", "season", "round"]]
    rows = rows.merge(events, on="event_id").sort_values(
        ["sequence", "driver_id"], ignore_index=True
    )
    rows["grid_order"] = places_within(rows["sequence"], rows["grid_order"], rows["driver_id"])
    return rows


def outcomes(field: pd.DataFrame, race_results: pd.DataFrame) -> pd.DataFrame:
    """What came of each driver of the field (event_id, driver_id), for the events held.

    Columns: event_id, driver_id, finish_order (1 to n over the field: classified first, then the
    rest in the source's order, those without a result last), classified, retired (retired or did
    not start; no result counts as that) and started.
    """
    results = race_results[[*KEY, "finish_order", "classified", "retired", "outcome"]]
    rows = field.loc[field["event_id"].isin(results["event_id"]), KEY].sort_values(
        KEY, ignore_index=True
    )
    rows = rows.merge(results, on=KEY, how="left")
    started = rows["outcome"].notna() & ~rows["outcome"].isin(_NOT_STARTED)
    rows["classified"] = rows["classified"].eq(True).fillna(False).astype(bool)
    rows["retired"] = rows["retired"].eq(True).fillna(False).astype(bool) | ~started
    rows["started"] = started.astype(bool)
    place = rows["finish_order"].astype("float64").fillna(np.inf)
    place = place.where(rows["classified"], place + _BEHIND_ALL)
    order = places_within(rows["event_id"], place, rows["driver_id"])
    rows["finish_order"] = order.astype("int64")
    return rows.drop(columns=["outcome"])


def lineages(tables: Tables, constructors: pd.DataFrame) -> pd.Series:
    """The team under all its names, for rows with constructor_id and season (same index).

    A constructor that no line of the lineage table covers is a team of its own.
    """
    wanted = constructors[["constructor_id", "season"]].drop_duplicates()
    known = wanted.merge(tables["constructor_lineage"], on="constructor_id")
    known = known[known["season"].between(known["season_from"], known["season_to"].fillna(9999))]
    known = known.sort_values(["constructor_id", "season", "season_from", "lineage_id"])
    known = known.drop_duplicates(["constructor_id", "season"], keep="last")
    joined = constructors[["constructor_id", "season"]].merge(
        known[["constructor_id", "season", "lineage_id"]],
        on=["constructor_id", "season"],
        how="left",
    )
    lineage = joined["lineage_id"].fillna(joined["constructor_id"])
    return lineage.set_axis(constructors.index)


def places_within(group: pd.Series, values: pd.Series, driver_id: pd.Series) -> pd.Series:
    """Places 1 to n by value within each group; equal values by driver id, null where null is."""
    keyed = pd.DataFrame({"group": group, "value": values, "driver_id": driver_id})
    places = keyed.sort_values(["group", "value", "driver_id"]).groupby("group").cumcount() + 1
    return places.reindex(values.index).astype("float64").where(values.notna())


def less_others(values: pd.Series, team: list[pd.Series]) -> pd.Series:
    """A value less the mean of the others of its team; null where either is missing."""
    grouped = values.groupby(team)
    others = (grouped.transform("sum") - values) / (grouped.transform("count") - 1)
    return (values - others).replace([np.inf, -np.inf], np.nan)
