"""Layer strategy: the figures of races: those that ship, and those of the laps that are held.

Only races whose rows are new are computed: all races since 2018 take some 20 seconds. A race's
`revision` says which rows its figures rest on, so nothing is remembered beside the tables.
"""

from collections.abc import Collection, Iterator, Mapping
from itertools import groupby
from typing import Any

import dagster as dg
import pandas as pd

from f1_pipeline import clock
from f1_pipeline.contracts import CONTRACTS, content_fingerprint, split
from f1_pipeline.contracts.strategy import FIGURES
from f1_pipeline.defs import pictures_strategy
from f1_pipeline.defs.resources import Storage
from f1_pipeline.defs.specs import code_version, describe_table
from f1_pipeline.sources import archive
from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline.strategy import figures as races
from f1_pipeline.strategy.choice import choose
from f1_pipeline.tables import Fault, fault_rows, held
from f1_pipeline.tables.faults import valid_rows
from f1_pipeline.tables.validity import valid_from

Frames = dict[str, pd.DataFrame]

NAMES = FIGURES
RESTS_ON = "rests_on"  # in an asset's metadata: the hash of what it was made from
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
    known = _revisions_of_laps(warehouse)
    choice = choose(
        calendar,
        known,
        _revisions(shipped["race_figures"]),
        _revisions(warehouse.read("race_figures")),
    )
    parts = [{name: _of(shipped[name], choice.shipped) for name in NAMES}]
    for season, events in groupby(sorted(choice.computed), key=lambda event: event[:4]):
        chosen = list(events)
        context.log.info(f"{len(chosen)} races of {season}")
        parts.append(races.figures(_read(warehouse, chosen), known))
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
        metadata: dict[str, Any] = {
            "dagster/row_count": len(frame),
            "changed": len(published.changed[name]),
            "withdrawn": len(published.withdrawn[name]),
            "computed": len(choice.computed),
        }
        if name == "stint_figures":
            metadata |= _newest_race(context.instance, warehouse, tables["events"], frame)
        yield dg.MaterializeResult(
            asset_key=["strategy", name],
            metadata=metadata,
            check_results=[contract_check(name, frame)],
            data_version=dg.DataVersion(warehouse.current(name).fingerprint),
        )


def _revisions_of_laps(warehouse: Warehouse) -> dict[str, str]:
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


def _newest_race(
    instance: dg.DagsterInstance, warehouse: Warehouse, events: pd.DataFrame, stints: pd.DataFrame
) -> dict[str, Any]:
    """A picture of the stints of the newest race; the last one where it would be the same."""
    past = held(events, stints)
    if past.empty:
        return {}
    event = str(past["event_id"].iloc[-1])
    stints = _of(stints, [event])
    results = warehouse.read_where("race_results", event_id=event)
    rests_on = "/".join(
        content_fingerprint(frame, CONTRACTS[name], code_version("defs"))
        for name, frame in (("stint_figures", stints), ("race_results", results))
    )
    before = said_before(instance, "stint_figures", rests_on)
    finish = results.set_index("driver_id")["finish_order"]
    picture = (before or {}).get("stints") or pictures_strategy.stints(stints, finish, event)
    return {"stints": picture, RESTS_ON: rests_on}


def said_before(instance: dg.DagsterInstance, name: str, rests_on: str) -> Mapping[str, Any] | None:
    """The metadata of the table's last materialization, if it was made from the same."""
    key = dg.AssetKey([CONTRACTS[name].layer, name])
    event = instance.get_latest_materialization_event(key)
    if event is None or event.asset_materialization is None:
        return None
    metadata = event.asset_materialization.metadata
    return metadata if RESTS_ON in metadata and metadata[RESTS_ON].value == rests_on else None


def contract_check(name: str, frame: pd.DataFrame) -> dg.AssetCheckResult:
    rejections = split(frame, CONTRACTS[name])[1]
    return dg.AssetCheckResult(
        asset_key=["strategy", name],
        check_name="contract",
        passed=not rejections,
        metadata={"rows": len(frame), "faults": len(rejections)},
    )
