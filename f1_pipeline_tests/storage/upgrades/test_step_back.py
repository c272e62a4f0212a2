"""One revision back and forward again, from every revision, on both databases."""

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from f1_pipeline import clock
from f1_pipeline.errors import StorageError
from f1_pipeline.storage import database, migrate
from f1_pipeline.storage.schema import HEARTBEATS
from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline_tests.storage.rows import AT, drivers
from f1_pipeline_tests.storage.upgrades import dumps, migrating

REVISIONS = dumps.dumped()
BACK = REVISIONS[1:]


@pytest.mark.parametrize("revision", BACK)
def test_a_step_back_leaves_what_a_database_of_before_has(url, revision):
    before = REVISIONS[REVISIONS.index(revision) - 1]
    structures = migrating.structures(url)
    dump = dumps.read(revision)
    dumps.load(url, dump)

    assert migrate.step_back(url) == before

    assert migrating.structure(url) == structures[before]
    with database.reading(url) as connection:
        there = migrating.tables_of(connection)
        for name, columns in there.items():
            told = dump.tables[name]
            kept = [column for column in columns if column in told.columns]
            expected = dumps.rows_told(told, kept)
            if name == "table_versions":
                # What the ledger says of tables that are gone goes with them.
                expected = [row for row in expected if row[0] in there]
            assert dumps.rows_now(connection, told, kept) == expected, name

    migrating.upgrade_afresh(url)
    assert migrating.differences(url) == []
    assert migrating.structure(url) == structures[REVISIONS[-1]]


@pytest.mark.parametrize("revision", BACK)
def test_what_will_be_lost_is_told_before_and_nothing_is_touched(url, revision):
    structures = migrating.structures(url)
    dump = dumps.read(revision)
    dumps.load(url, dump)

    plan = migrate.plan_step_back(url)

    assert migrating.structure(url) == structures[revision]
    with database.reading(url) as connection:
        for table in dump.tables.values():
            held = dumps.rows_now(connection, table, [*table.columns])
            assert held == dumps.rows_told(table, [*table.columns]), table.name
    gone = structures[revision].keys() - structures[plan.after].keys()
    assert plan.before == revision
    assert plan.dropped == {name: len(dump.tables[name].rows) for name in gone}
    assert plan.thinned == {}
    columns = {
        name: [c for c in table.columns if c not in _columns(structures[plan.after], name)]
        for name, table in dump.tables.items()
        if name not in gone
    }
    assert plan.columns == {name: lost for name, lost in columns.items() if lost}


def test_every_downgrade_says_what_is_lost():
    script = ScriptDirectory.from_config(migrate.configuration())
    for known in script.walk_revisions():
        assert "lost" in (known.module.downgrade.__doc__ or "")


def test_of_several_recipes_the_one_in_force_stays(url):
    """The key of before has no recipe: two of them cannot both stay."""
    rows = [("0aa", "challenger", 1), ("1bb", "champion", 2), ("2cc", "challenger", 3)]
    _upgrade_with_recipes(url, rows)

    plan = migrate.plan_step_back(url)
    migrate.step_back(url)

    assert plan.thinned == {"backtest_predictions": 2}
    assert _versions(url) == ["of 1bb"]


def test_without_one_in_force_the_newest_that_has_rows_stays(url):
    _upgrade_with_recipes(url, [("0aa", "challenger", 1), ("1bb", "challenger", 2)])
    migrate.step_back(url)
    assert _versions(url) == ["of 1bb"]


def test_what_comes_back_empty_is_published_again(url):
    """A ledger that still spoke of the rows that were lost would take them for published."""
    warehouse = Warehouse(url)
    warehouse.publish({"drivers": drivers("ada", "bea")}, run_id="run 1", at=AT)
    with database.writing(url) as connection:
        config = migrate.configuration()
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        assert migrating.tables_of(connection) == {}
    migrating.upgrade_afresh(url)

    warehouse.publish({"drivers": drivers("ada", "bea")}, run_id="run 2", at=AT)

    assert warehouse.read("drivers")["driver_id"].to_list() == ["ada", "bea"]
    assert migrating.differences(url) == []


def test_versions_that_were_replaced_lose_the_columns_and_get_them_back(url):
    """The version of before reads as many columns as its contract has."""
    dump = dumps.read("0005")
    dumps.load(url, dump)
    before = _replaced(url)
    migrating.upgrade_afresh(url)
    wide = _replaced(url)
    assert [len(row) for row in wide] == [24]
    while (now := migrate.step_back(url)) != "0006":
        assert _replaced(url) == wide, now
    assert migrate.step_back(url) == "0005"
    assert _replaced(url) == before


def test_a_step_back_is_refused_while_a_run_is_under_way(url):
    migrating.upgrade_afresh(url)
    with database.writing(url) as connection:
        beat = {"run_id": "run 1", "beat_at": clock.wall() - timedelta(seconds=50)}
        connection.execute(sa.insert(HEARTBEATS), [beat])
    before = migrating.structure(url)

    with pytest.raises(StorageError, match="a run is under way") as error:
        migrate.step_back(url)

    assert len(str(error.value).splitlines()) == 1
    assert migrating.structure(url) == before
    with database.writing(url) as connection:
        connection.execute(
            sa.update(HEARTBEATS).values(beat_at=clock.wall() - timedelta(seconds=70))
        )
    assert migrate.step_back(url) == REVISIONS[-2]


def test_before_the_first_revision_there_is_none(url):
    dumps.load(url, dumps.read(REVISIONS[0]))
    with pytest.raises(StorageError, match="the first one"):
        migrate.step_back(url)
    with database.reading(url) as connection:
        assert migrate.revision(connection) == REVISIONS[0]


def test_an_empty_database_has_nothing_to_undo(url):
    with pytest.raises(StorageError, match="nothing to undo"):
        migrate.step_back(url)


def test_a_database_of_a_newer_version_is_not_stepped_back(url):
    migrating.upgrade_afresh(url)
    with database.writing(url) as connection:
        prefix = "f1." if connection.dialect.name == "postgresql" else ""
        connection.exec_driver_sql(f"UPDATE {prefix}f1_migrations SET version_num = '9999'")
    with pytest.raises(StorageError, match="does not know"):
        migrate.step_back(url)


def _upgrade_with_recipes(url, recipes):
    """A database of 0008 with a row of the same forecast for each recipe."""
    dump = dumps.read("0008")
    dumps.load(url, dump.filled({name: [] for name in dump.tables}))
    backtest, known = dump.tables["backtest_predictions"], dump.tables["recipes"]
    made = {
        "backtest_predictions": [
            backtest.dicts()[0] | {"recipe": name, "model_version": f"of {name}"}
            for name, _, _ in recipes
        ],
        "recipes": [
            known.dicts()[0]
            | {"recipe": name, "stage": stage, "created_at": AT + timedelta(days=day)}
            | {"changed_at": AT}
            for name, stage, day in recipes
        ],
    }
    with database.writing(url) as connection:
        schema = None if connection.dialect.name == "sqlite" else database.SCHEMA
        for name, rows in made.items():
            described = dump.tables[name].described(schema, sa.MetaData())
            connection.execute(sa.insert(described), rows)


def _versions(url):
    with database.reading(url) as connection:
        schema = None if connection.dialect.name == "sqlite" else database.SCHEMA
        table = sa.table("backtest_predictions", sa.column("model_version"), schema=schema)
        return connection.execute(sa.select(table.c.model_version)).scalars().all()


def _replaced(url):
    """The rows of driver_form that the ledger holds."""
    with database.reading(url) as connection:
        schema = None if connection.dialect.name == "sqlite" else database.SCHEMA
        names = ("table_name", "rows")
        ledger = sa.table("table_versions", *map(sa.column, names), schema=schema)
        chosen = (ledger.c.table_name == "driver_form") & ledger.c.rows.is_not(None)
        held = connection.execute(sa.select(ledger.c.rows).where(chosen)).scalars().all()
    return [row for rows in held for row in json.loads(rows)]


def _columns(structure, name):
    return [column[0] for column in structure[name]["columns"]]
