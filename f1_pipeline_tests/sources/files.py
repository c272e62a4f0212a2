"""What tests of the archive do with files."""

import csv
from collections.abc import Callable
from pathlib import Path

Rows = list[dict[str, str]]


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by name: equal means that nothing was lost, changed or left."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def rows(folder: Path, name: str) -> Rows:
    """The rows of a release's file."""
    with (folder / f"f1db-{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def rewrite(folder: Path, name: str, change: Callable[[Rows], Rows]) -> None:
    """Exchange the rows of a release's file."""
    changed = change(rows(folder, name))
    with (folder / f"f1db-{name}.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(changed[0]))
        writer.writeheader()
        writer.writerows(changed)
