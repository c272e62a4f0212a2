"""Bad input: one clear line with what to do, the right exit code, and nothing lost."""

import shutil
import socket
from pathlib import Path

import pandas as pd
import pytest

from f1_pipeline_tests.cli.conftest import Done, Home

pytestmark = pytest.mark.journey


def _is_one_clear_line(done: Done, code: int, *parts: str) -> None:
    assert done.code == code, done.err
    assert "Traceback" not in done.err
    assert len(done.error_lines) == 1, done.err
    for part in parts:
        assert part in done.error_lines[0]


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["predict", "--event", "2025-austrolia"], ["unknown event", "2025-australia"]),
        (["predict", "--event", "nonsense"], ["unknown event", "events look like"]),
        (["predict", "--event", "2026-miami"], ["2026-miami", "next race"]),
        (["predict", "--horizon", "post_qualifying"], ["2026-australia", "post_qualifying"]),
        (["backtest", "--seasons", "1949"], ["1949", "choose among 2023-2025"]),
        (["backtest", "--seasons", "2025-2024"], ["before the first"]),
        (["backtest", "--seasons", "last"], ["expected a season or a range"]),
        (
            ["backtest", "--seasons", "2025", "--tier", "timing"],
            ["no laps are held", "laps import"],
        ),
        (["run", "--offline", "--seasons", "2031-2032"], ["2031-2032", "2022-2025"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_bad_use(small: Home, arguments: list[str], parts: list[str]) -> None:
    _is_one_clear_line(small.call(*arguments), 2, *parts)


def test_unknown_horizon_lists_the_known_ones(small: Home) -> None:
    done = small.call("predict", "--horizon", "friday")
    assert done.code == 2
    assert "pre_weekend" in done.err


def test_predict_before_any_run(empty: Home) -> None:
    _is_one_clear_line(empty.call("predict"), 1, "f1-pipeline run")


def test_a_wrong_clock(empty: Home) -> None:
    _is_one_clear_line(empty.call("run", F1_NOW="tomorrow"), 2, "F1_NOW", "2026-03-01T00:00:00Z")


def test_an_unwritable_data_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    home = Home(tmp_path / "file" / "data")
    _is_one_clear_line(home.call("run", "--offline"), 1, "F1_DATA_DIR")


def test_an_unreachable_database(empty: Home) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"postgres://someone:hush@127.0.0.1:{port}/f1"
    done = empty.call("run", "--offline", DATABASE_URL=url)
    _is_one_clear_line(done, 1, "DATABASE_URL")
    assert "hush" not in done.err


@pytest.mark.parametrize("url", ["mysql://localhost/f1", "no address at all"])
def test_a_wrong_database_address(empty: Home, url: str) -> None:
    _is_one_clear_line(empty.call("run", DATABASE_URL=url), 2, "DATABASE_URL")


def test_an_archive_that_is_not_there(empty: Home, tmp_path: Path) -> None:
    done = empty.call("run", "--offline", F1_ARCHIVE_DIR=str(tmp_path / "nowhere"))
    _is_one_clear_line(done, 1, "archive build")


def test_a_release_that_is_none(empty: Home, tmp_path: Path) -> None:
    (tmp_path / "release.zip").write_bytes(b"PK but no zip")
    done = empty.call(
        "archive", "build", "--from", str(tmp_path / "release.zip"), "--out", str(tmp_path / "out")
    )
    _is_one_clear_line(done, 1, "not a readable zip")
    assert not (tmp_path / "out").exists()


def test_the_run_says_which_events_it_withheld(
    copy_of_small: Home, small_archive: str, tmp_path: Path
) -> None:
    damaged = shutil.copytree(small_archive, tmp_path / "damaged")
    results = pd.read_parquet(damaged / "race_results.parquet")
    results.loc[results.index[-1], "driver_id"] = "nobody"
    results.to_parquet(damaged / "race_results.parquet", index=False)
    event_id = results["event_id"].iloc[-1]
    done = copy_of_small.call("run", "--offline", "--quick", F1_ARCHIVE_DIR=str(damaged))
    assert done.code == 0, done.err
    assert f"race_results {event_id}: unknown driver 'nobody'" in done.out
    clean = copy_of_small.call("run", "--offline", "--quick")
    assert "quarantine" not in clean.out
