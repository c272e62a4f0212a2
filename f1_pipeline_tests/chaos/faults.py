"""The faults. Each befalls the world while a session's work is under way, is mended as whoever runs
the deployment would (or its supervisor does), and returns the seconds until work went on.
"""

import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import dagster as dg
import sqlalchemy as sa

from f1_pipeline_tests.chaos.verdicts import why
from f1_pipeline_tests.chaos.world import WORKERS, World
from f1_pipeline_tests.workers import collecting

SOON = 120.0  # seconds for what has to come; the limits are 90 and 30
_EIGHT = 8
_UI = str(Path(sys.executable).with_name("dagster-webserver"))


class FaultError(Exception):
    """What had to come of a fault did not."""


def kill_a_run(world: World) -> float:
    """SIGKILL of the process of a run."""
    run_id, pid = _run_at_work(world)
    os.kill(pid, signal.SIGKILL)
    return _taken_up(world, run_id, time.time())


def kill_a_worker(world: World) -> float:
    """SIGKILL of a worker with the runs in it."""
    run_id, pid = _run_at_work(world)
    group = os.getpgid(pid)
    name = next(n for n, process in world.pipeline.processes.items() if process.pid == group)
    return _taken_up(world, run_id, world.kill(name))


def kill_the_daemon(world: World) -> float:
    """SIGKILL of the daemon and its code server."""
    _run_at_work(world)
    killed = world.kill("daemon")
    return _ticks_again(world, killed)


def kill_the_web(world: World) -> float:
    """SIGKILL of the read API and of the Dagster UI; readers get their answers from new ones."""
    commands = {
        "api": ([sys.executable, "-m", "f1_pipeline.cli", "serve", "--port"], "/health/ready"),
        "ui": ([_UI, "-m", "f1_pipeline.definitions", "-p"], "/server_info"),
    }
    ports = dict(zip(commands, _free_ports(len(commands)), strict=True))

    def start() -> None:
        for name, (command, _) in commands.items():
            world.pipeline.start_process(name, [*command, str(ports[name])])

    def answers() -> bool:
        return all(_answers(ports[name], path) for name, (_, path) in commands.items())

    start()
    world.until(answers, SOON, "both answer")
    for name in commands:
        world.pipeline.end(name, signal.SIGKILL)
    killed = time.time()
    start()
    world.until(answers, SOON, "both answer again")
    took = time.time() - killed
    for name in commands:
        world.pipeline.end(name)
    return took


def stop_postgres(world: World) -> float:
    """PostgreSQL stops while a writer is in its transaction, and comes back ten seconds later."""
    engine = sa.create_engine(world.services.postgres.url.set(database="f1"))

    def writing() -> bool:
        with engine.connect() as connection:
            return bool(connection.execute(sa.text(_WRITER)).scalar())

    world.until(writing, SOON, "a transaction that writes")
    world.services.postgres.stop()
    engine.dispose()
    time.sleep(10)
    world.services.postgres.start()
    return _ticks_again(world, time.time())


_WRITER = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"


def fill_the_disk(world: World) -> float:
    """No file of the workers can grow; once a run has failed of it there is room again."""
    began = time.time()
    _limit_files(world, 0)
    try:
        world.until(lambda: _failed(world, began, "too large"), SOON, "a run that says so")
    finally:
        _limit_files(world, resource.RLIM_INFINITY)
    return _ticks_again(world, time.time())


def set_the_clock_back(world: World) -> float:
    """The clock shows three days before, for as long as two looks; then it is right again."""
    right = world.now
    world.to(right - timedelta(days=3))
    for _ in range(2):
        _ticks_again(world, time.time())
    world.to(right)
    return _ticks_again(world, time.time())


def run_two_daemons(world: World) -> float:
    """A second daemon beside the first, while a session's work is done; then it goes."""
    world.pipeline.start_daemon("daemon-2")
    run_id, _ = _run_at_work(world)
    world.until(lambda: _has_ended(world, run_id), SOON, "the run's end")
    world.pipeline.end("daemon-2")
    return _ticks_again(world, time.time())


def run_eight_at_once(world: World) -> float:
    """Eight runs that write the same tables, begun together."""
    for number in range(1, WORKERS + 1):
        world.pipeline.end(f"worker-{number}")
    asked = collecting.submit("update_tables", [{}] * _EIGHT)
    world.until(lambda: _all_launched(world, asked), SOON, "eight runs")
    began = time.time()
    world.pipeline.start_workers()
    world.until(lambda: collecting.lacks_success(world.pipeline, asked) is None, 300, "eight ends")
    records = [r for r in world.instance.get_run_records() if r.dagster_run.run_id in asked]
    spans = [(record.start_time or 0.0, record.end_time or 0.0) for record in records]
    together = max(sum(a <= start < z for a, z in spans) for start, _ in spans)
    if together < _EIGHT // 2:
        raise FaultError(f"at most {together} of {_EIGHT} were at work at once")
    return min(start for start, _ in spans) - began


def poison_the_upstream(world: World) -> float:
    """In a backfill one result is nonsense: it is withheld with its reason, the rest goes in."""
    event = world.steps[0].event_id
    wrong = {"season": 2025, "round": 1, "driver": "norris", "points": "-999"}
    world.upstream.change(amend=wrong)
    again: dict[str, object] = {"collect": {"config": {"season": 2025, "again": True}}}
    _work(world, "collect_season", again)
    _work(world, "update_tables")
    withheld = world.pipeline.warehouse.read("quarantine")
    if not withheld["event_id"].eq(event).any():
        raise FaultError("nothing was withheld")
    world.upstream.change(amend=None)
    world.changed_back.add(event)
    healed = time.time()
    _work(world, "collect_season", again)
    _work(world, "update_tables")
    return time.time() - healed


FAULTS: list[Callable[[World], float]] = [
    kill_a_run,
    kill_a_worker,
    kill_the_daemon,
    kill_the_web,
    stop_postgres,
    fill_the_disk,
    set_the_clock_back,
    run_two_daemons,
    run_eight_at_once,
    poison_the_upstream,
]


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _answers(port: int, path: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _run_at_work(world: World) -> tuple[str, int]:
    """A run that a worker has begun with, and its process."""
    found: list[tuple[str, int]] = []

    def look() -> bool:
        started = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])
        for run in world.instance.get_runs(started, limit=1):
            for entry in world.instance.all_logs(run.run_id):
                if match := re.search(r"Started process for run \(pid: (\d+)\)", entry.message):
                    found.append((run.run_id, int(match[1])))
        return bool(found)

    world.until(look, SOON, "a run at work")
    return found[-1]


def _taken_up(world: World, run_id: str, since: float) -> float:
    """Until a run of the same group, or for the same purpose, has begun."""
    (lost,) = world.instance.get_runs(dg.RunsFilter(run_ids=[run_id]))
    roots = {run_id, lost.root_run_id} - {None}
    purpose = lost.tags.get("f1/purpose")

    def begun() -> bool:
        records = world.instance.get_run_records(limit=20)
        return any(
            (record.start_time or 0) > since
            and (
                record.dagster_run.root_run_id in roots
                or (purpose and record.dagster_run.tags.get("f1/purpose") == purpose)
            )
            for record in records
        )

    world.until(begun, SOON, "another run in its place")
    return time.time() - since


def _ticks_again(world: World, since: float) -> float:
    """Until the daemon has evaluated the sensor of runs that are asked for."""

    def ticked() -> bool:
        try:
            states = world.instance.all_instigator_state()
        except sa.exc.DBAPIError:
            return False
        return any(
            (getattr(state.instigator_data, "last_tick_timestamp", None) or 0) > since
            for state in states
            if state.instigator_name == "run_requests"
        )

    world.until(ticked, SOON, "a tick")
    return time.time() - since


def _has_ended(world: World, run_id: str) -> bool:
    (run,) = world.instance.get_runs(dg.RunsFilter(run_ids=[run_id]))
    return run.is_finished


def _failed(world: World, since: float, text: str) -> bool:
    runs = world.instance.get_run_records(
        dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE]), limit=10
    )
    return any(
        (record.end_time or 0) > since and text in " ".join(why(world, record.dagster_run.run_id))
        for record in runs
    )


def _limit_files(world: World, size: int) -> None:
    """The size that files of the workers' processes may grow to."""
    for name, process in world.pipeline.processes.items():
        if name.startswith("worker"):
            listed = subprocess.run(
                ["pgrep", "-g", str(process.pid)], capture_output=True, text=True, check=True
            )
            for pid in map(int, listed.stdout.split()):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def _all_launched(world: World, asked: list[str]) -> bool:
    starting = dg.RunsFilter(run_ids=asked, statuses=[dg.DagsterRunStatus.STARTING])
    return world.instance.get_runs_count(starting) == len(asked)


def _work(world: World, job: str, ops: dict[str, object] | None = None) -> None:
    asked = collecting.submit(job, [ops or {}])
    world.until(lambda: collecting.lacks_success(world.pipeline, asked) is None, 300, job)
