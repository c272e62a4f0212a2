"""One file of laps, weather or track status: what it is, by its columns, and its rows in batches.

A file is given as it is or refused: nothing is read out of one that is damaged. Where a row belongs
is decided in `files`, what a value becomes in `columns`.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from f1_pipeline.errors import SourceError
from f1_pipeline.sources.timing.columns import COLUMNS

ENDINGS = (".parquet", ".csv", ".csv.gz")
# Where a row belongs; an event is known by its name, or by its round if laps have both.
SEASON, EVENT, ROUND, SESSION = ("Season", "Year"), "EventName", "RoundNumber", "Session"
_KEYS = {*SEASON, EVENT, ROUND, SESSION}
_BATCH = 20_000
_DAMAGES = (OSError, EOFError, ValueError, csv.Error, zlib.error, pa.ArrowException)


class LapFilesError(SourceError):
    """The folder, or a file of laps in it, cannot be used."""


@dataclass(frozen=True)
class LapFile:
    """A file of one part ('laps', 'weather', 'track_status'). `seasons`: those it has rows of."""

    path: Path
    part: str
    columns: tuple[str, ...]
    seasons: set[int] = field(default_factory=set)

    @property
    def session(self) -> str:
        """Whose rows they are that name no session."""
        return "S" if "sprint" in self.path.name.lower() else "R"

    def batches(self) -> Iterator[pd.DataFrame]:
        """The rows, some thousand at a time, in the columns that matter. Raises `LapFilesError`."""
        wanted = [name for name in self.columns if name in _KEYS or name in COLUMNS[self.part]]
        rows = _parquet_rows if _is_parquet(self.path) else _csv_rows
        try:
            yield from rows(self, wanted)
        except _DAMAGES as error:
            raise _damaged(self.path, error) from None


def recognised(path: Path) -> LapFile | None:
    """What a file is by its columns; None for anything else. Raises `LapFilesError`."""
    columns = _columns(path)
    part = _part(set(columns))
    if part is None:
        return None
    twice = sorted(n for n in _KEYS | COLUMNS[part].keys() if columns.count(n) > 1)
    if twice:
        raise LapFilesError(f"{path} has the column {twice[0]} twice: leave one of them.")
    by_round = part != "laps" and ROUND in columns
    lacks = [] if set(SEASON) & set(columns) else ["Season (or Year)"]
    lacks += [] if EVENT in columns or by_round else [EVENT]
    if lacks:
        raise LapFilesError(
            f"{path} does not say which event its rows are of: "
            f"add the column {' and the column '.join(lacks)}."
        )
    return LapFile(path, part, columns)


def _part(columns: set[str]) -> str | None:
    if {"LapNumber", "LapTime"} <= columns and columns & {"Driver", "DriverNumber"}:
        return "laps"
    if {"AirTemp", "TrackTemp", "Time"} <= columns:
        return "weather"
    # Race control's messages have these columns too, and a Category.
    if {"Time", "Status", "Message"} <= columns and "Category" not in columns:
        return "track_status"
    return None


def _columns(path: Path) -> tuple[str, ...]:
    try:
        if _is_parquet(path):
            with pq.ParquetFile(path) as file:
                return tuple(file.schema_arrow.names)
        with _opened(path) as stream:
            # The first line only: a file that is passed over may be in any encoding.
            line = stream.readline().decode("utf-8-sig")
        names = next(csv.reader([line], strict=True))
    except _DAMAGES as error:
        raise _damaged(path, error) from None
    if not names:
        raise LapFilesError(
            f"{path} does not begin with the names of its columns: write it again, or remove it."
        )
    return tuple(names)


def _parquet_rows(file: LapFile, wanted: list[str]) -> Iterator[pd.DataFrame]:
    with pq.ParquetFile(file.path) as parquet:
        for batch in parquet.iter_batches(_BATCH, columns=wanted):
            # What was an index in pandas is a column like any other here.
            yield batch.to_pandas(ignore_metadata=True)


def _csv_rows(file: LapFile, wanted: list[str]) -> Iterator[pd.DataFrame]:
    """By Python's reader: pandas' and Arrow's take short lines or a cut quotation for whole."""
    columns = list(file.columns)
    with (
        _opened(file.path) as stream,
        io.TextIOWrapper(stream, encoding="utf-8-sig", newline="") as lines,
    ):
        reader = csv.reader(lines, strict=True)
        next(reader)
        rows: list[list[str]] = []
        for row in filter(None, reader):
            if len(row) != len(columns):
                raise ValueError(f"line {reader.line_num}: {len(row)} values, not {len(columns)}")
            rows.append(row)
            if len(rows) == _BATCH:
                yield pd.DataFrame(rows, columns=columns, dtype=object)[wanted]
                rows = []
        yield pd.DataFrame(rows, columns=columns, dtype=object)[wanted]


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() == ".parquet"


def _opened(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path)) if path.suffix.lower() == ".gz" else path.open("rb")


def _damaged(path: Path, error: Exception) -> LapFilesError:
    said = error.strerror if isinstance(error, OSError) and error.strerror else error
    return LapFilesError(f"{path} cannot be read ({said}): write it again, or remove it.")
