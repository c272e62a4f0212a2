"""Measure what the project promises, each figure beside its limit: `make bench`.

Whole processes on an empty data directory, their wall and CPU seconds and peak memory as the
operating system counts them. Prints only: a slow machine is no failure. ARGS=--no-tests leaves the
test suite out.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from f1_pipeline.settings import ROOT
from f1_pipeline_tests import (
    bench_modelling,
    bench_serving,
    bench_strategy,
    bench_timing,
    bench_workers,
)
from f1_pipeline_tests.mirror import serving
from f1_pipeline_tests.scale import bench as scale_bench
from f1_pipeline_tests.search import measure as search_measure

HEAVY = ("fastf1", "catboost", "matplotlib")
LOAD = (
    "import sys, time; start = time.process_time(); import f1_pipeline.definitions; "
    f"print(time.process_time() - start, [m for m in {HEAVY} if m in sys.modules])"
)


# The second tick of a process: the first one loads FastF1.
TICK = """
import os, time
import dagster as dg
from f1_pipeline.cli.home import open_instance
from f1_pipeline.defs.resources import Storage, Upstream
from f1_pipeline.defs.sensors import sessions
from f1_pipeline.definitions import defs
from f1_pipeline.settings import load_settings

instance, storage, cursor = open_instance(load_settings()), Storage(), None
for _ in range(2):
    resources = {"storage": storage, "upstream": Upstream(storage=storage)}
    with dg.build_sensor_context(
        instance=instance, cursor=cursor, resources=resources, definitions=defs
    ) as context:
        start = time.process_time()
        found = sessions(context)
        spent, cursor = time.process_time() - start, found.cursor
print(spent, len(instance.get_dynamic_partitions("events")))
"""


@dataclass(frozen=True)
class Usage:
    """What a finished process took: seconds, and MiB at its peak."""

    wall: float
    cpu: float
    peak: float
    exit_code: int
    output: str


def measure(command: list[str], environment: dict[str, str]) -> Usage:
    """Run a command to its end and account for it (and the children it waited for)."""
    start = time.monotonic()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            command, env=os.environ | environment, stdout=output, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read()
    unit = 1 if sys.platform == "darwin" else 1024
    return Usage(
        wall=time.monotonic() - start,
        cpu=usage.ru_utime + usage.ru_stime,
        peak=usage.ru_maxrss * unit / 2**20,
        exit_code=process.returncode,
        output=text,
    )


def show(name: str, value: float, unit: str, limit: float) -> None:
    """One line: the figure, its limit, and whether it is within."""
    verdict = "" if value <= limit else "   over the limit"
    print(f"{name:44}{value:9.2f} {unit:4} limit {limit:g}{verdict}", flush=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        environment = {"F1_DATA_DIR": folder, "DAGSTER_HOME": str(Path(folder) / "dagster")}
        run = [sys.executable, "-m", "f1_pipeline.cli", "run", "--offline"]
        loaded = measure([sys.executable, "-c", LOAD], environment)
        cpu, heavy = loaded.output.split(maxsplit=1)
        show("loading the definitions, CPU", float(cpu), "s", 3)
        print(f"{'  heavy libraries imported by it':44}{heavy.strip():>9}")
        for name, limit in (("run, on nothing", 180), ("run, nothing changed", 30)):
            usage = measure(run, environment)
            if usage.exit_code != 0:
                sys.exit(usage.output)
            show(f"{name}, wall", usage.wall, "s", limit)
            show(f"{name}, peak memory", usage.peak, "MiB", 1536)
        bench_modelling.main(Path(folder), environment, measure, show)
        bench_strategy.main(environment, measure, show)
        bench_serving.main(environment, show)
        search_measure.main()
        scale_bench.main(measure, show)
        with serving(ROOT / "data" / "archive") as upstream:
            known = environment | {"F1_UPSTREAM_URL": upstream.url, "F1_REQUEST_LIMITS": "none"}
            tick = measure([sys.executable, "-W", "ignore", "-c", TICK], known)
            cpu, events = tick.output.strip().splitlines()[-1].split()
            show(f"a sensor tick, {events} events registered, CPU", float(cpu), "s", 1)
    with tempfile.TemporaryDirectory() as folder:
        bench_timing.main(Path(folder), measure, show)
    bench_workers.main(show)
    # From a result that is there to what it leads to: forecasts, or scores and the next forecast.
    season = [sys.executable, "-W", "ignore", "-m", "f1_pipeline_tests.season", "--events", "2"]
    played = measure(season, {})
    if played.exit_code != 0:
        sys.exit(played.output)
    median = re.search(r"median ([0-9.]+) s", played.output)
    assert median is not None
    show("from a result to its predictions, median", float(median[1]), "s", 30)
    if "--no-tests" not in sys.argv:
        tests = measure([sys.executable, "-m", "pytest", "-q"], {})
        show("the test suite, wall", tests.wall, "s", 300)
        print(tests.output.strip().splitlines()[-1])


if __name__ == "__main__":
    main()
