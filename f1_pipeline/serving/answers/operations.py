"""Models and their health: the registry, monitoring, drift, what is fresh. Forecasts: elsewhere."""

from datetime import datetime, timedelta
from typing import Any

from f1_pipeline.serving.answers.calendar import HORIZONS, Calendar
from f1_pipeline.serving.errors import not_found
from f1_pipeline.storage.reader import Row, Snapshot

MODEL_TABLES = ("models", "promotions", "gate_decisions")
MONITORING_TABLES = ("model_health", "scored_predictions", "events", "race_results")
DRIFT_TABLES = ("drift_report", "events", "race_results")
_SCORED = 30
# A result is in the sources within some two hours; see `staleness` in docs/model-operations.md.
_RESULT_LATE = timedelta(hours=6)
_FORECAST_LATE = timedelta(days=2)


def models(snapshot: Snapshot, limit: int, offset: int) -> Row:
    """The registry of fits, as `Models`."""
    champion = snapshot.first("models", stage="champion")
    order = ("-created_at", "model_version")
    return {
        "models": snapshot.rows("models", order=order, limit=limit, offset=offset),
        "total": snapshot.count("models"),
        "in_force": champion and champion["model_version"],
        "stale": None,
    }


def model(snapshot: Snapshot, model_version: str) -> Row:
    """A fit with its history, as `ModelDetails`."""
    known = snapshot.first("models", model_version=model_version)
    if known is None:
        raise not_found(
            "unknown_model", f"There is no model {model_version!r}.", "GET /models lists them."
        )
    of: dict[str, Any] = {"model_version": model_version}
    return known | {
        "promotions": snapshot.rows("promotions", order=("-promotion",), **of),
        "decisions": snapshot.rows(
            "gate_decisions", order=("-decided_at", "horizon", "against", "metric"), **of
        ),
        "stale": None,
    }


def monitoring(snapshot: Snapshot, calendar: Calendar) -> Row:
    """What the newest forecasts were worth, as `Monitoring`."""
    newest = _newest_event(snapshot, calendar, "model_health")
    windows = snapshot.rows("model_health", event_id=newest) if newest else []
    scores = snapshot.rows(
        "scored_predictions", order=("-season", "-round", "horizon", "run_id"), limit=_SCORED
    )
    inner = {"version", "valid_from"}
    return {
        "windows": sorted(windows, key=lambda row: HORIZONS.index(row["horizon"])),
        "scores": [{k: v for k, v in row.items() if k not in inner} for row in scores],
        "stale": None,
    }


def drift(snapshot: Snapshot, calendar: Calendar) -> Row:
    """What has drifted of late, as `Drift`."""
    newest = _newest_event(snapshot, calendar, "drift_report")
    rows = snapshot.rows("drift_report", event_id=newest) if newest else []
    drifted = sorted((r for r in rows if r["drifted"]), key=lambda row: -(row["psi"] or 0))
    return {"event_id": newest, "drifted": drifted, "watched": len(rows), "stale": None}


def components(
    snapshot: Snapshot, calendar: Calendar, now: datetime, fault: str | None = None
) -> dict[str, Row]:
    """How fresh data, model and predictions are, as `Component`s; `fault`: of search, if any."""
    return {
        "data": _data(calendar, now),
        "model": _model(snapshot, calendar, now),
        "predictions": _predictions(snapshot, calendar, now),
        "search": _search(snapshot, fault),
    }


def _search(snapshot: Snapshot, fault: str | None) -> Row:
    index = snapshot.first("search_index")
    if index is None:
        return _component("absent", "There is no search index: `f1-pipeline run` builds one.")
    if fault is not None:
        return _component("degraded", fault)
    return _component("healthy", f"{index['documents']} documents are searched.")


def last_scores(snapshot: Snapshot) -> list[Row]:
    """The scores of the newest race whose forecast was published in time, by horizon."""
    newest = snapshot.first("scored_predictions", order=("-season", "-round"), status="locked")
    if newest is None:
        return []
    return snapshot.rows("scored_predictions", event_id=newest["event_id"], status="locked")


def _data(calendar: Calendar, now: datetime) -> Row:
    newest, following = calendar.newest, calendar.next
    if newest is None:
        return _component("degraded", "No race result is held: `f1-pipeline run` takes them in.")
    age = (now - newest["race_starts_at"]).total_seconds()
    if following is not None and now > following["race_starts_at"] + _RESULT_LATE:
        late = f"The result of {following['event_id']} is missing."
        return _component("degraded", late, age)
    return _component("healthy", f"The newest result is that of {newest['event_id']}.", age)


def _model(snapshot: Snapshot, calendar: Calendar, now: datetime) -> Row:
    champion = snapshot.first("models", stage="champion")
    if champion is None:
        return _component("degraded", "No model is in force: the grid baseline forecasts.")
    age = (now - champion["created_at"]).total_seconds()
    newest = _newest_event(snapshot, calendar, "model_health")
    health = snapshot.rows("model_health", event_id=newest) if newest else []
    worst = [row for row in health if row["status"] != "good"]
    if worst:
        return _component("degraded", worst[0]["reason"], age)
    return _component("healthy", f"{champion['model_version']} is in force.", age)


def _predictions(snapshot: Snapshot, calendar: Calendar, now: datetime) -> Row:
    newest = snapshot.newest("race_predictions", "generated_at")
    if newest is None:
        return _component("degraded", "Nothing is published: `f1-pipeline run` forecasts.")
    age = (now - newest).total_seconds()
    event = calendar.next
    if event is None:
        return _component("healthy", "The calendar holds no next race.", age)
    mine = snapshot.newest("race_predictions", "generated_at", event_id=event["event_id"])
    if mine is None and now > event["race_starts_at"] - _FORECAST_LATE:
        return _component("degraded", f"{event['event_id']} has no forecast.", age)
    if mine is not None and mine >= event["race_starts_at"]:
        text = f"{event['event_id']} was forecast after its start: the data is stale."
        return _component("degraded", text, age)
    return _component("healthy", f"The next race is {event['event_id']}.", age)


def _component(status: str, message: str, age: float | None = None) -> Row:
    return {"status": status, "message": message, "age_seconds": age}


def _newest_event(snapshot: Snapshot, calendar: Calendar, table: str) -> str | None:
    there = {row["event_id"] for row in snapshot.rows(table, ("event_id",), distinct=True)}
    found = [event["event_id"] for event in calendar.events if event["event_id"] in there]
    return found[-1] if found else None
