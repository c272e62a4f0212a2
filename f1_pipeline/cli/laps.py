"""Commands of the timing tier: record whole seasons, with several workers; import lap data."""

import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from f1_pipeline import clock
from f1_pipeline.cli.opening import open_runs
from f1_pipeline.errors import PipelineError, UsageError

if TYPE_CHECKING:
    from f1_pipeline.storage.warehouse import Warehouse

app = typer.Typer(help="Lap data: the timing tier.", no_args_is_help=True)


def record(first: int, last: int, workers: int, share: str | None) -> None:
    """Record seasons, and take them in; `share` ("1/2"): a worker's part, that others take in."""
    from f1_pipeline.cli import report

    part, parts = _parsed(share)
    runs, warehouse = open_runs()
    _needs_calendar(warehouse, range(first, last + 1))
    faults, began = [], time.monotonic()
    for season in range(first, last + 1):
        try:
            if workers > 1:
                _share_out(season, workers)
            else:
                config = {"season": season, "share": part, "shares": parts}
                runs.execute("record_season", ops={"record": config})
        except PipelineError as error:
            faults.append(f"{season}: {error}")
        if share is None:
            runs.execute("take_in")
            report.OUT.print(_recorded(warehouse, season))
            report.withheld(warehouse.read("quarantine"))
            left = (time.monotonic() - began) / (season - first + 1) * (last - season)
            if season < last:
                report.OUT.print(f"About {left:.0f} s to go.")
    if share is None and _practice_is_new(warehouse, first, last):
        runs.execute("update_tables")
    if faults:
        raise PipelineError(
            f"{'; '.join(faults)} Run the same command again: it goes on from here."
        )


@app.command("import")
def import_laps(
    folder: Annotated[Path, typer.Argument(help="Folder with Parquet or CSV files.")],
) -> None:
    """Lap data in FastF1's columns (Parquet or CSV) into the tables, with its source named.

    A session that is held from live timing stays as it is, unless its laps are missing.
    """
    from f1_pipeline.cli import report

    clock.now()
    runs, warehouse = open_runs()
    if warehouse.read("events").empty:
        runs.execute("refresh")  # the calendar first: an event must be known
    runs.execute("import_laps", ops={"import_recordings": {"folder": str(folder.resolve())}})
    runs.execute("take_in")
    held = warehouse.read("timing_sessions")
    mine = held[held["source"].eq("file")]
    report.OUT.print(f"{len(mine)} sessions are held from files, {int(mine['laps'].sum())} laps.")
    report.withheld(warehouse.read("quarantine"))


def _share_out(season: int, workers: int) -> None:
    """A process for each worker; each records its share of the season's events."""
    command = [sys.executable, "-m", "f1_pipeline.cli", "backfill", str(season), "--tier", "timing"]
    processes = [
        subprocess.Popen([*command, "--share", f"{number}/{workers}"])
        for number in range(1, workers + 1)
    ]
    codes = [process.wait() for process in processes]
    if any(codes):
        raise PipelineError(f"{sum(map(bool, codes))} of {workers} workers failed, see above.")


def _parsed(share: str | None) -> tuple[int, int]:
    if share is None:
        return 1, 1
    part, _, parts = share.partition("/")
    if not (part.isdigit() and parts.isdigit() and 1 <= int(part) <= int(parts)):
        raise UsageError(f"--share {share}: expected a share such as 1/2.")
    return int(part), int(parts)


def _needs_calendar(warehouse: "Warehouse", seasons: range) -> None:
    known = set(warehouse.read("events")["season"])
    lacking = [str(season) for season in seasons if season not in known]
    if lacking:
        raise UsageError(
            f"there is no calendar of {', '.join(lacking)}: run `f1-pipeline backfill` of "
            "these seasons first."
        )


def _practice_is_new(warehouse: "Warehouse", first: int, last: int) -> bool:
    """Whether an event was recorded of which the tables of results have no practice."""
    recorded = warehouse.event_ids("timing_sessions", session="FP1")
    of_seasons = {event for event in recorded if first <= int(event[:4]) <= last}
    return bool(of_seasons - warehouse.event_ids("practice_results"))


def _recorded(warehouse: "Warehouse", season: int) -> str:
    held = warehouse.read("timing_sessions")
    mine = held[held["event_id"].str.startswith(f"{season}-")]
    partial = mine[mine["outcome"].eq("partial")]
    return (
        f"{season}: {len(mine)} sessions, {int(mine['laps'].sum())} laps; "
        f"{len(partial)} of the sessions in part, see table timing_sessions."
    )
