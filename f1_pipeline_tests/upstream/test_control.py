"""What a test may set: late changes, faults, what caches are told; and what is counted."""

import http.client
import json
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from f1_pipeline_tests.upstream import Upstream, serving
from f1_pipeline_tests.upstream.asking import (
    API,
    SHIPPED,
    Json,
    document,
    get,
    races,
    results,
    who,
)

# Late changes.


def test_a_driver_who_is_moved_takes_the_points_of_his_new_place(upstream: Upstream) -> None:
    change = {"season": 2024, "round": 5, "driver": "verstappen", "position": 5}
    upstream.change(amend=change)
    rows = results(upstream, "2024/5/results.json")
    assert who(rows)[:5] == ["norris", "perez", "leclerc", "sainz", "max_verstappen"]
    assert [r["points"] for r in rows[:5]] == ["25", "18", "15", "12", "10"]
    assert [r["positionText"] for r in rows[:5]] == ["1", "2", "3", "4", "5"]
    assert rows[0]["Time"]["time"] == "1:41:06.327"
    times = [int(row["Time"]["millis"]) for row in rows if "Time" in row]
    assert times == sorted(times)
    # The fastest lap's point goes with its driver: Alonso, who is seventh here as before.
    assert [r["points"] for r in rows[6:8]] == ["7", "4"]
    assert who(results(upstream, "2024/5/sprint.json", "SprintResults"))[0] == "max_verstappen"


def test_changes_add_up_until_they_are_undone(upstream: Upstream) -> None:
    about = {"season": 2024, "round": 5}
    before = results(upstream, "2024/5/results.json")
    upstream.change(amend=about | {"driver": "VER", "positionText": "D"})
    upstream.change(amend=[about | {"driver": "4", "points": 3, "status": "Fined"}])
    rows = results(upstream, "2024/5/results.json")
    last = rows[-1]
    assert (who(rows)[0], rows[0]["points"], rows[0]["status"]) == ("norris", "3", "Fined")
    assert who(rows)[-1] == "max_verstappen"
    assert (last["positionText"], last["points"], last["status"]) == ("D", "0", "Disqualified")
    assert "Time" not in last
    upstream.change(amend=None)
    assert results(upstream, "2024/5/results.json") == before


def test_a_sprint_is_changed_by_name(upstream: Upstream) -> None:
    about = {"season": 2024, "round": 5, "session": "sprint"}
    upstream.change(amend=about | {"driver": "hamilton", "position": 1})
    assert who(results(upstream, "2024/5/sprint.json", "SprintResults"))[0] == "hamilton"
    assert who(results(upstream, "2024/5/results.json"))[0] == "max_verstappen"


def test_the_calendar_is_edited(upstream: Upstream) -> None:
    edits = [
        {"season": 2024, "round": 1, "cancel": True},
        {"season": 2024, "round": 2, "new_round": 3},
        {"season": 2024, "round": 3, "new_round": 2},
        {"season": 2024, "round": 4, "date": "2024-04-10", "time": "06:30:00Z"},
        {"season": 2024, "round": 5, "drop_times": True},
    ]
    upstream.change(edit_calendar=edits)
    found = races(upstream, "2024/races.json")
    assert [race["round"] for race in found][:3] == ["2", "3", "4"]
    assert [race["raceName"].split()[0] for race in found[:2]] == ["Australian", "Saudi"]
    assert (found[2]["date"], found[2]["time"]) == ("2024-04-10", "06:30:00Z")
    assert found[2]["Qualifying"] == {"date": "2024-04-09", "time": "06:00:00Z"}
    assert "time" not in found[3]
    assert found[3]["Sprint"] == {"date": "2024-04-20"}
    assert document(upstream, "2024/1/results.json")["total"] == "0"
    assert races(upstream, "2024/2/results.json")[0]["raceName"] == "Australian Grand Prix"
    upstream.change(until="2024-04-10T08:00:00Z")
    assert document(upstream, "2024/4/results.json")["total"] == "0"
    upstream.change(edit_calendar=None)
    assert len(races(upstream, "2024/races.json")) == 24
    assert document(upstream, "2024/4/results.json")["total"] == "20"


@pytest.mark.parametrize(
    "settings",
    [
        {"nonsense": 1},
        {"until": "tomorrow"},
        {"fail_kinds": ["418"]},
        {"fail": "often"},
        {"fail_match": "("},
        {"amend": {"season": 2024, "round": 5, "driver": "nobody", "position": 1}},
        {"amend": {"season": 2024, "round": 5, "driver": "norris"}},
        {"amend": {"season": 2024, "round": 5, "driver": "norris", "position": 21}},
        {"amend": {"season": 2024, "round": 55, "driver": "norris", "position": 1}},
        {"edit_calendar": [{"season": 2024, "round": 5, "date": "soon"}]},
        {"edit_calendar": [{"season": None, "round": 5}]},
    ],
)
def test_a_setting_that_cannot_be_is_refused_and_nothing_changes(
    upstream: Upstream, settings: Json
) -> None:
    before = upstream.report()["settings"]
    with pytest.raises(ValueError, match=r".+"):
        upstream.change(latency_ms=5, **settings)
    assert upstream.report()["settings"] == before
    answer = requests.post(f"{upstream.url}/_control", json=settings, timeout=10)
    assert (answer.status_code, list(answer.json())) == (400, ["error"])


# Faults, caches, counts.


@pytest.mark.parametrize("kind", ["401", "403", "404", "429", "500", "503"])
def test_a_refusal(upstream: Upstream, kind: str) -> None:
    upstream.change(fail_next=1, fail_kinds=[kind])
    status, headers, _ = get(upstream, f"{API}/2024/5/results.json")
    assert status == int(kind)
    assert headers.get("Retry-After") == ("1" if kind in ("429", "503") else None)
    assert get(upstream, f"{API}/2024/5/results.json")[0] == 200
    report = upstream.report()
    assert report["by_status"] == {"200": 1, kind: 1}
    assert (report["faults"], report["settings"]["fail_next"]) == ({kind: 1}, 0)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("timeout", http.client.RemoteDisconnected),
        ("truncate", http.client.IncompleteRead),
        ("reset", ConnectionResetError),
    ],
)
def test_a_connection_that_breaks(upstream: Upstream, kind: str, expected: type[Exception]) -> None:
    upstream.change(fail_next=1, fail_kinds=[kind], timeout_s=0.1)
    with pytest.raises(expected):
        get(upstream, f"{API}/2024/5/results.json")
    report = upstream.report()
    assert (report["requests"], report["by_status"], report["faults"]) == (1, {}, {kind: 1})


def test_garbage(upstream: Upstream) -> None:
    upstream.change(fail_next=1, fail_kinds="garbage")
    status, _, body = get(upstream, f"{API}/2024/5/results.json")
    assert status == 200
    with pytest.raises(ValueError, match=r".+"):
        json.loads(body)


def test_a_share_of_requests_fails_the_same_with_the_same_seed(upstream: Upstream) -> None:
    def statuses() -> list[int]:
        upstream.change(fail=0.5, fail_kinds=["500", "429"], fail_match="/results", seed=7)
        return [get(upstream, f"{API}/2024/{n}/results.json?limit=1")[0] for n in range(1, 13)]

    first = statuses()
    assert set(first) == {200, 429, 500}
    assert statuses() == first
    assert {get(upstream, f"{API}/2024/{n}/races.json")[0] for n in range(1, 13)} == {200}


def test_an_answer_that_did_not_change_is_not_sent_again(upstream: Upstream) -> None:
    path = f"{API}/2024/5/results.json"
    _, headers, body = get(upstream, path)
    assert headers["Cache-Control"] == "max-age=600"
    tag = headers["ETag"]
    assert get(upstream, path, **{"If-None-Match": tag})[::2] == (304, b"")
    upstream.change(amend={"season": 2024, "round": 5, "driver": "NOR", "points": 1}, max_age=0)
    status, headers, changed = get(upstream, path, **{"If-None-Match": tag})
    assert (status, headers["Cache-Control"]) == (200, "no-cache")
    assert changed != body


def test_requests_are_counted_until_the_counts_are_reset(upstream: Upstream) -> None:
    get(upstream, f"{API}/2024/5/results.json")
    get(upstream, f"{API}/2024/races.json")
    get(upstream, "/example.org/page")
    requests.post(f"{upstream.url}/_control", json={"until": "2024-07-08"}, timeout=10)
    report = json.loads(get(upstream, "/_control")[2])
    assert report == upstream.report()
    assert report["requests"] == 3
    assert report["by_host"] == {"api.jolpi.ca": 2, "example.org": 1}
    assert report["by_endpoint"] == {
        "api.jolpi.ca races": 1,
        "api.jolpi.ca results": 1,
        "example.org page": 1,
    }
    assert report["by_status"] == {"200": 2, "404": 1}
    assert report["settings"]["until"] == "2024-07-08"
    assert upstream.change(reset_counts=True)["requests"] == 0


def test_an_answer_is_quick_and_a_kept_connection_ends_with_the_server() -> None:
    with serving(SHIPPED) as upstream:
        connection = http.client.HTTPConnection(urlsplit(upstream.url).netloc, timeout=10)
        began = time.perf_counter()
        for _ in range(20):
            connection.request("GET", f"{API}/2024/results.json?limit=100")
            connection.getresponse().read()
        assert (time.perf_counter() - began) / 20 < 0.02
    assert connection.sock.recv(1) == b""
    connection.close()


def test_a_client_that_goes_away_is_no_news(
    upstream: Upstream, capfd: pytest.CaptureFixture[str]
) -> None:
    upstream.change(latency_ms=50)
    address = urlsplit(upstream.url)
    with socket.create_connection((address.hostname, address.port)) as client:
        client.sendall(f"GET {API}/2024/results.json?limit=100 HTTP/1.1\r\n\r\n".encode())
    assert get(upstream, f"{API}/2024/races.json")[0] == 200
    assert capfd.readouterr() == ("", "")


def test_the_command_line(made_up: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "f1_pipeline_tests.upstream", "--archive", str(made_up)]
    command += ["--until", "2024-01-01", "--max-age", "0", "--fail", "1", "--fail-kinds", "500,429"]
    command += ["--seed", "7", "--log", str(tmp_path / "log")]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready, url = process.stdout.readline().split()
            assert ready == "READY"
            asked = requests.get(f"{url}{API}/2024/races.json", timeout=10)
            assert asked.status_code in (500, 429)
            report = requests.post(f"{url}/_control", json={"fail": 0}, timeout=10).json()
            assert (report["settings"]["seed"], report["settings"]["max_age"]) == (7, 0)
            empty = requests.get(f"{url}{API}/2024/results.json", timeout=10).json()
            assert empty["MRData"]["total"] == "0"
        finally:
            process.terminate()
        assert process.wait(10) == 0
    assert len((tmp_path / "log").read_text().splitlines()) == 2
