"""The command that carries out what was asked for: once, to its end, and how it ended is kept."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from f1_pipeline import clock
from f1_pipeline.sources import archive
from f1_pipeline.storage import migrate
from f1_pipeline.storage.run_requests import RunRequests
from f1_pipeline_tests.cli.conftest import Home
from f1_pipeline_tests.mirror import Mirror, serving
from f1_pipeline_tests.release import make_release
from f1_pipeline_tests.season.archive_before import archive_before


@pytest.fixture(scope="module")
def facts(tmp_path_factory):
    """The facts of two seasons, and an archive of the first."""
    made = tmp_path_factory.mktemp("asked")
    release = make_release(made / "release", seasons=(2024, 2025), races=3, cars=6)
    archive.build(release, made / "whole")
    archive_before(2025, made / "whole", made / "archive")
    return made


@pytest.fixture(scope="module")
def served(facts):
    with serving(facts / "whole") as mirror:
        yield mirror


@pytest.fixture
def upstream(served):
    served.change(fail=0.0, fail_match="", reset_counts=True)
    return served


@pytest.fixture
def home(facts: Path, upstream: Mirror, tmp_path: Path) -> Home:
    return Home(
        tmp_path / "home",
        F1_ARCHIVE_DIR=str(facts / "archive"),
        F1_UPSTREAM_URL=upstream.url,
        F1_REQUEST_LIMITS="none",
        F1_NOW="2025-12-31T00:00:00Z",
    )


@pytest.fixture
def requests(home: Home) -> RunRequests:
    """As the pipeline has made their table."""
    address = f"sqlite:///{home.folder / 'warehouse.db'}"
    migrate.upgrade(address)
    return RunRequests(address)


def sync(requests: RunRequests, *seasons: int) -> str:
    return requests.ask("sync_drivers", {"seasons": list(seasons)}, clock.wall())


def read(requests: RunRequests, request_id: str) -> Any:
    found = requests.read(request_id)
    assert found is not None
    return found


def one_line(done, code: int, *words: str) -> None:
    assert done.code == code, done.err
    assert len(done.error_lines) == 1, done.err
    assert "Traceback" not in done.err
    for word in words:
        assert word in done.error_lines[0]


def test_a_request_is_carried_out_as_one_run_that_shows_in_the_ui(home, requests, upstream):
    asked = sync(requests, 2025)

    done = home.call("take", asked)

    assert done.code == 0, done.err
    ended = read(requests, asked)
    assert ended.state == "succeeded"
    assert ended.taken_at <= ended.ended_at
    with dg.DagsterInstance.from_config(str(home.folder / "dagster")) as instance:
        (run,) = instance.get_runs()
    assert (run.run_id, run.job_name) == (ended.run_id, "sync_drivers")
    assert (run.status, run.tags["f1/request"]) == (dg.DagsterRunStatus.SUCCESS, asked)
    # What it says is what the command says that does the same at once.
    said = home.call("sync-drivers", "2025", "--json")
    assert ended.result == json.loads(said.out)
    assert ended.result["drivers_synced"] == 6

    sent = upstream.report()["requests"]
    again = home.call("take", asked)
    assert (again.code, again.out) == (0, f"{asked} is not waiting: somebody else has it.\n")
    assert upstream.report()["requests"] == sent


def test_an_upstream_that_refuses_fails_the_request_with_its_line(home, requests, upstream):
    upstream.change(fail=1.0, fail_kinds=["403"], fail_match="drivers")
    asked = sync(requests, 2025)

    done = home.call("take", asked)

    one_line(done, 1, "2025: ", "403")
    # It ends the run when all the rest is done, checks and all.
    steps = [line.split()[0] for line in done.err.splitlines() if line.endswith(" s")]
    assert {"tables", "features/race_features", "features/race_features_contract"} <= set(steps)
    assert {"predictions/scored_predictions_contract", "features/lap_form_contract"} <= set(steps)
    assert "raw/rosters_complete" not in steps
    ended = read(requests, asked)
    assert ended.state == "failed"
    assert "403" in ended.message
    assert "\n" not in ended.message
    assert ended.result["success"] is False
    assert ended.result["errors"] == [ended.message]


def test_what_fails_before_its_run_begins_says_so_too(home, requests):
    asked = requests.ask("refresh", {}, clock.wall())
    one_line(home.call("take", asked), 2, "refresh")
    assert (read(requests, asked).state, read(requests, asked).run_id[8]) == ("failed", "-")
    assert "no such run" in read(requests, asked).message


def test_a_crash_is_entered_without_its_words(home, requests, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise ValueError("a-password")

    monkeypatch.setattr("f1_pipeline.features.driver_form", fail)
    asked = sync(requests, 2024)

    with pytest.raises(ValueError, match="a-password"):
        home.call("take", asked)

    ended = read(requests, asked)
    assert ended.state == "failed"
    assert "sync_drivers" in ended.message
    assert "a-password" not in str(ended)


def test_a_request_that_nobody_made(home):
    one_line(home.call("take", "none"), 2, "unknown request 'none'")


def test_what_others_left_unfinished_is_ended_by_who_comes_next(home, requests):
    lost = sync(requests, 2024)
    requests.take(lost, "a-run-that-never-was", clock.wall() - timedelta(minutes=2))
    assert sync(requests, 2024) == lost

    assert home.call("take", lost).code == 0

    assert read(requests, lost).state == "failed"
    assert sync(requests, 2024) != lost


def test_the_command_is_not_among_those_of_the_help(home):
    help_text = home.call("--help").out
    assert "sync-drivers" in help_text
    assert "take" not in help_text.split()
