"""The pages for people, and what the service says of itself."""

from typing import Any

from fastapi import APIRouter, Request, Response

from f1_pipeline import __version__, clock
from f1_pipeline.serving.answers import predictions
from f1_pipeline.serving.errors import not_found
from f1_pipeline.serving.pages.race import race_page
from f1_pipeline.serving.pages.reference import reference_page
from f1_pipeline.serving.pages.season import season_page
from f1_pipeline.serving.pages.story import TABLES as STORY
from f1_pipeline.serving.pages.strategy import TABLES as STRATEGY
from f1_pipeline.serving.routes import problems
from f1_pipeline.serving.routes.monitoring import SERVICE
from f1_pipeline.serving.routes.predictions import AtHorizon
from f1_pipeline.serving.schemas import Race, Season
from f1_pipeline.serving.schemas import Service as About
from f1_pipeline.serving.service import HTML, Service, of, starts
from f1_pipeline.storage.reader import Row

router = APIRouter(tags=["pages"])
_TABLES = (
    *(*predictions.HISTORY_TABLES, "explanations", "circuits", "backtest_predictions"),
    *("quarantine", "entries"),
)
_RACE = tuple(dict.fromkeys((*_TABLES, *STRATEGY, *STORY)))
_PAGE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/html": {}}, "description": "A page."}
}
_LINKS = {
    "next": "/predict/next",
    "models": "/models",
    "data": "/data/test",
    "sync": "/api/sync/info",
    "monitoring": "/api/v1/monitoring/metrics",
    "health": "/health",
    "docs": "/docs",
    "openapi": "/openapi.json",
}


@router.get("/", response_model=About, responses={**problems(404), **_PAGE})
async def root(request: Request) -> Response:
    """The service, its version and links; the next race's page to a browser."""
    service = of(request)
    if "text/html" in request.headers.get("accept", ""):
        calendar = await service.calendar()
        event = calendar.next or calendar.newest
        if event is None:
            raise not_found("no_race", "No race is held yet.", "`f1-pipeline run` takes them in.")
        return await _race(service, request, event, None)
    about = About(service=SERVICE, version=__version__, links=_LINKS)
    return Response(
        about.model_dump_json(), headers={"Vary": "Accept"}, media_type="application/json"
    )


@router.get("/race/{race}", response_class=Response, responses={**problems(404), **_PAGE})
async def race(request: Request, race: Race, horizon: AtHorizon = None) -> Response:
    """A race's forecast as a page: probabilities, places, why, and how good such forecasts are."""
    service = of(request)
    return await _race(service, request, (await service.calendar()).find(race), horizon)


@router.get("/season/{season}", response_class=Response, responses={**problems(404), **_PAGE})
async def season(request: Request, season: Season) -> Response:
    """A season's races, each with its forecast and what became of it."""
    service = of(request)
    calendar = await service.calendar()
    events = [event for event in calendar.events if event["season"] == season]
    if not events:
        raise not_found("unknown_season", f"There is no season {season}.", "/data/test says more.")
    return await service.page(
        request,
        f"season/{season}",
        _TABLES,
        lambda snapshot, calendar: season_page(snapshot, calendar, season, clock.now()),
        min(filter(None, map(starts, events)), default=None),
    )


async def _race(service: Service, request: Request, event: Row, horizon: str | None) -> Response:
    return await service.page(
        request,
        f"race/{event['event_id']}/{horizon}",
        _RACE,
        lambda snapshot, calendar: race_page(
            snapshot, calendar, event["event_id"], horizon, clock.now()
        ),
        starts(event),
    )


@router.get("/docs", include_in_schema=False)
async def reference(request: Request) -> Response:
    """Every address of the read API."""
    return Response(reference_page(request.app.openapi()), media_type=HTML)


def wants_page(request: Request) -> bool:
    """Whether an error is better told as a page: someone looks at pages with a browser."""
    path = request.url.path
    is_page = path == "/" or path.startswith(("/race/", "/season/"))
    return is_page and "text/html" in request.headers.get("accept", "")
