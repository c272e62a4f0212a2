"""Folders of files under an address that fsspec knows; each appears whole or not at all.

What lies in one is not known here: it is written and read by callbacks, and its hash is checked
before it is read. Who remembers the hash is said by whoever uses them.
"""

import errno
import hashlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import fsspec
from fsspec.implementations.local import LocalFileSystem

from f1_pipeline.errors import StorageError

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def folder_hash(folder: Path) -> str:
    """A hash of all files of a folder, by name and content."""
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(file.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(file.read_bytes())
    return digest.hexdigest()


class Folders:
    """Named folders under `address` (a folder, `s3://bucket/models`)."""

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        try:
            self.files, self.root = fsspec.core.url_to_fs(self.address)
        except (ImportError, ValueError) as error:
            raise StorageError(f"{self.address} cannot be opened: {error}") from None

    def store(self, name: str, write: Callable[[Path], None]) -> str:
        """Write a folder and put it in its place; its hash. Raises `OSError`."""
        with tempfile.TemporaryDirectory(prefix="f1-") as local:
            write(Path(local))
            digest = folder_hash(Path(local))
            self._upload(Path(local), name, digest)
        return digest

    def holds(self, name: str, digest: str) -> bool:
        """Whether the folder is there with just this content."""
        with self.copy(name) as folder:
            return folder.is_dir() and folder_hash(folder) == digest

    @contextmanager
    def copy(self, name: str) -> Iterator[Path]:
        """The folder as a local one, which is missing where it is."""
        path = self.path(name)
        if isinstance(self.files, LocalFileSystem):
            yield Path(path)
            return
        local = Path(tempfile.mkdtemp(prefix="f1-"))
        try:
            if self.files.isdir(path):
                self.files.get(f"{path}/", str(local / name), recursive=True)
            yield local / name
        finally:
            shutil.rmtree(local, ignore_errors=True)

    def folders(self) -> list[str]:
        """The folders that lie under the address."""
        if not self.files.isdir(self.root):
            return []
        paths = self.files.ls(self.root, detail=False)
        names = sorted(str(path).rstrip("/").rpartition("/")[2] for path in paths)
        return [name for name in names if not name.startswith(".")]

    def delete(self, name: str) -> None:
        """Delete a folder, if it is there."""
        with suppress(FileNotFoundError):
            self.files.rm(self.path(name), recursive=True)

    def modified(self, name: str) -> datetime:
        """When the newest of its files was written: only on a disk has a folder a time."""
        files = self.files.find(self.path(name))
        return max((self.files.modified(file) for file in files), default=_NEVER)

    def path(self, name: str) -> str:
        """Where a folder lies, as the file system of the address names it."""
        return f"{self.root}/{name}"

    def _upload(self, local: Path, name: str, digest: str) -> None:
        beside = f"{self.root}/.{name}.{uuid.uuid4().hex}"
        self.files.makedirs(self.root, exist_ok=True)
        try:
            self.files.put(f"{local}/", beside, recursive=True)
            # Another process may have stored the same meanwhile, and may be reading it.
            if not self.holds(name, digest):
                self._move(beside, self.path(name))
        finally:
            with suppress(FileNotFoundError):
                self.files.rm(beside, recursive=True)

    def _move(self, beside: str, path: str) -> None:
        """Put a whole folder in its place, over a damaged one."""
        if not isinstance(self.files, LocalFileSystem):
            if self.files.exists(path):
                self.files.rm(path, recursive=True)
            self.files.mv(beside, path, recursive=True)
            return
        try:
            os.replace(beside, path)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            shutil.rmtree(path)
            os.replace(beside, path)
