"""Read a frame against its contract: coerce, find the rows that break it and say why.

Pure functions over a frame and a contract. What happens to the rows that break (quarantine, the
event withheld) is decided in `tables`; where they are kept, in `storage`.
"""

import warnings
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pandera.pandas as pa

from f1_pipeline.contracts.base import Contract, Kind
from f1_pipeline.errors import ContractError

_WORDS = {
    "not_nullable": "must not be empty",
    "multiple_fields_uniqueness": "duplicate key",
    "greater_than_or_equal_to": "too small",
    "greater_than": "too small",
    "less_than_or_equal_to": "too large",
    "str_matches": "malformed",
    "isin": "not an allowed value",
}


@dataclass(frozen=True)
class Rejection:
    """A row (its index label in the frame that was read) and what is wrong with it."""

    index: Any
    reason: str


def coerce(frame: pd.DataFrame, contract: Contract) -> tuple[pd.DataFrame, list[Rejection]]:
    """The contract's columns in its types; a value that cannot be of its type is emptied and named.

    Raises `ContractError` when a column is missing: then no single row is to blame.
    """
    missing = [c.name for c in contract.columns if c.name not in frame.columns]
    if missing:
        raise ContractError(
            f"{contract.name} lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}."
        )
    coerced, rejections = {}, []
    for column in contract.columns:
        values = frame[column.name]
        coerced[column.name] = _to_kind(values, column.kind)
        lost = values.notna() & coerced[column.name].isna()
        rejections += [
            Rejection(index, f"{column.name}: wrong type ({_shown(values.loc[index])})")
            for index in frame.index[lost]
        ]
    return pd.DataFrame(coerced, index=frame.index), rejections


def split(frame: pd.DataFrame, contract: Contract) -> tuple[pd.DataFrame, list[Rejection]]:
    """All rows in the contract's types, and a rejection for every fault found in them."""
    frame = frame.reset_index(drop=True)
    coerced, rejections = coerce(frame, contract)
    wrong_type = {(r.index, r.reason.split(":")[0]) for r in rejections}
    try:
        with warnings.catch_warnings():
            # pandera joins the faults that it found in a way that pandas 3 does differently.
            warnings.filterwarnings("ignore", "The behavior of DataFrame concat", FutureWarning)
            contract.schema.validate(coerced, lazy=True)
    except pa.errors.SchemaErrors as error:
        for case in error.failure_cases.itertuples():
            if pd.isna(case.index):
                raise ContractError(
                    f"{contract.name}.{case.column} breaks its contract: {case.check}."
                ) from None
            if (case.index, case.column) not in wrong_type:
                rejections.append(Rejection(case.index, _in_words(case, coerced)))
    duplicated = coerced.duplicated(list(contract.key), keep=False)
    for index in coerced.index[duplicated]:
        key = ", ".join(str(coerced.loc[index, column]) for column in contract.key)
        rejections.append(Rejection(index, f"duplicate key ({key})"))
    return coerced, rejections


def check(frame: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    """The frame in the contract's types, or a `ContractError` that names the first faults."""
    coerced, rejections = split(frame, contract)
    if rejections:
        first = "; ".join(f"row {r.index}: {r.reason}" for r in rejections[:3])
        raise ContractError(
            f"{contract.name}: {len(rejections)} faults against its contract, first {first}."
        )
    return coerced


def _in_words(case: Any, frame: pd.DataFrame) -> str:
    name = str(case.check).split("(")[0]
    value = frame.loc[case.index, case.column]
    return f"{case.column}: {_WORDS.get(name, case.check)} ({_shown(value)})"


def _shown(value: Any) -> str:
    return repr(value.item() if hasattr(value, "item") else value)


def _to_kind(values: "pd.Series[Any]", kind: Kind) -> "pd.Series[Any]":
    if kind is Kind.INTEGER:
        numbers = pd.to_numeric(values, errors="coerce").astype("Float64")
        return numbers.where((numbers % 1).eq(0)).astype("Int64")
    if kind is Kind.FLOAT:
        return pd.to_numeric(values, errors="coerce").astype("float64")
    if kind is Kind.BOOLEAN:
        return _booleans(values)
    if kind is Kind.INSTANT:
        # Without a format the first value would set it for all, fractions of a second or none.
        instants = pd.to_datetime(values, errors="coerce", utc=True, format="ISO8601")
        return instants.astype("datetime64[us, UTC]")
    if kind is Kind.TEXT:
        texts = values.astype("object").where(values.notna(), None)
        return texts.map(lambda v: v if isinstance(v, str) else None).astype("object")
    return values.astype("object")


def _booleans(values: "pd.Series[Any]") -> "pd.Series[Any]":
    if pd.api.types.is_bool_dtype(values):
        return values.astype("boolean")
    try:
        codes, uniques = pd.factorize(values)
    except TypeError:  # something that cannot be a key cannot be a truth value either
        return values.map(_as_boolean).astype("boolean")
    # Each value once: a season of laps has six columns of them, 200,000 values.
    known = pd.array([*map(_as_boolean, uniques), None], dtype="boolean")
    return pd.Series(known[codes], index=values.index)


def _as_boolean(value: Any) -> bool | None:
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value)
    if pd.api.types.is_scalar(value) and pd.notna(value) and value in (0, 1):
        return bool(value)
    return None
