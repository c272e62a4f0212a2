"""The application put together. What it answers is in `routes`, how it is guarded in `guard`."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from f1_pipeline import __version__
from f1_pipeline.serving.errors import ApiError
from f1_pipeline.serving.guard import Guard
from f1_pipeline.serving.metrics import REFUSED
from f1_pipeline.serving.pages.problem import problem_page
from f1_pipeline.serving.routes import (
    data,
    monitoring,
    pages,
    predictions,
    search,
    stories,
    strategy,
    sync,
)
from f1_pipeline.serving.service import HTML, Service
from f1_pipeline.settings import Settings, load_settings

LOG = logging.getLogger("f1_pipeline.serving")
# Answers of a real season, lists shortened: `python -m f1_pipeline_tests.serving.examples`.
_EXAMPLES = Path(__file__).parent / "examples.json"
_TITLE = "f1_pipeline: Formula 1 race forecasts"
_ABOUT = """What will happen on Sunday: published forecasts of Formula 1 races, the features they
rest on, and how good they have been. This server reads; the pipeline forecasts."""


def create_app(settings: Settings | None = None) -> FastAPI:
    """The read API on the settings of the environment, or on others."""
    settings = settings or load_settings()
    app = FastAPI(
        title=_TITLE,
        description=_ABOUT,
        version=__version__,
        lifespan=_life,
        docs_url=None,  # FastAPI's page loads its script from elsewhere
        redoc_url=None,
    )
    app.state.settings = settings
    for part in (predictions, strategy, search, stories, data, sync, monitoring, pages):
        app.include_router(part.router)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _broken)
    app.add_exception_handler(Exception, _failed)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(settings.allowed_origins),
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type", "If-None-Match", "X-API-Key"],
        expose_headers=["ETag", "Retry-After", "Warning", "X-Request-ID", "X-Stale"],
    )
    app.add_middleware(Guard, hosts=settings.allowed_hosts, seconds=settings.request_seconds)
    _complete(app.openapi(), settings)
    return app


def _complete(schema: dict[str, Any], settings: Settings) -> None:
    """What the routes do not say themselves: examples, and whether a key is needed."""
    for path, methods in json.loads(_EXAMPLES.read_text()).items():
        for method, example in methods.items():
            answers = schema["paths"][path][method]["responses"]
            answers["200"]["content"]["application/json"]["example"] = example
    if not settings.api_key:
        for path in ("/api/sync/drivers", "/strategy/generate"):
            schema["paths"][path]["post"].pop("security")


@asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    service = Service(app.state.settings)
    app.state.service = service
    await service.look()
    watching = asyncio.create_task(service.watch.go_on())
    yield
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
    await service.close()


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if not isinstance(error, ApiError):
        error = _told(request, error)
    REFUSED.labels(error.code).inc()
    if pages.wants_page(request):
        text = problem_page(error.status_code, error.code, error.detail, error.hint)
        return Response(text, error.status_code, error.headers, media_type=HTML)
    return JSONResponse(error.body(), error.status_code, error.headers)


def _told(request: Request, error: HTTPException) -> ApiError:
    """What the framework itself refuses, in the one shape."""
    if error.status_code == 404:
        hint = "GET / has the addresses."
        return ApiError(404, "unknown_address", "There is nothing here.", hint)
    if error.status_code == 405:
        # One path may be several routes, and the framework names the methods of one.
        route = getattr(request.scope.get("route"), "path", "")
        methods = {method.upper() for method in request.app.openapi()["paths"].get(route, {})}
        methods |= set(filter(None, (error.headers or {}).get("Allow", "").split(", ")))
        allowed = ", ".join(sorted(methods))
        text = "This address is not asked by this method."
        return ApiError(405, "method", text, f"Use {allowed}.", {"Allow": allowed})
    return ApiError(error.status_code, "refused", str(error.detail), "See /openapi.json.")


async def _broken(request: Request, error: Exception) -> Response:
    """A request that breaks its schema: the first thing that is wrong, and where."""
    assert isinstance(error, RequestValidationError)
    first: Any = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
    return await _refused(
        request,
        ApiError(422, "invalid", f"{where}: {first['msg']}.", "GET /openapi.json has the schema."),
    )


async def _failed(request: Request, error: Exception) -> Response:
    """What nobody expected. Its text stays in the log; the guard names the request there."""
    return await _refused(
        request, ApiError(500, "internal", "Something went wrong here.", "Try again later.")
    )
