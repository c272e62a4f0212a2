"""Layer tables: all tables of the results tier, checked together and published together.

One multi-asset, because an event's new version appears in all tables or in none: publishing is
one transaction. The partitions of events and seasons are registered here, when their data exists.
"""

from collections.abc import Iterator

import dagster as dg
import pandas as pd

from f1_pipeline import automation, clock
from f1_pipeline.contracts import CONTRACTS, content_fingerprint, split
from f1_pipeline.defs.resources import Storage, Upstream
from f1_pipeline.defs.specs import EVENTS, SEASONS, describe_table
from f1_pipeline.sources import archive
from f1_pipeline.tables import Build, build, fault_rows, held, layered, next_event
from f1_pipeline.tables.validity import valid_from

_RAW = (
    *("archive", "calendar", "rosters"),
    *("results", "qualifying", "sprint", "pit_stops", "practice"),
)
# Tables of recorded sessions are taken in session by session: timing_tables.
NAMES = [n for n, c in CONTRACTS.items() if c.layer == "tables" and not c.by_session]


@dg.multi_asset(
    name="tables",
    specs=[
        dg.AssetSpec(
            deps=[dg.AssetKey(["raw", name]) for name in _RAW],
            **describe_table(name, kinds={"pandas", "pandera"}, made_by=("tables", "sources")),
        )
        for name in NAMES
    ],
    check_specs=[
        dg.AssetCheckSpec(
            "contract",
            asset=dg.AssetKey(["tables", name]),
            blocking=True,
            description="Every published row meets the contract of its table.",
        )
        for name in NAMES
    ]
    + [
        dg.AssetCheckSpec(
            "nothing_withheld",
            asset=dg.AssetKey(["tables", "quarantine"]),
            description="No row is in quarantine and no event is withheld.",
        )
    ],
)
def tables(
    context: dg.AssetExecutionContext, storage: Storage, upstream: Upstream
) -> Iterator[dg.MaterializeResult]:
    """Build, publish, then read back what was published and check it."""
    warehouse = storage.warehouse
    answers, aliases = upstream.answers.current(), upstream.aliases()
    raw = layered(archive.read(storage.settings.archive_dir), upstream.frames(answers, aliases))
    for notice in aliases.notices:
        context.log.warning(notice)
    built = build(raw, warehouse.read_many([n for n in NAMES if n != "quarantine"]))
    published = warehouse.publish(
        built.frames,
        run_id=context.run.run_id,
        at=clock.now(),
        valid_from=valid_from(built.frames["events"]),
        faults=fault_rows(built.faults),
    )
    # The recordings among them are taken in by the tables of their own.
    taken_in = [answer for answer in answers if answer.kind not in automation.RECORDED]
    upstream.answers.mark_published(taken_in, clock.now())
    for fault in built.faults[:20]:
        context.log.warning(f"{fault.table} {fault.event_id or ''}: {fault.reason}")
    _register_partitions(context.instance, built)
    for name, frame in warehouse.read_many(NAMES).items():
        metadata: dict[str, int] = {"dagster/row_count": len(frame)}
        if name in published.changed:
            metadata |= {
                "changed": len(published.changed[name]),
                "withdrawn": len(published.withdrawn[name]),
            }
        checks = [_contract_check(name, frame)]
        if name == "quarantine":
            checks.append(_withheld_check(built))
        yield dg.MaterializeResult(
            asset_key=["tables", name],
            metadata=metadata,
            check_results=checks,
            data_version=dg.DataVersion(content_fingerprint(frame, CONTRACTS[name])),
        )


def _register_partitions(instance: dg.DagsterInstance, built: Build) -> None:
    """A partition exists once there is data for it: a race result, or the next race's entries.

    The first season is none of the backtest's: no race lies before it to fit a model on.
    """
    events, results = built.frames["events"], built.frames["race_results"]
    past = held(events, results)
    upcoming = next_event(events, results)
    keys = [*past["event_id"], *([upcoming] if upcoming else [])]
    seasons = [str(season) for season in past["season"].unique()[1:]]
    for definition, wanted in ((EVENTS, keys), (SEASONS, seasons)):
        name = str(definition.name)
        known = set(instance.get_dynamic_partitions(name))
        new = [key for key in wanted if key not in known]
        if new:
            instance.add_dynamic_partitions(name, new)


def _contract_check(name: str, frame: pd.DataFrame) -> dg.AssetCheckResult:
    rejections = split(frame, CONTRACTS[name])[1]
    return dg.AssetCheckResult(
        asset_key=["tables", name],
        check_name="contract",
        passed=not rejections,
        metadata={"rows": len(frame), "faults": len(rejections)},
    )


def _withheld_check(built: Build) -> dg.AssetCheckResult:
    reasons = "\n".join(
        f"- {fault.table} {fault.event_id or ''}: {fault.reason}" for fault in built.faults[:50]
    )
    return dg.AssetCheckResult(
        asset_key=["tables", "quarantine"],
        check_name="nothing_withheld",
        passed=not built.faults,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "faults": len(built.faults),
            "withheld": len(built.withheld),
            "reasons": dg.MetadataValue.md(reasons or "none"),
        },
    )
