"""Runs that a client may ask for. They are written down here; the pipeline does the work."""

import asyncio
import logging
import sys
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response, Security
from fastapi.security import APIKeyHeader, HTTPBearer

from f1_pipeline import clock
from f1_pipeline.serving.access import WRITES
from f1_pipeline.serving.answers.calendar import Calendar
from f1_pipeline.serving.errors import ApiError, not_found
from f1_pipeline.serving.routes import problems
from f1_pipeline.serving.schemas import Run, Seasons, Synced, SyncInfo
from f1_pipeline.serving.service import Service, of
from f1_pipeline.storage.reader import Row, Snapshot
from f1_pipeline.storage.run_requests import Request as Asked

LOG = logging.getLogger("f1_pipeline.serving")
router = APIRouter(tags=["runs"])
# They only name the two ways in the schema: `access` looks, and in constant time.
KEY = [
    Security(APIKeyHeader(name="X-API-Key", auto_error=False)),
    Security(HTTPBearer(auto_error=False)),
]
RunId = Annotated[str, Path(pattern=r"^[0-9a-f-]{8,64}$")]
FIRST_SEASON = 1950
_SYNCED = ("drivers", "constructors", "entries")
# How long the daemon has to take a run, before this server starts a process for it.
_DAEMONS_TURN = 8.0
_LOOK = 0.25
# Kept so that no process is forgotten before it has ended.
_started: set[asyncio.Task[None]] = set()


@router.post(
    "/api/sync/drivers",
    response_model=Synced,
    responses=problems(401, 404, 429) | {202: {"model": Run, "description": "It goes on."}},
    dependencies=KEY,
)
async def sync_drivers(request: Request, asked: Seasons) -> Response:
    """Drivers, teams and entries of seasons anew from FastF1: the outcome, or a run to ask for."""
    service = of(request)
    service.access.check_key(request)
    await service.access.limit(request, "sync", WRITES)
    seasons = sorted(dict.fromkeys(asked.seasons))
    newest = clock.now().year + 1
    if seasons[-1] > newest:
        hint = f"Choose among {FIRST_SEASON}-{newest}."
        raise ApiError(404, "unknown_season", f"There is no season {seasons[-1]}.", hint)
    run = await ask(service, "sync_drivers", {"seasons": seasons})
    run = await _ended(service, run)
    if run.result is not None:
        return _json(Synced.model_validate(run.result))
    if run.state == "failed":
        why = run.message or "the run failed"
        return _json(
            Synced(
                success=False, message=why, drivers_synced=0, constructors_synced=0, errors=[why]
            )
        )
    return _json(run, 202)


@router.get("/api/sync/runs/{run_id}", response_model=Run, responses=problems(404))
async def sync_run(request: Request, run_id: RunId) -> Response:
    """How a run that was asked for is doing."""
    service = of(request)
    found = await service.in_thread(lambda: service.requests.read(run_id))
    if found is None:
        raise not_found("unknown_run", f"There is no run {run_id!r}.", "Runs are kept 30 days.")
    return _json(_run(found))


@router.get("/api/sync/info", response_model=SyncInfo, responses=problems())
async def sync_info(request: Request) -> Response:
    """What can be synchronised, and what is held."""
    service = of(request)

    def read(snapshot: Snapshot, _: Calendar) -> Row:
        changed = snapshot.rows("table_revisions", table_name=[*_SYNCED])
        return {
            "first_season": FIRST_SEASON,
            "last_season": clock.now().year + 1,
            "drivers": snapshot.count("drivers"),
            "constructors": snapshot.count("constructors"),
            "synced_at": max((row["changed_at"] for row in changed), default=None),
            "key_needed": service.access.key_needed,
            "limit": f"{WRITES.amount} a minute",
            "stale": None,
        }

    return await service.answer(request, "sync-info", SyncInfo, _SYNCED, read)


@router.post(
    "/api/v1/models/retrain",
    response_model=Run,
    status_code=202,
    responses=problems(401, 403, 429),
    dependencies=KEY,
)
async def retrain(request: Request) -> Response:
    """A fit on all races held, and the gate's word on it. Only with the server's key."""
    service = of(request)
    service.access.require_key(request)
    await service.access.limit(request, "retrain", WRITES)
    return _json(await ask(service, "retrain", {}), 202)


async def ask(service: Service, job: str, arguments: dict[str, Any]) -> Run:
    """Write a run down; the daemon takes it, or a process of its own if none does."""
    run_id = await service.in_thread(lambda: service.requests.ask(job, arguments, clock.wall()))
    run = await _read(service, run_id)
    if run.state == "waiting" and service.settings.takes_runs:
        task = asyncio.create_task(_take(service, run_id))
        _started.add(task)
        task.add_done_callback(_started.discard)
    return run


async def _take(service: Service, run_id: str) -> None:
    """Start a process for a run that no daemon has taken in time."""
    await asyncio.sleep(_DAEMONS_TURN)
    if (await _read(service, run_id)).state != "waiting":
        return
    LOG.info("no daemon took run %s: starting a process for it", run_id)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "f1_pipeline.cli", "take", run_id),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,  # it goes on if this server ends
    )
    await process.wait()


async def _ended(service: Service, run: Run) -> Run:
    """The run when it has ended, or as it stands shortly before the request's time is over."""
    loop = asyncio.get_running_loop()
    until = loop.time() + max(service.settings.request_seconds - 2, 0)
    while run.state in ("waiting", "running") and loop.time() < until:
        await asyncio.sleep(_LOOK)
        run = await _read(service, run.run_id)
    return run


async def _read(service: Service, run_id: str) -> Run:
    found = await service.in_thread(lambda: service.requests.read(run_id))
    if found is None:
        raise not_found("unknown_run", f"There is no run {run_id!r}.", "Ask for it again.")
    return _run(found)


def _run(request: Asked) -> Run:
    return Run(
        run_id=request.request_id,
        job=request.job,
        state=request.state,
        message=request.message,
        result=request.result,
        dagster_run_id=request.run_id,
        asked_at=request.asked_at,
        taken_at=request.taken_at,
        ended_at=request.ended_at,
    )


def _json(shape: Synced | Run, status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store"}
    if status == 202 and isinstance(shape, Run):
        headers["Location"] = f"/api/sync/runs/{shape.run_id}"
    return Response(shape.model_dump_json(), status, headers, media_type="application/json")
