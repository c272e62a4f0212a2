"""What is there and what is under way, read once a tick: the state that `automation` decides on.

Reads only: tables, kept answers, the registry, runs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import dagster as dg
import pandas as pd

from f1_pipeline import automation
from f1_pipeline.automation import Attempts, Session, State
from f1_pipeline.defs.resources import Storage, Upstream
from f1_pipeline.defs.specs import PURPOSE
from f1_pipeline.features import LAST_PRACTICE
from f1_pipeline.predictions import BASELINE
from f1_pipeline.tables import held, next_event

ALIVE = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_FAILED = (dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)
# What a weekend asks for, some times over; older attempts no longer matter.
_RUNS = 60
_TABLES = {
    "results": "race_results",
    "qualifying": "qualifying_results",
    "sprint": "sprint_results",
    "pit_stops": "pit_stops",
}
Keys = Mapping[tuple[str, str], str]


@dataclass(frozen=True)
class Outlook:
    """The calendar, what is held of it, and what is kept of the upstream's answers."""

    storage: Storage
    events: pd.DataFrame
    sessions: list[Session]
    recordings: list[Session]
    complete: frozenset[tuple[str, str]]
    held: frozenset[tuple[str, str]]
    revisions: Keys
    unpublished: Keys
    calendars: frozenset[str]

    @classmethod
    def of(cls, storage: Storage, upstream: Upstream) -> "Outlook":
        warehouse, answers = storage.warehouse, upstream.answers
        events = warehouse.read("events")
        revisions = answers.revisions()
        held = {
            (kind, event)
            for kind, table in _TABLES.items()
            # A sprint qualifying comes from live timing, before the qualifying that is looked for.
            for event in warehouse.event_ids(
                table, **({"session": "Q"} if kind == "qualifying" else {})
            )
        }
        recorded = warehouse.read("timing_sessions")
        whole = recorded[recorded["outcome"].eq("complete")]
        return cls(
            storage=storage,
            events=events,
            sessions=automation.expected(events),
            recordings=automation.recorded(events),
            complete=frozenset(zip(whole["session"], whole["event_id"], strict=True)),
            held=frozenset(held | set(revisions)),
            revisions=revisions,
            unpublished=answers.unpublished()
            | {k: revisions[k] for k in automation.to_compare(recorded, held) if k in revisions},
            calendars=frozenset(key for kind, key in revisions if kind == "schedule"),
        )

    def state(
        self,
        instance: dg.DagsterInstance,
        found: Keys,
        attempts: Mapping[str, Attempts],
        now: datetime,
    ) -> State:
        """All that decides which runs are wanted now."""
        upcoming, newest = self._around_now()
        champion = self.storage.models.champion()
        version = champion["model_version"] if champion else BASELINE
        is_made = version == self._forecast_by(upcoming) and newest in self._settled()
        starts = self.events.set_index("event_id")["race_starts_at"]
        lost = automation.unfinished(attempts, self.revisions)
        missing = lost | dict(self.unpublished) | dict(found)
        return State(
            found=found,
            unpublished=self.unpublished,
            recorded=_recorded(instance, missing),
            kept=self.revisions,
            needs_forecast=None if is_made else upcoming,
            forecast_of=f"{newest}@{version}",
            open_events=frozenset(starts[starts > now].index),
            lacking=self._lacking(upcoming, now),
            attempts=attempts,
        )

    def _forecast_by(self, event_id: str | None) -> str | None:
        """The model of an event's newest published forecast."""
        rows = self.storage.warehouse.read_where("race_predictions", event_id=event_id)
        newest = rows.sort_values("generated_at", kind="stable")["model_version"].tail(1)
        return None if newest.empty else str(newest.iloc[0])

    def _settled(self) -> set[str]:
        """The last races of the fits that were in force or refused: nothing more comes of those."""
        known = self.storage.warehouse.read_many(["models", "promotions", "gate_decisions"])
        decisions = known["gate_decisions"]
        refused = set(decisions.loc[~decisions["accepted"].astype(bool), "model_version"])
        settled = refused | set(known["promotions"]["model_version"])
        fits = known["models"]
        return set(fits.loc[fits["model_version"].isin(settled), "last_event"])

    def _lacking(self, upcoming: str | None, now: datetime) -> frozenset[str]:
        """The next event, when its last practice is in the tables and no forecast is made of it."""
        if upcoming is None:
            return frozenset()
        event = self.events[self.events["event_id"].eq(upcoming)]
        last = LAST_PRACTICE[str(event["format"].iloc[0])]
        warehouse = self.storage.warehouse
        known = upcoming in warehouse.event_ids("practice_results", session=last)
        made = upcoming in warehouse.event_ids("race_predictions", horizon="post_practice")
        is_open = (event["race_starts_at"] > now).all()
        return frozenset([upcoming] if known and is_open and not made else [])

    def _around_now(self) -> tuple[str | None, str | None]:
        """The next event, and the newest that has a race result."""
        results = pd.DataFrame({"event_id": [e for k, e in self.held if k == "results"]})
        past = held(self.events, results)
        newest = str(past["event_id"].iloc[-1]) if len(past) else None
        return next_event(self.events, results), newest


def _recorded(instance: dg.DagsterInstance, missing: Keys) -> dict[tuple[str, str], str]:
    """Of what is missing, the revision that its raw asset last said it holds."""
    recorded = {}
    for kind, key in missing:
        if kind not in _TABLES:
            continue
        records = instance.fetch_materializations(
            dg.AssetRecordsFilter(asset_key=dg.AssetKey(["raw", kind]), asset_partitions=[key]),
            limit=1,
        ).records
        if records and records[0].asset_materialization is not None:
            tags = records[0].asset_materialization.tags or {}
            recorded[kind, key] = tags.get("dagster/data_version", "")
    return recorded


def attempts_by_purpose(instance: dg.DagsterInstance) -> dict[str, Attempts]:
    """What became of the newest runs, by purpose."""
    by_purpose: dict[str, list[Any]] = {}
    for record in instance.get_run_records(limit=_RUNS):
        purpose = record.dagster_run.tags.get(PURPOSE)
        if purpose:
            by_purpose.setdefault(purpose, []).append(record)
    return {purpose: attempts_of(records) for purpose, records in by_purpose.items()}


def attempts_of(records: Sequence[Any]) -> Attempts:
    """What became of these runs, taken together."""
    ended = [r for r in records if r.dagster_run.status not in ALIVE]
    statuses = [r.dagster_run.status for r in ended]
    return Attempts(
        failed=sum(status in _FAILED for status in statuses),
        succeeded=dg.DagsterRunStatus.SUCCESS in statuses,
        last_ended=max((r.update_timestamp for r in ended), default=None),
        alive=len(ended) < len(records),
    )
