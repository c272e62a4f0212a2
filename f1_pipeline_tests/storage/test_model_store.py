"""A fit is stored whole or not at all, read only as it was stored, and put in force by a row."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from f1_pipeline.errors import StorageError
from f1_pipeline.storage.model_store import ModelStore, folder_hash
from f1_pipeline_tests.storage.rows import AT, LATER, state


def facts(version: str) -> dict[str, Any]:
    return {
        "model_version": version,
        "recipe": "r1",
        "data_version": "d1",
        "first_event": "2023-australia",
        "last_event": "2024-monaco",
        "races": 30,
    }


def write(folder: Path) -> None:
    (folder / "win.bin").write_bytes(b"weights")
    (folder / "parts").mkdir()
    (folder / "parts" / "hazard.json").write_text("{}")


def read(folder: Path) -> bytes:
    return (folder / "win.bin").read_bytes() + (folder / "parts" / "hazard.json").read_bytes()


@pytest.fixture
def store(warehouse, tmp_path) -> ModelStore:
    return ModelStore(tmp_path / "not yet" / "models", warehouse)


def names(store: ModelStore) -> list[str]:
    return sorted(path.name for path in store.root.iterdir())


def test_a_fit_is_stored_registered_and_read(store):
    assert not store.has("v1")

    store.save(facts("v1"), write, AT)

    assert store.has("v1")
    assert not store.has("v2")
    assert store.load("v1", read) == b"weights{}"
    assert names(store) == ["v1"]
    (row,) = store.warehouse.read("models").to_dict("records")
    assert row["stage"] == "challenger"
    assert row["created_at"] == row["promoted_at"] == AT
    assert {key: row[key] for key in facts("v1")} == facts("v1")
    assert row["artifact_sha256"] == folder_hash(store.root / "v1")


def test_the_one_in_force_is_the_one_that_was_promoted_last(store):
    for version in ("v1", "v2", "v3"):
        store.save(facts(version), write, AT)
    assert store.champion() is None

    store.promote("v1", AT)
    assert store.champion()["model_version"] == "v1"
    store.promote("v3", LATER)
    stages = store.warehouse.read("models").set_index("model_version")["stage"].to_dict()
    assert stages == {"v1": "retired", "v2": "challenger", "v3": "champion"}
    champion = store.champion()
    assert (champion["model_version"], champion["promoted_at"]) == ("v3", LATER)

    # Back again, and twice: there is always one.
    store.promote("v1", LATER + timedelta(days=1))
    store.promote("v1", LATER + timedelta(days=2))
    assert store.champion()["model_version"] == "v1"
    assert store.warehouse.read("models")["stage"].eq("champion").sum() == 1


def test_promoting_what_is_not_registered_changes_nothing(store):
    store.save(facts("v1"), write, AT)
    store.promote("v1", AT)
    before = state(store.warehouse.url)

    with pytest.raises(StorageError, match="no model v2 is registered"):
        store.promote("v2", LATER)

    assert state(store.warehouse.url) == before


def changed(folder: Path) -> None:
    (folder / "win.bin").write_bytes(b"other weights")


def file_lost(folder: Path) -> None:
    (folder / "parts" / "hazard.json").unlink()


def file_added(folder: Path) -> None:
    (folder / "more.bin").write_bytes(b"")


def file_renamed(folder: Path) -> None:
    (folder / "win.bin").rename(folder / "loss.bin")


def all_lost(folder: Path) -> None:
    for file in ("win.bin", "parts/hazard.json"):
        (folder / file).unlink()
    (folder / "parts").rmdir()
    folder.rmdir()


def test_an_artifact_that_is_not_as_it_was_stored_is_refused(store):
    for damage in (changed, file_lost, file_added, file_renamed, all_lost):
        store.save(facts("v1"), write, AT)
        damage(store.root / "v1")

        assert not store.has("v1"), damage
        with pytest.raises(StorageError, match=r"v1 under .* is missing or was changed") as error:
            store.load("v1", lambda _: pytest.fail("it was read"))
        assert "materialize model/champion again" in str(error.value)

        # Stored again it is whole.
        store.save(facts("v1"), write, LATER)
        assert store.load("v1", read) == b"weights{}"
        assert len(store.warehouse.read("models")) == 1


def test_an_artifact_without_its_row_does_not_count(store):
    store.save(facts("v1"), write, AT)
    stranger = store.root / "v2"
    stranger.mkdir()
    write(stranger)

    assert not store.has("v2")
    with pytest.raises(StorageError):
        store.load("v2", read)


def test_a_write_that_fails_leaves_no_folder_and_no_row(store):
    store.save(facts("v1"), write, AT)
    before = state(store.warehouse.url)

    def fail(error: Exception) -> Callable[[Path], None]:
        def fail_late(folder: Path) -> None:
            write(folder)
            raise error

        return fail_late

    for version in ("v1", "v2"):
        with pytest.raises(StorageError) as refused:
            store.save(facts(version), fail(OSError(28, "No space left on device")), LATER)
        assert "No space left on device" in str(refused.value)
        assert "MODEL_STORAGE_PATH" in str(refused.value)
        assert len(str(refused.value).splitlines()) == 1
        with pytest.raises(ValueError, match="a bug"):
            store.save(facts(version), fail(ValueError("a bug")), LATER)

    assert state(store.warehouse.url) == before
    assert names(store) == ["v1"]
    assert store.load("v1", read) == b"weights{}"


def test_a_place_that_cannot_be_written_is_named(warehouse, tmp_path):
    (tmp_path / "file").write_text("mine")
    store = ModelStore(tmp_path / "file" / "models", warehouse)

    with pytest.raises(StorageError, match="MODEL_STORAGE_PATH") as error:
        store.save(facts("v1"), write, AT)

    assert str(tmp_path / "file") in str(error.value)
    assert warehouse.read("models").empty


def test_the_hash_of_a_folder_follows_names_and_contents(tmp_path):
    hashes = set()
    for number, files in enumerate(
        [{"a": "1"}, {"a": "2"}, {"b": "1"}, {"a": "1", "b": ""}, {"x/a": "1"}, {}]
    ):
        folder = tmp_path / str(number)
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content)
        hashes.add(folder_hash(folder))
        assert folder_hash(folder) == folder_hash(folder)
    assert len(hashes) == 6
