"""Restore a backup into an empty place, all of it or nothing, and check what came of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import Connection

from f1_pipeline.errors import StorageError
from f1_pipeline.storage import database
from f1_pipeline.storage.backup import revisions, rows
from f1_pipeline.storage.backup.artifacts import Artifacts
from f1_pipeline.storage.backup.manifest import Manifest, artifact_folder, table_file, verify
from f1_pipeline.storage.backup.raw_files import raw_files
from f1_pipeline.storage.raw_store import RawStore


@dataclass(frozen=True)
class Restored:
    """What was restored, and which of the raw store's files are not there, or of another size."""

    manifest: Manifest
    raw_missing: list[str]
    raw_changed: list[str]


def restore(
    folder: Path,
    url: str,
    model_address: str,
    raw: RawStore,
    progress: Callable[[str], None] = lambda _: None,
) -> Restored:
    """Put a backup's rows and artifacts back, where there are none of either.

    Nothing is touched before every file was compared with its checksum. Rows and artifacts are read
    back and compared with the manifest before they are committed. Raises `StorageError`, and leaves
    the place empty, when any of it fails.
    """
    progress("checksums")
    manifest = verify(folder)
    revisions.require_known(manifest.schema_revision)
    progress("raw store")
    found = raw_files(raw)
    artifacts = Artifacts(model_address)
    put: list[str] = []
    try:
        with database.writing(url) as connection:
            revisions.require_empty(connection)
            if artifacts.any():
                raise StorageError(
                    f"{artifacts.address} is not empty, and a restore overwrites nothing: name a "
                    "new folder in MODEL_STORAGE_PATH or F1_DATA_DIR, or empty this one first."
                )
            for version, digest in manifest.artifacts.items():
                progress(f"artifact {version}")
                put.append(version)
                _put(artifacts, version, artifact_folder(folder, version), digest)
            _load(connection, folder, manifest, progress)
    except BaseException:
        for version in put:
            artifacts.remove(version)
        raise
    there = {name: size for name, size in manifest.raw_files.items() if name in found}
    return Restored(
        manifest,
        raw_missing=[name for name in manifest.raw_files if name not in found],
        raw_changed=[name for name, size in there.items() if found[name] != size],
    )


def _put(artifacts: Artifacts, version: str, source: Path, digest: str) -> None:
    try:
        artifacts.put(version, source)
        intact = artifacts.holds(version, digest)
    except OSError as error:
        raise StorageError(
            f"the artifacts cannot be restored to {artifacts.address} ({error}): free some space "
            "or set MODEL_STORAGE_PATH to an address that can be written."
        ) from None
    if not intact:
        raise StorageError(
            f"the artifact of model {version} did not arrive whole under {artifacts.address}: "
            "check that address, and restore again."
        )


def _load(
    connection: Connection, folder: Path, manifest: Manifest, progress: Callable[[str], None]
) -> None:
    """Load the tables as they were, compare them with the manifest, then migrate them."""
    revisions.make(connection, manifest.schema_revision)
    for name, copy in manifest.tables.items():
        progress(f"table {name}")
        table = rows.as_copied(name, copy)
        rows.load(connection, table, table_file(folder, name))
        found = rows.read(connection, table, lambda _: None)
        if found != copy:
            raise StorageError(
                f"table {name} came out of the database otherwise than it went in "
                f"({found.rows} rows of {copy.rows}): nothing was restored."
            )
    revisions.upgrade(connection, "head")
