"""The schema is kept to the letter: Schemathesis asks all that it allows, and what it does not."""

import subprocess
import sys

import pytest

from f1_pipeline.serving import schemas, schemas_search, schemas_strategy
from f1_pipeline.serving.app import create_app
from f1_pipeline_tests.serving.examples import ASKED
from f1_pipeline_tests.serving.process import Served, served

KEY = "a-key-of-the-tests"


def searches(server: Served) -> bool:
    """Whether the process of search has started: its first answer takes some seconds."""
    return server.post("/query", json={"query": "rain"}).status_code == 200


@pytest.mark.journey
@pytest.mark.parametrize("key", ["", KEY], ids=["open", "key"])
def test_schemathesis_finds_nothing(home, tmp_path, key):
    variables = home.variables | {
        "PREDICTIONS_API_KEY": key,
        "F1_SERVE_TAKES_RUNS": "false",
        "INFERENCE_TIMEOUT_SECONDS": "2.5",
    }
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run"),
        *("--checks", "all", "--max-examples", "20", "--seed", "1", "--no-color"),
        *("--suppress-health-check", "all", "--generation-database", "none"),
        *(("-H", f"X-API-Key: {key}") if key else ()),
    ]
    with served(variables, tmp_path) as server:
        server.until(lambda: searches(server), 60)
        done = subprocess.run(
            [*command, f"{server.url}/openapi.json"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "Tested: 31" in done.stdout


def test_the_examples_are_answers_of_their_addresses():
    """What a client's developer copies from the schema is of the shape that the schema says."""
    app = create_app()
    schema, examples = app.openapi(), 0
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            content = operation["responses"].get("200", {}).get("content", {})
            told = content.get("application/json", {})
            if "example" in told:
                name = told["schema"]["$ref"].rpartition("/")[2]
                parts = (schemas, schemas_search, schemas_strategy)
                shape = next(getattr(part, name) for part in parts if hasattr(part, name))
                assert shape.model_validate(told["example"]), (method, path)
                examples += 1
    assert examples == len(ASKED)
