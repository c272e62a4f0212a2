"""The command as a service manager meets it: several workers, replaced in time, ended in peace."""

import json
import sys

import pytest

from f1_pipeline_tests.serving.conftest import HELD
from f1_pipeline_tests.serving.process import served

pytestmark = pytest.mark.journey


def test_workers_count_together_and_are_replaced(published, tmp_path):
    variables = published.variables | {"LOG_LEVEL": "INFO"}
    with served(variables, tmp_path, "--workers", "2", "--recycle", "20") as server:
        for _ in range(100):
            assert server.get(f"/predict/race/{HELD}").status_code == 200
        text = server.get("/metrics").text
        lines = [json.loads(line) for line in server.log.read_text().splitlines()]
        server.until(lambda: "Maximum request limit" in server.log.read_text(), 20)
        assert server.get("/health/live").status_code == 200
    [count] = [
        float(line.rpartition(" ")[2])
        for line in text.splitlines()
        if line.startswith("f1_request_seconds_count") and "/predict/race/{race}" in line
    ]
    # The counts of a worker that has gone stay, and so do those of the one beside it.
    assert count == 100
    assert sum(line.get("route") == "/predict/race/{race}" for line in lines) == 100


def test_without_the_extra_it_says_what_to_install(published, monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    done = published.call("serve")
    assert done.code == 2
    [line] = done.error_lines
    assert "uvicorn is missing" in line
    assert "pip install 'f1-pipeline[api]'" in line


def test_a_wrong_variable_stops_the_start(published):
    done = published.call("serve", REDIS_URL="nonsense")
    assert (done.code, len(done.error_lines)) == (2, 1)
    assert "REDIS_URL" in done.err
