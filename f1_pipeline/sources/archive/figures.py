"""The figures of races that ship with an archive: written beside its tables, read as raw frames.

They come from lap data and not from an f1db release, so they are written by a command of their own
and a new release leaves them as they are. An archive needs none. Not here: what they are computed
from (strategy).
"""

import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from f1_pipeline.contracts import CONTRACTS
from f1_pipeline.contracts.strategy import FIGURES
from f1_pipeline.errors import SourceError
from f1_pipeline.sources.archive.placing import Line, manifest_line, place, write_table

_MEND = "write the figures again with `f1-pipeline archive figures --out DIR`, or remove *_figures"
_HEADING = "\n## Figures of races\n"


def figure_columns(name: str) -> list[str]:
    """The columns of a table of figures, as they are written: all but where they come from."""
    return [c.name for c in CONTRACTS[name].columns if c.name not in ("source", "tier")]


def read_figures(folder: Path) -> dict[str, pd.DataFrame]:
    """The figures by table, with `source` = archive; empty frames where an archive has none.

    Raises `SourceError` when they are there in part, a column is missing or a file is unreadable.
    """
    files = _files(folder)
    lacking = [file.name for file in files.values() if not file.is_file()]
    if len(lacking) == len(files):
        return {name: _marked(pd.DataFrame(columns=figure_columns(name))) for name in files}
    if lacking:
        raise SourceError(f"the archive {folder} lacks {', '.join(lacking)}: {_MEND}.")
    return {name: _marked(_frame(file, name)) for name, file in files.items()}


def write_figures(frames: Mapping[str, pd.DataFrame], folder: Path) -> dict[str, int]:
    """Write the figures into an archive, its manifest and its SOURCES.md; returns their rows.

    Raises `SourceError` where the folder holds no archive, `StorageError` where it takes no file.
    """
    manifest, sources = _texts(folder)
    rows = {name: len(frames[name]) for name in FIGURES}

    def fill(staging: Path) -> None:
        lines = {name: write_table(_sorted(frames[name], name), staging, name) for name in FIGURES}
        (staging / "manifest.json").write_text(json.dumps(manifest | lines, indent=2) + "\n")
        head = sources.partition(_HEADING)[0]
        (staging / "SOURCES.md").write_text(head + section(frames))

    place(folder, fill)
    return rows


def kept_lines(folder: Path, frames: Mapping[str, pd.DataFrame]) -> dict[str, Line]:
    """The manifest's lines of the figures that a folder holds."""
    return {
        name: manifest_line(file, len(frames[name]))
        for name, file in _files(folder).items()
        if file.is_file()
    }


def section(frames: Mapping[str, pd.DataFrame]) -> str:
    """What SOURCES.md says of the figures; nothing where there are none."""
    seasons = frames["race_figures"]["event_id"].astype(str).str[:4]
    if seasons.empty:
        return ""
    rows = "\n".join(f"| {name} | {len(frames[name])} |" for name in FIGURES)
    return f"""{_HEADING}
These tables are not F1DB's. They are computed by this project from lap data of F1's live timing as
published through FastF1 (recorded, or imported from files in its columns), seasons
{seasons.min()}-{seasons.max()}; figures, no laps. Written by `f1-pipeline archive figures`.

| table | rows |
|---|---|
{rows}
"""


def _files(folder: Path) -> dict[str, Path]:
    return {name: folder / f"{name}.parquet" for name in FIGURES}


def _texts(folder: Path) -> tuple[dict[str, Line], str]:
    """The manifest and the sources of an archive."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text())
        return manifest, (folder / "SOURCES.md").read_text()
    except (OSError, ValueError):
        raise SourceError(
            f"{folder} holds no archive that figures could ship with: write one first with "
            "`f1-pipeline archive build --from RELEASE --out DIR`."
        ) from None


def _frame(file: Path, name: str) -> pd.DataFrame:
    try:
        frame = pd.read_parquet(file)
    except (OSError, ValueError) as error:
        raise SourceError(f"{file} cannot be read ({error}): {_MEND}.") from None
    missing = [column for column in figure_columns(name) if column not in frame.columns]
    if missing:
        raise SourceError(f"{file} lacks the column {', '.join(missing)}: {_MEND}.")
    return frame[figure_columns(name)]


def _marked(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(source="archive", tier="timing")


def _sorted(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    return frame.sort_values(list(CONTRACTS[name].key), ignore_index=True)[figure_columns(name)]
