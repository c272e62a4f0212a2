"""When to look for recorded sessions, and which runs follow: beside the results, never before them.

One look tells for an event: what is due of it is then loaded in one run. A recording that is only
partly there is looked for again for a fortnight, one that is not there at all as a result is.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

import pandas as pd

from f1_pipeline.automation.looks import Cursor, delay, name_of
from f1_pipeline.automation.sessions import PRACTICES, RECORDED, RESULTS_COME_FROM, Session
from f1_pipeline.automation.wanted import Attempts, State, Wanted

DAY = timedelta(days=1)
# While live timing refuses, one request each so often shows whether it still does.
PROBE = timedelta(hours=6)
# (age of the session, time between two looks) for what is partly there.
_PARTIAL = ((3 * DAY, DAY), (14 * DAY, 3 * DAY))
# A season that is under way is filled in however late: the wall may have stood for months.
_FILLING = 7 * DAY
_RESULT_OF = {"R": "results", "S": "sprint"}


def recordings_due(
    sessions: Iterable[Session],
    held: Collection[tuple[str, str]],
    complete: Collection[tuple[str, str]],
    cursor: Cursor,
    now: datetime,
    shortest: timedelta,
) -> dict[str, list[Session]]:
    """By event the recordings to look for now; the event with the newest of them first."""
    due: dict[str, list[Session]] = {}
    for session in sessions:
        if session.key in complete or session.ends_at > now:
            continue
        age = now - session.ends_at
        wait = _partial(age) if session.key in held else _absent(session, age, now, shortest)
        if wait is not None and cursor.since(name_of(session), now) >= wait:
            due.setdefault(session.event_id, []).append(session)
    newest = {event: max(s.ends_at for s in found) for event, found in due.items()}
    return {event: due[event] for event in sorted(due, key=lambda e: newest[e], reverse=True)}


def _partial(age: timedelta) -> timedelta | None:
    if age < DAY:
        return None
    return next((wait for limit, wait in _PARTIAL if age < limit), None)


def _absent(
    session: Session, age: timedelta, now: datetime, shortest: timedelta
) -> timedelta | None:
    return delay(age, shortest) or (_FILLING if session.season == now.year else None)


def to_compare(recorded: pd.DataFrame, held: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Races and sprints (session, event) that were taken in before their result was.

    `recorded`: the table timing_sessions; `held`: kinds and events of the results in the tables.
    """
    waiting = recorded[~recorded["compared"]]
    keys = zip(waiting["session"], waiting["event_id"], strict=True)
    return {(session, e) for session, e in keys if (_RESULT_OF.get(session), e) in held}


def name_for(event_id: str) -> str:
    """What the runs that record an event are grouped by: apart from those of its results."""
    return f"{event_id}/timing"


def recordings_wanted(state: State, now: datetime) -> list[Wanted]:
    """A run for each event with sessions that a look found; `now` is the real time."""
    by_event: dict[str, dict[str, str]] = {}
    for (kind, key), token in state.found.items():
        if kind in RECORDED:
            by_event.setdefault(key, {})[kind] = token
    runs = []
    for event_id, tokens in sorted(by_event.items()):
        key = name_for(event_id)
        kinds = tuple(kind for kind in RECORDED if kind in tokens)
        purpose = f"{key}:{','.join(f'{kind}={tokens[kind]}' for kind in kinds)}"
        attempts = state.attempts.get(purpose, Attempts())
        if attempts.succeeded or state.is_busy(key) or not attempts.may_try(now):
            continue
        opens = bool(set(PRACTICES) & set(kinds)) and event_id in state.open_events
        runs.append(
            Wanted(
                job="update_timing",
                purpose=purpose,
                run_key=f"{purpose}#{attempts.name}",
                event_id=event_id,
                season=int(event_id[:4]),
                raw=kinds,
                forecast=opens,
                results=bool(RESULTS_COME_FROM & set(kinds)),
            )
        )
    return runs


def fulfilled(found: Mapping[str, str], attempts: Mapping[str, Attempts]) -> set[str]:
    """The names (`FP1:2025-monaco`) whose look has had its run: a later look may find more.

    `found`: by name the token of the look.
    """
    done = set()
    for purpose, runs in attempts.items():
        key, _, items = purpose.partition(":")
        if key.endswith("/timing") and runs.succeeded:
            event_id = key.removesuffix("/timing")
            for item in items.split(","):
                kind, _, token = item.partition("=")
                if found.get(f"{kind}:{event_id}") == token:
                    done.add(f"{kind}:{event_id}")
    return done
