"""Laps, weather and track states made up in one line each, in the contracts' types."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from f1_pipeline.contracts import CONTRACTS, coerce

RACE = ("2024-monaco", "R")
START = 3_600_000  # the race starts an hour into the session's clock
DEFAULTS = {
    "stint": 1,
    "compound": "HARD",
    "track_status": "1",
    "deleted": False,
    "generated": False,
    "source": "livetiming",
    "tier": "timing",
}


def made(table: str, rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Rows in the contract's types; what is not named is null, and nothing else is checked."""
    columns = [column.name for column in CONTRACTS[table].columns]
    return coerce(pd.DataFrame(rows, columns=columns), CONTRACTS[table])[0]


def none(table: str) -> pd.DataFrame:
    return made(table, [])


def driver_laps(
    driver_id: str,
    times: Sequence[int | None],
    changes: dict[int, dict[str, Any]] | None = None,
    session: tuple[str, str] = RACE,
    begins: int = START,
    **same: Any,
) -> list[dict[str, Any]]:
    """A driver's laps from lap 1 on. `changes`: values of single laps; `same`: of all of them.

    The clock runs on with the lap times; a lap without a time takes 90 s on it.
    """
    rows, clock = [], begins
    for lap, time in enumerate(times, start=1):
        ends = clock + (90_000 if time is None else time)
        row: dict[str, Any] = {
            "event_id": session[0],
            "session": session[1],
            "driver_id": driver_id,
        }
        row |= {"car_number": 1, "lap": lap, "lap_ms": time}
        row |= {"starts_at_ms": clock, "ends_at_ms": ends}
        rows.append(DEFAULTS | row | same | (changes or {}).get(lap, {}))
        clock = ends
    return rows


def laps(*drivers: list[dict[str, Any]]) -> pd.DataFrame:
    return made("laps", [row for rows in drivers for row in rows])


def weather(readings: dict[int, bool], session: tuple[str, str] = RACE) -> pd.DataFrame:
    """Readings of the rain: when → whether it falls."""
    return made(
        "weather",
        [
            {"event_id": session[0], "session": session[1], "at_ms": at, "rainfall": rain}
            | {"source": "livetiming", "tier": "timing"}
            for at, rain in readings.items()
        ],
    )


def track_status(changes: dict[int, str], session: tuple[str, str] = RACE) -> pd.DataFrame:
    """Changes of the track's state: when → code."""
    return made(
        "track_status",
        [
            {"event_id": session[0], "session": session[1], "sequence": number, "at_ms": at}
            | {"status": status, "source": "livetiming", "tier": "timing"}
            for number, (at, status) in enumerate(changes.items(), start=1)
        ],
    )
