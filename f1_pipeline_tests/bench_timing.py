"""Measure the timing tier: a season's recordings against FastF1 alone, in pairs, on cold caches.

Part of `make bench`. The upstream is made from the archive's facts and knows no limits, on both
sides: with FastF1's quarter of a second between requests the two would hardly differ.
"""

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from f1_pipeline.settings import ROOT
from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline_tests.mirror import serving

SEASON = 2025
_PAIRS = 2
# FastF1 as it comes, its requests redirected and its limits lifted, each session loaded once.
BARE = f"""
import sys, tempfile, urllib.parse
import fastf1
from fastf1 import req
from requests.adapters import HTTPAdapter

class Redirect(HTTPAdapter):
    def send(self, request, **kwargs):
        url = urllib.parse.urlsplit(request.url)
        sent = request.copy()
        query = "?" + url.query if url.query else ""
        sent.url = sys.argv[1] + "/" + url.netloc + url.path + query
        return super().send(sent, **kwargs)

fastf1.set_log_level("CRITICAL")
req.Cache.configure(cache_dir=tempfile.mkdtemp())
for session in (req.Cache._requests_session_cached, req.Cache._requests_session):
    for prefix in ("https://", "http://", "https://livetiming.formula1.com/"):
        session.mount(prefix, Redirect())
req._SessionWithRateLimiting._RATE_LIMITS = {{}}
schedule = fastf1.get_event_schedule({SEASON}, include_testing=False, backend="fastf1")
for number in schedule["RoundNumber"]:
    for session in range(1, 6):
        schedule.get_event_by_round(number).get_session(session).load(telemetry=False)
"""


def main(folder: Path, measure: Callable[..., Any], show: Callable[..., None]) -> None:
    """Print the lines of the timing tier. `measure` and `show` are those of the bench."""
    with serving(ROOT / "data" / "archive") as upstream:
        environment = {"F1_UPSTREAM_URL": upstream.url, "F1_REQUEST_LIMITS": "none"}
        prepared = folder / "prepared"
        command = [sys.executable, "-m", "f1_pipeline.cli"]
        _checked(measure([*command, "run", "--offline", "--quick"], _home(prepared)))
        backfill = [*command, "backfill", str(SEASON), "--tier", "timing"]
        bare = [sys.executable, "-W", "ignore", "-c", BARE, upstream.url]
        # Once unmeasured: the upstream makes each session's files when they are first asked for.
        _checked(measure(bare, {}))
        alone: list[Any] = []
        mine: list[Any] = []
        two: list[Any] = []
        for number in range(_PAIRS):
            alone.append(_checked(measure(bare, {})))
            for workers, found in ((1, mine), (2, two)):
                home = folder / f"{workers}-{number}"
                shutil.copytree(prepared, home)
                found.append(
                    _checked(
                        measure([*backfill, "--workers", str(workers)], environment | _home(home))
                    )
                )
        best = [min(runs, key=lambda usage: usage.wall) for runs in (alone, mine, two)]
        print(f"a season's sessions by FastF1 alone: {best[0].wall:.1f} s, {best[0].cpu:.1f} CPU s")
        show("  recorded and taken in, wall over that", best[1].wall / best[0].wall, "x", 1.15)
        show("  its peak memory", best[1].peak, "MiB", 600)
        show("  with two workers, CPU over one", best[2].cpu / best[1].cpu, "x", 1.15)
        print(f"{'  with two workers, wall over one':44}{best[2].wall / best[1].wall:9.2f} x")
        show("a season of laps, read for features", _read(folder / "1-0"), "s", 3)


def _home(folder: Path) -> dict[str, str]:
    return {"F1_DATA_DIR": str(folder), "DAGSTER_HOME": str(folder / "dagster")}


def _checked(usage: Any) -> Any:
    if usage.exit_code != 0:
        sys.exit(usage.output)
    return usage


def _read(home: Path) -> float:
    """Seconds for the laps of a season, and their clean median by driver and race."""
    warehouse = Warehouse(f"sqlite:///{home / 'warehouse.db'}")
    began = time.monotonic()
    laps = warehouse.read("laps")
    clean = warehouse.read("clean_laps")
    races = clean[clean["clean"] & clean["session"].eq("R")]
    races.groupby(["event_id", "driver_id"])["lap_ms"].median()
    assert len(laps) > len(clean)
    return time.monotonic() - began
