"""Folders by themselves, on a disk and at an address that is none: whole, or not there.

What fits need of them, and a disk that fills up, is in `test_model_store`.
"""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import fsspec
import pytest

from f1_pipeline.errors import StorageError
from f1_pipeline.storage.folders import Folders, folder_hash

KINDS = ["disk", "memory"]


@pytest.fixture(params=KINDS)
def folders(request: pytest.FixtureRequest, tmp_path: Path) -> Folders:
    """An address where nothing lies yet."""
    local = request.param == "disk"
    return Folders(str(tmp_path / "not yet" / "search") if local else f"memory://{uuid4().hex}/x")


def write(folder: Path) -> None:
    (folder / "numbers.bin").write_bytes(bytes(range(256)))
    (folder / "parts").mkdir()
    (folder / "parts" / "names.json").write_text('{"é": 1}', encoding="utf-8")


def lying(folders: Folders) -> list[str]:
    """All that lies there, with what is hidden."""
    if not folders.files.isdir(folders.root):
        return []
    paths = folders.files.ls(folders.root, detail=False)
    return sorted(str(path).rstrip("/").rpartition("/")[2] for path in paths)


def read(folders: Folders, name: str) -> dict[str, bytes]:
    """The files of a folder by name."""
    with folders.copy(name) as folder:
        files = [path for path in folder.rglob("*") if path.is_file()]
        return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


WHOLE = {"numbers.bin": bytes(range(256)), "parts/names.json": '{"é": 1}'.encode()}


def test_what_is_stored_is_there_as_it_was_written(folders: Folders, tmp_path: Path) -> None:
    assert folders.folders() == []
    digest = folders.store("v1", write)

    assert folders.folders() == lying(folders) == ["v1"]
    assert read(folders, "v1") == WHOLE
    same = tmp_path / "same"
    same.mkdir()
    write(same)
    assert digest == folder_hash(same)


def test_it_is_held_by_its_name_and_its_hash(folders: Folders) -> None:
    digest = folders.store("v1", write)
    assert folders.holds("v1", digest)
    assert not folders.holds("v2", digest)
    assert not folders.holds("v1", "0" * 64)
    assert not folders.holds("v1", "")


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), ValueError("a bug")])
def test_a_write_that_raises_leaves_nothing(folders: Folders, error: Exception) -> None:
    def fail(folder: Path) -> None:
        write(folder)
        raise error

    for there in ([], ["v1"]):
        with pytest.raises(type(error)) as raised:
            folders.store("v1", fail)
        assert raised.value is error
        assert lying(folders) == there
        folders.store("v1", write)
    assert read(folders, "v1") == WHOLE


def lost(folders: Folders) -> None:
    folders.files.rm_file(f"{folders.path('v1')}/parts/names.json")


def changed(folders: Folders) -> None:
    folders.files.pipe_file(f"{folders.path('v1')}/numbers.bin", b"other")


def added(folders: Folders) -> None:
    folders.files.pipe_file(f"{folders.path('v1')}/parts/more.bin", b"")


@pytest.mark.parametrize("damage", [lost, changed, added])
def test_what_is_damaged_is_not_held_and_is_put_right(
    folders: Folders, damage: Callable[[Folders], None]
) -> None:
    digest = folders.store("v1", write)
    other = folders.store("v2", write)
    damage(folders)
    assert not folders.holds("v1", digest)
    assert folders.holds("v2", other)

    assert folders.store("v1", write) == digest
    assert read(folders, "v1") == WHOLE
    assert lying(folders) == ["v1", "v2"]


def test_other_content_takes_the_place_of_a_name(folders: Folders) -> None:
    def write_other(folder: Path) -> None:
        (folder / "a").write_text("1")

    before = folders.store("v1", write)
    after = folders.store("v1", write_other)
    assert after != before
    assert not folders.holds("v1", before)
    assert read(folders, "v1") == {"a": b"1"}


def test_what_is_there_already_is_left_as_it_lies(
    folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders.store("v1", write)
    monkeypatch.setattr(folders, "_move", lambda *_: pytest.fail("it was put there again"))
    folders.store("v1", write)
    assert lying(folders) == ["v1"]


def test_a_folder_is_deleted_once_and_nothing_else(folders: Folders) -> None:
    for name in ("v1", "v2"):
        folders.store(name, write)
    folders.delete("v1")
    folders.delete("v1")
    folders.delete("never")
    assert folders.folders() == ["v2"]
    assert read(folders, "v2") == WHOLE


def test_names_with_a_dot_are_hidden_and_stay(folders: Folders) -> None:
    folders.store("v1", write)
    for path in (".v2.0123/numbers.bin", ".hidden/a"):
        folders.files.makedirs(f"{folders.root}/{path}".rpartition("/")[0], exist_ok=True)
        folders.files.pipe_file(f"{folders.root}/{path}", b"half")
    folders.store("v3", write)
    assert folders.folders() == ["v1", "v3"]
    assert lying(folders) == [".hidden", ".v2.0123", "v1", "v3"]


def test_what_is_missing_has_no_copy(folders: Folders) -> None:
    with folders.copy("v1") as folder:
        assert not folder.exists()
    assert lying(folders) == []


def test_a_copy_from_elsewhere_is_gone_after_it_was_read_and_also_after_a_fault() -> None:
    remote = Folders(f"memory://{uuid4().hex}")
    remote.store("v1", write)
    copies = []

    def look(fault: bool) -> None:
        with remote.copy("v1") as folder:
            copies.append(folder)
            assert folder.is_dir()
            if fault:
                raise ValueError("a bug")

    look(fault=False)
    with pytest.raises(ValueError, match="a bug"):
        look(fault=True)
    assert len(copies) == 2
    assert not any(copy.exists() or copy.parent.exists() for copy in copies)
    assert read(remote, "v1") == WHOLE


def test_a_folder_on_a_disk_is_read_where_it_lies(tmp_path: Path) -> None:
    local = Folders(str(tmp_path / "search"))
    local.store("v1", write)
    with local.copy("v1") as folder:
        assert folder == tmp_path / "search" / "v1"
    assert read(local, "v1") == WHOLE


def test_an_address_says_the_same_with_a_slash_at_its_end(tmp_path: Path) -> None:
    for address in (str(tmp_path / "search"), f"memory://{uuid4().hex}"):
        digest = Folders(f"{address}/").store("v1", write)
        assert Folders(address).holds("v1", digest)
        assert Folders(f"{address}/").address == address


@pytest.mark.parametrize("address", ["nosuch://place", "sftp2://host/x"])
def test_an_address_that_nothing_opens_is_named_in_one_line(address: str) -> None:
    with pytest.raises(StorageError, match="cannot be opened") as error:
        Folders(address)
    assert address in str(error.value)
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_an_upload_that_breaks_off_leaves_what_was_there(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = Folders(str(tmp_path / "x") if kind == "disk" else f"memory://{uuid4().hex}")
    digest = folders.store("v1", write)
    put = type(folders.files).put_file

    def broken(self: fsspec.AbstractFileSystem, local: str, remote: str, **more: object) -> None:
        put(self, local, remote, **more)
        if remote.endswith(".json"):
            raise OSError(104, "Connection reset by peer")

    with monkeypatch.context() as patch:
        patch.setattr(type(folders.files), "put_file", broken)
        for name in ("v1", "v2"):
            with pytest.raises(OSError, match="Connection reset"):
                folders.store(name, write)
    assert lying(folders) == ["v1"]
    assert folders.holds("v1", digest)
