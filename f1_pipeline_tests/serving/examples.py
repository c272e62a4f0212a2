"""Write the examples of the schema anew, from the home that the environment names.

    python -m f1_pipeline_tests.serving.examples

Real answers on the real archive; lists are shortened to two, so that the schema stays readable.
"""

import json
from typing import Any

from starlette.testclient import TestClient

from f1_pipeline.serving import app
from f1_pipeline.serving.app import create_app

RACE = "2025-monaco"
PLANS = {"event_id": RACE, "driver_id": "lando-norris", "plans": ["M-30-H-50-M"]}
ASKED: tuple[tuple[str, str, str, Any], ...] = (
    ("/predict/next", "get", "/predict/next", None),
    ("/predict/race/{race}", "get", f"/predict/race/{RACE}", None),
    ("/predict/batch", "post", "/predict/batch", {"events": [RACE, "2026-1"]}),
    ("/predictions/{race}/history", "get", "/predictions/2026-australia/history", None),
    ("/models", "get", "/models", None),
    ("/api/data/driver/{driver_id}", "get", "/api/data/driver/max-verstappen", None),
    ("/api/data/team/{constructor_id}", "get", "/api/data/team/red-bull", None),
    ("/api/data/circuit/{circuit_id}/patterns", "get", "/api/data/circuit/monaco/patterns", None),
    ("/api/data/race/{race}/features", "get", f"/api/data/race/{RACE}/features", None),
    ("/strategy/race/{race}", "get", "/strategy/race/2026-australia", None),
    ("/strategy/race/{race}/circuit", "get", f"/strategy/race/{RACE}/circuit", None),
    ("/strategy/generate", "post", "/strategy/generate", PLANS),
    ("/query", "post", "/query", {"query": "a wet race won from outside the front row"}),
    ("/stories/race/{race}", "get", f"/stories/race/{RACE}", None),
    ("/data/test", "get", "/data/test", None),
    ("/api/v1/monitoring/metrics", "get", "/api/v1/monitoring/metrics", None),
    ("/api/v1/monitoring/drift", "get", "/api/v1/monitoring/drift", None),
    ("/api/sync/info", "get", "/api/sync/info", None),
    ("/health", "get", "/health", None),
)


def shortened(value: Any) -> Any:
    """Lists of two, numbers of four digits."""
    if isinstance(value, dict):
        return {key: shortened(one) for key, one in value.items()}
    if isinstance(value, list):
        return [shortened(one) for one in value[:2]]
    return round(value, 4) if isinstance(value, float) else value


def main() -> None:
    found: dict[str, dict[str, Any]] = {}
    with TestClient(create_app(), base_url="http://localhost") as client:
        for path, method, url, body in ASKED:
            answer = client.request(method.upper(), url, json=body)
            assert answer.status_code == 200, answer.text
            found.setdefault(path, {})[method] = shortened(answer.json())
    app._EXAMPLES.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
