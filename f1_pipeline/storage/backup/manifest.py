"""What lies in a backup's folder, and whether it is still as it was written.

manifest.json            what the backup holds, and of which version
tables/NAME.jsonl.gz     a table: a JSON list of values in each line
artifacts/FIT/…          the artifact of a fit, as the model store has it
SHA256SUMS               a line for each of these files, as `sha256sum -c` reads it
"""

import hashlib
import json
import re
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from f1_pipeline.contracts import Kind
from f1_pipeline.errors import StorageError

FORMAT = 1
MANIFEST, SUMS = "manifest.json", "SHA256SUMS"
_SUM = re.compile(r"([0-9a-f]{64})  (.+)")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TableCopy(_Part):
    """A table as its file has it: columns in the order of a line's values, and what it says.

    `content_sha256`: of the lines before they were packed, the same on both databases.
    """

    columns: dict[str, Kind]
    key: list[str]
    rows: int
    content_sha256: str


class Manifest(_Part):
    """What a backup holds.

    `artifacts`: by fit the hash of its folder; `lacking`: the fits that are registered without an
    intact artifact; `raw_files`: the raw store's files with their sizes, which are not copied.
    """

    format: int = FORMAT
    project_version: str
    schema_revision: str
    created_at: datetime
    tables: dict[str, TableCopy]
    artifacts: dict[str, str]
    lacking: dict[str, Literal["missing", "changed"]]
    raw_files: dict[str, int]

    @property
    def rows(self) -> int:
        """Of all tables together."""
        return sum(table.rows for table in self.tables.values())


def table_file(folder: Path, name: str) -> Path:
    return folder / "tables" / f"{name}.jsonl.gz"


def artifact_folder(folder: Path, model_version: str) -> Path:
    return folder / "artifacts" / model_version


def seal(folder: Path, manifest: Manifest) -> None:
    """Write what a backup holds and the checksums of all its files: the last thing that is done."""
    (folder / MANIFEST).write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")
    lines = [f"{digest}  {name}\n" for name, digest in _digests(folder).items()]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")


def size(folder: Path) -> int:
    """Of a backup in bytes."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def is_backup(folder: Path) -> bool:
    """Whether a backup that this version understands lies there; its files are not looked at."""
    try:
        _read(folder)
    except StorageError:
        return False
    return True


def verify(folder: Path) -> Manifest:
    """What a backup holds, after every file was read and compared with its checksum.

    Raises `StorageError` that names the first file that is damaged, missing or not part of it.
    """
    manifest = _read(folder)
    expected, found = _sums(folder), _digests(folder)
    tables = {table_file(folder, name).relative_to(folder).as_posix() for name in manifest.tables}
    for name in sorted(tables | expected.keys() | found.keys()):
        if name not in found:
            raise _damaged(folder, f"{name} is missing")
        if name not in expected:
            raise _damaged(folder, f"{name} is not in {SUMS}")
        if expected[name] != found[name]:
            raise _damaged(folder, f"{name} was changed or cut off")
    return manifest


def _read(folder: Path) -> Manifest:
    file = folder / MANIFEST
    if not file.is_file():
        raise StorageError(
            f"{folder} holds no backup ({MANIFEST} is missing): name a folder that "
            "`f1-pipeline backup` has written."
        )
    try:
        content = json.loads(file.read_bytes())
        made_by = content["format"]
        if isinstance(made_by, int) and made_by > FORMAT:
            raise StorageError(
                f"{folder} was written by a newer version of f1_pipeline (format {made_by} of "
                f"backups, this version knows {FORMAT}): restore it with that version."
            )
        return Manifest.model_validate(content)
    except (OSError, ValueError, KeyError, TypeError, ValidationError):
        raise _damaged(folder, f"{MANIFEST} cannot be read") from None


def _sums(folder: Path) -> dict[str, str]:
    """By name the hash that each file had when the backup was written."""
    try:
        *lines, end = (folder / SUMS).read_bytes().decode().split("\n")
    except (OSError, ValueError):
        raise _damaged(folder, f"{SUMS} cannot be read") from None
    parts = [_SUM.fullmatch(line) for line in lines]
    if end or not all(parts):
        raise _damaged(folder, f"{SUMS} was changed or cut off")
    return {part[2]: part[1] for part in parts if part}


def _digests(folder: Path) -> dict[str, str]:
    """By name the hash of each file of a backup but the one that holds the hashes."""
    found = {}
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = file.relative_to(folder).as_posix()
        if name != SUMS:
            try:
                with file.open("rb") as content:
                    found[name] = hashlib.file_digest(content, "sha256").hexdigest()
            except OSError as error:
                raise _damaged(folder, f"{name} cannot be read ({error.strerror})") from None
    return found


def _damaged(folder: Path, what: str) -> StorageError:
    return StorageError(f"the backup {folder} is damaged ({what}): use another one.")
