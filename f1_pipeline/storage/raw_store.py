"""Raw frames as Parquet files, under names that hold a hash of what they say.

The raw store of the timing tier: a local folder or any address that fsspec knows. A file is written
once and never changed, so two workers may write the same; what is read must still be what its name
says. Which files make up a session is kept with its answer (`answers`), not here.
"""

import hashlib
import io

import fsspec
import pandas as pd

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
        self.files, self.root = fsspec.core.url_to_fs(self.address, **options)

    def write(self, place: str, name: str, frame: pd.DataFrame) -> str:
        """Keep a frame under `place`; returns its hash. Raises `StorageError`."""
        digest = content_hash(frame)
        path = self._path(place, name, digest)
        try:
            if self.files.exists(path):
                return digest
            content = io.BytesIO()
            frame.to_parquet(content, index=False)
            self.files.makedirs(path.rpartition("/")[0], exist_ok=True)
            # It is there when it is whole: a killed process leaves no half of a file.
            with self.files.transaction, self.files.open(path, "wb") as file:
                file.write(content.getvalue())
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
            with self.files.open(path, "rb") as file:
                frame = pd.read_parquet(io.BytesIO(file.read()))
        except (OSError, ValueError) as error:
            raise StorageError(f"{path} cannot be read ({error}): {mend}") from None
        if content_hash(frame) != digest:
            raise StorageError(f"{path} was changed since it was kept: {mend}")
        return frame

    def _path(self, place: str, name: str, digest: str) -> str:
        return f"{self.root}/{place}/{name}-{digest}.parquet"
