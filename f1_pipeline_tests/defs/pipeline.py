"""The definitions on an instance of their own, on a small made-up archive."""

from pathlib import Path

import dagster as dg
import pandas as pd

from f1_pipeline.definitions import build_definitions
from f1_pipeline.defs.resources import Training
from f1_pipeline.settings import load_settings
from f1_pipeline.storage.warehouse import Warehouse

# Twelve races after those that the first fit needs: as many as the gate asks for.
SEASONS, RACES, NEXT = (2022, 2023, 2024, 2025), 6, "2026-australia"


class Pipeline:
    """The definitions on an instance of their own, quick fits."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance = instance
        self.definitions = build_definitions(training=Training(quick=True))

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse(load_settings().database_url)

    def run(self, job: str, **options: object) -> dg.ExecuteInProcessResult:
        return self.definitions.resolve_job_def(job).execute_in_process(
            instance=self.instance,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            **options,  # type: ignore[arg-type]
        )


def metadata(result: dg.ExecuteInProcessResult, key: str) -> list[dict[str, object]]:
    """The metadata of each materialization of an asset in a run."""
    return [
        {name: value.value for name, value in event.materialization.metadata.items()}
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(key.split("/"))
    ]


def edit(archive_dir: Path, table: str, change: dict[str, object], **where: object) -> None:
    """Change cells of an archive table: columns of `change`, in the rows that match `where`."""
    file = archive_dir / f"{table}.parquet"
    frame = pd.read_parquet(file)
    chosen = pd.Series(True, index=frame.index)
    for column, value in where.items():
        chosen &= frame[column].eq(value)
    assert chosen.any()
    for column, value in change.items():
        frame.loc[chosen, column] = value
    frame.to_parquet(file, index=False)
