"""Layer strategy: what is fitted to the figures of the races that are over, for every circuit.

All four tables are made of one instant and published together. They are not fitted twice to the
same figures by the same code: what was said of them is said again. What a fit says is decided in
`strategy.fits`; how it looks in `pictures_strategy`.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import dagster as dg
import pandas as pd

from f1_pipeline import clock
from f1_pipeline.contracts import CONTRACTS
from f1_pipeline.defs import pictures_strategy as pictures
from f1_pipeline.defs.resources import Storage
from f1_pipeline.defs.specs import code_version, describe_table
from f1_pipeline.defs.strategy import RESTS_ON, contract_check, said_before
from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline.tables import Fault, fault_rows, held, next_event
from f1_pipeline.tables.faults import valid_rows

Frames = dict[str, pd.DataFrame]

_STINTS = (["strategy", "stint_figures"], ["strategy", "race_figures"])
# What each piece is fitted to; beside it the calendar, which names the circuits.
_FITTED_TO: dict[str, tuple[list[str], ...]] = {
    "pit_loss": (["strategy", "pit_loss_figures"],),
    "tyre_degradation": _STINTS,
    "neutralisations": (["strategy", "caution_figures"], ["strategy", "race_figures"]),
    "track_position_cost": (*_STINTS, ["tables", "race_results"], ["tables", "starting_grids"]),
}
_CALENDAR = (["tables", "events"], ["tables", "circuits"])
NAMES = tuple(_FITTED_TO)
_BY_RACE = sorted({key[-1] for keys in _FITTED_TO.values() for key in keys})
_CONTENT, _PICTURE = "content", "picture"


@dg.multi_asset(
    name="strategy_fits",
    specs=[
        dg.AssetSpec(
            deps=[dg.AssetKey(key) for key in (*_CALENDAR, *keys)],
            **describe_table(name, kinds={"scipy", "pandera"}, made_by=("strategy",)),
        )
        for name, keys in _FITTED_TO.items()
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
def strategy_fits(
    context: dg.AssetExecutionContext, storage: Storage
) -> Iterator[dg.MaterializeResult]:
    """Fit what is new and publish it; a piece with a fault keeps its last good rows."""
    warehouse = storage.warehouse
    events = warehouse.read("events")
    over = _over(warehouse, events)
    circuit = _circuit_ahead(warehouse, events)
    rests_on = _rests_on(warehouse, over, circuit)
    said = {name: said_before(context.instance, name, rests_on) for name in NAMES}
    if all(said.values()) and _still_there(warehouse, said):
        for name, frame in warehouse.read_many(list(NAMES)).items():
            again = {**(said[name] or {}), "changed": 0, "fitted": False}
            yield _result(warehouse, name, frame, again)
        return
    frames = warehouse.read_many(["events", "circuits", *_BY_RACE])
    frames |= {name: _of(frames[name], over) for name in _BY_RACE}
    fitted, faults = _valid(_fitted(frames), frames["circuits"])
    for fault in faults[:20]:
        context.log.warning(f"{fault.table} keeps its last good rows: {fault.reason}")
    faulty = {fault.table for fault in faults}
    now = {n: warehouse.read(n) if n in faulty else frame for n, frame in fitted.items()}
    published = warehouse.publish(
        now, run_id=context.run.run_id, at=clock.now(), faults=fault_rows(faults)
    )
    for name, frame in warehouse.read_many(list(NAMES)).items():
        metadata: dict[str, Any] = {
            "dagster/row_count": len(frame),
            "races": len(over),
            "changed": len(published.changed[name]),
            "withheld": sum(fault.table == name for fault in faults),
            "fitted": True,
            _CONTENT: warehouse.current(name).fingerprint,
            # What was withheld is tried again by the next run.
            RESTS_ON: "" if name in faulty else rests_on,
        }
        if frame.empty:
            metadata["reason"] = "no figures tell it: record laps, or use an archive with figures"
        else:
            metadata[_PICTURE] = _picture(name, frame, frames, circuit)
        yield _result(warehouse, name, frame, metadata)


def _over(warehouse: Warehouse, events: pd.DataFrame) -> set[str]:
    """The races that figures tell of and that are over: an archive may know more than the clock."""
    begun = events.loc[events["race_starts_at"].le(pd.Timestamp(clock.now())), "event_id"]
    return set(begun) & warehouse.event_ids("race_figures")


def _circuit_ahead(warehouse: Warehouse, events: pd.DataFrame) -> str:
    """Where the next race is, or the newest one was: of which a picture shows the most."""
    results = pd.DataFrame({"event_id": sorted(warehouse.event_ids("race_results"))})
    ahead = next_event(events, results)
    if ahead is None:
        past = held(events, results)
        ahead = str(past["event_id"].iloc[-1]) if len(past) else ""
    return "".join(events.loc[events["event_id"].eq(ahead), "circuit_id"])


def _rests_on(warehouse: Warehouse, over: Collection[str], circuit: str) -> str:
    """A hash of all that decides on the rows and the pictures, by the ledger: no row is read."""
    lines = [code_version("strategy", "defs"), circuit, *sorted(over)]
    for name in ("events", *_BY_RACE):
        ledger = warehouse.versions(name)
        if ledger.empty:
            continue
        current = ledger[ledger["superseded_at"].isna()]
        if name != "events":
            current = _of(current, over)
        rows = zip(current["event_id"], current["content_hash"], strict=True)
        lines += sorted(f"{name} {event} {content}" for event, content in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _still_there(warehouse: Warehouse, said: Mapping[str, Mapping[str, Any] | None]) -> bool:
    """What was said is of the rows that are held: a database may have been brought back since."""
    return all(
        metadata and metadata[_CONTENT].value == warehouse.current(name).fingerprint
        for name, metadata in said.items()
    )


def _fitted(frames: Frames) -> Frames:
    """The rows of all four tables. The import takes as long as a fit does, so it waits for one."""
    from f1_pipeline.strategy.fits import neutralisations, pit_loss, track_position, tyres

    events, races, stints = (frames[n] for n in ("events", "race_figures", "stint_figures"))
    grid = frames["race_results"], frames["starting_grids"]
    return {
        "pit_loss": pit_loss.fit(frames["pit_loss_figures"], events),
        "tyre_degradation": tyres.fit(stints, races, events),
        "neutralisations": neutralisations.fit(frames["caution_figures"], races, events),
        "track_position_cost": track_position.fit(stints, races, *grid, events),
    }


def _valid(fitted: Frames, circuits: pd.DataFrame) -> tuple[Frames, list[Fault]]:
    checked = {
        name: valid_rows(frame, CONTRACTS[name], {"circuits": circuits})
        for name, frame in fitted.items()
    }
    faults = [fault for _, found in checked.values() for fault in found]
    return {name: rows for name, (rows, _) in checked.items()}, faults


def _of(frame: pd.DataFrame, events: Collection[str]) -> pd.DataFrame:
    return frame[frame["event_id"].isin(set(events))].reset_index(drop=True)


def _picture(name: str, rows: pd.DataFrame, frames: Frames, circuit: str) -> dg.MetadataValue:
    if name == "pit_loss":
        return pictures.pit_loss(rows, "What a stop is expected to cost")
    if name == "tyre_degradation":
        ages = frames["stint_figures"]["last_lap"] - frames["stint_figures"]["first_lap"] + 1
        longest = int(ages.quantile(0.95)) if len(ages) else 1
        return pictures.tyre_degradation(rows, circuit, longest, "What a set of tyres loses")
    if name == "neutralisations":
        shown, races = frames["caution_figures"]["caution"], len(frames["race_figures"])
        common = {c: float(shown.eq(c).sum()) / max(races, 1) for c in rows["caution"].unique()}
        return pictures.neutralisations(rows, common, "How often races are neutralised")
    return pictures.track_position_cost(rows, "How much faster a car has to be to gain a place")


def _result(
    warehouse: Warehouse, name: str, frame: pd.DataFrame, metadata: dict[str, Any]
) -> dg.MaterializeResult:
    return dg.MaterializeResult(
        asset_key=["strategy", name],
        metadata=metadata,
        check_results=[contract_check(name, frame)],
        data_version=dg.DataVersion(warehouse.current(name).fingerprint),
    )
