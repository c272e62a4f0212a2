"""Put the tables together: transform, check, withhold the events that break a contract.

A row that breaks its contract withholds its event entirely, in every table: the event keeps its
last good version, the other events go on. A bad row of a whole table (a driver, say) falls out
alone, and what refers to it is then unknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from f1_pipeline.contracts import CONTRACTS, split
from f1_pipeline.tables import entries, events, identity, rules, sessions, standings
from f1_pipeline.tables.faults import Fault, valid_rows

WHOLE = ("circuits", "drivers", "constructors", "constructor_lineage")
BY_EVENT = (
    "events",
    "entries",
    "starting_grids",
    "race_results",
    "sprint_results",
    "qualifying_results",
    "practice_results",
    "pit_stops",
)


@dataclass(frozen=True)
class Build:
    """Tables that meet their contracts, the faults that were found, and the events withheld."""

    frames: dict[str, pd.DataFrame]
    faults: list[Fault]
    withheld: frozenset[str]


def build(raw: dict[str, pd.DataFrame], last_good: Mapping[str, pd.DataFrame]) -> Build:
    """All tables of the results tier from raw frames.

    `last_good`: the tables as published before (or nothing), from which withheld events and
    refused rows of whole tables are taken. Raises `ContractError` when a whole frame is at fault.
    """
    faults: list[Fault] = []
    frames: dict[str, pd.DataFrame] = {}
    transformed = _transform(raw)
    # After a practice alone it is not known yet who races.
    raced = transformed["entries"]["role"].eq("race")
    took_part = set(transformed["entries"].loc[raced, "event_id"])
    for name, frame in transformed.items():
        valid, found = valid_rows(frame, CONTRACTS[name], frames)
        # The rows of an event whose own row is at fault are innocent: it is withheld as it is.
        faults += [f for f in found if not _only_lacks_its_event(f, faults)]
        frames[name] = valid if name not in WHOLE else _refill(valid, found, name, last_good)
    bad = frozenset(f.event_id for f in faults if f.event_id is not None)
    # A fault stays with its event: who is expected at others follows from valid rows.
    past = _without(frames["entries"], bad, last_good.get("entries"))
    expected, found = _expected_entries(raw["entrants"], took_part, frames, past)
    key = ["event_id", "driver_id"]
    entered = pd.concat([expected, frames["entries"]], ignore_index=True)
    frames["entries"] = entered.drop_duplicates(key, ignore_index=True)
    faults += found
    whole_events = {name: frames[name][~frames[name]["event_id"].isin(bad)] for name in BY_EVENT}
    faults += [Fault(t, e, reason) for t, e, reason in rules.broken(whole_events)]
    withheld = frozenset(f.event_id for f in faults if f.event_id is not None)
    for name in BY_EVENT:
        frames[name] = _without(frames[name], withheld, last_good.get(name))
    computed = standings.standings(
        frames["events"], frames["race_results"], frames["sprint_results"]
    )
    frames["standings"] = split(computed, CONTRACTS["standings"])[0]
    return Build(frames, faults, withheld)


def _transform(raw: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Raw to contract columns, in the order in which tables may refer to each other."""
    known = set(raw["constructors"]["constructor_id"])
    return {
        "circuits": identity.as_listed(raw["circuits"], "circuits"),
        "drivers": identity.as_listed(raw["drivers"], "drivers"),
        "constructors": identity.as_listed(raw["constructors"], "constructors"),
        "constructor_lineage": identity.constructor_lineage(raw["constructor_lineage"], known),
        "events": events.events(raw["events"]),
        "entries": entries.took_part(raw),
        "starting_grids": sessions.starting_grids(raw["starting_grids"]),
        "race_results": sessions.race_results(raw["race_results"]),
        "sprint_results": sessions.sprint_results(raw["sprint_results"]),
        "qualifying_results": sessions.qualifying_results(raw["qualifying_results"]),
        "practice_results": sessions.practice_results(raw["practice_results"]),
        "pit_stops": sessions.pit_stops(raw["pit_stops"]),
    }


def _expected_entries(
    entrants: pd.DataFrame,
    took_part: set[str],
    frames: dict[str, pd.DataFrame],
    past: pd.DataFrame,
) -> tuple[pd.DataFrame, list[Fault]]:
    """Entries of the events to come. `past`: the valid entries of those that were held."""
    calendar = frames["events"]
    past = past.merge(calendar[["event_id", "season", "round"]], on="event_id")
    to_come = calendar[~calendar["event_id"].isin(took_part)]
    expected = entries.expected(to_come, entrants, past)
    return valid_rows(expected, CONTRACTS["entries"], frames)


def _only_lacks_its_event(fault: Fault, before: list[Fault]) -> bool:
    if not fault.reason.startswith("unknown event "):
        return False
    return any(f.table == "events" and f.event_id == fault.event_id for f in before)


def _refill(
    valid: pd.DataFrame, faults: list[Fault], name: str, last_good: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """Give refused rows of a whole table back as they were when they were last good."""
    before = last_good.get(name)
    if before is None or before.empty or not faults:
        return valid
    key = list(CONTRACTS[name].key)
    refused = {tuple(str(f.row.get(k)) for k in key) for f in faults}
    is_refused = [tuple(map(str, k)) in refused for k in before[key].itertuples(index=False)]
    return pd.concat([valid, before[is_refused]], ignore_index=True)


def _without(
    frame: pd.DataFrame, withheld: frozenset[str], before: pd.DataFrame | None
) -> pd.DataFrame:
    """The frame with withheld events as they were published before, if they were."""
    kept = frame[~frame["event_id"].isin(withheld)]
    if before is None or before.empty or not withheld:
        return kept.reset_index(drop=True)
    again = before.loc[before["event_id"].isin(withheld), list(frame.columns)]
    return pd.concat([kept, again], ignore_index=True)
