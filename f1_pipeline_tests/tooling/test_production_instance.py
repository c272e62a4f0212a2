"""dagster.yaml makes a working instance on a real PostgreSQL server."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import yaml
from sqlalchemy import create_engine, inspect, make_url

CONFIG = Path(__file__).parents[2] / "dagster.yaml"
pytestmark = pytest.mark.server


@dg.asset(pool="fastf1")
def lap_count() -> dg.MaterializeResult:
    return dg.MaterializeResult(metadata={"laps": 78})


@pytest.fixture
def instance(postgres_database, monkeypatch, tmp_path) -> Iterator[dg.DagsterInstance]:
    """The instance of dagster.yaml in an empty database, with nothing but the environment set."""
    url = make_url(postgres_database)
    socket_folder = url.query.get("host")
    if isinstance(socket_folder, str):
        monkeypatch.setenv("PGHOST", socket_folder)
    monkeypatch.setenv("DAGSTER_PG_HOST", url.host or "")
    monkeypatch.setenv("DAGSTER_PG_PORT", str(url.port or 5432))
    monkeypatch.setenv("DAGSTER_PG_USERNAME", url.username or "")
    monkeypatch.setenv("DAGSTER_PG_PASSWORD", url.password or "")
    monkeypatch.setenv("DAGSTER_PG_DB", url.database or "")
    shutil.copy(CONFIG, tmp_path)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        yield instance


def test_a_materialization_is_stored_on_the_server_and_read_back(instance, postgres_database):
    # A pool that has a limit, as in production.
    instance.event_log_storage.set_concurrency_slots("fastf1", 1)

    run = dg.materialize([lap_count], instance=instance)

    stored = instance.get_run_by_id(run.run_id)
    assert stored is not None
    assert stored.status is dg.DagsterRunStatus.SUCCESS
    event = instance.get_latest_materialization_event(lap_count.key)
    assert event.asset_materialization.metadata["laps"].value == 78
    engine = create_engine(postgres_database)
    assert {"runs", "event_logs", "job_ticks"} <= set(inspect(engine).get_table_names())
    engine.dispose()


def test_a_pool_without_a_limit_of_its_own_has_none(instance):
    assert instance.global_op_concurrency_default_limit is None
    assert dg.materialize([lap_count], instance=instance).success


def test_the_limits_that_dagster_reads_are_those_of_the_file(instance):
    file = yaml.safe_load(CONFIG.read_text())
    runs = instance.get_concurrency_config().run_queue_config

    assert runs.max_concurrent_runs == file["concurrency"]["runs"]["max_concurrent_runs"]
    assert runs.tag_concurrency_limits == file["concurrency"]["runs"]["tag_concurrency_limits"]
    assert instance.run_monitoring_enabled
    assert instance.run_monitoring_settings == file["run_monitoring"]
    assert instance.run_retries_max_retries == file["run_retries"]["max_retries"]
    assert not instance.run_retries_retry_on_asset_or_op_failure
    assert not instance.telemetry_enabled
