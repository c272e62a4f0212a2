"""A server on what a quick run of the pipeline has published."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest
from starlette.testclient import TestClient

from f1_pipeline.serving.app import create_app
from f1_pipeline.settings import load_settings
from f1_pipeline_tests.cli.conftest import OPEN, Home, small, small_archive  # noqa: F401

HELD = "2025-japan"  # a race with a result, and forecasts made after it
NEXT = "2026-australia"


class Server(TestClient):
    """The application in this process, started and asked as a server is."""

    def look(self) -> None:
        """What the watch does twice a second."""
        self.portal.call(self.app.state.service.look)  # type: ignore[union-attr,attr-defined,call-arg]


@pytest.fixture(scope="session")
def published(small: Home) -> Home:  # noqa: F811
    """A home with forecasts of the next race and of one that was held. Not to be changed."""
    assert small.call("predict", "--event", HELD).code == 0
    return small


@pytest.fixture
def home(published: Home, tmp_path: Path) -> Home:
    """The same, for a test that changes it."""
    copytree(published.folder, tmp_path / "home")
    return Home(tmp_path / "home", **published.variables | {"F1_DATA_DIR": str(tmp_path / "home")})


@pytest.fixture
def empty_home(tmp_path: Path) -> Home:
    """A place that no run has written to."""
    return Home(tmp_path / "empty")


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator:
    """Starts a server on a home, with variables of its own."""
    running = []

    def start(on: Home, **variables: str) -> Server:
        for name, value in (on.variables | variables).items():
            monkeypatch.setenv(name, value)
        server = Server(create_app(load_settings()), base_url="http://localhost")
        server.__enter__()
        running.append(server)
        return server

    yield start
    for server in running:
        server.__exit__(None, None, None)


@pytest.fixture
def server(published: Home, serve) -> Server:
    return serve(published)


__all__ = ["HELD", "NEXT", "OPEN", "Home", "Server"]
