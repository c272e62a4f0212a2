"""Put the tables of recorded sessions together: transform, repair, check, withhold, derive.

Each table of each session is checked for itself: laps that cannot be right keep the last good
version of the laps and of what is derived of them, and the weather goes on.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from f1_pipeline.contracts import CONTRACTS
from f1_pipeline.tables.faults import Fault, valid_rows
from f1_pipeline.tables.timing import checks, clean, pace, pit_lane, sessions
from f1_pipeline.tables.timing.laps import laps

_SESSION = ["event_id", "session"]
_OF_LAPS = ("laps", "stints", "clean_laps", "race_pace", "pit_lane_losses")
_TRANSFORM = {"weather": sessions.weather, "track_status": sessions.track_status, "laps": laps}
TABLES = (*_OF_LAPS, "weather", "track_status", "timing_sessions")


@dataclass(frozen=True)
class Recorded:
    """A session that is to be taken in: its revision, source, and what is missing by part."""

    event_id: str
    session: str
    revision: str
    source: str
    missing: Mapping[str, str]
    strange: str | None = None

    @property
    def unit(self) -> str:
        return f"{self.event_id}/{self.session}"


@dataclass(frozen=True)
class TimingBuild:
    """Tables that meet their contracts; by table the sessions that its frame is about; faults."""

    frames: dict[str, pd.DataFrame]
    of: dict[str, set[str]]
    faults: list[Fault]


def build(
    recorded: list[Recorded],
    raw: Mapping[str, pd.DataFrame],
    tables: dict[str, pd.DataFrame],
) -> TimingBuild:
    """All tables of these sessions. `raw`: their frames by part, with driver_id in the laps;
    `tables`: events, drivers, race_results and sprint_results as they are published.
    """
    units = {session.unit for session in recorded}
    frames: dict[str, pd.DataFrame] = {}
    faults = [Fault("laps", s.unit, s.strange) for s in recorded if s.strange is not None]
    for name, transform in _TRANSFORM.items():
        rows = transform(raw[name]) if name in raw else _none(name)
        frames[name], found = valid_rows(rows, CONTRACTS[name], tables)
        faults += found
    falling = checks.falling_tyre_ages(frames["laps"])
    faults += [Fault("laps", f"{event}/{session}", line) for event, session, line in falling]
    # Of a strange session no part goes on: its weather is kept as it was, too.
    strange: set[str | None] = {s.unit for s in recorded if s.strange is not None}
    withheld = {
        name: strange | {fault.event_id for fault in faults if fault.table == name}
        for name in _TRANSFORM
    }
    for name in _TRANSFORM:
        frames[name] = _without(frames[name], withheld[name])
    derived = {
        "stints": sessions.stints(frames["laps"]),
        "clean_laps": clean.clean_laps(frames["laps"], frames["weather"]),
    }
    derived["race_pace"] = pace.race_pace(derived["clean_laps"])
    derived["pit_lane_losses"] = pit_lane.pit_lane_losses(
        frames["laps"], derived["clean_laps"], frames["track_status"]
    )
    derived["timing_sessions"] = _held(recorded, frames["laps"], withheld, tables)
    of = {name: units - withheld["laps" if name in _OF_LAPS else name] for name in _TRANSFORM}
    of |= dict.fromkeys(_OF_LAPS, of["laps"]) | {"timing_sessions": units}
    for name, rows in derived.items():
        valid, found = valid_rows(rows, CONTRACTS[name], tables)
        faulty: set[str | None] = {fault.event_id for fault in found}
        frames[name], of[name] = _without(valid, faulty), of[name] - faulty
        faults += found
    return TimingBuild(frames, of, faults)


def _held(
    recorded: list[Recorded],
    laps: pd.DataFrame,
    withheld: Mapping[str, set[str | None]],
    tables: dict[str, pd.DataFrame],
) -> pd.DataFrame:
    """The rows of timing_sessions: what is there, what is not, what the checks found."""
    results = checks.classified(tables)
    lacking = checks.missing_laps(laps, results)
    disorder = checks.another_order(laps, results)
    # With any result at all, or a race that nobody is classified in would wait for ever.
    compared = {(e, s) for s, name in checks.RESULTS.items() for e in tables[name]["event_id"]}
    by_session = dict(list(laps.groupby(_SESSION)))
    rows = []
    for session in recorded:
        key = (session.event_id, session.session)
        mine = by_session.get(key, laps.iloc[:0])
        refused = [name for name, units in withheld.items() if session.unit in units]
        gaps = [f"{part}: {why}" for part, why in session.missing.items()]
        gaps += [lacking[key]] if key in lacking else []
        found = [disorder[key]] if key in disorder else []
        found += [f"{', '.join(refused)} withheld: see quarantine"] if refused else []
        rows.append(
            {
                "event_id": session.event_id,
                "session": session.session,
                "outcome": "partial" if gaps or refused else "complete",
                "missing": "; ".join(gaps) or None,
                "findings": "; ".join(found) or None,
                "drivers": mine["driver_id"].nunique(),
                "laps": len(mine),
                "repaired_laps": int(mine["repaired"].notna().sum()),
                "compared": key in compared,
                "revision": session.revision,
                "source": session.source,
                "tier": "timing",
            }
        )
    return pd.DataFrame(rows, columns=[c.name for c in CONTRACTS["timing_sessions"].columns])


def _without(frame: pd.DataFrame, units: set[str | None]) -> pd.DataFrame:
    of_row = frame["event_id"].str.cat(frame["session"], sep="/")
    return frame[~of_row.isin(units)].reset_index(drop=True)


def _none(name: str) -> pd.DataFrame:
    return pd.DataFrame(columns=[column.name for column in CONTRACTS[name].columns], dtype=object)
