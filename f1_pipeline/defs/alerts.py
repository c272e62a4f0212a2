"""The sensor that notices what goes wrong and tells a webhook: once, and once when it is over.

A thin shell: it reads runs and tables, `automation.incidents` says which faults hold, table
`incidents` keeps them, `alerts` sends. It starts nothing and mends nothing.
"""

import hashlib
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import pandas as pd

from f1_pipeline import clock
from f1_pipeline.alerts import RefusedError, UnreachableError, message, send
from f1_pipeline.automation import incidents
from f1_pipeline.automation.incidents import EndedRun, Findings, Telling
from f1_pipeline.defs.resources import Storage
from f1_pipeline.defs.specs import PURPOSE
from f1_pipeline.errors import PipelineError
from f1_pipeline.modelling import gate
from f1_pipeline.storage.incidents import Incidents

# A cancelled run is left out: whoever cancelled it knows.
_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
# A weekend has some fifty. A failure that they push out stays open until its job succeeds.
_RUNS = 200
# A tick ends at 60 s; a message takes 15 s at worst, and after one that fails none is sent.
_MESSAGES = 10
_FAILURES = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE}
_PARTITION = "dagster/partition"
_RANGE = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")


@dg.sensor(
    name="alerts",
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Notices failed runs, a failed gate, stale data and drift, and tells the webhook "
    "ALERT_WEBHOOK_URL of each once, and once when it is over. They are in table incidents.",
)
def alerts(context: dg.SensorEvaluationContext, storage: Storage) -> dg.SensorResult:
    now, settings = clock.now(), storage.settings
    kept = Incidents(settings.database_url)
    new = incidents.changes(found(context.instance, storage, now), kept.open())
    kept.record([asdict(fault) for fault in new.opened], new.over, now)
    telling = Telling.parse(context.cursor)
    telling.begin(settings.alert_webhook, now)
    said = _tell(kept, telling, settings.alert_webhook)
    if new.opened or new.over:
        context.log.warning(f"new: {[f.message for f in new.opened]}, over: {list(new.over)}")
    return dg.SensorResult(
        skip_reason=f"Incidents open: {len(kept.open())}. {said}".strip(), cursor=telling.dump()
    )


def found(instance: dg.DagsterInstance, storage: Storage, now: datetime) -> Findings:
    """What holds now of all that somebody is told of."""
    warehouse = storage.warehouse
    known = warehouse.read_many(["events", "gate_decisions", "promotions", "model_health"])
    results = pd.DataFrame({"event_id": sorted(warehouse.event_ids("race_results"))})
    forecast = warehouse.event_ids("race_predictions")
    return (
        incidents.run_failures(ended_runs(instance))
        | incidents.refused_recipes(known["gate_decisions"], known["promotions"], gate.in_words)
        | incidents.staleness(known["events"], results, forecast, now)
        | incidents.drift(known["model_health"], known["events"])
    )


def _tell(kept: Incidents, telling: Telling, address: str) -> str:
    """Send what nobody was told of yet, each entered as told before the next one goes out.

    Two processes take turns, so neither a second daemon nor a restart tells a thing twice; only
    one killed between the webhook's answer and the entry does.
    """
    if telling.since is None:
        return "Nobody is told: set ALERT_WEBHOOK_URL."
    if not telling.may_tell(address, clock.wall()):
        return "The webhook refused: it is tried again a day later, or at another address."
    with kept.turn_to_tell() as is_mine:
        waiting = kept.untold(telling.since) if is_mine else []
        for what in waiting[:_MESSAGES]:
            try:
                send(address, message(**asdict(what)))
            except UnreachableError as error:
                return str(error)
            except RefusedError as error:
                telling.refuse(address, clock.wall())
                return str(error)
            kept.told(what, clock.now())
    return ""


def ended_runs(instance: dg.DagsterInstance) -> list[EndedRun]:
    """The newest runs that failed or succeeded, the one that ended last first."""
    records = instance.get_run_records(dg.RunsFilter(statuses=_ENDED), limit=_RUNS)
    runs, seen = [], set[str]()
    for record in sorted(records, key=_ended_at, reverse=True):
        run, purpose = record.dagster_run, record.dagster_run.tags.get(PURPOSE, "")
        of = EndedRun(
            job=run.job_name,
            about=incidents.about(purpose) if purpose else _about(run),
            failed=run.status == dg.DagsterRunStatus.FAILURE,
            ended_at=_ended_at(record),
            asked=incidents.asked(purpose),
        )
        # What went wrong takes a query: it is looked up of the failures that may be told alone.
        if of.failed and of.incident not in seen:
            of = replace(of, message=_failure(instance, run, purpose.partition(":")[0] or of.about))
        seen.add(of.incident)
        runs.append(of)
    return runs


def why_failed(instance: dg.DagsterInstance, run_id: str) -> str:
    """One line: why a run failed, where the project's own words say so.

    The words of other errors are left out: they may hold what is nobody's business.
    """
    records = instance.get_records_for_run(run_id, of_type=_FAILURES).records
    events = [record.event_log_entry.get_dagster_event() for record in records]
    words = [_words(event) for event in events] + [str(event.message) for event in events[::-1]]
    return " ".join(next(filter(None, words), "it ended without a word.").split())


def _ended_at(record: dg.RunRecord) -> datetime:
    ended = record.end_time or record.update_timestamp.timestamp()
    return datetime.fromtimestamp(ended, UTC)


def _about(run: dg.DagsterRun) -> str:
    """What a run was about that somebody launched, or a schedule: partitions, season, assets."""
    ops: Any = run.run_config.get("ops") or {}
    configs = [op["config"] for op in ops.values() if isinstance(op.get("config"), dict)]
    seasons = [str(config["season"]) for config in configs if "season" in config]
    partitions = [run.tags[tag] for tag in (_PARTITION, *_RANGE) if tag in run.tags]
    names = sorted(key.to_user_string() for key in run.asset_selection or ())
    if len(names) > 3:
        digest = hashlib.sha256(" ".join(names).encode()).hexdigest()[:8]
        names = [f"{len(names)} assets ({digest})"]
    return " ".join(["..".join(partitions), *seasons, *names]).strip()


def _failure(instance: dg.DagsterInstance, run: dg.DagsterRun, of: str) -> str:
    """One line: which run failed, and why."""
    what = f"{run.job_name} of {of}" if of else run.job_name
    return f"{what} failed: {why_failed(instance, run.run_id)} (run {run.run_id[:8]})"


def _words(event: dg.DagsterEvent) -> str:
    """What the project said of a failed step; nothing for an error of another kind."""
    if event.event_type != dg.DagsterEventType.STEP_FAILURE:
        return ""
    failed = event.step_failure_data
    if failed.user_failure_data is not None:  # dg.Failure
        return failed.user_failure_data.description or ""
    cause = failed.error.cause if failed.error is not None else None
    if cause is None or cause.cls_name not in _own_errors(PipelineError):
        return ""
    return cause.message.partition(": ")[2]


def _own_errors(kind: type[PipelineError]) -> set[str]:
    return {kind.__name__}.union(*(_own_errors(child) for child in kind.__subclasses__()))


SENSORS = [alerts]
