"""What is told of a race in words."""

from fastapi import APIRouter, Request, Response

from f1_pipeline.serving.answers import stories
from f1_pipeline.serving.routes import problems
from f1_pipeline.serving.schemas import Race
from f1_pipeline.serving.schemas_search import Stories
from f1_pipeline.serving.service import of

router = APIRouter(tags=["search"])


@router.get("/stories/race/{race}", response_model=Stories, responses=problems(404))
async def told(request: Request, race: Race) -> Response:
    """A paragraph for each forecast and each recommendation, and past races like this one."""
    service = of(request)
    event = (await service.calendar()).find(race)
    return await service.answer(
        request,
        f"stories/{event['event_id']}",
        Stories,
        stories.TABLES,
        lambda snapshot, calendar: stories.stories(
            snapshot, calendar, calendar.find(event["event_id"])
        ),
    )
