"""Runs of three assets on an instance, and what can be seen of the assets afterwards."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg

# What the UI shows of staleness: there is no public way to ask for it.
from dagster._utils.test.data_versions import get_stale_status_resolver

from f1_pipeline.defs import outlook, retention
from f1_pipeline.defs.resources import Storage
from f1_pipeline.defs.specs import EVENTS
from f1_pipeline.settings import load_settings
from f1_pipeline.storage.retention import Removals

DAYS = 90
RAW, TABLE, FORECAST = (
    dg.AssetKey(path.split("/"))
    for path in ("raw/results", "tables/results", "predictions/race_predictions")
)
MONACO, MONZA, SPA = "2026-monaco", "2026-monza", "2026-spa"
FORECASTS = FORECAST.to_user_string()
CHANGED = "has a new dependency data version"
CHECK = dg.AssetCheckKey(TABLE, "contract")


class Told(dg.Config):
    """What a run is to make of an asset."""

    version: str = "1"
    fails: bool = False


def said(context: dg.AssetExecutionContext, config: Told) -> dg.MaterializeResult:
    print("a line for the run's log")
    if config.fails:
        raise dg.Failure("it was asked for")
    return dg.MaterializeResult(data_version=dg.DataVersion(config.version))


@dg.asset(key=RAW, partitions_def=EVENTS, code_version="1")
def raw(context: dg.AssetExecutionContext, config: Told) -> dg.MaterializeResult:
    return said(context, config)


@dg.asset(
    key=TABLE,
    deps=[RAW],
    code_version="1",
    check_specs=[dg.AssetCheckSpec("contract", asset=TABLE)],
)
def table(context: dg.AssetExecutionContext, config: Told) -> Iterator[Any]:
    yield said(context, config)
    yield dg.AssetCheckResult(check_name="contract", passed=True)


@dg.asset(key=FORECAST, deps=[RAW, TABLE], partitions_def=EVENTS, code_version="1")
def forecast(context: dg.AssetExecutionContext, config: Told) -> dg.MaterializeResult:
    return said(context, config)


ASSETS = [raw, table, forecast]
GRAPH = dg.Definitions(assets=ASSETS).resolve_asset_graph()


@dataclass
class History:
    """Runs on an instance, by the names that a test gives them."""

    instance: dg.DagsterInstance
    home: Path
    runs: dict[str, str] = field(default_factory=dict)

    def run(self, name: str, key: dg.AssetKey, partition: str | None = None, **config: Any) -> None:
        result = dg.materialize(
            ASSETS,
            selection=[key],
            partition_key=partition,
            instance=self.instance,
            run_config={
                "ops": {key.to_python_identifier(): {"config": config}},
                "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
            },
            raise_on_error=False,
        )
        assert result.success != config.get("fails", False)
        self.runs[name] = result.run_id

    def record(self, name: str, status: dg.DagsterRunStatus) -> None:
        """A run of which there is no more than its record."""
        run = dg.DagsterRun(job_name="refresh", status=status)
        self.instance.run_storage.add_run(run)
        self.runs[name] = run.run_id

    def sweep(self) -> retention.Swept:
        url = load_settings().database_url
        return retention.sweep(self.instance, DAYS, Removals(url, "run-1"), lambda line: None)

    def retain(self) -> dg.ExecuteInProcessResult:
        """The asset, as a run does it."""
        return dg.materialize(
            [retention.retention],
            instance=self.instance,
            resources={"storage": Storage()},
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )

    @property
    def left(self) -> set[str]:
        """The names of the runs that are there."""
        records = self.instance.get_run_records()
        ids = {record.dagster_run.run_id for record in records}
        return {name for name, run_id in self.runs.items() if run_id in ids}

    def files(self, name: str) -> list[Path]:
        """All files of a run under the instance's folder."""
        return [
            path
            for path in self.home.rglob("*")
            if path.is_file() and self.runs[name] in str(path.relative_to(self.home))
        ]

    def present(self) -> dict[str, Any]:
        """What the UI, the sensor and the automation see of the assets."""
        found: dict[str, Any] = {}
        resolver = get_stale_status_resolver(self.instance, ASSETS)
        for key in (RAW, TABLE, FORECAST):
            name = key.to_user_string()
            events = (MONACO, MONZA, SPA) if GRAPH.get(key).is_partitioned else (None,)
            for partition in events:
                causes = [cause.reason for cause in resolver.get_stale_causes(key, partition)]
                status = resolver.get_status(key, partition).value
                found[f"{name} {partition or ''}"] = (self._newest(key, partition), status, causes)
            (record,) = self.instance.get_asset_records([key])
            entry = record.asset_entry
            assert entry.last_materialization is not None
            found[name] = (entry.last_run_id, entry.last_materialization.run_id)
            found[f"{name} held"] = self.instance.get_materialized_partitions(key)
        checks = self.instance.event_log_storage.get_latest_asset_check_execution_by_key([CHECK])
        found["check"] = (checks[CHECK].status, checks[CHECK].run_id)
        missing = {("results", partition): "" for partition in (MONACO, MONZA, SPA)}
        found["sensor"] = outlook._recorded(self.instance, missing)
        return found

    def _newest(self, key: dg.AssetKey, partition: str | None) -> Any:
        asked = dg.AssetRecordsFilter(key, asset_partitions=[partition] if partition else None)
        records = self.instance.fetch_materializations(asked, limit=1).records
        if not records:
            return None
        event = records[0].asset_materialization
        assert event is not None
        return records[0].storage_id, records[0].run_id, event.tags


def opened(home: Path) -> dg.DagsterInstance:
    """The instance in a folder, as its dagster.yaml says: a new one, as another process has it."""
    return dg.DagsterInstance.from_config(str(home))


def live(history: History) -> str:
    """Runs of long ago, of which some assets still live, and a young one. Returns the day."""
    run = history.run
    history.instance.add_dynamic_partitions("events", [MONACO, MONZA, SPA])
    run("monaco, first", RAW, MONACO, version="provisional")
    run("monaco", RAW, MONACO, version="final")
    run("monza, read", RAW, MONZA, version="provisional")
    run("table, failed", TABLE, fails=True)
    run("table, old", TABLE)
    run("forecast, first", FORECAST, MONACO)
    run("forecast", FORECAST, MONACO)
    run("forecast of monza", FORECAST, MONZA)
    # The same once more: who read the one before is as fresh as if there were but one.
    run("monaco, again", RAW, MONACO, version="final")
    # And another version: who read the one before is stale.
    run("monza", RAW, MONZA, version="final")
    # By then all of that ended more than ninety days ago, and what follows did not.
    day = datetime.now(UTC) + timedelta(days=DAYS)
    run("table", TABLE)
    history.record("under way", dg.DagsterRunStatus.STARTED)
    return day.isoformat()
