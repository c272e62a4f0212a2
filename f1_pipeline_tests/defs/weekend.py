"""A made-up season to be lived through: an archive that ends before it, an upstream of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from f1_pipeline.definitions import build_definitions
from f1_pipeline.defs.resources import Storage, Training, Upstream
from f1_pipeline.defs.sensors import sessions
from f1_pipeline.settings import load_settings
from f1_pipeline.sources import archive
from f1_pipeline.storage.answers import AnswerStore
from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline_tests.mirror import Mirror
from f1_pipeline_tests.release import make_release
from f1_pipeline_tests.season.archive_before import archive_before

SEASON = 2025
BEFORE = "2025-02-20T00:00:00+00:00"
# Race weekends are two weeks apart: 2 March, 16 March (a sprint weekend), 30 March …
QUALIFIED = "2025-03-01T16:00:00+00:00"
RACED = "2025-03-02T20:00:00+00:00"
FIRST, SECOND = "2025-australia", "2025-china"


@dataclass
class World:
    """The pipeline on one instance, its upstream, and the one clock of both."""

    instance: dg.DagsterInstance
    upstream: Mirror
    clock: Path
    cursor: str | None = None

    def __post_init__(self) -> None:
        self.definitions = build_definitions(training=Training(quick=True))

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse(load_settings().database_url)

    @property
    def answers(self) -> AnswerStore:
        return AnswerStore(load_settings().database_url)

    def at(self, instant: str) -> None:
        """Move the clocks of the project and of the upstream."""
        self.clock.write_text(instant)
        self.upstream.change(until=instant)

    def tick(self) -> Any:
        """One evaluation of the sensor: its requests are not run, its cursor is kept."""
        storage = Storage()
        context = dg.build_sensor_context(
            instance=self.instance,
            cursor=self.cursor,
            resources={"storage": storage, "upstream": Upstream(storage=storage)},
            definitions=self.definitions,
        )
        with context:
            found = sessions(context)
        if isinstance(found, dg.SensorResult):
            self.cursor = found.cursor
            for request in found.dynamic_partitions_requests or []:
                self.instance.add_dynamic_partitions("events", list(request.partition_keys))
            for event in found.asset_events or []:
                self.instance.report_runless_asset_event(event)
        return found

    def run(self, request: dg.RunRequest, *, raises: bool = True) -> dg.ExecuteInProcessResult:
        """Run what the sensor asked for."""
        config = dict(request.run_config) | {
            "loggers": {"console": {"config": {"log_level": "CRITICAL"}}}
        }
        return self.definitions.resolve_job_def(str(request.job_name)).execute_in_process(
            instance=self.instance,
            run_config=config,
            partition_key=request.partition_key,
            asset_selection=request.asset_selection,
            tags=dict(request.tags),
            raise_on_error=raises,
        )

    @property
    def asked_jolpica(self) -> int:
        """How many requests went to the results tier's service."""
        counts = self.upstream.report()["by_endpoint"]
        return sum(n for endpoint, n in counts.items() if endpoint.startswith("api.jolpi.ca"))

    def live(self, most: int = 12) -> list[str]:
        """Tick and run what is asked for until nothing is; the jobs in their order."""
        jobs: list[str] = []
        for _ in range(most):
            found = self.tick()
            requests = list(found.run_requests or []) if hasattr(found, "run_requests") else []
            if not requests:
                return jobs
            for request in requests:
                jobs.append(str(request.job_name))
                self.run(request)
        raise AssertionError(f"there is always more to do: {jobs}")

    def collect(self, **config: Any) -> dg.ExecuteInProcessResult:
        """The job that collects a season."""
        return self.definitions.resolve_job_def("collect_season").execute_in_process(
            instance=self.instance,
            run_config={
                "ops": {"collect": {"config": {"season": SEASON} | config}},
                "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
            },
        )


def make_facts(folder: Path) -> Path:
    """`whole`: five seasons, six races and twelve cars each; `archive`: the first four."""
    seasons = (2021, 2022, 2023, 2024, SEASON)
    release = make_release(folder / "release", seasons, races=6, cars=12)
    archive.build(release, folder / "whole")
    archive_before(SEASON, folder / "whole", folder / "archive")
    return folder


@contextmanager
def world(facts: Path, upstream: Mirror, home: Path, patch: pytest.MonkeyPatch) -> Iterator[World]:
    """The pipeline in `home`, as it was left there, before the season begins.

    Live timing refuses, so that the results tier is alone.
    """
    for part in ("data", "dagster"):
        (home / part).mkdir(parents=True, exist_ok=True)
    clock = home / "now"
    clock.write_text(BEFORE)
    upstream.change(until=BEFORE, fail=0.0, amend=None, edit_calendar=[], lacking=[])
    upstream.change(auth_wall=True, support_race=[], reset_counts=True)
    for name, value in {
        "F1_DATA_DIR": home / "data",
        "F1_ARCHIVE_DIR": facts / "archive",
        "F1_NOW": clock,
        "F1_UPSTREAM_URL": upstream.url,
        "F1_REQUEST_LIMITS": "none",
        "F1_LOOK_SECONDS": "60",
    }.items():
        patch.setenv(name, str(value))
    with dg.DagsterInstance.local_temp(str(home / "dagster")) as instance:
        yield World(instance, upstream, clock)
