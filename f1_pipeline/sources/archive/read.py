"""Give an archive back as raw frames, one for each table of `layout`, marked with its source."""

import hashlib
from pathlib import Path

import pandas as pd

from f1_pipeline.contracts.strategy import FIGURES
from f1_pipeline.errors import SourceError
from f1_pipeline.sources.archive.layout import TABLES, archive_columns

_MEND = "write it with `f1-pipeline archive build --from RELEASE --out DIR` or set F1_ARCHIVE_DIR"


def read(folder: Path) -> dict[str, pd.DataFrame]:
    """Every archive table by name, with the columns of `layout` and `source` = archive.

    Raises `SourceError` when the folder, a file or a column is missing, or a file is unreadable.
    """
    return {name: _frame(folder, name) for name in TABLES}


def fingerprint(folder: Path) -> str:
    """A hash of the archive's files, figures among them: it changes only when their bytes do."""
    digest = hashlib.sha256()
    for name in TABLES:
        digest.update(_file(folder, name).read_bytes())
    for name in FIGURES:
        file = folder / f"{name}.parquet"
        digest.update(file.read_bytes() if file.is_file() else b"")
    return digest.hexdigest()[:16]


def _file(folder: Path, name: str) -> Path:
    file = folder / f"{name}.parquet"
    if not file.is_file():
        raise SourceError(f"the archive {folder} lacks {file.name}: {_MEND}.")
    return file


def _frame(folder: Path, name: str) -> pd.DataFrame:
    file = _file(folder, name)
    try:
        frame = pd.read_parquet(file)
    except (OSError, ValueError) as error:
        raise SourceError(f"{file} cannot be read ({error}): {_MEND}.") from None
    missing = [column for column in archive_columns(name) if column not in frame.columns]
    if missing:
        raise SourceError(f"{file} lacks the column {', '.join(missing)}: {_MEND}.")
    return frame[archive_columns(name)].assign(source="archive")
