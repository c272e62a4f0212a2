"""Layer operations: a backup every day, read back after it was written; the oldest ones go."""

import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg

from f1_pipeline import clock
from f1_pipeline.defs.resources import Storage
from f1_pipeline.defs.specs import describe
from f1_pipeline.errors import StorageError
from f1_pipeline.storage import backup as backups
from f1_pipeline.storage.raw_store import RawStore
from f1_pipeline.storage.retention import Removal, Removals

_STAMP = "%Y%m%dT%H%M%SZ"
# What a run that was killed leaves behind. A backup takes seconds: after a day nobody writes it.
_UNFINISHED = re.compile(r"\.(\d{8}T\d{6}Z)\.[0-9a-f]{32}")
_DEAD_AFTER = timedelta(days=1)
# One is due every day: a night may be missed, two are a fault.
_FRESHNESS = dg.FreshnessPolicy.time_window(
    fail_window=timedelta(days=3), warn_window=timedelta(hours=36)
)


@dg.asset(
    **describe(
        "operations",
        description="All tables, the registry and its artifacts as they stand at one instant, in a "
        "folder with checksums that is read back; the oldest beyond BACKUPS_KEPT are removed.",
        kinds={"file"},
        made_by=("storage",),
    )
    | {"key": ["operations", "backup"], "freshness_policy": _FRESHNESS},
)
def backup(context: dg.AssetExecutionContext, storage: Storage) -> dg.MaterializeResult:
    settings, now = storage.settings, clock.now()
    folder = settings.backups / now.strftime(_STAMP)
    raw = RawStore(settings.raw_store)
    manifest = backups.write(storage.warehouse, settings.model_storage, raw, folder, now)
    removals = Removals(settings.database_url, context.run.run_id)
    doomed = too_many(folder, settings.backups_kept) | unfinished(settings.backups, now)
    for path, reason in doomed.items():
        removals.add(Removal("backup", path.name, reason, backups.size(path)))
        try:
            shutil.rmtree(path)
        except OSError as error:
            raise StorageError(f"{path} cannot be removed ({error}): do it by hand.") from None
    return dg.MaterializeResult(
        metadata={
            "path": dg.MetadataValue.path(folder),
            "rows": manifest.rows,
            "bytes": backups.size(folder),
            "artifacts": len(manifest.artifacts),
            "artifacts_lacking": len(manifest.lacking),
            "raw_files": len(manifest.raw_files),
            "removed": [path.name for path in doomed],
        }
    )


JOB = dg.define_asset_job(
    "backup",
    selection=dg.AssetSelection.assets(["operations", "backup"]),
    description="A backup of tables, registry and artifacts into BACKUP_DIR.",
)
SCHEDULE = dg.ScheduleDefinition(
    name="daily_backup",
    job=JOB,
    cron_schedule="30 3 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="03:30 UTC: a backup, between the night's backfill and the morning's checks.",
)


def too_many(written: Path, kept: int) -> dict[Path, str]:
    """The oldest backups beside the one just written, beyond `kept` in all, each with the reason.

    Only what this asset has written, by its name: a backup that someone else put there stays.
    """
    others = [
        path
        for path in sorted(written.parent.iterdir())
        if path != written and _instant(path.name) and backups.is_backup(path)
    ]
    return dict.fromkeys(others[: max(len(others) + 1 - kept, 0)], f"older than the newest {kept}")


def unfinished(folder: Path, now: datetime) -> dict[Path, str]:
    """What backups that were killed have left behind, each with the reason why it goes."""
    found = {path: _UNFINISHED.fullmatch(path.name) for path in sorted(folder.iterdir())}
    begun = {path: _instant(name[1]) for path, name in found.items() if name}
    return {
        path: "killed before it was finished"
        for path, at in begun.items()
        if at and at < now - _DEAD_AFTER
    }


def _instant(name: str) -> datetime | None:
    """When the backup of that name was made; None for a name that is not of this asset."""
    try:
        return datetime.strptime(name, _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None
