"""The schema is kept to the letter: Schemathesis asks all that it allows, and what it does not."""

import subprocess
import sys

import pytest

from f1_pipeline_tests.serving.process import served

pytestmark = pytest.mark.journey
KEY = "a-key-of-the-tests"


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
        done = subprocess.run(
            [*command, f"{server.url}/openapi.json"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "Tested: 26" in done.stdout
