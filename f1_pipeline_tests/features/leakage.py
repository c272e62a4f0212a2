"""Does a feature look ahead? Change all that is only known afterwards, and see whether it moves.

`assert_blind` is given what builds the frames, so that a test can also plant a leak and see it
found. It knows the cut-offs from the weekend formats, not from the code under test.
"""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from f1_pipeline.contracts import CONTRACTS, coerce

Build = Callable[[Mapping[str, pd.DataFrame]], dict[str, pd.DataFrame]]

OUTCOME_TABLES = (
    "race_results",
    "qualifying_results",
    "sprint_results",
    "practice_results",
    "pit_stops",
    "standings",
    "race_pace",
)
_OF_THE_RACE = ("race_results", "pit_stops", "standings", "race_pace")
_NUMBERS = {"points", "best_ms", "q1_ms", "q2_ms", "q3_ms", "pit_lane_ms", "laps", "pace_ms", "gap"}
_IDENTITY = {
    "source",
    "tier",
    "event_id",
    "driver_id",
    "constructor_id",
    "session",
    "stop",
    "stint",
}
_IDENTITY |= {"championship", "competitor_id"}


def assert_blind(
    build: Build,
    tables: Mapping[str, pd.DataFrame],
    event_id: str,
    horizon: str,
    grid_source: str,
    seed: int,
) -> None:
    """The event's rows of every frame are the same bits whatever happens after the cut-off."""
    expected = _seen(build(tables), event_id, horizon, grid_source)
    assert len(expected["race_features"]), "nothing to compare"
    random = np.random.default_rng(seed)
    for changed in (
        scrambled(tables, event_id, horizon, grid_source, random),
        dropped(tables, event_id, horizon),
    ):
        found = _seen(build(changed), event_id, horizon, grid_source)
        for name, frame in expected.items():
            pd.testing.assert_frame_equal(found[name], frame, check_exact=True, obj=name)


def scrambled(
    tables: Mapping[str, pd.DataFrame],
    event_id: str,
    horizon: str,
    grid_source: str,
    random: np.random.Generator,
) -> dict[str, pd.DataFrame]:
    """Every outcome that is not known at the cut-off changed: of the event, and of later ones."""
    after = _events_after(tables["events"], event_id)
    changed = dict(tables)
    for name in OUTCOME_TABLES:
        frame = tables[name]
        hidden = frame["event_id"].isin(after) | _hidden(name, frame, tables, event_id, horizon)
        changed[name] = _shuffled(frame, hidden, random)
    grids = tables["starting_grids"]
    hidden = grids["event_id"].isin(after)
    if grid_source != "official":
        hidden |= grids["event_id"].eq(event_id)
    changed["starting_grids"] = _shuffled(grids, hidden, random)
    return changed


def dropped(
    tables: Mapping[str, pd.DataFrame], event_id: str, horizon: str
) -> dict[str, pd.DataFrame]:
    """The same without those rows, and without the later events themselves."""
    after = _events_after(tables["events"], event_id)
    kept = {}
    for name, frame in tables.items():
        if "event_id" in frame:
            gone = frame["event_id"].isin(after)
            if name in OUTCOME_TABLES:
                gone |= _hidden(name, frame, tables, event_id, horizon)
            kept[name] = frame[~gone].reset_index(drop=True)
        else:
            kept[name] = frame
    return kept


def _events_after(events: pd.DataFrame, event_id: str) -> set[str]:
    starts = events.set_index("event_id")["race_starts_at"]
    return set(starts.index[starts > starts[event_id]])


def _hidden(
    name: str, frame: pd.DataFrame, tables: Mapping[str, pd.DataFrame], event_id: str, horizon: str
) -> "pd.Series[bool]":
    """The event's own rows that come after the cut-off."""
    own = frame["event_id"].eq(event_id)
    events = tables["events"]
    fmt = events.loc[events["event_id"].eq(event_id), "format"].item()
    if horizon == "pre_weekend" or name in _OF_THE_RACE:
        return own
    if name == "practice_results":
        return own & False
    if name == "sprint_results":
        return own & (fmt == "sprint_shootout")
    return own & frame["session"].eq("SQ") & (fmt == "sprint_shootout")


def _shuffled(
    frame: pd.DataFrame, hidden: "pd.Series[bool]", random: np.random.Generator
) -> pd.DataFrame:
    """Other values in the hidden rows: what each held goes to other rows, numbers move too."""
    frame = frame.copy()
    rows = np.flatnonzero(hidden)
    if not len(rows):
        return frame
    columns = [c for c in frame.columns if c not in _IDENTITY]
    other = random.permutation(rows)
    for column in columns:
        values = frame[column].to_numpy(dtype=object, copy=True)
        values[rows] = values[other]
        if column in _NUMBERS:
            moved = [None if pd.isna(v) else v + int(random.integers(5)) for v in values[rows]]
            values[rows] = moved
        frame[column] = pd.Series(values, index=frame.index, dtype=object).astype(
            frame[column].dtype
        )
    return frame


def _seen(
    frames: dict[str, pd.DataFrame], event_id: str, horizon: str, grid_source: str
) -> dict[str, pd.DataFrame]:
    seen = {}
    for name, frame in frames.items():
        rows, faults = coerce(frame, CONTRACTS[name])
        assert not faults
        rows = rows[rows["event_id"].eq(event_id)]
        if name == "race_features":
            rows = rows[rows["horizon"].eq(horizon) & rows["grid_source"].eq(grid_source)]
        seen[name] = rows.sort_values(list(CONTRACTS[name].key), ignore_index=True)
    return seen
