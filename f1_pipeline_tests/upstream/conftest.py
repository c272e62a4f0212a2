"""A server of the shipped archive for each test, FastF1's client of it, and a made-up archive."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from f1_pipeline.sources import archive
from f1_pipeline_tests.release import make_release
from f1_pipeline_tests.upstream import Upstream, serving
from f1_pipeline_tests.upstream.asking import SHIPPED


class ToUpstream(HTTPAdapter):
    """Sends what is meant for any host to the upstream, as the path below the host's name."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base

    def send(self, request: Any, *args: Any, **kwargs: Any) -> requests.Response:
        meant, redirected = request.url, request.copy()
        redirected.url = f"{self.base}/{meant.partition('://')[2]}"
        response = super().send(redirected, *args, **kwargs)
        response.url, response.request = meant, request
        return response


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with serving(SHIPPED) as running:
        yield running


@pytest.fixture
def ergast(upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """FastF1's client, which asks `upstream`; FastF1 is afterwards as it was."""
    from fastf1 import req
    from fastf1.ergast import Ergast

    for name in ("_CACHE_DIR", "_IGNORE_VERSION", "_FORCE_RENEW", "_requests_session_cached"):
        monkeypatch.setattr(req.Cache, name, getattr(req.Cache, name))
    monkeypatch.setattr(req._SessionWithRateLimiting, "_RATE_LIMITS", {})
    req.Cache.configure(cache_dir=str(tmp_path))
    session = req.Cache._requests_session_cached
    session.mount("https://", ToUpstream(upstream.url))
    yield Ergast(result_type="pandas", auto_cast=True)
    session.close()


@pytest.fixture(scope="session")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("upstream")
    archive.build(make_release(folder / "f1db", seasons=(2023, 2024), future=2025), folder / "out")
    return folder / "out"
