"""Fits of all ages with their artifacts, put into a registry at once, and a pass of retention."""

import hashlib
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd

from f1_pipeline.storage.model_store import ModelStore
from f1_pipeline.storage.retention import Removal, Removals, remove_artifacts

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAYS = 90
BEFORE = NOW - timedelta(days=DAYS)
WEIGHTS = b"weights"
FACTS = {
    "recipe": "r1",
    "data_version": "d1",
    "first_event": "2023-australia",
    "last_event": "2024-monaco",
    "races": 30,
    "artifact_sha256": hashlib.sha256(b"win.bin\0" + WEIGHTS).hexdigest(),
}


def fit(number: int) -> str:
    """The name of a fit."""
    return f"{number:012x}"


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def put(store: ModelStore, *names: str) -> None:
    """Folders with a file each."""
    for name in names:
        store.files.makedirs(store.path(name), exist_ok=True)
        store.files.pipe_file(f"{store.path(name)}/win.bin", WEIGHTS)


def fill(
    store: ModelStore, created: Sequence[float], promoted: Sequence[tuple[int, float, str]]
) -> None:
    """A registry with its artifacts: fits by their age in days, and what was promoted, in time,
    with the days since and the action."""
    put(store, *(fit(number) for number in range(len(created))))
    parents = [None, *(fit(number) for number, _, _ in promoted)]
    history = [
        {
            "promotion": count,
            "promoted_at": ago(days),
            "model_version": fit(number),
            "recipe": "r1",
            "parent": parent,
            "action": action,
            "promoted_by": "a test",
            "reason": "it was asked for",
            "decision": None,
        }
        for count, ((number, days, action), parent) in enumerate(
            zip(promoted, parents, strict=False), start=1
        )
    ]
    since = {number: days for number, days, _ in promoted}
    fits = [
        FACTS
        | {
            "model_version": fit(number),
            "stage": "champion" if fit(number) == parents[-1] else "retired",
            "created_at": ago(days),
            "promoted_at": ago(since.get(number, days)),
        }
        for number, days in enumerate(created)
    ]
    frames = {"models": fits, "promotions": history}
    store.warehouse.append(
        {name: pd.DataFrame(rows, dtype=object) for name, rows in frames.items() if rows}
    )


def promote(store: ModelStore, version: str, action: str = "gate") -> None:
    store.promote(version, ago(0), action=action, by="a test", reason="it was asked for")


def sweep(store: ModelStore) -> tuple[list[Removal], dict[str, str]]:
    return remove_artifacts(store, DAYS, Removals(store.warehouse.url, "run-1"), lambda line: None)


def listed(store: ModelStore) -> pd.DataFrame:
    return store.warehouse.read("removals")


def intact(store: ModelStore) -> set[str]:
    """The fits whose artifact is as it was stored."""
    return {fit for fit in store.warehouse.read("models")["model_version"] if store.has(fit)}


STAYING = {fit(number) for number in (0, 1, 5, 6, 7, 8, 9)}


def filled(store: ModelStore) -> ModelStore:
    """Ten fits of long ago, 0 the oldest; 1 is in force, 0 was before it, the last five stay."""
    fill(
        store,
        [400 - number for number in range(10)],
        [(2, 300, "gate"), (0, 299, "gate"), (1, 298, "refit")],
    )
    return store


def set_times(store: ModelStore, name: str, time: float) -> None:
    folder = Path(store.path(name))
    for path in (*folder.rglob("*"), folder):
        os.utime(path, (time, time))


def all_names(store: ModelStore) -> list[str]:
    return [str(path).rpartition("/")[2] for path in store.files.ls(store.root, detail=False)]
