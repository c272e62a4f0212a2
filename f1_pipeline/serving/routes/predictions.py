"""Forecasts of races, and the fits that made them."""

import json
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from f1_pipeline import clock
from f1_pipeline.serving.access import EXPENSIVE
from f1_pipeline.serving.answers import operations, predictions
from f1_pipeline.serving.errors import ApiError, not_found
from f1_pipeline.serving.routes import problems
from f1_pipeline.serving.schemas import (
    Batch,
    History,
    Horizon,
    ModelDetails,
    Models,
    Prediction,
    Race,
    Races,
)
from f1_pipeline.serving.service import Service, of, starts
from f1_pipeline.storage.reader import Row

router = APIRouter(tags=["predictions"])
AtHorizon = Annotated[Horizon | None, Query(description="The latest that is published.")]
Limit = Annotated[int, Query(ge=1, le=100)]
Offset = Annotated[int, Query(ge=0, le=100_000)]
Id = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9@._-]{0,99}$")]


@router.get("/predict/next", response_model=Prediction, responses=problems(404))
async def predict_next(request: Request, horizon: AtHorizon = None) -> Response:
    """What will happen on Sunday: the forecast of the next race."""
    service = of(request)
    event = (await service.calendar()).next
    if event is None:
        raise not_found("no_next_race", "The calendar holds no next race.", "Name a race.")
    return await _prediction(service, request, event, horizon)


@router.get("/predict/race/{race}", response_model=Prediction, responses=problems(404))
async def predict_race(request: Request, race: Race, horizon: AtHorizon = None) -> Response:
    """The forecast of any race: by its id, its season and round, or the coming season's round."""
    service = of(request)
    return await _prediction(service, request, (await service.calendar()).find(race), horizon)


@router.post("/predict/race/{race}", response_model=Prediction, responses=problems(404))
async def predict_race_by_post(request: Request, race: Race, horizon: AtHorizon = None) -> Response:
    """The same, for clients that ask by POST. It makes no forecast: it reads the published one."""
    return await predict_race(request, race, horizon)


@router.post("/predict/batch", response_model=Batch, responses=problems(429))
async def predict_batch(request: Request, races: Races) -> Response:
    """The forecasts of up to a hundred races; those that there are none of are named."""
    service = of(request)
    await service.access.limit(request, "batch", EXPENSIVE)
    calendar = await service.calendar()
    found, missing, stale = [], [], None
    for race in dict.fromkeys(races.events):
        try:
            response = await _prediction(service, request, calendar.find(race), races.horizon)
        except ApiError as error:
            if error.status_code != 404:
                raise
            missing.append({"event": race} | error.body())
            continue
        stale = response.headers.get("x-stale", stale)
        found.append(bytes(response.body).decode())
    # The answers are texts already: reading them to write them again would take their time anew.
    body = (
        f'{{"predictions":[{",".join(found)}],"errors":{json.dumps(missing)},'
        f'"stale":{json.dumps(stale)}}}'
    )
    return Response(body, media_type="application/json")


@router.get("/predictions/{race}/history", response_model=History, responses=problems(404))
async def history(request: Request, race: Race, limit: Limit = 20, offset: Offset = 0) -> Response:
    """Every forecast that was published of a race: each horizon, each model, with its scores."""
    service = of(request)
    event = (await service.calendar()).find(race)
    return await service.answer(
        request,
        f"history/{event['event_id']}/{limit}/{offset}",
        History,
        predictions.HISTORY_TABLES,
        lambda snapshot, calendar: predictions.history(
            snapshot, calendar.find(event["event_id"]), limit, offset, clock.now()
        ),
        starts(event),
    )


@router.get("/models", response_model=Models, responses=problems())
async def models(request: Request, limit: Limit = 50, offset: Offset = 0) -> Response:
    """Every fit that was registered, and which one is in force."""
    return await of(request).answer(
        request,
        f"models/{limit}/{offset}",
        Models,
        operations.MODEL_TABLES,
        lambda snapshot, _: operations.models(snapshot, limit, offset),
    )


@router.get("/models/{model_version}", response_model=ModelDetails, responses=problems(404))
async def model(request: Request, model_version: Id) -> Response:
    """A fit: what it was made from, when it was in force and why, what the gate measured."""
    return await of(request).answer(
        request,
        f"model/{model_version}",
        ModelDetails,
        operations.MODEL_TABLES,
        lambda snapshot, _: operations.model(snapshot, model_version),
    )


async def _prediction(
    service: Service, request: Request, event: Row, horizon: str | None
) -> Response:
    return await service.answer(
        request,
        f"race/{event['event_id']}/{horizon}",
        Prediction,
        predictions.TABLES,
        lambda snapshot, calendar: predictions.prediction(
            snapshot, calendar, calendar.find(event["event_id"]), horizon, clock.now()
        ),
        starts(event),
    )
