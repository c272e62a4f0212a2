"""What `make chaos` looks at after a fault passes a sound home, and catches a damaged one."""

import sqlite3
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest

from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline_tests.chaos import verdicts
from f1_pipeline_tests.cli.conftest import Home

pytestmark = pytest.mark.journey


def of(home: Home, instance: dg.DagsterInstance | None = None) -> Any:
    warehouse = Warehouse(f"sqlite:///{home.folder / 'warehouse.db'}")
    return SimpleNamespace(pipeline=SimpleNamespace(warehouse=warehouse), instance=instance)


def test_a_sound_home_is_whole(small: Home) -> None:
    assert verdicts.half_published(of(small)) == []


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("DELETE FROM explanations", "race_predictions without explanations"),
        ("DELETE FROM race_predictions", "explanations without race_predictions"),
        ("UPDATE models SET stage = 'retired'", "0 models are in force"),
        ("UPDATE race_predictions SET p_win = 2", "race_predictions: "),
    ],
)
def test_what_is_half_there_is_noticed(copy_of_small: Home, damage: str, told: str) -> None:
    with sqlite3.connect(copy_of_small.folder / "warehouse.db") as database:
        database.execute(damage)
    (found, *_) = verdicts.half_published(of(copy_of_small))
    assert found.startswith(told)


def test_a_run_that_failed_without_a_word_is_noticed(small: Home) -> None:
    @dg.job
    def nothing() -> None:
        """No op."""

    with dg.DagsterInstance.ephemeral() as instance:
        told, silent = (
            instance.create_run_for_job(nothing, status=dg.DagsterRunStatus.STARTED)
            for _ in range(2)
        )
        instance.report_run_failed(told, "its process is gone")
        assert verdicts.untold(of(small, instance)) == []
        instance.report_run_failed(silent, "")
        (found,) = verdicts.untold(of(small, instance))
        assert silent.run_id in found
