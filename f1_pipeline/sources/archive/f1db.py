"""Read an f1db release: the CSV layout, as a zip or an unpacked folder, by column name.

New columns are ignored, a missing file or column is an error that names it. Values stay as they
stand; only a column of which every value is a number becomes numeric, unless it is one of texts.
"""

import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pandas as pd

from f1_pipeline.errors import SourceError
from f1_pipeline.sources.archive.layout import Part


class Release:
    """An f1db release, opened. Raises `SourceError` when the path holds none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if path.is_dir():
            self._names = {file.name: str(file) for file in sorted(path.rglob("f1db-*.csv"))}
            self._open: Callable[[str], bytes] = lambda name: Path(name).read_bytes()
        elif path.is_file():
            archive = _open_zip(path)
            self._names = {Path(name).name: name for name in archive.namelist()}
            self._open = archive.read
        else:
            raise SourceError(f"{path} does not exist: name the zip or folder of an f1db release.")
        if "f1db-races.csv" not in self._names:
            raise SourceError(
                f"{path} holds no f1db-races.csv: it is not the CSV layout of an f1db release."
            )

    def frame(self, part: Part, also: tuple[str, ...] = ()) -> pd.DataFrame:
        """A file of the release: the part's columns under our names, `also` under theirs."""
        file = f"f1db-{part.file}.csv"
        if file not in self._names:
            raise SourceError(f"{self.path} lacks {file}: use a complete f1db release.")
        wanted = list(dict.fromkeys([*also, *part.columns.values()]))
        try:
            text = self._open(self._names[file])
            frame = pd.read_csv(BytesIO(text), dtype=str, keep_default_na=False, na_values=[""])
        except (OSError, ValueError, zipfile.BadZipFile) as error:
            raise SourceError(
                f"{file} in {self.path} cannot be read ({error}): fetch the release again."
            ) from None
        missing = [column for column in wanted if column not in frame.columns]
        if missing:
            raise SourceError(
                f"{file} in {self.path} lacks the column {', '.join(missing)}: "
                "this release has another layout than the one that is known."
            )
        result = pd.DataFrame({ours: frame[theirs] for ours, theirs in part.columns.items()})
        for name in also:
            result[name] = frame[name]
        for name, value in part.constants:
            result[name] = value
        return result.apply(lambda v: v if v.name in part.texts else _numeric_if_all_are(v))


def _open_zip(path: Path) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(path)
        damaged = archive.testzip()
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError) as error:
        raise SourceError(
            f"{path} is not a readable zip ({error}): fetch the f1db release again."
        ) from None
    if damaged is not None:
        raise SourceError(f"{path} is damaged at {damaged}: fetch the f1db release again.")
    return archive


def _numeric_if_all_are(values: "pd.Series[str]") -> "pd.Series[str]":
    if values.notna().any() and values.dropna().isin(["true", "false"]).all():
        return values.eq("true")
    try:
        return pd.to_numeric(values)
    except ValueError:
        return values
