"""Which race is meant, which is next, which forecast of it counts. Not here: what is said of it.

The same choices as `f1_pipeline.tables.calendar` and `f1_pipeline.predictions.current` make on
frames; the tests compare them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from f1_pipeline.serving.errors import not_found
from f1_pipeline.storage.reader import Row, Snapshot

HORIZONS = ("pre_weekend", "post_practice", "post_qualifying")
_BACKTEST = {"model": "catboost", "tier": "results"}
# What names a race: its id, its season and round, or the round of the next race's season.
RACE = r"^(\d{4}-[a-z0-9-]{1,80}|[1-9]\d?)$"


@dataclass(frozen=True)
class Calendar:
    """Events in the order in which they are run, and which of them have a result."""

    events: tuple[Row, ...]
    held: frozenset[str]

    @classmethod
    def of(cls, snapshot: Snapshot) -> "Calendar":
        columns = ("event_id", "season", "round", "name", "circuit_id", "race_starts_at")
        events = snapshot.rows("events", columns, order=("race_starts_at", "event_id"))
        results = snapshot.rows("race_results", ("event_id",), distinct=True)
        return cls(tuple(events), frozenset(row["event_id"] for row in results))

    @cached_property
    def by_id(self) -> dict[str, Row]:
        return {event["event_id"]: event for event in self.events}

    @cached_property
    def next(self) -> Row | None:
        """The first event after the newest result. The data decides, not the clock."""
        past = [e["race_starts_at"] for e in self.events if e["event_id"] in self.held]
        later = [e for e in self.events if not past or e["race_starts_at"] > past[-1]]
        return later[0] if later else None

    @cached_property
    def newest(self) -> Row | None:
        """The newest event that has a result."""
        past = [e for e in self.events if e["event_id"] in self.held]
        return past[-1] if past else None

    def find(self, race: str) -> Row:
        """The event that is meant. Raises the 404 of an unknown one, with what may be meant."""
        if race in self.by_id:
            return self.by_id[race]
        if match := re.fullmatch(r"(?:(\d{4})-)?(\d{1,2})", race):
            season = int(match[1]) if match[1] else self._season
            for event in self.events:
                if (event["season"], event["round"]) == (season, int(match[2])):
                    return event
        near = get_close_matches(race, self.by_id, n=3)
        hint = f"Did you mean {', '.join(near)}?" if near else "Races look like 2025-monaco."
        raise not_found("unknown_event", f"There is no race {race!r}.", hint)

    @property
    def _season(self) -> int | None:
        event = self.next or self.newest
        return event["season"] if event else None


def status(generated_at: datetime | None, event_starts_at: datetime, now: datetime) -> str:
    """`retrospective` (made after the start: no forecast), else `open` until it, then `locked`."""
    if generated_at is None or generated_at >= event_starts_at:
        return "retrospective"
    return "open" if now < event_starts_at else "locked"


def runs_of(snapshot: Snapshot, event: Row) -> list[Row]:
    """Every published forecast of an event, the one that counts first.

    The latest horizon; in it those made in time before retrospective ones; then the newest. Where
    nothing is published: those of the walk-forward backtest, by the recipe in force, if there are
    any; `source` tells, and `generated_at` is None.
    """
    columns = (
        *("horizon", "run_id", "generated_at", "event_starts_at", "grid_source", "tier"),
        *("degraded_reason", "model_version", "data_version"),
    )
    of: dict[str, Any] = {"event_id": event["event_id"]}
    runs = snapshot.rows("race_predictions", columns, distinct=True, **of)
    if not runs:
        return _backtested(snapshot, event)
    for run in runs:
        run["source"] = "published"

    def counts(run: Row) -> tuple[int, bool, datetime, str]:
        in_time = run["generated_at"] < run["event_starts_at"]
        return HORIZONS.index(run["horizon"]), in_time, run["generated_at"], run["run_id"]

    return sorted(runs, key=counts, reverse=True)


def rows_of(snapshot: Snapshot, event: Row, run: Row, columns: Sequence[str]) -> list[Row]:
    """The rows of one of `runs_of`, the most probable winner first."""
    order = ("-p_win", "expected_position", "driver_id")
    of: dict[str, Any] = {"event_id": event["event_id"], "horizon": run["horizon"]}
    if run["source"] == "published":
        return snapshot.rows("race_predictions", columns, order=order, run_id=run["run_id"], **of)
    # The backtest has no codes: they are the drivers'.
    mine = [column for column in columns if column != "driver_code"]
    of |= _BACKTEST | {"recipe": run["recipe"], "grid_source": run["grid_source"] or "none"}
    rows = snapshot.rows("backtest_predictions", mine, order=order, **of)
    if "driver_code" in columns:
        ids = [row["driver_id"] for row in rows]
        drivers = snapshot.rows("drivers", ("driver_id", "code"), driver_id=ids)
        codes = {driver["driver_id"]: driver["code"] for driver in drivers}
        rows = [row | {"driver_code": codes.get(row["driver_id"])} for row in rows]
    return rows


def _backtested(snapshot: Snapshot, event: Row) -> list[Row]:
    champion = snapshot.first("models", stage="champion")
    if champion is None:
        return []
    of: dict[str, Any] = _BACKTEST | {"recipe": champion["recipe"], "event_id": event["event_id"]}
    columns = ("horizon", "grid_source", "tier", "recipe", "model_version", "fingerprint")
    found = snapshot.rows("backtest_predictions", columns, distinct=True, **of)
    # Of each horizon one: `official` sorts before `qualifying`.
    best = {run["horizon"]: run for run in sorted(found, key=_rung, reverse=True)}
    more = {
        "source": "backtest",
        "run_id": "backtest",
        "generated_at": None,
        "event_starts_at": event["race_starts_at"],
        "degraded_reason": "nothing was published: the backtest's forecast, by a fit on the races "
        "before",
    }
    return [
        run
        | more
        | {
            "grid_source": None if run["grid_source"] == "none" else run["grid_source"],
            "data_version": run["fingerprint"],
        }
        for run in (best[horizon] for horizon in reversed(HORIZONS) if horizon in best)
    ]


def _rung(run: Row) -> str:
    return run["grid_source"]
