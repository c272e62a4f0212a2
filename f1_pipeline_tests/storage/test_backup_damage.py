"""What is wrong with a backup is one clear line that names it, wherever it is."""

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from f1_pipeline.errors import StorageError
from f1_pipeline.storage import backup
from f1_pipeline.storage.schema import METADATA
from f1_pipeline_tests.storage.homes import OF_THE_MOMENT, fill_and_back_up, names, resealed


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup that is whole. Not to be changed."""
    return fill_and_back_up(tmp_path_factory.mktemp("written"))


@pytest.fixture
def copy(written: Path, tmp_path: Path) -> Path:
    """The same, to be damaged."""
    return shutil.copytree(written, tmp_path / "copy")


def refused(source: Path, about: str = ".") -> str:
    """The one line that says what is wrong with a backup."""
    with pytest.raises(StorageError, match=about) as error:
        backup.verify(source)
    message = str(error.value)
    assert str(source) in message
    assert len(message.splitlines()) == 1
    return message


def test_a_whole_backup_is_found_whole(written):
    assert len(names(written)) == len(METADATA.tables) - len(OF_THE_MOMENT) + 3 * 2 + 2
    assert backup.verify(written).rows > 100
    assert backup.is_backup(written)
    assert not backup.is_backup(written.parent)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_damaged_byte_is_found_anywhere(written, data):
    name = data.draw(st.sampled_from(names(written)))
    whole = (written / name).read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    damaged = bytearray(whole)
    damaged[place] ^= data.draw(st.integers(1, 255))
    try:
        (written / name).write_bytes(damaged)
        refused(written)
    finally:
        (written / name).write_bytes(whole)


def test_what_is_cut_off_missing_or_added_is_named(written, copy):
    for name in names(written):
        whole = (copy / name).read_bytes()
        for left in (whole[: len(whole) // 2], b""):
            (copy / name).write_bytes(left)
            assert Path(name).name in refused(copy)
        (copy / name).unlink()
        assert Path(name).name in refused(copy, "missing|cannot be read")
        (copy / name).write_bytes(whole)
    (copy / "artifacts" / "fit0" / "more.bin").touch()
    refused(copy, r"artifacts/fit0/more\.bin is not in SHA256SUMS")


def test_a_table_that_went_with_its_checksum_is_missed(copy):
    (copy / "tables" / "drivers.jsonl.gz").unlink()
    resealed(copy)

    refused(copy, r"tables/drivers\.jsonl\.gz is missing")


def test_a_folder_without_a_manifest_is_no_backup(tmp_path, copy):
    refused(tmp_path, "holds no backup")
    refused(tmp_path / "nowhere", "holds no backup")
    for content in ("", "no JSON", "[]", "{}", '{"format": 1}', '{"format": "x"}'):
        (copy / "manifest.json").write_text(content)
        resealed(copy)
        refused(copy, r"damaged \(manifest.json cannot be read\)")


def test_a_backup_of_a_newer_version_is_refused(copy):
    manifest = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps(manifest | {"format": 2, "more": "is new"}))
    resealed(copy)

    refused(copy, r"newer version of f1_pipeline \(format 2 of backups")
