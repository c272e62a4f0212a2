"""Commands that ask the upstream for seasons: backfill, drivers and entries, a run's top-up."""

import json
import time
import uuid
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from f1_pipeline import clock
from f1_pipeline.cli.opening import open_runs, parse_seasons
from f1_pipeline.errors import PipelineError, UsageError

if TYPE_CHECKING:
    from f1_pipeline.cli.runs import Runs

FIRST_SEASON = 1950
_PATIENCE = 10.0  # seconds that a top-up goes on without an answer


class Tier(StrEnum):
    """What a backfill asks for, and a backtest reads: results alone, or laps too."""

    RESULTS = "results"
    TIMING = "timing"


def backfill(
    seasons: Annotated[str, typer.Argument(help="A season or a range, such as 2018-2025.")],
    again: Annotated[
        bool, typer.Option("--again", help="Ask for what is held too, to find what was changed.")
    ] = False,
    tier: Annotated[Tier, typer.Option(help="Results, or the laps of every session.")] = (
        Tier.RESULTS
    ),
    workers: Annotated[
        int, typer.Option(min=1, max=8, help="Processes that record laps together.")
    ] = 1,
    share: Annotated[str | None, typer.Option(hidden=True)] = None,
) -> None:
    """Collect seasons from FastF1's upstreams, one run each; what is complete is not asked for."""
    from f1_pipeline.cli import laps, report

    first, last = _asked(seasons)
    clock.now()
    if tier is Tier.TIMING:
        if again:
            raise UsageError("--again: what is whole of a recording does not change.")
        laps.record(first, last, workers, share)
        return
    if workers > 1 or share:
        raise UsageError("--workers: results of a season are some 14 requests, one process does.")
    runs, _ = open_runs()
    faults, began = [], time.monotonic()
    wanted = list(range(first, last + 1))
    for number, season in enumerate(wanted, start=1):
        if not again and _is_complete(season):
            report.OUT.print(f"{season} is complete.")
            continue
        try:
            runs.execute("collect_season", ops={"collect": {"season": season, "again": again}})
        except PipelineError as error:
            faults.append(f"{season}: {error}")
        left = (time.monotonic() - began) / number * (len(wanted) - number)
        rest = f", about {left:.0f} s to go" if number < len(wanted) else ""
        report.OUT.print(f"{season} collected, {number} of {len(wanted)}{rest}.")
    runs.execute("refresh")
    if faults:
        raise PipelineError(
            f"{'; '.join(faults)} Run the same command again: it goes on from here."
        )


def sync_drivers(
    seasons: Annotated[list[int], typer.Argument(help="Seasons, such as 2024 2025.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Drivers, constructors and entries of seasons, from FastF1's upstreams into the tables."""
    from f1_pipeline.defs import rosters

    for season in seasons:
        _asked(str(season))
    clock.now()
    runs, warehouse = open_runs()
    run_id, errors = str(uuid.uuid4()), list[str]()
    try:
        runs.execute("sync_drivers", ops={"raw__rosters": {"seasons": seasons}}, run_id=run_id)
    except PipelineError as error:
        errors = rosters.lacking(runs.instance, run_id)
        if str(error) != "; ".join(errors):
            raise  # it is not the seasons' fault
    outcome = rosters.synced(warehouse, seasons, errors)
    if as_json:
        print(json.dumps(outcome, indent=2))
    else:
        from f1_pipeline.cli import report

        report.OUT.print(outcome["message"])
    if errors:
        raise PipelineError("; ".join(errors))


def top_up(runs: "Runs") -> None:
    """Bring what the archive holds up to date; without an upstream the archive has to do."""
    from f1_pipeline.cli import report
    from f1_pipeline.settings import load_settings
    from f1_pipeline.sources import archive

    held = archive.read(load_settings().archive_dir)["race_results"]["season"]
    for season in range(int(held.max()), clock.now().year + 1):
        if _is_complete(season):
            continue
        try:
            runs.execute(
                "collect_season", ops={"collect": {"season": season, "deadline": _PATIENCE}}
            )
        except PipelineError as error:
            report.OUT.print(f"No upstream for {season}, what is held has to do: {error}")
            return


def _asked(seasons: str) -> tuple[int, int]:
    first, last = parse_seasons(seasons, "SEASONS")
    newest = clock.now().year + 1
    if first < FIRST_SEASON or last > newest:
        raise UsageError(f"SEASONS {seasons}: choose among {FIRST_SEASON}-{newest}.")
    return first, last


def _is_complete(season: int) -> bool:
    """Whether the archive has the result of every event of its calendar of that season."""
    from f1_pipeline.settings import load_settings
    from f1_pipeline.sources import archive

    raw = archive.read(load_settings().archive_dir)
    listed = raw["events"]
    listed = set(listed.loc[listed["season"].astype(str).eq(str(season)), "event_id"])
    return bool(listed) and listed <= set(raw["race_results"]["event_id"])
