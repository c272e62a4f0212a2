"""What a contract is, and the one registry of them.

A contract is a pandera model plus its key: the only truth about a table. Coercion, validation,
the UI's column schema, the DDL and the column docs are all derived from it. This module knows no
table by name, no SQL and no Dagster; reading a contract against a frame is in `validation`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any

import pandas as pd
import pandera.pandas as pa

Timestamp = Annotated[pd.DatetimeTZDtype, "us", "UTC"]
Integer = pd.Int64Dtype
Boolean = pd.BooleanDtype

EVENT_ID = r"^\d{4}-[a-z0-9-]+$"
SLUG = r"^[a-z0-9-]+$"


class Kind(StrEnum):
    """The column types that a contract may use; storage maps each to SQL and to Parquet."""

    TEXT = "text"
    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    INSTANT = "instant"
    LIST = "list"


class Table(pa.DataFrameModel):
    """Base of every contract: exactly these columns, nothing more."""

    class Config:
        strict = True
        ordered = False


class FactTable(Table):
    """Base of the tables of facts: each row names the source and the tier that it rests on."""

    source: str = pa.Field(
        isin=["archive", "jolpica", "livetiming", "file"], description="where the row comes from"
    )
    tier: str = pa.Field(isin=["results", "timing"], description="the tier that it rests on")


@dataclass(frozen=True)
class Column:
    """One column as its contract states it."""

    name: str
    kind: Kind
    nullable: bool
    description: str
    unit: str | None


@dataclass(frozen=True)
class Contract:
    """A table: its model, key, layer, and the columns that must exist elsewhere.

    `by_event`: rows belong to events, each of which is versioned and withheld as a whole;
    `by_session`: so do those of each session of an event.
    `references`: column → (table, column) where each value that is not null must exist.
    """

    name: str
    model: type[Table]
    layer: str
    key: tuple[str, ...]
    by_event: bool
    by_session: bool = False
    references: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def unit(self) -> tuple[str, ...]:
        """The columns that name what is versioned as a whole; none: the table itself."""
        return ("event_id", "session") if self.by_session else ("event_id",) * self.by_event

    @property
    def description(self) -> str:
        return " ".join((self.model.__doc__ or "").split())

    @property
    def schema(self) -> Any:
        return self.model.to_schema()

    @property
    def columns(self) -> list[Column]:
        return [
            Column(
                name=name,
                kind=_kind(column.dtype),
                nullable=column.nullable,
                description=column.description or "",
                unit=(column.metadata or {}).get("unit"),
            )
            for name, column in self.schema.columns.items()
        ]


_REGISTRY: dict[str, Contract] = {}


def contract(
    *,
    layer: str,
    key: tuple[str, ...],
    by_event: bool = False,
    by_session: bool = False,
    references: dict[str, tuple[str, str]] | None = None,
) -> Callable[[type[Table]], type[Table]]:
    """Register a model as the contract of the table named after it (RaceResults: race_results)."""

    def register(model: type[Table]) -> type[Table]:
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", model.__name__).lower()
        _REGISTRY[name] = Contract(
            name, model, layer, key, by_event or by_session, by_session, references or {}
        )
        return model

    return register


def registered() -> dict[str, Contract]:
    return _REGISTRY


def _kind(dtype: Any) -> Kind:
    text = str(dtype)
    for prefix, kind in (
        ("datetime64", Kind.INSTANT),
        ("Int", Kind.INTEGER),
        ("int", Kind.INTEGER),
        ("float", Kind.FLOAT),
        ("bool", Kind.BOOLEAN),
        ("str", Kind.TEXT),
        ("object", Kind.LIST),
    ):
        if text.startswith(prefix):
            return kind
    raise TypeError(f"a contract may not use the column type {text}")
