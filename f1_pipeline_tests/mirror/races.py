"""The laps of a race or a sprint: as many as the result says, in the order that it says."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from f1_pipeline_tests.mirror.laps import (
    COMPOUNDS,
    FIRST,
    LEAD,
    SECOND,
    TO_LINE,
    Course,
    Drive,
    Lap,
    Tyre,
)

Row = dict[str, Any]
Stops = Mapping[str, Sequence[tuple[int, int]]]  # of each driver: lap, time in the pit lane
# Cars leave for the grid this long before the start; the first lap of a standing start is slower.
TO_THE_GRID = 10 * 60_000
_STANDING_START = 5_000
# Two cars cross the line at least this long after each other; a lap of a race takes so long.
_GAP = 200
_SHORTEST_LAP = 45_000
_WITHOUT_A_TIME = 90_000
# How much slower: a lap under a safety car, a lap with each lap of the tyres, with the compound.
_SAFETY_CAR = 1.35
_WEAR = 0.0006
_ON_THE_GRID = 6_000
_AGES = (0, 0, 0, 2)
_GRIP = {"SOFT": 0.996, "MEDIUM": 1.0, "HARD": 1.003}


def race(rows: Sequence[Row], stops: Stops, random: Random) -> Course:
    """A session of which `rows` are the result in order; who has no laps there did not start."""
    field = [row for row in rows if row["laps"] is not None]
    distance = max((row["laps"] for row in field), default=0)
    slowed = _safety_car(distance, random)
    drives: list[Drive] = []
    pace, last = 0.0, 0
    for row in field:
        laps, own = row["laps"], stops.get(row["driver_id"], ())
        extra = _extra(laps, own)
        pace = pace or _pace(row, sum(extra))
        ran = str(row["position_text"]).isdigit() or row["position_text"] == "DSQ"
        total = round(pace * laps * 1.005) + sum(extra)
        if ran:
            # No lap is so fast as to be made up, and nobody overtakes the one before him.
            total = max(row["time_ms"] or 0, last + _GAP, round(0.9 * pace * laps) + sum(extra))
            last = total
        drive = Drive(row["driver_id"], str(row["car_number"]), retired=not ran)
        _drive(drive, total, extra, own, slowed, random)
        drives.append(drive)
    won = drives[0].laps if drives else []
    flag = won[-1].ends if won else LEAD
    caution = None
    if slowed:
        caution = (won[slowed[0] - 1].starts + 10_000, won[slowed[-1] - 1].ends - 5_000)
    return Course(drives, [(LEAD, flag)], distance, caution)


def _safety_car(distance: int, random: Random) -> range:
    """The laps that are driven behind one, in every second race that is long enough."""
    first = random.randrange(3, max(4, distance - 6))
    return range(first, first + 4) if distance > 12 and random.random() < 0.5 else range(0)


def _pace(winner: Row, extra: int) -> float:
    total = winner["time_ms"] or _WITHOUT_A_TIME * winner["laps"] + extra
    return max((total - extra) / max(winner["laps"], 1), float(_SHORTEST_LAP))


def _extra(laps: int, stops: Sequence[tuple[int, int]]) -> list[int]:
    """What the start and the stops cost in each lap: the entry in one, the rest in the next."""
    extra = [0] * laps
    if laps:
        extra[0] += _STANDING_START
    for lap, stay in stops:
        if lap <= laps:
            extra[lap - 1] += TO_LINE
        if lap < laps:
            extra[lap] += stay - TO_LINE
    return extra


def _drive(
    drive: Drive,
    total: int,
    extra: Sequence[int],
    stops: Sequence[tuple[int, int]],
    slowed: range,
    random: Random,
) -> None:
    """Fill in the laps, so that they take `total` together, and the tyres."""
    stays = {lap: stay for lap, stay in stops if lap <= len(extra)}
    weights, sets = _stints(len(extra), stays, slowed, random)
    share = (total - sum(extra)) / (sum(weights) or 1.0)
    drive.tyres.append(sets.pop(0))
    reached, moment = 0.0, LEAD
    for lap, (weight, more) in enumerate(zip(weights, extra, strict=True), start=1):
        base = weight * share
        reached += base + more
        ends = LEAD + round(reached)
        out = moment - TO_LINE + stays[lap - 1] if lap - 1 in stays else None
        if out is not None:
            drive.tyres.append(replace(sets.pop(0), at=out))
        # What an out-lap loses it loses in its first sector.
        lost = more - (TO_LINE if lap in stays else 0)
        first = moment + lost + round(base * FIRST * random.uniform(0.99, 1.01))
        second = first + round(base * SECOND * random.uniform(0.99, 1.01))
        pit_in = ends - TO_LINE if lap in stays else None
        drive.laps.append(
            Lap(lap, moment, first, second, ends, opening=lap == 1, pit_in=pit_in, pit_out=out)
        )
        moment = ends


def _stints(
    laps: int, stays: Mapping[int, int], slowed: range, random: Random
) -> tuple[list[float], list[Tyre]]:
    """How slow each lap is beside the others, and the sets of tyres: another compound each time."""
    sets = [Tyre(_ON_THE_GRID, random.choice(COMPOUNDS), random.choice(_AGES))]
    weights, age = [], sets[0].age
    for lap in range(1, laps + 1):
        if lap - 1 in stays:
            others = [name for name in COMPOUNDS if name != sets[-1].compound]
            sets.append(Tyre(0, random.choice(others), random.choice(_AGES)))
            age = sets[-1].age
        age += 1
        weight = _GRIP[sets[-1].compound] * (1 + _WEAR * age) * random.uniform(0.998, 1.002)
        weights.append(weight * (_SAFETY_CAR if lap in slowed else 1.0))
    return weights, sets
