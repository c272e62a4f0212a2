"""A restore fills an empty place, wholly or not at all, and touches no other."""

import gzip
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from f1_pipeline.errors import StorageError
from f1_pipeline.storage import backup, database, migrate
from f1_pipeline.storage.backup.artifacts import Artifacts
from f1_pipeline.storage.schema import METADATA
from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline_tests.storage.homes import Home, fill, fill_and_back_up, names, resealed, save
from f1_pipeline_tests.storage.rows import state


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup that is whole. Not to be changed."""
    return fill_and_back_up(tmp_path_factory.mktemp("written"))


@pytest.fixture
def copy(written: Path, tmp_path: Path) -> Path:
    """The same, to be changed."""
    return shutil.copytree(written, tmp_path / "copy")


@pytest.fixture
def place(url: str, tmp_path: Path) -> Home:
    """An empty one."""
    return Home(url, tmp_path / "place")


def with_rows(folder: Path, table: str, change: Any) -> None:
    """Change a table's first row in a backup whose checksums agree with it."""
    file = folder / "tables" / f"{table}.jsonl.gz"
    first, *others = gzip.decompress(file.read_bytes()).splitlines(keepends=True)
    changed = json.dumps(change(json.loads(first))).encode() + b"\n"
    file.write_bytes(gzip.compress(b"".join([changed, *others])))
    resealed(folder)


def test_a_backup_of_an_unknown_schema_touches_nothing(copy, place):
    manifest = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps(manifest | {"schema_revision": "9999"}))
    resealed(copy)
    backup.verify(copy)

    with pytest.raises(StorageError, match="at revision 9999, which this version does not know"):
        place.restore(copy)

    assert not place.folder.exists()


def test_a_damaged_backup_touches_nothing(copy, tmp_path):
    (copy / "artifacts" / "fit1" / "win.cbm").write_bytes(b"")
    place = Home(f"sqlite:///{tmp_path / 'place' / 'warehouse.db'}", tmp_path / "place")

    with pytest.raises(StorageError, match=r"artifacts/fit1/win\.cbm was changed or cut off"):
        place.restore(copy)

    assert not place.folder.exists()


@pytest.mark.parametrize("table", ["drivers", "table_versions", "run_heartbeats"])
def test_no_row_is_overwritten(written, place, table):
    fill(place)
    with database.writing(place.url) as connection:
        for other in METADATA.tables.values():
            if other.name != table:
                connection.execute(sa.delete(other))
    before = state(place.url)
    shutil.rmtree(place.models)

    with pytest.raises(StorageError, match=rf"not empty \(table {table} has rows\).*DATABASE_URL"):
        place.restore(written)

    assert state(place.url) == before
    assert not Path(place.models).exists()


def test_no_artifact_is_overwritten(written, place):
    save(place, "fit1")
    place.destroy()
    (Path(place.models) / "fit1").mkdir(parents=True)
    (Path(place.models) / "fit1" / "mine").touch()

    with pytest.raises(StorageError, match=r"models is not empty.*MODEL_STORAGE_PATH"):
        place.restore(written)

    assert names(Path(place.models)) == ["fit1/mine"]
    shutil.rmtree(place.models)
    assert place.is_empty()
    (Path(place.models) / ".fit9.half").mkdir(
        parents=True
    )  # what a killed save left is no artifact
    place.restore(written)


def bring(url: str, revision: str) -> None:
    """As an earlier version of the project left it."""
    config = migrate.configuration()
    with database.writing(url) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.schema.CreateSchema("f1", if_not_exists=True))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def revision(url: str) -> str | None:
    with database.reading(url) as connection:
        prefix = "f1." if connection.dialect.name == "postgresql" else ""
        found = connection.exec_driver_sql(f"SELECT version_num FROM {prefix}f1_migrations")
        return str(found.scalar())


def test_a_database_of_an_earlier_version_is_not_even_migrated_unless_it_is_empty(written, place):
    bring(place.url, "0005")
    with database.writing(place.url) as connection:
        prefix = "f1." if connection.dialect.name == "postgresql" else ""
        connection.exec_driver_sql(
            f"INSERT INTO {prefix}drivers (driver_id, name) VALUES ('ada', 'Ada')"
        )
    with pytest.raises(StorageError, match="table drivers has rows"):
        place.restore(written)
    assert revision(place.url) == "0005"

    with database.writing(place.url) as connection:
        connection.exec_driver_sql(f"DELETE FROM {prefix}drivers")
    place.restore(written)
    assert len(place.rows()["drivers"]) == 7


def test_an_empty_database_of_a_newer_version_is_left_alone(written, place):
    Warehouse(place.url)
    with database.writing(place.url) as connection:
        prefix = "f1." if connection.dialect.name == "postgresql" else ""
        connection.exec_driver_sql(f"UPDATE {prefix}f1_migrations SET version_num = '9999'")

    with pytest.raises(StorageError, match=r"does not know \(.*9999"):
        place.restore(written)

    assert revision(place.url) == "9999"
    assert place.is_empty()


def refuse_null(row: list[Any]) -> list[Any]:
    return [row[0], None, *row[2:]]


def another_name(row: list[Any]) -> list[Any]:
    return [row[0], "another name", *row[2:]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (refuse_null, "the database refused a statement"),
        (another_name, "table drivers came out of the database otherwise than it went in"),
    ],
)
def test_a_row_that_fails_half_way_leaves_the_place_empty(copy, place, change, message):
    with_rows(copy, "drivers", change)

    with pytest.raises(StorageError, match=message):
        place.restore(copy)

    assert place.is_empty()


@pytest.mark.parametrize("at", ["artifact fit1", "table circuits", "table weather"])
def test_a_restore_that_is_interrupted_leaves_the_place_empty(written, place, at):
    def interrupt(step: str) -> None:
        if step == at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        place.restore(written, progress=interrupt)

    assert place.is_empty()
    place.restore(written)  # and the next one succeeds
    assert set(place.store.folders()) == {"fit0", "fit1", "fit2"}


def test_an_address_that_cannot_be_written_or_loses_a_file_is_told(written, place, monkeypatch):
    place.folder.mkdir(parents=True, exist_ok=True)
    (place.folder / "models").write_text("a file")
    with pytest.raises(StorageError, match=r"cannot be restored to .*models.*MODEL_STORAGE_PATH"):
        place.restore(written)
    (place.folder / "models").unlink()
    assert place.is_empty()

    def lossy(self: Artifacts, version: str, source: Path) -> None:
        shutil.copytree(source, Path(self.root) / version)
        (Path(self.root) / version / "win.cbm").write_bytes(b"")

    monkeypatch.setattr(Artifacts, "put", lossy)
    with pytest.raises(StorageError, match="fit0 did not arrive whole"):
        place.restore(written)
    assert place.is_empty()


def test_a_raw_store_that_cannot_be_listed_is_told_before_anything_is_done(
    written, place, monkeypatch
):
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(place.raw.files), "find", refuse)
    with pytest.raises(
        StorageError, match=r"raw cannot be listed .*Permission denied.*F1_DATA_DIR"
    ):
        place.restore(written)

    assert not place.folder.exists()


def test_a_backup_of_an_earlier_schema_is_migrated(written, place, tmp_path, monkeypatch):
    """Loaded into the tables as they were; what the next version adds to them comes after."""
    (tmp_path / "versions").mkdir()
    (tmp_path / "versions" / "9000_next.py").write_text(
        "from alembic import op\n"
        "from f1_pipeline.storage.migrations.ddl import add, drop\n"
        'revision, down_revision = "9000", "0013"\n'
        "def upgrade():\n"
        '    drop("pit_stops")\n'
        '    add("drivers", "shoe_size bigint null")\n'
        '    prefix = "f1." if op.get_bind().dialect.name == "postgresql" else ""\n'
        '    op.execute(f"UPDATE {prefix}drivers SET shoe_size = 44")\n'
    )
    now = migrate.configuration()

    def later() -> Config:
        config = Config()
        config.set_main_option("script_location", str(now.get_main_option("script_location")))
        own = Path(str(now.get_main_option("script_location"))) / "versions"
        config.set_main_option("path_separator", "os")
        config.set_main_option("version_locations", f"{own}{os.pathsep}{tmp_path / 'versions'}")
        return config

    with monkeypatch.context() as patch:
        patch.setattr(migrate, "configuration", later)
        place.restore(written)

    assert revision(place.url) == "9000"
    with database.reading(place.url) as connection:
        prefix = "f1." if connection.dialect.name == "postgresql" else ""
        sizes = connection.exec_driver_sql(f"SELECT shoe_size FROM {prefix}drivers").scalars()
        assert list(sizes) == [44] * 7
        inspector = sa.inspect(connection)
        assert "pit_stops" not in inspector.get_table_names(prefix.rstrip(".") or None)
