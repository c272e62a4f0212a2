"""Folders with lap data in files, as someone would bring them, and what is read of them."""

from pathlib import Path
from typing import Any

import pandas as pd

from f1_pipeline.sources.aliases import Aliases
from f1_pipeline.sources.timing import files
from f1_pipeline.sources.timing.recording import Recording


def laps(season: int = 2024, event: str = "Bahrain Grand Prix", **more: Any) -> pd.DataFrame:
    """Two drivers and two laps each, in another order than recordings have, times in seconds."""
    return pd.DataFrame(
        {
            "Season": season,
            "RoundNumber": 1,
            "EventName": event,
            "Time": [3700.5, 3795.123, 3701.25, 3796.0],
            "Driver": ["VER", "VER", "HAM", "HAM"],
            "DriverNumber": ["1", "1", "44", "44"],
            "LapTime": [None, 94.623, 97.001, 94.75],
            "LapNumber": [1, 2, 2, 1],
            "Stint": 1,
            "PitOutTime": [12.5, None, None, None],
            "SpeedST": [300.0, None, 301.0, 302.0],
            "Compound": ["SOFT", "SOFT", None, "HARD"],
            "FreshTyre": [True, None, False, True],
            "IsAccurate": [False, True, True, True],
            "Team": ["Red Bull Racing"] * 2 + ["Mercedes"] * 2,
            "TrackStatus": ["1", "124", "1", "1"],
            "Filled": "nothing",
        }
        | more
    )


def weather(season: int = 2024, **more: Any) -> pd.DataFrame:
    about = {"Season": season, "EventName": "Bahrain Grand Prix"}
    measured = {"AirTemp": [18.5, 18.4], "TrackTemp": [24.0, 23.9], "Rainfall": [False, True]}
    return pd.DataFrame(
        about | {"Time": [60.0, 120.0], "WindDirection": [10, 20]} | measured | more
    )


def track_status(season: int = 2024, **more: Any) -> pd.DataFrame:
    about = {"Season": season, "EventName": "Bahrain Grand Prix"}
    said = {"Time": [0.0, 200.1], "Status": [1, 4], "Message": ["AllClear", "SCDeployed"]}
    return pd.DataFrame(about | said | more)


def write(folder: Path, **frames: pd.DataFrame) -> Path:
    """Files by name, `laps_csv` for laps.csv."""
    folder.mkdir(exist_ok=True)
    for name, frame in frames.items():
        stem, _, ending = name.rpartition("_")
        if ending == "parquet":
            frame.to_parquet(folder / f"{stem}.parquet", index=False)
        else:
            name = f"{stem}.{ending.replace('gz', 'csv.gz')}"
            frame.to_csv(folder / name, index=False)
    return folder


def recorded(folder: Path) -> tuple[list[Recording], list[str]]:
    said: list[str] = []
    return list(files.read(folder, Aliases.shipped(), said.append)), said
