"""The registry from the command line: what is in force and why, and how to change it."""

import json
import shutil

import pytest

from f1_pipeline.storage.model_store import ModelStore
from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline_tests.cli.conftest import Home

pytestmark = pytest.mark.journey


def store(home: Home) -> ModelStore:
    warehouse = Warehouse(f"sqlite:///{home.folder / 'warehouse.db'}")
    return ModelStore(str(home.folder / "models"), warehouse)


def test_what_is_in_force_and_why(copy_of_small: Home) -> None:
    (fit,) = json.loads(copy_of_small.call("models", "list", "--json").out)
    assert (fit["stage"], fit["artifact"], fit["action"]) == ("champion", "intact", "gate")
    assert fit["races"] == 18
    assert fit["parent"] is None
    assert "fitted on new races: all 11 criteria are met" in fit["reason"]

    (copy_of_small.folder / "models" / "stray").mkdir()
    shown = copy_of_small.call("models", "list").out
    assert fit["model_version"] in shown
    assert fit["recipe"] in shown
    assert "passed" in shown
    assert "stray: an artifact that no row names" in shown

    shutil.rmtree(copy_of_small.folder / "models" / fit["model_version"])
    (fit,) = json.loads(copy_of_small.call("models", "list", "--json").out)
    assert fit["artifact"] == "missing"


def test_before_the_first_run_there_is_none(empty: Home) -> None:
    done = empty.call("models", "list")
    assert done.code == 0
    assert "No model is registered yet" in done.out
    done = empty.call("models", "rollback")
    assert done.code == 2
    assert done.error_lines == [
        "f1-pipeline: no model is in force: there is nothing to go back from."
    ]


def test_another_fit_takes_over_and_one_can_go_back(copy_of_small: Home) -> None:
    first = store(copy_of_small).champion()
    assert first is not None
    # Fewer races, the same recipe: a refit.
    ran = copy_of_small.call("run", "--offline", "--quick", "--seasons", "2022-2024")
    assert ran.code == 0, ran.err
    second = store(copy_of_small).champion()
    assert second is not None
    assert second["model_version"] != first["model_version"]

    back = copy_of_small.call("models", "rollback", "--reason", "a look at it")
    assert back.code == 0, back.err
    assert f"In force: {first['model_version']}" in back.out
    # A minute later: forecasts of one instant have no order in time.
    forecast = copy_of_small.call("run", "--offline", "--quick", F1_NOW="2026-11-01T00:01:00Z")
    assert forecast.code == 0, forecast.err
    rows = json.loads(copy_of_small.call("predict", "--json").out)
    assert {row["model_version"] for row in rows} == {first["model_version"]}

    again = copy_of_small.call("models", "promote", second["model_version"])
    assert again.code == 0, again.err
    assert f"In force: {second['model_version']}" in again.out
    history = store(copy_of_small).warehouse.read("promotions")
    assert list(history["action"]) == ["gate", "refit", "rollback", "gate"]
    assert "a look at it" in list(history["reason"])


def test_the_gate_refuses_with_its_numbers_and_nothing_changes(copy_of_small: Home) -> None:
    first = store(copy_of_small).champion()
    assert first is not None
    done = copy_of_small.call("models", "promote", first["recipe"], MAX_POINTS_LOG_LOSS="0.01")
    assert done.code == 1
    (line,) = done.error_lines
    assert "is refused, and what is in force stays so: points_ll" in line
    assert "above 0.01" in line
    assert store(copy_of_small).champion() == first


@pytest.mark.parametrize("name", ["nothing", "../../etc"])
def test_what_is_not_there_is_bad_use(copy_of_small: Home, name: str) -> None:
    done = copy_of_small.call("models", "promote", name)
    assert done.code == 2
    assert len(done.error_lines) == 1
    assert f"no recipe {name} is registered" in done.error_lines[0]
