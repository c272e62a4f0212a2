"""Layer tables, timing tier: laps, stints, weather, track status, and what is derived of laps.

They take in the recordings that are new, session by session, and leave the others as they are: all
laps since 2018 are some half a million rows. A race that was recorded before its result was known
is taken in again once there is one to compare it with.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby

import dagster as dg
from pydantic import Field

from f1_pipeline import automation, clock
from f1_pipeline.contracts import CONTRACTS, split
from f1_pipeline.defs.resources import Storage, Upstream
from f1_pipeline.defs.specs import describe_table
from f1_pipeline.sources.aliases.timing import TimingNames
from f1_pipeline.sources.timing.frames import USED, timing_frames
from f1_pipeline.sources.timing.recording import opened
from f1_pipeline.storage.answers import Answer
from f1_pipeline.tables import Fault, fault_rows
from f1_pipeline.tables import timing as tables

NAMES = [name for name, contract in CONTRACTS.items() if contract.by_session]
_RAW = ("laps", "weather", "track_status")
_READ_BACK = 10
_FACTS = ("events", "drivers", "race_results", "sprint_results")


class TakeIn(dg.Config):
    """`again`: every recording that is kept, not the new ones alone (after a change of code)."""

    again: bool = Field(default=False)


@dg.multi_asset(
    name="timing_tables",
    specs=[
        dg.AssetSpec(
            deps=[
                *(dg.AssetKey(["raw", name]) for name in _RAW),
                *(dg.AssetKey(["tables", name]) for name in _FACTS),
            ],
            **describe_table(name, kinds={"pandas", "pandera"}, made_by=("tables", "sources")),
        )
        for name in NAMES
    ],
    check_specs=[
        dg.AssetCheckSpec(
            "contract",
            asset=dg.AssetKey(["tables", name]),
            blocking=True,
            description="Rows that were published anew meet the contract of their table.",
        )
        for name in NAMES
    ]
    + [
        dg.AssetCheckSpec(
            "nothing_withheld",
            asset=dg.AssetKey(["tables", "timing_sessions"]),
            description="No row of the recordings that were taken in broke its contract.",
        )
    ],
)
def timing_tables(
    context: dg.AssetExecutionContext, config: TakeIn, storage: Storage, upstream: Upstream
) -> Iterator[dg.MaterializeResult]:
    """Take the new recordings in, season by season, each in one transaction."""
    faults: list[Fault] = []
    changed: dict[str, list[str]] = {name: [] for name in NAMES}
    new = _to_take_in(storage, upstream, config.again)
    for season, answers in groupby(sorted(new, key=lambda a: a.season), key=lambda a: a.season):
        sessions = list(answers)
        context.log.info(f"{len(sessions)} sessions of {season}")
        built = _built(sessions, storage, upstream, context)
        published = storage.warehouse.publish(
            built.frames,
            run_id=context.run.run_id,
            at=clock.now(),
            faults=fault_rows(built.faults),
            of=built.of,
            faults_of=built.of["timing_sessions"],
        )
        upstream.answers.mark_published(sessions, clock.now())
        faults += built.faults
        for name in NAMES:
            changed[name] += published.changed[name]
    for fault in faults[:20]:
        context.log.warning(f"{fault.table} {fault.event_id}: {fault.reason}")
    for name in NAMES:
        held = storage.warehouse.current(name)
        checks = [_contract_check(name, storage, changed[name])]
        checks += [_check(faults)] if name == "timing_sessions" else []
        yield dg.MaterializeResult(
            asset_key=["tables", name],
            metadata={"dagster/row_count": held.rows, "changed": len(changed[name])},
            check_results=checks,
            data_version=dg.DataVersion(held.fingerprint),
        )


def _to_take_in(storage: Storage, upstream: Upstream, again: bool) -> list[Answer]:
    kept = upstream.answers.current(automation.RECORDED)
    if again:
        return kept
    unpublished = upstream.answers.unpublished()
    late = _to_compare(storage)
    return [a for a in kept if (a.kind, a.key) in unpublished or (a.kind, a.key) in late]


def _to_compare(storage: Storage) -> set[tuple[str, str]]:
    warehouse = storage.warehouse
    results = {("results", event) for event in warehouse.event_ids("race_results")}
    results |= {("sprint", event) for event in warehouse.event_ids("sprint_results")}
    return automation.to_compare(warehouse.read("timing_sessions"), results)


def _built(
    answers: list[Answer], storage: Storage, upstream: Upstream, context: dg.AssetExecutionContext
) -> tables.TimingBuild:
    aliases, store = upstream.aliases(), upstream.raw
    recordings = (opened(answer, store.read, USED) for answer in answers)
    raw = timing_frames(recordings, TimingNames(aliases), upstream.cars())
    for notice in aliases.notices:
        context.log.warning(notice)
    recorded = [
        tables.Recorded(
            event_id=answer.key,
            session=answer.kind,
            revision=answer.revision,
            source=answer.content["source"],
            missing=answer.content["missing"],
            strange=raw.strange.get((answer.key, answer.kind)),
        )
        for answer in answers
    ]
    return tables.build(recorded, raw.frames, storage.warehouse.read_many(list(_FACTS)))


def _contract_check(name: str, storage: Storage, changed: list[str]) -> dg.AssetCheckResult:
    """Read back what was published, of a few sessions: of a season it would take seconds."""
    frame = storage.warehouse.read_units(name, changed[:_READ_BACK])
    rejections = split(frame, CONTRACTS[name])[1]
    return dg.AssetCheckResult(
        asset_key=["tables", name],
        check_name="contract",
        passed=not rejections,
        metadata={"rows": len(frame), "faults": len(rejections)},
    )


def _check(faults: Iterable[Fault]) -> dg.AssetCheckResult:
    lines = [f"- {fault.table} {fault.event_id}: {fault.reason}" for fault in faults]
    return dg.AssetCheckResult(
        asset_key=["tables", "timing_sessions"],
        check_name="nothing_withheld",
        passed=not lines,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "faults": len(lines),
            "reasons": dg.MetadataValue.md("\n".join(lines[:50]) or "none"),
        },
    )
