"""Raw frames as Parquet files, under names that hold a hash of what they say.

The raw store of the timing tier: a local folder or any address that fsspec knows. A file is written
once and never changed, so two workers may write the same; what is read must still be what its name
says. Which files make up a session is kept with its answer (`answers`), not here.
"""

import hashlib
import uuid
from contextlib import suppress

import fsspec
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from f1_pipeline.errors import StorageError


def content_hash(frame: pd.DataFrame) -> str:
    """Sixteen hexadecimal digits of the frame's columns and rows, in their order.

    Of the content, not of the file: another release of a library writes other bytes for it.
    """
    rows = pd.util.hash_pandas_object(frame, index=False).to_numpy()
    head = "\n".join(f"{name} {frame[name].dtype}" for name in frame.columns)
    return hashlib.sha256(head.encode() + rows.tobytes()).hexdigest()[:16]


class RawStore:
    """Frames at an address such as `data/raw` or `s3://bucket/raw`."""

    def __init__(self, address: str, **options: str) -> None:
        self.address = address.rstrip("/")
        try:
            self.files, self.root = fsspec.core.url_to_fs(self.address, **options)
        except (ImportError, ValueError) as error:
            raise StorageError(f"{self.address} cannot be opened: {error}") from None

    def write(self, place: str, name: str, frame: pd.DataFrame) -> str:
        """Keep a frame under `place`; returns its hash. Raises `StorageError`."""
        table = pa.Table.from_pandas(frame, preserve_index=False)
        # Of what will be read: objects that are all truth values come back as truth values.
        digest = content_hash(table.to_pandas())
        if self._holds(place, name, digest):
            return digest
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink)
        content = sink.getvalue().to_pybytes()
        path = self._path(place, name, digest)
        beside = f"{path}.{uuid.uuid4().hex}"
        try:
            self.files.makedirs(path.rpartition("/")[0], exist_ok=True)
            try:
                # It is there when it is whole: a killed process leaves no half of a file. In the
                # same folder, since between two file systems nothing is moved in one go.
                self.files.pipe_file(beside, content)
                self.files.mv(beside, path)
            except OSError:
                with suppress(OSError):
                    self.files.rm_file(beside)
                raise
        except OSError as error:
            raise StorageError(
                f"{self.address} cannot be written ({error.strerror or error}): free some space "
                "there or set F1_DATA_DIR to an address that can be."
            ) from None
        return digest

    def read(self, place: str, name: str, digest: str) -> pd.DataFrame:
        """A frame that was kept. Raises `StorageError` when it is gone or is not what it was."""
        path = self._path(place, name, digest)
        mend = "import or backfill that session again."
        try:
            content = pa.BufferReader(self.files.cat_file(path))
            frame = pq.read_table(content, use_threads=False).to_pandas(use_threads=False)
            found = content_hash(frame)
        except Exception as error:
            # A damaged file trips its reader in any way: a KeyError, a TypeError, pyarrow's own.
            raise StorageError(f"{path} cannot be read ({error}): {mend}") from None
        if found != digest:
            raise StorageError(f"{path} was changed since it was kept: {mend}")
        return frame

    def _holds(self, place: str, name: str, digest: str) -> bool:
        """Whether it is there, and whole: recording a session again mends a damaged file."""
        try:
            if not self.files.exists(self._path(place, name, digest)):
                return False
            self.read(place, name, digest)
        except StorageError:
            return False
        return True

    def _path(self, place: str, name: str, digest: str) -> str:
        return f"{self.root}/{place}/{name}-{digest}.parquet"
