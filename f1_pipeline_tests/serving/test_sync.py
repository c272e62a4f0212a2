"""A client asks for drivers; the pipeline brings them, and the client learns how it went."""

from pathlib import Path

import pytest

from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline_tests.mirror import serving as upstream
from f1_pipeline_tests.serving.process import served

pytestmark = pytest.mark.journey
SYNC = "/api/sync/drivers"


def ended(server, answer):
    """The outcome, whether it came at once or has to be asked for."""
    if answer.status_code == 200:
        return answer.json()
    assert answer.status_code == 202
    run = answer.headers["location"]
    assert run.endswith(answer.json()["run_id"])

    def over():
        told = server.get(run).json()
        return told if told["state"] in ("succeeded", "failed") else None

    return server.until(over, 120)["result"]


def test_without_a_daemon_the_server_starts_a_process_that_does_it(home, tmp_path, small_archive):
    with upstream(Path(small_archive)) as there:
        known = {"F1_UPSTREAM_URL": there.url, "F1_REQUEST_LIMITS": "none"}
        with served(home.variables | known, tmp_path) as server:
            told = ended(server, server.post(SYNC, json={"seasons": [2025]}))
    assert told["success"] is True
    assert told["errors"] == []
    tables = Warehouse(f"sqlite:///{home.folder}/warehouse.db").read_many(["entries", "events"])
    of = tables["events"].loc[tables["events"]["season"].eq(2025), "event_id"]
    entries = tables["entries"][tables["entries"]["event_id"].isin(of)]
    assert told["drivers_synced"] == entries["driver_id"].nunique()
    assert told["constructors_synced"] == entries["constructor_id"].nunique()


def test_an_upstream_that_is_gone_is_told_in_one_line(home, tmp_path):
    known = {"F1_UPSTREAM_URL": "http://127.0.0.1:9", "F1_REQUEST_LIMITS": "none"}
    with served(home.variables | known, tmp_path) as server:
        told = ended(server, server.post(SYNC, json={"seasons": [2025]}))
    assert told["success"] is False
    [error] = told["errors"]
    assert error.startswith("2025: ")
    assert len(error.splitlines()) == 1


def test_what_is_asked_for_twice_is_one_run(home, serve):
    server = serve(home, INFERENCE_TIMEOUT_SECONDS="1", F1_SERVE_TAKES_RUNS="false")
    runs = {server.post(SYNC, json={"seasons": [2024, 2025]}).json()["run_id"] for _ in range(2)}
    runs.add(server.post(SYNC, json={"seasons": [2025, 2024, 2025]}).json()["run_id"])
    assert len(runs) == 1
    [run] = runs
    told = server.get(f"/api/sync/runs/{run}").json()
    assert (told["state"], told["job"]) == ("waiting", "sync_drivers")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"seasons": [2100]}, 404),
        ({"seasons": [1949]}, 422),
        ({"seasons": []}, 422),
        ({"seasons": ["2024; DROP TABLE drivers"]}, 422),
        ({"seasons": list(range(2010, 2021))}, 422),
        ({}, 422),
    ],
    ids=str,
)
def test_seasons_that_there_are_not_are_refused(home, serve, body, status):
    server = serve(home, F1_SERVE_TAKES_RUNS="false")
    answer = server.post(SYNC, json=body)
    assert answer.status_code == status
    assert set(answer.json()) == {"code", "message", "hint"}
