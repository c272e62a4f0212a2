"""What a session of car data would weigh: drawn, written as Parquet, and put on the scale.

`python -m f1_pipeline_tests.scale.telemetry` prints bytes and CPU of one car's session at 10
samples a second, and what that makes of a weekend and a season. The project takes in no telemetry:
these are the numbers of docs/scale.md. Drawn laps repeat more than driven ones, so all have noise.
"""

import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

HERTZ, SECONDS, CARS = 10, 2 * 3600, 20
SESSIONS, EVENTS = 5, 24
_LAP_SECONDS = 90.0


def car(seed: int, samples: int = HERTZ * SECONDS) -> pd.DataFrame:
    """A car's session: what it does at each instant, and where it is."""
    random = np.random.default_rng(seed)
    seconds = np.arange(samples) / HERTZ
    lap = 2 * np.pi * seconds / _LAP_SECONDS * random.normal(1, 0.01)
    shape = 0.6 * np.sin(5 * lap) + 0.4 * np.sin(13 * lap + 1)
    speed = np.clip(190 + 120 * shape + random.normal(0, 2, samples), 50, 340)
    throttle = np.clip(50 + 60 * np.gradient(shape) * 40 + random.normal(0, 3, samples), 0, 100)
    gear = np.clip(speed / 42, 1, 8)
    metres = {"x": 9_000 * np.cos(lap), "y": 6_000 * np.sin(lap), "z": 200 * np.sin(2 * lap)}
    return pd.DataFrame(
        {
            "at_ms": (1000 * seconds + random.integers(0, 20, samples)).astype("int32"),
            "speed": speed.astype("int16"),
            "engine_speed": (1_400 * gear + 12 * speed).astype("int16"),
            "gear": gear.astype("int8"),
            "throttle": throttle.astype("int8"),
            "brake": throttle < 1,
            "wing_open": speed > 310,
            **{
                name: (values + random.normal(0, 3, samples)).astype("int16")
                for name, values in metres.items()
            },
        }
    )


def main() -> None:
    drawn = car(1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "car.parquet"
        began = time.process_time()
        drawn.to_parquet(path, index=False, compression="zstd")
        written = time.process_time() - began
        began = time.process_time()
        pd.read_parquet(path, columns=["at_ms", "speed"])
        read = time.process_time() - began
        a_row = path.stat().st_size / len(drawn)
    session = len(drawn) * CARS
    print(
        f"{a_row:.1f} bytes a sample; a car's session: written in {written:.2f} s, read {read:.2f}"
    )
    for name, times in (("session", 1), ("weekend", SESSIONS), ("season", SESSIONS * EVENTS)):
        rows = session * times
        print(f"a {name}: {rows / 1e6:,.1f} million samples, {rows * a_row / 2**20:,.0f} MiB")


if __name__ == "__main__":
    main()
