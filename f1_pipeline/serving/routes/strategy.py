"""Race strategy: plans that are published, what they rest on, and plans of one's own compared."""

import logging
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError

from f1_pipeline import clock
from f1_pipeline.serving.access import PLANS
from f1_pipeline.serving.answers import strategy
from f1_pipeline.serving.cache import Kept
from f1_pipeline.serving.errors import ApiError, unavailable
from f1_pipeline.serving.planner import Question, unless_gone
from f1_pipeline.serving.routes import problems
from f1_pipeline.serving.routes.sync import KEY
from f1_pipeline.serving.schemas import Race
from f1_pipeline.serving.schemas_strategy import (
    DRIVER,
    CircuitStrategy,
    Compared,
    PlansAsked,
    Strategy,
)
from f1_pipeline.serving.service import Service, of, respond, starts
from f1_pipeline.storage.reader import Row

LOG = logging.getLogger("f1_pipeline.serving")
router = APIRouter(tags=["strategy"])
DriverId = Annotated[str | None, Query(pattern=DRIVER, description="Of one driver alone.")]


@router.get("/strategy/race/{race}", response_model=Strategy, responses=problems(404))
async def plans(request: Request, race: Race, driver_id: DriverId = None) -> Response:
    """Plans for a dry race by driver, ranked, with intervals and advice for safety cars."""
    service = of(request)
    event = (await service.calendar()).find(race)
    return await service.answer(
        request,
        f"strategy/{event['event_id']}/{driver_id}",
        Strategy,
        strategy.TABLES,
        lambda snapshot, calendar: strategy.strategy(
            snapshot, calendar, calendar.find(event["event_id"]), driver_id, clock.now()
        ),
        starts(event),
    )


@router.get(
    "/strategy/race/{race}/circuit", response_model=CircuitStrategy, responses=problems(404)
)
async def circuit(request: Request, race: Race) -> Response:
    """What plans rest on at a race's circuit: pit loss, tyre wear, cautions, a place's worth."""
    service = of(request)
    event = (await service.calendar()).find(race)
    return await service.answer(
        request,
        f"strategy-circuit/{event['event_id']}",
        CircuitStrategy,
        strategy.CIRCUIT_TABLES,
        lambda snapshot, calendar: strategy.circuit(snapshot, calendar.find(event["event_id"])),
    )


@router.post(
    "/strategy/generate",
    response_model=Compared,
    responses=problems(401, 404, 409, 429, 500, 504),
    dependencies=KEY,
)
async def generate(request: Request, asked: PlansAsked) -> Response:
    """One driver's plans compared with plans of one's own: simulated now, and not published."""
    service = of(request)
    service.access.check_key(request)
    event = (await service.calendar()).find(asked.event_id)
    plans = tuple(sorted(dict.fromkeys(asked.plans)))
    question = Question(event["event_id"], asked.driver_id, plans, asked.draws)
    kept = await _kept(service, question)
    if kept is None:
        driver = await service.read(
            lambda snapshot, _: strategy.comparable(snapshot, event, asked.driver_id)
        )
        if not service.settings.takes_runs:
            raise unavailable(
                "computes_nothing",
                "This server computes nothing (F1_SERVE_TAKES_RUNS=false).",
                f"`f1-pipeline {' '.join(question.arguments)}` does, where the tables are.",
                3600,
            )
        await service.access.limit(request, "plans", PLANS)
        kept = await unless_gone(request, _compared(service, question, event, driver))
    return respond(request, replace(kept, stale=service.watch.fault), "application/json")


async def _kept(service: Service, question: Question) -> Kept | None:
    """The answer to the same question, while the tables that it rests on are the same."""
    token, now = service.watch.token(strategy.COMPARED_TABLES), clock.now()
    kept = service.planner.kept.get(question.key)
    if kept is None and service.shelf is not None:
        kept = await service.shelf.get(question.key, token)
    return kept if kept is not None and kept.holds(token, now) else None


async def _compared(service: Service, question: Question, event: Row, driver: Row) -> Kept:
    async with service.planner.turn() as seconds:
        # Whoever had the turn before may have asked the same.
        kept = await _kept(service, question)
        if kept is not None:
            return kept
        token, now = service.watch.token(strategy.COMPARED_TABLES), clock.now()
        found = await service.planner.compare(question, seconds)
    try:
        shape = Compared.model_validate(strategy.compared(event, driver, found))
    except (KeyError, IndexError, TypeError, ValidationError) as error:
        LOG.error("the command compared plans in another shape: %r", error)
        raise ApiError(
            500, "internal", "Plans could not be compared.", "The server's log says why."
        ) from None
    body = shape.model_dump_json().encode()
    until = now + timedelta(seconds=service.settings.cache_seconds)
    etag = f'"{sha256(body).hexdigest()[:20]}"'
    kept = Kept(body, token, now, min(filter(None, (until, starts(event)))), etag)
    service.planner.kept[question.key] = kept
    if service.shelf is not None:
        await service.shelf.put(question.key, kept)
    return kept
