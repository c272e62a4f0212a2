"""Race strategy as it was published or backtested, and the fits of a circuit.

The run that counts is the one that `f1-pipeline strategy` shows. Not here: plans of one's own,
which are simulated when they are asked for (`planner`).
"""

from datetime import datetime
from difflib import get_close_matches
from typing import Any

from f1_pipeline.serving.answers import calendar as calendars
from f1_pipeline.serving.answers.calendar import Calendar
from f1_pipeline.serving.answers.predictions import named, passed
from f1_pipeline.serving.errors import ApiError, not_found
from f1_pipeline.storage.reader import Row, Snapshot

TABLES = (
    *("events", "race_results", "recommendations", "caution_advice", "strategy_backtest"),
    *("scored_recommendations", "race_figures", "drivers", "constructors"),
)
CIRCUIT_TABLES = (
    *("events", "race_results", "pit_loss", "tyre_degradation", "neutralisations"),
    "track_position_cost",
)
# What the command reads, and the names that are put to its answer.
COMPARED_TABLES = (
    *("events", "race_results", "starting_grids", "pit_stops", "race_figures", "stint_figures"),
    *("caution_figures", "pit_loss_figures", "race_predictions", "strategy_backtest", "drivers"),
)
STATES = ("green", "virtual_safety_car", "safety_car", "red")
COMPOUNDS = ("SOFT", "MEDIUM", "HARD")
_RUN = ("run_id", "generated_at", "event_starts_at")
_RESTS_ON = ("grid_source", "dry_races", "circuit_races", "draws", "experimental", "data_version")


def strategy(
    snapshot: Snapshot, calendar: Calendar, event: Row, driver_id: str | None, now: datetime
) -> Row:
    """The plans of an event (of one driver), as `Strategy`. Raises the 404 that says why none."""
    found = _published(snapshot, event, now) or _backtested(snapshot, event)
    if found is None:
        raise _none(snapshot, event)
    drivers = [one for one in found["drivers"] if driver_id in (None, one["driver_id"])]
    if not drivers:
        raise unknown_driver(event, str(driver_id), [one["driver_id"] for one in found["drivers"]])
    _name(snapshot, drivers)
    page = f"/race/{event['event_id']}"
    links = {"page": page, "circuit": f"/strategy{page}/circuit"}
    return found | {
        "event": event,
        "drivers": drivers,
        "links": links,
        "stale": passed(calendar, event, now),
    }


def circuit(snapshot: Snapshot, event: Row) -> Row:
    """What is fitted for the circuit of an event, as `CircuitStrategy`."""
    where: dict[str, Any] = {"circuit_id": event["circuit_id"]}
    found = {
        "pit_loss": _in_order(snapshot.rows("pit_loss", **where), "caution", STATES),
        "tyre_degradation": _in_order(
            snapshot.rows("tyre_degradation", **where), "compound", COMPOUNDS
        ),
        "neutralisations": _in_order(snapshot.rows("neutralisations", **where), "caution", STATES),
        "track_position_cost": snapshot.first("track_position_cost", **where),
    }
    if not any(found.values()):
        raise not_found(
            "no_fits",
            f"Nothing is fitted for {event['circuit_id']}.",
            "Fits follow figures of races: an archive with figures has them, "
            "`f1-pipeline backfill --tier timing` records them.",
        )
    return found | {"event": event, "stale": None}


def comparable(snapshot: Snapshot, event: Row, driver_id: str) -> Row:
    """The driver, where plans of his can be compared: told from the tables, before work begins."""
    event_id = event["event_id"]
    if snapshot.first("race_figures") is None:
        raise ApiError(
            409,
            "too_little",
            f"No plan can be compared for {event_id}: no figures of races are held.",
            "An archive with figures has them, `f1-pipeline backfill --tier timing` records them.",
        )
    rows = snapshot.rows("starting_grids", ("driver_id",), event_id=event_id)
    rows = rows or snapshot.rows(
        "race_predictions", ("driver_id",), distinct=True, event_id=event_id
    )
    if not rows:
        raise ApiError(
            409,
            "too_little",
            f"No grid of {event_id} is known, nor is it forecast.",
            f"`f1-pipeline predict --event {event_id}` makes the forecast.",
        )
    ids = [row["driver_id"] for row in rows]
    if driver_id not in ids:
        raise unknown_driver(event, driver_id, ids)
    return {"driver_id": driver_id, "name": driver_id} | (
        snapshot.first("drivers", driver_id=driver_id) or {}
    )


def compared(event: Row, driver: Row, found: Row) -> Row:
    """What the command printed, as `Compared`. Raises KeyError or IndexError for anything else."""
    first = found["plans"][0]
    shared = ("grid_position", "grid_source", "pit_lane", "dry_races", "circuit_races", "draws")
    return {
        **{name: found[name] for name in ("laps", "experimental", "against_the_rules", "held")},
        **{name: found.get(name) for name in ("was_dry", "laps_run")},
        **{name: first[name] for name in shared},
        "event": event,
        "driver_id": driver["driver_id"],
        "name": driver["name"],
        "plans": [_windows(row) for row in found["plans"]],
        "caution_advice": found["advice"],
        "stale": None,
    }


def unknown_driver(event: Row, driver_id: str, ids: list[str]) -> ApiError:
    near = get_close_matches(driver_id, ids, n=3)
    hint = f"Did you mean {', '.join(near)}?" if near else f"There are {', '.join(sorted(ids))}."
    text = f"There is no driver {driver_id!r} in {event['event_id']}."
    return not_found("unknown_driver", text, hint)


def counted_run(snapshot: Snapshot, event: Row) -> Row | None:
    """Made in time before made after the start; then the newest, as `f1-pipeline strategy` has it.

    None where nothing is published.
    """
    runs = snapshot.rows("recommendations", _RUN, distinct=True, event_id=event["event_id"])

    def counts(run: Row) -> tuple[bool, datetime, str]:
        in_time = run["generated_at"] < run["event_starts_at"]
        return in_time, run["generated_at"], run["run_id"]

    return max(runs, key=counts, default=None)


def _published(snapshot: Snapshot, event: Row, now: datetime) -> Row | None:
    run = counted_run(snapshot, event)
    if run is None:
        return None
    of: dict[str, Any] = {"event_id": event["event_id"], "run_id": run["run_id"]}
    rows = snapshot.rows("recommendations", order=("grid_position", "driver_id", "rank"), **of)
    advice = snapshot.rows("caution_advice", order=("phase",), **of)
    scored = {row["driver_id"]: row for row in snapshot.rows("scored_recommendations", **of)}
    drivers = []
    for first in (row for row in rows if row["rank"] == 1):
        mine = first["driver_id"]
        drivers.append(
            {
                **{name: first[name] for name in ("driver_id", "constructor_id", "grid_position")},
                **{name: first[name] for name in ("pit_lane", "stops")},
                "recommended": first["plan"],
                "plans": [_windows(row) for row in rows if row["driver_id"] == mine],
                "caution_advice": [row for row in advice if row["driver_id"] == mine],
                "done": _done(scored.get(mine)),
            }
        )
    return {
        **{name: rows[0][name] for name in _RESTS_ON},
        "source": "published",
        "status": calendars.status(run["generated_at"], run["event_starts_at"], now),
        "run_id": run["run_id"],
        "generated_at": run["generated_at"],
        "drivers": drivers,
    }


def _backtested(snapshot: Snapshot, event: Row) -> Row | None:
    of: dict[str, Any] = {"event_id": event["event_id"]}
    rows = snapshot.rows("strategy_backtest", **of)
    if not rows:
        return None
    results = {row["driver_id"]: row for row in snapshot.rows("race_results", **of)}
    drivers = []
    for row in rows:
        result = results.get(row["driver_id"], {})
        drivers.append(
            {
                "driver_id": row["driver_id"],
                "constructor_id": result.get("constructor_id"),
                "grid_position": result.get("grid_position"),
                "pit_lane": None,
                "recommended": row["plan"],
                "stops": row["stops"],
                "plans": [],
                "caution_advice": [],
                "done": _done(row),
            }
        )
    drivers.sort(key=lambda one: (one["grid_position"] or len(rows) + 1, one["driver_id"]))
    newest = snapshot.first("recommendations", order=("-generated_at",))
    nothing = dict.fromkeys(("run_id", "generated_at", *_RESTS_ON))
    return nothing | {
        "source": "backtest",
        "status": "retrospective",
        # Whether plans beat constants is asked of all seasons when plans are published.
        "experimental": newest["experimental"] if newest else True,
        "drivers": drivers,
    }


def _done(row: Row | None) -> Row | None:
    if row is None:
        return None
    return {name: row[f"actual_{name}"] for name in ("stops", "first_stop", "sequence")}


def _windows(row: Row) -> Row:
    return row | {name: row[name] or [] for name in ("window_first", "window_last")}


def _name(snapshot: Snapshot, drivers: list[Row]) -> None:
    names = named(snapshot, "drivers", "driver_id", [one["driver_id"] for one in drivers])
    teams = [one["constructor_id"] for one in drivers if one["constructor_id"]]
    constructors = named(snapshot, "constructors", "constructor_id", teams)
    for one in drivers:
        one["name"] = names.get(one["driver_id"], one["driver_id"])
        one["constructor"] = constructors.get(one["constructor_id"], one["constructor_id"])


def _in_order(rows: list[Row], name: str, order: tuple[str, ...]) -> list[Row]:
    return sorted(rows, key=lambda row: order.index(row[name]))


def _none(snapshot: Snapshot, event: Row) -> ApiError:
    event_id = event["event_id"]
    figures = snapshot.first("race_figures", event_id=event_id)
    if figures is not None and not figures["dry"]:
        return not_found(
            "no_plans",
            f"{event_id} has no plans: it was a wet race, and plans are for dry ones.",
            f"/strategy/race/{event_id}/circuit has what is fitted for its circuit.",
        )
    return not_found(
        "no_plans",
        f"{event_id} has no plans.",
        f"`f1-pipeline strategy --event {event_id}` publishes them; "
        f"`f1-pipeline backtest --strategy --seasons {event['season']}` makes those of past races.",
    )
