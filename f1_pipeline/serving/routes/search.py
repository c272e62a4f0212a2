"""Search over past races."""

from fastapi import APIRouter, Request

from f1_pipeline.serving.access import EXPENSIVE
from f1_pipeline.serving.cache import Read
from f1_pipeline.serving.errors import unavailable
from f1_pipeline.serving.routes import problems
from f1_pipeline.serving.schemas_search import Found, Query
from f1_pipeline.serving.service import of
from f1_pipeline.storage.reader import Snapshot

router = APIRouter(tags=["search"])
_TABLES = ("search_index",)
_FORECASTS = ("race_predictions", "backtest_predictions")


@router.post("/query", response_model=Found, responses=problems(429, 504))
async def query(request: Request, asked: Query) -> Found:
    """Races that answer a question in words, with the facts that were matched."""
    service = of(request)
    await service.access.limit(request, "search", EXPENSIVE)
    kept = await service.cache.get("search-index", _TABLES, _version)
    if kept.value is None:
        raise unavailable(
            "no_index", "There is no search index yet.", "`f1-pipeline run` builds one.", 60
        )
    filters = asked.filters.model_dump(exclude_none=True)
    question = {**asked.model_dump(exclude={"filters"}), "filters": filters}
    found = await service.finder.find({**question, "version": kept.value})
    pages = (await service.cache.get("forecast-events", _FORECASTS, _forecast)).value
    hits = [{**hit, "link": _link(hit["event_id"], pages)} for hit in found["hits"]]
    return Found.model_validate({**found, "hits": hits})


def _version(snapshot: Snapshot) -> Read:
    row = snapshot.first("search_index")
    return Read(None if row is None else row["version"])


def _forecast(snapshot: Snapshot) -> Read:
    """The races that have a page."""
    rows = [snapshot.rows(name, ("event_id",), distinct=True) for name in _FORECASTS]
    return Read(frozenset(row["event_id"] for found in rows for row in found))


def _link(event_id: str, pages: frozenset[str]) -> str | None:
    return f"/race/{event_id}" if event_id in pages else None
