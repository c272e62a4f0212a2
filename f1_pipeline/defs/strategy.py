"""Layer strategy: the figures of races: those that ship, and those of the laps that are held.

Only races whose rows are new are computed: all races since 2018 take some 20 seconds. A race's
`revision` says which rows its figures rest on, so nothing is remembered beside the tables.
"""

from collections.abc import Collection, Iterator, Mapping
from itertools import groupby

import dagster as dg
import pandas as pd

from f1_pipeline import clock
from f1_pipeline.contracts import CONTRACTS, split
from f1_pipeline.contracts.strategy import FIGURES
from f1_pipeline.defs.resources import Storage
from f1_pipeline.defs.specs import describe_table
from f1_pipeline.sources import archive
from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline.strategy import figures as races
from f1_pipeline.strategy.choice import choose
from f1_pipeline.tables import Fault, fault_rows
from f1_pipeline.tables.faults import valid_rows
from f1_pipeline.tables.validity import valid_from

Frames = dict[str, pd.DataFrame]

NAMES = FIGURES
_KNOWN = ("events", "drivers")


@dg.multi_asset(
    name="figures",
    specs=[
        dg.AssetSpec(
            deps=[
                dg.AssetKey(["raw", "archive"]),
                *(dg.AssetKey(["tables", table]) for table in (*_KNOWN, *races.INPUTS)),
            ],
            **describe_table(name, kinds={"pandas", "pandera"}, made_by=("strategy", "sources")),
        )
        for name in NAMES
    ],
    check_specs=[
        dg.AssetCheckSpec(
            "contract",
            asset=dg.AssetKey(["strategy", name]),
            blocking=True,
            description="Every stored row meets the contract of its table.",
        )
        for name in NAMES
    ],
)
def figures(context: dg.AssetExecutionContext, storage: Storage) -> Iterator[dg.MaterializeResult]:
    """Compute the races whose laps are new, take what ships of the others; publish both."""
    warehouse = storage.warehouse
    tables = warehouse.read_many(list(_KNOWN))
    shipped = archive.read_figures(storage.settings.archive_dir)
    calendar = set(tables["events"]["event_id"])
    if unknown := set(shipped["race_figures"]["event_id"]) - calendar:
        context.log.warning(
            f"figures of {len(unknown)} races are withheld: the calendar does not know them, "
            f"{min(unknown)} to begin with"
        )
    held = _held(warehouse)
    choice = choose(
        calendar,
        held,
        _revisions(shipped["race_figures"]),
        _revisions(warehouse.read("race_figures")),
    )
    parts = [{name: _of(shipped[name], choice.shipped) for name in NAMES}]
    for season, events in groupby(sorted(choice.computed), key=lambda event: event[:4]):
        chosen = list(events)
        context.log.info(f"{len(chosen)} races of {season}")
        parts.append(races.figures(_read(warehouse, chosen), held))
    frames, faults = _valid({name: _stacked(parts, name) for name in NAMES}, tables)
    for fault in faults[:20]:
        context.log.warning(f"{fault.table} {fault.event_id}: {fault.reason}")
    about = choice.about - {fault.event_id for fault in faults}
    since = valid_from(tables["events"])["race_results"]
    published = warehouse.publish(
        frames,
        run_id=context.run.run_id,
        at=clock.now(),
        valid_from=dict.fromkeys(NAMES, since),
        faults=fault_rows(faults),
        of=dict.fromkeys(NAMES, about),
        faults_of=choice.about,
    )
    for name, frame in warehouse.read_many(list(NAMES)).items():
        yield dg.MaterializeResult(
            asset_key=["strategy", name],
            metadata={
                "dagster/row_count": len(frame),
                "changed": len(published.changed[name]),
                "withdrawn": len(published.withdrawn[name]),
                "computed": len(choice.computed),
            },
            check_results=[_contract_check(name, frame)],
            data_version=dg.DataVersion(warehouse.current(name).fingerprint),
        )


def _held(warehouse: Warehouse) -> dict[str, str]:
    """By race whose laps are held the revision of all that its figures are computed from."""
    contents: dict[str, dict[str, str]] = {}
    for name in races.INPUTS:
        versions = warehouse.versions(name)
        if versions.empty:
            continue
        current = versions[versions["superseded_at"].isna() & versions["row_count"].gt(0)]
        for unit, content in zip(current["event_id"], current["content_hash"], strict=True):
            event, _, session = unit.partition("/")
            if session in ("", "R"):
                contents.setdefault(event, {})[name] = content
    needed = set(races.NEEDED)
    return {e: races.revision(found) for e, found in contents.items() if needed <= found.keys()}


def _revisions(race_figures: pd.DataFrame) -> dict[str, str]:
    return dict(zip(race_figures["event_id"], race_figures["revision"], strict=True))


def _read(warehouse: Warehouse, events: list[str]) -> Frames:
    """What the figures of these races are computed from, and no other session's laps."""
    frames = {}
    for name in races.INPUTS:
        session = {"session": "R"} if CONTRACTS[name].by_session else {}
        read = [warehouse.read_where(name, event_id=event, **session) for event in events]
        frames[name] = pd.concat(read, ignore_index=True)
    return frames


def _of(frame: pd.DataFrame, events: Collection[str]) -> pd.DataFrame:
    return frame[frame["event_id"].isin(set(events))]


def _stacked(parts: list[Frames], name: str) -> pd.DataFrame:
    frames = [part[name].astype(object) for part in parts]
    return pd.concat(frames, ignore_index=True)


def _valid(frames: Frames, tables: Mapping[str, pd.DataFrame]) -> tuple[Frames, list[Fault]]:
    """The figures of events without a fault in any of the tables: they are withheld together."""
    checked = {
        name: valid_rows(frame, CONTRACTS[name], dict(tables)) for name, frame in frames.items()
    }
    faults = [fault for _, found in checked.values() for fault in found]
    faulty = {fault.event_id for fault in faults}
    return {
        name: rows[~rows["event_id"].isin(faulty)] for name, (rows, _) in checked.items()
    }, faults


def _contract_check(name: str, frame: pd.DataFrame) -> dg.AssetCheckResult:
    rejections = split(frame, CONTRACTS[name])[1]
    return dg.AssetCheckResult(
        asset_key=["strategy", name],
        check_name="contract",
        passed=not rejections,
        metadata={"rows": len(frame), "faults": len(rejections)},
    )
