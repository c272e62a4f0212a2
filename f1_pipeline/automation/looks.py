"""When to look: for a result that is due, and at a calendar. From minutes to days, then no more.

The cursor of the sensor is the memory of the last looks, and of nothing else: losing it costs a few
requests, no result.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from f1_pipeline.automation.sessions import Session

# (age of the session, how many shortest intervals between two looks): with 2 minutes the looks are
# 2 and 10 minutes, then an hour, six hours and a day apart: some 190 requests a session at worst.
_BACK_OFF = (
    (timedelta(hours=2), 1),
    (timedelta(hours=8), 5),
    (timedelta(days=1), 30),
    (timedelta(days=7), 180),
    (timedelta(days=60), 720),
)
# A calendar changes rarely and by announcement; the next season's appears in the summer or later.
_CALENDAR = timedelta(hours=12)
_NEXT_CALENDAR_FROM_MONTH = 9


@dataclass
class Cursor:
    """What the sensor remembers of its looks, by name: `kind:event`, or `schedule:season`.

    `looks`: the last that found nothing new, by the project's clock. `broken`: the last that got no
    answer, in real time. `found`: the revision that was seen, and the one that was kept then; it is
    not looked for again until its run has kept it.
    """

    looks: dict[str, datetime] = field(default_factory=dict)
    broken: dict[str, datetime] = field(default_factory=dict)
    found: dict[str, tuple[str, str | None]] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str | None) -> "Cursor":
        """The cursor that was stored; one that cannot be read is an empty one."""
        try:
            stored = json.loads(text or "{}")
            looks, broken = (
                {str(name): datetime.fromisoformat(at) for name, at in stored.get(part, {}).items()}
                for part in ("looks", "broken")
            )
            found = {name: (new, old) for name, (new, old) in stored.get("found", {}).items()}
        except (ValueError, TypeError, AttributeError):
            return cls()
        # An instant without an offset can be compared with none that has one.
        if any(at.tzinfo is None for part in (looks, broken) for at in part.values()):
            return cls()
        return cls(looks, broken, found)

    def dump(self, keep: Collection[str]) -> str:
        """As text, with those names alone that are still looked for."""
        times = {
            part: {n: at.isoformat() for n, at in sorted(known.items()) if n in keep}
            for part, known in (("looks", self.looks), ("broken", self.broken))
        }
        return json.dumps(times | {"found": dict(sorted(self.found.items()))})

    def since(self, name: str, now: datetime) -> timedelta:
        """How long ago the last look was; a look in the future (a clock put back) is none."""
        return _ago(self.looks.get(name), now)

    def may_look(self, name: str, wall: datetime, shortest: timedelta) -> bool:
        """Whether nothing was found that is still to be kept, and the last fault is not fresh."""
        return name not in self.found and _ago(self.broken.get(name), wall) >= shortest

    def settle(self, revisions: Mapping[str, str]) -> None:
        """Forget what was found and is kept by now: `revisions` by name."""
        self.found = {
            name: (new, old)
            for name, (new, old) in self.found.items()
            if revisions.get(name) == old
        }


def _ago(last: datetime | None, now: datetime) -> timedelta:
    return timedelta.max if last is None or last > now else now - last


def delay(age: timedelta, shortest: timedelta) -> timedelta | None:
    """The time between two looks for a session that ended so long ago; None: no more looks."""
    return next((shortest * times for limit, times in _BACK_OFF if age < limit), None)


def name_of(session: Session) -> str:
    """A session's name in the cursor."""
    return f"{session.kind}:{session.event_id}"


def sessions_due(
    sessions: Iterable[Session],
    held: Collection[tuple[str, str]],
    cursor: Cursor,
    now: datetime,
    shortest: timedelta,
) -> list[Session]:
    """The sessions to look for now, newest first: they have ended, and nothing is held of them."""
    due = []
    for session in sessions:
        if session.key in held or session.ends_at > now:
            continue
        wait = delay(now - session.ends_at, shortest)
        if wait is not None and cursor.since(name_of(session), now) >= wait:
            due.append(session)
    return sorted(due, key=lambda s: s.ends_at, reverse=True)


def calendars_due(held: Collection[str], cursor: Cursor, now: datetime) -> list[int]:
    """The seasons whose calendar to read now: this year's, and from autumn on the next one's.

    One that is not `held` yet is asked for as often as one that is: the turn of the year is no
    reason for haste.
    """
    seasons = [now.year] + [now.year + 1] * (now.month >= _NEXT_CALENDAR_FROM_MONTH)
    due = [s for s in seasons if cursor.since(f"schedule:{s}", now) >= _CALENDAR]
    return sorted(due, key=lambda season: str(season) in held)
