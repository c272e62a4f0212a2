"""The migrations make what the contracts describe, beside whatever else is there."""

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy.engine import make_url

from f1_pipeline.contracts import CONTRACTS, Kind
from f1_pipeline.errors import StorageError
from f1_pipeline.storage import database, migrate
from f1_pipeline.storage.schema import METADATA, TABLES
from f1_pipeline_tests.storage.rows import AT, state
from f1_pipeline_tests.storage.upgrades.migrating import differences, upgrade_afresh

VALUES = {
    Kind.TEXT: "text",
    Kind.INTEGER: 1,
    Kind.FLOAT: 1.5,
    Kind.BOOLEAN: True,
    Kind.INSTANT: AT,
    Kind.LIST: [1.5],
}


def test_the_migrations_make_exactly_the_tables_of_the_contracts(url):
    upgrade_afresh(url)

    assert differences(url) == []
    with database.reading(url) as connection:
        schema = database.SCHEMA if connection.dialect.name == "postgresql" else None
        inspector = sa.inspect(connection)
        names = {table.name for table in METADATA.tables.values()}
        assert set(inspector.get_table_names(schema)) == names | {migrate.VERSION_TABLE}
        assert inspector.get_view_names(schema) == ["current_predictions"]


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE {f1}drivers DROP COLUMN code",
        "ALTER TABLE {f1}drivers ADD COLUMN shoe_size bigint",
        "DROP TABLE {f1}pit_stops",
        "CREATE TABLE {f1}left_over (id bigint)",
    ],
)
def test_the_comparison_finds_what_differs(url, change):
    upgrade_afresh(url)
    with database.writing(url) as connection:
        prefix = f"{database.SCHEMA}." if connection.dialect.name == "postgresql" else ""
        connection.exec_driver_sql(change.format(f1=prefix))

    assert len(differences(url)) == 1


def test_migrating_again_changes_nothing(url):
    upgrade_afresh(url)
    before = state(url)

    upgrade_afresh(url)

    assert state(url) == before
    assert differences(url) == []


def test_tables_of_today_are_opened_without_waiting_for_a_writer(url):
    """Nor does it need a right to write: whether there is anything to do is looked at first."""
    upgrade_afresh(url)
    if url.startswith("postgresql"):
        # Fails at once where it would wait for ever.
        url = (
            make_url(url)
            .update_query_dict({"options": "-c lock_timeout=1000"})
            .render_as_string(hide_password=False)
        )
    with database.writing(url):
        upgrade_afresh(url)


def test_looking_makes_no_database(tmp_path):
    file = tmp_path / "warehouse.db"
    assert migrate._found(f"sqlite:///{file}") is None
    assert not file.exists()


def test_a_database_with_figures_and_fits_gets_the_columns_that_fits_have_now(url):
    circuit: dict[str, object] = {"circuit_id": "monaco", "low_ms": 1.0, "high_ms": 3.0}
    fits: dict[str, dict[str, object]] = {
        "tyre_degradation": {"compound": "HARD", "wear_ms": 2.0, "offset_ms": 0.0, "fuel_ms": 1.0}
        | {"stints": 4},
        "track_position_cost": {"pass_ms": 2.0, "held": 3},
    }
    facts = {"source": "archive", "tier": "timing", "version": 1, "valid_from": AT}
    figure = {"event_id": "2024-monaco", "number": 1, "caution": "red", "first_lap": 2, "laps": 1}
    config = migrate.configuration()
    with database.writing(url) as connection:
        migrate.make_schema(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "0010")
        schema = database.SCHEMA if connection.dialect.name == "postgresql" else None
        connection.execute(sa.insert(TABLES["caution_figures"]), [figure | facts])
        for name, row in fits.items():
            values = circuit | row
            old = sa.table(name, *map(sa.column, values), schema=schema)
            connection.execute(sa.insert(old), [values])

    upgrade_afresh(url)

    assert differences(url) == []
    held = state(url)
    assert len(held["caution_figures"]) == 1
    assert [held[name] for name in fits] == [[], []]  # made again of the figures


def test_tables_of_others_are_left_alone(url):
    """Even those with the names that the project and Alembic use, in PostgreSQL."""
    others = ["orders", "alembic_version"]
    if url.startswith("postgresql"):
        others += ["events", migrate.VERSION_TABLE]
    with database.writing(url) as connection:
        for name in others:
            connection.exec_driver_sql(f"CREATE TABLE {name} (version_num varchar(32))")
            connection.exec_driver_sql(f"INSERT INTO {name} VALUES ('theirs')")

    upgrade_afresh(url)

    with database.reading(url) as connection:
        for name in others:
            rows = connection.exec_driver_sql(f"SELECT * FROM {name}").all()
            assert [tuple(row) for row in rows] == [("theirs",)]
        if connection.dialect.name == "postgresql":
            inspector = sa.inspect(connection)
            assert set(inspector.get_table_names("public")) == set(others)
            assert inspector.get_view_names("public") == []
            assert migrate.VERSION_TABLE in inspector.get_table_names(database.SCHEMA)
    assert state(url)["events"] == []


def test_every_table_refuses_an_empty_value_where_its_contract_does_and_only_there(url):
    upgrade_afresh(url)
    for name, contract in CONTRACTS.items():
        row = {c.name: VALUES[c.kind] for c in contract.columns}
        if contract.by_event:
            row |= {"version": 1, "valid_from": AT}
        optional = {c.name for c in contract.columns if c.nullable}
        for required in set(row) - optional:
            with pytest.raises(StorageError, match=required), database.writing(url) as connection:
                connection.execute(sa.insert(TABLES[name]), [row | {required: None}])
        with database.writing(url) as connection:
            connection.execute(sa.insert(TABLES[name]), [row | dict.fromkeys(optional)])
        assert len(state(url)[name]) == 1


@pytest.mark.parametrize("revision", ["9999", "0002-of-a-friend"])
def test_a_database_of_a_newer_version_is_refused_and_left_as_it_is(url, revision):
    upgrade_afresh(url)
    with database.writing(url) as connection:
        prefix = f"{database.SCHEMA}." if connection.dialect.name == "postgresql" else ""
        table = f"{prefix}{migrate.VERSION_TABLE}"
        connection.exec_driver_sql(f"UPDATE {table} SET version_num = '{revision}'")
    before = state(url)

    with pytest.raises(StorageError, match=f"at revision {revision}, which this version") as error:
        upgrade_afresh(url)

    assert len(str(error.value).splitlines()) == 1
    assert state(url) == before


def test_the_revisions_are_one_line_and_each_can_be_told_from_the_others():
    script = ScriptDirectory.from_config(migrate.configuration())

    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1
