"""What every test stands on: a clean environment, no network, and a PostgreSQL server on demand.

Fixtures for one part of the package live beside its tests.
"""

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import URL, create_engine, make_url, text

from f1_pipeline_tests.tooling.embedded_postgres import NoServerError, embedded_server
from f1_pipeline_tests.tooling.no_skips import (  # noqa: F401
    pytest_make_collect_report,
    pytest_runtest_makereport,
)
from f1_pipeline_tests.tooling.offline import sitecustomize as network

OFFLINE = str(Path(network.__file__).parent)
# What the person who runs the tests has set must not reach them.
PRIVATE = re.compile(
    r"F1_|DAGSTER_|CELERY_|FASTF1_|MLFLOW_|PG[A-Z]+$|INFERENCE_|MODEL_|LOG_|ALLOWED_|GATE_|MAX_|DRIFT_|"
    r"BACKUPS?_|.+_PROXY$|.+_RETENTION_DAYS$|"
    r"(DATABASE_URL|ALERT_WEBHOOK_URL|PORT|PREDICTIONS_API_KEY|REDIS_URL|CACHE_TTL_SECONDS|"
    r"ANTHROPIC_\w+|STORY_\w+|MIN_TRAINING_RACES|RETRAINING_THRESHOLD|ENABLE_HYPERPARAMETER_TUNING)$",
    re.IGNORECASE,
)
SETTINGS = {
    "DAGSTER_DISABLE_TELEMETRY": "1",
    "MPLBACKEND": "Agg",
    # Two tests at a time on two cores: threads of the numeric libraries would only fight.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONPATH": os.pathsep.join(filter(None, [OFFLINE, os.environ.get("PYTHONPATH")])),
    # Far from UTC, and by no whole hour: a time that is taken for UTC and is not shows.
    "TZ": "TST-05:45",
}
# Made-up seasons are short and no Formula 1: there a model passes the gate with any numbers, which
# tests of the gate do not rely on.
ANY_NUMBERS = {
    "MIN_TRAINING_RACES": "10",
    "GATE_RPS_MARGIN": "1",
    "GATE_POINTS_LOG_LOSS_MARGIN": "1",
    "MAX_RPS": "1",
    "MAX_POINTS_LOG_LOSS": "5",
    "MAX_CALIBRATION_ERROR": "1",
}
TEST_SERVER = os.environ.get("F1_TEST_DATABASE_URL")


def _isolate(data_dir: Path) -> None:
    for name in [name for name in os.environ if PRIVATE.match(name)]:
        del os.environ[name]
    os.environ |= SETTINGS | ANY_NUMBERS | {"F1_DATA_DIR": str(data_dir)}


def pytest_configure() -> None:
    """Before any test module imports a numeric library or opens a socket."""
    network.install()
    os.environ |= SETTINGS
    time.tzset()


@pytest.fixture(scope="session", autouse=True)
def session_environment(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The same clean environment for fixtures that outlive a test."""
    _isolate(tmp_path_factory.mktemp("session"))


@pytest.fixture(autouse=True)
def environment(tmp_path: Path) -> Iterator[None]:
    """A clean environment with F1_DATA_DIR in the test's own folder; put back after it."""
    before = dict(os.environ)
    _isolate(tmp_path / "data")
    network.attempts.clear()
    yield
    os.environ.clear()
    os.environ |= before
    if network.attempts:
        pytest.fail(f"reached for {', '.join(network.attempts)}: tests use no network")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server's address: F1_TEST_DATABASE_URL's, or an embedded server's.

    Tests want `postgres_database`, which is theirs alone.
    """
    if TEST_SERVER:
        url = make_url(TEST_SERVER).set(drivername="postgresql+psycopg2")
        yield url.render_as_string(hide_password=False)
        return
    try:
        with embedded_server() as url:
            yield url.render_as_string(hide_password=False)
    except NoServerError as error:
        pytest.skip(f"no PostgreSQL server: {error}")


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    """The address of a new, empty database, dropped after the test with all connections to it."""
    server = make_url(postgres_url)
    name = f"f1_test_{uuid4().hex[:12]}"
    _execute(server, f"CREATE DATABASE {name} TEMPLATE template0")
    yield server.set(database=name).render_as_string(hide_password=False)
    _execute(server, f"DROP DATABASE {name} WITH (FORCE)")


def _execute(server: URL, statement: str) -> None:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
