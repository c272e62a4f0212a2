"""Documents and their index on real storage: published, not built twice, put right when damaged."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from uuid import uuid4

import dagster as dg
import pandas as pd
import pytest
import sqlalchemy as sa

from f1_pipeline import clock
from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline.definitions import build_definitions
from f1_pipeline.defs import search as defs
from f1_pipeline.errors import StorageError
from f1_pipeline.search import saved
from f1_pipeline.search.index import Index, search
from f1_pipeline.settings import load_settings
from f1_pipeline.storage import database
from f1_pipeline.storage.folders import Folders
from f1_pipeline.storage.schema import TABLES
from f1_pipeline_tests.defs.pipeline import Pipeline, metadata
from f1_pipeline_tests.search.made_up import DRIVERS, tables
from f1_pipeline_tests.serving.pages.world import World

KEYS = [dg.AssetKey(["search", name]) for name in defs.NAMES]
FILES = ("search.json", "search.npz")


class Searched(Pipeline):
    """The layer search alone, on tables that hold three races."""

    def made(self) -> dict[str, dict[str, object]]:
        """What a run says of each table, once all checks have passed."""
        done = self.definitions.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=self.instance,
            asset_selection=KEYS,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
        checks = done.get_asset_check_evaluations()
        assert {check.asset_key for check in checks} == set(KEYS)
        assert all(check.passed for check in checks)
        return {name: metadata(done, f"search/{name}")[0] for name in defs.NAMES}

    def changed(self) -> dict[str, object]:
        return {name: said["changed"] for name, said in self.made().items()}

    @property
    def row(self) -> dict[str, object]:
        """The index that is in force."""
        (row,) = self.warehouse.read("search_index").to_dict("records")
        return row

    @property
    def folders(self) -> Folders:
        return Folders(load_settings().search_store)

    @property
    def index(self) -> Index:
        """As whoever answers takes it."""
        version, digest = str(self.row["version"]), str(self.row["artifact_sha256"])
        assert self.folders.holds(version, digest)
        with self.folders.copy(version) as folder:
            return saved.load(folder)

    @property
    def folder(self) -> Path:
        return Path(self.folders.path(str(self.row["version"])))

    def found(self, query: str) -> list[str]:
        return [hit.document_id for hit in search(self.index, query)]

    def publish(self, **frames: pd.DataFrame) -> None:
        self.warehouse.publish(frames, run_id="test", at=clock.now())

    def update(self, table: str, where: Mapping[str, object], **values: object) -> None:
        """Publish rows otherwise, as a correction of a result does."""
        rows = self.warehouse.read(table)
        fits = pd.Series(True, index=rows.index)
        for name, value in where.items():
            fits &= rows[name].eq(value).fillna(False)
        assert fits.any()
        rows.loc[fits, list(values)] = list(values.values())
        event = str(where["event_id"])
        mine = rows[rows["event_id"].eq(event)]
        self.warehouse.publish({table: mine}, run_id="test", at=clock.now(), of={table: {event}})

    def empty(self, *tables: str) -> None:
        """Withdraw all rows of tables."""
        gone = {name: self.warehouse.read(name).iloc[:0] for name in tables}
        self.warehouse.publish(gone, run_id="test", at=clock.now())


def _fill(home: Searched) -> None:
    """The tables of the races made up, published as the pipeline does."""
    world, rows = World.at(home.warehouse.url), tables()
    rows["caution_figures"]["number"] = range(1, 1 + len(rows["caution_figures"]))
    teams = [team for *_, team in DRIVERS]
    rows["constructors"] = pd.DataFrame({"constructor_id": teams, "name": ["A", "B", "C", "D"]})
    for name, frame in rows.items():
        # What is not told of a row is left out: the world fills it in.
        told = ({k: v for k, v in row.items() if pd.notna(v)} for row in frame.to_dict("records"))
        world.add(name, *told)
    frames = home.warehouse.read_many(list(rows))
    with database.writing(world.url) as connection:
        for name in rows:
            connection.execute(sa.delete(TABLES[name]))
    home.publish(**frames)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the layer was made once; copied by each test."""
    folder = tmp_path_factory.mktemp("search") / "data"
    with pytest.MonkeyPatch.context() as patch, dg.DagsterInstance.ephemeral() as instance:
        patch.setenv("F1_DATA_DIR", str(folder))
        first = Searched(instance)
        first.warehouse.read("events")
        _fill(first)
        first.made()
        database.engine_for(first.warehouse.url).dispose()
    return folder


@pytest.fixture
def home(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Searched]:
    shutil.copytree(made, tmp_path / "home")
    monkeypatch.setenv("F1_DATA_DIR", str(tmp_path / "home"))
    with dg.DagsterInstance.ephemeral() as instance:
        yield Searched(instance)


def _state(folder: Path) -> dict[str, tuple[int, int]]:
    """Which files they are, and when each was written."""
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
    }


def test_documents_likenesses_and_an_index_are_published(home: Searched) -> None:
    stored = home.warehouse.read_many(list(defs.NAMES))
    for name, rows in stored.items():
        check(rows, CONTRACTS[name])
    assert [len(stored[name]) for name in defs.NAMES] == [10, 3, 4, 1]
    assert (home.row["documents"], home.row["version"]) == (13, home.index.version)
    assert home.row["terms"] == len(home.index.driver.ranking.terms)
    assert sorted(path.name for path in home.folder.iterdir()) == list(FILES)
    assert home.found("won in the wet") == ["2021-belgium/lewis-hamilton"]
    assert home.found("Hamilton in 2012") == []
    won = stored["driver_documents"].set_index("document_id").loc["2021-belgium/lewis-hamilton"]
    assert "Lewis Hamilton (British), A, 2021 Belgium Grand Prix" in won["text"]


def test_the_same_documents_are_the_same_index_and_nothing_is_built(
    home: Searched, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, files = home.row, _state(home.folder.parent)
    monkeypatch.setattr(saved, "save", lambda *_: pytest.fail("it was built again"))
    for _ in range(2):
        assert set(home.changed().values()) == {0}
        assert home.row == row
        assert _state(home.folder.parent) == files


def test_a_result_that_changes_is_another_index_beside_the_one_before(home: Searched) -> None:
    row, files = home.row, _state(home.folder)
    winner = {"event_id": "2021-belgium", "driver_id": "lewis-hamilton"}
    home.update("race_results", winner, points=26.0)
    changed = home.changed()
    assert changed == {
        "driver_documents": 1,
        "race_documents": 0,
        "alike_races": 0,
        "search_index": 1,
    }
    assert home.row["version"] != row["version"]
    assert home.row["artifact_sha256"] != row["artifact_sha256"]
    assert "scored 26 points" in search(home.index, "won in the wet")[0].text
    # Whoever reads the one before goes on reading it.
    before = Path(home.folders.path(str(row["version"])))
    assert _state(before) == files
    assert home.folders.folders() == sorted([str(row["version"]), str(home.row["version"])])

    # The result as it was is the index as it was, which lies there still.
    home.update("race_results", winner, points=25.0)
    assert home.changed()["search_index"] == 1
    assert home.row == row
    assert _state(before) == files


def _lost(folder: Path) -> None:
    (folder / "search.json").unlink()


def _all_lost(folder: Path) -> None:
    shutil.rmtree(folder)


def _all_of_them_lost(folder: Path) -> None:
    shutil.rmtree(folder.parent)


def _cut_off(folder: Path) -> None:
    file = folder / "search.npz"
    file.write_bytes(file.read_bytes()[:-100])


def _added(folder: Path) -> None:
    (folder / "more.json").write_text("{}")


@pytest.mark.parametrize("damage", [_lost, _all_lost, _all_of_them_lost, _cut_off, _added])
def test_files_that_are_damaged_or_gone_are_built_again(
    home: Searched, damage: Callable[[Path], None]
) -> None:
    row = home.row
    damage(home.folder)
    assert not home.folders.holds(str(row["version"]), str(row["artifact_sha256"]))
    assert home.changed()["driver_documents"] == 0
    assert home.row["version"] == row["version"]
    assert home.found("won in the wet") == ["2021-belgium/lewis-hamilton"]
    assert sorted(path.name for path in home.folder.iterdir()) == list(FILES)


def test_a_row_that_is_gone_is_written_again(home: Searched) -> None:
    row = home.row
    home.empty("search_index")
    assert home.changed()["search_index"] == 1
    assert home.row["version"] == row["version"]
    assert home.found("won in the wet") == ["2021-belgium/lewis-hamilton"]


def _store_old(folders: Folders, *names: str) -> None:
    """Older indexes, the last named the newest; all before the one that is made next."""

    def write(folder: Path) -> None:
        (folder / "search.json").write_text("{}")

    for age, name in enumerate(reversed(names), start=1):
        folders.store(name, write)
        folder = Path(folders.path(name))
        for path in (folder, *folder.iterdir()):
            os.utime(path, (1e9 - age, 1e9 - age))


def test_only_the_newest_indexes_are_kept(home: Searched) -> None:
    before = str(home.row["version"])
    # Names say nothing of age.
    _store_old(home.folders, "c", "a", "d", "b")
    home.update("race_results", {"event_id": "2021-monaco", "position": 1}, points=26.0)
    home.made()
    assert defs.KEPT == 3
    assert set(home.folders.folders()) == {str(home.row["version"]), before, "b"}
    # Where nothing is built nothing is removed.
    _store_old(home.folders, "c", "a")
    home.made()
    assert {"a", "b", "c"} <= set(home.folders.folders())


def test_old_indexes_that_cannot_be_removed_hinder_nothing(
    home: Searched, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Folders, name: str) -> None:
        raise PermissionError(13, "Permission denied")

    _store_old(home.folders, "c", "a", "d", "b")
    monkeypatch.setattr(Folders, "delete", refuse)
    home.update("race_results", {"event_id": "2021-monaco", "position": 1}, points=26.0)
    assert home.changed()["search_index"] == 1
    assert home.found("won in the wet") == ["2021-belgium/lewis-hamilton"]
    assert len(home.folders.folders()) == 6


def test_an_address_that_cannot_be_written_is_one_line_and_the_row_stays(home: Searched) -> None:
    row = home.row
    shutil.rmtree(home.folder.parent)
    home.folders.files.touch(home.folders.root)  # a file stands where folders belong
    for _ in range(2):
        with pytest.raises(StorageError, match="search index cannot be stored") as error:
            home.made()
        said = str(error.value)
        assert len(said.splitlines()) == 1
        assert "F1_DATA_DIR" in said
        assert home.folders.address in said
        assert home.row == row
    home.folders.files.rm(home.folders.root)
    home.made()
    assert home.found("won in the wet") == ["2021-belgium/lewis-hamilton"]


def test_a_disk_that_is_full_leaves_the_index_that_was_in_force(
    home: Searched, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, files = home.row, _state(home.folder.parent)

    def full(index: Index, folder: Path) -> None:
        (folder / "search.npz").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    home.update("race_results", {"event_id": "2021-monaco", "position": 1}, points=26.0)
    with monkeypatch.context() as patch:
        patch.setattr(saved, "save", full)
        with pytest.raises(StorageError, match=r"No space left on device.*free some space"):
            home.made()
    assert home.row == row
    assert _state(home.folder.parent) == files
    assert home.found("won in the wet") == ["2021-belgium/lewis-hamilton"]
    home.made()
    assert home.row["version"] != row["version"]


def test_an_index_goes_to_any_address_and_comes_back(
    home: Searched, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, url = home.row, home.warehouse.url
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("F1_DATA_DIR", f"memory://{uuid4().hex}")
    home.made()
    assert home.folders.folders() == [str(home.row["version"])] == [row["version"]]
    assert home.found("won in the wet") == ["2021-belgium/lewis-hamilton"]


def test_without_results_there_are_no_documents_and_an_index_that_answers_nothing(
    home: Searched,
) -> None:
    row = home.row
    home.empty("race_results")
    said = home.made()
    assert [said[name]["dagster/row_count"] for name in defs.NAMES] == [0, 0, 0, 1]
    assert [said[name]["withdrawn"] for name in defs.NAMES[:2]] == [3, 3]
    assert said["driver_documents"]["one of them"] == ""
    assert (home.row["documents"], home.row["terms"]) == (0, 0)
    assert home.row["version"] != row["version"]
    for query in ("won in the wet", "Hamilton", "rain", "triumph in the principality", "zzz"):
        assert home.found(query) == []
        assert search(home.index, query, of="race") == []
    assert set(home.changed().values()) == {0}


def test_nothing_at_all_is_searched_too(home: Searched) -> None:
    home.empty(*tables())
    assert [said["dagster/row_count"] for said in home.made().values()] == [0, 0, 0, 1]
    assert home.found("Hamilton") == []


def test_a_circuit_that_is_new_since_the_archive_is_searched_by_what_is_known(
    home: Searched,
) -> None:
    """The calendar names it before its first race: without its full name and its country."""
    known = home.warehouse.read("circuits")
    new = {"circuit_id": "madring", "name": "Madring", "circuit_type": "RACE"}
    row = pd.DataFrame([new], columns=known.columns).astype(known.dtypes)
    home.publish(circuits=pd.concat([known, row], ignore_index=True))
    assert home.changed()["search_index"] == 1
    home.update("events", {"event_id": "2021-belgium"}, circuit_id="madring")
    home.made()
    (hit,) = search(home.index, "won in the wet")
    assert "at Madring. Started" in hit.text


def test_only_the_newest_are_kept_at_an_address_that_is_no_folder(
    home: Searched, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = home.warehouse.url
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("F1_DATA_DIR", f"memory://{uuid4().hex}")
    for points in range(26, 26 + defs.KEPT + 1):
        home.update("race_results", {"event_id": "2021-monaco", "position": 1}, points=points)
        home.made()
    assert len(home.folders.folders()) == defs.KEPT
    assert str(home.row["version"]) in home.folders.folders()


def test_a_race_without_figures_is_found_by_its_result(home: Searched) -> None:
    home.empty("stint_figures", "race_figures", "caution_figures")
    assert home.changed()["search_index"] == 1
    assert home.found("won in the wet") == []
    assert home.found("Hamilton won") == ["2021-belgium/lewis-hamilton"]
    assert "from the pit lane" in search(home.index, "Hamilton won")[0].text


@pytest.mark.parametrize(
    "job", ["refresh", "take_in", "update_timing", "update_event", "update_tables"]
)
def test_documents_follow_wherever_results_are_made(job: str) -> None:
    selected = build_definitions().resolve_job_def(job).asset_layer.executable_asset_keys
    assert {key.to_user_string() for key in selected} >= {f"search/{name}" for name in defs.NAMES}
