"""Artifacts under an address as folders, without their rows: between the rows' being there and not,
the model store cannot ask the registry about them.
"""

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import fsspec

from f1_pipeline.errors import StorageError
from f1_pipeline.storage.folders import folder_hash


class Artifacts:
    """The artifacts at an address such as `data/models` or `s3://bucket/models`."""

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        try:
            self.files, self.root = fsspec.core.url_to_fs(self.address)
        except (ImportError, ValueError) as error:
            raise StorageError(f"{self.address} cannot be opened: {error}") from None

    def any(self) -> bool:
        """Whether an artifact lies there; what is hidden is none, as in the model store."""
        if not self.files.isdir(self.root):
            return False
        paths = self.files.ls(self.root, detail=False)
        names = [str(path).rstrip("/").rpartition("/")[2] for path in paths]
        return not all(name.startswith(".") for name in names)

    def fetch(self, model_version: str, target: Path) -> str | None:
        """Copy an artifact to a folder; returns the copy's hash, or None where there is none."""
        path = self._path(model_version)
        try:
            if not self.files.isdir(path):
                return None
            self.files.get(f"{path}/", str(target), recursive=True)
        except FileNotFoundError:
            shutil.rmtree(target, ignore_errors=True)
            return None  # retention has removed it just now
        return folder_hash(target)

    def put(self, model_version: str, source: Path) -> None:
        """Copy a folder to where the artifact belongs."""
        self.files.makedirs(self.root, exist_ok=True)
        self.files.put(f"{source}/", self._path(model_version), recursive=True)

    def holds(self, model_version: str, digest: str) -> bool:
        """Whether the artifact, read back, has this hash."""
        with tempfile.TemporaryDirectory(prefix="fit-") as folder:
            return self.fetch(model_version, Path(folder) / model_version) == digest

    def remove(self, model_version: str) -> None:
        with suppress(OSError):
            self.files.rm(self._path(model_version), recursive=True)

    def _path(self, model_version: str) -> str:
        return f"{self.root}/{model_version}"
