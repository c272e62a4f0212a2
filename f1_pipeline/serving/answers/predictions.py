"""Published forecasts as they are answered. Which one counts: `calendar`."""

from datetime import datetime
from typing import Any

from f1_pipeline.serving.answers import calendar as calendars
from f1_pipeline.serving.answers.calendar import Calendar
from f1_pipeline.serving.errors import not_found
from f1_pipeline.storage.reader import Row, Snapshot

TABLES = (
    *("events", "race_results", "race_predictions", "drivers", "constructors"),
    *("models", "track_record", "backtest_predictions"),
)
HISTORY_TABLES = (*TABLES, "scored_predictions")
DRIVER = (
    *("driver_id", "driver_code", "constructor_id", "grid_position"),
    *("p_win", "p_podium", "p_points", "p_dnf", "expected_position"),
    *("position_p05", "position_p95", "position_probabilities"),
)
_SCORES = ("win_ll", "podium_ll", "points_ll", "rps", "spearman", "mae")


def prediction(
    snapshot: Snapshot, calendar: Calendar, event: Row, horizon: str | None, now: datetime
) -> Row:
    """The forecast of an event that counts (of a horizon, if one is named), as `Prediction`.

    Raises the 404 that says why there is none.
    """
    event_id = event["event_id"]
    runs = calendars.runs_of(snapshot, event)
    mine = [run for run in runs if horizon in (None, run["horizon"])]
    if not mine:
        raise _none(event, horizon, runs)
    return _forecast(snapshot, event, mine[0], now) | {
        "event": event,
        "expected_accuracy": accuracy(snapshot, mine[0]),
        "links": {
            "page": f"/race/{event_id}",
            "history": f"/predictions/{event_id}/history",
            "features": f"/api/data/race/{event_id}/features",
        },
        "stale": passed(calendar, event, now),
    }


def passed(calendar: Calendar, event: Row, now: datetime) -> str | None:
    """Why the data is stale: the race has started, and its result is not in it."""
    if event["event_id"] in calendar.held or now < event["race_starts_at"]:
        return None
    return "the start of this race has passed, and the data ends before it"


def history(snapshot: Snapshot, event: Row, limit: int, offset: int, now: datetime) -> Row:
    """Every forecast of an event, with its scores, as `History`."""
    event_id = event["event_id"]
    runs = calendars.runs_of(snapshot, event)
    if not runs:
        raise _none(event, None, runs)
    scored = {
        (row["horizon"], row["run_id"]): {name: row[name] for name in _SCORES}
        for row in snapshot.rows("scored_predictions", event_id=event_id)
    }
    forecasts = [
        _forecast(snapshot, event, run, now)
        | {"scores": scored.get((run["horizon"], run["run_id"]))}
        for run in runs[offset : offset + limit]
    ]
    return {"event": event, "forecasts": forecasts, "total": len(runs), "stale": None}


def accuracy(snapshot: Snapshot, run: Row) -> Row | None:
    """What such forecasts were worth, by the track record of the recipe in force."""
    champion = snapshot.first("models", stage="champion")
    if champion is None:
        return None
    rows = snapshot.rows(
        "track_record",
        order=("metric",),
        recipe=champion["recipe"],
        period="reported",
        tier=run["tier"],
        horizon=run["horizon"],
        grid_source=run["grid_source"] or "none",
        against="baseline",
    )
    if not rows:
        return None
    return {
        "first_season": rows[0]["first_season"],
        "last_season": rows[0]["last_season"],
        "races": max(row["races"] for row in rows),
        "against": "the grid" if run["grid_source"] else "the standings",
        "metrics": {row["metric"]: row for row in rows},
    }


def named(snapshot: Snapshot, table: str, key: str, ids: list[Any]) -> dict[str, str]:
    """Names by id."""
    where: dict[str, Any] = {key: ids}
    rows = snapshot.rows(table, (key, "name"), **where)
    return {row[key]: row["name"] for row in rows}


def _forecast(snapshot: Snapshot, event: Row, run: Row, now: datetime) -> Row:
    rows = calendars.rows_of(snapshot, event, run, DRIVER)
    drivers = named(snapshot, "drivers", "driver_id", [row["driver_id"] for row in rows])
    teams = [row["constructor_id"] for row in rows]
    constructors = named(snapshot, "constructors", "constructor_id", teams)
    for row in rows:
        row["name"] = drivers.get(row["driver_id"], row["driver_id"])
        row["constructor"] = constructors.get(row["constructor_id"], row["constructor_id"])
    is_now = calendars.status(run["generated_at"], run["event_starts_at"], now)
    return run | {"status": is_now, "drivers": rows}


def _none(event: Row, horizon: str | None, runs: list[Row]) -> Exception:
    what = f"forecast {horizon}" if horizon and runs else "forecast"
    there = ", ".join(dict.fromkeys(run["horizon"] for run in runs))
    hint = (
        f"Published: {there}."
        if there
        else (
            "Only the next race is forecast by itself; "
            f"`f1-pipeline predict --event {event['event_id']}` publishes this one."
        )
    )
    return not_found("no_prediction", f"{event['event_id']} has no {what}.", hint)
