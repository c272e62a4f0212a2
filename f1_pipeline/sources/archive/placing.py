"""Put files into an archive's folder: all of them or none, each with its line in the manifest.

Here belongs what every writer of an archive does. Not here: what is written (build, figures).
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from f1_pipeline.errors import StorageError

Line = dict[str, int | str]


def place(out: Path, fill: Callable[[Path], None]) -> None:
    """Let `fill` write files into a folder beside, then move them to `out`.

    A failure leaves `out` as it was. Raises `StorageError` where it cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".archive-", dir=out))
        try:
            fill(staging)
            _move_in(staging, out)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        raise StorageError(
            f"{out} cannot be written ({error.strerror}): choose another --out."
        ) from None


def write_table(frame: pd.DataFrame, folder: Path, name: str) -> Line:
    """Write a table as Parquet; returns its line in the manifest."""
    file = folder / f"{name}.parquet"
    frame.to_parquet(file, index=False, compression="zstd")
    return manifest_line(file, len(frame))


def manifest_line(file: Path, rows: int) -> Line:
    return {"rows": rows, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}


def _move_in(staging: Path, out: Path) -> None:
    """Move all files or none: when one cannot be moved, those before it are put back."""
    names = sorted(file.name for file in staging.iterdir())
    before = staging / "before"
    before.mkdir()
    for name in names:
        if (out / name).is_file():
            shutil.copy2(out / name, before / name)
    moved = []
    try:
        for name in names:
            os.replace(staging / name, out / name)
            moved.append(name)
    except OSError:
        for name in moved:
            if (before / name).exists():
                os.replace(before / name, out / name)
            else:
                (out / name).unlink()
        raise
