"""Retention of artifacts: what is needed stays whatever its age and its file times; what goes is
listed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pandas as pd
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Connection

from f1_pipeline import clock
from f1_pipeline.errors import StorageError
from f1_pipeline.storage import database
from f1_pipeline.storage.folders import folder_hash
from f1_pipeline.storage.model_store import ModelStore
from f1_pipeline.storage.retention import (
    NEWEST,
    Registry,
    Removal,
    Removals,
    remove_artifacts,
    staying,
)
from f1_pipeline.storage.schema import METADATA
from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline_tests.storage.fits import (
    BEFORE,
    DAYS,
    FACTS,
    NOW,
    STAYING,
    WEIGHTS,
    ago,
    all_names,
    fill,
    filled,
    fit,
    intact,
    listed,
    promote,
    put,
    set_times,
    sweep,
)
from f1_pipeline_tests.storage.rows import prediction, predictions


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("F1_NOW", NOW.isoformat())


@pytest.fixture
def store(warehouse: Warehouse, tmp_path: Path) -> ModelStore:
    return ModelStore(str(tmp_path / "models"), warehouse)


@pytest.fixture(params=["folder", "memory"])
def anywhere(request: pytest.FixtureRequest, store: ModelStore) -> Iterator[ModelStore]:
    """In a folder, and where there are no folders."""
    if request.param == "folder":
        yield filled(store)
        return
    made = ModelStore(f"memory://{uuid4().hex}", store.warehouse)
    yield filled(made)
    made.files.rm(made.root, recursive=True)


@pytest.fixture
def old(store: ModelStore) -> ModelStore:
    return filled(store)


ages = st.one_of(st.integers(-30, 500), st.sampled_from([0, 90, 91, 400]))
instants = ages.map(ago)


@st.composite
def registries(draw: st.DrawFn) -> Registry:
    fits = [fit(number) for number in range(draw(st.integers(0, 14)))]
    # A name that is not registered: a parent of long ago, a forecast of a fit made on the spot.
    names = st.sampled_from([*fits, "as-of-2024-monaco"])
    return Registry(
        created={name: draw(instants) for name in fits},
        mentioned=draw(st.dictionaries(names, instants)),
        champion=draw(st.sampled_from([*fits, None])),
        parent=draw(st.none() | names),
    )


@given(registries())
def test_what_stays_is_what_is_in_force_or_before_it_or_new_or_named(registry: Registry) -> None:
    stay = staying(registry, BEFORE)

    gone = set(registry.created) - set(stay)
    assert {registry.champion, registry.parent} & set(registry.created) <= set(stay)
    assert len(stay) >= min(NEWEST, len(registry.created))
    for name in gone:
        assert registry.created[name] < BEFORE
        assert registry.mentioned.get(name, ago(9999)) < BEFORE
        newer = [n for n, at in registry.created.items() if at >= registry.created[name]]
        assert len(set(newer) - {name}) >= NEWEST
    assert set(stay) <= set(registry.created)
    if registry.champion:
        assert stay[registry.champion] == "in force"


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    created=st.lists(ages, min_size=1, max_size=10),
    promoted=st.lists(
        st.tuples(st.integers(0, 9), ages, st.sampled_from(["gate", "rollback"])), max_size=6
    ),
    times=st.lists(st.sampled_from([0.0, 1e9, 5e9]), min_size=10, max_size=10),
)
def test_the_champion_its_parent_and_the_last_five_keep_their_artifacts(
    store: ModelStore,
    created: list[int],
    promoted: list[tuple[int, int, str]],
    times: list[float],
) -> None:
    """Whatever the ages, the promotions and the times of the files."""
    empty(store)
    fits = {fit(number): days for number, days in enumerate(created)}
    fill(store, created, [(number % len(fits), days, action) for number, days, action in promoted])
    for name, time in zip(fits, times, strict=False):
        set_times(store, name, time)
    champion = store.champion()

    removed, kept = sweep(store)

    last = sorted(fits, key=lambda name: (-fits[name], name), reverse=True)[:5]
    needed = {*last, *(name for name, days in fits.items() if days <= DAYS)}
    if champion is not None:
        needed |= {champion["model_version"], store.parent(champion["model_version"])} - {None}
        assert store.champion() == champion
    assert needed <= held(store, *fits) == set(kept)
    assert {removal.name for removal in removed} == set(fits) - set(kept)
    assert set(listed(store)["name"]) == set(fits) - set(kept)


def held(store: ModelStore, *names: str) -> set[str]:
    """Those of the fits whose files are as they were written."""
    whole = FACTS["artifact_sha256"]
    return {name for name in names if folder_hash(Path(store.path(name))) == whole}


def empty(store: ModelStore) -> None:
    with database.writing(store.warehouse.url) as connection:
        for name in ("models", "promotions", "removals"):
            connection.execute(sa.delete(METADATA.tables[f"f1.{name}"]))
    if store.files.isdir(store.root):
        store.files.rm(store.root, recursive=True)


def test_what_nothing_keeps_goes_and_is_listed(anywhere: ModelStore) -> None:
    old = anywhere
    registered = old.warehouse.read("models")

    removed, kept = sweep(old)

    assert intact(old) == set(kept) == STAYING == set(old.folders())
    assert kept[fit(1)] == "in force"
    assert "rollback" in kept[fit(0)]
    rows = listed(old).set_index("name")
    assert set(rows.index) == {fit(2), fit(3), fit(4)} == {removal.name for removal in removed}
    assert set(rows["bytes"]) == {len(WEIGHTS)}
    assert set(rows["run_id"]) == {"run-1"}
    assert set(rows["removed_at"]) == {NOW}
    assert rows.loc[fit(2), "reason"] == "stored on 2025-10-19, and nothing keeps it"
    # The registry is history.
    pd.testing.assert_frame_equal(old.warehouse.read("models"), registered)

    assert sweep(old)[0] == []
    assert len(listed(old)) == 3


@pytest.mark.parametrize("time", [0.0, 4e9], ids=["1970", "2096"])
def test_file_times_change_nothing(old: ModelStore, time: float) -> None:
    for number in range(10):
        set_times(old, fit(number), time)
    sweep(old)
    assert intact(old) == STAYING


def decision(**given: Any) -> pd.DataFrame:
    row = {
        "decision": "d1",
        "kind": "gate",
        "decided_at": ago(10),
        "recipe": "r1",
        "accepted": False,
        "races": 24,
        "horizon": "all",
        "against": "limit",
        "metric": "races",
        "bound": 40.0,
        "passed": False,
    }
    return pd.DataFrame([row | given])


def test_what_a_young_row_names_stays(old: ModelStore) -> None:
    promote(old, fit(4))
    promote(old, fit(1), action="rollback")
    columns = [column.name for column in METADATA.tables["f1.gate_decisions"].columns]
    named = decision(model_version=fit(3)).reindex(columns=columns)
    old.warehouse.append({"gate_decisions": named})
    forecast = prediction(model_version=fit(2), generated_at=ago(5), event_starts_at=ago(4))
    old.warehouse.publish({"race_predictions": predictions(forecast)}, run_id="r", at=ago(5))

    assert sweep(old) == ([], staying_now(old))
    assert intact(old) == {fit(number) for number in range(10)}


def staying_now(store: ModelStore) -> dict[str, str]:
    young = "a younger row names it"
    new = dict.fromkeys((fit(number) for number in range(5, 10)), "one of the 5 newest")
    return {
        **{fit(number): young for number in (2, 3, 4)},
        **new,
        fit(1): "in force",
        fit(0): "the one before it: a rollback goes there",
    }


def test_what_is_put_in_force_after_the_choice_stays(old: ModelStore) -> None:
    """The first removal has been made when the next of the chosen ones is promoted."""
    lines = []

    def log(line: str) -> None:
        lines.append(line)
        if len(lines) == 1:
            promote(old, fit(3))

    removed, _ = remove_artifacts(old, DAYS, Removals(old.warehouse.url, "run-1"), log)

    assert lines[0].startswith(f"removed the artifact of {fit(2)}")
    assert [removal.name for removal in removed] == [fit(2), fit(4)] == list(listed(old)["name"])
    assert old.champion()["model_version"] == fit(3)  # type: ignore[index]
    assert old.load(fit(3), lambda folder: (folder / "win.bin").read_bytes()) == WEIGHTS
    assert intact(old) == STAYING | {fit(3)}


def test_a_promotion_that_waits_for_retention_does_not_put_a_lost_fit_in_force(
    old: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has begun, and retention is the first of the two to write."""
    writing = database.writing

    @contextmanager
    def after_retention(url: str) -> Iterator[Connection]:
        monkeypatch.setattr(database, "writing", writing)
        sweep(old)
        with writing(url) as connection:
            yield connection

    monkeypatch.setattr(database, "writing", after_retention)
    with pytest.raises(StorageError, match=f"the artifact of model {fit(3)} .* is missing"):
        promote(old, fit(3))

    assert old.champion()["model_version"] == fit(1)  # type: ignore[index]
    assert intact(old) == STAYING


def test_a_removal_that_is_interrupted_is_finished_and_listed(
    old: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove = ModelStore.remove

    def killed(store: ModelStore, name: str) -> None:
        remove(store, name)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ModelStore, "remove", killed)
        with pytest.raises(KeyboardInterrupt):
            sweep(old)
    assert fit(2) not in old.folders()
    assert listed(old).empty

    sweep(old)

    rows = listed(old).set_index("name")
    assert set(rows.index) == {fit(2), fit(3), fit(4)}
    assert rows.loc[fit(2), "reason"].endswith("its files were gone already")
    assert rows["bytes"].isna().to_dict() == {fit(2): True, fit(3): False, fit(4): False}
    assert intact(old) == STAYING


def test_a_file_that_cannot_be_deleted_is_named(
    old: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str, recursive: bool) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(old.files, "rm", refuse, raising=False)
    with pytest.raises(StorageError, match=f"{fit(2)} cannot be deleted .Permission denied"):
        sweep(old)
    assert listed(old).empty


STAGED = f".{fit(3)}.{uuid4().hex}"
STRANGER = fit(77)


def later(monkeypatch: pytest.MonkeyPatch, days: float) -> None:
    """Real time goes on: the times of files are as old as that."""
    wall = datetime.now(UTC) + timedelta(days=days)
    monkeypatch.setattr(clock, "wall", lambda: wall)


def test_what_saves_have_left_behind_goes_once_it_is_old(
    anywhere: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = anywhere
    sweep(store)
    put(store, STAGED, STRANGER, "notes", ".cache", f"{fit(3)}.{uuid4().hex}")
    store.files.pipe_file(store.path(fit(88)), b"a file")
    others = set(all_names(store)) - {STAGED, STRANGER}

    # A save that is under way, however far the clock is put forward.
    later(monkeypatch, DAYS - 1)
    monkeypatch.setenv("F1_NOW", "2199-01-01T00:00:00Z")
    assert sweep(store)[0] == []
    assert set(all_names(store)) == {*others, STAGED, STRANGER}

    later(monkeypatch, DAYS + 1)
    assert {removal.name for removal in sweep(store)[0]} == {STAGED, STRANGER}
    assert set(all_names(store)) == others >= STAYING
    rows = listed(store).set_index("name")
    assert set(rows.loc[[STAGED, STRANGER], "bytes"]) == {len(WEIGHTS)}
    assert rows.loc[STAGED, "reason"].startswith("no fit is registered for it")


def write(folder: Path) -> None:
    (folder / "win.bin").write_bytes(WEIGHTS)


@pytest.mark.parametrize("time", [0.0, 4e9], ids=["1970", "2096"])
def test_a_copy_with_old_file_times_is_as_new_as_it_is(old: ModelStore, time: float) -> None:
    """A restore puts the files back, with their times, before the rows."""
    put(old, STRANGER)
    set_times(old, STRANGER, time)
    sweep(old)
    assert STRANGER in old.folders()


def test_a_folder_whose_row_comes_meanwhile_stays(
    old: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(old, STRANGER)
    later(monkeypatch, DAYS + 1)
    writing = database.writing

    @contextmanager
    def registered_first(url: str) -> Iterator[Connection]:
        monkeypatch.setattr(database, "writing", writing)
        old.save(FACTS | {"model_version": STRANGER}, write, ago(0))
        with writing(url) as connection:
            yield connection

    def log(line: str) -> None:
        # The last of the three fits is gone: the folders without a row are next.
        if fit(4) in line:
            monkeypatch.setattr(database, "writing", registered_first)

    removed, _ = remove_artifacts(old, DAYS, Removals(old.warehouse.url, "run-1"), log)

    assert STRANGER not in {removal.name for removal in removed}
    assert old.has(STRANGER)


def test_nothing_is_listed_twice_at_one_instant(warehouse: Warehouse) -> None:
    removals = Removals(warehouse.url, "run-1")
    for size in (5, 6):
        removals.add(Removal("run", "a run", "old", size))
    removals.add(Removal("log", "a run", "old", None))
    rows = warehouse.read("removals")
    assert list(zip(rows["kind"], rows["bytes"].astype(object), strict=True)) == [
        ("log", pd.NA),
        ("run", 5),
    ]


def test_a_store_that_was_never_used_is_nothing_to_sweep(store: ModelStore) -> None:
    assert sweep(store) == ([], {})
    assert listed(store).empty
