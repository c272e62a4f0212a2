"""A contract is the only truth: schema, DDL and the UI's columns say what it says."""

import pandera.pandas as pa
import pytest
from sqlalchemy.dialects import postgresql, sqlite

from f1_pipeline.contracts import CONTRACTS, Contract, Kind
from f1_pipeline.contracts.base import Table
from f1_pipeline.storage.schema import TABLES

SQL = {
    Kind.TEXT: ("TEXT", "TEXT"),
    Kind.INTEGER: ("BIGINT", "BIGINT"),
    Kind.FLOAT: ("DOUBLE PRECISION", "DOUBLE"),
    Kind.BOOLEAN: ("BOOLEAN", "BOOLEAN"),
    Kind.INSTANT: ("TIMESTAMP WITH TIME ZONE", "DATETIME"),
    Kind.LIST: ("JSON", "JSON"),
}
DTYPES = {
    Kind.TEXT: "str",
    Kind.INTEGER: "Int64",
    Kind.FLOAT: "float64",
    Kind.BOOLEAN: "boolean",
    Kind.INSTANT: "datetime64[us, UTC]",
    Kind.LIST: "object",
}
IDS = {"event_id", "driver_id", "constructor_id", "circuit_id", "lineage_id", "competitor_id"}

each = pytest.mark.parametrize("contract", CONTRACTS.values(), ids=CONTRACTS)


def test_there_is_a_contract_for_every_table_and_a_table_for_every_contract():
    assert set(TABLES) == set(CONTRACTS)
    expected = "events drivers constructors circuits entries race_results qualifying_results"
    expected += " sprint_results practice_results pit_stops standings starting_grids quarantine"
    expected += " race_features training_set race_predictions models"
    assert set(expected.split()) <= set(CONTRACTS)


@each
def test_every_column_is_described(contract):
    assert contract.description.endswith((".", ")"))
    for column in contract.columns:
        assert len(column.description) >= 4, column.name
        assert column.description == column.description.strip(), column.name


@each
def test_the_schema_has_the_contracts_columns_and_no_other(contract):
    schema = contract.schema

    assert schema.strict is True
    assert [c.name for c in contract.columns] == list(schema.columns)
    for column in contract.columns:
        assert str(schema.columns[column.name].dtype) == DTYPES[column.kind], column.name
        assert schema.columns[column.name].nullable == column.nullable, column.name


@each
def test_the_database_has_the_contracts_columns(contract):
    table = TABLES[contract.name]
    own = ["version", "valid_from"] if contract.by_event else []

    assert [c.name for c in table.columns] == [c.name for c in contract.columns] + own
    assert not any(table.c[name].nullable for name in own)
    for column in contract.columns:
        stored = table.c[column.name]
        in_postgres, in_sqlite = SQL[column.kind]
        assert stored.nullable == column.nullable, column.name
        assert stored.type.compile(postgresql.dialect()) == in_postgres, column.name
        assert stored.type.compile(sqlite.dialect()) == in_sqlite, column.name


@each
def test_the_key_is_the_primary_key_and_never_empty(contract):
    table = TABLES[contract.name]

    assert {c.name for c in table.primary_key} == set(contract.key)
    nullable = {c.name for c in contract.columns if c.nullable}
    assert not nullable & set(contract.key)
    assert not contract.by_event or "event_id" in contract.key
    for column in contract.columns:
        if column.name in IDS and column.name in contract.key:
            assert column.kind is Kind.TEXT


@each
def test_references_lead_to_whole_keys_of_other_tables(contract):
    names = {c.name for c in contract.columns}
    for column, (table, target) in contract.references.items():
        assert column in names
        assert target in CONTRACTS[table].key
        assert table != contract.name
    if contract.layer in ("tables", "features") and contract.name not in ("events", "quarantine"):
        assert (names & {"event_id"}) <= set(contract.references)


@each
def test_the_ui_shows_the_contracts_columns(contract):
    from f1_pipeline.defs.specs import column_schema

    shown = column_schema(contract)

    assert [c.name for c in shown.columns] == [c.name for c in contract.columns]
    for ours, theirs in zip(contract.columns, shown.columns, strict=True):
        assert theirs.type == ours.kind.value
        assert theirs.constraints.nullable == ours.nullable
        assert ours.description in (theirs.description or "")
        assert (ours.unit or "") in (theirs.description or "")
    assert any(", ".join(contract.key) in rule for rule in shown.constraints.other)


def test_milliseconds_say_that_they_are():
    timed = [c for k in CONTRACTS.values() for c in k.columns if c.name.endswith("_ms")]

    assert len(timed) >= 7
    assert {c.unit for c in timed} == {"ms"}


def test_a_type_that_no_store_knows_is_refused_at_once():
    class Odd(Table):
        """A table that cannot be kept."""

        x: complex = pa.Field(description="a complex number")

    with pytest.raises(TypeError, match="may not use the column type complex128"):
        assert Contract("odd", Odd, "tables", ("x",), by_event=False).columns
