"""`make season`: play a season forward and say whether what the sensors made of it holds.

    make season                                       all of 2025, about 40 minutes
    make season ARGS="--events 3"                     its first three events
    make season ARGS="--fail 0.2 --kills 5"           with faults and killed processes
    make season ARGS="--wall up"                      live timing refuses from the start
    make season ARGS="--wall middle"                  … and in the middle third alone
    make season ARGS="--events 3 --workers 2"         on PostgreSQL, Redis and two workers
    make season ARGS="--upstream http://127.0.0.1:P"  on another stand-in for the upstream

The upstream is made from the archive's own facts unless one is named. Exit code 1: something does
not hold, and the lines say what.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pandas as pd

from f1_pipeline.settings import ROOT, load_settings
from f1_pipeline.storage.answers import AnswerStore
from f1_pipeline.tables.events import events as calendar
from f1_pipeline_tests.mirror import serving
from f1_pipeline_tests.season import checks
from f1_pipeline_tests.season.archive_before import archive_before
from f1_pipeline_tests.season.pipeline import Pipeline
from f1_pipeline_tests.season.play import PATIENCE, Played, Step, Wall, play, steps
from f1_pipeline_tests.season.upstream import Upstream
from f1_pipeline_tests.tooling.services import Services, services

FAULTS = ["500", "429", "503", "timeout", "truncate", "garbage", "reset"]
ARCHIVE = ROOT / "data" / "archive"


def main() -> int:
    chosen = _arguments()
    with ExitStack() as stack:
        folder = chosen.home or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = chosen.upstream or stack.enter_context(_own_upstream())
        running = stack.enter_context(services()) if chosen.workers else None
        return _season(chosen, folder, Upstream(url), running)


def _season(
    chosen: argparse.Namespace, folder: Path, upstream: Upstream, running: Services | None
) -> int:
    archive = archive_before(chosen.season, ARCHIVE, folder / "archive")
    events = calendar(pd.read_parquet(ARCHIVE / "events.parquet").assign(source="archive"))
    sessions = steps(events, chosen.season, chosen.events)
    first = events[events["season"].eq(chosen.season)]["fp1_starts_at"].min().to_pydatetime()
    third = len(sessions) // 3
    wall = {"no": Wall(0, 0), "up": Wall(0, len(sessions)), "middle": Wall(third, 2 * third)}[
        chosen.wall
    ]
    rough = bool(chosen.fail or chosen.kills)
    upstream.change(amend=None, max_age=0, timeout_s=8, auth_wall=False, reset_counts=True)
    upstream.change(fail=chosen.fail, fail_kinds=FAULTS, seed=chosen.seed)
    pipeline = Pipeline(folder / "played", archive, upstream.url, running, chosen.workers)
    instance = pipeline.prepare()
    began = time.monotonic()
    try:
        played = play(
            pipeline,
            upstream,
            sessions,
            first_start=first,
            kills=chosen.kills,
            wall=wall,
            patience=PATIENCE * (4 if rough else 1),
        )
    finally:
        pipeline.stop()
    report = upstream.report()
    upstream.change(fail=0.0)
    held = [step.event_id for step in sessions if step.session == "R"]
    databases = [load_settings().database_url, f"sqlite:///{folder / 'plain' / 'warehouse.db'}"]
    # In autumn the sensor reads next year's calendar too.
    calendars = [
        int(key) for kind, key in AnswerStore(databases[0]).revisions() if kind == "schedule"
    ]
    plain = folder / "plain"
    _backfill([f"{chosen.season}-{max(calendars)}"], pipeline, plain)
    if chosen.wall != "up":
        _backfill([str(chosen.season), "--tier", "timing"], pipeline, plain)
    behind = {(s.event_id, s.session) for n, s in enumerate(sessions) if wall.stands(n)}
    walled = {event for event, session in behind if session == "P"}
    # Where the wall falls between practice and qualifying, practice comes in time after all.
    surely = [event for event in held if event not in walled or (event, "Q") in behind]
    faults = checks.forecasts(pipeline.warehouse, surely, walled)
    faults += checks.once(instance) + checks.differences(*databases)
    _say(played, sessions, report, time.monotonic() - began)
    print("\n".join(faults) or "All of it holds.")
    return 1 if faults else 0


@contextmanager
def _own_upstream() -> Iterator[str]:
    with serving(ARCHIVE) as mirror:
        yield mirror.url


def _backfill(what: list[str], pipeline: Pipeline, home: Path) -> None:
    """The same season in another home, at once and at its end."""
    environment = os.environ | pipeline.variables | {"DATABASE_URL": ""}
    environment |= {"F1_DATA_DIR": str(home), "DAGSTER_HOME": str(home / "dagster")}
    command = [sys.executable, "-m", "f1_pipeline.cli", "backfill", *what]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)


def _say(played: Played, sessions: list[Step], report: dict[str, object], seconds: float) -> None:
    waits = list(played.waits.values())
    print(
        f"{len(sessions)} sessions in {seconds / 60:.1f} min, {played.kills} kills; from a result "
        f"to what it leads to: median {statistics.median(waits):.1f} s, "
        f"longest {max(waits):.1f} s"
    )
    print(f"requests {report['requests']}, faults {report['faults']}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make season", description=__doc__)
    parser.add_argument("--season", type=int, default=2025)
    parser.add_argument("--events", type=int, default=None, help="the first so many events")
    parser.add_argument("--fail", type=float, default=0.0, help="share of answers that fail")
    parser.add_argument("--kills", type=int, default=0, help="how often all processes are killed")
    parser.add_argument("--workers", type=int, default=0, help="spread runs over so many")
    parser.add_argument("--wall", choices=["no", "up", "middle"], default="no")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--upstream", default="", help="address of a stand-in with /_control")
    parser.add_argument("--home", type=Path, default=None, help="an empty folder to keep")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
