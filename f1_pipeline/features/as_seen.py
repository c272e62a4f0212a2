"""The tables as they stood when a race started: what was corrected later is put back.

A result that is corrected months later must not move the features that its time had seen: the
features of an event are computed from the versions that held when its race started. Here belongs
the choice of versions and the computing with them; storing them does not, nor any state: the
answer follows from the versions alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Protocol

import pandas as pd

from f1_pipeline.features.timeline import Tables, ordered_events

# Known only after the start: features of an event read those of earlier events alone, so a race
# that is corrected before the next one starts asks for nothing.
_OF_THE_RACE = ("race_results", "pit_stops", "standings")
_OF_THE_WEEKEND = ("qualifying_results", "sprint_results", "practice_results", "starting_grids")
AS_SEEN = (*_OF_THE_RACE, *_OF_THE_WEEKEND)


class Replaced(Protocol):
    """A version of an event's rows in a table, and when the next version took its place."""

    @property
    def table(self) -> str: ...
    @property
    def event_id(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def superseded_at(self) -> datetime: ...
    @property
    def frame(self) -> pd.DataFrame: ...


# By table and event the version that was seen; None is the current one.
_Seen = dict[tuple[str, str], Replaced | None]


@dataclass(frozen=True)
class _Group:
    """Events that are computed in one go, newest first, and what they have seen."""

    events: list[str]
    seen: _Seen


@dataclass(frozen=True)
class _Fact:
    """The replaced versions of one event in one table, oldest first."""

    table: str
    event_id: str
    readable_from: int  # place in time of the first event whose features read it
    versions: list[Replaced]

    def seen_at(self, instant: datetime) -> Replaced | None:
        """The first version that was not yet replaced, else the current one.

        A first version holds for what came before it too: one that arrives late is no correction.
        """
        return next((v for v in self.versions if v.superseded_at > instant), None)


def compute_as_seen(
    compute: Callable[[Tables], pd.DataFrame], tables: Tables, superseded: Sequence[Replaced]
) -> pd.DataFrame:
    """What `compute` makes of the tables, each event's rows from the versions that it saw.

    `compute` gives rows with event_id in the order of events, and is called once for each set of
    versions that some event needs: once in all where nothing has been corrected.
    """
    events = ordered_events(tables)
    groups = _groups(events, _facts(events, [v for v in superseded if v.table in tables]))
    if all(version is None for group in groups for version in group.seen.values()):
        return compute(tables)
    parts = []
    for group in groups:
        rows = compute(_as_seen(tables, group.seen))
        parts.append(rows[rows["event_id"].isin(set(group.events))])
    made = pd.concat(parts, ignore_index=True)
    place = made["event_id"].map(events.set_index("event_id")["sequence"])
    return made.loc[place.sort_values(kind="stable").index].reset_index(drop=True)


def _facts(events: pd.DataFrame, superseded: Sequence[Replaced]) -> list[_Fact]:
    place = dict(zip(events["event_id"], events["sequence"], strict=True))
    # An event that has left the calendar has no features, and none reads it.
    known = [v for v in superseded if v.table in AS_SEEN and v.event_id in place]
    known.sort(key=lambda v: (v.table, v.event_id, v.version))
    return [
        _Fact(table, event_id, place[event_id] + (table in _OF_THE_RACE), list(versions))
        for (table, event_id), versions in groupby(known, key=lambda v: (v.table, v.event_id))
    ]


def _groups(events: pd.DataFrame, facts: list[_Fact]) -> list[_Group]:
    """Events that may be computed together, in as few groups as going back in time gives.

    What an event has not read yet may stand in any version, so it joins a newer one that saw the
    same of all that it reads: a hundred old races corrected at once make two groups.
    """
    groups: list[_Group] = []
    for event in events.iloc[::-1].itertuples():
        seen: _Seen = {
            (fact.table, fact.event_id): fact.seen_at(event.race_starts_at)
            for fact in facts
            if fact.readable_from <= event.sequence
        }
        for group in groups:
            if all(group.seen[key] is version for key, version in seen.items()):
                group.events.append(event.event_id)
                break
        else:
            groups.append(_Group([event.event_id], seen))
    return groups


def _as_seen(tables: Tables, seen: _Seen) -> Tables:
    """The tables with the versions of `seen` in place of the current rows."""
    put_back: dict[str, dict[str, pd.DataFrame]] = {}
    for (table, event_id), version in seen.items():
        if version is not None:
            put_back.setdefault(table, {})[event_id] = version.frame
    changed = dict(tables)
    for table, frames in put_back.items():
        current = tables[table]
        kept = current[~current["event_id"].isin(set(frames))]
        changed[table] = pd.concat([kept, *frames.values()], ignore_index=True)
    return changed
