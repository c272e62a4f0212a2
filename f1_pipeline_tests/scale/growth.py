"""The arithmetic of growth: a stage's cost at several sizes, beside n·log n. Measures nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log

# A machine that others work on gives the same work 20 % more or less.
NOISE = 1.2


@dataclass(frozen=True)
class Point:
    """What a stage took (seconds, or MiB) of so many rows."""

    rows: int
    cost: float


def exponent(small: Point, large: Point) -> float:
    """p where cost grows with rows to the power of p: 1 is in proportion, 2 is every pair."""
    return log(large.cost / small.cost) / log(large.rows / small.rows)


def beside(small: Point, large: Point) -> float:
    """How much more the cost grew than n·log n did: 1 is as fast, less is slower."""
    allowed = large.rows * log(large.rows) / (small.rows * log(small.rows))
    return large.cost / small.cost / allowed


def worst_step(points: Sequence[Point]) -> float | None:
    """The largest of `beside` from each size to the next, None of one size.

    From step to step: over all of them a cost that is fixed, and large at the smallest size, would
    hide what the others do.
    """
    ordered = sorted(points, key=lambda point: point.rows)
    steps = [beside(small, large) for small, large in pairwise(ordered)]
    return max(steps, default=None)


def holds(points: Sequence[Point]) -> bool:
    """Whether no step grew faster than n·log n, but for what a machine's noise explains."""
    worst = worst_step(points)
    return worst is None or worst <= NOISE
