"""The read API with the reader's role: every address answers, and nothing else can be written."""

import re

import pytest

from f1_pipeline import clock
from f1_pipeline.errors import StorageError
from f1_pipeline.storage.run_requests import RunRequests
from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline_tests.serving.conftest import HELD

pytestmark = pytest.mark.server
# What the addresses' variables may be in the small archive.
PLACES = {
    "race": HELD,
    "season": "2025",
    "driver_id": "driver-1",
    "run_id": "0" * 32,
}


@pytest.fixture
def api(filled, serve):
    made, home = filled
    return serve(home, DATABASE_URL=made.url("reader"))


def test_every_address_that_reads_answers(api, filled):
    made, _ = filled
    warehouse = Warehouse(made.url("reader"))
    places = PLACES | {
        "constructor_id": warehouse.read("constructors")["constructor_id"].iloc[0],
        "circuit_id": warehouse.read("circuits")["circuit_id"].iloc[0],
        "model_version": warehouse.read("models")["model_version"].iloc[0],
    }
    paths = [path for path, how in api.app.openapi()["paths"].items() if "get" in how]
    answers = {}
    for path in [*paths, "/", f"/race/{HELD}", "/season/2025"]:
        unknown = set(re.findall(r"{(\w+)}", path)) - places.keys()
        assert not unknown, f"{path}: what may {unknown} be?"
        answers[path] = api.get(path.format(**places))
    wrong = {path: answer.text for path, answer in answers.items() if answer.status_code >= 500}
    assert wrong == {}
    not_found = {path for path, answer in answers.items() if answer.status_code == 404}
    # A run that nobody asked for, and what no quick run makes.
    assert "/api/sync/runs/{run_id}" in not_found
    assert len(answers) - len(not_found) > 15


def test_what_is_asked_by_post_answers(api):
    assert api.post(f"/predict/race/{HELD}").status_code == 200
    assert api.post("/predict/batch", json={"events": [HELD]}).json()["errors"] == []
    whole = api.post("/api/data/ml-prediction-data", json={"event_id": HELD})
    assert whole.status_code == 200


def test_the_search_process_answers_under_the_readers_role(api):
    found = api.post("/query", json={"query": "won from the front row", "limit": 3})
    assert found.status_code == 200, found.text
    assert found.json()["hits"]


def test_the_process_that_compares_plans_reads_all_it_needs(filled):
    """As the API starts it: the made-up season has no figures, and that is all that it misses."""
    made, home = filled
    arguments = ("strategy", f"--event={HELD}", "--driver=aurora-ace", "--plan=M-18-H", "--json")
    as_writer = home.call(*arguments)
    as_reader = home.call(*arguments, DATABASE_URL=made.url("reader"))
    assert as_reader == as_writer
    assert "figures" in as_reader.err


def test_a_run_is_asked_for_by_the_reader_and_taken_by_the_writer(filled, serve):
    made, home = filled
    # The daemon's turn is longer than this server waits: nobody takes the run meanwhile.
    variables = {"DATABASE_URL": made.url("reader"), "INFERENCE_TIMEOUT_SECONDS": "2"}
    server = serve(home, **variables, F1_SERVE_TAKES_RUNS="false")

    asked = server.post("/api/sync/drivers", json={"seasons": [2025]})

    assert asked.status_code == 202, asked.text
    run_id = asked.json()["run_id"]
    reader, writer = RunRequests(made.url("reader")), RunRequests(made.url("writer"))
    with pytest.raises(StorageError, match="permission denied"):
        reader.take(run_id, None, clock.wall())
    assert writer.take(run_id, None, clock.wall())
    writer.ended(run_id, True, "done", None, clock.wall())
    assert server.get(f"/api/sync/runs/{run_id}").json()["state"] == "succeeded"
    # An ended request is forgotten a month later, by whoever asks next.
    writer.ask("sync_drivers", {"seasons": [2024]}, clock.wall())
