"""What every asset says of itself, derived from its contract and its code: one place for all."""

import hashlib
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg

from f1_pipeline.contracts import CONTRACTS, Contract

PACKAGE = Path(__file__).resolve().parent.parent
OWNERS = ["team:f1-pipeline"]
# Races are one or two weeks apart, and a refresh is due every week.
FRESHNESS = dg.FreshnessPolicy.time_window(
    fail_window=timedelta(days=15), warn_window=timedelta(days=8)
)

PURPOSE = "f1/purpose"  # the tag that says what the sensor asked a run for

EVENTS = dg.DynamicPartitionsDefinition(name="events")
SEASONS = dg.DynamicPartitionsDefinition(name="seasons")


@cache
def code_version(*layers: str) -> str:
    """A hash of the code and data of the layers that make an asset: any of their lines counts."""
    digest = hashlib.sha256()
    for layer in ("contracts", *layers):
        for file in sorted((PACKAGE / layer).rglob("*")):
            if file.suffix in (".py", ".toml"):
                digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def describe(
    layer: str, *, description: str, kinds: set[str], made_by: tuple[str, ...]
) -> dict[str, Any]:
    """The attributes that every asset carries, as keywords of a spec or an asset."""
    return {
        "group_name": layer,
        "description": description,
        "kinds": kinds,
        "owners": OWNERS,
        "code_version": code_version(*made_by),
        "freshness_policy": FRESHNESS,
    }


def describe_table(name: str, *, kinds: set[str], made_by: tuple[str, ...]) -> dict[str, Any]:
    """The same for an asset that is a table: key, description and columns are its contract's."""
    contract = CONTRACTS[name]
    return {
        "key": dg.AssetKey([contract.layer, name]),
        "metadata": {
            "dagster/column_schema": column_schema(contract),
            "dagster/table_name": f"f1.{name}",
        },
        **describe(contract.layer, description=contract.description, kinds=kinds, made_by=made_by),
    }


def column_schema(contract: Contract) -> dg.TableSchema:
    """A contract's columns as the UI shows them."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column.name,
                type=column.kind.value,
                description=column.description + (f" [{column.unit}]" if column.unit else ""),
                constraints=dg.TableColumnConstraints(nullable=column.nullable),
            )
            for column in contract.columns
        ],
        constraints=dg.TableConstraints(other=[f"key: {', '.join(contract.key)}"]),
    )
