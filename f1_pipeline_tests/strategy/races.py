"""Races made up in a few lines: their tables as the timing tier has them."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from f1_pipeline.tables.timing import clean, pit_lane, sessions
from f1_pipeline_tests.tables.timing.made_laps import (
    START,
    driver_laps,
    laps,
    made,
    none,
    track_status,
)

EVENT = "2024-monaco"
LAP = 90_000
Rows = list[dict[str, Any]]


def at(lap: float) -> int:
    """The instant at which the leader is so far: 3.5 is half through lap 4."""
    return START + round(lap * LAP)


def car(driver: str, laps_run: int = 12, behind: int = 0, **same: Any) -> Rows:
    """A car that laps in 90 s, `behind` ms after the leader at the end of each lap."""
    times = [LAP + behind, *[LAP] * (laps_run - 1)]
    return driver_laps(driver, times, position=1 if behind == 0 else 2, **same)


def stops(rows: Rows, lap: int, comes_in: int, goes_out: int, **new: Any) -> Rows:
    """The car comes in on `lap`, and from the next one on it has a new set."""
    for row in rows:
        if row["lap"] == lap:
            row["pit_in_ms"] = comes_in
        if row["lap"] == lap + 1:
            row["pit_out_ms"] = goes_out
        if row["lap"] > lap:
            row.update({"stint": row["stint"] + 1, **new})
    return rows


def saw(rows: Rows, codes: dict[int, str]) -> Rows:
    """What state of the track each lap saw."""
    for row in rows:
        row["track_status"] = codes.get(row["lap"], "1")
    return rows


def losses(*rows: tuple[str, float, bool]) -> pd.DataFrame:
    """Stops: the state at the entry, what it cost, whether that is usable."""
    same = {"event_id": EVENT, "session": "R", "driver_id": "one", "reference_ms": 90_000.0}
    return made(
        "pit_lane_losses",
        [
            same | {"lap": lap, "caution": caution, "loss_ms": loss, "usable": usable}
            for lap, (caution, loss, usable) in enumerate(rows, start=1)
        ],
    )


def tables(
    cars: Sequence[Rows],
    states: dict[int, str] | None = None,
    won: int | None = 12,
    losses: pd.DataFrame | None = None,
) -> dict[str, pd.DataFrame]:
    """What figures are computed from; the derived tables as the timing tier derives them."""
    frame = laps(*cars)
    status = track_status({0: "1"} | (states or {}))
    cleaned = clean.clean_laps(frame, none("weather"))
    results = [
        {"event_id": EVENT, "driver_id": "one", "position": 1, "laps": won, "classified": True}
    ]
    return {
        "laps": frame,
        "stints": made("stints", sessions.stints(frame).to_dict("records")),
        "clean_laps": made("clean_laps", cleaned.to_dict("records")),
        "track_status": status,
        "pit_lane_losses": pit_lane.pit_lane_losses(frame, cleaned, status)
        if losses is None
        else losses,
        "race_results": made("race_results", results),
    }
