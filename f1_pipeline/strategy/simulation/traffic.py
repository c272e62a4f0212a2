"""Traffic: what cars do to each other in a lap, by arrays of (cars, draws).

Here belong following, the queue behind a safety car, and the restart after a red flag. Who stops
when, and what laps take, is said by `field` and `entrant`.
"""

import numpy as np
import numpy.typing as npt

from f1_pipeline.strategy.simulation.setting import BoolArray, Single

HOLD_MS = np.float32(500.0)  # behind a car that is not passed: cars follow within half a second
QUEUE_MS = np.float32(1000.0)  # from car to car behind the safety car
# What a car that is not yet in the queue gains on it in a lap, as a share of the lap: it drives
# at the limit for safety cars, 1.2 clean laps, where the queue takes 1.4. So four laps, which
# safety cars take, close 70 s.
CATCH = 0.2
GONE_MS = np.float32(1e6)  # behind all others: a car that retired
_NEVER = np.float32(1e9)
# A lap's end: cars that far apart in order at its start do not meet in it, held at half a second
# each and not stopping.
_AHEAD = 8


def follow(start: Single, end: Single, pace: Single, guard: Single) -> Single:
    """Times at the end of the lap, given those at its start and what each would reach alone.

    A car is held by those ahead whose `pace` (deficit in this lap) is not above the car's own
    `guard` (its deficit and the advantage that it needs). Who fights with nobody, in the pits say,
    has pace inf and guard -inf. From the front, as who is held may hold others.
    """
    order = start.argsort(axis=0, kind="stable")
    at, v, q = (np.take_along_axis(x, order, axis=0) for x in (end, pace, guard))
    for i in range(1, len(at)):
        near = slice(max(i - _AHEAD, 0), i)
        passed = (v[near] > q[i]) * _NEVER
        limit = (at[near] - passed).max(axis=0) + HOLD_MS
        np.maximum(at[i], limit, out=at[i])
    held = np.empty_like(end)
    np.put_along_axis(held, order, at, axis=0)
    return held


def queue(
    start: Single, loss: Single, stops: BoolArray, gone: BoolArray, catch: np.float32
) -> Single:
    """The same behind a safety car, which picks the leader up and lets nobody pass.

    Relative times count the safety car's pace as standing still. A stop is added to what staying
    out would have given, as it is measured so; cars behind close up over the gap.
    """
    order = start.argsort(axis=0, kind="stable")
    at, lost, left, out = (np.take_along_axis(x, order, axis=0) for x in (start, loss, stops, gone))
    last = at[0] - QUEUE_MS
    for i in range(len(at)):
        stay = np.maximum(at[i] - catch, last + QUEUE_MS)
        last = np.where(left[i] | out[i], last, stay)
        at[i] = np.where(out[i], at[i], stay + lost[i])
    end = np.empty_like(start)
    np.put_along_axis(end, order, at, axis=0)
    return end


def stand(times: Single, gone: BoolArray, gap: np.float32) -> Single:
    """On the grid again in the order of the race, after it was stopped."""
    place = ranks(times).astype(np.float32)
    return np.where(gone, times, times.min(axis=0) + place * gap).astype(np.float32)


def ranks(times: Single) -> npt.NDArray[np.int64]:
    """Of the cars, axis 0, from 0 on."""
    return times.argsort(axis=0, kind="stable").argsort(axis=0, kind="stable")
