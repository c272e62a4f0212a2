"""Work for workers: seasons collected from the upstream, a run each, and the tables of them."""

import json
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import dagster as dg

from f1_pipeline_tests.season.pipeline import Pipeline

_DAGSTER = str(Path(sys.executable).with_name("dagster"))
# On a new instance they would ask for more than is meant here.
_SENSORS = ("sessions", "plans", "retraining", "alerts")


def quieten() -> None:
    """Stop the sensors that ask for runs, as a user would."""
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda sensor: _dagster("sensor", "stop", sensor), _SENSORS))


def submit(job: str, configs: Iterable[dict[str, object]] = ({},)) -> list[str]:
    """Put a run of the job for each configuration of its ops into the queue; their ids."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda ops: _submit(job, ops), configs))


def of_season(season: int) -> dict[str, object]:
    """How `collect_season` is asked for a season."""
    return {"collect": {"config": {"season": season}}}


def lacks_success(pipeline: Pipeline, run_ids: Iterable[str]) -> str | None:
    """The first of these runs that has not succeeded, nor one that took its place."""
    for run_id in run_ids:
        runs = tried(pipeline, run_id)
        if all(run.status is not dg.DagsterRunStatus.SUCCESS for run in runs):
            return f"{runs[-1].job_name} {run_id}: {[run.status.value for run in runs]}"
    return None


def tried(pipeline: Pipeline, run_id: str) -> list[dg.DagsterRun]:
    """The run and those that took its place."""
    group = pipeline.instance.get_run_group(run_id)
    assert group is not None
    return list(group[1])


def worker_of(pipeline: Pipeline, run_id: str) -> str | None:
    """The worker that has begun with the run, as its log says; None yet."""
    names = (name for name in pipeline.processes if name.startswith("worker"))
    return next((name for name in names if run_id in pipeline.log(name)), None)


def _submit(job: str, ops: dict[str, object]) -> str:
    run_id = str(uuid4())
    config = json.dumps({"ops": ops})
    _dagster("job", "launch", "-j", job, "--run-id", run_id, "--config-json", config)
    return run_id


def _dagster(*arguments: str) -> None:
    done = subprocess.run(
        [_DAGSTER, *arguments, "-m", "f1_pipeline.definitions"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
