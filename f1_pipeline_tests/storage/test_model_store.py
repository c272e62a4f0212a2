"""A fit is stored whole or not at all, read only as it was stored, and put in force by a row."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from f1_pipeline.errors import StorageError
from f1_pipeline.storage.folders import folder_hash
from f1_pipeline.storage.model_store import ModelStore
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
    return ModelStore(str(tmp_path / "not yet" / "models"), warehouse)


@pytest.fixture
def remote(warehouse) -> ModelStore:
    """At an address that is no folder, as s3:// is none."""
    return ModelStore(f"memory://models-{uuid4().hex}", warehouse)


def names(store: ModelStore) -> list[str]:
    """All that lies there, staging folders too."""
    return sorted(path.rpartition("/")[2] for path in store.files.ls(store.root, detail=False))


def promote(store: ModelStore, version: str, at: datetime = AT, action: str = "gate") -> None:
    store.promote(version, at, action=action, by="ada", reason="better")


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
    assert row["artifact_sha256"] == folder_hash(Path(store.path("v1")))


def test_a_fit_goes_to_any_address_and_comes_back(remote):
    remote.save(facts("v1"), write, AT)

    assert names(remote) == remote.folders() == ["v1"]
    assert remote.load("v1", read) == b"weights{}"
    assert not remote.has("v2")

    remote.files.pipe_file(f"{remote.path('v1')}/win.bin", b"weigh")
    with pytest.raises(StorageError, match="missing or was changed"):
        remote.load("v1", read)

    remote.save(facts("v1"), write, LATER)
    assert remote.load("v1", read) == b"weights{}"
    remote.remove("v1")
    assert remote.folders() == []


def test_two_that_store_the_same_fit_at_once_leave_it_whole(store, monkeypatch):
    store.save(facts("v1"), write, AT)
    # As the second one sees it: nothing there when it looks, and the other's folder a moment later.
    monkeypatch.setattr(store, "holds", lambda *_: False)

    store.save(facts("v1"), write, LATER)

    monkeypatch.undo()
    assert names(store) == ["v1"]
    assert store.load("v1", read) == b"weights{}"


def rows_of(store):
    """All rows but the counts of writes, which an artifact that is entered again raises."""
    return {n: rows for n, rows in state(store.warehouse.url).items() if n != "table_revisions"}


def test_a_fit_that_is_stored_again_keeps_its_row(store):
    store.save(facts("v1"), write, AT)
    promote(store, "v1")
    before = rows_of(store)

    store.save(facts("v1"), write, LATER)

    assert rows_of(store) == before


def test_the_one_in_force_is_the_one_that_was_promoted_last(store):
    for version in ("v1", "v2", "v3"):
        store.save(facts(version), write, AT)
    assert store.champion() is None

    promote(store, "v1")
    assert store.champion()["model_version"] == "v1"
    promote(store, "v3", LATER)
    stages = store.warehouse.read("models").set_index("model_version")["stage"].to_dict()
    assert stages == {"v1": "retired", "v2": "challenger", "v3": "champion"}
    champion = store.champion()
    assert (champion["model_version"], champion["promoted_at"]) == ("v3", LATER)

    # Back again, and twice: there is always one, and the second time nothing has changed.
    promote(store, "v1", LATER + timedelta(days=1))
    promote(store, "v1", LATER + timedelta(days=2))
    assert store.champion()["model_version"] == "v1"
    assert len(store.warehouse.read("promotions")) == 3
    assert store.warehouse.read("models")["stage"].eq("champion").sum() == 1


def test_every_promotion_is_written_down_and_leads_back(store):
    for version in ("v1", "v2", "v3"):
        store.save(facts(version), write, AT)
        promote(store, version)
    assert [store.parent(version) for version in ("v1", "v2", "v3")] == [None, "v1", "v2"]

    # Going back is no new parent: one can go back further.
    promote(store, "v2", LATER, action="rollback")
    assert store.parent("v2") == "v1"

    history = store.warehouse.read("promotions")
    assert list(history["promotion"]) == [1, 2, 3, 4]
    assert list(history["model_version"]) == ["v1", "v2", "v3", "v2"]
    assert list(history["parent"].fillna("")) == ["", "v1", "v2", "v3"]
    assert set(history["promoted_by"]) == {"ada"}


def test_a_recipe_is_in_force_with_its_fit(store):
    for version, recipe in (("v1", "r1"), ("v2", "r2")):
        store.register(recipe, "{}", 1, "code", AT)
        store.save(facts(version) | {"recipe": recipe}, write, AT)
    assert store.recipe("r1")["stage"] == "challenger"

    promote(store, "v1")
    promote(store, "v2", LATER)

    stages = {r: store.recipe(r)["stage"] for r in ("r1", "r2")}
    assert stages == {"r1": "retired", "r2": "champion"}
    assert store.recipe("r1")["changed_at"] == LATER
    # Registered again, it keeps its stage, and gets the parameters that were not known.
    store.register("r2", '{"a": 1}', 2, "tuning", LATER)
    kept = store.recipe("r2")
    assert (kept["stage"], kept["origin"], kept["parameters"]) == ("champion", "code", '{"a": 1}')
    assert store.recipe("r3") is None


def test_promoting_what_is_not_there_changes_nothing(store):
    store.save(facts("v1"), write, AT)
    promote(store, "v1")
    store.save(facts("v2"), write, AT)
    store.files.rm(store.path("v2"), recursive=True)
    store.files.makedirs(store.path("v3"))
    before = state(store.warehouse.url)

    for version, complaint in (
        ("v2", "missing or was changed"),  # a row without a file
        ("v3", "no model v3 is registered, though a folder"),  # a file without a row
        ("v4", "no model v4 is registered: "),
    ):
        with pytest.raises(StorageError, match=complaint):
            promote(store, version, LATER)

    assert state(store.warehouse.url) == before
    assert store.champion()["model_version"] == "v1"


def test_the_one_in_force_is_not_removed(store):
    for version in ("v1", "v2"):
        store.save(facts(version), write, AT)
    promote(store, "v2")

    store.remove("v1")
    store.remove("v1")
    with pytest.raises(StorageError, match="v2 is in force"):
        store.remove("v2")

    assert store.folders() == ["v2"]
    assert store.load("v2", read) == b"weights{}"


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
        damage(Path(store.path("v1")))

        assert not store.has("v1"), damage
        with pytest.raises(StorageError, match=r"v1 under .* is missing or was changed") as error:
            store.load("v1", lambda _: pytest.fail("it was read"))
        assert "launch the job refresh" in str(error.value)

        # Stored again it is whole.
        store.save(facts("v1"), write, LATER)
        assert store.load("v1", read) == b"weights{}"
        assert len(store.warehouse.read("models")) == 1


def test_an_artifact_without_its_row_does_not_count(store):
    store.save(facts("v1"), write, AT)
    stranger = Path(store.path("v2"))
    stranger.mkdir()
    write(stranger)

    assert not store.has("v2")
    with pytest.raises(StorageError):
        store.load("v2", read)


def test_a_disk_that_fills_up_while_a_fit_is_stored_leaves_what_was_there(store, monkeypatch):
    store.save(facts("v1"), write, AT)
    promote(store, "v1")
    before = state(store.warehouse.url)
    put = type(store.files).put_file

    def full(self: Any, local: str, remote: str, **more: Any) -> None:
        put(self, local, remote, **more)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(store.files), "put_file", full)
    for version in ("v1", "v2"):
        with pytest.raises(StorageError, match="No space left on device") as error:
            store.save(facts(version), write, LATER)
        assert "MODEL_STORAGE_PATH" in str(error.value)

    assert state(store.warehouse.url) == before
    assert names(store) == ["v1"]
    assert store.load("v1", read) == b"weights{}"


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
    store = ModelStore(str(tmp_path / "file" / "models"), warehouse)

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
