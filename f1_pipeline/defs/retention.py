"""What goes by age, once a week: artifacts of fits, Dagster's runs with their events, logs.

Dagster prunes ticks alone. Which artifacts stay is decided in `storage.retention`; which runs stay
is decided here: those that the present state of the assets rests on, as a run that is deleted takes
its materializations with it.
"""

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg

from f1_pipeline import clock
from f1_pipeline.defs.resources import Storage
from f1_pipeline.defs.specs import describe
from f1_pipeline.storage.retention import Removal, Removals, remove_artifacts

KEY = dg.AssetKey(["operations", "retention"])
# Runs that one pass removes, 0.1 s each in SQLite: a first pass over years leaves the rest for the
# next.
AT_MOST = 2000
_ENDED = [
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
]
_RUN_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# The tags in which Dagster notes what an event has read. They are in none of its documents: a test
# compares what the UI says of staleness before and after.
_POINTER = "dagster/input_event_pointer/"
_PAGE = 200  # events in one question; one with a picture is 200 KB
_SHOWN = 50  # rows of the list in the UI; the table has them all


@dataclass(frozen=True)
class Said:
    """What a run said of an asset, a materialization or an observation; `number` grows in time.

    `read`: by asset the number of its newest event when this one was made.
    """

    kind: str
    asset: str
    partition: str | None
    number: int
    run_id: str
    read: Mapping[str, int]


def resting_on(said: Iterable[Said]) -> set[str]:
    """The runs that the present state of the assets rests on.

    They hold the newest event of a kind of an asset or partition, or what such a newest one has
    read of partitions: Dagster tells whether an asset is stale by comparing the version that it
    read of a partition with the one that is there. What was read of a whole asset is noted in the
    event that read it.
    """
    lines: dict[str, dict[tuple[str, str | None], list[Said]]] = defaultdict(dict)
    for one in sorted(said, key=lambda one: one.number):
        lines[one.asset].setdefault((one.kind, one.partition), []).append(one)
    newest = [line[-1] for of_asset in lines.values() for line in of_asset.values()]
    runs = {one.run_id for one in newest}
    for one in newest:
        for asset, number in one.read.items():
            for (_, partition), line in lines[asset].items():
                # A partition reads the one of its name, a whole asset reads all of them.
                reads = partition is not None and one.partition in (None, partition)
                earlier = bisect_right(line, number, key=lambda of: of.number)
                if reads and earlier:
                    runs.add(line[earlier - 1].run_id)
    return runs


def _said(instance: dg.DagsterInstance) -> Iterator[Said]:
    """All that is held of all assets: what is kept of it is some thousand events."""
    for key in instance.get_asset_keys():
        for kind, fetch in (
            ("materialization", instance.fetch_materializations),
            ("observation", instance.fetch_observations),
        ):
            cursor, more = None, True
            while more:
                page = fetch(key, limit=_PAGE, cursor=cursor)
                cursor, more = page.cursor, page.has_more
                for record in page.records:
                    yield _as_said(kind, key.to_user_string(), record)


def _as_said(kind: str, asset: str, record: dg.EventLogRecord) -> Said:
    entry = record.event_log_entry
    event = entry.asset_materialization or entry.asset_observation
    tags = (event.tags if event else None) or {}
    read = {
        name.removeprefix(_POINTER): int(number)
        for name, number in tags.items()
        if name.startswith(_POINTER) and number.isdigit()  # NULL: there was none to read
    }
    return Said(kind, asset, record.partition_key, record.storage_id, record.run_id, read)


class RunHistory:
    """The runs of an instance: what is stored of each, and how it is removed.

    Dagster's own deletion leaves two things behind: the run's log, and in SQLite the file of its
    events (270 KB). Where they lie is asked by methods of its storages that its documents do not
    list (`path_for_shard`, `get_all_run_ids`); the tests look for the files.
    """

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance = instance
        manager = instance.compute_log_manager
        # FOLDER/run/compute_logs/step.out; an address of an object store is no folder.
        place = manager.get_log_metadata(manager.build_log_key_for_run("run", "step"))
        file = Path(place.stdout_location or "")
        self.logs = file.parents[2] if file.is_absolute() else None

    def old(self, before: datetime, limit: int) -> list[dg.RunRecord]:
        """The runs that ended before an instant, the oldest first; at most so many."""
        # In PostgreSQL the time of an update is the server's local one, hours off: a day more is
        # asked for than can count.
        ended = dg.RunsFilter(statuses=_ENDED, updated_before=before + timedelta(days=1))
        records = self.instance.get_run_records(
            ended, limit=limit, order_by="update_timestamp", ascending=True
        )
        return [record for record in records if ended_at(record) < before]

    def remove(self, run_id: str) -> None:
        """Delete a run with all that it left behind.

        One that this is interrupted in is still there, or has files alone: the next pass goes on.
        """
        # Dagster deletes the record first: interrupted then, the events would stay for ever.
        self.instance.event_log_storage.delete_events(run_id)
        self.instance.delete_run(run_id)
        self.remove_files(run_id)

    def remove_files(self, run_id: str) -> None:
        self.instance.compute_log_manager.delete_logs(prefix=[run_id])
        for file in self._events(run_id):
            file.unlink(missing_ok=True)

    def size(self, run_id: str) -> int:
        """Bytes of a run's local files."""
        logs = (self.logs / run_id).rglob("*") if self.logs else ()
        files = [*self._events(run_id), *logs]
        return sum(file.stat().st_size for file in files if file.is_file())

    def orphans(self) -> list[str]:
        """The runs that are no more and have files all the same."""
        of_events = getattr(self.instance.event_log_storage, "get_all_run_ids", None)
        names = {folder.name for folder in self._log_folders()} | set(
            of_events() if of_events else ()
        )
        found = sorted(name for name in names if _RUN_ID.fullmatch(name))
        known: set[str] = set()
        # Asked after the files were listed: a run has its record before it has files.
        for start in range(0, len(found), _PAGE):
            some = dg.RunsFilter(run_ids=found[start : start + _PAGE])
            known |= {r.dagster_run.run_id for r in self.instance.get_run_records(some)}
        return [run_id for run_id in found if run_id not in known]

    def tick_logs(self, before: datetime) -> dict[str, list[Path]]:
        """By sensor or schedule, the logs of its ticks that were written to last before then."""
        found = defaultdict(list)
        for folder in self._log_folders():
            if _RUN_ID.fullmatch(folder.name):
                continue
            for file in sorted(folder.glob("*/*.err")):
                if file.stat().st_mtime < before.timestamp():
                    found[file.parent.name].append(file)
        return found

    def _events(self, run_id: str) -> list[Path]:
        """The files of a run's events, where each run has its own."""
        place = getattr(self.instance.event_log_storage, "path_for_shard", None)
        return [Path(f"{place(run_id)}{end}") for end in ("", "-wal", "-shm")] if place else []

    def _log_folders(self) -> list[Path]:
        if self.logs is None or not self.logs.is_dir():
            return []
        return sorted(folder for folder in self.logs.iterdir() if folder.is_dir())


def ended_at(record: dg.RunRecord) -> datetime:
    """When a run ended; where it was only reported as ended, when that was."""
    if record.end_time is None:
        return record.update_timestamp
    return datetime.fromtimestamp(record.end_time, UTC)


@dataclass(frozen=True)
class Swept:
    """What a pass removed of runs and logs; how many old runs stay for the assets that rest on
    them; and whether some that could go were left for the next pass."""

    removed: list[Removal]
    kept: int
    more: bool


def sweep(
    instance: dg.DagsterInstance, days: int, removals: Removals, log: Callable[[str], object]
) -> Swept:
    """Remove the runs that ended more than `days` days ago and that no asset rests on, their logs,
    and the logs of that age of ticks."""
    history, before = RunHistory(instance), clock.now() - timedelta(days=days)
    needed = resting_on(_said(instance))
    # So many, as all of the needed ones may be among the oldest.
    old = history.old(before, limit=AT_MOST + len(needed) + 1)
    free = [record for record in old if record.dagster_run.run_id not in needed]
    removed = [
        *_remove_runs(history, free[:AT_MOST], days, removals, log),
        *_remove_orphans(history, needed, removals),
        *_remove_tick_logs(history, before, days, removals),
    ]
    return Swept(removed, len(old) - len(free), len(free) > AT_MOST)


def _remove_runs(
    history: RunHistory,
    records: list[dg.RunRecord],
    days: int,
    removals: Removals,
    log: Callable[[str], object],
) -> Iterator[Removal]:
    for number, record in enumerate(records, start=1):
        run, day = record.dagster_run, f"{ended_at(record):%Y-%m-%d}"
        reason = f"{run.job_name}, ended {day}, more than {days} days ago"
        removal = Removal("run", run.run_id, reason, history.size(run.run_id) or None)
        removals.add(removal)
        history.remove(run.run_id)
        if number % 100 == 0:
            log(f"{number} of {len(records)} runs removed")
        yield removal


def _remove_orphans(history: RunHistory, needed: set[str], removals: Removals) -> Iterator[Removal]:
    """What is left of runs that are no more, unless an asset rests on one of them all the same."""
    for run_id in history.orphans():
        if run_id not in needed:
            removal = Removal("log", run_id, "its run is no more", history.size(run_id))
            removals.add(removal)
            history.remove_files(run_id)
            yield removal


def _remove_tick_logs(
    history: RunHistory, before: datetime, days: int, removals: Removals
) -> Iterator[Removal]:
    for name, files in history.tick_logs(before).items():
        reason = f"{len(files)} logs of ticks, more than {days} days old"
        removal = Removal("log", name, reason, sum(file.stat().st_size for file in files))
        removals.add(removal)
        for file in files:
            file.unlink(missing_ok=True)
        yield removal


@dg.asset(
    key=KEY,
    **describe(
        "operations",
        description="What went by age: artifacts of fits, runs with their events, logs. The fit in "
        "force, the one before it and the five newest stay, and every run that the present state "
        "of an asset rests on. All that went is in table `removals`.",
        kinds={"python"},
        made_by=("storage",),
    ),
)
def retention(context: dg.AssetExecutionContext, storage: Storage) -> dg.MaterializeResult:
    settings = storage.settings
    removals = Removals(settings.database_url, context.run.run_id)
    say = context.log.info
    artifacts, kept = remove_artifacts(storage.models, settings.artifact_days, removals, say)
    swept = sweep(context.instance, settings.run_days, removals, say)
    if swept.more:
        say(f"more than {AT_MOST} runs are old: the next pass goes on")
    return dg.MaterializeResult(metadata=_shown([*artifacts, *swept.removed], kept, swept))


def _shown(removed: list[Removal], kept: Mapping[str, str], swept: Swept) -> dict[str, Any]:
    by_kind = Counter(removal.kind for removal in removed)
    return {
        "artifacts": by_kind["artifact"],
        "runs": by_kind["run"],
        "logs": by_kind["log"],
        "bytes_freed": sum(removal.bytes or 0 for removal in removed),
        "runs_kept": swept.kept,
        "more_next_time": swept.more,
        "removed": dg.MetadataValue.md(_listed(removed)),
        "artifacts_kept": dg.MetadataValue.md(
            "\n".join(["| fit | why |", "|---|---|", *(f"| {f} | {w} |" for f, w in kept.items())])
        ),
    }


def _listed(removed: list[Removal]) -> str:
    if not removed:
        return "Nothing was old enough to go."
    lines = ["| kind | name | reason | bytes |", "|---|---|---|---|"]
    for one in removed[:_SHOWN]:
        size = "" if one.bytes is None else one.bytes
        lines.append(f"| {one.kind} | {one.name} | {one.reason} | {size} |")
    if len(removed) > _SHOWN:
        lines.append(f"\n… and {len(removed) - _SHOWN} more: table `removals` has them all.")
    return "\n".join(lines)


retention_job = dg.define_asset_job(
    "retention",
    selection=dg.AssetSelection.assets(KEY),
    description="What goes by age: artifacts of fits, runs with their events, logs.",
)
weekly_retention = dg.ScheduleDefinition(
    name="weekly_retention",
    job=retention_job,
    cron_schedule="0 2 * * 0",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Sunday 02:00 UTC: what is old and nothing needs goes.",
)
