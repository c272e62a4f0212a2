"""How the service and its models are doing, for people and for Prometheus."""

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from f1_pipeline import __version__, clock
from f1_pipeline.serving import metrics
from f1_pipeline.serving.answers import operations
from f1_pipeline.serving.routes import problems
from f1_pipeline.serving.schemas import Alive, Component, Drift, Health, Monitoring
from f1_pipeline.serving.service import Service, of
from f1_pipeline.storage.reader import Row

router = APIRouter(tags=["monitoring"])
SERVICE = "f1_pipeline"


@router.get("/health", response_model=Health, responses={503: {"model": Health}})
async def health(request: Request) -> Response:
    """Whether the database can be read, and how fresh what it holds is. Old data is no fault."""
    found = await _health(of(request))
    status = 503 if found.status == "unhealthy" else 200
    return _json(found, status)


@router.get("/health/live", response_model=Alive)
async def live() -> Response:
    """The process answers."""
    return _json(Alive(status="alive"))


@router.get("/health/ready", response_model=Alive, responses={503: {"model": Alive}})
async def ready(request: Request) -> Response:
    """It can answer: the database can be read, or there are answers from before."""
    service = of(request)
    is_ready = service.watch.fault is None or service.cache.holds_any
    return _json(Alive(status="ready" if is_ready else "not ready"), 200 if is_ready else 503)


@router.get("/api/v1/monitoring/metrics", response_model=Monitoring, responses=problems())
async def monitoring(request: Request) -> Response:
    """What the newest races' forecasts were worth beside the baseline."""
    return await of(request).answer(
        request,
        "monitoring",
        Monitoring,
        operations.MONITORING_TABLES,
        operations.monitoring,
    )


@router.get("/api/v1/monitoring/drift", response_model=Drift, responses=problems())
async def drift(request: Request) -> Response:
    """Which features, outcomes and errors have drifted of late, and by what cause."""
    return await of(request).answer(
        request,
        "drift",
        Drift,
        operations.DRIFT_TABLES,
        operations.drift,
    )


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def prometheus(request: Request) -> Response:
    """Latencies by route, cache hits and misses, ages, last scores, in Prometheus' format."""
    service = of(request)
    found = await _health(service)
    metrics.DATABASE.set(found.components["database"].status == "healthy")
    for name, component in found.components.items():
        if component.age_seconds is not None:
            metrics.AGE.labels(name).set(component.age_seconds)
    for row in await _scores(service):
        for metric in ("win_ll", "points_ll", "rps"):
            if row[metric] is not None:
                metrics.SCORE.labels(row["horizon"], metric).set(row[metric])
    return Response(metrics.exposition(), media_type=CONTENT_TYPE_LATEST)


async def _health(service: Service) -> Health:
    await service.look()
    if service.watch.fault is not None:
        database = Component(status="unhealthy", message=service.watch.fault)
        return Health(
            status="unhealthy",
            service=SERVICE,
            version=__version__,
            components={"database": database},
        )
    parts: dict[str, Row] = {"database": {"status": "healthy", "message": "It can be read."}}
    if not service.watch.has_tables:
        text = "The database has no tables yet: `f1-pipeline run` makes them."
        parts["data"] = {"status": "degraded", "message": text}
    else:
        parts |= await service.read(
            lambda snapshot, calendar: operations.components(
                snapshot, calendar, clock.now(), service.finder.fault
            )
        )
    worst = "degraded" if any(p["status"] == "degraded" for p in parts.values()) else "healthy"
    return Health(
        status=worst,
        service=SERVICE,
        version=__version__,
        components={name: Component.model_validate(part) for name, part in parts.items()},
    )


async def _scores(service: Service) -> list[Row]:
    if service.watch.fault is not None or not service.watch.has_tables:
        return []
    return await service.read(lambda snapshot, _: operations.last_scores(snapshot))


def _json(shape: Health | Alive, status: int = 200) -> Response:
    return Response(
        shape.model_dump_json(),
        status,
        {"Cache-Control": "no-store"},
        media_type="application/json",
    )
