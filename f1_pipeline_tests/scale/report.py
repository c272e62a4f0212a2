"""What was measured, as lines and as a picture. Measures nothing."""

from collections.abc import Sequence
from math import exp, isnan, log
from pathlib import Path
from typing import Any

from f1_pipeline_tests.scale.growth import exponent, holds, worst_step
from f1_pipeline_tests.scale.measuring import ALL, Cost
from f1_pipeline_tests.scale.memory import MOST_MEMORY

_BLUE, _GREY, _RED, _DARK = "#2563a8", "#b9c0c8", "#c0392b", "#6b7280"
_TICKS, _GIBIBYTES = (1, 3, 10, 30, 100), (0.25, 0.5, 1, 2, 4, 8)
_NAMES_AT, _GUIDE_FROM = 150, 0.005
_DRAWN = (
    *("take in", "features", "store features", "training", "backtest", "late corrections"),
    *("forecast, reading", "alike", "read a forecast"),
)
_FASTER = ("late corrections", "alike")


def line(cost: Cost) -> str:
    """A stage at a size."""
    taken = cost.fault or _seconds(cost.cpu)
    return (
        f"{cost.size:>6g} {cost.rows:>10,} {cost.stage:20} {taken:>12} {cost.peak:>9,.0f} MiB "
        f"{cost.database:>9,.0f} MiB"
    )


def head() -> str:
    return f"{'times':>6} {'rows':>10} {'stage':20} {'CPU':>12} {'peak':>13} {'database':>13}"


def growths(costs: Sequence[Cost]) -> list[str]:
    """By stage the exponent and the worst step beside n·log n, where two sizes are known."""
    lines = [f"{'stage':20} {'sizes':>12} {'exponent':>9} {'worst step beside n·log n':>27}"]
    for stage in ALL:
        known = of_stage(costs, stage)
        points = [cost.point for cost in known]
        worst = worst_step(points)
        if worst is None:
            continue
        sizes = f"{known[0].size:g} to {known[-1].size:g}"
        power = exponent(points[0], points[-1])
        verdict = "" if holds(points) else "   grows faster"
        lines.append(f"{stage:20} {sizes:>12} {power:>9.2f} {worst:>27.2f}{verdict}")
    return lines


def of_stage(costs: Sequence[Cost], stage: str) -> list[Cost]:
    """What is known of a stage, the smallest size first."""
    known = [cost for cost in costs if cost.stage == stage and not isnan(cost.cpu)]
    return sorted(known, key=lambda cost: cost.size)


def draw(costs: Sequence[Cost], path: Path) -> None:
    """CPU and memory of the main stages against the size, beside n·log n and what was given."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 5.5), dpi=110, layout="constrained")
    left, right = figure.subplots(1, 2)
    _panel(left, costs, "cpu", _DRAWN)
    left.set(title="CPU of the work", ylabel="seconds")
    _guide(left, costs)
    right.set(ylim=(200, 11_000))
    _panel(right, costs, "peak", [stage for stage in _DRAWN if not stage.startswith("read ")])
    right.set(title="memory of the process at its peak", ylabel="GiB")
    given = MOST_MEMORY / 2**20
    right.axhline(given, color=_GREY, linestyle="--")
    right.annotate("what was given", (1, given), xytext=(0, 3), textcoords="offset points",
                   fontsize=7, color=_DARK)  # fmt: skip
    right.set_yticks([1024 * size for size in _GIBIBYTES], [f"{size:g}" for size in _GIBIBYTES])
    right.minorticks_off()
    figure.savefig(path)


def _panel(axes: Any, costs: Sequence[Cost], what: str, stages: Sequence[str]) -> None:
    ends = []
    for stage in stages:
        known = of_stage(costs, stage)
        if len(known) < 2:
            continue
        colour = _RED if stage in _FASTER else _BLUE
        sizes, values = [cost.size for cost in known], [getattr(cost, what) for cost in known]
        axes.plot(sizes, values, marker="o", markersize=3, color=colour, linewidth=1.2)
        ends.append((sizes[-1], values[-1], stage))
    axes.set(xscale="log", yscale="log", xlabel="times the archive")
    axes.set_xlim(0.9, 700)
    axes.set_xticks(_TICKS, [str(tick) for tick in _TICKS])
    axes.minorticks_off()
    axes.spines[["top", "right"]].set_visible(False)
    _name(axes, ends)


def _name(axes: Any, ends: list[tuple[float, float, str]]) -> None:
    """Names right of all lines, so far apart that they can be read."""
    low, high = (log(value) for value in axes.get_ylim())
    gap, lowest = (high - low) / 26, low
    for size, value, stage in sorted(ends, key=lambda end: end[1]):
        at = max(log(value), lowest)
        lowest = at + gap
        axes.annotate(
            stage,
            (size, value),
            xytext=(_NAMES_AT, exp(at)),
            textcoords="data",
            fontsize=7,
            va="center",
            arrowprops={"arrowstyle": "-", "color": _GREY, "linewidth": 0.5},
        )


def _guide(axes: Any, costs: Sequence[Cost]) -> None:
    """How n·log n rises, from an arbitrary height."""
    rows = {cost.size: cost.rows for cost in costs}
    sizes = sorted(rows)
    unit = rows[sizes[0]] * log(rows[sizes[0]])
    heights = [_GUIDE_FROM * rows[size] * log(rows[size]) / unit for size in sizes]
    axes.plot(sizes, heights, color=_GREY, linestyle="--")
    axes.annotate("n·log n", (sizes[0], heights[0]), xytext=(0, -9), textcoords="offset points",
                  fontsize=7, color=_DARK)  # fmt: skip


def _seconds(seconds: float) -> str:
    return f"{1000 * seconds:,.1f} ms" if seconds < 0.1 else f"{seconds:,.2f} s"
