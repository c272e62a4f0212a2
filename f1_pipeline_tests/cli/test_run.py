"""The main job as a newcomer meets it: one command, and what it prints."""

import json
import sqlite3

import pandas as pd
import pytest

from f1_pipeline.cli.runs import console_level
from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline.predictions import incoherences
from f1_pipeline_tests.cli.conftest import OPEN, Done, Home

pytestmark = pytest.mark.journey


def _rows(done: Done) -> pd.DataFrame:
    return pd.DataFrame(json.loads(done.out))


def test_it_prints_the_next_race_and_the_evidence(ran: tuple[Home, Done]) -> None:
    done = ran[1]
    assert done.code == 0, done.err
    assert "Australian Grand Prix 2026" in done.out
    assert "retrospective" in done.out
    assert "Stale" in done.out
    assert "walk-forward" in done.out
    assert "model/backtest 2025" in done.err


def test_before_the_start_the_prediction_is_open(copy_of_ran: Home) -> None:
    again = copy_of_ran.call("run", "--offline", "--quick", F1_NOW=OPEN)
    assert again.code == 0, again.err
    rows = _rows(copy_of_ran.call("predict", "--json", F1_NOW=OPEN))
    assert set(rows["status"]) == {"open"}
    assert set(rows["generated_at"]) == {OPEN}
    # Later the same rows are what was known in time; the retrospective ones stay behind them.
    assert set(_rows(copy_of_ran.call("predict", "--json"))["status"]) == {"locked"}


def test_a_published_prediction_meets_its_contract_and_adds_up(ran: tuple[Home, Done]) -> None:
    rows = _rows(ran[0].call("predict", "--json"))
    assert set(rows["event_id"]) == {"2026-australia"}
    assert set(rows["status"]) == {"retrospective"}
    assert len(rows) == 22
    contract = CONTRACTS["race_predictions"]
    stored = check(rows.drop(columns="status"), contract)
    assert list(rows.columns) == [*(c.name for c in contract.columns), "status"]
    assert incoherences(stored) == []
    assert rows["p_win"].is_monotonic_decreasing
    assert sum(rows["p_points"]) <= 10


def test_the_same_run_again_changes_nothing(copy_of_small: Home) -> None:
    before = copy_of_small.call("predict", "--json")
    again = copy_of_small.call("run", "--offline", "--quick")
    assert again.code == 0, again.err
    assert copy_of_small.call("predict", "--json").out == before.out
    with sqlite3.connect(copy_of_small.folder / "warehouse.db") as database:
        versions = database.execute("SELECT MAX(version) FROM table_versions").fetchone()
    assert versions == (1,)


def test_a_race_that_was_held_is_forecast_without_having_seen_it(copy_of_ran: Home) -> None:
    rows = _rows(copy_of_ran.call("predict", "--event", "2025-monaco", "--json"))
    assert set(rows["horizon"]) == {"post_qualifying"}
    assert set(rows["grid_source"]) == {"official"}
    assert set(rows["status"]) == {"retrospective"}
    assert rows["model_version"].str.startswith("as-of-").all()
    early = copy_of_ran.call(
        "predict", "--event", "2025-monaco", "--horizon", "pre_weekend", "--json"
    )
    assert _rows(early)["grid_source"].isna().all()


def test_seasons_bound_what_is_trained_on(copy_of_small: Home) -> None:
    done = copy_of_small.call("run", "--offline", "--quick", "--seasons", "2023-2024")
    assert done.code == 0, done.err
    with sqlite3.connect(copy_of_small.folder / "warehouse.db") as database:
        window = database.execute(
            "SELECT first_event, last_event FROM models WHERE stage = 'champion'"
        ).fetchall()
    assert window == [("2023-australia", "2024-miami")]


@pytest.mark.parametrize(
    ("asked", "given"),
    [("DEBUG", "DEBUG"), ("INFO", "INFO"), ("WARNING", "CRITICAL"), ("ERROR", "CRITICAL")],
)
def test_dagster_speaks_on_the_console_only_when_asked(asked: str, given: str) -> None:
    assert console_level(asked) == given


def test_the_log_level_reaches_the_run(copy_of_small: Home) -> None:
    quiet = copy_of_small.call_apart("predict", "--event", "2025-japan")
    loud = copy_of_small.call_apart("predict", "--event", "2024-japan", LOG_LEVEL="INFO")
    assert (quiet.code, loud.code) == (0, 0)
    assert "dagster - " not in quiet.err
    assert "dagster - " in loud.err
