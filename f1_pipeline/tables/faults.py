"""Rows that break their contract: what is wrong with each, and the rows that are left.

Shared by the tables of results and of recorded sessions. What a fault withholds is theirs to say.
"""

import hashlib
import json
from dataclasses import dataclass, field

import pandas as pd

from f1_pipeline.contracts import Contract, split, units


@dataclass(frozen=True)
class Fault:
    """A row that breaks its contract; `row` is empty where a rule among rows is broken."""

    table: str
    event_id: str | None
    reason: str
    row: dict[str, object] = field(default_factory=dict)

    @property
    def id(self) -> str:
        text = json.dumps([self.table, self.event_id, self.reason, self.row], default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def fault_rows(faults: list[Fault]) -> pd.DataFrame:
    """The faults in the quarantine's columns (its run and instants are added when it is kept)."""
    rows = [
        {
            "quarantine_id": fault.id,
            "table_name": fault.table,
            "event_id": fault.event_id,
            "reason": fault.reason,
            "row_json": json.dumps(fault.row, default=str),
        }
        for fault in faults
    ]
    columns = ["quarantine_id", "table_name", "event_id", "reason", "row_json"]
    return pd.DataFrame(rows, columns=columns, dtype=object)


def valid_rows(
    frame: pd.DataFrame, contract: Contract, known: dict[str, pd.DataFrame]
) -> tuple[pd.DataFrame, list[Fault]]:
    """The rows without a fault, and the faults of the others."""
    frame = frame.reset_index(drop=True)
    coerced, rejections = split(frame, contract)
    reasons = [(r.index, r.reason) for r in rejections]
    reasons += _unknown_references(coerced, contract, known)
    faults = [
        Fault(contract.name, _unit_of(frame, index, contract), reason, _row(frame, index))
        for index, reason in reasons
    ]
    return coerced.drop(index={index for index, _ in reasons}), faults


def _unknown_references(
    frame: pd.DataFrame, contract: Contract, known: dict[str, pd.DataFrame]
) -> list[tuple[int, str]]:
    faults = []
    for column, (table, target) in contract.references.items():
        values = frame[column]
        unknown = values.notna() & ~values.isin(set(known[table][target]))
        noun = column.removesuffix("_id")
        faults += [(i, f"unknown {noun} {values[i]!r}") for i in frame.index[unknown]]
    return faults


def _unit_of(frame: pd.DataFrame, index: int, contract: Contract) -> str | None:
    if not contract.by_event:
        return None
    unit = units(frame.loc[[index]].astype(object), contract).iloc[0]
    return unit if isinstance(unit, str) else None


def _row(frame: pd.DataFrame, index: int) -> dict[str, object]:
    values = frame.loc[index].astype(object)
    return {
        str(name): None if pd.isna(value) else getattr(value, "item", lambda v=value: v)()
        for name, value in values.items()
    }
