"""Write a backup: all tables as they stand at one instant, then the artifacts that they name."""

import shutil
import uuid
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from f1_pipeline import __version__
from f1_pipeline.errors import StorageError
from f1_pipeline.storage import database
from f1_pipeline.storage.backup import revisions, rows
from f1_pipeline.storage.backup.artifacts import Artifacts
from f1_pipeline.storage.backup.manifest import (
    Manifest,
    TableCopy,
    artifact_folder,
    seal,
    table_file,
    verify,
)
from f1_pipeline.storage.backup.raw_files import raw_files
from f1_pipeline.storage.raw_store import RawStore
from f1_pipeline.storage.schema import (
    HEARTBEATS,
    METADATA,
    PAUSES,
    REQUESTS,
    REVISIONS,
    RUN_REQUESTS,
    TABLES,
)
from f1_pipeline.storage.warehouse import Warehouse

# They are about processes that run and about the last hour: after a restore they would be wrong.
_OF_THE_MOMENT = {table.name for table in (HEARTBEATS, REQUESTS, PAUSES, REVISIONS, RUN_REQUESTS)}


def write(
    warehouse: Warehouse,
    model_address: str,
    raw: RawStore,
    folder: Path,
    at: datetime,
    progress: Callable[[str], None] = lambda _: None,
) -> Manifest:
    """Back everything up into a folder that is new or empty; it appears whole or not at all.

    Runs may publish meanwhile: what is written is one state of all tables. It is read back before
    it gets its name. Raises `StorageError` when the folder cannot be used, nothing is held, or the
    artifact of the fit in force is not intact.
    """
    folder = folder.absolute()
    beside = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
    try:
        _require_free(folder)
        beside.mkdir(parents=True)
        manifest = _fill(beside, warehouse, Artifacts(model_address), raw, at, progress)
        progress("checksums")
        _read_back(beside, folder)
        beside.rename(folder)
    except OSError as error:
        shutil.rmtree(beside, ignore_errors=True)
        raise StorageError(
            f"the backup cannot be written to {folder} ({error}): free some space or choose "
            "another folder."
        ) from None
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return manifest


def _require_free(folder: Path) -> None:
    if folder.is_mount():
        raise StorageError(f"{folder} is where a file system begins: name a folder in it.")
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise StorageError(f"{folder} is not an empty folder: choose a new one.")


def _read_back(written: Path, folder: Path) -> None:
    try:
        verify(written)
    except StorageError as error:
        raise StorageError(
            f"what was written for {folder} is not what is read there ({error}) Check the disk."
        ) from None


def _fill(
    folder: Path,
    warehouse: Warehouse,
    artifacts: Artifacts,
    raw: RawStore,
    at: datetime,
    progress: Callable[[str], None],
) -> Manifest:
    with database.reading(warehouse.url) as connection:
        revision = revisions.require_head(connection)
        tables = _dump(connection, folder, progress)
        fits = _registered(connection)
    if not any(table.rows for table in tables.values()):
        raise StorageError("no table holds a row: there is nothing to back up yet.")
    kept, lacking = {}, {}
    for version, (digest, stage) in fits.items():
        progress(f"artifact {version}")
        copy = artifact_folder(folder, version)
        found = artifacts.fetch(version, copy)
        if found == digest:
            kept[version] = digest
            continue
        if stage == "champion":
            raise StorageError(
                f"the artifact of model {version}, which is in force, is missing under "
                f"{artifacts.address} or was changed: launch the job refresh, which fits it "
                "again, then back up."
            )
        lacking[version] = "missing" if found is None else "changed"
        shutil.rmtree(copy, ignore_errors=True)
    progress("raw store")
    manifest = Manifest(
        project_version=__version__,
        schema_revision=revision,
        created_at=at,
        tables=tables,
        artifacts=kept,
        lacking=lacking,
        raw_files=raw_files(raw),
    )
    seal(folder, manifest)
    return manifest


def _dump(
    connection: Connection, folder: Path, progress: Callable[[str], None]
) -> dict[str, TableCopy]:
    tables = {}
    for table in sorted(METADATA.tables.values(), key=lambda table: table.name):
        if table.name in _OF_THE_MOMENT:
            continue
        progress(f"table {table.name}")
        file = table_file(folder, table.name)
        file.parent.mkdir(exist_ok=True)
        tables[table.name] = rows.dump(connection, table, file)
    return tables


def _registered(connection: Connection) -> dict[str, tuple[str, str]]:
    """By fit, the hash of its artifact and its stage."""
    columns = [TABLES["models"].c[n] for n in ("model_version", "artifact_sha256", "stage")]
    found = connection.execute(sa.select(*columns).order_by(columns[0]))
    return {version: (digest, stage) for version, digest, stage in found}
