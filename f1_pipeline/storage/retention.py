"""What goes by age of the model store, and the list of all that was removed.

Which artifacts stay is a choice of its own (`staying`), by the registry and the clock; times of
files say nothing of a fit. Rows of `models` stay: the registry is history. Runs and logs are
Dagster's, see `defs.retention`; what goes of them is listed here too.
"""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from f1_pipeline import clock
from f1_pipeline.errors import StorageError
from f1_pipeline.storage import database, migrate
from f1_pipeline.storage.model_store import ModelStore
from f1_pipeline.storage.schema import TABLES

NEWEST = 5  # of the fits that were stored last, whatever their age
# What the model store itself makes: fits, and the folders that it fills before they get their
# name. The address may be one where somebody keeps other things too: they are left alone.
_OWN = re.compile(r"[0-9a-f]{12}|\.[0-9a-f]{12}\.[0-9a-f]{32}")


@dataclass(frozen=True)
class Removal:
    """One thing that was removed; `bytes` is None where it is not known what that freed."""

    kind: str
    name: str
    reason: str
    bytes: int | None


class Removals:
    """The list of what one run removes, in `removals`."""

    def __init__(self, url: str, run_id: str) -> None:
        migrate.upgrade(url)
        self.url = url
        self.run_id = run_id

    def add(self, removal: Removal) -> None:
        """List it: before it is removed, so that nothing is gone that is not listed."""
        with database.writing(self.url) as connection:
            self.enter(connection, removal)

    def enter(self, connection: Connection, removal: Removal) -> None:
        """The same within a transaction. What was listed at this instant is not listed again."""
        table, at = TABLES["removals"], clock.now()
        row = {"kind": removal.kind, "name": removal.name, "removed_at": at}
        known = sa.select(sa.literal(1)).where(*(table.c[key] == row[key] for key in row))
        # A clock that F1_NOW holds still, and a run that was killed before it removed the thing.
        if connection.scalar(known) is None:
            facts = {"reason": removal.reason, "bytes": removal.bytes, "run_id": self.run_id}
            connection.execute(sa.insert(table), [row | facts])


@dataclass(frozen=True)
class Registry:
    """What decides which artifacts stay, at one instant.

    `created`: every fit that was stored, and when. `mentioned`: by fit the newest promotion,
    decision or forecast that names it.
    """

    created: Mapping[str, datetime]
    mentioned: Mapping[str, datetime]
    champion: str | None
    parent: str | None


def staying(registry: Registry, before: datetime) -> dict[str, str]:
    """The fits whose artifact stays, each with the reason, when what is older than `before` goes.

    That is the one in force, the one that it took the place of (a rollback goes there), the five
    newest, and those that are younger or are named by something younger.
    """
    created = registry.created
    newest = sorted(created, key=lambda fit: (created[fit], fit), reverse=True)[:NEWEST]
    reasons = {
        fit: "a younger row names it" for fit, at in registry.mentioned.items() if at >= before
    }
    reasons |= {fit: "not old enough" for fit, at in created.items() if at >= before}
    reasons |= dict.fromkeys(newest, f"one of the {NEWEST} newest")
    if registry.parent is not None:
        reasons[registry.parent] = "the one before it: a rollback goes there"
    if registry.champion is not None:
        reasons[registry.champion] = "in force"
    return {fit: reason for fit, reason in reasons.items() if fit in created}


def remove_artifacts(
    store: ModelStore, days: int, removals: Removals, log: Callable[[str], object]
) -> tuple[list[Removal], dict[str, str]]:
    """Remove the artifacts of fits that nothing keeps for longer than `days`, and what is left of
    saves that were cut short.

    Returns what was removed, and of the fits that stay why. Raises `StorageError` when a file
    cannot be deleted; what was removed until then is listed.
    """
    before = clock.now() - timedelta(days=days)
    with database.reading(store.warehouse.url) as connection:
        registry = _registry(connection, store)
    kept = staying(registry, before)
    removed = []
    for fit in sorted(set(registry.created) - set(kept)):
        removal = _remove_fit(store, fit, before, removals)
        if removal is not None:
            log(f"removed the artifact of {fit}: {removal.reason}")
            removed.append(removal)
    for name in _strays(store, registry):
        removal = _remove_stray(store, name, days, removals)
        if removal is not None:
            log(f"removed {name}: {removal.reason}")
            removed.append(removal)
    return removed, kept


def _remove_fit(
    store: ModelStore, fit: str, before: datetime, removals: Removals
) -> Removal | None:
    with database.writing(store.warehouse.url) as connection:
        # Asked again among the writers: a promotion may have come in between, and now none can.
        registry = _registry(connection, store)
        if fit in staying(registry, before):
            return None
        reason = f"stored on {registry.created[fit]:%Y-%m-%d}, and nothing keeps it"
        held = store.files.exists(store.path(fit))
        if not held and _is_listed(connection, fit):
            return None
        if not held:
            # A run that was killed between the files and its commit; or they were lost before.
            reason += "; its files were gone already"
        removal = Removal("artifact", fit, reason, _size(store, fit) if held else None)
        removals.enter(connection, removal)
        _delete(store, fit)
    return removal


def _remove_stray(store: ModelStore, name: str, days: int, removals: Removals) -> Removal | None:
    """A save may be under way, or a restore that puts the files back before the rows: so the folder
    has to be old by its newest time."""
    touched = _touched(store, name)
    # The times of files are real: with F1_NOW put forward a save of this minute would look old.
    if touched is None or touched >= clock.wall() - timedelta(days=days):
        return None
    with database.writing(store.warehouse.url) as connection:
        if name in _registry(connection, store).created:
            return None
        reason = f"no fit is registered for it; written to last on {touched:%Y-%m-%d}"
        removal = Removal("artifact", name, reason, _size(store, name))
        removals.enter(connection, removal)
        _delete(store, name)
    return removal


def _registry(connection: Connection, store: ModelStore) -> Registry:
    models, history = TABLES["models"], TABLES["promotions"]
    decisions, forecasts = TABLES["gate_decisions"], TABLES["race_predictions"]
    created = connection.execute(sa.select(models.c.model_version, models.c.created_at))
    champion = connection.scalar(
        sa.select(models.c.model_version).where(models.c.stage == "champion")
    )
    mentioned: dict[str, datetime] = {}
    for fit, at in (
        (models.c.model_version, models.c.promoted_at),
        (history.c.model_version, history.c.promoted_at),
        (history.c.parent, history.c.promoted_at),
        (decisions.c.model_version, decisions.c.decided_at),
        (forecasts.c.model_version, forecasts.c.generated_at),
    ):
        newest = sa.select(fit, sa.func.max(at)).where(fit.is_not(None)).group_by(fit)
        for name, instant in connection.execute(newest):
            mentioned[name] = max(instant, mentioned.get(name, instant))
    return Registry(
        created=dict(created.tuples().all()),
        mentioned=mentioned,
        champion=champion,
        parent=store.parent(champion) if champion else None,
    )


def _is_listed(connection: Connection, fit: str) -> bool:
    table = TABLES["removals"]
    mine = (table.c.kind == "artifact") & (table.c.name == fit)
    return connection.scalar(sa.select(sa.literal(1)).where(mine).limit(1)) is not None


def _strays(store: ModelStore, registry: Registry) -> list[str]:
    """Folders of the model store's making that have no row."""
    if not store.files.isdir(store.root):
        return []
    found = store.files.ls(store.root, detail=True)
    folders = (str(entry["name"]) for entry in found if entry["type"] == "directory")
    names = {folder.rstrip("/").rpartition("/")[2] for folder in folders}
    return sorted(name for name in names - set(registry.created) if _OWN.fullmatch(name))


def _touched(store: ModelStore, name: str) -> datetime | None:
    """The newest time of the folder and of its files, UTC; None where the address knows none.

    On a local disk that of the inode counts too, which no copy and no `touch` sets back.
    """
    times = []
    for path in (store.path(name), *store.files.find(store.path(name))):
        for time in (store.files.created, store.files.modified):
            # An object store has no times of folders, some none of creation; and a save that is
            # under way moves its files.
            with suppress(OSError, NotImplementedError):
                times.append(time(path))
    return max(times, default=None)


def _size(store: ModelStore, name: str) -> int:
    return int(store.files.du(store.path(name)))


def _delete(store: ModelStore, name: str) -> None:
    try:
        store.remove(name)
    except OSError as error:
        raise StorageError(
            f"{store.path(name)} cannot be deleted ({error.strerror or error}): make it writable, "
            "then launch the job retention again."
        ) from None
