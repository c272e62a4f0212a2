"""Layer narration: a paragraph for each forecast and each recommendation of an event.

What counts is told: the newest forecast and the newest plans made in time. How it is told, and what
a language model may write, is decided in `narration`; which past races are told of in `search`.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import dagster as dg
import pandas as pd

from f1_pipeline import clock, narration, predictions
from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline.defs.resources import Storage
from f1_pipeline.defs.specs import EVENTS, describe_table
from f1_pipeline.errors import PipelineError
from f1_pipeline.narration.english import ordinal
from f1_pipeline.settings import Settings
from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline.strategy.plans import COMPOUNDS

MADE = (["narration", "stories"],)
_READ = ("events", "drivers", "constructors", "circuits")
_COLUMNS = [column.name for column in CONTRACTS["stories"].columns]


@dg.multi_asset(
    name="stories",
    specs=[
        dg.AssetSpec(
            deps=[
                dg.AssetKey(["predictions", "race_predictions"]),
                dg.AssetKey(["predictions", "explanations"]),
                dg.AssetKey(["strategy", "recommendations"]),
                dg.AssetKey(["strategy", "caution_advice"]),
                dg.AssetKey(["search", "driver_documents"]),
            ],
            **describe_table("stories", kinds={"pandas"}, made_by=("narration",)),
        )
    ],
    partitions_def=EVENTS,
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def stories(context: dg.AssetExecutionContext, storage: Storage) -> Iterator[Any]:
    """Tell each event anew; of what is told already the words are kept."""
    warehouse = storage.warehouse
    tables = warehouse.read_many(list(_READ))
    known = {str(name) for table in _READ[1:] for name in tables[table]["name"]}
    for event_id in context.partition_keys:
        held = warehouse.read_where("stories", event_id=event_id)
        with _worder(storage.settings, known, held) as worder:
            frame = _told(Event(warehouse, tables, event_id), worder, context.log.warning)
        warehouse.publish(
            {"stories": check(frame, CONTRACTS["stories"])},
            run_id=context.run.run_id,
            at=clock.now(),
            of={"stories": {event_id}},
        )
        metadata = {
            "dagster/row_count": len(frame),
            "by a language model": int(frame["wording"].eq("language model").sum()),
            "questions": worder.calls,
            "instead": ", ".join(f"{why} {count}" for why, count in worder.reasons.items()),
            "one of them": dg.MetadataValue.md(frame["text"].iloc[0] if len(frame) else ""),
        }
        context.add_asset_metadata(metadata, asset_key=dg.AssetKey(MADE[0]), partition_key=event_id)
    yield dg.MaterializeResult(asset_key=MADE[0])


class Event:
    """What is published of one event, and the names of those in it."""

    def __init__(
        self, warehouse: Warehouse, tables: dict[str, pd.DataFrame], event_id: str
    ) -> None:
        self.warehouse, self.event_id = warehouse, event_id
        self._row = tables["events"].set_index("event_id").loc[event_id]
        self._names = {
            name: tables[f"{name}s"].set_index(f"{name}_id")["name"].to_dict()
            for name in ("driver", "constructor", "circuit")
        }

    def names(self, row: dict[str, Any]) -> dict[str, Any]:
        """Who and where a row is about, as they are called."""
        return {
            "driver": self._names["driver"].get(row["driver_id"]),
            "team": self._names["constructor"].get(row["constructor_id"]),
            "event": self._row["name"],
            "season": int(self._row["season"]),
            "circuit": self._names["circuit"].get(self._row["circuit_id"]),
        }

    def similar(self, row: dict[str, Any], **same: Any) -> list[dict[str, Any]]:
        """Past races from about the same place on the grid, as far as that is known."""
        from f1_pipeline.search.alike import precedents

        grid = row["grid_position"]
        found = precedents(
            self._documents,
            str(self._row["circuit_id"]),
            (int(self._row["season"]), int(self._row["round"])),
            None if pd.isna(grid) else int(grid),
            **same,
        )
        return [
            {
                "document_id": race["document_id"],
                "title": self._titled(race),
                "text": race["text"],
            }
            for race in found.to_dict("records")
        ]

    def _titled(self, race: dict[str, Any]) -> str:
        """Lando Norris in 2024, from 4th to 2nd."""
        who = self._names["driver"].get(race["driver_id"])
        if pd.isna(race["grid"]):
            return f"{who} in {race['season']}, {ordinal(race['finish'])}"
        places = (ordinal(race[name]) for name in ("grid", "finish"))
        return f"{who} in {race['season']}, from {' to '.join(places)}"

    @cached_property
    def _documents(self) -> pd.DataFrame:
        circuit = str(self._row["circuit_id"])
        return self.warehouse.read_where("driver_documents", circuit_id=circuit)


def _worder(settings: Settings, known: set[str], held: pd.DataFrame) -> narration.Worder:
    kept = held[held["wording"].eq("language model")]
    return narration.Worder(
        key=settings.anthropic_key,
        model=settings.story_model,
        base_url=settings.anthropic_url or None,
        seconds=settings.story_seconds,
        most_calls=settings.story_calls,
        known=known,
        kept=dict(zip(kept["kept_as"], kept["text"], strict=True)),
    )


def _told(event: Event, worder: narration.Worder, warn: Any) -> pd.DataFrame:
    """All stories of an event; what cannot be told is left out, and said."""
    rows = []
    for kind, row, facts in (*_forecasts(event, warn), *_plans(event, warn)):
        worded = worder.word(facts)
        rows.append(
            {
                "event_id": event.event_id,
                "driver_id": row["driver_id"],
                "kind": kind,
                "text": worded.text,
                "wording": worded.by,
                "language_model": worded.model,
                "reason": worded.reason,
                "kept_as": worder.kept_as(facts),
            }
        )
    return pd.DataFrame(rows, columns=_COLUMNS)


def _forecasts(event: Event, warn: Any) -> Iterator[tuple[str, dict[str, Any], narration.Facts]]:
    held = event.warehouse.read_where("race_predictions", event_id=event.event_id)
    counted = predictions.current(held, clock.now()) if len(held) else held
    explained = event.warehouse.read_where("explanations", event_id=event.event_id)
    for row in counted.sort_values("expected_position").to_dict("records"):
        mine = explained["run_id"].eq(row["run_id"]) & explained["driver_id"].eq(row["driver_id"])
        mine &= explained["horizon"].eq(row["horizon"])
        reasons = explained[mine].to_dict("records")
        try:
            names, similar = event.names(row), event.similar(row)
            yield "prediction", row, narration.prediction_facts(row, names, reasons, similar)
        except PipelineError as error:
            warn(f"{event.event_id} {row['driver_id']}: {error}")


def _plans(event: Event, warn: Any) -> Iterator[tuple[str, dict[str, Any], narration.Facts]]:
    held = event.warehouse.read_where("recommendations", event_id=event.event_id)
    in_time = held[held["generated_at"].lt(held["event_starts_at"])]
    counted = in_time if len(in_time) else held
    if counted.empty:
        return
    newest = counted.sort_values(["generated_at", "run_id"])["run_id"].iloc[-1]
    advice = event.warehouse.read_where("caution_advice", event_id=event.event_id, run_id=newest)
    rows = counted[counted["run_id"].eq(newest)].sort_values(["grid_position", "rank"])
    for driver, plans in rows.groupby("driver_id", sort=False):
        ranked = plans.to_dict("records")
        first = ranked[0]
        mine = advice[advice["driver_id"].eq(driver)].to_dict("records")
        same = {"stops": first["stops"], "start": COMPOUNDS[first["plan"][0]].upper()}
        try:
            names, similar = event.names(first), event.similar(first, **same)
            yield (
                "recommendation",
                first,
                narration.recommendation_facts(ranked, mine, names, similar),
            )
        except PipelineError as error:
            warn(f"{event.event_id} {driver}: {error}")
