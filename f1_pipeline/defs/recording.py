"""Record sessions within a run: load, keep, say what failed. One refusal ends it, quietly.

Shared by the raw assets of the timing tier and by the job that records whole seasons.
"""

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from f1_pipeline import automation, clock
from f1_pipeline.automation import Session
from f1_pipeline.defs.collecting import Context
from f1_pipeline.defs.resources import Storage, Upstream
from f1_pipeline.sources.timing.recording import kept
from f1_pipeline.sources.upstream import (
    TIMING_SERVICE,
    GoneError,
    NotYetError,
    OverBudgetError,
    RefusedError,
    UpstreamError,
)
from f1_pipeline.storage.answers import Answer


@dataclass
class Recorded:
    """What came of it: answers by session, and the sessions of which nothing came, with why."""

    answers: list[Answer] = field(default_factory=list)
    absent: dict[tuple[str, str], str] = field(default_factory=dict)
    failed: dict[tuple[str, str], str] = field(default_factory=dict)
    refused: str | None = None


def ended(storage: Storage, events: Iterable[str]) -> list[Session]:
    """The sessions of these events that have ended by the project's clock, in their order."""
    wanted = set(events)
    calendar = storage.warehouse.read("events")
    mine = calendar[calendar["event_id"].isin(wanted)].sort_values("race_starts_at")
    return [s for s in automation.recorded(mine) if s.ends_at <= clock.now()]


def incomplete(storage: Storage, upstream: Upstream, sessions: Iterable[Session]) -> list[Session]:
    """Those of which something is missing, or all; what was not taken in yet counts as held."""
    held = storage.warehouse.read("timing_sessions")
    whole = held[held["outcome"].eq("complete")]
    complete = set(zip(whole["session"], whole["event_id"], strict=True))
    complete |= {key for key in upstream.answers.unpublished() if key[0] in automation.RECORDED}
    return [session for session in sessions if session.key not in complete]


def record(context: Context, upstream: Upstream, sessions: list[Session]) -> Recorded:
    """Load these sessions one after the other and keep each as it comes.

    Raises `OverBudgetError`: what came before is kept. A refusal is remembered, and no error.
    """
    recorded = Recorded()
    client, store = upstream.timing(context.log), upstream.raw
    announced = ""
    for number, session in enumerate(sessions, start=1):
        key = session.key
        if session.event_id != announced:  # a line a session costs more than keeping it
            announced = session.event_id
            context.log.info(f"{announced}, from session {number} of {len(sessions)} on")
        try:
            with _few_collections():
                recording = client.load(session.event_id, session.season, session.kind)
        except RefusedError as error:
            recorded.refused = str(error)
            if upstream.refused(str(error)):
                context.log.warning(str(error))
            break
        except (NotYetError, GoneError) as error:
            recorded.absent[key] = str(error)
        except OverBudgetError:
            raise
        except UpstreamError as error:
            recorded.failed[key] = str(error)
            context.log.warning(str(error))
        else:
            answer = kept(recording, store.write)
            upstream.answers.record([answer], run_id=context.run.run_id, at=clock.now())
            recorded.answers.append(answer)
    if recorded.answers:
        upstream.refusals.lift(TIMING_SERVICE)
    return recorded


@contextmanager
def _few_collections() -> Iterator[None]:
    """A load makes millions of objects, and Python's collector looks through all of Dagster's for
    each some thousands of them: 3 of the 48 s that a season took."""
    thresholds = gc.get_threshold()
    gc.set_threshold(50_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
