"""What is known of drivers, teams, circuits and races. Forecasts: `predictions`."""

from typing import Any

from f1_pipeline.serving.answers import calendar as calendars
from f1_pipeline.serving.answers import predictions
from f1_pipeline.serving.answers.calendar import HORIZONS, Calendar
from f1_pipeline.serving.errors import not_found
from f1_pipeline.storage.reader import Row, Snapshot

DRIVER_TABLES = (
    *("events", "race_results", "entries", "drivers", "constructors", "driver_form", "standings"),
)
TEAM_TABLES = (
    *("events", "race_results", "entries", "drivers", "constructors", "constructor_lineage"),
    *("team_form", "standings"),
)
FEATURE_TABLES = ("events", "race_results", "race_features")
CIRCUIT_TABLES = ("events", "race_results", "circuits", "circuit_patterns")
RACE_TABLES = (
    *("events", "race_results", "entries", "drivers", "constructors", "circuits"),
    *("circuit_patterns", "driver_form", "team_form", "race_features", "race_predictions"),
    *("models", "backtest_predictions"),
)
# What is kept by event: counted by the ledger's side of it, and named to a client.
COUNTED = (
    *("events", "drivers", "constructors", "circuits", "entries", "starting_grids"),
    *("race_results", "qualifying_results", "sprint_results", "practice_results", "pit_stops"),
    *("standings", "driver_form", "team_form", "circuit_patterns", "race_features"),
    *("race_predictions", "explanations", "scored_predictions", "models", "track_record"),
)
_RECENT = 10
_RUNGS = ("official", "qualifying", "none")
# Keys of storage that are nobody's business outside.
_INNER = {"version", "valid_from"}


def driver(snapshot: Snapshot, calendar: Calendar, driver_id: str) -> Row:
    """A driver's facts, form, standing and last results, as `DriverData`."""
    known = snapshot.first("drivers", driver_id=driver_id)
    if known is None:
        raise not_found("unknown_driver", f"There is no driver {driver_id!r}.", _IDS)
    entries = snapshot.rows("entries", driver_id=driver_id, role="race")
    entry = _newest(calendar, entries)
    constructor = None
    if entry is not None:
        constructor = snapshot.first("constructors", constructor_id=entry["constructor_id"])
    results = snapshot.rows("race_results", driver_id=driver_id)
    recent = _in_order(calendar, results)[::-1][:_RECENT]
    return {
        "driver": known,
        "constructor": constructor,
        "form": _plain(_newest(calendar, snapshot.rows("driver_form", driver_id=driver_id))),
        "standing": _standing(snapshot, calendar, driver_id),
        "recent_results": [
            {"name": calendar.by_id[row["event_id"]]["name"]} | _kept(row) for row in recent
        ],
        "stale": None,
    }


def team(snapshot: Snapshot, calendar: Calendar, constructor_id: str) -> Row:
    """A team's facts, form, standing and drivers, as `TeamData`."""
    known = snapshot.first("constructors", constructor_id=constructor_id)
    if known is None:
        raise not_found("unknown_team", f"There is no team {constructor_id!r}.", _IDS)
    mine = snapshot.rows("constructor_lineage", constructor_id=constructor_id)
    lines = sorted({row["lineage_id"] for row in mine})
    lineage = snapshot.rows("constructor_lineage", order=("season_from",), lineage_id=lines)
    entries = snapshot.rows("entries", constructor_id=constructor_id, role="race")
    newest = _newest(calendar, entries)
    ids = [e["driver_id"] for e in entries if newest and e["event_id"] == newest["event_id"]]
    form = _newest(calendar, snapshot.rows("team_form", constructor_id=constructor_id))
    return {
        "constructor": known,
        "lineage": lineage,
        "form": _plain(form),
        "standing": _standing(snapshot, calendar, constructor_id),
        "drivers": snapshot.rows("drivers", order=("driver_id",), driver_id=ids),
        "stale": None,
    }


def features(snapshot: Snapshot, event: Row, horizon: str | None, grid_source: str | None) -> Row:
    """A race's features at a horizon (the latest that is known), as `RaceFeatures`."""
    rows = _features(snapshot, event["event_id"], horizon, grid_source)
    if not rows:
        raise not_found(
            "no_features",
            f"{event['event_id']} has no such features.",
            "Races that were held have them, and the next one up to what is known of it.",
        )
    return {
        "event": event,
        "horizon": rows[0]["horizon"],
        "grid_source": rows[0]["grid_source"],
        "features": [_kept(row) for row in rows],
        "stale": None,
    }


def circuit(snapshot: Snapshot, calendar: Calendar, circuit_id: str) -> Row:
    """A circuit's facts and patterns, as `CircuitData`."""
    known = snapshot.first("circuits", circuit_id=circuit_id)
    if known is None:
        raise not_found("unknown_circuit", f"There is no circuit {circuit_id!r}.", _IDS)
    patterns = _newest(calendar, snapshot.rows("circuit_patterns", circuit_id=circuit_id))
    return {
        "circuit": known,
        "patterns": _plain(patterns),
        "events": [event for event in calendar.events if event["circuit_id"] == circuit_id],
        "stale": None,
    }


def race(snapshot: Snapshot, event: Row, horizon: str | None) -> Row:
    """All that a race's forecast rests on, driver by driver, as `RaceData`."""
    event_id = event["event_id"]
    runs = [r for r in calendars.runs_of(snapshot, event) if horizon in (None, r["horizon"])]
    forecast = {}
    if runs:
        made = calendars.rows_of(snapshot, event, runs[0], predictions.DRIVER)
        forecast = _by(made, "driver_id")
    seen = horizon or (runs[0]["horizon"] if runs else None)
    rows = _features(snapshot, event_id, seen, runs[0]["grid_source"] if runs else None)
    known = _by(rows, "driver_id")
    entries = snapshot.rows("entries", order=("driver_id",), event_id=event_id, role="race")
    ids = [entry["driver_id"] for entry in entries]
    drivers = _by(snapshot.rows("drivers", driver_id=ids), "driver_id")
    names = {row["constructor_id"]: row["name"] for row in snapshot.rows("constructors")}
    forms = _by(snapshot.rows("driver_form", event_id=event_id), "driver_id")
    teams = _by(snapshot.rows("team_form", event_id=event_id), "constructor_id")
    return {
        "event": event,
        "horizon": rows[0]["horizon"] if rows else seen,
        "circuit": snapshot.first("circuits", circuit_id=event["circuit_id"]),
        "patterns": _plain(snapshot.first("circuit_patterns", event_id=event_id)),
        "drivers": [
            {
                "driver": drivers[entry["driver_id"]],
                "entry": _kept(entry),
                "form": _plain(forms.get(entry["driver_id"])),
                "team_form": _plain(teams.get(entry["constructor_id"])),
                "features": _plain(known.get(entry["driver_id"])),
                "forecast": _named(
                    forecast.get(entry["driver_id"]), drivers[entry["driver_id"]], names
                ),
            }
            for entry in entries
        ],
        "stale": None,
    }


def readable(snapshot: Snapshot, calendar: Calendar) -> Row:
    """What can be read here, as `Readable`."""
    return {
        "tables": {name: snapshot.count(name) for name in COUNTED},
        "newest_event": calendar.newest,
        "next_event": calendar.next,
        "stale": None,
    }


_IDS = "Ids are those of F1DB, such as max-verstappen, red-bull or monza."


def _features(
    snapshot: Snapshot, event_id: str, horizon: str | None, grid_source: str | None
) -> list[Row]:
    where: dict[str, Any] = {"event_id": event_id}
    where |= {"horizon": horizon} if horizon else {}
    where |= {"grid_source": grid_source} if grid_source else {}
    rungs = snapshot.rows("race_features", ("horizon", "grid_source"), distinct=True, **where)
    if not rungs:
        return []
    # The latest horizon, and in it the best rung of the grid.
    best = max(
        rungs,
        key=lambda row: (HORIZONS.index(row["horizon"]), -_RUNGS.index(row["grid_source"])),
    )
    return snapshot.rows("race_features", order=("driver_id",), event_id=event_id, **best)


def _standing(snapshot: Snapshot, calendar: Calendar, competitor_id: str) -> Row | None:
    rows = snapshot.rows("standings", competitor_id=competitor_id)
    return _plain(_newest(calendar, rows))


def _in_order(calendar: Calendar, rows: list[Row]) -> list[Row]:
    place = {event["event_id"]: number for number, event in enumerate(calendar.events)}
    mine = [row for row in rows if row["event_id"] in place]
    return sorted(mine, key=lambda row: place[row["event_id"]])


def _newest(calendar: Calendar, rows: list[Row]) -> Row | None:
    found = _in_order(calendar, rows)
    return found[-1] if found else None


def _by(rows: list[Row], key: str) -> dict[str, Row]:
    return {row[key]: row for row in rows}


def _kept(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in _INNER}


def _plain(row: Row | None) -> Row | None:
    return None if row is None else _kept(row)


def _named(forecast: Row | None, driver: Row, constructors: dict[str, str]) -> Row | None:
    if forecast is None:
        return None
    team = forecast["constructor_id"]
    return forecast | {"name": driver["name"], "constructor": constructors.get(team, team)}
