"""The jobs that record whole seasons, and import recordings from files.

One run a season, or a worker's share of one. Each keeps what is new and says so on the raw assets
of the events concerned; the tables take it in by the run that follows.
"""

from pathlib import Path

import dagster as dg
from pydantic import Field

from f1_pipeline import automation, clock
from f1_pipeline.defs import collecting, recording, timing
from f1_pipeline.defs.resources import Storage, Upstream
from f1_pipeline.defs.specs import EVENTS
from f1_pipeline.sources.timing import files
from f1_pipeline.sources.timing.recording import kept


class Record(dg.Config):
    """Which sessions to record of a season: those that have ended and are not whole.

    `events`: of these alone; none: of all. `share` of `shares`: every so many events, for workers
    that do a season together.
    """

    season: int
    events: list[str] = Field(default_factory=list)
    share: int = 1
    shares: int = 1


@dg.op(description="Record the sessions of a season: laps, tyres, weather, messages.")
def record(
    context: dg.OpExecutionContext, config: Record, storage: Storage, upstream: Upstream
) -> None:
    """Fails, at its end, when live timing refuses or something failed that a try may give."""
    calendar = storage.warehouse.read_where("events", season=config.season)
    chosen = calendar[calendar["event_id"].isin(config.events)] if config.events else calendar
    ordered = list(chosen.sort_values("race_starts_at")["event_id"])
    mine = ordered[config.share - 1 :: config.shares]
    sessions = recording.incomplete(storage, upstream, recording.ended(storage, mine))
    with collecting.clear_waits(context):
        recorded = recording.record(context, upstream, sessions)
    _announce(context, upstream, recorded)
    context.add_output_metadata(
        {"recorded": len(recorded.answers), "not_there": len(recorded.absent)}
    )
    faults = [recorded.refused] if recorded.refused else sorted(set(recorded.failed.values()))
    if faults:
        raise dg.Failure("; ".join(faults), allow_retries=False)


class Import(dg.Config):
    """The folder with lap data in FastF1's columns."""

    folder: str


@dg.op(description="Keep the sessions of a folder of files, beside what live timing gave.")
def import_recordings(
    context: dg.OpExecutionContext, config: Import, storage: Storage, upstream: Upstream
) -> None:
    """A session whose laps are held from live timing stays; one of no known event is told of."""
    known = storage.warehouse.event_ids("events")
    held = {
        (answer.key, answer.kind)
        for answer in upstream.answers.current(automation.RECORDED)
        if answer.content["source"] == "livetiming" and "laps" in answer.content["files"]
    }
    recorded, store = recording.Recorded(), upstream.raw
    for found in files.read(Path(config.folder), upstream.aliases(), context.log.info):
        name = f"{found.session} of {found.event_id}"
        if found.event_id not in known:
            context.log.warning(f"{name} is passed over: the calendar has no such event.")
        elif (found.event_id, found.session) in held:
            context.log.info(f"{name} is held from live timing: it stays.")
        else:
            context.log.info(name)
            answer = kept(found, store.write)
            upstream.answers.record([answer], run_id=context.run.run_id, at=clock.now())
            recorded.answers.append(answer)
    _announce(context, upstream, recorded)
    context.add_output_metadata({"imported": len(recorded.answers)})


def _announce(
    context: dg.OpExecutionContext, upstream: Upstream, recorded: recording.Recorded
) -> None:
    """Say on the raw assets of the events what was recorded of them."""
    keys = sorted({answer.key for answer in recorded.answers})
    context.instance.add_dynamic_partitions(str(EVENTS.name), keys)
    kept = upstream.answers.current(automation.RECORDED)
    for key in keys:
        of_event = [answer for answer in kept if answer.key == key]
        for name, (part, _) in timing.PARTS.items():
            context.log_event(
                dg.AssetMaterialization(
                    asset_key=dg.AssetKey(["raw", name]),
                    partition=key,
                    metadata=timing.shown(part, of_event, recorded),
                    tags={"dagster/data_version": timing.version(part, of_event)},
                )
            )


@dg.job(
    description="Record one season's sessions, or a worker's share of them.",
    executor_def=dg.in_process_executor,
)
def record_season() -> None:
    record()


@dg.job(
    description="Import recordings from a folder of files.", executor_def=dg.in_process_executor
)
def import_laps() -> None:
    import_recordings()
