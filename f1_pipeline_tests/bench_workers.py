"""The lines of `make bench` about workers: what a launch costs, and two workers beside one."""

import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from f1_pipeline.settings import ROOT
from f1_pipeline_tests.mirror import serving
from f1_pipeline_tests.season.archive_before import archive_before
from f1_pipeline_tests.season.pipeline import Pipeline
from f1_pipeline_tests.tooling.services import services
from f1_pipeline_tests.workers import collecting

_FIRST, _LAST = 1996, 2025  # seasons collected, a run each
_ARCHIVE = ROOT / "data" / "archive"
_PATIENCE = 900.0


def main(show: Callable[..., None]) -> None:
    """The same backfill by one worker and by two."""
    cpu, wall = {}, {}
    launches: list[float] = []
    for workers in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            cpu[workers], wall[workers], begun = _backfill(Path(folder), workers)
            launches += begun
    show("launch of a run on a worker, median", statistics.median(launches), "s", 2)
    show("launch of a run on a worker, longest", max(launches), "s", 2)
    show("backfill, CPU of two workers to one", cpu[2] / cpu[1], "", 1.15)
    print(f"  CPU {cpu[1]:.1f} s and {cpu[2]:.1f} s, wall {wall[1]:.1f} s and {wall[2]:.1f} s")


def _backfill(folder: Path, workers: int) -> tuple[float, float, list[float]]:
    """CPU of the workers, wall, and of each run the seconds from its launch to its start."""
    archive = archive_before(_FIRST, _ARCHIVE, folder / "archive")
    with services() as running, serving(_ARCHIVE) as mirror:
        pipeline = Pipeline(folder / "home", archive, mirror.url, running, workers)
        pipeline.set_clock(datetime(_LAST + 1, 1, 15, tzinfo=UTC))
        pipeline.prepare()
        collecting.quieten()
        # Before there is a worker: what is measured is neither the submission nor the queue.
        seasons = map(collecting.of_season, range(_FIRST, _LAST + 1))
        asked = collecting.submit("collect_season", seasons)
        before, began = _children(), time.monotonic()
        pipeline.start_workers()
        pipeline.start_daemon()
        try:
            pipeline.wait_for(lambda: collecting.lacks_success(pipeline, asked), _PATIENCE)
            wall = time.monotonic() - began
            for number in range(1, workers + 1):
                pipeline.end(f"worker-{number}")
            return _children() - before, wall, [_launch(pipeline, run_id) for run_id in asked]
        finally:
            pipeline.stop()


def _launch(pipeline: Pipeline, run_id: str) -> float:
    kinds = {dg.DagsterEventType.RUN_STARTING, dg.DagsterEventType.RUN_START}
    starting, start = (
        record.timestamp for record in pipeline.instance.all_logs(run_id, of_type=kinds)
    )
    return float(start - starting)


def _children() -> float:
    """CPU seconds of the processes that have ended and were waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    from f1_pipeline_tests.bench import show

    main(show)
