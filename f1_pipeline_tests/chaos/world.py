"""A deployment that plays a season, session by session, with what dies in it started again."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg
import pandas as pd

from f1_pipeline.settings import ROOT
from f1_pipeline.tables.events import events as calendar
from f1_pipeline_tests.conftest import ANY_NUMBERS, SETTINGS
from f1_pipeline_tests.mirror import serving
from f1_pipeline_tests.season.archive_before import archive_before
from f1_pipeline_tests.season.pipeline import Pipeline
from f1_pipeline_tests.season.play import Step, move, steps, still_to_come
from f1_pipeline_tests.season.upstream import Upstream
from f1_pipeline_tests.tooling.services import Services, services

SEASON, FIRST = 2025, 2022  # played; the first season that is known of before it
PATIENCE = 300.0  # seconds for what a session leads to, with a fault in it
WORKERS, SLOTS = 2, 5
_RESTART_AFTER = 2.0  # as a service manager does
_QUIET = 15.0  # seconds: a sensor may ask for another run five seconds after the last has ended
_ARCHIVE = ROOT / "data" / "archive"


class World:
    """The deployment, its upstream and its clock; and another home for the undisturbed run."""

    def __init__(self, folder: Path, running: Services, upstream: Upstream) -> None:
        self.folder = folder
        self.upstream = upstream
        self.services = running
        self.archive = _recent(archive_before(SEASON, _ARCHIVE, folder / "archive"))
        self.pipeline = Pipeline(
            folder / "played", self.archive, upstream.url, running, WORKERS, SLOTS
        )
        self.pipeline.variables |= SETTINGS | ANY_NUMBERS
        known = calendar(pd.read_parquet(_ARCHIVE / "events.parquet").assign(source="archive"))
        self.steps = steps(known, SEASON, None)
        self.done = 0
        # Events whose result was changed and changed back: its revision comes a second time.
        self.changed_back: set[str] = set()
        self.now = self.steps[0].at - timedelta(days=8)
        self._ended = threading.Event()

    @property
    def instance(self) -> dg.DagsterInstance:
        return self.pipeline.instance

    @property
    def step(self) -> Step:
        """The session that is to be played next."""
        return self.steps[self.done]

    def begin(self) -> None:
        """Before the season: the daemon makes the tables, a model and the first forecast."""
        self.upstream.change(max_age=0, timeout_s=8)
        self.pipeline.prepare()
        self.to(self.now)
        self.pipeline.start()
        first = self.step.event_id

        def missing() -> str | None:
            known = self.pipeline.warehouse.event_ids("race_predictions", horizon="pre_weekend")
            return None if first in known else f"{first} has no forecast"

        self.pipeline.wait_for(lambda: missing() or self.under_way(), PATIENCE)

    def to(self, instant: datetime) -> None:
        self.now = instant
        move(self.pipeline, self.upstream, instant)

    def play(self) -> Callable[[], str | None]:
        """Move the clocks past the next session; what is still missing of what it leads to."""
        step = self.step
        self.to(step.at)
        self.done += 1
        later = [s.event_id for s in self.steps[self.done :] if s.event_id != step.event_id]
        return still_to_come(self.pipeline, step, later[0], walled=False)

    def settle(self, missing: Callable[[], str | None]) -> float:
        """Wait until nothing is missing and no run is under way, for two ticks of the sensors."""
        quiet_since = [time.monotonic()]

        def holds() -> str | None:
            found = missing() or self.under_way()
            if found:
                quiet_since[0] = time.monotonic()
            quiet = time.monotonic() - quiet_since[0] >= _QUIET
            return found if found or quiet else "not quiet for long enough yet"

        return self.pipeline.wait_for(holds, PATIENCE) - _QUIET

    def under_way(self) -> str | None:
        """A run that has not ended."""
        alive = [s for s in dg.DagsterRunStatus if s not in _ENDED]
        found = self.instance.get_runs(dg.RunsFilter(statuses=alive), limit=1)
        return f"{found[0].job_name} is {found[0].status.value}" if found else None

    def until(self, what: Callable[[], object], seconds: float, name: str) -> float:
        """Wait until something is true; how long that took."""
        return self.pipeline.wait_for(lambda: None if what() else f"{name}: not yet", seconds)

    def kill(self, name: str) -> float:
        """Kill a process with all that it started; it is started again. When it was killed."""
        self.pipeline.end(name, signal.SIGKILL)
        killed = time.time()
        self._ended.wait(_RESTART_AFTER)
        if name.startswith("worker-"):
            self.pipeline.start_worker(int(name.removeprefix("worker-")))
        else:
            self.pipeline.start_daemon(name)
        return killed

    def undisturbed(self) -> str:
        """The season so far in another home, at once and alone; the address of its tables."""
        home = self.folder / "plain"
        named = set(self.services.variables)
        environment = os.environ | self.pipeline.variables
        environment = {k: v for k, v in environment.items() if k not in named} | {
            "F1_DATA_DIR": str(home),
            "DAGSTER_HOME": str(home / "dagster"),
            "F1_NOW": self.now.isoformat(),
        }
        command = [sys.executable, "-c", _ALONE, str(SEASON)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return f"sqlite:///{home / 'warehouse.db'}"


# The jobs that take results and recordings in, and no model.
_ALONE = """
import sys
from f1_pipeline.cli import laps
from f1_pipeline.cli.opening import open_runs
season = int(sys.argv[1])
runs, _ = open_runs()
runs.execute("collect_season", ops={"collect": {"season": season}})
runs.execute("update_tables")
laps.record(season, season, 1, None)
"""
_ENDED = {
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
}


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """Start the servers, the upstream, the daemon and the workers; end them all."""
    with services() as running, serving(_ARCHIVE) as mirror:
        made = World(folder, running, Upstream(mirror.url))
        made.begin()
        try:
            yield made
        finally:
            made.pipeline.stop()


def _recent(archive: Path) -> Path:
    """Only the newest seasons: what is known of the past is not what is tested here."""
    for path in archive.glob("*.parquet"):
        frame = pd.read_parquet(path)
        if "season" in frame.columns:
            frame[frame["season"] >= FIRST].to_parquet(path, index=False)
    return archive
