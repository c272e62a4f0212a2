"""Facts and features of drivers, teams, circuits and races."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from f1_pipeline.serving.access import EXPENSIVE
from f1_pipeline.serving.answers import data
from f1_pipeline.serving.routes import problems
from f1_pipeline.serving.routes.predictions import AtHorizon
from f1_pipeline.serving.schemas import (
    CircuitData,
    DriverData,
    Race,
    RaceAsked,
    RaceData,
    RaceFeatures,
    Readable,
    TeamData,
)
from f1_pipeline.serving.service import of

router = APIRouter(tags=["data"])
Slug = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,80}$", description="F1DB id")]
Rung = Annotated[
    str | None, Query(pattern="^(official|qualifying|none)$", description="The grid's rung.")
]


@router.get("/api/data/driver/{driver_id}", response_model=DriverData, responses=problems(404))
async def driver(request: Request, driver_id: Slug) -> Response:
    """A driver: facts, team, form, standing, last results."""
    return await of(request).answer(
        request,
        f"driver/{driver_id}",
        DriverData,
        data.DRIVER_TABLES,
        lambda snapshot, calendar: data.driver(snapshot, calendar, driver_id),
    )


@router.get("/api/data/team/{constructor_id}", response_model=TeamData, responses=problems(404))
async def team(request: Request, constructor_id: Slug) -> Response:
    """A team: facts, the names it has had, form, standing, drivers."""
    return await of(request).answer(
        request,
        f"team/{constructor_id}",
        TeamData,
        data.TEAM_TABLES,
        lambda snapshot, calendar: data.team(snapshot, calendar, constructor_id),
    )


@router.get("/api/data/race/{race}/features", response_model=RaceFeatures, responses=problems(404))
async def features(
    request: Request, race: Race, horizon: AtHorizon = None, grid_source: Rung = None
) -> Response:
    """What a model may know of each driver before a race."""
    service = of(request)
    event = (await service.calendar()).find(race)
    return await service.answer(
        request,
        f"features/{event['event_id']}/{horizon}/{grid_source}",
        RaceFeatures,
        data.FEATURE_TABLES,
        lambda snapshot, calendar: data.features(
            snapshot, calendar.find(event["event_id"]), horizon, grid_source
        ),
    )


@router.get(
    "/api/data/circuit/{circuit_id}/patterns",
    response_model=CircuitData,
    responses=problems(404),
)
async def circuit(request: Request, circuit_id: Slug) -> Response:
    """A circuit: facts, how races go there, the races held there."""
    return await of(request).answer(
        request,
        f"circuit/{circuit_id}",
        CircuitData,
        data.CIRCUIT_TABLES,
        lambda snapshot, calendar: data.circuit(snapshot, calendar, circuit_id),
    )


@router.post("/api/data/ml-prediction-data", response_model=RaceData, responses=problems(404, 429))
async def race(request: Request, asked: RaceAsked) -> Response:
    """All that the forecast of a race rests on, and the forecast: a whole race in one answer."""
    service = of(request)
    await service.access.limit(request, "race-data", EXPENSIVE)
    event = (await service.calendar()).find(asked.event_id)
    return await service.answer(
        request,
        f"race-data/{event['event_id']}/{asked.horizon}",
        RaceData,
        data.RACE_TABLES,
        lambda snapshot, calendar: data.race(
            snapshot, calendar.find(event["event_id"]), asked.horizon
        ),
    )


@router.get("/data/test", response_model=Readable, responses=problems())
async def readable(request: Request) -> Response:
    """What can be read here: rows by table, the newest race and the next."""
    return await of(request).answer(request, "readable", Readable, data.COUNTED, data.readable)
