"""What must hold after a season was played: faults as lines, none when all is well."""

from collections import Counter
from typing import Any

import dagster as dg
import pandas as pd

from f1_pipeline.contracts import CONTRACTS, content_hashes
from f1_pipeline.storage.answers import AnswerStore
from f1_pipeline.storage.warehouse import Warehouse

HORIZONS = ("pre_weekend", "post_practice", "post_qualifying")
# Saturday's forecast knows no official grid, since the upstream gives it with the result alone.
DECLARED = {"", "no official grid is published: the order of qualifying stands in"}
_REFUSED = "no laps and no practice: F1's live timing refuses to answer (403)"
_TABLES = [
    name
    for name, contract in CONTRACTS.items()
    if contract.layer == "tables" and name != "quarantine"
]


def forecasts(warehouse: Warehouse, events: list[str], walled: set[str]) -> list[str]:
    """Every event has its horizons from a trained model, made before its race, scored after.

    `walled`: events of which live timing refused the practice: none is made after it, and the
    others say so.
    """
    rows = warehouse.read("race_predictions")
    scored = warehouse.read("scored_predictions")
    faults = []
    for event in events:
        for horizon in HORIZONS:
            if horizon == "post_practice" and event in walled:
                continue
            mine = rows[rows["event_id"].eq(event) & rows["horizon"].eq(horizon)]
            in_time = mine["generated_at"] < mine["event_starts_at"]
            if mine.empty or not in_time.all():
                faults.append(f"{event} {horizon}: {len(mine)} rows, {in_time.sum()} in time")
            if mine["model_version"].eq("grid_baseline").any():
                faults.append(f"{event} {horizon}: the baseline forecast it")
            timed = horizon != "pre_weekend" and event not in walled
            if set(mine["tier"]) != {"timing" if timed else "results"}:
                faults.append(f"{event} {horizon}: tier {set(mine['tier'])}")
            reasons = {"" if pd.isna(r) else str(r) for r in mine["degraded_reason"]}
            if event in walled and horizon != "pre_weekend" and _unmarked(reasons):
                faults.append(f"{event} {horizon}: does not say that live timing refuses")
            own = {
                "; ".join(p for p in r.split("; ") if not p.startswith(_REFUSED)) for r in reasons
            }
            if own - DECLARED:
                faults.append(f"{event} {horizon}: degraded by {own - DECLARED}")
            if not (scored["event_id"].eq(event) & scored["horizon"].eq(horizon)).any():
                faults.append(f"{event} {horizon}: not scored")
    if scored["status"].ne("locked").any():
        faults.append("a scored forecast was not made in time")
    return faults


def _unmarked(reasons: set[str]) -> bool:
    return any(_REFUSED not in reason for reason in reasons)


def once(instance: dg.DagsterInstance) -> list[str]:
    """No revision was materialized twice, no purpose fulfilled by two runs, nothing left failed."""
    faults = []
    for kind in ("results", "qualifying", "sprint", "pit_stops"):
        key = dg.AssetKey(["raw", kind])
        said: Counter[Any] = Counter()
        for record in _materializations(instance, key):
            found = record.asset_materialization
            assert found is not None
            said[found.partition, (found.tags or {}).get("dagster/data_version")] += 1
        faults += [f"{kind} of {k[0]}: revision {k[1]} {n} times" for k, n in said.items() if n > 1]
        status = instance.get_status_by_partition(
            key,
            instance.get_dynamic_partitions("events"),
            dg.DynamicPartitionsDefinition(name="events"),
        )
        failed = [p for p, s in (status or {}).items() if s is not None and s.value == "FAILED"]
        faults += [f"{kind} of {partition} is left failed" for partition in failed]
    succeeded: Counter[str] = Counter()
    for record in instance.get_run_records(dg.RunsFilter(statuses=[dg.DagsterRunStatus.SUCCESS])):
        purpose = record.dagster_run.tags.get("f1/purpose")
        if purpose:
            succeeded[purpose] += 1
    return faults + [f"{p}: {n} successful runs" for p, n in succeeded.items() if n > 1]


def differences(played: str, plain: str) -> list[str]:
    """What the raw layer and the tables of two homes do not have in common (database addresses)."""
    faults = []
    answers = [AnswerStore(url).revisions() for url in (played, plain)]
    for key in sorted(set(answers[0]) | set(answers[1])):
        if answers[0].get(key) != answers[1].get(key):
            faults.append(f"raw {key}: {answers[0].get(key)} played, {answers[1].get(key)} plain")
    frames = [Warehouse(url).read_many(_TABLES) for url in (played, plain)]
    for name in _TABLES:
        hashes = [content_hashes(f[name], CONTRACTS[name]) for f in frames]
        differing = [e for e in hashes[0] | hashes[1] if hashes[0].get(e) != hashes[1].get(e)]
        faults += [f"table {name} differs in {event or 'all'}" for event in sorted(differing)]
    return faults


def _materializations(instance: dg.DagsterInstance, key: dg.AssetKey) -> list[Any]:
    records: list[Any] = []
    cursor = None
    while True:
        page = instance.fetch_materializations(key, limit=500, cursor=cursor)
        records += page.records
        if not page.has_more:
            return records
        cursor = page.cursor
