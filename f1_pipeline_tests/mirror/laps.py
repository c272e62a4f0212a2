"""What the cars of a session drove: laps, stops and tyres, made up around the archive's facts.

All moments are milliseconds on the session's clock, which runs for `LEAD` before the session does.
The laps of races and sprints are in `races`; how all of it is sent is in `streams`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

Row = dict[str, Any]
LEAD = 15 * 60_000
COMPOUNDS = ("SOFT", "MEDIUM", "HARD")
# The sectors' shares of a lap, and how much slower a lap from or to the pits is.
FIRST, SECOND = 0.30, 0.38
SLOW = 1.25
# The pit entry lies this long before the line.
TO_LINE = 5_000
# Parts of a qualifying session in minutes, and the break after each.
_PARTS = {"Q": (18, 15, 12), "SQ": (12, 10, 8)}
_BREAK = 8 * 60_000
_PRACTICE = 60 * 60_000
_TIMED_LAPS = 4


@dataclass(frozen=True)
class Lap:
    """A lap with the moments of its passages.

    `opening`: it began in the pit lane or on the grid, so it has neither a first sector nor, of the
    timing host, a time. `closing`: it ended in the pit lane, without a third sector or a time.
    """

    number: int
    starts: int
    first: int
    second: int
    ends: int
    opening: bool = False
    closing: bool = False
    pit_in: int | None = None
    pit_out: int | None = None

    @property
    def timed(self) -> bool:
        return not (self.opening or self.closing)

    @property
    def ms(self) -> int:
        return self.ends - self.starts


@dataclass(frozen=True)
class Tyre:
    """A set of tyres, from when it is on the car."""

    at: int
    compound: str
    age: int = 0


@dataclass
class Drive:
    """All that one car did in a session; `retired`: it stopped before the end."""

    driver_id: str
    number: str
    laps: list[Lap] = field(default_factory=list)
    tyres: list[Tyre] = field(default_factory=list)
    retired: bool = False


@dataclass
class Course:
    """A session: who drove what, when its parts ran, and when the safety car was out.

    `distance`: the laps of a race or a sprint, which begins on the grid; other sessions have none.
    """

    drives: list[Drive]
    parts: list[tuple[int, int]]
    distance: int = 0
    caution: tuple[int, int] | None = None


def practice(rows: Sequence[Row], random: Random) -> Course:
    """An out-lap, some timed laps with the best one among them, an in-lap; never more than real."""
    drives = []
    for place, row in enumerate(rows):
        best = row["best_ms"]
        count = min(_TIMED_LAPS, max(1, row["laps"] - 2)) if best else 0
        times = [best + random.randrange(150, 2_500) for _ in range(count)]
        if times:
            times[random.randrange(count)] = best
        drive = Drive(row["driver_id"], str(row["car_number"]))
        run(drive, LEAD + 60_000 + 20_000 * place, times, random)
        drives.append(drive)
    return Course(drives, [(LEAD, LEAD + _PRACTICE)])


def qualifying(rows: Sequence[Row], code: str, random: Random) -> Course:
    """In each part an out-lap, a timed lap if there is a time, an in-lap."""
    drives = [Drive(row["driver_id"], str(row["car_number"])) for row in rows]
    parts, starts = [], LEAD
    for part, minutes in enumerate(_PARTS[code], start=1):
        for place, (row, drive) in enumerate(zip(rows, drives, strict=True)):
            time = row[f"q{part}_ms"]
            if time or part == 1:
                run(drive, starts + 30_000 + 4_000 * place, [time] if time else [], random)
        parts.append((starts, starts + minutes * 60_000))
        starts += minutes * 60_000 + _BREAK
    return Course(drives, parts)


def run(drive: Drive, leaves: int, times: Sequence[int], random: Random) -> None:
    """Out of the pits, these lap times, and back in again, on a new set of tyres."""
    slow = round(SLOW * (min(times) if times else 90_000))
    drive.tyres.append(Tyre(leaves, random.choice(COMPOUNDS), random.choice((0, 0, 0, 3))))
    moment = leaves
    for place, time in enumerate([slow, *times, slow]):
        opening, closing = place == 0, place == len(times) + 1
        first = moment + round(time * FIRST * random.uniform(0.99, 1.01))
        drive.laps.append(
            Lap(
                number=len(drive.laps) + 1,
                starts=moment,
                first=first,
                second=first + round(time * SECOND * random.uniform(0.99, 1.01)),
                ends=moment + time,
                opening=opening,
                closing=closing,
                pit_in=moment + time - TO_LINE if closing else None,
                pit_out=moment if opening else None,
            )
        )
        moment += time
