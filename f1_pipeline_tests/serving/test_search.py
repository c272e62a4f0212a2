"""POST /query as clients ask it: answers of the real index, and each way it may be refused."""

import json
import sys
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from f1_pipeline.serving.access import EXPENSIVE
from f1_pipeline.serving.app import create_app
from f1_pipeline.settings import load_settings
from f1_pipeline.storage import database
from f1_pipeline.storage.schema import TABLES
from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline_tests.serving.conftest import Home, Server

URL = "/query"
WON = "won from pole"
# What it was asked is appended to a file.
NOTES = (
    "import json, sys\n"
    "for line in sys.stdin:\n"
    "    open(sys.argv[1], 'a').write(line)\n"
    "    print(json.dumps(%r), flush=True)\n"
)
HIT = {
    "event_id": "2025-japan",
    "driver_id": "aurora-ace",
    "score": 1.5,
    "matched": ["won"],
    "text": "It won.",
}
FOUND = {
    "query": "won",
    "version": "0123456789abcdef",
    "documents": 288,
    "certain": ["won"],
    "likely": [],
    "hits": [HIT],
}


@pytest.fixture(scope="module")
def searching(published: Home) -> Iterator[Server]:
    """A server whose process of search is the real one, and has been asked: that takes seconds."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in published.variables.items():
            patch.setenv(name, value)
        with Server(create_app(load_settings()), base_url="http://localhost") as server:
            first = server.post(URL, json={"query": WON})
            assert first.status_code == 200, first.text
            yield server


@pytest.fixture(scope="module")
def documents(published: Home) -> pd.DataFrame:
    url = f"sqlite:///{published.folder}/warehouse.db"
    return Warehouse(url).read("driver_documents").set_index("document_id")


@pytest.fixture
def start(serve, home, tmp_path):
    """A server whose process of search is a stand-in that gives one answer to everything."""

    def start(answer=FOUND, on=home, **variables):
        server = serve(on, **variables)
        command = (sys.executable, "-S", "-c", NOTES % (answer,), str(tmp_path / "asked"))
        server.app.state.service.finder.command = command
        return server

    return start


@pytest.fixture
def asked(tmp_path):
    def asked():
        file = tmp_path / "asked"
        lines = file.read_text().splitlines() if file.exists() else []
        return [json.loads(line) for line in lines]

    return asked


def without_index(home: Home) -> Home:
    with database.writing(f"sqlite:///{home.folder}/warehouse.db") as connection:
        connection.execute(sa.delete(TABLES["search_index"]))
    return home


def found(server: Server, query: str = " ", **more: Any) -> dict[str, Any]:
    answer = server.post(URL, json={"query": query, **more})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def names(answer: dict[str, Any]) -> list[str]:
    return [f"{hit['event_id']}/{hit['driver_id']}" for hit in answer["hits"]]


def is_refused(answer: Any, status: int, code: str) -> str:
    told: dict[str, str] = answer.json()
    assert (answer.status_code, told["code"]) == (status, code), answer.text
    assert set(told) == {"code", "message", "hint"}
    assert all(told.values())
    assert "Traceback" not in answer.text
    return told["message"]


def test_a_hit_says_by_what_it_was_found_and_where_it_is(
    searching: Server, documents: pd.DataFrame
) -> None:
    # Only races that a forecast or a backtest tells of have a page.
    asked = {"filters": {"season": {"min": 2025}}}
    told = found(searching, WON, **asked)
    assert (told["query"], told["certain"], told["likely"]) == (WON, ["won", "pole position"], [])
    assert told["documents"] == len(documents)
    recent = documents["won"] & documents["pole"] & documents["season"].ge(2025)
    assert sorted(names(told)) == sorted(documents.index[recent])
    assert len(told["hits"])
    for hit, name in zip(told["hits"], names(told), strict=True):
        assert hit["text"] == documents["text"][name]
        assert hit["matched"] == ["season 2025 or more", "won", "pole position"]
        assert hit["link"] == f"/race/{hit['event_id']}"
        page = searching.get(hit["link"], headers={"Accept": "text/html"})
        assert page.status_code == 200
        assert page.headers["content-type"].startswith("text/html")
    assert found(searching, WON, **asked) == told


def test_races_may_be_asked_for(searching: Server) -> None:
    told = found(searching, "Miami Grand Prix", of="race", limit=2)
    assert [(hit["driver_id"], hit["event_id"][5:]) for hit in told["hits"]] == [
        (None, "miami"),
        (None, "miami"),
    ]
    assert told["documents"] == 24


def test_what_nothing_fits_is_an_empty_answer(searching: Server) -> None:
    for query in ("won in 1987", "zzz qqq"):
        assert found(searching, query)["hits"] == []


def test_filters_hold_whatever_is_asked(searching: Server, documents: pd.DataFrame) -> None:
    won, late = documents["won"], documents["season"].ge(2024)
    some = documents["driver_id"].isin(["aurora-ace", "borealis-ace"])
    filters = {"season": {"min": 2024}, "driver": ["aurora-ace", "borealis-ace"], "won": True}
    told = found(searching, limit=100, filters=filters)
    assert sorted(names(told)) == sorted(documents.index[won & late & some])
    assert len(told["hits"])
    # What the query says of the same is left aside.
    other = found(searching, "Aurora Ace in 2022 who did not win", limit=100, filters=filters)
    assert sorted(names(other)) == sorted(names(told))
    several = found(searching, limit=100, filters={"grid": 2, "finish": {"max": 3}, "podium": True})
    fits = documents["grid"].eq(2) & documents["finish"].le(3)
    assert sorted(names(several)) == sorted(documents.index[fits.fillna(False)])
    assert found(searching, "won", filters={"circuit": "nowhere"})["hits"] == []
    assert found(searching, "won", filters={"wet": True})["hits"] == []  # is not known


@pytest.mark.parametrize(
    "query",
    [
        *("льюис хэмилтон", "ルイス", "🏎️", "'; DROP TABLE driver_documents; --", "%00\u0000won"),
        *("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{7*7}}", "won " * 250),
    ],
    ids=ascii,
)
def test_odd_words_come_back_as_json_and_as_nothing_else(searching: Server, query: str) -> None:
    answer = searching.post(URL, json={"query": query}, headers={"Accept": "text/html,*/*"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    told = answer.json()
    assert told["query"] == query
    assert "alert" not in json.dumps(told | {"query": ""})


def test_nothing_is_refused_and_blanks_find_nothing(searching: Server) -> None:
    message = is_refused(searching.post(URL, json={"query": ""}), 422, "invalid")
    assert message.startswith("query: ")
    assert found(searching, "  \n")["hits"] == []
    filtered = searching.post(URL, json={"query": " ", "filters": {"won": True, "grid": {}}})
    assert filtered.json()["hits"]
    assert found(searching, WON)["hits"]


def test_the_process_of_search_is_asked_what_the_client_asked(start, asked, home) -> None:
    server = start()
    filters = {"season": {"min": 2020}, "driver": ["ada"], "wet": False}
    told = found(server, "rain", limit=7, of="race", filters=filters)
    assert told == FOUND | {"hits": [HIT | {"link": "/race/2025-japan"}]}
    assert found(server, "rain")
    row = Warehouse(server.app.state.settings.database_url).read("search_index").iloc[0]
    common = {"query": "rain", "version": row["version"]}
    # What is not asked for is no filter.
    assert asked() == [
        {**common, "limit": 7, "of": "race", "filters": filters | {"season": {"min": 2020.0}}},
        {**common, "limit": 10, "of": "driver", "filters": {}},
    ]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "query"),
        ({"query": None}, "query"),
        ({"query": 5}, "query"),
        ({"query": ["won"]}, "query"),
        ({"query": "x" * 1001}, "query"),
        ({"query": "won", "limit": 0}, "limit"),
        ({"query": "won", "limit": 101}, "limit"),
        ({"query": "won", "limit": "many"}, "limit"),
        ({"query": "won", "limit": 1.5}, "limit"),
        ({"query": "won", "of": "team"}, "of"),
        ({"query": "won", "more": 1}, "more"),
        ({"query": "won", "version": "0123456789abcdef"}, "version"),
        ({"query": "won", "filters": []}, "filters"),
        ({"query": "won", "filters": {"weather": "wet"}}, "filters.weather"),
        ({"query": "won", "filters": {"wet": "rainy"}}, "filters.wet"),
        ({"query": "won", "filters": {"wet": 0}}, "filters.wet"),
        ({"query": "won", "filters": {"wet": "yes"}}, "filters.wet"),
        ({"query": "won", "filters": {"grid": True}}, "filters.grid"),
        ({"query": "won", "filters": {"grid": {"min": "3"}}}, "filters.grid"),
        ({"query": "won", "filters": {"circuit": ""}}, "filters.circuit"),
        ({"query": "won", "filters": {"circuit": 3}}, "filters.circuit"),
        ({"query": "won", "filters": {"driver": []}}, "filters.driver"),
        ({"query": "won", "filters": {"driver": ["x"] * 31}}, "filters.driver"),
        ({"query": "won", "filters": {"driver": "x" * 81}}, "filters.driver"),
        ({"query": "won", "filters": {"season": 10_001}}, "filters.season"),
        ({"query": "won", "filters": {"season": "new"}}, "filters.season"),
        ({"query": "won", "filters": {"season": {"from": 2020}}}, "filters.season"),
        ({"query": "won", "filters": {"grid": {"min": -1001}}}, "filters.grid"),
        (["won"], "body"),
        ("won", "body"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_breaks_the_schema_says_where_and_starts_nothing(
    start, asked, body: Any, where: str
) -> None:
    server = start()
    message = is_refused(server.post(URL, json=body), 422, "invalid")
    assert message.startswith(where)
    assert asked() == []
    assert server.app.state.service.finder._process is None


@pytest.mark.parametrize(
    "content", [b"", b"won", b'{"query": "won"', b"\xff\xfe", b"[" * 1000], ids=ascii
)
def test_what_is_no_json_is_refused(start, asked, content: bytes) -> None:
    answer = start().post(URL, content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert set(answer.json()) == {"code", "message", "hint"}
    assert asked() == []


def test_it_is_asked_by_post_alone_and_not_at_length(start, asked) -> None:
    server = start()
    assert is_refused(server.get(URL, params={"query": "won"}), 405, "method")
    assert is_refused(server.post(URL, json={"query": "x" * 70_000}), 413, "too_large")
    assert asked() == []


def test_one_client_may_ask_so_often_a_minute(start, asked) -> None:
    server = start()
    statuses = [
        server.post(URL, json={"query": "won"}).status_code for _ in range(EXPENSIVE.amount + 2)
    ]
    assert statuses == [200] * EXPENSIVE.amount + [429] * 2
    assert len(asked()) == EXPENSIVE.amount
    last = server.post(URL, json={"query": "won"})
    is_refused(last, 429, "too_many")
    assert 0 < int(last.headers["Retry-After"]) <= 60
    assert server.get("/predict/next").status_code == 200  # what is not limited goes on


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        ({"refused": "the filter grid is a number."}, 422, "refused"),
        ({"unavailable": "the search index is missing."}, 503, "no_index"),
        ([], 503, "unavailable"),
        ({}, 500, "internal"),
        (FOUND | {"hits": [{"event_id": "2025-japan"}]}, 500, "internal"),
    ],
    ids=["refused", "no index", "no object", "empty", "shape"],
)
def test_each_answer_of_the_process_is_told_in_one_shape(
    start, answer: Any, status: int, code: str
) -> None:
    server = start(answer)
    told = server.post(URL, json={"query": "won", "filters": {"wet": True}})
    message = is_refused(told, status, code)
    if isinstance(answer, dict) and len(answer) == 1:
        assert message == next(iter(answer.values()))
    if status == 503:
        assert int(told.headers["Retry-After"]) > 0


def test_without_an_index_it_is_503_and_nothing_is_started(start, asked, home) -> None:
    server = start(on=without_index(home))
    answer = server.post(URL, json={"query": "won"})
    assert is_refused(answer, 503, "no_index") == "There is no search index yet."
    assert "f1-pipeline run" in answer.json()["hint"]
    assert int(answer.headers["Retry-After"]) > 0
    assert asked() == []


def test_before_any_run_it_is_503(start, asked, empty_home) -> None:
    answer = start(on=empty_home).post(URL, json={"query": "won"})
    assert answer.status_code == 503
    assert set(answer.json()) == {"code", "message", "hint"}
    assert asked() == []


def test_a_key_is_for_what_writes_and_not_for_this(start) -> None:
    server = start(PREDICTIONS_API_KEY="a-key-of-the-tests")
    assert server.post(URL, json={"query": "won"}).status_code == 200


def component(server: Server) -> tuple[str, str]:
    answer = server.get("/health")
    assert answer.status_code == 200
    told = answer.json()["components"]["search"]
    assert told["age_seconds"] is None
    return told["status"], told["message"]


def test_health_says_how_many_documents_are_searched(start, documents: pd.DataFrame) -> None:
    server = start()
    held = len(documents) + 24
    assert component(server) == ("healthy", f"{held} documents are searched.")
    found(server, "won")
    assert component(server)[0] == "healthy"


def test_health_says_when_there_is_no_index_and_that_is_no_fault(start, home) -> None:
    server = start(on=without_index(home))
    status, message = component(server)
    assert status == "absent"
    assert "`f1-pipeline run` builds one" in message


def test_health_is_degraded_by_a_fault_of_search_until_it_answers(
    start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("f1_pipeline.serving.finder._PAUSE", 0.0)
    server = start("no object")
    finder = server.app.state.service.finder
    broken = finder.command
    assert component(server)[0] == "healthy"
    assert server.post(URL, json={"query": "won"}).status_code == 503
    assert component(server) == ("degraded", "The search process ended.")
    assert server.get("/health").json()["status"] == "degraded"
    finder.command = (*broken[:3], NOTES % (FOUND,), broken[4])
    assert server.post(URL, json={"query": "won"}).status_code == 200
    assert component(server)[0] == "healthy"


def test_health_of_search_says_what_the_process_said(start) -> None:
    server = start({"unavailable": "the search index is missing."})
    assert server.post(URL, json={"query": "won"}).status_code == 503
    assert component(server) == ("degraded", "the search index is missing.")


def test_a_new_index_is_asked_for_at_the_next_look(start, asked, home) -> None:
    server = start()
    found(server, "won")
    url = server.app.state.settings.database_url
    row = Warehouse(url).read("search_index")
    Warehouse(url).publish(
        {"search_index": row.assign(version="f" * 16)},
        run_id="test",
        at=pd.Timestamp("2026-11-01", tz="UTC").to_pydatetime(),
    )
    server.look()
    found(server, "won")
    assert [question["version"] for question in asked()] == [row["version"].iloc[0], "f" * 16]
