"""nginx on the files as they are: who is let through, how often, and what the servers are told."""

import ssl
import threading
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2
import pytest

from f1_pipeline_tests.deploy.nginx import Ports, running

KEY = b64encode(b"anna:of-the-test").decode()
SIGNED_IN = {"Authorization": f"Basic {KEY}"}
WEBSOCKET = {"Connection": "Upgrade", "Upgrade": "websocket"}


class Echo(BaseHTTPRequestHandler):
    """Tells the server's name, and keeps what it was told."""

    told: list[dict[str, str]]

    def do_GET(self) -> None:
        self.told.append({name.lower(): value for name, value in self.headers.items()})
        body = self.path.encode()
        switches = self.headers.get("Upgrade") == "websocket"
        self.send_response(101 if switches else 200)
        if switches:
            self.send_header("Upgrade", "websocket")
            self.send_header("Connection", "Upgrade")
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if not switches:
            self.wfile.write(body)
        self.close_connection = switches

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on standard error."""


@dataclass
class Front:
    """nginx before two servers, and what these were told."""

    ports: Ports
    folder: Path
    to_api: list[dict[str, str]]
    to_ui: list[dict[str, str]]

    def ask(self, host: str, path: str = "/", method: str = "GET", **more) -> httpx2.Response:
        """By TLS, as a client that knows the name."""
        context = ssl.create_default_context(cafile=str(self.folder / "tls_certificate"))
        with httpx2.Client(verify=context) as client:
            return client.request(
                method,
                f"https://127.0.0.1:{self.ports.tls}{path}",
                headers={"Host": host} | more.pop("headers", {}),
                extensions={"sni_hostname": host},
                **more,
            )


def serve(told: list[dict[str, str]]) -> ThreadingHTTPServer:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Told", (Echo,), {"told": told}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.fixture
def front() -> Iterator[Front]:
    to_api: list[dict[str, str]] = []
    to_ui: list[dict[str, str]] = []
    api, ui = serve(to_api), serve(to_ui)
    with TemporaryDirectory(prefix="f1-nginx-") as name:
        folder = Path(name)
        with running(folder, api.server_port, ui.server_port) as ports:
            for _ in range(2000):
                try:
                    httpx2.get(f"http://127.0.0.1:{ports.plain}/nginx-alive")
                except httpx2.TransportError:
                    continue
                break
            yield Front(ports, folder, to_api, to_ui)
    for server in (api, ui):
        server.shutdown()
        server.server_close()


def test_the_api_is_passed_on_with_the_clients_own_address(front):
    answer = front.ask("api.example.com", "/predict/next", headers={"X-Forwarded-For": "9.9.9.9"})
    assert (answer.status_code, answer.text) == (200, "/predict/next")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    [told] = front.to_api
    assert told["host"] == "api.example.com"
    assert (told["x-forwarded-for"], told["x-forwarded-proto"]) == ("127.0.0.1", "https")


def test_metrics_are_for_nobody_outside(front):
    assert front.ask("api.example.com", "/metrics").status_code == 404
    assert front.to_api == []


def test_what_starts_work_is_slowed_down_sooner_than_reading(front):
    work = [front.ask("api.example.com", "/query", "POST", json={}) for _ in range(14)]
    assert [answer.status_code for answer in work].count(200) in (11, 12)
    slowed = work[-1]
    assert (slowed.status_code, slowed.headers["Retry-After"]) == (429, "2")
    assert slowed.json()["code"] == "too_many"
    assert front.ask("api.example.com", "/predict/next").status_code == 200


def test_a_body_that_is_too_large_does_not_reach_the_api(front):
    answer = front.ask("api.example.com", "/query", "POST", content=b"x" * 70_000)
    assert answer.status_code == 413
    assert front.to_api == []


def test_by_an_unknown_name_nothing_is_answered(front):
    with pytest.raises(httpx2.TransportError):
        front.ask("elsewhere.example.com")
    plain = f"http://127.0.0.1:{front.ports.plain}/"
    assert httpx2.get(plain, headers={"Host": "elsewhere"}).status_code == 404


@pytest.mark.parametrize("name", ["api.example.com", "ui.example.com"])
def test_without_tls_one_is_sent_to_it(front, name):
    answer = httpx2.get(f"http://127.0.0.1:{front.ports.plain}/a?b=c", headers={"Host": name})
    assert (answer.status_code, answer.headers["Location"]) == (301, f"https://{name}/a?b=c")


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Basic " + b64encode(b"anna:guess").decode()}]
)
@pytest.mark.parametrize("path", ["/", "/graphql", "/server_info", "/logs/x"])
def test_the_ui_is_for_those_with_a_password(front, headers, path):
    answer = front.ask("ui.example.com", path, headers=headers)
    assert answer.status_code == 401
    assert front.to_ui == []


def test_who_has_it_is_let_through_and_the_password_stays_here(front):
    answer = front.ask("ui.example.com", "/runs", headers=SIGNED_IN)
    assert (answer.status_code, answer.text) == (200, "/runs")
    assert answer.headers["X-Frame-Options"] == "DENY"
    [told] = front.to_ui
    assert "authorization" not in told
    assert "upgrade" not in told


def test_a_websocket_is_passed_on(front):
    origin = {"Origin": "https://ui.example.com"}
    answer = front.ask("ui.example.com", "/graphql", headers=SIGNED_IN | WEBSOCKET | origin)
    assert answer.status_code == 101
    [told] = front.to_ui
    assert (told["upgrade"], told["connection"]) == ("websocket", "upgrade")


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/graphql", {"Origin": "https://evil.example.com"}),
        ("/graphql", {"Origin": "https://evil.example.com"} | WEBSOCKET),
        ("/graphql", {"Origin": "null"}),
        ("/graphql?query=mutation", {}),
    ],
)
def test_another_sites_page_can_not_use_a_signed_in_browser(front, path, more):
    answer = front.ask("ui.example.com", path, headers=SIGNED_IN | more)
    assert answer.status_code == 403
    assert front.to_ui == []


def test_the_log_holds_no_query(front):
    front.ask("api.example.com", "/predict/next?key=of-somebody")
    # The line is written when the answer has gone.
    log = front.folder / "access.log"
    text = next(text for _ in range(100_000) if (text := log.read_text()))
    assert '"path":"/predict/next"' in text
    assert "of-somebody" not in text
