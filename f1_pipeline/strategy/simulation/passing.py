"""Passing: how a chance over a whole race becomes one for a lap.

Races tell P, the chance that the rear one of two neighbours finishes ahead, by how much faster it
is a lap: log-odds x = (advantage - pass_ms) / scale_ms. They do not tell when it passed. If it may
try in n laps of contact, with the same chance p in each, then P = 1 - (1 - p)^n: a hazard per lap
of log(1 + e^x) / n. Advantage in a lap is that of the lap's tyres too, so fresh tyres pass where a
race's mean would not.

That hazard grows with x alone, so a car two seconds a lap faster would need eight laps for each car
ahead: the logistic law has one in twenty fail at x = 3, who fail for reasons other than the car
ahead (damage, a slow stop), and there hardly is a pair beyond. So e^(x - 3) is added to x's part,
which changes P by four points in a hundred at the most, and lets such a car by in a lap or two.
"""

import numpy as np

from f1_pipeline.strategy.simulation.setting import FloatArray, Single

# Laps of contact, as a share of the race: all of them. A car that is faster is at the other's heels
# from the first lap until it is past, and where it is not its try is not asked for. Simulated pairs
# on one plan then finish as the law says within some ten points in a hundred (a test holds it to
# that); with half of the laps the faster ones pass too often. What differs is what happens off the
# road: starts and stops swap equal cars in a third of the races, however hard passing is.
CONTACT = 1.0
_TAIL = 3.0
_ODDS = np.linspace(-20.0, 20.0, 801)  # in steps of 0.05: interpolated to a thousandth of scale_ms


def tries(odds: FloatArray) -> FloatArray:
    """The hazard over all laps of contact, -log(1 - P), by the law's log-odds."""
    return np.asarray(np.logaddexp(0.0, odds) + np.exp(odds - _TAIL), dtype=np.float64)


def needed_ms(chance: Single, laps: int, pass_ms: float, scale_ms: float) -> Single:
    """The advantage from which on a car passes in this lap, from exponential draws of mean 1.

    It passes where the draw is under the hazard of its advantage. So one draw per car and lap is
    turned into an advantage once, and each lap of each plan compares two numbers.
    """
    n = max(CONTACT * laps, 1.0)
    drawn = np.log(n * np.maximum(chance, 1e-30))
    odds = np.interp(drawn, np.log(tries(_ODDS)), _ODDS)
    return np.asarray(pass_ms + scale_ms * odds, dtype=np.float32)
