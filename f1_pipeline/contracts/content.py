"""What a frame says, as hashes: the same content has the same hash, whatever the order of rows.

Where a fact came from and when it was known is not part of what it says.
"""

import hashlib
import json

import pandas as pd

from f1_pipeline.contracts.base import Contract

WHOLE = ""  # stands for the event in a table that holds none
_NOT_CONTENT = {"source", "tier"}


def content_hashes(frame: pd.DataFrame, contract: Contract) -> dict[str, str]:
    """A hash of the content of each event (`WHOLE` for a table that is not kept by event)."""
    names = [c.name for c in contract.columns if c.name not in _NOT_CONTENT]
    values = frame[names].astype(object)
    rows = values.where(values.notna(), None).itertuples(index=False, name=None)
    lines = [json.dumps(row, default=str) for row in rows]
    if not contract.by_event:
        return {WHOLE: _digest(lines)}
    by_event: dict[str, list[str]] = {}
    for event_id, line in zip(frame["event_id"], lines, strict=True):
        by_event.setdefault(event_id, []).append(line)
    return {event_id: _digest(rows) for event_id, rows in by_event.items()}


def content_fingerprint(frame: pd.DataFrame, contract: Contract, *more: str) -> str:
    """One short hash of a whole frame's content, and of what else decides on a result."""
    hashes = content_hashes(frame, contract)
    return _digest([*(f"{event} {digest}" for event, digest in hashes.items()), *more])[:16]


def _digest(lines: list[str]) -> str:
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()
