"""Back up, lose everything, restore: the same forecast byte for byte, on either database."""

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa

from f1_pipeline.settings import load_settings
from f1_pipeline.storage import database
from f1_pipeline.storage.raw_store import RawStore
from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline_tests.cli.conftest import Done, Home
from f1_pipeline_tests.storage import homes as storage

pytestmark = pytest.mark.journey


def done(home: Home, *arguments: str) -> Done:
    """A command that succeeds."""
    ended = home.call(*arguments)
    assert ended.code == 0, ended.err
    return ended


def forecast(home: Home) -> str:
    """All that is published of the next race."""
    return done(home, "predict", "--json").out


def destroy(home: Home) -> None:
    """Database, models and Dagster home."""
    if "DATABASE_URL" in home.variables:
        with database.engine_for(home.variables["DATABASE_URL"]).begin() as connection:
            connection.execute(sa.schema.DropSchema("f1", cascade=True))
    shutil.rmtree(home.folder)


def another(home: Home, folder: Path, **variables: str) -> Home:
    """An empty home beside the same archive."""
    return Home(folder, **(home.variables | {"F1_DATA_DIR": str(folder)} | variables))


def test_all_that_was_lost_is_restored_and_goes_on(copy_of_small: Home, tmp_path: Path) -> None:
    home, out = copy_of_small, str(tmp_path / "out")
    before = forecast(home)
    told = done(home, "backup", "--out", out).out
    assert re.match(
        r"[\d,]+ rows of \d+ tables and \d+ models? written to .*out, \d+\.\d MB\.", told
    )
    destroy(home)
    assert home.call("predict", "--json").code == 1  # which makes the tables, without a row

    told = done(home, "restore", "--from", out).out
    assert "row counts and hashes are the backup's" in told
    assert "Dagster home" in told
    assert forecast(home) == before

    # And from there as if nothing had been.
    done(home, "run", "--offline", "--quick")
    assert forecast(home) == before
    versions = Warehouse(f"sqlite:///{home.folder / 'warehouse.db'}").versions("race_results")
    assert set(versions["version"]) == {1}


@pytest.mark.server
def test_from_either_database_into_the_other(
    copy_of_small: Home, postgres_database: str, tmp_path: Path
) -> None:
    before = forecast(copy_of_small)
    done(copy_of_small, "backup", "--out", str(tmp_path / "sqlite"))
    server = another(copy_of_small, tmp_path / "server", DATABASE_URL=postgres_database)

    done(server, "restore", "--from", str(tmp_path / "sqlite"))
    assert forecast(server) == before

    done(server, "backup", "--out", str(tmp_path / "postgres"))
    destroy(server)
    done(server, "restore", "--from", str(tmp_path / "postgres"))
    assert forecast(server) == before
    assert not (server.folder / "warehouse.db").exists()

    file = another(copy_of_small, tmp_path / "file")
    done(file, "restore", "--from", str(tmp_path / "postgres"))
    assert forecast(file) == before


def test_what_is_not_in_a_backup_is_told(
    copy_of_small: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("F1_DATA_DIR", str(copy_of_small.folder))
    raw = RawStore(load_settings().raw_store)
    for name in ("laps", "weather"):
        raw.write("timing/2025", name, pd.DataFrame({name: [1.0]}))

    stored = storage.Home(
        f"sqlite:///{copy_of_small.folder / 'warehouse.db'}", copy_of_small.folder
    )
    for fit in ("lost", "spoilt"):
        storage.save(stored, fit)
    stored.store.remove("lost")
    (Path(stored.models) / "spoilt" / "win.cbm").write_bytes(b"")

    told = done(copy_of_small, "backup", "--out", str(tmp_path / "out")).out
    assert "artifacts are gone, by retention as a rule: 1 models" in told
    assert "not as they were stored: spoilt." in told
    assert "Listed, not copied: 2 files of the raw store" in told

    new = another(copy_of_small, tmp_path / "new")
    shutil.copytree(copy_of_small.folder / "raw", new.folder / "raw")
    (lost,) = (new.folder / "raw").rglob("weather-*")
    lost.unlink()
    told = done(new, "restore", "--from", str(tmp_path / "out")).out
    assert "of 2 files 1 are missing and 0 of another size" in told
    assert lost.name in told


def test_what_cannot_be_done_is_one_line(copy_of_small: Home, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done(copy_of_small, "backup", "--out", str(out))
    damaged = shutil.copytree(out, tmp_path / "damaged")
    (damaged / "tables" / "drivers.jsonl.gz").write_bytes(b"")

    for command, code, line in (
        (("backup", "--out", str(out)), 1, "is not an empty folder"),
        (("restore", "--from", str(out)), 1, r"not empty \(table .* has rows\)"),
        (("restore", "--from", str(damaged)), 1, "drivers.jsonl.gz was changed or cut off"),
        (("restore", "--from", str(tmp_path)), 1, "holds no backup"),
    ):
        refused = copy_of_small.call(*command)
        assert refused.code == code
        (error,) = refused.error_lines
        assert re.search(line, error)
        assert refused.out == ""
