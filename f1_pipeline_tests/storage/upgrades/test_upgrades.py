"""A database of any earlier revision becomes one of today, and keeps what it should keep."""

from dataclasses import replace

import pandas as pd
import pytest
import sqlalchemy as sa

from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline.storage import database
from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline_tests.storage.upgrades import dumps, migrating
from f1_pipeline_tests.storage.upgrades.made_up import rows_of

# By table the revisions that drop it and make it anew: what it held is computed again.
MADE_ANEW = {
    "backtest_predictions": {"0006", "0008"},
    "track_record": {"0008"},
    "track_position_cost": {"0011"},
    "tyre_degradation": {"0011"},
}
# Versions that were replaced get the columns of today: looked at by a test of its own.
OLD_ROWS = ("table_versions", "rows")
REVISIONS = dumps.dumped()


def test_every_revision_has_a_dump():
    assert migrating.revisions() == REVISIONS
    assert len(REVISIONS) >= 13


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_dump_holds_rows_of_every_table(revision):
    dump = dumps.read(revision)
    assert dump.revision == revision
    assert [name for name, table in dump.tables.items() if not table.rows] == []


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_migration_makes_today_what_it_made_then(url, revision):
    """Fails when a migration, or what it takes from elsewhere, was edited after its time."""
    expected = migrating.structures(url)[revision]
    dumps.load(url, dumps.read(revision))
    assert migrating.structure(url) == expected


def without_a_column(dump):
    columns = {k: v for k, v in dump.tables["drivers"].columns.items() if k != "code"}
    return with_table(dump, "drivers", columns=columns, rows=[])


def of_another_type(dump):
    columns = dump.tables["laps"].columns | {"lap": "double"}
    return with_table(dump, "laps", columns=columns, rows=[])


def never_empty(dump):
    columns = dump.tables["drivers"].columns | {"code": "text"}
    return with_table(dump, "drivers", columns=columns, rows=[])


def with_another_key(dump):
    return with_table(dump, "explanations", key=["event_id", "driver_id"], rows=[])


def with_another_view(dump):
    views = {name: text.replace("DESC", "ASC") for name, text in dump.views.items()}
    return replace(dump, views=views)


def with_table(dump, name, **changes):
    return replace(dump, tables=dump.tables | {name: replace(dump.tables[name], **changes)})


@pytest.mark.parametrize(
    "edited",
    [without_a_column, of_another_type, never_empty, with_another_key, with_another_view],
    ids=lambda edit: edit.__name__,
)
def test_a_migration_that_was_edited_is_noticed(url, edited):
    """The other way round: a dump that says something else than the migration."""
    expected = migrating.structures(url)["0007"]
    dumps.load(url, edited(dumps.read("0007")))
    assert migrating.structure(url) != expected


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_database_of_any_revision_becomes_one_of_today(url, revision):
    dump = dumps.read(revision)
    dumps.load(url, dump)

    migrating.upgrade_afresh(url)

    assert migrating.differences(url) == []
    assert migrating.structure(url) == _of_today(url)
    with database.reading(url) as connection:
        there = migrating.tables_of(connection)
        for name, table in dump.tables.items():
            columns = [c for c in table.columns if c in there[name] and (name, c) != OLD_ROWS]
            told = [] if _made_anew(name, revision) else dumps.rows_told(table, columns)
            assert dumps.rows_now(connection, table, columns) == told, name
        for name in there.keys() - dump.tables.keys() - {"recipes", "promotions"}:
            assert _count(connection, name) == 0, name


@pytest.mark.parametrize("revision", REVISIONS)
def test_the_warehouse_reads_it_under_contracts(url, revision):
    dump = dumps.read(revision)
    dumps.load(url, dump)
    warehouse = Warehouse(url)
    # Tables that came later are empty, as another test shows.
    for name in dump.tables.keys() & CONTRACTS.keys():
        rows = check(warehouse.read(name), CONTRACTS[name])
        assert len(rows) == (0 if _made_anew(name, revision) else len(dump.tables[name].rows)), name
        if CONTRACTS[name].by_event:
            assert warehouse.current(name).rows == len(rows), name
    (old,) = warehouse.superseded(["race_results"])
    check(old.frame, CONTRACTS["race_results"])
    assert len(old.frame) == 1


@pytest.mark.parametrize(
    ("revision", "table", "unit"),
    [
        *((r, "driver_form", "2024-monaco") for r in REVISIONS if r < "0006"),
        *((r, "laps", "2024-monaco/FP1") for r in REVISIONS if r >= "0004"),
    ],
)
def test_a_version_that_was_replaced_can_still_be_read(url, revision, table, unit):
    dump = dumps.read(revision)
    dumps.load(url, dump)
    rows = Warehouse(url).read_version(table, unit, 1)
    told = dump.tables[table].dicts()[0]
    assert len(rows) == 1
    for column, value in check(rows, CONTRACTS[table]).iloc[0].items():
        if column in told:
            assert value == told[column], column
        else:
            assert pd.isna(value), column


@pytest.mark.parametrize("revision", [r for r in REVISIONS if r < "0008"])
def test_the_model_in_force_before_there_was_a_registry_goes_on(url, revision):
    dumps.load(url, dumps.read(revision))
    warehouse = Warehouse(url)
    recipes = warehouse.read("recipes").set_index("recipe")["stage"].to_dict()
    assert recipes == {"a1b2c3": "champion", "d4e5f6": "challenger"}
    promotions = warehouse.read("promotions")
    assert promotions["model_version"].to_list() == ["model_version 1"]
    assert promotions["action"].to_list() == ["refit"]


def test_the_rule_fills_whatever_columns_a_table_has():
    told = dumps.Table("new", {"event_id": "text", "lap": "bigint", "note": "text null"}, [], [])
    rows = rows_of(dumps.Dump("9999", {}, {"new": told}))["new"]
    assert rows == [
        {"event_id": "2024-monaco", "lap": 1, "note": "note 1"},
        {"event_id": "2024-spain", "lap": 2, "note": None},
    ]


def _made_anew(name, revision):
    return any(revision < later for later in MADE_ANEW.get(name, ()))


def _of_today(url):
    """Structures are made once for each kind of database, before the first dump is loaded."""
    return migrating.structures(url)[REVISIONS[-1]]


def _count(connection, name):
    schema = None if connection.dialect.name == "sqlite" else database.SCHEMA
    return connection.scalar(sa.select(sa.func.count()).select_from(sa.table(name, schema=schema)))
