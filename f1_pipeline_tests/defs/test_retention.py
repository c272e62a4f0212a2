"""Retention on real instances: old runs go, and no asset is the worse for it."""

import os
import shutil
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from f1_pipeline.defs import retention
from f1_pipeline.defs.resources import Storage
from f1_pipeline.defs.retention import Said, resting_on, weekly_retention
from f1_pipeline.settings import load_settings
from f1_pipeline.storage.retention import Removal, Removals
from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline_tests.defs.run_history import (
    CHANGED,
    DAYS,
    FORECASTS,
    MONACO,
    MONZA,
    SPA,
    History,
    live,
    opened,
)


@pytest.fixture(scope="session")
def lived_through(tmp_path_factory: pytest.TempPathFactory) -> tuple[History, str]:
    """That history in SQLite, made once."""
    home = tmp_path_factory.mktemp("history")
    (home / "dagster.yaml").touch()
    with opened(home) as instance:
        history = History(instance, home)
        return history, live(history)


@pytest.fixture
def past(
    lived_through: tuple[History, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[History]:
    """A copy of it, on its day."""
    made, day = lived_through
    monkeypatch.setenv("F1_NOW", day)
    home = shutil.copytree(made.home, tmp_path / "dagster")
    with opened(home) as instance:
        yield History(instance, home, dict(made.runs))


@pytest.fixture
def in_postgres(
    postgres_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[History]:
    """The same in PostgreSQL."""
    storage = {"postgres": {"postgres_url": postgres_database}}
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump({"storage": storage}))
    with opened(tmp_path) as instance:
        history = History(instance, tmp_path)
        monkeypatch.setenv("F1_NOW", live(history))
        yield history


@pytest.fixture(params=["past", pytest.param("in_postgres", marks=pytest.mark.server)])
def anywhere(request: pytest.FixtureRequest) -> History:
    return request.getfixturevalue(request.param)


GO = {"monaco, first", "table, failed", "table, old", "forecast, first"}


def test_the_present_of_every_asset_outlives_the_runs_that_go(anywhere: History) -> None:
    past = anywhere
    everything, before = set(past.runs), past.present()
    assert before[f"{FORECASTS} {MONACO}"][1:] == ("FRESH", [])
    assert before[f"{FORECASTS} {MONZA}"][1:] == ("STALE", [CHANGED])
    assert before[f"{FORECASTS} {SPA}"] == (None, "MISSING", [])
    assert before["sensor"] == {("results", MONACO): "final", ("results", MONZA): "final"}

    swept = past.sweep()

    assert past.left == everything - GO
    assert past.present() == before
    assert (swept.kept, swept.more) == (len(everything) - len(GO) - 2, False)


def test_without_that_choice_assets_would_lose_their_state(
    past: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it is the choice that keeps it, and what is compared shows the loss."""
    before = past.present()
    monkeypatch.setattr(retention, "resting_on", lambda said: set())

    past.sweep()

    after = past.present()
    assert past.left == {"table", "under way"}
    assert after["sensor"] == {}
    lost = {name for name in before if before[name] != after[name]}
    assert {f"raw/results {MONACO}", f"{FORECASTS} {MONZA}", "raw/results held"} <= lost
    assert "tables/results" not in lost


def test_what_a_fresh_asset_has_read_stays_though_it_is_not_the_newest(
    past: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = past.present()
    monkeypatch.setattr(retention, "_POINTER", "nothing/")
    past.sweep()
    assert "monaco" not in past.left
    newest, *_ = before[f"{FORECASTS} {MONACO}"]
    assert past.present()[f"{FORECASTS} {MONACO}"] == (newest, "STALE", [CHANGED])


def test_runs_go_with_all_their_files_and_are_listed(past: History) -> None:
    files = {name: past.files(name) for name in past.runs}
    assert all(files[name] for name in past.runs if name != "under way")
    sizes = {past.runs[name]: sum(f.stat().st_size for f in files[name]) for name in GO}

    past.sweep()

    for name in past.runs:
        assert past.files(name) == ([] if name in GO else files[name])
    rows = Warehouse(load_settings().database_url).read("removals").set_index("name")
    assert set(rows["kind"]) == {"run"}
    assert rows["bytes"].to_dict() == sizes
    assert set(rows["run_id"]) == {"run-1"}
    assert all(reason.endswith("more than 90 days ago") for reason in rows["reason"])

    # Nothing is left to do, and no file has come back.
    assert past.sweep().removed == []


@pytest.mark.parametrize(
    ("kind", "step"),
    [
        ("past", "delete_events"),
        ("past", "delete_run"),
        ("past", "remove_files"),
        pytest.param("in_postgres", "delete_run", marks=pytest.mark.server),
    ],
)
def test_a_pass_that_is_interrupted_loses_nothing_and_the_next_one_goes_on(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, kind: str, step: str
) -> None:
    past: History = request.getfixturevalue(kind)
    before, everything = past.present(), set(past.runs)
    owner: Any = {
        "delete_events": past.instance.event_log_storage,
        "delete_run": past.instance,
        "remove_files": retention.RunHistory,
    }[step]
    done = []
    real = getattr(owner, step)

    def killed(*given: Any) -> None:
        done.append(given[-1])
        if len(done) == 3:
            raise KeyboardInterrupt
        real(*given)

    with monkeypatch.context() as patch:
        patch.setattr(owner, step, killed)
        with pytest.raises(KeyboardInterrupt):
            past.sweep()
    assert everything - GO < past.left
    assert past.present() == before
    listed = Warehouse(load_settings().database_url).read("removals")
    assert everything - past.left <= {
        n for n, run in past.runs.items() if run in set(listed["name"])
    }

    past.sweep()

    assert past.left == everything - GO
    assert past.present() == before
    assert all(past.files(name) == [] for name in GO)
    with opened(past.home) as instance:
        assert [name for name in GO if instance.all_logs(past.runs[name])] == []


def test_a_pass_is_bounded_and_the_next_one_goes_on(
    past: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "AT_MOST", 2)
    before, everything = past.present(), set(past.runs)
    found = []
    for _ in range(3):
        swept = past.sweep()
        found.append((len(swept.removed), swept.more))
    assert found == [(2, True), (2, False), (0, False)]
    assert past.left == everything - GO
    assert past.present() == before


def test_nothing_goes_before_its_time(past: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("F1_NOW", (datetime.now(UTC) + timedelta(days=DAYS - 1)).isoformat())
    assert past.sweep() == retention.Swept([], 0, False)
    assert past.left == set(past.runs)


def test_runs_under_way_are_never_touched(past: History, monkeypatch: pytest.MonkeyPatch) -> None:
    # A queued one cannot be made without a code location; it is as little an end as the others.
    statuses = set(dg.DagsterRunStatus) - {dg.DagsterRunStatus.QUEUED}
    for status in statuses:
        past.record(status.value, status)
    monkeypatch.setenv("F1_NOW", "2199-01-01T00:00:00Z")

    past.sweep()

    ended = {"SUCCESS", "FAILURE", "CANCELED"}
    assert {status.value for status in statuses} - past.left == ended
    assert "under way" in past.left


def test_logs_go_with_their_runs_and_by_age(past: History) -> None:
    logs = past.home / "storage"
    ticks, stranger = logs / "__repository__" / "sessions", "0" * 8 + "-0000-0000-0000-" + "0" * 12
    old = [ticks / "1.err", ticks / "2.err", logs / "backfill" / "abcdef" / "20250101.err"]
    kept = [ticks / "3.err", logs / "some" / "asset" / "value", logs / "top.err"]
    gone = [logs / stranger / "compute_logs" / "step.out"]
    for file in (*old, *kept, *gone):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("a line")
    for file in (*old, *kept[1:]):
        os.utime(file, (0, 0))

    past.sweep()

    assert not any(file.exists() for file in (*old, *gone))
    assert not (logs / stranger).exists()
    assert all(file.exists() for file in kept)
    rows = Warehouse(load_settings().database_url).read("removals")
    rows = rows[rows["kind"].eq("log")].set_index("name")
    assert rows["bytes"].to_dict() == {"sessions": 12, "abcdef": 6, stranger: 6}
    assert rows.loc["sessions", "reason"] == "2 logs of ticks, more than 90 days old"
    assert rows.loc[stranger, "reason"] == "its run is no more"


def test_an_instance_without_logs_on_this_disk_looks_for_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nor for files below the folder that it was started in."""
    monkeypatch.chdir(tmp_path)
    with dg.DagsterInstance.ephemeral() as instance:
        history = retention.RunHistory(instance)
        assert history.logs is None
        assert history.orphans() == []
        assert history.tick_logs(datetime(2199, 1, 1, tzinfo=UTC)) == {}
        assert retention.sweep(
            instance, DAYS, Removals(load_settings().database_url, "run-1"), lambda line: None
        ) == retention.Swept([], 0, False)


def test_the_asset_says_what_went_and_what_stays(past: History) -> None:
    models = Storage().models
    facts = {
        "recipe": "r1",
        "data_version": "d1",
        "first_event": "2023-australia",
        "last_event": "2024-monaco",
        "races": 30,
    }
    long_ago = datetime(2025, 1, 1, tzinfo=UTC)
    for number in range(7):
        version = f"{number:012x}"
        at = long_ago + timedelta(days=number)
        models.save(
            facts | {"model_version": version},
            write,
            at,
        )
        for file in Path(models.path(version)).iterdir():
            os.utime(file, (0, 0))
    champion = f"{0:012x}"
    models.promote(champion, long_ago, action="gate", by="a test", reason="it was asked for")

    result = past.retain()

    assert result.success
    assert models.has(champion)
    assert models.folders() == [f"{number:012x}" for number in (0, 2, 3, 4, 5, 6)]
    (made,) = result.asset_materializations_for_node("operations__retention")
    shown = {name: value.value for name, value in made.metadata.items()}
    assert {name: shown[name] for name in ("artifacts", "runs", "logs")} == {
        "artifacts": 1,
        "runs": len(GO),
        "logs": 0,
    }
    rows = models.warehouse.read("removals")
    assert shown["bytes_freed"] == rows["bytes"].sum() > 0
    assert set(rows["run_id"]) == {result.run_id}
    assert f"| artifact | {1:012x} | stored on 2025-01-02" in str(shown["removed"])
    assert str(shown["removed"]).count("| run |") == len(GO)
    assert f"| {champion} | in force |" in str(shown["artifacts_kept"])
    assert shown["more_next_time"] is False
    assert past.left == set(past.runs) - GO

    again = past.retain()
    (made,) = again.asset_materializations_for_node("operations__retention")
    assert made.metadata["removed"].value == "Nothing was old enough to go."
    assert len(models.warehouse.read("removals")) == len(rows)


def write(folder: Path) -> None:
    (folder / "win.bin").write_text("weights")


def test_a_long_list_is_cut_in_the_ui_and_whole_in_the_table() -> None:
    removed = [Removal("run", str(number), "old", None) for number in range(60)]
    text = retention._listed(removed)
    assert text.count("| run |") == 50
    assert "and 10 more" in text


def test_it_runs_once_a_week_from_the_start() -> None:
    assert weekly_retention.cron_schedule == "0 2 * * 0"
    assert weekly_retention.execution_timezone == "UTC"
    assert weekly_retention.default_status == dg.DefaultScheduleStatus.RUNNING
    definitions = dg.Definitions(
        assets=[retention.retention],
        schedules=[weekly_retention],
        resources={"storage": Storage()},
    )
    assert definitions.resolve_job_def("retention").asset_layer.executable_asset_keys == {
        retention.KEY
    }


numbers = st.integers(1, 40)


@st.composite
def histories(draw: st.DrawFn) -> list[Said]:
    """What runs said of two assets by partition and of a whole one, which read each other."""
    assets = st.sampled_from(["a", "b", "whole"])
    found: list[Said] = []
    for number in sorted(draw(st.sets(numbers, max_size=25))):
        asset = draw(assets)
        partition = None if asset == "whole" else draw(st.sampled_from(["x", "y"]))
        earlier = [one for one in found if one.asset != asset]
        read = {one.asset: one.number for one in earlier if draw(st.booleans())}
        run = draw(st.sampled_from(["r1", "r2", "r3", "r4", "r5", "r6"]))
        found.append(Said("materialization", asset, partition, number, run, read))
    return found


@given(histories(), st.randoms())
def test_what_is_asked_of_the_present_is_the_same_without_the_other_runs(
    said: list[Said], random: Any
) -> None:
    runs = resting_on(random.sample(said, len(said)))

    left = [one for one in said if one.run_id in runs]
    assert asked(left) == asked(said)
    # And the next pass, after it, takes the same for needed.
    assert resting_on(left) == runs


def asked(said: Iterable[Said]) -> dict[Any, Any]:
    """The newest of each asset and partition, and what was there of partitions when it was made."""
    newest = {(one.asset, one.partition): one for one in sorted(said, key=lambda one: one.number)}
    before: dict[Any, Any] = {key: one.number for key, one in newest.items()}
    for key, one in newest.items():
        for asset, number in one.read.items():
            for partition in ("x", "y") if one.partition is None else (one.partition,):
                known = [
                    of.number
                    for of in said
                    if (of.asset, of.partition) == (asset, partition) and of.number <= number
                ]
                before[key, asset, partition] = max(known, default=None)
    return before
