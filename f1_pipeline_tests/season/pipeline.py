"""The pipeline as it runs in production: one instance, a daemon in processes of its own, one clock.

The clock is a file. Nothing here launches a run: that is the sensors' business.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import dagster as dg

from f1_pipeline.cli.home import open_instance
from f1_pipeline.settings import load_settings
from f1_pipeline.storage.warehouse import Warehouse

# As the project's own, but for what a season in minutes cannot wait for.
_INSTANCE = """
telemetry: {enabled: false}
nux: {enabled: false}
concurrency:
  runs: {max_concurrent_runs: 2}
run_coordinator:
  module: dagster.core.run_coordinator
  class: QueuedRunCoordinator
  config: {dequeue_interval_seconds: 1}
run_monitoring:
  enabled: true
  poll_interval_seconds: 5
  start_timeout_seconds: 45
"""
_POLL = 0.25


class Pipeline:
    """A home, its clock and its daemon."""

    def __init__(self, home: Path, archive: Path, upstream_url: str) -> None:
        self.home = home
        self.clock = home / "now"
        home.mkdir(parents=True, exist_ok=True)
        self.variables = {
            "F1_DATA_DIR": str(home),
            "F1_ARCHIVE_DIR": str(archive),
            "F1_UPSTREAM_URL": upstream_url,
            "F1_REQUEST_LIMITS": "none",
            "F1_LOOK_SECONDS": "5",
            "F1_NOW": str(self.clock),
            "DAGSTER_HOME": str(home / "dagster"),
            "OMP_NUM_THREADS": "1",
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.starts = 0
        self.instance: dg.DagsterInstance

    def set_clock(self, instant: datetime) -> None:
        """Move the project's clock; the file is exchanged whole."""
        new = self.clock.with_suffix(".new")
        new.write_text(instant.isoformat())
        os.replace(new, self.clock)

    def prepare(self) -> dg.DagsterInstance:
        """Make the instance before any service opens it."""
        os.environ |= self.variables
        dagster_home = self.home / "dagster"
        dagster_home.mkdir(parents=True, exist_ok=True)
        (dagster_home / "dagster.yaml").write_text(_INSTANCE)
        self.instance = open_instance(load_settings())
        return self.instance

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse(load_settings().database_url)

    def start(self) -> None:
        """Start the daemon, in a process group of its own with all that it starts."""
        self.starts += 1
        log = (self.home / f"daemon-{self.starts}.log").open("wb")
        self.process = subprocess.Popen(
            [
                str(Path(sys.executable).with_name("dagster-daemon")),
                *("run", "-m", "f1_pipeline.definitions"),
            ],
            env=os.environ | self.variables,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End the daemon, its code server and its runs: the whole group."""
        # Taken out first: a step that is waited for beside a kill must not find it ended.
        process, self.process = self.process, None
        if process is None:
            return
        os.killpg(process.pid, how)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def wait_for(self, holds: Callable[[], str | None], seconds: float) -> float:
        """Wait until `holds` says None; returns the seconds it took.

        Raises `TimeoutError` with what is still missing.
        """
        began = time.monotonic()
        while (missing := holds()) is not None:
            if time.monotonic() - began > seconds:
                raise TimeoutError(f"after {seconds:.0f} s: {missing}")
            if self.process is not None and self.process.poll() is not None:
                raise RuntimeError(f"the daemon ended, see {self.home}")
            time.sleep(_POLL)
        return time.monotonic() - began
