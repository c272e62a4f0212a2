"""Around every request: hosts, sizes, time, one shape of error, and logs without secrets."""

import asyncio
import json
import logging

import pytest
from fastapi import FastAPI, Request
from starlette.testclient import TestClient

from f1_pipeline.serving.guard import BODY, Guard
from f1_pipeline.serving.logs import JsonLines

HOSTS = ("localhost", "*.example.com")


def client(hosts=HOSTS, seconds=30.0):
    app = FastAPI()

    @app.get("/hello/{name}")
    async def hello(name: str):
        return {"hello": name}

    @app.post("/size")
    async def size(request: Request):
        return len(await request.body())

    @app.get("/fails")
    async def fails():
        raise RuntimeError("the password is hunter2")

    @app.get("/hangs")
    async def hangs():
        await asyncio.Event().wait()

    app.add_middleware(Guard, hosts=hosts, seconds=seconds)
    return TestClient(app, base_url="http://localhost", raise_server_exceptions=False)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:8000", 200),
        ("api.example.com", 200),
        ("example.com", 400),
        ("evilexample.com", 400),
        ("evil.org", 400),
        ("", 400),
    ],
)
def test_it_answers_to_its_names_alone(host, status):
    answer = client().get("/hello/you", headers={"host": host})
    assert answer.status_code == status
    if status == 400:
        assert answer.json()["code"] == "unknown_host"


def test_any_name_where_all_are_allowed():
    assert client(("*",)).get("/hello/you", headers={"host": "evil.org"}).status_code == 200


def test_a_body_that_says_it_is_too_large_is_not_read():
    answer = client().post("/size", content=b"x" * (BODY + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert client().post("/size", content=b"x" * BODY).json() == BODY


def test_a_body_that_does_not_say_how_large_it_is_ends_at_the_same_limit():
    pieces = (b"x" * 1024 for _ in range(BODY // 1024 + 2))
    assert client().post("/size", content=pieces).status_code == 413


def test_head_is_get_without_a_body():
    answer = client().head("/hello/you")
    assert (answer.status_code, answer.headers["content-length"]) == (200, "15")


def test_every_answer_carries_an_id_and_safe_headers():
    headers = client().get("/hello/you").headers
    assert headers["x-request-id"]
    assert headers["x-content-type-options"] == "nosniff"


def test_what_fails_tells_nothing_of_itself(caplog):
    answer = client().get("/fails")
    assert answer.status_code == 500
    assert "hunter2" not in answer.text
    assert "Traceback" not in answer.text


def test_what_hangs_is_ended(monkeypatch):
    monkeypatch.setattr("f1_pipeline.serving.guard._GRACE", 0.01)
    answer = client(seconds=0.01).get("/hangs")
    assert (answer.status_code, answer.json()["code"]) == (504, "too_slow")


def test_a_line_for_each_request_without_secrets(caplog):
    with caplog.at_level(logging.INFO, "f1_pipeline.access"):
        client().get("/hello/a%0Ab?api_key=hunter2", headers={"X-API-Key": "hunter2"})
    [record] = [r for r in caplog.records if r.name == "f1_pipeline.access"]
    line = JsonLines().format(record)
    assert "hunter2" not in line
    told = json.loads(line)
    assert (told["path"], told["status"], told["method"]) == ("/hello/a%0Ab", 200, "GET")
    assert "\n" not in line


def test_an_error_in_the_log_is_one_line_of_json():
    try:
        raise ValueError("no")
    except ValueError:
        record = logging.LogRecord(
            "x", logging.ERROR, "f", 1, "failed", (), __import__("sys").exc_info()
        )
    assert "ValueError: no" in json.loads(JsonLines().format(record))["error"]
