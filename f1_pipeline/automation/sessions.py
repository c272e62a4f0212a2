"""The sessions that a calendar leads one to expect: their results and their recordings."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd

# From when on a look is worth it: the scheduled length, or the shortest race.
_PRACTICE = timedelta(hours=1)
_QUALIFYING = timedelta(hours=1)
_SPRINT = timedelta(minutes=30)
_RACE = timedelta(minutes=75)
# Pit stops follow the result.
_PIT_STOPS = timedelta(minutes=90)
DAY = timedelta(days=1)


# The sessions of each weekend format, in their order.
ORDER = {
    "conventional": ("FP1", "FP2", "FP3", "Q", "R"),
    "sprint": ("FP1", "Q", "FP2", "S", "R"),
    "sprint_shootout": ("FP1", "Q", "SQ", "S", "R"),
    "sprint_qualifying": ("FP1", "SQ", "S", "Q", "R"),
}
RECORDED = ("FP1", "FP2", "FP3", "Q", "SQ", "S", "R")
PRACTICES = ("FP1", "FP2", "FP3")
# Recorded sessions whose outcome the tables of results take in.
RESULTS_COME_FROM = frozenset({*PRACTICES, "SQ"})
_STARTS = {
    "FP1": ("fp1_starts_at", _PRACTICE),
    "FP2": ("fp2_starts_at", _PRACTICE),
    "FP3": ("fp3_starts_at", _PRACTICE),
    "Q": ("qualifying_starts_at", _QUALIFYING),
    "SQ": ("sprint_qualifying_starts_at", _QUALIFYING),
    "S": ("sprint_starts_at", _SPRINT),
    "R": ("race_starts_at", _RACE),
}


@dataclass(frozen=True)
class Session:
    """What to expect: a result, its kind as `sources.results` names it, or a recording, whose kind
    is its session; and when to look first.
    """

    event_id: str
    season: int
    round: int
    kind: str
    ends_at: datetime

    @property
    def key(self) -> tuple[str, str]:
        """Kind and event, as an answer is kept."""
        return (self.kind, self.event_id)


def expected(events: pd.DataFrame) -> list[Session]:
    """The sessions of the calendar (contract `events`), each event's in their order.

    Where the calendar has no times, what comes before a race is looked for from the day before its
    date on, and the race from noon of its day.
    """
    found: list[Session] = []
    for event in events.itertuples():
        start = event.race_starts_at.to_pydatetime()
        race = start + (_RACE if event.race_time_known else DAY / 2)
        ends = {"qualifying": _ends(event.qualifying_starts_at, _QUALIFYING, start - DAY)}
        if event.format != "conventional":
            ends["sprint"] = _ends(event.sprint_starts_at, _SPRINT, start - DAY)
        ends |= {"results": race, "pit_stops": race + _PIT_STOPS - _RACE}
        found += [
            Session(event.event_id, int(event.season), int(event.round), kind, instant)
            for kind, instant in ends.items()
        ]
    return found


def recorded(events: pd.DataFrame) -> list[Session]:
    """The recordings to expect of the calendar (contract `events`), each event's in their order.

    A session without a known start is looked for from the day after the race on.
    """
    found = []
    for event in events.itertuples():
        race = event.race_starts_at.to_pydatetime()
        for kind in ORDER[event.format]:
            column, length = _STARTS[kind]
            starts_at = getattr(event, column)
            known = pd.notna(starts_at) and (kind != "R" or event.race_time_known)
            ends = _ends(starts_at, length, race + DAY) if known else race + DAY
            found.append(Session(event.event_id, int(event.season), int(event.round), kind, ends))
    return found


def _ends(starts_at: pd.Timestamp, length: timedelta, otherwise: datetime) -> datetime:
    return otherwise if pd.isna(starts_at) else starts_at.to_pydatetime() + length
