"""A run that is killed half-way, two runs at once: the work gets done, and nothing is half new."""

import json
import signal
import sqlite3
from pathlib import Path

import pandas as pd
import pytest

from f1_pipeline_tests.cli.conftest import Home

pytestmark = pytest.mark.journey
DROP = ["run_id", "generated_at"]


def _content(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """What the ledger says of the newest versions, but for the record that a backtest leaves: the
    home that others share may have seen one."""
    with sqlite3.connect(folder / "warehouse.db") as database:
        return {
            "ledger": database.execute(
                "SELECT table_name, event_id, version, content_hash FROM table_versions "
                "WHERE superseded_at IS NULL AND table_name <> 'track_record' ORDER BY 1, 2"
            ).fetchall(),
            "champion": database.execute(
                "SELECT model_version, artifact_sha256 FROM models WHERE stage = 'champion'"
            ).fetchall(),
        }


def _prediction(home: Home) -> pd.DataFrame:
    return pd.DataFrame(json.loads(home.call("predict", "--json").out)).drop(columns=DROP)


@pytest.mark.parametrize("step", ["raw/archive", "features/race_features", "model/training_set"])
def test_killed_half_way_the_next_run_finishes(small: Home, empty: Home, step: str) -> None:
    process = empty.start("run", "--offline", "--quick")
    assert process.stderr is not None
    for line in process.stderr:  # a line is printed when a step is done: the next one is at work
        if line.strip().startswith(step):
            process.send_signal(signal.SIGKILL)
            break
    assert process.wait() == -signal.SIGKILL
    process.communicate()
    assert empty.call("run", "--offline", "--quick").code == 0
    assert _content(empty.folder) == _content(small.folder)
    pd.testing.assert_frame_equal(_prediction(empty), _prediction(small))


def test_two_runs_at_once_both_finish(small: Home, empty: Home) -> None:
    both = [empty.start("run", "--offline", "--quick") for _ in range(2)]
    outputs = [process.communicate(timeout=300) for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert _content(empty.folder) == _content(small.folder)
    pd.testing.assert_frame_equal(_prediction(empty), _prediction(small))
