"""The sessions whose results a calendar leads one to expect, and from when on."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd

# From when on a look is worth it: the scheduled length, or the shortest race.
_QUALIFYING = timedelta(hours=1)
_SPRINT = timedelta(minutes=30)
_RACE = timedelta(minutes=75)
# Pit stops follow the result.
_PIT_STOPS = timedelta(minutes=90)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Session:
    """A result to expect: its kind as `sources.results` names it, and when to look first."""

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


def _ends(starts_at: pd.Timestamp, length: timedelta, otherwise: datetime) -> datetime:
    return otherwise if pd.isna(starts_at) else starts_at.to_pydatetime() + length
