"""What is backed up comes back as it was, on either database; it is one state of all tables."""

import gzip
import json
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fsspec
import pandas as pd
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from f1_pipeline import __version__
from f1_pipeline.contracts import Kind
from f1_pipeline.errors import StorageError
from f1_pipeline.storage import backup, database
from f1_pipeline.storage.backup import rows as backup_rows
from f1_pipeline.storage.backup import writing
from f1_pipeline.storage.backup.manifest import FORMAT, TableCopy
from f1_pipeline.storage.schema import METADATA
from f1_pipeline_tests.storage.homes import OF_THE_MOMENT, Home, fill, names, save
from f1_pipeline_tests.storage.rows import LATER, drivers, prediction, predictions, stops

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.server)]


@pytest.fixture
def home(url: str, tmp_path: Path) -> Home:
    made = Home(url, tmp_path / "home")
    fill(made)
    return made


@pytest.fixture(params=BOTH)
def elsewhere(request: pytest.FixtureRequest, url: str, tmp_path: Path) -> Iterator[Home]:
    """An empty place on either database."""
    address = f"sqlite:///{tmp_path / 'elsewhere' / 'warehouse.db'}"
    if request.param == "postgresql":
        address = request.getfixturevalue("postgres_database")
    yield Home(address, tmp_path / "elsewhere")
    database.engine_for(address).dispose()


def artifacts(home: Home) -> dict[str, bytes]:
    files = [path for path in Path(home.models).rglob("*") if path.is_file()]
    return {file.relative_to(home.models).as_posix(): file.read_bytes() for file in files}


def files(folder: Path) -> dict[str, bytes]:
    """By name what a backup's files hold; the manifest without its instant."""
    found = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    manifest = json.loads(found.pop("manifest.json"))
    del manifest["created_at"]
    sums = found.pop("SHA256SUMS").decode().splitlines()
    others = [line for line in sums if not line.endswith("  manifest.json")]
    return found | {"manifest": json.dumps(manifest).encode(), "sums": "\n".join(others).encode()}


def test_all_that_was_lost_comes_back(home, elsewhere, tmp_path):
    before, models = home.rows(), artifacts(home)
    manifest = home.back_up(tmp_path / "out")
    home.destroy()  # PostgreSQL into PostgreSQL: in the same place
    assert elsewhere.is_empty()

    restored = elsewhere.restore(tmp_path / "out")

    assert elsewhere.rows() == before
    assert artifacts(elsewhere) == models
    again = elsewhere.back_up(tmp_path / "again")
    assert again.tables == manifest.tables
    assert elsewhere.store.load("fit1", lambda folder: (folder / "win.cbm").exists())
    assert elsewhere.store.champion()["model_version"] == "fit1"
    assert restored.manifest == manifest == backup.verify(tmp_path / "out")
    with database.reading(elsewhere.url) as connection:
        prefix = "f1." if connection.dialect.name == "postgresql" else ""
        view = connection.exec_driver_sql(f"SELECT status FROM {prefix}current_predictions").all()
    assert {row.status for row in view} <= {"open", "locked", "retrospective"}
    assert view
    # What is about processes under way is not theirs.
    everything = {name for name, found in elsewhere.rows().items() if found}
    assert everything == {t.name for t in METADATA.tables.values()} - OF_THE_MOMENT
    with database.reading(elsewhere.url) as connection:
        for name in OF_THE_MOMENT:
            table = METADATA.tables[f"f1.{name}"]
            assert connection.execute(sa.select(table)).all() == []


def test_the_same_content_is_the_same_bytes(home, tmp_path):
    """On another day, and after a restore."""
    home.back_up(tmp_path / "first")
    home.back_up(tmp_path / "second", at=LATER)
    assert files(tmp_path / "first") == files(tmp_path / "second")
    home.destroy()
    home.restore(tmp_path / "first")

    home.back_up(tmp_path / "third")

    assert files(tmp_path / "first") == files(tmp_path / "third")


def test_a_manifest_says_what_it_holds(home, tmp_path):
    manifest = home.back_up(tmp_path / "out", at=LATER)

    content = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert content["format"] == FORMAT
    assert content["project_version"] == __version__
    assert datetime.fromisoformat(content["created_at"]) == LATER
    assert {name: t["rows"] for name, t in content["tables"].items()} == {
        name: len(found) for name, found in home.rows().items()
    }
    assert manifest.rows == sum(map(len, home.rows().values()))
    stored = home.store.warehouse.read("models").set_index("model_version")["artifact_sha256"]
    assert content["artifacts"] == stored.to_dict()
    assert content["lacking"] == {}
    ((name, size),) = content["raw_files"].items()
    assert (home.folder / "raw" / name).stat().st_size == size
    assert backup.size(tmp_path / "out") > 10_000


def test_any_machine_can_check_the_files(home, tmp_path):
    home.back_up(tmp_path / "out")
    command = ["sha256sum", "--check", "--quiet", "SHA256SUMS"]

    assert subprocess.run(command, cwd=tmp_path / "out", check=False).returncode == 0
    (tmp_path / "out" / "artifacts" / "fit0" / "win.cbm").write_bytes(b"")
    done = subprocess.run(command, cwd=tmp_path / "out", check=False, capture_output=True)
    assert done.returncode == 1


CELLS: dict[str, tuple[Kind, st.SearchStrategy[Any]]] = {
    # Neither database takes half of a surrogate pair, PostgreSQL no zero byte.
    "name": (Kind.TEXT, st.text(st.characters(exclude_characters="\0", codec="utf-8"))),
    "number": (Kind.FLOAT, st.none() | st.floats(allow_nan=False)),
    "count": (Kind.INTEGER, st.none() | st.integers(-(2**63), 2**63 - 1)),
    "flag": (Kind.BOOLEAN, st.none() | st.booleans()),
    "at": (Kind.INSTANT, st.none() | st.datetimes(timezones=st.just(UTC))),
    "more": (
        Kind.LIST,
        st.none()
        | st.lists(st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)),
    ),
}
COPY = TableCopy(
    columns={name: kind for name, (kind, _) in CELLS.items()},
    key=["name"],
    rows=0,
    content_sha256="",
)
ROWS = st.lists(
    st.fixed_dictionaries({name: cells for name, (_, cells) in CELLS.items()}),
    unique_by=lambda row: row["name"],
    max_size=5,
)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(given_rows=ROWS)
def test_whatever_a_row_holds_is_read_back_from_its_line(url, tmp_path, given_rows):
    """Rows that were loaded are the rows that were dumped, in the same lines, sorted by the key."""
    table, file = backup_rows.as_copied("made_up", COPY), tmp_path / "made_up.jsonl.gz"
    with database.writing(url) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.schema.CreateSchema("f1", if_not_exists=True))
        table.create(connection)
        if given_rows:
            connection.execute(sa.insert(table), given_rows)
        before = connection.execute(sa.select(table).order_by("name")).all()
        copy = backup_rows.dump(connection, table, file)
        connection.execute(sa.delete(table))

        backup_rows.load(connection, table, file)

        assert connection.execute(sa.select(table).order_by("name")).all() == before
        assert backup_rows.read(connection, table, lambda _: None) == copy
        table.drop(connection)
    lines = [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]
    assert copy.rows == len(lines) == len(given_rows)
    assert [line[0] for line in lines] == sorted(row["name"] for row in given_rows)


def test_what_is_published_meanwhile_is_in_all_tables_or_in_none(home, tmp_path):
    """One state: a run that publishes between two tables is in the next backup."""
    before = home.rows()
    published = []

    def publish(at: str) -> None:
        if at == "table race_predictions":  # after `drivers` and before `standings`
            frames = {
                "drivers": drivers("ada"),
                "race_predictions": predictions(prediction()),
                "pit_stops": stops(("2024-spain", "ada", 22_000)),
            }
            published.append(home.store.warehouse.publish(frames, run_id="run", at=LATER))

    home.back_up(tmp_path / "out", progress=publish)

    assert published
    assert home.rows() != before
    home.destroy()
    home.restore(tmp_path / "out")
    assert home.rows() == before


def test_an_artifact_that_retention_removes_meanwhile_is_named(home, tmp_path):
    def remove(at: str) -> None:
        if at == "artifact fit0":
            home.store.remove("fit0")
            (Path(home.models) / "fit2" / "win.cbm").write_bytes(b"")

    manifest = home.back_up(tmp_path / "out", progress=remove)

    assert manifest.lacking == {"fit0": "missing", "fit2": "changed"}
    assert set(manifest.artifacts) == {"fit1"}
    assert [path.name for path in (tmp_path / "out" / "artifacts").iterdir()] == ["fit1"]
    home.destroy()
    home.restore(tmp_path / "out")
    assert len(home.store.warehouse.read("models")) == 3
    assert home.store.folders() == ["fit1"]


def test_fits_that_are_not_registered_are_left_out(home, tmp_path):
    save(home, "fit3")
    models = METADATA.tables["f1.models"]
    with database.writing(home.url) as connection:
        connection.execute(sa.delete(models).where(models.c.model_version == "fit3"))

    manifest = home.back_up(tmp_path / "out")

    assert set(manifest.artifacts) == {"fit0", "fit1", "fit2"}
    assert manifest.lacking == {}


def test_the_raw_store_is_compared_and_not_touched(home, tmp_path):
    for name in ("weather", "messages", "stints"):
        home.raw.write("timing/2024", name, pd.DataFrame({name: [1, 2, 3]}))
    half = home.folder / "raw" / "timing" / "2024" / "laps-00.parquet.0f"
    half.write_bytes(b"still being written")
    manifest = home.back_up(tmp_path / "out")
    assert len(manifest.raw_files) == 4
    held = {name.rpartition("/")[2].partition("-")[0]: name for name in manifest.raw_files}
    home.destroy()
    (home.folder / "raw" / held["weather"]).unlink()
    (home.folder / "raw" / held["messages"]).write_bytes(b"cut")

    restored = home.restore(tmp_path / "out")

    assert restored.raw_missing == [held["weather"]]
    assert restored.raw_changed == [held["messages"]]
    assert (home.folder / "raw" / held["messages"]).read_bytes() == b"cut"


def test_artifacts_may_lie_under_any_address(home, tmp_path):
    memory = fsspec.filesystem("memory")
    home.back_up(tmp_path / "out")
    home.destroy()
    try:
        backup.restore(tmp_path / "out", home.url, "memory://models", home.raw)
        assert len(memory.find("/models")) == 6
        warehouse = home.store.warehouse
        backup.write(warehouse, "memory://models", home.raw, tmp_path / "again", LATER)
    finally:
        memory.rm("/models", recursive=True)

    assert files(tmp_path / "out") == files(tmp_path / "again")


@pytest.fixture
def filled(tmp_path: Path) -> Home:
    home = Home(f"sqlite:///{tmp_path / 'home' / 'warehouse.db'}", tmp_path / "home")
    fill(home)
    return home


def nothing_written(folder: Path) -> bool:
    """Neither a backup, nor what was begun of one."""
    return not folder.exists() and not list(folder.parent.glob(f".{folder.name}*"))


def test_a_folder_that_is_not_empty_is_left_as_it_is(filled, tmp_path):
    (tmp_path / "empty").mkdir()
    filled.back_up(tmp_path / "empty")
    before = names(tmp_path / "empty")
    (tmp_path / "file").write_text("mine")

    for taken in ("empty", "file"):
        with pytest.raises(StorageError, match=f"{taken} is not an empty folder"):
            filled.back_up(tmp_path / taken, at=LATER)
    with pytest.raises(StorageError, match="where a file system begins"):
        filled.back_up(Path("/proc"))

    assert names(tmp_path / "empty") == before
    backup.verify(tmp_path / "empty")
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("damage", ["missing", "changed"])
def test_without_the_fit_in_force_there_is_no_backup(filled, tmp_path, damage):
    artifact = Path(filled.models) / "fit1"
    (artifact / "win.cbm").unlink()
    if damage == "missing":
        shutil.rmtree(artifact)

    with pytest.raises(StorageError, match=r"model fit1, which is in force, .*launch the job"):
        filled.back_up(tmp_path / "out")

    assert nothing_written(tmp_path / "out")


def test_nothing_held_is_nothing_to_back_up(tmp_path):
    """A scheduled backup of a wrong or new database would push the good ones out."""
    home = Home(f"sqlite:///{tmp_path / 'home' / 'warehouse.db'}", tmp_path / "home")

    with pytest.raises(StorageError, match="nothing to back up"):
        home.back_up(tmp_path / "out")
    assert nothing_written(tmp_path / "out")

    home.store.warehouse.publish({"drivers": drivers("ada")}, run_id="run", at=LATER)
    assert home.back_up(tmp_path / "out").artifacts == {}


@pytest.mark.parametrize(
    ("error", "told", "message"),
    [
        (OSError(28, "No space left"), StorageError, "No space left.*free some space or choose"),
        (KeyboardInterrupt("stop"), KeyboardInterrupt, "stop"),
    ],
)
def test_what_stops_a_backup_leaves_nothing_behind(
    filled, tmp_path, monkeypatch, error, told, message
):
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(writing, "seal", fail)

    with pytest.raises(told, match=message):
        filled.back_up(tmp_path / "out")

    assert nothing_written(tmp_path / "out")


def test_a_place_that_cannot_be_written_is_named(filled, tmp_path):
    (tmp_path / "file").write_text("mine")

    with pytest.raises(StorageError, match=r"cannot be written to .*file/out"):
        filled.back_up(tmp_path / "file" / "out")


def test_a_database_that_a_newer_version_has_migrated_meanwhile_is_not_read(filled, tmp_path):
    warehouse = filled.store.warehouse
    with database.writing(filled.url) as connection:
        connection.exec_driver_sql("UPDATE f1_migrations SET version_num = '9999'")

    with pytest.raises(StorageError, match="at revision 9999, and this process was started with"):
        backup.write(warehouse, filled.models, filled.raw, tmp_path / "out", LATER)

    assert nothing_written(tmp_path / "out")
