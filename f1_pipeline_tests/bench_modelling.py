"""The lines of `make bench` about features, fits and forecasts; the home holds what a run left."""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from f1_pipeline import features
from f1_pipeline.contracts import CONTRACTS
from f1_pipeline.modelling import STANDARD, fit
from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline_tests.features.conftest import build_all

_DRAWS = 20_000


def main(home: Path, environment: dict[str, str], measure: Any, show: Callable[..., None]) -> None:
    """Whole backtest, wall; features, a refit and one forecast, CPU of this process."""
    command = ["backtest", "--seasons", "2019-2025"]
    usage = measure([sys.executable, "-m", "f1_pipeline.cli", *command], environment)
    if usage.exit_code != 0:
        sys.exit(usage.output)
    show("backtest 2019-2025, all horizons, wall", usage.wall / 60, "min", 15)
    warehouse = Warehouse(f"sqlite:///{home / 'warehouse.db'}")
    names = [name for name, c in CONTRACTS.items() if c.layer == "tables" and not c.by_session]
    tables = warehouse.read_many([*names, "race_pace"])
    seconds, frames = _cpu(lambda: build_all(tables))
    show("features of 2010-2025, CPU", seconds, "s", 5)
    held = features.training_set(frames["race_features"], tables)
    seconds, model = _cpu(lambda: fit(held, replace(STANDARD, draws=_DRAWS)))
    show("a refit of all variants, CPU", seconds, "s", 20)
    last = held[held["horizon"].eq("post_qualifying") & held["grid_source"].eq("official")]
    race = last[last["event_id"].eq(last["event_id"].iloc[-1])]
    seconds, _ = _cpu(lambda: model.predict(race))
    show(f"a forecast with {_DRAWS} simulated races, CPU", seconds, "s", 0.3)


def _cpu(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.process_time()
    result = work()
    return time.process_time() - began, result
