"""Questions to the upstream as its own tests ask them."""

import http.client
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from f1_pipeline_tests.upstream import Upstream

SHIPPED = Path(__file__).parents[2] / "data" / "archive"
API = "/api.jolpi.ca/ergast/f1"
Json = dict[str, Any]


def get(upstream: Upstream, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of an answer, over a connection of its own."""
    connection = http.client.HTTPConnection(urlsplit(upstream.url).netloc, timeout=10)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.headers), answer.read()
    finally:
        connection.close()


def document(upstream: Upstream, path: str) -> Json:
    status, _, body = get(upstream, f"{API}/{path}")
    assert status == 200
    return json.loads(body)["MRData"]


def races(upstream: Upstream, path: str) -> list[Json]:
    return document(upstream, path)["RaceTable"]["Races"]


def results(upstream: Upstream, path: str, label: str = "Results") -> list[Json]:
    [race] = races(upstream, f"{path}?limit=100")
    return race[label]


def who(rows: list[Json]) -> list[str]:
    return [row["Driver"]["driverId"] for row in rows]
