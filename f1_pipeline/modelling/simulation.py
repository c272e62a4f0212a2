"""Simulated races: from strengths and retirement hazards to one joint distribution.

A race is drawn in two steps. Who retires: each car by its own hazard, but at least three cars (or
all, if fewer) are always classified, so that a podium place implies a classified car and
p_win <= p_podium <= p_points holds for every driver. Who finishes where: a Plackett-Luce draw among
the classified, whose strengths may differ by stage (the win, places 2-3, 4-10 and 11 on). Cars that
are out follow in random order. Everything that is published is a count over the same draws.

Not here: where strengths and hazards come from.
"""

from dataclasses import dataclass

import numpy as np

from f1_pipeline.modelling.arrays import BoolArray, FloatArray, IntArray

STAGES = ((1, 1), (2, 3), (4, 10), (11, None))  # first and last place of each stage
ALWAYS_CLASSIFIED = 3
POINTS_PLACES = 10
_SMALLEST = np.float32(1e-30)  # the logarithm of an exponential draw of 0 would win any race


@dataclass(frozen=True)
class Hazards:
    """Per car: P(retires or does not start); and what does not follow from that, for all cars.

    `classified_retired`: P(classified | retired), as 90 % of the distance is enough.
    `excluded`: P(not classified | did not retire), as by a disqualification.
    """

    retired: FloatArray
    classified_retired: float = 0.0
    excluded: float = 0.0


@dataclass(frozen=True)
class Draws:
    """Counts over the draws: `positions` is cars by places 1 to n, the rest one number per car."""

    races: int
    positions: IntArray
    in_points: IntArray
    retired: IntArray

    def __add__(self, other: "Draws") -> "Draws":
        return Draws(
            self.races + other.races,
            self.positions + other.positions,
            self.in_points + other.in_points,
            self.retired + other.retired,
        )


def simulate(
    stage_strengths: FloatArray, hazards: Hazards, draws: int, rng: np.random.Generator
) -> Draws:
    """Draw races; `stage_strengths` is stages by cars, the logarithm of the odds.

    Every place is taken by one car in every draw: rows and columns of the counts of positions sum
    to the number of draws.
    """
    cars = stage_strengths.shape[1]
    retired, out = _retirements(hazards, draws, rng)
    places = _places(stage_strengths, out, retired, rng)
    cells = (np.arange(cars) * cars + places - 1).ravel()
    return Draws(
        races=draws,
        positions=np.bincount(cells, minlength=cars * cars).reshape(cars, cars),
        in_points=((places <= POINTS_PLACES) & ~out).sum(axis=0),
        retired=retired.sum(axis=0),
    )


def _retirements(
    hazards: Hazards, draws: int, rng: np.random.Generator
) -> tuple[BoolArray, BoolArray]:
    """Draws by cars: who retires, and who is out (not classified)."""
    cars = len(hazards.retired)
    margin = rng.random((draws, cars), dtype=np.float32) / np.maximum(hazards.retired, 1e-9)
    retired = margin < 1.0
    chance = rng.random((draws, cars), dtype=np.float32)
    stays_out = chance >= hazards.classified_retired
    excluded = chance < hazards.excluded
    out = np.where(retired, stays_out, excluded)
    spared = _spared(out, margin, min(ALWAYS_CLASSIFIED, cars))
    return retired & ~spared, out & ~spared


def _spared(out: BoolArray, margin: FloatArray, kept: int) -> BoolArray:
    """The cars that must stay in so that `kept` are classified: those that came nearest to it."""
    spared = np.zeros_like(out)
    short = np.flatnonzero((~out).sum(axis=1) < kept)
    if len(short):
        nearest = np.argsort(np.where(out[short], -margin[short], -np.inf), axis=1, kind="stable")
        spared[short[:, None], nearest[:, :kept]] = True
    return spared & out


def _places(
    stage_strengths: FloatArray, out: BoolArray, retired: BoolArray, rng: np.random.Generator
) -> IntArray:
    """Places 1 to n, draws by cars: stage by stage among the classified, then the cars out.

    A Plackett-Luce order is the order of strength plus Gumbel noise (-ln of an exponential).
    Classified cars that retired close the classified order, cars out follow at random.
    """
    draws, cars = out.shape
    places = np.zeros((draws, cars), dtype=np.int64)
    behind = np.where(out, 2e3, np.where(retired, 1e3, 0.0)).astype(np.float32)
    line = np.arange(draws)[:, None]
    left = np.broadcast_to(np.arange(cars), (draws, cars))
    for (first, last), strengths in zip(STAGES, stage_strengths, strict=True):
        if first > cars:
            break
        noise = rng.standard_exponential(left.shape, dtype=np.float32)
        offset = behind[line, left]
        offset = np.where(offset > 0, offset, -strengths.astype(np.float32)[left])
        keys = np.log(np.maximum(noise, _SMALLEST)) + offset
        order = np.argsort(keys, axis=1, kind="stable")
        taken = (last or cars) - first + 1
        front = np.take_along_axis(left, order[:, :taken], axis=1)
        places[line, front] = np.arange(first, first + front.shape[1])
        left = np.take_along_axis(left, order[:, taken:], axis=1)
    return places
