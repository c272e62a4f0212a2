"""The guards that all other tests stand on hold: environment, network, server, skips."""

import os
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import requests
from sqlalchemy import create_engine, inspect, make_url, text
from sqlalchemy.exc import DBAPIError

from f1_pipeline_tests import conftest
from f1_pipeline_tests.tooling.embedded_postgres import embedded_server
from f1_pipeline_tests.tooling.offline import sitecustomize as network

ROOT = Path(__file__).parents[2]
# An address for documentation (RFC 5737): nothing answers there, should the guard fail.
OUTSIDE = "192.0.2.1"


@pytest.mark.parametrize(
    "name", ["F1_NOW", "DATABASE_URL", "DAGSTER_HOME", "PGHOST", "https_proxy", "LOG_LEVEL", "PORT"]
)
def test_what_the_user_has_set_does_not_reach_a_test(monkeypatch, tmp_path, name):
    monkeypatch.setenv(name, "set by the user")

    conftest._isolate(tmp_path)

    assert name not in os.environ


def test_data_goes_to_the_folder_of_the_test(tmp_path):
    assert Path(os.environ["F1_DATA_DIR"]).parent == tmp_path


@pytest.mark.parametrize(
    "reach",
    [
        lambda: requests.get("http://upstream.invalid/results.json"),
        lambda: socket.create_connection((OUTSIDE, 80), timeout=1),
        lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).connect_ex((OUTSIDE, 80)),
        lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"", (OUTSIDE, 53)),
    ],
    ids=["by name", "by address", "connect_ex", "datagram"],
)
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_the_network_is_refused_and_the_attempt_kept(reach):
    with pytest.raises(network.NetworkError, match="tests use no network"):
        reach()

    assert len(network.attempts) == 1
    network.attempts.clear()


def test_loopback_is_open():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(("localhost", server.getsockname()[1]), timeout=5).close()


def test_the_network_is_refused_in_processes_that_a_test_starts():
    code = f"import socket; socket.create_connection(({OUTSIDE!r}, 80), timeout=1)"

    child = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )

    assert "NetworkError: a test reached for 192.0.2.1" in child.stderr


@pytest.mark.server
class TestServer:
    def test_a_database_is_new_and_its_own(self, postgres_database, postgres_url):
        assert make_url(postgres_database).database != make_url(postgres_url).database
        engine = create_engine(postgres_database)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE laps (lap integer)"))
        assert inspect(engine).get_table_names() == ["laps"]
        engine.dispose()

    def test_the_next_test_does_not_see_it(self, postgres_database):
        engine = create_engine(postgres_database)
        assert inspect(engine).get_table_names() == []
        engine.dispose()

    def test_an_embedded_server_goes_with_its_data(self):
        with embedded_server() as url:
            engine = create_engine(url)
            connection = engine.connect()
            connection.execute(text("SELECT 1"))

        with pytest.raises(DBAPIError):
            connection.execute(text("SELECT 1"))
        assert not Path(str(url.query["host"])).exists()
        connection.close()
        engine.dispose()

    def test_an_embedded_server_goes_when_the_tests_are_killed(self):
        code = """
            from f1_pipeline_tests.tooling.embedded_postgres import embedded_server
            with embedded_server() as url:
                print(url.query["host"], flush=True)
                input()
        """
        command = [sys.executable, "-c", textwrap.dedent(code)]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT) as tests:
            assert tests.stdout is not None
            folder = Path(tests.stdout.readline().strip())
            assert (folder / "data").exists()
            tests.kill()
            # What cleans up holds the same pipe: its end is the end of the cleaning.
            assert tests.stdout.read() == ""

        assert not folder.exists()


SKIPS = """
import pytest
def test_runs(): pass
@pytest.mark.skipif(True, reason="no server")
def test_is_skipped(): pass
@pytest.mark.xfail(strict=True)
def test_is_expected_to_fail(): assert False
"""


@pytest.mark.parametrize(
    ("ci", "source", "exit_code", "outcome"),
    [
        ("true", SKIPS, 1, "1 passed, 1 xfailed, 1 error"),
        ("", SKIPS, 0, "1 passed, 1 skipped, 1 xfailed"),
        ("true", "import pytest\npytest.importorskip('no_such_module')", 2, "1 error"),
    ],
    ids=["ci", "by hand", "a whole module in ci"],
)
def test_a_skip_is_an_error_where_ci_is_set(tmp_path, ci, source, exit_code, outcome):
    (tmp_path / "test_skips.py").write_text(source)
    plugins = ["-p", "f1_pipeline_tests.tooling.no_skips", "-p", "no:cacheprovider"]

    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            *plugins,
            "-c",
            os.devnull,
            "--rootdir",
            tmp_path,
            tmp_path,
        ],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"CI": ci},
    )

    assert (run.returncode, outcome in run.stdout) == (exit_code, True), run.stdout
