"""The sensor that launches the runs that readers ask for, and says how each of them ended.

A request is taken once, by this sensor or by `f1-pipeline take`, which share what is here. Which
requests there are is `storage.run_requests`' to know; what a job does, the job's.
"""

from typing import Any

import dagster as dg

from f1_pipeline import clock
from f1_pipeline.defs import jobs, rosters
from f1_pipeline.defs.alerts import why_failed
from f1_pipeline.defs.outlook import ALIVE
from f1_pipeline.defs.resources import Storage
from f1_pipeline.defs.sensors import end_lost_runs
from f1_pipeline.errors import UsageError
from f1_pipeline.storage.heartbeats import LOST_AFTER
from f1_pipeline.storage.run_requests import Request, RunRequests

TAG = "f1/request"  # the tag of a run that was asked for: the request's id
_NEVER_BEGAN = "its run never began, as who took it is gone: ask again."
_WILL_RETRY = "dagster/will_retry"  # Dagster's own: it launches a dead worker's run again


@dg.sensor(
    jobs=[jobs.sync_drivers, jobs.retrain],
    name="run_requests",
    # Somebody waits. A tick with nothing asked for reads two small tables.
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Launches the runs that readers ask for in table run_requests, and enters there "
    "how each of them ended.",
)
def run_requests(context: dg.SensorEvaluationContext, storage: Storage) -> dg.SensorResult:
    asked = opened(storage)
    settle(context.instance, storage, asked)
    launched = []
    for request in asked.waiting():
        if not asked.take(request.request_id, None, clock.wall()):
            continue
        try:
            launched.append(_run_request(request))
        except UsageError as error:
            asked.ended(request.request_id, False, str(error), None, clock.wall())
    under_way = len(asked.running())
    return dg.SensorResult(
        run_requests=launched,
        skip_reason=None if launched else f"Asked for and under way: {under_way}.",
    )


def opened(storage: Storage) -> RunRequests:
    """The requests, their table made if it is not there."""
    return RunRequests(storage.warehouse.url)


def ops_of(request: Request) -> dict[str, dict[str, Any]]:
    """The configuration of its job's ops. Raises `UsageError` for what cannot be asked for."""
    if request.job == "retrain" and not request.arguments:
        return {}
    if request.job == "sync_drivers":
        return {"raw__rosters": {"seasons": _seasons(request)}}
    raise UsageError(f"{request.job} with {request.arguments}: no such run can be asked for.")


def settle(instance: dg.DagsterInstance, storage: Storage, asked: RunRequests) -> None:
    """Enter how those requests ended whose run has ended, or was lost."""
    # Asked for or not: of all sensors this one comes round soonest.
    end_lost_runs(instance, storage)
    for request in asked.running():
        run = _run_of(instance, request)
        if run is None or run.status == dg.DagsterRunStatus.NOT_STARTED:
            # Whoever took it launches it at once; a run that was launched is queued at least.
            if request.taken_at and clock.wall() - request.taken_at > LOST_AFTER:
                asked.ended(request.request_id, False, _NEVER_BEGAN, None, clock.wall())
        elif run.status in ALIVE:
            if request.run_id != run.run_id:
                asked.began(request.request_id, run.run_id)
        elif run.tags.get(_WILL_RETRY) != "true":
            conclude(instance, storage, asked, request)


def conclude(
    instance: dg.DagsterInstance,
    storage: Storage,
    asked: RunRequests,
    request: Request,
    otherwise: str = _NEVER_BEGAN,
) -> None:
    """Enter how a request ended, as its newest run says. `otherwise`: the reason if it has none."""
    run = _run_of(instance, request)
    if run is None:
        asked.ended(request.request_id, False, otherwise, None, clock.wall())
        return
    succeeded, message, result = run.status == dg.DagsterRunStatus.SUCCESS, "", None
    if run.status == dg.DagsterRunStatus.CANCELED:
        message = "its run was cancelled."
    elif not succeeded:
        message = why_failed(instance, run.run_id)
    if request.job == "sync_drivers":
        errors = rosters.lacking(instance, run.run_id)
        if message != "; ".join(errors):
            errors.append(message)
        result = rosters.synced(storage.warehouse, _seasons(request), errors)
        message = message or result["message"]
    elif succeeded:
        champion = storage.models.champion()
        result = {"model_version": champion["model_version"] if champion else None}
        message = f"In force: {result['model_version'] or 'no model'}."
    asked.began(request.request_id, run.run_id)
    asked.ended(request.request_id, succeeded, message, result, clock.wall())


def _run_request(request: Request) -> dg.RunRequest:
    return dg.RunRequest(
        run_key=request.request_id,
        job_name=request.job,
        run_config={"ops": {name: {"config": config} for name, config in ops_of(request).items()}},
        tags={TAG: request.request_id, "dagster/priority": "1"},
    )


def _seasons(request: Request) -> list[int]:
    seasons = request.arguments.get("seasons")
    if not isinstance(seasons, list) or not seasons or not all(type(s) is int for s in seasons):
        raise UsageError(f"seasons={seasons}: name the seasons, such as [2024, 2025].")
    return seasons


def _run_of(instance: dg.DagsterInstance, request: Request) -> dg.DagsterRun | None:
    """The newest run of a request: one whose process died may have been launched again."""
    found = instance.get_runs(dg.RunsFilter(tags={TAG: request.request_id}), limit=1)
    return next(iter(found), None)


SENSORS = [run_requests]
