"""Put the raw frames of the sources on top of each other: one raw frame for each table.

The archive is the ground. An event that it lacks comes from the living source; one that it holds is
replaced only where the living source says otherwise in substance (a place, points, how it ended),
driver by driver, so that two ways of wording the same result are no new version of it. The living
source's calendar decides on every event that the archive has no result of.
"""

from collections.abc import Mapping

import pandas as pd

Raw = Mapping[str, pd.DataFrame]

_IDENTITY = {"drivers": "driver_id", "constructors": "constructor_id", "circuits": "circuit_id"}
# What a result says in substance; the rest is wording (reasons) or detail (times).
_SUBSTANCE = {
    "race_results": ["position", "position_text", "points"],
    "sprint_results": ["position", "position_text", "points"],
}
# Of the circuit rather than of the event: carried on from the newest event there.
_OF_CIRCUIT = ["layout_id", "course_length_km", "turns"]
_DRIVER = ["event_id", "driver_id"]
_FROM_ARCHIVE = ["official_name", *_OF_CIRCUIT, "laps", "scheduled_laps"]


def layered(archive: Raw, living: Raw) -> dict[str, pd.DataFrame]:
    """The archive's frames with what `living` (frames of the same shapes, or fewer) adds."""
    raw = dict(archive)
    for table, column in _IDENTITY.items():
        raw[table] = _with_new(archive[table], living.get(table), [column])
    raw["events"] = _calendar(archive, living.get("events"))
    for table in ("starting_grids", "pit_stops"):
        raw[table] = _with_new(archive[table], living.get(table), ["event_id"])
    # The archive says more of qualifying (who was not classified, who was excluded): where it has
    # a session, that stands.
    raw["qualifying_results"] = _with_new(
        archive["qualifying_results"], living.get("qualifying_results"), ["event_id", "session"]
    )
    # Practice is in the archive, and in live timing of what the archive has not.
    raw["practice_results"] = _with_new(
        archive["practice_results"], living.get("practice_results"), ["event_id", "session"]
    )
    for table, substance in _SUBSTANCE.items():
        raw[table] = _results(archive[table], living.get(table), substance)
    raw["pit_stops"] = _with_constructors(raw["pit_stops"], raw["race_results"])
    for table in (
        *("race_results", "sprint_results", "qualifying_results", "starting_grids"),
        "practice_results",
    ):
        raw[table] = _with_engines(raw[table], archive)
    return raw


def _with_new(ground: pd.DataFrame, top: pd.DataFrame | None, key: list[str]) -> pd.DataFrame:
    """The ground, and the rows on top whose key it does not know."""
    if top is None:
        return ground
    known = pd.MultiIndex.from_frame(ground[key])
    return _stacked(ground, top[~pd.MultiIndex.from_frame(top[key]).isin(known)])


def _calendar(archive: Raw, schedule: pd.DataFrame | None) -> pd.DataFrame:
    """A season that the living source has a calendar of follows it, but for the events held.

    Those keep their row and follow in the round alone. An event that is neither held nor listed
    has been cancelled.
    """
    events = archive["events"]
    if schedule is None:
        return events
    held = events["event_id"].isin(set(archive["race_results"]["event_id"]))
    known = events[held].copy()
    rounds = schedule.set_index("event_id")["round"]
    renumbered = known["event_id"].map(rounds)
    known["round"] = renumbered.where(renumbered.notna(), known["round"])
    unlisted = events[~held & ~events["season"].isin(set(schedule["season"]))]
    listed = schedule[~schedule["event_id"].isin(known["event_id"])]
    return _stacked(_stacked(known, _described(listed, events)), unlisted)


def _described(listed: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Add what the archive knows of the same event, or of the newest one at the circuit."""
    listed = listed.copy()
    same = events.drop_duplicates("event_id").set_index("event_id")
    for column in _FROM_ARCHIVE:
        listed[column] = listed["event_id"].map(same[column]).astype(object)
    moved = listed["circuit_id"].ne(listed["event_id"].map(same["circuit_id"]))
    listed.loc[moved, [*_OF_CIRCUIT, "laps", "scheduled_laps"]] = None
    newest = events.sort_values("race_date", kind="stable").drop_duplicates(
        "circuit_id", keep="last"
    )
    at_circuit = newest.set_index("circuit_id")
    for column in _OF_CIRCUIT:
        there = listed["circuit_id"].map(at_circuit[column])
        listed[column] = listed[column].where(listed[column].notna(), there)
    return listed


def _results(ground: pd.DataFrame, top: pd.DataFrame | None, substance: list[str]) -> pd.DataFrame:
    """Events that the ground lacks, and of others the drivers of whom more than words differ."""
    if top is None:
        return ground
    known = top["event_id"].isin(set(ground["event_id"]))
    differing = _differing(ground, top[known], substance)
    events = set(differing["event_id"])
    is_old, is_new = ground["event_id"].isin(events), top["event_id"].isin(events)
    corrected = _reworded(ground[is_old], top[is_new], differing)
    return _stacked(_stacked(ground[~is_old], corrected), top[~known])


def _differing(ground: pd.DataFrame, top: pd.DataFrame, substance: list[str]) -> pd.DataFrame:
    """Events and drivers of `top` whose row in `ground` says something else, or is not there."""
    both = ground.merge(top, on=_DRIVER, how="right", suffixes=("", "_top"), indicator=True)
    same = both["_merge"].eq("both")
    for column in substance:
        same &= _as_text(both[column]) == _as_text(both[f"{column}_top"])
    # Retired after 90 % of the distance: the archive gives the place, the other source at times R.
    retired = both["reason_retired"].notna() & both["position_text_top"].eq("DNF")
    same |= retired & _as_text(both["position"]).eq(_as_text(both["display_order_top"]))
    return both.loc[~same, _DRIVER]


def _reworded(old: pd.DataFrame, new: pd.DataFrame, differing: pd.DataFrame) -> pd.DataFrame:
    """The new rows; a driver of whom nothing differs keeps his row and changes its order alone."""
    changed = pd.MultiIndex.from_frame(differing)
    new_key = pd.MultiIndex.from_frame(new[_DRIVER])
    order = pd.Series(new["display_order"].to_numpy(), index=new_key)
    old_key = pd.MultiIndex.from_frame(old[_DRIVER])
    kept = old[old_key.isin(new_key) & ~old_key.isin(changed)]
    # Who did not start is at times left out of the other source's list: that is no correction.
    omitted = old[~old_key.isin(new_key) & old["position"].isna()]
    kept = kept.assign(
        display_order=order.reindex(pd.MultiIndex.from_frame(kept[_DRIVER])).to_numpy()
    )
    return _stacked(_stacked(kept, new[new_key.isin(changed)]), omitted)


def _with_constructors(pit_stops: pd.DataFrame, results: pd.DataFrame) -> pd.DataFrame:
    teams = results.drop_duplicates(_DRIVER).set_index(_DRIVER)["constructor_id"]
    of_entry = teams.reindex(pd.MultiIndex.from_frame(pit_stops[_DRIVER])).to_numpy()
    named = pit_stops["constructor_id"]
    return pit_stops.assign(constructor_id=named.where(named.notna(), of_entry))


def _with_engines(rows: pd.DataFrame, archive: Raw) -> pd.DataFrame:
    """The living source names no engine: it is the one that the season's entrants list."""
    listed = archive["entrants"].dropna(subset=["engine_id"])
    engines = listed.drop_duplicates(["season", "constructor_id"]).set_index(
        ["season", "constructor_id"]
    )["engine_id"]
    lacking = rows["engine_id"].isna() & rows["source"].ne("archive")
    if not lacking.any():
        return rows
    wanted = pd.MultiIndex.from_frame(rows[["season", "constructor_id"]])
    found = pd.Series(engines.reindex(wanted).to_numpy(), index=rows.index)
    return rows.assign(engine_id=rows["engine_id"].where(~lacking, found))


def _stacked(ground: pd.DataFrame, top: pd.DataFrame) -> pd.DataFrame:
    """Both, one after the other; the types of neither have a say in those of the other's values."""
    parts = [frame.astype(object) for frame in (ground, top) if len(frame)]
    return pd.concat(parts, ignore_index=True) if len(parts) > 1 else (parts or [ground])[0]


def _as_text(values: "pd.Series[object]") -> "pd.Series[str]":
    """Numbers and their texts alike: 1, 1.0 and '1' are one place, nothing and NaN one gap."""
    numbers = pd.to_numeric(values, errors="coerce").astype("float64")
    if values.name in ("points", "points_top"):
        numbers = numbers.fillna(0.0)  # the archive leaves them empty where none were scored
    texts = values.astype(object).where(values.notna(), "").astype(str)
    return texts.mask(numbers.notna(), numbers.astype(str))
