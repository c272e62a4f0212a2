"""A home with rows in every table, fits and recordings, and what is left of it."""

import hashlib
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa

from f1_pipeline.contracts import Kind
from f1_pipeline.storage import backup, database
from f1_pipeline.storage.model_store import ModelStore
from f1_pipeline.storage.raw_store import RawStore
from f1_pipeline.storage.schema import (
    HEARTBEATS,
    METADATA,
    PAUSES,
    REQUESTS,
    REVISIONS,
    RUN_REQUESTS,
)
from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline_tests.storage.rows import AT, state

OF_THE_MOMENT = {table.name for table in (HEARTBEATS, REQUESTS, PAUSES, REVISIONS, RUN_REQUESTS)}
# What is hard to carry from one database to another, a value for each of three rows.
VALUES: dict[Kind, list[Any]] = {
    Kind.TEXT: ["Zoë 'Ünïcødé' 🏎 \\ \"", "a\nb\r\tc\u2028\x1f", ""],
    Kind.INTEGER: [-(2**63), 2**63 - 1, 0],
    Kind.FLOAT: [0.1 + 0.2, 5e-324, -1.7976931348623157e308],
    Kind.BOOLEAN: [True, False, True],
    Kind.INSTANT: [AT, datetime(1950, 5, 13, tzinfo=UTC), datetime(2100, 1, 1, 0, 0, 0, 1, UTC)],
    Kind.LIST: [[0.1, 1 / 3, None], [], ["é", {"a": [1, True]}]],
}
_KINDS = {
    sa.Text: Kind.TEXT,
    sa.BigInteger: Kind.INTEGER,
    sa.Double: Kind.FLOAT,
    sa.Boolean: Kind.BOOLEAN,
    sa.JSON: Kind.LIST,
}


@dataclass(frozen=True)
class Home:
    """A database, a folder of models and a raw store."""

    url: str
    folder: Path

    @property
    def models(self) -> str:
        return str(self.folder / "models")

    @property
    def raw(self) -> RawStore:
        return RawStore(str(self.folder / "raw"))

    @property
    def store(self) -> ModelStore:
        return ModelStore(self.models, Warehouse(self.url))

    def back_up(self, out: Path, at: datetime = AT, **more: Any) -> backup.Manifest:
        return backup.write(Warehouse(self.url), self.models, self.raw, out, at, **more)

    def restore(self, source: Path, **more: Any) -> backup.Restored:
        return backup.restore(source, self.url, self.models, self.raw, **more)

    def rows(self) -> dict[str, list[Any]]:
        """All that a backup holds of the database."""
        return {name: rows for name, rows in state(self.url).items() if name not in OF_THE_MOMENT}

    def is_empty(self) -> bool:
        """Neither a row nor an artifact; tables may be there."""
        with database.writing(self.url) as connection:
            prefix = "f1." if connection.dialect.name == "postgresql" else ""
            schema = prefix.rstrip(".") or None
            tables = set(sa.inspect(connection).get_table_names(schema)) - {"f1_migrations"}
            counts = [connection.scalar(sa.text(f"SELECT 1 FROM {prefix}{t}")) for t in tables]
        models = Path(self.models)
        return not any(counts) and not (models.exists() and any(models.iterdir()))

    def destroy(self) -> None:
        """As a lost disk does it."""
        if self.url.startswith("sqlite"):
            database.engine_for(self.url).dispose()
            for file in Path(str(sa.make_url(self.url).database)).parent.glob("warehouse.db*"):
                file.unlink()
        else:
            with database.engine_for(self.url).begin() as connection:
                connection.exec_driver_sql("DROP SCHEMA IF EXISTS f1 CASCADE")
        shutil.rmtree(self.models, ignore_errors=True)


def fill(home: Home) -> None:
    """Rows in every table, three fits of which the second is in force, one recording."""
    Warehouse(home.url)
    with database.writing(home.url) as connection:
        for table in METADATA.tables.values():
            if table.name != "models":
                connection.execute(sa.insert(table), [_row(table, n) for n in range(3)])
            # In no order, which what is read must not depend on; and SQLite knows no -0.0.
            zeros = {c.name: -0.0 for c in table.columns if isinstance(c.type, sa.Double)}
            extra = [
                _row(table, 0) | zeros | {c.name: f"{letter}x" for c in _texts(table)}
                for letter in "bBaé"
            ]
            if table.name != "models" and _texts(table):
                connection.execute(sa.insert(table), extra)
    for number in range(3):
        save(home, f"fit{number}")
    promote(home, "fit1")
    home.raw.write("timing/2024", "laps", pd.DataFrame({"Lap": [1, 2]}))


def fill_and_back_up(folder: Path) -> Path:
    """A backup of such a home on SQLite."""
    home = Home(f"sqlite:///{folder / 'warehouse.db'}", folder)
    fill(home)
    home.back_up(folder / "out")
    return folder / "out"


def names(folder: Path) -> list[str]:
    """Of all files of a folder."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return [file.relative_to(folder).as_posix() for file in files]


def resealed(folder: Path) -> None:
    """Write checksums that agree with files that were changed."""
    lines = [
        f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n"
        for name in names(folder)
        if name != "SHA256SUMS"
    ]
    (folder / "SHA256SUMS").write_text("".join(lines))


def save(home: Home, version: str) -> None:
    """A fit with an artifact of two files."""
    facts = {
        "model_version": version,
        "recipe": "r1",
        "data_version": "d1",
        "first_event": "2023-australia",
        "last_event": "2024-monaco",
        "races": 30,
    }
    home.store.save(facts, lambda folder: _artifact(folder, version), AT)


def promote(home: Home, version: str) -> None:
    """Without the history that `ModelStore.promote` adds: it has rows enough."""
    models = METADATA.tables["f1.models"]
    with database.writing(home.url) as connection:
        connection.execute(
            sa.update(models).where(models.c.model_version == version).values(stage="champion")
        )


def _artifact(folder: Path, version: str) -> None:
    (folder / "parts").mkdir()
    (folder / "parts" / "hazard.json").write_text(version)
    (folder / "win.cbm").write_bytes(bytes(range(256)))


def _row(table: sa.Table, number: int) -> dict[str, Any]:
    """The last one without what may be missing."""
    return {
        column.name: None
        if number == 2 and column.nullable
        else VALUES[_KINDS.get(type(column.type), Kind.INSTANT)][number]
        for column in table.columns
    }


def _texts(table: sa.Table) -> list[Any]:
    return [c for c in table.primary_key if isinstance(c.type, sa.Text)]
