"""What each role of deploy/postgres/roles.sql may do, and what it may not, on a real server."""

import base64
import hashlib
import hmac
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from f1_pipeline.errors import StorageError
from f1_pipeline.storage import database, migrate
from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline_tests.security.roles import KINDS, connected, on_server
from f1_pipeline_tests.storage.upgrades import dumps, migrating

pytestmark = pytest.mark.server
NOT_ALLOWED = "42501"
ROWS = ("drivers", "race_results", "race_predictions", "explanations", "table_versions")
STANDS = (
    *("race_predictions", "explanations", "recommendations", "caution_advice"),
    *("promotions", "removals"),
)
BEYOND = [
    "CREATE TABLE f1.mine (id bigint)",
    "CREATE TABLE public.mine (id bigint)",
    "CREATE TEMPORARY TABLE mine (id bigint)",
    "CREATE SCHEMA mine",
    "CREATE ROLE mine",
    "CREATE DATABASE mine",
    "DROP TABLE f1.drivers",
    "DROP VIEW f1.current_predictions",
    "DROP SCHEMA f1 CASCADE",
    "TRUNCATE f1.drivers",
    "ALTER TABLE f1.drivers ADD COLUMN mine bigint",
    "ALTER TABLE f1.drivers DISABLE TRIGGER ALL",
    "CREATE INDEX mine ON f1.drivers (name)",
    "UPDATE f1.f1_migrations SET version_num = '9999'",
    "DELETE FROM f1.f1_migrations",
    "SELECT rolpassword FROM pg_authid",
    "SELECT pg_read_file('/etc/hostname')",
    "COPY f1.drivers TO '/tmp/drivers'",
    "COPY f1.drivers FROM PROGRAM 'echo'",
    *(f"SET ROLE {{prefix}}_{kind}" for kind in ("owner", "dagster")),
]
NOT_THE_WRITERS = [
    *BEYOND,
    "SET ROLE {prefix}_reader",
    *(f"UPDATE f1.{name} SET run_id = 'mine'" for name in STANDS if name != "promotions"),
    *(f"DELETE FROM f1.{name}" for name in STANDS),
    "UPDATE f1.promotions SET reason = 'mine'",
]
NOT_THE_READERS = [
    *BEYOND,
    "SET ROLE {prefix}_writer",
    *(f"DELETE FROM f1.{name}" for name in ROWS),
    "UPDATE f1.race_predictions SET p_win = 1",
    "UPDATE f1.models SET stage = 'champion'",
    "INSERT INTO f1.drivers (driver_id, name) VALUES ('mine', 'Mine')",
    "UPDATE f1.run_requests SET state = 'succeeded'",
    "SELECT * FROM f1.source_answers",
    "SELECT * FROM f1.refusals",
    "INSERT INTO f1.requests VALUES ('mine', 'mine', now())",
    "SELECT * FROM f1.current_predictions FOR UPDATE",
]
NOT_THE_OWNERS = [
    "CREATE ROLE mine",
    "CREATE DATABASE mine",
    "CREATE TABLE public.mine (id bigint)",
    "SELECT rolpassword FROM pg_authid",
    "COPY f1.drivers FROM PROGRAM 'echo'",
    "SET ROLE {prefix}_writer",
]
MAY = [
    *(("writer", f"SELECT * FROM f1.{name}") for name in (*ROWS, "source_answers", "refusals")),
    ("writer", "UPDATE f1.race_results SET points = 1"),
    ("writer", "DELETE FROM f1.table_versions"),
    ("writer", "INSERT INTO f1.drivers (driver_id, name) VALUES ('new', 'New')"),
    ("writer", "SELECT pg_advisory_xact_lock(1)"),
    *(("reader", f"SELECT * FROM f1.{name}") for name in (*ROWS, "f1_migrations", "models")),
    ("reader", "SELECT * FROM f1.current_predictions"),
    ("reader", "DELETE FROM f1.run_requests"),
    ("owner", "ALTER TABLE f1.drivers ADD COLUMN new bigint"),
    ("owner", "DROP TABLE f1.stories"),
    ("owner", "CREATE SCHEMA for_a_restore"),
    ("dagster", "CREATE TABLE runs (id bigint)"),
]


def refused(url, statement):
    """The SQLSTATE with which a statement is refused, or None; nothing of it stays."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        # The one statement that knows no transaction.
        driver: Any = connection.connection.dbapi_connection
        driver.autocommit = statement == "CREATE DATABASE mine"
        try:
            driver.cursor().execute(statement)
        except Exception as error:
            return getattr(error, "pgcode", None) or repr(error)
    return None


@pytest.mark.parametrize(("kind", "statement"), MAY)
def test_what_a_role_needs_it_may(filled, kind, statement):
    made, _ = filled
    at = made.dagsters if kind == "dagster" else made.project
    assert refused(made.url(kind, at), statement) is None


@pytest.mark.parametrize(
    ("kind", "statement"),
    [
        *(("writer", statement) for statement in NOT_THE_WRITERS),
        *(("reader", statement) for statement in NOT_THE_READERS),
        *(("owner", statement) for statement in NOT_THE_OWNERS),
    ],
)
def test_what_it_does_not_need_is_refused(filled, kind, statement):
    made, _ = filled
    assert refused(made.url(kind), statement.format(prefix=made.prefix)) == NOT_ALLOWED


@pytest.mark.parametrize("kind", KINDS)
def test_no_role_connects_to_the_other_database(filled, kind):
    made, _ = filled
    other = made.project if kind == "dagster" else made.dagsters
    with (
        pytest.raises(DBAPIError, match="permission denied for database"),
        connected(made.url(kind, other)),
    ):
        pass


def test_a_role_of_somebody_else_connects_to_neither(filled):
    made, _ = filled
    stranger = f"{made.prefix}_stranger"
    on_server(made.server, f"CREATE ROLE {stranger} LOGIN PASSWORD 'x'")
    try:
        for name in (made.project, made.dagsters):
            url = sa.make_url(made.url("superuser", name)).set(username=stranger, password="x")
            address = url.render_as_string(hide_password=False)
            with pytest.raises(DBAPIError, match="permission denied"), connected(address):
                pass
    finally:
        on_server(made.server, f"DROP ROLE {stranger}")


def test_what_the_reader_takes_of_the_server_is_limited(filled):
    made, _ = filled
    with connected(made.url("reader")) as connection:
        for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
            assert connection.exec_driver_sql(f"SHOW {name}").scalar() == "1min"
        rows = connection.exec_driver_sql("SELECT rolname, rolconnlimit FROM pg_roles").all()
    limits = {row[0]: row[1] for row in rows}
    assert {kind: limits[f"{made.prefix}_{kind}"] for kind in KINDS} == {
        "owner": 5,
        "writer": -1,
        "reader": 40,
        "dagster": -1,
    }


def test_a_second_time_changes_nothing(filled):
    made, _ = filled
    before = _rights(made)
    made.run_script()
    assert _rights(made) == before


def test_what_was_granted_besides_is_taken_back(bare):
    bare.run_script()
    migrate.upgrade(bare.url("owner"))
    bare.run_script()
    before = _rights(bare)
    with connected(bare.url("superuser")) as connection:
        for statement in (
            f"GRANT ALL ON f1.race_predictions TO {bare.prefix}_reader",
            f"GRANT CREATE ON SCHEMA f1 TO {bare.prefix}_writer",
            f"GRANT CONNECT ON DATABASE {bare.dagsters} TO {bare.prefix}_reader",
            f"GRANT CONNECT ON DATABASE {bare.project} TO PUBLIC",
            "GRANT SELECT ON f1.drivers TO PUBLIC",
        ):
            connection.exec_driver_sql(statement)
    assert _rights(bare) != before
    bare.run_script()
    assert _rights(bare) == before


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("ALTER ROLE {prefix}_writer CREATEROLE", "has rights over the whole server"),
        ("GRANT {prefix}_owner TO {prefix}_reader", "is a member of"),
    ],
)
def test_a_role_that_could_do_more_is_refused(bare, statement, why):
    bare.run_script()
    on_server(bare.server, statement.format(prefix=bare.prefix))
    with pytest.raises(Exception, match=why):
        bare.run_script()


def test_a_database_of_before_there_were_roles_is_taken_over(bare):
    """Its tables are another role's; the owner migrates them; new ones get their rights."""
    dumps.load(bare.url("superuser"), dumps.read("0008"))
    bare.run_script()
    for kind in ("writer", "reader"):
        with pytest.raises(StorageError, match=r"may not migrate the tables .*prepare") as error:
            migrating.upgrade_afresh(bare.url(kind))
        assert len(str(error.value).splitlines()) == 1
        assert f"{bare.prefix}_{kind}" in str(error.value)

    migrating.upgrade_afresh(bare.url("owner"))

    assert migrating.differences(bare.url("superuser")) == []
    asks = "INSERT INTO f1.run_requests VALUES ('r', 'j', '{}', 'waiting', null, null, null, now())"
    assert refused(bare.url("writer"), asks) is None  # made with the rights of tables to come
    assert refused(bare.url("reader"), "SELECT * FROM f1.run_requests") is None
    assert refused(bare.url("reader"), asks) == NOT_ALLOWED
    bare.run_script()
    assert refused(bare.url("reader"), asks) is None
    assert refused(bare.url("reader"), "UPDATE f1.run_requests SET state = ''") == NOT_ALLOWED


@pytest.mark.parametrize("kind", ["writer", "reader"])
def test_a_role_that_may_not_migrate_opens_tables_of_today(filled, kind):
    made, _ = filled
    # Nor does it wait for whoever is writing.
    with database.writing(made.url("owner")):
        migrating.upgrade_afresh(made.url(kind))
    assert len(Warehouse(made.url(kind)).read("drivers"))


def test_tables_that_a_role_may_not_even_look_at_are_one_line(bare):
    """The roles of another installation, say."""
    migrating.upgrade_afresh(bare.url("superuser"))
    on_server(bare.server, f"CREATE ROLE {bare.prefix}_reader LOGIN PASSWORD 'x'")
    with pytest.raises(StorageError, match=r"may not read which revision .*roles\.sql") as error:
        migrating.upgrade_afresh(bare.url("reader").replace(bare.password("reader"), "x"))
    assert len(str(error.value).splitlines()) == 1


def test_the_owner_steps_back_and_forward(bare):
    bare.run_script()
    migrating.upgrade_afresh(bare.url("owner"))
    with pytest.raises(StorageError, match="may not migrate"):
        migrate.step_back(bare.url("writer"))
    migrate.step_back(bare.url("owner"))
    migrating.upgrade_afresh(bare.url("owner"))
    assert migrating.differences(bare.url("superuser")) == []


def test_passwords_are_those_that_were_given(bare):
    bare.run_script()
    assert password_is(bare, "writer", bare.password("writer"))
    assert not password_is(bare, "writer", bare.password("reader"))


def password_is(made, kind, password):
    """Whether the server's verifier (RFC 5803) is of a password."""
    with connected(made.url("superuser")) as connection:
        held = connection.execute(
            sa.text("SELECT rolpassword FROM pg_authid WHERE rolname = :name"),
            {"name": f"{made.prefix}_{kind}"},
        ).scalar_one()
    scheme, rounds, keys = held.split("$")
    assert scheme == "SCRAM-SHA-256"
    count, salt = rounds.split(":")
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(salt), int(count))
    client = hmac.digest(salted, b"Client Key", "sha256")
    return base64.b64decode(keys.split(":")[0]) == hashlib.sha256(client).digest()


def _rights(made):
    """All that is granted in the project's database, and on both."""
    like = f"LIKE '{made.prefix}%%'"
    statements = [
        f"SELECT rolname, rolcanlogin, rolconnlimit FROM pg_roles WHERE rolname {like}",
        f"SELECT datname, datdba, datacl FROM pg_database WHERE datname {like}",
        "SELECT nspname, nspowner, nspacl FROM pg_namespace WHERE nspname IN ('f1', 'public')",
        "SELECT relname, relowner, relacl FROM pg_class WHERE relnamespace = 'f1'::regnamespace",
        "SELECT defaclrole, defaclacl FROM pg_default_acl",
        "SELECT setdatabase, setrole, setconfig FROM pg_db_role_setting",
    ]
    with connected(made.url("superuser")) as connection:
        return [sorted(map(repr, connection.exec_driver_sql(s).all())) for s in statements]
