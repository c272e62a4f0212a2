"""The pipeline as it runs in production: one instance, a daemon in processes of its own, one clock;
with services, its runs on workers. The clock is a file. Nothing here launches a run by itself.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from copy import deepcopy
from datetime import datetime
from pathlib import Path
from typing import Any

import dagster as dg
import yaml

from f1_pipeline.cli.home import open_instance
from f1_pipeline.settings import ROOT, load_settings
from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline_tests.tooling.services import Services

# As the project's own, but for what a season in minutes cannot wait for.
_ALONE: dict[str, Any] = {
    "telemetry": {"enabled": False},
    "nux": {"enabled": False},
    "concurrency": {"runs": {"max_concurrent_runs": 2}},
    "run_monitoring": {"enabled": True, "start_timeout_seconds": 45},
}
_SPREAD = ROOT / "deploy" / "celery" / "dagster.yaml"
_HASTE = {
    "module": "dagster.core.run_coordinator",
    "class": "QueuedRunCoordinator",
    "config": {"dequeue_interval_seconds": 1},
}
_POLL = 0.25


class Pipeline:
    """A home, its clock, its daemon, so many workers and places; none: runs are the daemon's."""

    def __init__(
        self,
        home: Path,
        archive: Path,
        upstream_url: str,
        services: Services | None = None,
        workers: int = 0,
        slots: int = 1,
    ) -> None:
        self.home = home
        self.clock = home / "now"
        self.services = services
        self.workers = workers
        self.slots = slots
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
        } | (services.variables if services else {})
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
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
        settings = yaml.safe_load(_SPREAD.read_text()) if self.services else deepcopy(_ALONE)
        settings["run_monitoring"]["poll_interval_seconds"] = 5
        if self.services:
            settings["concurrency"]["runs"]["max_concurrent_runs"] = self.workers * self.slots
        settings["run_coordinator"] = _HASTE
        (dagster_home / "dagster.yaml").write_text(yaml.safe_dump(settings))
        self.instance = open_instance(load_settings())
        return self.instance

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse(load_settings().database_url)

    def start(self) -> None:
        """Start the daemon and the workers, each in a process group with all that it starts."""
        self.starts += 1
        self.start_daemon()
        self.start_workers()

    def start_daemon(self, name: str = "daemon") -> None:
        daemon = str(Path(sys.executable).with_name("dagster-daemon"))
        self.start_process(name, [daemon, "run", "-m", "f1_pipeline.definitions"])

    def start_workers(self) -> None:
        for number in range(1, self.workers + 1):
            self.start_worker(number)

    def start_worker(self, number: int) -> None:
        name, slots = f"worker-{number}", str(self.slots)
        command = [sys.executable, "-m", "f1_pipeline.cli", "worker"]
        self.start_process(name, [*command, "--name", name, "--concurrency", slots])

    def start_process(self, name: str, command: list[str]) -> None:
        """Start a command with the variables of all, its output in a file of its name."""
        with (self.home / f"{name}-{self.starts}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command,
                env=os.environ | self.variables,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End all of it: every group with its code server and its runs."""
        for name in list(self.processes):
            self.end(name, how)

    def end(self, name: str, how: signal.Signals = signal.SIGTERM) -> None:
        """End one of them, with its group."""
        # Taken out first: a step that is waited for beside a kill must not find it ended.
        process = self.processes.pop(name)
        os.killpg(process.pid, how)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def log(self, name: str) -> str:
        """What one of them has printed since the last start of all."""
        return (self.home / f"{name}-{self.starts}.log").read_text(errors="replace")

    def wait_for(self, holds: Callable[[], str | None], seconds: float) -> float:
        """Wait until `holds` says None; returns the seconds it took.

        Raises `TimeoutError` with what is still missing.
        """
        began = time.monotonic()
        while (missing := holds()) is not None:
            if time.monotonic() - began > seconds:
                raise TimeoutError(f"after {seconds:.0f} s: {missing}")
            for name, process in list(self.processes.items()):
                if process.poll() is not None:
                    raise RuntimeError(f"{name} ended, see {self.home}")
            time.sleep(_POLL)
        return time.monotonic() - began
