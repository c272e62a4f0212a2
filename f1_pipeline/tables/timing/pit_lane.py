"""`pit_lane_losses`: what passing through the pit lane cost against staying out.

A pass is the in-lap and the out-lap of a stop (or of a drive-through: laps do not tell the two
apart). Here belongs what a pass is held against. Which laps are clean is decided in `clean`.
"""

import pandas as pd

from f1_pipeline.tables.timing.clean import DRIVER, KEY, RACES, SESSION, rows_of

_NEAR = 5  # laps before the in-lap, and as many after the out-lap
# Behind a safety car laps depend on the place in the queue: against cars that began the lap within
# 20 s, losses of one race differ by 3.4 s (median deviation), against the whole field by 5.1 s.
_NEAR_ON_TRACK_MS = 20_000.0
_FIELD = 3  # cars that must have stayed out for the median of all to count
_USABLE_MS = (8_000, 60_000)  # below: a wrong clock, or a queue caught up with; above: a repair
_WORST_FIRST = {
    "5": "red",
    "4": "safety_car",
    "6": "virtual_safety_car",
    "7": "virtual_safety_car",
    "2": "yellow",
    "1": "green",
}


def pit_lane_losses(
    laps: pd.DataFrame, clean_laps: pd.DataFrame, track_status: pd.DataFrame
) -> pd.DataFrame:
    """A row for each pass of a race or sprint whose cost can be told: contract `pit_lane_losses`.

    On green laps the reference is the driver's own pace. Where the pass was not on green laps alone
    (neutralised, wet, the standing start), staying out would have been slow as well: then it is
    what cars that stayed out needed for the same two laps.
    """
    pairs = _pairs(laps[laps["session"].isin(RACES)])
    passes = pairs[pairs["passes"]].reset_index(drop=True)
    passes["caution"] = _caution(passes, track_status)
    green = passes["caution"].isin(["green", "yellow"]) & _on_green_laps(passes, clean_laps)
    own = _own_reference(passes[green], clean_laps).reindex(passes.index)
    others = _stayed_out(passes[own.isna()], pairs[pairs["stays"]])
    passes["reference_ms"] = own.fillna(others.reindex(passes.index))
    passes["loss_ms"] = passes["pair_ms"] - 2 * passes["reference_ms"]
    no_red = passes["caution"].ne("red") & ~passes["red"]
    passes["usable"] = passes["loss_ms"].between(*_USABLE_MS) & no_red
    return rows_of("pit_lane_losses", passes[passes["loss_ms"].notna()])


def _pairs(laps: pd.DataFrame) -> pd.DataFrame:
    """Each lap that the driver's next lap is held of, and what the two were together.

    A lap without a time (most are behind a safety car) is known by the clock: the pair lasts from
    the start of the first to the end of the second.
    """
    laps = laps.sort_values(KEY, ignore_index=True)
    following = laps.shift(-1)
    held = following["lap"].sub(laps["lap"]).eq(1).fillna(False).astype(bool)
    for column in DRIVER:
        held &= following[column].eq(laps[column])
    laps, following = laps[held], following[held]
    time, next_time = laps["lap_ms"].astype("float64"), following["lap_ms"].astype("float64")
    start = laps["starts_at_ms"].astype("float64")
    start = start.fillna(laps["ends_at_ms"].astype("float64") - time)
    goes_in, comes_out = laps["pit_in_ms"].notna(), following["pit_out_ms"].notna()
    # Cars leave the pit lane for the grid: on lap 1 an exit is no stop.
    came_out = laps["pit_out_ms"].notna() & laps["lap"].gt(1).astype(bool)
    lane = (following["pit_out_ms"] - laps["pit_in_ms"]).astype("Int64")
    return laps[[*KEY, "pit_in_ms", "track_status"]].assign(
        start=start,
        pair_ms=(time + next_time).fillna(following["ends_at_ms"].astype("float64") - start),
        pit_lane_ms=lane.where(lane.gt(0).fillna(False).astype(bool)),
        red=_saw_red(laps) | _saw_red(following),
        passes=goes_in & comes_out,
        stays=~(goes_in | comes_out | came_out | following["pit_in_ms"].notna()),
    )


def _saw_red(laps: pd.DataFrame) -> pd.Series:
    return laps["track_status"].fillna("").astype(str).str.contains("5", regex=False)


def _caution(passes: pd.DataFrame, track_status: pd.DataFrame) -> pd.Series:
    """The track's state at the pit entry; before the first change, the worst of the in-lap."""
    codes = passes["track_status"].fillna("").astype(str)
    worst = pd.Series("green", index=passes.index, dtype=object)
    for code in reversed(_WORST_FIRST):
        worst = worst.mask(codes.str.contains(code, regex=False), _WORST_FIRST[code])
    entries = passes[SESSION].assign(at=passes["pit_in_ms"].astype("float64")).sort_values("at")
    changes = track_status[[*SESSION, "sequence", "status"]].assign(
        at=track_status["at_ms"].astype("float64")
    )
    if changes.empty or entries.empty:
        return worst
    changes = changes.sort_values(["at", "sequence"])
    states = pd.merge_asof(entries, changes, on="at", by=SESSION)["status"].map(_WORST_FIRST)
    return states.set_axis(entries.index).reindex(passes.index).fillna(worst)


def _on_green_laps(passes: pd.DataFrame, clean_laps: pd.DataFrame) -> pd.Series:
    """Neither lap is the first, neutralised or wet; of a lap without a time this is not known."""
    slow = clean_laps["neutralised"].astype(bool) | clean_laps["wet"].astype(bool)
    first = clean_laps["lap"].eq(1).astype(bool)
    green = pd.MultiIndex.from_frame(clean_laps.loc[~(slow | first), KEY])
    on_green = [
        pd.MultiIndex.from_frame(passes[KEY].assign(lap=passes["lap"] + i)).isin(green)
        for i in (0, 1)
    ]
    return pd.Series(on_green[0] & on_green[1], index=passes.index)


def _own_reference(passes: pd.DataFrame, clean_laps: pd.DataFrame) -> pd.Series:
    """The driver's clean laps near the pass: the mean of the medians before it and after it.

    So worn tyres count as much as new ones, as they do in the pass; the median of all ten laps
    would follow the side that has more of them. With no lap near, it is his whole session's.
    """
    clean = clean_laps.loc[clean_laps["clean"].astype(bool), [*KEY, "lap_ms"]]
    around = passes[KEY].assign(number=passes.index).merge(clean, on=DRIVER, suffixes=("", "_of"))
    later = (around["lap_of"] - around["lap"]).astype("float64")
    time, number = around["lap_ms"].astype("float64"), around["number"]
    sides = [
        time.where(later.between(*laps)).groupby(number).median()
        for laps in ((-_NEAR, -1), (2, 1 + _NEAR))
    ]
    near = pd.concat(sides, axis=1).mean(axis=1)
    return near.fillna(time.groupby(number).median()).reindex(passes.index)


def _stayed_out(passes: pd.DataFrame, stays: pd.DataFrame) -> pd.Series:
    """A lap of those who stayed out for both: of the cars near on track, else of the whole field.

    Near by the clock and not by the number of the lap: a lapped car's lap 20 is run in the leader's
    lap 21, and the safety car may have come in between.
    """
    mine = passes[[*SESSION, "lap", "start"]].assign(number=passes.index)
    others = stays[[*SESSION, "lap", "start", "pair_ms"]]
    met = mine.merge(others, on=SESSION, suffixes=("", "_of"))
    near = (met["start_of"] - met["start"]).abs() <= _NEAR_ON_TRACK_MS
    near_by = met[near].groupby("number")["pair_ms"].median()
    same_lap = met[met["lap_of"].eq(met["lap"]).astype(bool)].groupby("number")["pair_ms"]
    field = same_lap.median().where(same_lap.count() >= _FIELD)
    return near_by.reindex(passes.index).fillna(field.reindex(passes.index)) / 2
