"""Figures of races whose truth is known: circuits c00, c01, ..., a race at each in every season."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

Rng = np.random.Generator


def events_of(circuits: int, seasons: Sequence[int]) -> pd.DataFrame:
    rows = [
        {
            "event_id": f"{season}-c{i:02d}",
            "season": season,
            "circuit_id": f"c{i:02d}",
            "race_starts_at": pd.Timestamp(f"{season}-03-01", tz="UTC") + pd.Timedelta(days=9 * i),
        }
        for season in seasons
        for i in range(circuits)
    ]
    return pd.DataFrame(rows)


def pit_losses(
    events: pd.DataFrame,
    levels: Mapping[str, float],
    rng: Rng,
    caution: str = "green",
    stops: int = 20,
    edition: float = 0.03,
    spread: float = 1500.0,
) -> pd.DataFrame:
    """Editions' medians around the circuit's level (ms): chance of the edition, and of stops."""
    shown = []
    for event, circuit in zip(events["event_id"], events["circuit_id"], strict=True):
        level = levels[circuit] * np.exp(rng.normal(0, edition))
        shown.append((event, caution, stops, np.median(rng.normal(level, spread, stops)), spread))
    return pd.DataFrame(shown, columns=["event_id", "caution", "stops", "loss_ms", "spread_ms"])


def races(events: pd.DataFrame, laps: int = 60, lap_ms: float = 90_000.0) -> pd.DataFrame:
    return events[["event_id"]].assign(laps=laps, dry=True, red_flags=0, lap_ms=lap_ms)


def stints(
    events: pd.DataFrame,
    wear: Mapping[tuple[str, str], float],
    rng: Rng,
    gain: float = 57.0,
    offsets: Mapping[str, float] | None = None,
    cars: int = 10,
    noise: float = 300.0,
    laps: int = 60,
    race: float = 0.0,
) -> pd.DataFrame:
    """Two or three stints a car on two compounds; laps scatter around the truth by `noise` ms.

    `wear` by circuit and compound and `gain` in ms per lap; `race`: what wear of a race differs by.
    """
    rows = []
    for event, circuit in zip(events["event_id"], events["circuit_id"], strict=True):
        surplus = rng.normal(0, race) if race else 0.0
        for car in range(cars):
            ends = [*sorted(rng.choice(np.arange(12, laps - 11, 9), 1 + car % 2, False)), laps]
            first, base = 1, 90_000 + rng.normal(0, 500)
            for number, last in enumerate(ends, start=1):
                compound = ("SOFT", "MEDIUM", "HARD")[(car + number) % 3]
                lap = np.arange(first + 1, last)
                time = base + (offsets or {}).get(compound, 0.0) - gain * lap
                time = time + (wear[circuit, compound] + surplus) * (lap - first + 1)
                time = time + rng.normal(0, noise, len(lap))
                rows.append(
                    {
                        "event_id": event,
                        "driver_id": f"d{car:02d}",
                        "stint": number,
                        "compound": compound,
                        "first_lap": first,
                        "last_lap": int(last),
                        "tyre_age": 0,
                        "began_under": "start" if number == 1 else "green",
                        **_pace(lap, time),
                    }
                )
                first = int(last) + 1
    return pd.DataFrame(rows)


def _pace(lap: np.ndarray, time: np.ndarray) -> dict[str, float]:
    run = lap - lap.mean()
    squares = float(run @ run)
    slope = float(run @ time) / squares
    left = time - time.mean() - slope * run
    error = float(np.sqrt(left @ left / (len(lap) - 2) / squares))
    return {
        "clean_laps": len(lap),
        "pace_ms": float(np.median(time)),
        "mean_lap": float(lap.mean()),
        "slope_ms": slope,
        "slope_error_ms": max(error, 0.01),
    }


def cautions(
    events: pd.DataFrame, rates: Mapping[str, float], rng: Rng, kind: str = "safety_car"
) -> pd.DataFrame:
    """Poisson numbers by circuit; the first lap has a fifth of them; four laps long."""
    rows = []
    for event, circuit in zip(events["event_id"], events["circuit_id"], strict=True):
        for number in range(1, 1 + rng.poisson(rates[circuit])):
            lap = 1 if rng.random() < 0.2 else int(rng.integers(2, 60))
            rows.append((event, number, kind, lap, 4))
    return pd.DataFrame(rows, columns=["event_id", "number", "caution", "first_lap", "laps"])
