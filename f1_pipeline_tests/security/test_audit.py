"""A finding of the advisories fails the audit; a service that cannot be reached does not."""

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from f1_pipeline_tests.security import audit
from f1_pipeline_tests.tooling.test_locks import RUNTIME, pins

ADVISORY = {
    "id": "OSV-2026-1",
    "aliases": ["CVE-2026-0001"],
    "summary": "made up",
    "published": "2026-01-02T00:00:00Z",
    "affected": [
        {
            "package": {"name": "planted", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.1"}]}],
        }
    ],
}


class Service(HTTPServer):
    """Answers as OSV does; `planted` 1.0 has a fault. `answer`: instead of that, with a status."""

    answer: tuple[int, str] | None = None

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, str]] = []
        self.url = f"http://127.0.0.1:{self.server_port}/v1/query"


class Handler(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self):
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name, version = question["package"]["name"], question["version"]
        self.server.asked.append((name, version))
        told = {"vulns": [ADVISORY]} if (name, version) == ("planted", "1.0") else {}
        status, body = self.server.answer or (200, json.dumps(told))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        """Nothing: pytest shows what a test prints."""


@pytest.fixture
def service():
    with Service() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def lock(tmp_path):
    def write(*pinned):
        lines = [f"{pin} \\\n    --hash=sha256:{'0' * 64}" for pin in pinned]
        (tmp_path / "some.lock").write_text("\n".join(lines) + "\n")
        return str(tmp_path / "some.lock")

    return write


def run(service, lock, *more, **accepted):
    return audit.main(["--lock", lock, "--service", service, *more], **accepted)


def test_a_lock_without_a_known_fault_passes(service, lock, capsys):
    assert run(service.url, lock("planted==1.1", "other==2")) == 0
    assert "2 dependencies of some.lock have no known fault" in capsys.readouterr().out
    assert {("planted", "1.1"), ("other", "2")} <= set(service.asked)


def test_a_known_fault_fails_and_is_named(service, lock, capsys):
    assert run(service.url, lock("other==2", "planted==1.0")) == 1
    told = capsys.readouterr().err
    assert told == "planted 1.0: CVE-2026-0001 OSV-2026-1, mended in 1.1\n"


@pytest.mark.parametrize("name", ["OSV-2026-1", "CVE-2026-0001"])
def test_one_that_is_accepted_passes_until_it_is_gone(service, lock, capsys, name):
    accepted = {name: "nothing here calls it"}
    assert run(service.url, lock("planted==1.0"), accepted=accepted) == 0
    assert run(service.url, lock("planted==1.1"), accepted=accepted) == 1
    assert f"{name} is accepted, and no pin has it" in capsys.readouterr().err


def test_a_service_that_is_not_there_is_one_line(lock, capsys):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}/v1/query"
    assert run(url, lock("planted==1.0")) == 0
    told = capsys.readouterr()
    assert (told.out.count("\n"), told.err) == (1, "")
    assert told.out.startswith("Dependencies were not audited")
    assert run(url, lock("planted==1.0"), "--strict") == 1


def test_a_service_that_refuses_is_not_reached_either(service, lock, capsys):
    service.answer = (503, "")
    assert run(service.url, lock("planted==1.0")) == 0
    assert "status 503" in capsys.readouterr().out


def test_an_answer_that_is_no_answer_is_not_taken_for_a_good_one(service, lock, capsys):
    service.answer = (200, "<html>sign in first</html>")
    assert run(service.url, lock("planted==1.0")) == 1
    assert "did not come to an end" in capsys.readouterr().err


def test_a_lock_without_hashes_fails(service, tmp_path):
    (tmp_path / "bare.lock").write_text("other==2\n")
    assert run(service.url, str(tmp_path / "bare.lock")) == 1


def test_every_pin_of_the_runtime_lock_is_asked_for(service):
    assert run(service.url, str(RUNTIME)) == 0
    asked = dict(service.asked)
    # Those of other systems are not installed here.
    assert len(asked) > 100
    assert asked.items() <= (pins(RUNTIME) | {"pip": "0"}).items()
