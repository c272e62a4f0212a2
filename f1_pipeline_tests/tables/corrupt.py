"""Put faults into raw frames, and compare what is built of them with the clean build."""

from collections.abc import Iterable

import pandas as pd

from f1_pipeline.contracts import CONTRACTS
from f1_pipeline.tables import Build
from f1_pipeline.tables.build import BY_EVENT, WHOLE

Frames = dict[str, pd.DataFrame]


def as_text(values: "pd.Series[object]") -> "pd.Series[object]":
    """A column as a release gives it once one of its values is no number: all are text."""

    def spelled(value: object) -> object:
        if pd.isna(value):
            return None
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, float) and value.is_integer():
            return str(int(value))
        return str(value)

    return values.astype(object).map(spelled).astype(object)


def with_value(
    raw: Frames, table: str, label: object, column: str, value: object, *, text: bool = False
) -> Frames:
    """The frames with one cell exchanged; `text`: the rest of its column becomes text."""
    frame = raw[table].copy()
    values = as_text(frame[column]) if text else frame[column].astype(object)
    values.loc[label] = value
    frame[column] = values.infer_objects()
    return raw | {table: frame}


def row_of(raw: Frames, table: str, event_id: str, number: int = 0) -> object:
    """The label of a row of an event."""
    frame = raw[table]
    return frame.index[frame["event_id"].eq(event_id)][number]


def in_key_order(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    return frame.sort_values(list(CONTRACTS[name].key), ignore_index=True)


def of_others(frame: pd.DataFrame, name: str, without: Iterable[str]) -> pd.DataFrame:
    """The rows of all events but some, in the order of the key."""
    return in_key_order(frame[~frame["event_id"].isin(set(without))], name)


def assert_same(ours: Frames, theirs: Frames, names: Iterable[str] = (*WHOLE, *BY_EVENT)) -> None:
    for name in names:
        pd.testing.assert_frame_equal(
            in_key_order(ours[name], name), in_key_order(theirs[name], name), obj=name
        )


def assert_withheld_exactly(built: Build, clean: Build, withheld: set[str]) -> None:
    """These events are gone from every table, and all others are as in the clean build.

    Standings of later rounds of the same season are computed without the event: left aside.
    """
    assert built.withheld == withheld
    assert all(len(f.reason.splitlines()) == 1 and f.reason for f in built.faults)
    later = set(withheld)
    events = clean.frames["events"].set_index("event_id")
    for event_id in withheld & set(events.index):
        mine = events.loc[event_id]
        follows = events["season"].eq(mine["season"]) & events["round"].gt(mine["round"])
        later |= set(events.index[follows])
    for name in (*BY_EVENT, "standings"):
        assert not built.frames[name]["event_id"].isin(withheld).any(), name
        aside = later if name == "standings" else withheld
        pd.testing.assert_frame_equal(
            of_others(built.frames[name], name, aside),
            of_others(clean.frames[name], name, aside),
            obj=name,
        )
    assert set(built.frames["standings"]["event_id"]) == set(
        clean.frames["standings"]["event_id"]
    ) - set(withheld)
