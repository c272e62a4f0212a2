"""Commands that ask the upstream: backfill, drivers and entries, the top-up of a run."""

import json
import os
import shutil
from pathlib import Path

import pytest

from f1_pipeline.sources import archive
from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline_tests.cli.conftest import Home
from f1_pipeline_tests.mirror import Mirror, serving
from f1_pipeline_tests.release import make_release
from f1_pipeline_tests.season.archive_before import archive_before

AFTER = "2025-12-31T00:00:00Z"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The facts of four seasons, and an archive that ends before the last."""
    made = tmp_path_factory.mktemp("seasons")
    release = make_release(made / "release", seasons=(2022, 2023, 2024, 2025), races=5, cars=10)
    archive.build(release, made / "whole")
    archive_before(2025, made / "whole", made / "archive")
    return made


@pytest.fixture(scope="module")
def served(folder):
    with serving(folder / "whole") as mirror:
        yield mirror


@pytest.fixture
def upstream(served):
    served.change(fail=0.0, fail_match="", amend=None, reset_counts=True)
    return served


def home_in(place: Path, folder: Path, mirror: Mirror) -> Home:
    return Home(
        place,
        F1_ARCHIVE_DIR=str(folder / "archive"),
        F1_UPSTREAM_URL=mirror.url,
        F1_REQUEST_LIMITS="none",
        F1_NOW=AFTER,
    )


@pytest.fixture
def home(folder: Path, upstream: Mirror, tmp_path: Path) -> Home:
    return home_in(tmp_path / "home", folder, upstream)


@pytest.fixture(scope="module")
def filled_home(folder: Path, served: Mirror, tmp_path_factory: pytest.TempPathFactory) -> Path:
    served.change(fail=0.0, fail_match="", amend=None)
    home = home_in(tmp_path_factory.mktemp("filled"), folder, served)
    assert home.call("backfill", "2025").code == 0
    return home.folder


@pytest.fixture
def filled(home: Home, filled_home: Path) -> Home:
    """The calendar and the results of the season are held."""
    shutil.copytree(filled_home, home.folder)
    return home


def warehouse(home: Home) -> Warehouse:
    return Warehouse(f"sqlite:///{home.folder / 'warehouse.db'}")


def one_line(done, code: int, *words: str) -> None:
    assert done.code == code, done.err
    assert len(done.error_lines) == 1, done.err
    assert "Traceback" not in done.err
    for word in words:
        assert word in done.error_lines[0]


def test_a_backfill_collects_what_is_missing_once(home, upstream):
    done = home.call("backfill", "2024-2025")

    assert done.code == 0, done.err
    assert "2024 is complete" in done.out
    assert "2025 collected, 2 of 2" in done.out
    results = warehouse(home).read("race_results")
    assert results.loc[results["source"].eq("jolpica"), "event_id"].nunique() == 5
    assert upstream.report()["by_endpoint"] == {
        "api.jolpi.ca races": 1,
        "api.jolpi.ca results": 1,
        "api.jolpi.ca qualifying": 1,
        "api.jolpi.ca sprint": 1,
        "api.jolpi.ca pitstops": 5,
    }

    assert home.call("backfill", "2024-2025").code == 0
    assert upstream.report()["requests"] == 10


def test_a_backfill_goes_on_where_it_failed(home, upstream):
    upstream.change(fail=1.0, fail_kinds=["403"], fail_match="qualifying")
    one_line(home.call("backfill", "2025"), 1, "2025", "403", "it goes on from here")
    assert warehouse(home).event_ids("race_results") >= {"2025-australia", "2025-china"}

    upstream.change(fail=0.0, reset_counts=True)
    assert home.call("backfill", "2025").code == 0
    assert set(upstream.report()["by_endpoint"]) == {
        "api.jolpi.ca races",
        "api.jolpi.ca qualifying",
    }


def test_asking_again_finds_what_was_changed(filled, upstream):
    before = warehouse(filled).read_where("race_results", event_id="2025-china")
    winner = before.set_index("position")["driver_id"][1]
    upstream.change(
        amend={
            "season": 2025,
            "round": 2,
            "driver": winner.replace("-", "_"),
            "positionText": "D",
        }
    )

    assert filled.call("backfill", "2025", "--again").code == 0

    after = warehouse(filled).read_where("race_results", event_id="2025-china")
    assert after.set_index("driver_id").at[winner, "outcome"] == "disqualified"
    assert warehouse(filled).read_version("race_results", "2025-china", 1).equals(before)


def test_drivers_of_a_season_are_synchronised_and_again_the_same(home):
    first = home.call("sync-drivers", "2025", "--json")
    again = home.call("sync-drivers", "2025", "--json")

    assert (first.code, again.code) == (0, 0)
    assert json.loads(first.out) == json.loads(again.out)
    assert json.loads(first.out) == {
        "success": True,
        "message": "2025: 10 drivers and 5 constructors in 5 events.",
        "drivers_synced": 10,
        "constructors_synced": 5,
        "errors": [],
    }
    entries = warehouse(home).read("entries")
    mine = entries[entries["event_id"].str.startswith("2025")]
    assert mine["car_number"].notna().all()
    assert len(mine) == 50


def test_a_season_that_fails_is_listed_and_the_others_are_done(home, upstream):
    upstream.change(fail=1.0, fail_kinds=["500"], fail_match="2026")

    done = home.call("sync-drivers", "2025", "2026", "--json")

    assert done.code == 1
    outcome = json.loads(done.out)
    assert outcome["success"] is False
    assert outcome["drivers_synced"] == 10
    assert len(outcome["errors"]) == 1
    assert "2026" in outcome["errors"][0]


def test_a_run_tops_the_archive_up(home):
    done = home.call("run", "--quick")

    assert done.code == 0, done.err
    results = warehouse(home).read("race_results")
    assert results["event_id"].str.startswith("2025").sum() == 50
    assert "2025" in done.out


def test_a_run_without_an_answer_goes_on_with_what_is_held(home):
    done = home.call("run", "--quick", F1_UPSTREAM_URL="http://127.0.0.1:9")

    assert done.code == 0, done.err
    assert "No upstream for 2024" in done.out or "No upstream for 2025" in done.out


def test_offline_nothing_is_asked(home, upstream):
    assert home.call("run", "--quick", "--offline").code == 0
    assert upstream.report()["requests"] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["backfill", "last"], ["SEASONS last", "2019-2025"]),
        (["backfill", "2025-2024"], ["before the first"]),
        (["backfill", "1949"], ["choose among 1950-2026"]),
        (["backfill", "2025-2031"], ["choose among 1950-2026"]),
        (["sync-drivers", "1900"], ["choose among 1950-2026"]),
    ],
)
def test_bad_use(home, arguments, words):
    one_line(home.call(*arguments), 2, *words)


def test_a_cache_folder_that_cannot_be_used_is_one_line(home, tmp_path):
    (tmp_path / "file").touch()
    cache = str(tmp_path / "file" / "cache")

    one_line(home.call("backfill", "2025", FASTF1_CACHE_DIR=cache), 1, cache, "FASTF1_CACHE_DIR")


def test_a_full_disk_is_one_line(home, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("pathlib.Path.write_bytes", full)

    one_line(home.call("backfill", "2025"), 1, "No space left", "FASTF1_CACHE_DIR")


def test_a_damaged_cache_is_begun_anew(home):
    cache = home.folder / "fastf1"
    cache.mkdir(parents=True)
    (cache / "fastf1_http_cache.sqlite").write_bytes(b"garbage" * 4096)

    assert home.call("backfill", "2025").code == 0


def test_limits_are_only_lifted_on_loopback(home):
    done = home.call("backfill", "2025", F1_UPSTREAM_URL="", F1_REQUEST_LIMITS="none")
    one_line(done, 2, "F1_REQUEST_LIMITS")
    one_line(
        home.call("backfill", "2025", F1_UPSTREAM_URL="", F1_REQUEST_LIMITS="900,900"),
        2,
        "F1_REQUEST_LIMITS",
        "200,500",
    )
