"""The job that collects whole seasons: backfill, check again; and how a season is asked for.

One run a season. It asks by the season, keeps what is new, and says so on the raw assets of the
events concerned; the tables take it in by the runs that follow (`automation.wanted`).
"""

from datetime import timedelta

import dagster as dg
from pydantic import Field

from f1_pipeline import clock
from f1_pipeline.defs import collecting
from f1_pipeline.defs.resources import Storage, Upstream
from f1_pipeline.defs.specs import EVENTS
from f1_pipeline.sources import archive, results
from f1_pipeline.sources.results import EVENT_KINDS, Collected, Event
from f1_pipeline.sources.upstream import NotYetError
from f1_pipeline.storage.answers import Answer

# Qualifying is on the day before the race, or two before where the race is at night in UTC.
_WEEKEND = timedelta(days=2)


class Collect(dg.Config):
    """What to ask for of one season.

    `again`: what is kept already too, to find what was changed. `events`: these alone; none: all
    that were begun. `rosters`: drivers and constructors as well. `deadline`: seconds to go on
    without any answer at all.
    """

    season: int
    kinds: list[str] = Field(default_factory=lambda: list(EVENT_KINDS))
    events: list[str] = Field(default_factory=list)
    again: bool = False
    rosters: bool = False
    deadline: float | None = None


@dg.op(description="Ask for a season's calendar, results and rosters, and keep what is new.")
def collect(
    context: dg.OpExecutionContext, config: Collect, storage: Storage, upstream: Upstream
) -> None:
    collected = gather(context, config, storage, upstream)
    context.add_output_metadata(
        {"answers": len(collected.answers), "not_there_yet": len(collected.not_yet)}
    )


def gather(
    context: collecting.Context, config: Collect, storage: Storage, upstream: Upstream
) -> Collected:
    """Fails, at its end, when something is missing that a later try may give."""
    collected = Collected()
    before = upstream.answers.revisions()
    _calendar_and_rosters(context, config, upstream)
    begun = _begun(config, upstream)
    # What the archive has the result of needs no upstream.
    archived = set(archive.read(storage.settings.archive_dir)["race_results"]["event_id"])
    for kind in config.kinds:
        wanted = begun if config.again else _missing(kind, begun, archived, upstream)
        if kind == "sprint":
            wanted = [event for event in wanted if event.has_sprint]
        if kind == "pit_stops":
            raced = {key for k, key in upstream.answers.revisions() if k == "results"}
            wanted = [event for event in wanted if event.event_id in raced]
        part = collecting.collect(context, storage, upstream, [kind], wanted, config.deadline)
        collected.answers += part.answers
        collected.not_yet += part.not_yet
        collected.failed += part.failed
        new = [a for a in part.answers if before.get((a.kind, a.key)) != a.revision]
        _announce(context, new)
        context.log.info(f"{kind} of {config.season}: {len(part.answers)} asked, {len(new)} new")
    if collected.failed:
        faults = sorted({str(error) for _, _, error in collected.failed})
        raise dg.Failure(
            f"{len(collected.failed)} answers are missing: {'; '.join(faults)}",
            allow_retries=False,
        )
    return collected


def _calendar_and_rosters(context: collecting.Context, config: Collect, upstream: Upstream) -> None:
    with collecting.clear_waits(context):
        client = upstream.client(context.log, deadline=config.deadline)
        context.log.info(f"calendar of {config.season}")
        answers = [results.schedule(client, config.season)]
        for kind in ("drivers", "constructors") if config.rosters else ():
            try:
                answers.append(results.roster(client, kind, config.season))
            except NotYetError as error:
                context.log.info(str(error))
    upstream.answers.record(answers, run_id=context.run.run_id, at=clock.now())


def _begun(config: Collect, upstream: Upstream) -> list[Event]:
    """The events whose weekend has begun, by the calendar that is kept."""
    latest = f"{clock.now() + _WEEKEND:%Y-%m-%d}"
    return [
        event
        for event, race_date in upstream.listed(config.season)
        if race_date <= latest and (not config.events or event.event_id in config.events)
    ]


def _missing(kind: str, events: list[Event], archived: set[str], upstream: Upstream) -> list[Event]:
    """Those of which this kind is neither kept nor in the archive."""
    kept = upstream.answers.revisions()
    return [e for e in events if (kind, e.event_id) not in kept and e.event_id not in archived]


def _announce(context: collecting.Context, answers: list[Answer]) -> None:
    """Say on the raw assets what was collected, so that their partitions show it."""
    context.instance.add_dynamic_partitions(str(EVENTS.name), sorted({a.key for a in answers}))
    for answer in answers:
        context.log_event(
            dg.AssetMaterialization(
                asset_key=dg.AssetKey(["raw", answer.kind]),
                partition=answer.key,
                metadata={"dagster/row_count": answer.rows, "revision": answer.revision},
                tags={"dagster/data_version": answer.revision},
            )
        )


@dg.job(
    description="Collect one season from the upstream: backfill it, or check it again.",
    executor_def=dg.in_process_executor,
)
def collect_season() -> None:
    collect()
