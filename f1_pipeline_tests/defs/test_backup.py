"""The daily backup: what it leaves behind, what it removes, and that a bad one removes nothing."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from f1_pipeline.defs.backup import JOB, SCHEDULE, backup, too_many, unfinished
from f1_pipeline.defs.resources import Storage
from f1_pipeline.errors import StorageError
from f1_pipeline.settings import load_settings
from f1_pipeline.storage import backup as backups
from f1_pipeline.storage.backup import writing
from f1_pipeline.storage.backup.manifest import seal
from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline_tests.storage.rows import AT, drivers

NIGHT = datetime(2026, 11, 21, 3, 30, tzinfo=UTC)


@pytest.fixture
def warehouse() -> Warehouse:
    made = Warehouse(load_settings().database_url)
    made.publish({"drivers": drivers("ada", "bob")}, run_id="run", at=AT)
    return made


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("BACKUP_DIR", str(tmp_path / "backups"))
    monkeypatch.setenv("BACKUPS_KEPT", "2")
    return tmp_path / "backups"


def back_up(at: datetime, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """Materialize the asset at an instant; returns its metadata."""
    monkeypatch.setenv("F1_NOW", at.isoformat())
    result = dg.materialize([backup], resources={"storage": Storage()})
    (event,) = result.asset_materializations_for_node("operations__backup")
    return {name: value.value for name, value in event.metadata.items()}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_it_writes_a_whole_backup_and_says_what_is_in_it(warehouse, folder, monkeypatch):
    told = back_up(NIGHT, monkeypatch)

    written = folder / "20261121T033000Z"
    manifest = backups.verify(written)
    assert told["path"] == str(written)
    assert told["rows"] == manifest.rows > 2
    assert told["bytes"] == backups.size(written)
    assert (told["artifacts"], told["artifacts_lacking"], told["raw_files"]) == (0, 0, 0)
    assert told["removed"] == []
    assert manifest.created_at == NIGHT
    assert warehouse.read("removals").empty


def test_the_newest_stay_and_each_removal_is_listed(warehouse, folder, monkeypatch):
    for day in range(4):
        told = back_up(NIGHT + timedelta(days=day), monkeypatch)

    assert names(folder) == ["20261123T033000Z", "20261124T033000Z"]
    assert told["removed"] == ["20261122T033000Z"]
    removals = warehouse.read("removals")
    assert list(removals["name"]) == ["20261121T033000Z", "20261122T033000Z"]
    assert set(removals["kind"]) == {"backup"}
    assert set(removals["reason"]) == {"older than the newest 2"}
    assert list(removals["removed_at"]) == [NIGHT + timedelta(days=day) for day in (2, 3)]
    assert removals["bytes"].gt(1000).all()
    # The list of what was removed is in the next backup itself.
    assert backups.verify(folder / "20261124T033000Z").tables["removals"].rows == 1


def test_only_what_it_wrote_itself_is_removed(warehouse, folder, monkeypatch, tmp_path):
    back_up(NIGHT, monkeypatch)
    (folder / "20261121T033000Z").rename(folder / "before-the-upgrade")
    (folder / "20200101T000000Z").mkdir()
    (folder / "20200101T000000Z" / "letter.txt").write_text("mine")
    (folder / "notes.txt").write_text("mine")
    mine = ["20200101T000000Z", "before-the-upgrade", "notes.txt"]

    for day in range(1, 5):
        back_up(NIGHT + timedelta(days=day), monkeypatch)

    assert names(folder) == sorted([*mine, "20261124T033000Z", "20261125T033000Z"])


def test_the_one_just_written_stays_even_when_the_clock_went_back(warehouse, folder, monkeypatch):
    monkeypatch.setenv("BACKUPS_KEPT", "1")
    back_up(NIGHT, monkeypatch)

    back_up(NIGHT - timedelta(days=400), monkeypatch)

    assert names(folder) == ["20251017T033000Z"]


def test_what_a_killed_run_left_behind_goes_after_a_day(folder):
    hexadecimal = "0123456789abcdef" * 2
    for name in (f".20261119T033000Z.{hexadecimal}", f".20261120T033001Z.{hexadecimal}"):
        (folder / name).mkdir(parents=True)
    for name in (".20261119T033000Z.mine", f".letters.{hexadecimal}", ".hidden"):
        (folder / name).mkdir()

    assert [path.name for path in unfinished(folder, NIGHT)] == [f".20261119T033000Z.{hexadecimal}"]


def test_what_a_killed_run_left_behind_is_removed(warehouse, folder, monkeypatch):
    left = folder / f".20261119T033000Z.{'a' * 32}"
    (left / "tables").mkdir(parents=True)
    (left / "tables" / "drivers.jsonl.gz").write_bytes(b"half")

    back_up(NIGHT, monkeypatch)

    assert names(folder) == ["20261121T033000Z"]
    (removal,) = warehouse.read("removals").to_dict("records")
    assert (removal["name"], removal["bytes"]) == (left.name, 4)


def test_a_backup_that_is_not_read_back_whole_removes_none(warehouse, folder, monkeypatch):
    for day in range(2):
        back_up(NIGHT + timedelta(days=day), monkeypatch)
    before = names(folder)

    def seal_badly(beside: Path, manifest: backups.Manifest) -> None:
        seal(beside, manifest)
        (beside / "tables" / "drivers.jsonl.gz").write_bytes(b"")

    monkeypatch.setattr(writing, "seal", seal_badly)
    with pytest.raises(StorageError, match=r"drivers\.jsonl\.gz was changed or cut off.*the disk"):
        back_up(NIGHT + timedelta(days=2), monkeypatch)

    assert names(folder) == before
    assert warehouse.read("removals").empty


def test_the_oldest_beyond_the_number_go(warehouse, folder, monkeypatch):
    monkeypatch.setenv("BACKUPS_KEPT", "9")
    for day in range(3):
        back_up(NIGHT + timedelta(days=day), monkeypatch)
    written = folder / "20261123T033000Z"

    for kept, removed in ((1, 2), (2, 1), (3, 0), (9, 0)):
        assert [path.name for path in too_many(written, kept)] == names(folder)[:removed]


def test_it_is_scheduled_every_night(warehouse, folder, monkeypatch):
    monkeypatch.setenv("F1_NOW", NIGHT.isoformat())
    definitions = dg.Definitions(
        assets=[backup], jobs=[JOB], schedules=[SCHEDULE], resources={"storage": Storage()}
    )
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_schedule_context(instance=instance, scheduled_execution_time=NIGHT)
        assert len(SCHEDULE.evaluate_tick(context).run_requests or []) == 1
        job = definitions.resolve_job_def("backup")
        assert job.execute_in_process(instance=instance).success
    assert names(folder) == ["20261121T033000Z"]
    assert SCHEDULE.default_status is dg.DefaultScheduleStatus.RUNNING
    assert (SCHEDULE.cron_schedule, SCHEDULE.execution_timezone) == ("30 3 * * *", "UTC")
