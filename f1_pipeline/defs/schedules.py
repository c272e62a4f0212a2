"""Schedules: what is due at a fixed time. What to ask for is decided in `automation`."""

from collections.abc import Iterator

import dagster as dg

from f1_pipeline import automation, clock
from f1_pipeline.defs import jobs
from f1_pipeline.defs.resources import Storage
from f1_pipeline.defs.seasons import collect_season

_RUNNING = dg.DefaultScheduleStatus.RUNNING
# Seasons that the upstream may still correct; an answer of an older one has not changed in years.
_FIRST_CHECKED_AGAIN = 2018

weekly_refresh = dg.ScheduleDefinition(
    name="weekly_refresh",
    job=jobs.refresh,
    cron_schedule="0 6 * * 1",
    execution_timezone="UTC",
    default_status=_RUNNING,
    description="Monday 06:00 UTC: everything anew, archive to model.",
)


@dg.schedule(
    job=collect_season,
    cron_schedule="30 4 * * *",
    execution_timezone="UTC",
    default_status=_RUNNING,
    description="Daily: the results of the last four months once more. What was changed is a new "
    "version, and its race is scored again.",
)
def daily_check(
    context: dg.ScheduleEvaluationContext, storage: Storage
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    yield from _requests(context, storage, "recent", again=True)


@dg.schedule(
    job=collect_season,
    cron_schedule="30 5 * * 2",
    execution_timezone="UTC",
    default_status=_RUNNING,
    description="Tuesdays: the results of older seasons once more, some 12 requests a season.",
)
def weekly_check(
    context: dg.ScheduleEvaluationContext, storage: Storage
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    yield from _requests(context, storage, "older", again=True)


@dg.schedule(
    job=collect_season,
    cron_schedule="30 2 * * *",
    execution_timezone="UTC",
    default_status=_RUNNING,
    description="Daily: the events that were run and of which no result is held.",
)
def backfill_missing(
    context: dg.ScheduleEvaluationContext, storage: Storage
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    yield from _requests(context, storage, "missing", again=False)


def _requests(
    context: dg.ScheduleEvaluationContext, storage: Storage, which: str, *, again: bool
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """A run for each season that has such events."""
    events = storage.warehouse.read("events")
    held = storage.warehouse.event_ids("race_results")
    choose = {
        "recent": automation.recent,
        "older": automation.older,
        "missing": automation.missing,
    }[which]
    seasons = {
        season: keys
        for season, keys in choose(events, held, clock.now()).items()
        if season >= _FIRST_CHECKED_AGAIN or not again
    }
    if not seasons:
        yield dg.SkipReason(f"There are no {which} events.")
    for season, keys in seasons.items():
        config = {"season": season, "events": keys, "again": again}
        if again:
            config["kinds"] = ["results", "qualifying", "sprint"]
        yield dg.RunRequest(
            run_key=f"{which} {season} {context.scheduled_execution_time:%Y-%m-%dT%H:%M}",
            run_config={"ops": {"collect": {"config": config}}},
        )


SCHEDULES = [weekly_refresh, daily_check, weekly_check, backfill_missing]
