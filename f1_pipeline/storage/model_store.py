"""Artifacts of fitted models in a folder each, and the rows that say which one is in force.

What a model is, is not known here: it is written to a folder and read from one by callbacks. A
folder appears whole or not at all; its hash is checked before it is read.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa

from f1_pipeline.errors import StorageError
from f1_pipeline.storage import database
from f1_pipeline.storage.schema import TABLES
from f1_pipeline.storage.warehouse import Warehouse


def folder_hash(folder: Path) -> str:
    """A hash of all files of a folder, by name and content."""
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(file.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(file.read_bytes())
    return digest.hexdigest()


class ModelStore:
    """Fits under `root`, registered in a warehouse."""

    def __init__(self, root: Path, warehouse: Warehouse) -> None:
        self.root = root
        self.warehouse = warehouse

    def has(self, model_version: str) -> bool:
        """Whether the fit is registered and its artifact is intact."""
        row = self._row(model_version)
        if row is None or not self._folder(model_version).is_dir():
            return False
        return folder_hash(self._folder(model_version)) == row["artifact_sha256"]

    def save(self, facts: dict[str, Any], write: Callable[[Path], None], at: datetime) -> None:
        """Store a fit and register it, not yet in force; `facts` are columns of `models`."""
        version = facts["model_version"]
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            staging = Path(tempfile.mkdtemp(prefix=".fit-", dir=self.root))
            try:
                write(staging)
                digest = folder_hash(staging)
                shutil.rmtree(self._folder(version), ignore_errors=True)
                os.replace(staging, self._folder(version))
            finally:
                shutil.rmtree(staging, ignore_errors=True)
        except OSError as error:
            raise StorageError(
                f"the model cannot be stored under {self.root} ({error.strerror}): free some "
                "space or set MODEL_STORAGE_PATH to a folder that can be written."
            ) from None
        row = facts | {
            "artifact_sha256": digest,
            "stage": "challenger",
            "created_at": at,
            "promoted_at": at,
        }
        table = TABLES["models"]
        with database.writing(self.warehouse.url) as connection:
            connection.execute(sa.delete(table).where(table.c.model_version == version))
            connection.execute(sa.insert(table), [row])

    def promote(self, model_version: str, at: datetime) -> None:
        """Put a registered fit in force, in place of the one that is.

        Raises `StorageError`, and changes nothing, when the fit is not registered.
        """
        table = TABLES["models"]
        with database.writing(self.warehouse.url) as connection:
            connection.execute(
                sa.update(table).where(table.c.stage == "champion").values(stage="retired")
            )
            promoted = connection.execute(
                sa.update(table)
                .where(table.c.model_version == model_version)
                .values(stage="champion", promoted_at=at)
            )
            if not promoted.rowcount:
                raise StorageError(
                    f"no model {model_version} is registered: materialize model/challenger first."
                )

    def champion(self) -> dict[str, Any] | None:
        """The row of the fit in force, or None before the first."""
        rows = self.warehouse.read_where("models", stage="champion")
        return None if rows.empty else _as_dict(rows)

    def load(self, model_version: str, read: Callable[[Path], Any]) -> Any:
        """The fit, after its hash was checked. Raises `StorageError` when it is gone or changed."""
        if not self.has(model_version):
            raise StorageError(
                f"the artifact of model {model_version} under {self.root} is missing or was "
                "changed: materialize model/champion again."
            )
        return read(self._folder(model_version))

    def _folder(self, model_version: str) -> Path:
        return self.root / model_version

    def _row(self, model_version: str) -> dict[str, Any] | None:
        rows = self.warehouse.read_where("models", model_version=model_version)
        return None if rows.empty else _as_dict(rows)


def _as_dict(rows: pd.DataFrame) -> dict[str, Any]:
    return {str(name): value for name, value in rows.iloc[0].items()}
