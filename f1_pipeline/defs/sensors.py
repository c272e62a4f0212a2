"""The sensor that keeps the pipeline alive: it looks, and asks for the runs that follow.

A thin shell around `automation`: read what is there, look at what is due (a few cheap requests),
ask for runs. Nothing is loaded in a tick. It also ends the runs whose process is gone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import dagster as dg

from f1_pipeline import automation, clock
from f1_pipeline.automation import Cursor, Session, Wanted
from f1_pipeline.defs import jobs, predictions, tables, timing, timing_looks, timing_tables
from f1_pipeline.defs.outlook import Outlook, attempts_by_purpose, attempts_of
from f1_pipeline.defs.resources import Storage, Upstream
from f1_pipeline.defs.specs import EVENTS, PURPOSE
from f1_pipeline.settings import load_settings
from f1_pipeline.sources import results
from f1_pipeline.sources.results import Event
from f1_pipeline.sources.upstream import (
    JOLPICA_SERVICE,
    NotYetError,
    OverBudgetError,
    UpstreamError,
)
from f1_pipeline.storage.answers import Answer
from f1_pipeline.storage.heartbeats import LOST_AFTER, Heartbeats

# A tick ends at 60 s; a request takes 5 s at worst.
_LOOKS = 4
_FOLLOWS = [["tables", name] for name in tables.NAMES] + [
    ["features", name]
    for name in ("driver_form", "team_form", "circuit_patterns", "lap_form", "race_features")
]


@dataclass
class Looks:
    """What the looks of a tick saw: revisions by (kind, key), and lines for the tick's reason."""

    found: dict[tuple[str, str], str]
    said: list[str]


@dg.sensor(
    jobs=[
        jobs.refresh,
        jobs.update_event,
        jobs.update_timing,
        jobs.update_calendar,
        jobs.update_tables,
        jobs.after_race,
    ],
    name="sessions",
    # A tick with nothing due reads the database alone, so it may come often.
    minimum_interval_seconds=min(30, load_settings().look_seconds),
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Looks for the results of sessions that have ended, as their schedule says, and "
    "asks for one run for each event, session and content revision, then for the next forecast.",
)
def sessions(
    context: dg.SensorEvaluationContext, storage: Storage, upstream: Upstream
) -> dg.SensorResult | dg.SkipReason:
    now = clock.now()
    outlook = Outlook.of(storage, upstream)
    if outlook.events.empty:
        # Only on a new instance: everything else begins with the archive.
        return _first(context)
    for run_id in end_lost_runs(context.instance, storage):
        context.log.warning(f"run {run_id} is lost: its process is gone")
    cursor = Cursor.parse(context.cursor)
    shortest = timedelta(seconds=storage.settings.look_seconds)
    due = automation.sessions_due(outlook.sessions, outlook.held, cursor, now, shortest)
    calendars = automation.calendars_due(outlook.calendars, cursor, now)
    looks = _look(context, upstream, due, calendars, outlook, cursor)
    attempts = attempts_by_purpose(context.instance)
    recordings = timing_looks.look(context, upstream, outlook, cursor, attempts)
    state = outlook.state(context.instance, looks.found | recordings.found, attempts, now)
    runs = automation.wanted(state, clock.wall())
    runs += automation.recordings_wanted(state, clock.wall())
    expected = {automation.name_of(s) for s in outlook.sessions if s.key not in outlook.held}
    expected |= {automation.name_of(s) for s in outlook.recordings if s.key not in outlook.complete}
    kept = expected | {f"schedule:{season}" for season in (now.year, now.year + 1)}
    said = "; ".join(looks.said + recordings.said)
    context.log.info(said or "nothing is due")
    new = sorted({run.event_id for run in runs if run.event_id} - _partitions(context.instance))
    return dg.SensorResult(
        run_requests=[_request(run) for run in runs],
        skip_reason=None if runs else said or _next(outlook, now),
        cursor=cursor.dump(kept),
        dynamic_partitions_requests=[EVENTS.build_add_request(new)] if new else [],
        asset_events=recordings.notices,
    )


def _look(
    context: dg.SensorEvaluationContext,
    upstream: Upstream,
    due: list[Session],
    calendars: list[int],
    outlook: Outlook,
    cursor: Cursor,
) -> Looks:
    """Ask for what is due, a few at a time; one that fails is tried again at its next look."""
    looks = Looks({}, [])
    cursor.settle({f"{kind}:{key}": seen for (kind, key), seen in outlook.revisions.items()})
    asked_for = {_key(name): new for name, (new, _) in cursor.found.items()}
    looks.found.update({k: new for k, new in asked_for.items() if k[0] not in automation.RECORDED})
    questions: list[tuple[str, Any]] = [(f"schedule:{season}", season) for season in calendars]
    questions += [(automation.name_of(session), session) for session in due]
    shortest = timedelta(seconds=upstream.storage.settings.look_seconds)
    questions = [q for q in questions if cursor.may_look(q[0], clock.wall(), shortest)]
    if not questions:
        return looks
    wait = upstream.budget.wait(JOLPICA_SERVICE)
    if wait > 1:
        until = clock.wall() + timedelta(seconds=wait)
        looks.said.append(f"the request budget is spent until {until:%H:%M:%S} UTC")
        return looks
    client, aliases = upstream.client(context.log, tries=1), upstream.aliases()
    for name, asked in questions[:_LOOKS]:
        try:
            answer = _answer(client, asked, aliases)
        except NotYetError:
            looks.said.append(f"{name} is not there yet")
        except OverBudgetError as error:
            looks.said.append(str(error))
            return looks
        except UpstreamError as error:
            looks.said.append(f"{name}: {error}")
            if error.retry_after is not None:
                # It may be whole in a minute: the long back-off is for what is not there.
                cursor.broken[name] = clock.wall()
                continue
        else:
            before = outlook.revisions.get((answer.kind, answer.key))
            if before != answer.revision:
                looks.said.append(f"{name} is new")
                looks.found[answer.kind, answer.key] = answer.revision
                cursor.found[name] = (answer.revision, before)
        cursor.looks[name] = clock.now()
    return looks


def _key(name: str) -> tuple[str, str]:
    """Kind and key of a name in the cursor."""
    kind, _, key = name.partition(":")
    return kind, key


def _answer(client: results.ResultsClient, asked: Any, aliases: Any) -> Answer:
    if isinstance(asked, Session):
        event = Event(asked.event_id, asked.season, asked.round)
        return results.race(client, asked.kind, event, aliases)
    return results.schedule(client, asked)


def _request(run: Wanted) -> dg.RunRequest:
    # When the wall falls, a season of recordings is due at once: no result may wait behind them.
    priority = "0" if run.job == "update_timing" else "1"
    return dg.RunRequest(
        run_key=run.run_key,
        job_name=run.job,
        partition_key=run.event_id,
        asset_selection=_selection(run),
        run_config=_config(run),
        tags={PURPOSE: run.purpose, "dagster/priority": priority},
    )


def _config(run: Wanted) -> dict[str, Any]:
    if run.job == "update_timing":
        return {"ops": {"timing": {"config": {"sessions": list(run.raw)}}}}
    if run.job != "update_calendar":
        return {}
    return {"ops": {"raw__calendar": {"config": {"seasons": [run.season]}}}}


def _selection(run: Wanted) -> list[dg.AssetKey] | None:
    """The assets of an update: the kinds to fetch, what follows from them, and no more."""
    if run.job not in ("update_event", "update_timing"):
        return None
    recorded = run.job == "update_timing"
    names = [["raw", name] for name in (timing.PARTS if recorded else run.raw)]
    names += [["tables", name] for name in timing_tables.NAMES] if recorded else []
    names += _FOLLOWS if run.results else []
    names += predictions.MADE if run.forecast else []
    names += [["predictions", "scored_predictions"]] if not recorded else []
    return [dg.AssetKey(name) for name in names]


def _first(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Ask for everything, once; again, if that failed, after a growing pause."""
    attempts = attempts_of(context.instance.get_run_records(dg.RunsFilter(job_name="refresh")))
    if not attempts.may_try(clock.wall()):
        return dg.SkipReason("The first refresh is under way, or failed just now.")
    request = dg.RunRequest(run_key=f"refresh#{attempts.name}", job_name="refresh")
    return dg.SensorResult(run_requests=[request])


def end_lost_runs(instance: dg.DagsterInstance, storage: Storage) -> list[str]:
    """Report the started runs as failed that have given no sign of life for 40 s.

    Dagster's default launcher cannot ask a worker that is gone: its runs stay started for ever.
    """
    started = instance.get_run_records(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
    lost: list[str] = []
    if not started:
        return lost
    beats, now = Heartbeats(storage.settings.database_url).last(), clock.wall()
    for record in started:
        began = record.start_time or record.create_timestamp.timestamp()
        last = beats.get(record.dagster_run.run_id)
        silent = now.timestamp() - max(began, last.timestamp() if last else 0.0)
        if silent > LOST_AFTER.total_seconds():
            instance.report_run_failed(
                record.dagster_run,
                "The process of this run is gone: what it left undone is still missing.",
            )
            lost.append(record.dagster_run.run_id)
    return lost


def _partitions(instance: dg.DagsterInstance) -> set[str]:
    return set(instance.get_dynamic_partitions(str(EVENTS.name)))


def _next(outlook: Outlook, now: Any) -> str:
    """What the sensor waits for, for the UI."""
    ahead: Iterable[Session] = (s for s in outlook.sessions if s.ends_at > now)
    session = min(ahead, key=lambda s: s.ends_at, default=None)
    if session is None:
        return "The calendar holds nothing more."
    return (
        f"Next: {session.kind} of {session.event_id}, from {session.ends_at:%Y-%m-%d %H:%M} UTC on."
    )


SENSORS = [sessions]
