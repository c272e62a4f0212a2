"""Runs on workers: spread over both, made up for when one is taken away, with the same content."""

import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
from redis import Redis

from f1_pipeline.cli.opening import open_runs
from f1_pipeline.settings import ROOT
from f1_pipeline_tests.mirror import Mirror, serving
from f1_pipeline_tests.season.archive_before import archive_before
from f1_pipeline_tests.season.checks import differences
from f1_pipeline_tests.season.pipeline import Pipeline
from f1_pipeline_tests.tooling.embedded_postgres import NoServerError
from f1_pipeline_tests.tooling.services import services
from f1_pipeline_tests.workers import collecting

pytestmark = [pytest.mark.journey, pytest.mark.server]
ARCHIVE = ROOT / "data" / "archive"
SEASONS = (2023, 2024, 2025)


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    with serving(ARCHIVE) as mirror:
        yield mirror


@pytest.fixture
def pipeline(mirror: Mirror, tmp_path: Path) -> Iterator[Pipeline]:
    """A daemon and two workers on a real PostgreSQL and a real Redis, behind an archive of 2022."""
    archive = archive_before(SEASONS[0], ARCHIVE, tmp_path / "archive")
    try:
        with services() as running:
            pipeline = Pipeline(tmp_path / "spread", archive, mirror.url, running, workers=2)
            pipeline.set_clock(datetime(2026, 1, 15, tzinfo=UTC))
            pipeline.prepare()
            collecting.quieten()
            pipeline.start_daemon()
            try:
                yield pipeline
            finally:
                pipeline.stop()
    except NoServerError as error:
        pytest.skip(f"no server: {error}")


def alone(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same work in this process, one run after the other; the address of its tables."""
    home = pipeline.home.parent / "alone"
    monkeypatch.setenv("F1_DATA_DIR", str(home))
    monkeypatch.setenv("DAGSTER_HOME", str(home / "dagster"))
    monkeypatch.delenv("DATABASE_URL")
    runs, warehouse = open_runs()
    for season in SEASONS:
        runs.execute("collect_season", ops={"collect": {"season": season}})
    runs.execute("update_tables")
    return warehouse.url


def test_a_worker_is_taken_away_and_the_content_is_that_of_one_process(
    pipeline: Pipeline, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No answer comes until the worker is gone: it goes in the middle of its run.
    mirror.change(fail=1.0, fail_kinds=["timeout"], timeout_s=3.0)
    asked = collecting.submit("collect_season", map(collecting.of_season, SEASONS))
    pipeline.wait_for(lambda: None if _queued(pipeline) else "nothing is queued", 60)
    (message, *_) = _queued(pipeline)
    assert b"execute_job" in message
    # What names the servers stays in the environment of each process.
    assert b"not-asked-for" not in message
    pipeline.start_workers()
    begun: dict[str, str] = {}

    def both_have_begun() -> str | None:
        found = {run_id: collecting.worker_of(pipeline, run_id) for run_id in asked}
        begun.update({name: run_id for run_id, name in found.items() if name})
        return None if len(begun) == 2 else f"begun: {begun}"

    pipeline.wait_for(both_have_begun, 120)
    pipeline.end("worker-1", signal.SIGKILL)
    mirror.change(fail=0.0)

    pipeline.wait_for(lambda: collecting.lacks_success(pipeline, asked), 180)
    pipeline.start_worker(1)
    tables = collecting.submit("update_tables")
    pipeline.wait_for(lambda: collecting.lacks_success(pipeline, tables), 120)

    first, second = sorted(
        collecting.tried(pipeline, begun["worker-1"]),
        key=lambda run: run.run_id != begun["worker-1"],
    )
    assert (first.status, second.status) == (
        dg.DagsterRunStatus.FAILURE,
        dg.DagsterRunStatus.SUCCESS,
    )
    said = [entry.message for entry in pipeline.instance.all_logs(first.run_id)]
    assert any("process of this run is gone" in message for message in said)
    assert pipeline.services is not None
    spread = pipeline.services.database_url
    assert differences(spread, alone(pipeline, monkeypatch)) == []


def _queued(pipeline: Pipeline) -> list[bytes]:
    """The runs that no worker has taken, as Redis holds them."""
    assert pipeline.services is not None
    client: Redis = Redis.from_url(pipeline.services.variables["CELERY_BROKER_URL"])
    lists = [key for key in client.scan_iter() if client.type(key) == b"list"]
    found = [message for key in lists for message in client.lrange(key, 0, -1)]
    client.close()
    return [bytes(message) for message in found if isinstance(message, bytes)]
