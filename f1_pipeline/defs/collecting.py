"""Ask the upstream within a run: keep what came, wait when the budget is spent, say what failed.

Shared by the raw assets and by the job that collects whole seasons. Here belong the retries of a
run: over budget waits the window out, a fault of the upstream is the sensor's to try again later.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import dagster as dg

from f1_pipeline import clock
from f1_pipeline.defs.resources import Storage, Upstream
from f1_pipeline.sources import results
from f1_pipeline.sources.results import Collected, Event, SpentError
from f1_pipeline.sources.upstream import OverBudgetError, UpstreamError
from f1_pipeline.storage.answers import Answer

# Each wait is an hour at most, and a step may wait this often: a day.
_WAITS = 24
Context = dg.AssetExecutionContext | dg.OpExecutionContext


@contextmanager
def clear_waits(context: Context) -> Iterator[None]:
    """Turn the errors of the upstream into what Dagster does about them."""
    try:
        yield
    except OverBudgetError as error:
        wait = error.retry_after or 60.0
        until = clock.wall() + timedelta(seconds=wait)
        context.log.warning(f"{error} Waiting until {until:%H:%M:%S} UTC.")
        raise dg.RetryRequested(max_retries=_WAITS, seconds_to_wait=wait) from error
    except UpstreamError as error:
        raise dg.Failure(str(error), allow_retries=False) from error


def events_of(storage: Storage, keys: Sequence[str]) -> list[Event]:
    """The events with their present rounds; one that the calendar lost is left out."""
    calendar = storage.warehouse.read("events").set_index("event_id")
    known = [key for key in keys if key in calendar.index]
    return [
        Event(key, int(calendar.at[key, "season"]), int(calendar.at[key, "round"])) for key in known
    ]


def collect(
    context: Context,
    storage: Storage,
    upstream: Upstream,
    kinds: Sequence[str],
    events: list[Event],
    deadline: float | None = None,
) -> Collected:
    """Ask for these kinds of these events and keep what came, even when the budget ran out."""
    if not events:
        return Collected()
    with clear_waits(context):
        try:
            client = upstream.client(context.log, deadline=deadline)
            collected = results.events(client, kinds, events, upstream.aliases(), context.log.info)
        except SpentError as error:
            _keep(context, upstream, error.collected)
            raise
    _keep(context, upstream, collected)
    for kind, key, fault in collected.failed:
        context.log.warning(f"{kind} of {key}: {fault}")
    return collected


def described(answer: Answer | None, collected: Collected, kind: str, key: str) -> dict[str, Any]:
    """What the UI shows of one event's answer."""
    if answer is None:
        return {"dagster/row_count": 0, "outcome": collected.outcome(kind, key).value}
    return {
        "dagster/row_count": answer.rows,
        "revision": answer.revision,
        "outcome": "complete",
    }


def version(answers: Sequence[Answer]) -> str:
    """One hash of many answers, whatever their order."""
    text = "\n".join(sorted(f"{a.kind} {a.key} {a.revision}" for a in answers))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _keep(context: Context, upstream: Upstream, collected: Collected) -> None:
    upstream.answers.record(collected.answers, run_id=context.run.run_id, at=clock.now())
