"""Schedules: what is due at a fixed time. What to ask for is decided in `automation`."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import dagster as dg
import pandas as pd

from f1_pipeline import automation, clock
from f1_pipeline.defs import jobs
from f1_pipeline.defs.resources import Storage
from f1_pipeline.defs.seasons import collect_season

# Seasons that the upstream may still correct; an answer of an older one has not changed in years.
_FIRST_CHECKED_AGAIN = 2018
_CHECKED = ["results", "qualifying", "sprint"]
Choose = Callable[[pd.DataFrame, set[str], datetime], dict[int, list[str]]]

weekly_refresh = dg.ScheduleDefinition(
    name="weekly_refresh",
    job=jobs.refresh,
    cron_schedule="0 6 * * 1",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Monday 06:00 UTC: everything anew, archive to model.",
)

weekly_retraining = dg.ScheduleDefinition(
    name="weekly_retraining",
    job=jobs.retrain,
    cron_schedule="0 8 * * 1",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Monday 08:00 UTC: a fit on all races held, and what the gate says of it now; of a "
    "recipe that waits, if there is one.",
)


def _collecting(
    name: str, cron: str, choose: Choose, description: str, *, again: bool
) -> dg.ScheduleDefinition:
    """A schedule that asks for a run for each season that has events to ask for."""

    @dg.schedule(
        name=name,
        job=collect_season,
        cron_schedule=cron,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=description,
    )
    def asks(
        context: dg.ScheduleEvaluationContext, storage: Storage
    ) -> Iterator[dg.RunRequest | dg.SkipReason]:
        events = storage.warehouse.read("events")
        chosen = choose(events, storage.warehouse.event_ids("race_results"), clock.now())
        seasons = {s: keys for s, keys in chosen.items() if s >= _FIRST_CHECKED_AGAIN or not again}
        if not seasons:
            yield dg.SkipReason("There are no such events.")
        for season, keys in seasons.items():
            config: dict[str, Any] = {"season": season, "events": keys, "again": again}
            yield dg.RunRequest(
                run_key=f"{name} {season} {context.scheduled_execution_time:%Y-%m-%dT%H:%M}",
                run_config={
                    "ops": {"collect": {"config": config | ({"kinds": _CHECKED} if again else {})}}
                },
            )

    return asks


daily_check = _collecting(
    "daily_check",
    "30 4 * * *",
    automation.recent,
    "Daily: the results of the last four months once more. What was changed is a new version, and "
    "its race is scored again.",
    again=True,
)
weekly_check = _collecting(
    "weekly_check",
    "30 5 * * 2",
    automation.older,
    "Tuesdays: the results of older seasons once more, some 12 requests a season.",
    again=True,
)
backfill_missing = _collecting(
    "backfill_missing",
    "30 2 * * *",
    automation.missing,
    "Daily: the events that were run and of which no result is held.",
    again=False,
)
SCHEDULES = [weekly_refresh, weekly_retraining, daily_check, weekly_check, backfill_missing]
