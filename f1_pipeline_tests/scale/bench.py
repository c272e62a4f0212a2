"""The lines of `make bench` about growth: the archive once and three times over, in two minutes."""

from collections.abc import Callable, Sequence
from typing import Any

from f1_pipeline_tests.scale.growth import NOISE, worst_step
from f1_pipeline_tests.scale.measuring import ALL, measured
from f1_pipeline_tests.scale.report import of_stage

# The backtest takes a minute of its own; the last two grow faster and are named in docs/scale.md.
_LEFT_OUT = ("backtest", "late corrections", "alike")
STAGES = tuple(stage for stage in ALL if stage not in _LEFT_OUT)


def main(
    measure: Callable[..., Any],
    show: Callable[[str, float, str, float], None],
    sizes: Sequence[float] = (1.0, 3.0),
    stages: Sequence[str] = STAGES,
) -> None:
    """A line per stage: how much more its cost grew than n·log n, beside what noise explains."""
    costs = [*measured(sizes, stages, measure, lambda text: None)]
    print(f"growth from {sizes[0]:g} to {sizes[-1]:g} times the archive, beside n·log n")
    for stage in stages:
        worst = worst_step([cost.point for cost in of_stage(costs, stage)])
        if worst is not None:
            show(f"  {stage}", worst, "", NOISE)
