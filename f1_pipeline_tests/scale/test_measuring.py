"""Stages run and leave what the next ones need; what they take is told, also what does not fit."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from f1_pipeline_tests.bench import Usage
from f1_pipeline_tests.scale import report
from f1_pipeline_tests.scale.home import Home
from f1_pipeline_tests.scale.measuring import ALL, UP_TO, Cost, measured
from f1_pipeline_tests.scale.reading import READING
from f1_pipeline_tests.scale.seasons import make
from f1_pipeline_tests.scale.stages import STAGES

Answer = Callable[[str], tuple[int, str]]


def test_every_stage_runs_on_what_those_before_it_have_left(tmp_path: Path) -> None:
    home = Home(tmp_path, f"sqlite:///{tmp_path / 'warehouse.db'}")
    home.keep("tables", make(40))
    for name, stage in (STAGES | READING).items():
        if name == "backtest":  # six fits: `training` and `forecast` are its parts
            continue
        work = stage(home)
        work.afterwards(work.run())
    held = home.warehouse.versions("race_results")
    assert (held.groupby("event_id")["version"].max() > 1).sum() == 1  # the one corrected `again`
    assert len(home.warehouse.read("race_predictions")) == 40 * 20
    assert home.warehouse.read("training_set")["event_id"].nunique() == 38


def _measured(answer: Answer, sizes: list[float], stages: list[str]) -> list[Cost]:
    asked: list[str] = []

    def measure(command: list[str], environment: dict[str, str]) -> Usage:
        asked.append(command[5])
        code, output = (0, '{"rows": 80000}') if command[5] == "draw" else answer(command[5])
        return Usage(1.0, 1.0, 512.0, code, output)

    return [*measured(sizes, stages, measure, asked.append)]


def test_costs_are_told_by_stage_and_size() -> None:
    costs = _measured(lambda stage: (0, 'a warning\n{"cpu": 2.5}'), [1.0], ["take in", "features"])
    assert [cost.stage for cost in costs] == ["take in", "features"]
    assert {(cost.size, cost.rows, cost.cpu, cost.peak) for cost in costs} == {
        (1.0, 80_000, 2.5, 512.0)
    }


def test_what_does_not_fit_is_a_finding_and_what_breaks_is_an_error() -> None:
    (cost,) = _measured(lambda stage: (1, "MemoryError"), [1.0], ["features"])
    assert cost.fault == "does not fit 8 GiB"
    assert report.growths([cost, cost]) == report.growths([])
    with pytest.raises(SystemExit, match="no such column"):
        _measured(lambda stage: (1, "no such column"), [1.0], ["features"])


def test_a_stage_is_left_out_where_it_takes_too_long_but_not_where_all_is_asked_for() -> None:
    assert set(UP_TO) < set(ALL)
    costs = _measured(lambda stage: (0, '{"cpu": 1}'), [10.0, 30.0], ["take in", "backtest"])
    assert [(cost.size, cost.stage) for cost in costs] == [
        (10.0, "take in"), (10.0, "backtest"), (30.0, "take in"),
    ]  # fmt: skip


def test_a_stage_that_grows_faster_is_named_and_drawn(tmp_path: Path) -> None:
    def cost(stage: str, size: float, cpu: float) -> Cost:
        return Cost(stage, size, int(84_000 * size), cpu, 300.0 * size, 11.0 * size)

    costs = [cost("alike", size, 0.1 * size**2) for size in (1, 3, 10)]
    costs += [cost("features", size, 0.5 * size) for size in (1, 3, 10)]
    faster = [line.split()[0] for line in report.growths(costs) if "grows faster" in line]
    assert faster == ["alike"]
    report.draw(costs, tmp_path / "scale.png")
    assert (tmp_path / "scale.png").read_bytes().startswith(b"\x89PNG")
    assert json.dumps(report.line(costs[0])).count("MiB") == 2
