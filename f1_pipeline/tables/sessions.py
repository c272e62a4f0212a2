"""Results of the sessions: grids, races, sprints, qualifying, practice, pit stops.

Every function takes a raw frame of `sources` and gives the columns of its contract.
"""

import pandas as pd

_OUTCOMES = {
    "DNF": "retired",
    "NC": "not_classified",
    "DSQ": "disqualified",
    "EX": "disqualified",
    "DNS": "did_not_start",
    "WD": "did_not_start",
    "DNQ": "did_not_qualify",
    "DNP": "did_not_qualify",
    "DNPQ": "did_not_qualify",
}


def starting_grids(raw: pd.DataFrame) -> pd.DataFrame:
    """The published grid in row order; a pit-lane start has an order but no slot."""
    return raw.assign(
        grid_order=raw["display_order"],
        grid_position=raw["position"],
        pit_lane=raw["position_text"].eq("PL"),
        tier="results",
    )


def race_results(raw: pd.DataFrame) -> pd.DataFrame:
    """The result, with the failure label kept apart from being classified (90 % rule)."""
    finished = _finish(raw)
    has_reason = raw["reason_retired"].notna()
    retired = finished["outcome"].eq("retired") | (
        has_reason & finished["outcome"].isin(["finished", "not_classified"])
    )
    fastest = raw["fastest_lap"].map(lambda value: False if pd.isna(value) else value)
    return finished.assign(retired=retired, fastest_lap=fastest)


def sprint_results(raw: pd.DataFrame) -> pd.DataFrame:
    return _finish(raw)


def qualifying_results(raw: pd.DataFrame) -> pd.DataFrame:
    """Order and times by part; a session without parts (before 2006) has its time as the first."""
    merged = _merge_doubled(raw)
    return merged.assign(
        qualifying_order=merged["display_order"],
        q1_ms=merged["q1_ms"].where(merged["q1_ms"].notna(), merged["time_ms"]),
        tier=tiers(merged["source"]),
    )


def practice_results(raw: pd.DataFrame) -> pd.DataFrame:
    # Drivers without a time have no position: they follow in the source's order.
    placed = raw["position"].notna()
    return raw.assign(
        position=raw["position"].where(placed, raw["display_order"]), tier=tiers(raw["source"])
    )


def pit_stops(raw: pd.DataFrame) -> pd.DataFrame:
    return raw.assign(tier="results")


def tiers(source: "pd.Series[str]") -> "pd.Series[str]":
    """The tier that a source belongs to."""
    return source.map({"livetiming": "timing", "file": "timing"}).fillna("results")


def _finish(raw: pd.DataFrame) -> pd.DataFrame:
    """What a race and a sprint share: order, outcome, points (null means none scored)."""
    placed = raw["position"].notna()
    outcome = raw["position_text"].replace(_OUTCOMES).mask(placed, "finished")
    return raw.assign(
        finish_order=raw["display_order"],
        classified=placed,
        outcome=outcome,
        points=raw["points"].where(raw["points"].notna(), 0),
        tier="results",
    )


def _merge_doubled(raw: pd.DataFrame) -> pd.DataFrame:
    """One row for a driver listed twice, once with times and once with a later ruling only.

    It happens in 2023-great-britain: the ruling's row (no times, no position) gives its text to the
    row that has the times. Two rows with times are a fault and stay doubled, for the contract to
    find.
    """
    key = ["event_id", "session", "driver_id"]
    bare = raw[["position", "time_ms", "q1_ms", "q2_ms", "q3_ms"]].isna().all(axis=1)
    ruling = bare & raw.duplicated(key, keep=False)
    # A pair of bare rows is no ruling on anything.
    ruling &= ~bare.groupby([raw[k] for k in key], dropna=False).transform("all")
    if not ruling.any():
        return raw
    texts = raw[ruling].drop_duplicates(key).set_index(key)["position_text"]
    kept = raw[~ruling]
    ruled = pd.Series(pd.MultiIndex.from_frame(kept[key]).map(texts.to_dict()), index=kept.index)
    return kept.assign(position_text=ruled.fillna(kept["position_text"]))
