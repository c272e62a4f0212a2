"""The sensor's looks at live timing: one request an event, none while it refuses, and the notice.

What is due is decided in `automation`; what a refusal leads to belongs here, once for all
processes.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import dagster as dg

from f1_pipeline import automation, clock
from f1_pipeline.automation import Attempts, Cursor, Session
from f1_pipeline.defs.outlook import Outlook
from f1_pipeline.defs.resources import Upstream
from f1_pipeline.defs.timing import account_check
from f1_pipeline.sources.timing.load import TimingClient
from f1_pipeline.sources.upstream import (
    TIMING_SERVICE,
    GoneError,
    NotYetError,
    OverBudgetError,
    RefusedError,
    UpstreamError,
)

# Results come first in a tick, which ends at 60 s.
_LOOKS = 3


@dataclass
class TimingLooks:
    """What the looks of a tick saw: tokens by (session, event), lines, and notices for the UI."""

    found: dict[tuple[str, str], str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    notices: list[dg.AssetCheckEvaluation] = field(default_factory=list)


def look(
    context: dg.SensorEvaluationContext,
    upstream: Upstream,
    outlook: Outlook,
    cursor: Cursor,
    attempts: dict[str, Attempts],
) -> TimingLooks:
    """Ask for what is due, the newest first."""
    for name in automation.fulfilled({n: new for n, (new, _) in cursor.found.items()}, attempts):
        del cursor.found[name]
    looks = TimingLooks()
    for name, (token, _) in cursor.found.items():
        kind, _, key = name.partition(":")
        if kind in automation.RECORDED:
            looks.found[kind, key] = token
    notice = upstream.expiry_notice()
    looks.said += [notice] if notice else []
    due = _due(outlook, upstream, cursor)
    if due and _may_ask(upstream, looks):
        client = upstream.timing(context.log)
        for sessions in list(due.values())[:_LOOKS]:
            if not _look(client, upstream, outlook, sessions, cursor, looks):
                break
    return looks


def _due(outlook: Outlook, upstream: Upstream, cursor: Cursor) -> dict[str, list[Session]]:
    shortest = timedelta(seconds=upstream.storage.settings.look_seconds)
    due = automation.recordings_due(
        outlook.recordings, outlook.held, outlook.complete, cursor, clock.now(), shortest
    )
    askable = {
        event: [s for s in found if cursor.may_look(automation.name_of(s), clock.wall(), shortest)]
        for event, found in due.items()
    }
    return {event: sessions for event, sessions in askable.items() if sessions}


def _may_ask(upstream: Upstream, looks: TimingLooks) -> bool:
    """Not while the budget is spent; not while it refuses, unless something may have changed."""
    wait = upstream.budget.wait(TIMING_SERVICE)
    if wait > 1:
        until = clock.wall() + timedelta(seconds=wait)
        looks.said.append(f"the request budget is spent until {until:%H:%M:%S} UTC")
        return False
    refusal = upstream.refusals.of(TIMING_SERVICE)
    if refusal is None:
        return True
    changed = upstream.fingerprint() != refusal.account
    may = changed or not timedelta(0) <= clock.now() - refusal.checked_at < automation.PROBE
    if not may:
        looks.said.append(refusal.reason)
    return may


def _look(
    client: TimingClient,
    upstream: Upstream,
    outlook: Outlook,
    sessions: list[Session],
    cursor: Cursor,
    looks: TimingLooks,
) -> bool:
    """One request for an event; False: no more in this tick."""
    newest = sessions[-1]
    name = automation.name_of(newest)
    try:
        client.look(newest.event_id, newest.season, newest.kind, _part(newest, outlook, upstream))
    except (NotYetError, GoneError):
        looks.said.append(f"{name} is not there yet")
    except RefusedError as error:
        looks.said.append(str(error))
        looks.notices += [_notice(str(error))] if upstream.refused(str(error)) else []
        return False
    except OverBudgetError as error:
        looks.said.append(str(error))
        return False
    except UpstreamError as error:
        looks.said.append(f"{name}: {error}")
        cursor.broken[name] = clock.wall()
        return True
    else:
        if upstream.refusals.lift(TIMING_SERVICE):
            looks.notices.append(_notice(None))
        looks.said.append(f"{name} is there")
        _found(sessions, clock.wall(), outlook, cursor, looks)
    cursor.looks[name] = clock.now()
    return True


def _found(
    sessions: list[Session],
    wall: datetime,
    outlook: Outlook,
    cursor: Cursor,
    looks: TimingLooks,
) -> None:
    """All that is due of the event is recorded in one run, under the token of this look."""
    token = f"{wall:%Y%m%dT%H%M%S%f}"
    for session in sessions:
        name = automation.name_of(session)
        looks.found[session.key] = token
        cursor.found[name] = (token, outlook.revisions.get(session.key))
        cursor.looks[name] = clock.now()


def _part(session: Session, outlook: Outlook, upstream: Upstream) -> str | None:
    """What to ask for of a session: the part that is missing, where others are held."""
    if session.key not in outlook.held:
        return None
    kept = upstream.answers.current((session.kind,))
    mine = (answer for answer in kept if answer.key == session.event_id)
    return next((part for answer in mine for part in answer.content["missing"]), None)


def _notice(refused: str | None) -> dg.AssetCheckEvaluation:
    result: Any = account_check(refused)
    return dg.AssetCheckEvaluation(
        asset_key=result.asset_key,
        check_name=result.check_name,
        passed=result.passed,
        severity=result.severity,
        metadata=result.metadata,
    )
