"""One session as its source gave it: raw frames in FastF1's columns, and what is missing of it.

Recordings come from FastF1 (`load`) or from files (`files`); they are kept part by part in the raw
store, with a manifest as the session's answer. Here belongs that form; what a column means is
decided in `frames` and `tables`.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from f1_pipeline.storage.answers import Answer

# The parts of a recording, each a frame with FastF1's columns; instants are timedeltas.
PARTS = ("laps", "results", "weather", "track_status", "race_control", "session_status")
# Of a driver, what a session's classification says; drivers are named as the source names them.
_CLASSIFIED = {
    "number": "DriverNumber",
    "first_name": "FirstName",
    "last_name": "LastName",
    "code": "Abbreviation",
    "team": "TeamName",
}
Write = Callable[[str, str, pd.DataFrame], str]
Read = Callable[[str, str, str], pd.DataFrame]


@dataclass(frozen=True)
class Recording:
    """A session. `missing`: by part what is not there, and why; a part without rows is left out."""

    event_id: str
    season: int
    session: str
    source: str
    frames: Mapping[str, pd.DataFrame]
    missing: Mapping[str, str] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Its folder in the raw store."""
        return f"timing/{self.season}/{self.event_id}/{self.session}"


def kept(recording: Recording, write: Write) -> Answer:
    """Write the parts by `write` (place, part, frame → hash); the manifest as an answer to keep."""
    files: dict[str, Any] = {
        part: {"hash": write(recording.place, part, frame), "rows": len(frame)}
        for part, frame in recording.frames.items()
        if len(frame)
    }
    content = {
        "source": recording.source,
        "files": files,
        "missing": dict(recording.missing),
        "classification": classification(recording),
    }
    laps = files["laps"]["rows"] if "laps" in files else 0
    return Answer(recording.session, recording.event_id, recording.season, content, laps)


def opened(answer: Answer, read: Read, parts: Collection[str] = PARTS) -> Recording:
    """A recording that was kept (`parts` of it), by `read` (place, part, hash → frame).

    Raises `StorageError`.
    """
    content = answer.content
    bare = Recording(answer.key, answer.season, answer.kind, content["source"], {})
    held = {part: file["hash"] for part, file in content["files"].items() if part in parts}
    frames = {part: read(bare.place, part, digest) for part, digest in held.items()}
    return Recording(
        answer.key, answer.season, answer.kind, content["source"], frames, content["missing"]
    )


def classification(recording: Recording) -> list[dict[str, Any]]:
    """Who drove, with best time and count of laps, in the order of the best times.

    Times in milliseconds; in qualifying q1, q2 and q3 as well. A deleted lap does not count. The
    count is that of laps with an end: a lap that was not finished is none.
    """
    results, laps = recording.frames.get("results"), recording.frames.get("laps")
    if results is None or laps is None or results.empty or laps.empty:
        return []
    valid = laps[laps["LapTime"].notna() & ~laps["Deleted"].eq(True)]
    best = valid.groupby("DriverNumber")["LapTime"].min()
    driven = laps[~laps["FastF1Generated"].eq(True)].groupby("DriverNumber").size()
    rows: list[dict[str, Any]] = []
    for row in results.to_dict("records"):
        number = row["DriverNumber"]
        if number not in driven.index:
            continue
        about: dict[str, Any] = {
            name: _text(row.get(column)) for name, column in _CLASSIFIED.items()
        }
        times = {f"q{n}_ms": _milliseconds(row.get(f"Q{n}")) for n in (1, 2, 3)}
        rows.append(
            about
            | {"best_ms": _milliseconds(best.get(number)), "laps": int(driven[number])}
            | (times if recording.session in ("Q", "SQ") else {})
        )
    # Equal times in the order of the numbers: FastF1's order of them is not fixed.
    return sorted(rows, key=lambda r: (r["best_ms"] is None, r["best_ms"] or 0, r["number"]))


def _milliseconds(value: Any) -> int | None:
    return None if pd.isna(value) else round(value / pd.Timedelta(milliseconds=1))


def _text(value: Any) -> str | None:
    return str(value) if isinstance(value, str) and value else None
