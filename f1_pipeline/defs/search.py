"""Layer search: documents of past races, which are alike, and the index that answers queries.

The index is a folder named by its version under the data address, and a row that says which one is
in force. What documents say and how queries are answered is decided in `search`, which is imported
where it is used: loading definitions needs no vocabulary.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd

from f1_pipeline import clock
from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline.defs.resources import Storage, table_result
from f1_pipeline.defs.specs import code_version, describe_table
from f1_pipeline.defs.strategy import RESTS_ON, said_before
from f1_pipeline.errors import StorageError
from f1_pipeline.search import facts, names
from f1_pipeline.storage.folders import Folders
from f1_pipeline.storage.warehouse import Warehouse

NAMES = ("driver_documents", "race_documents", "alike_races", "search_index")
# Whoever answers loads an index when its row changes: the one before may still be read.
KEPT = 3
_CONTENT = "content"


_DOCUMENTS = NAMES[:2]
_READ = (*facts.TABLES, "constructors")


def _key(name: str) -> dg.AssetKey:
    return dg.AssetKey([CONTRACTS[name].layer, name])


@dg.multi_asset(
    name="documents",
    specs=[
        dg.AssetSpec(
            deps=[_key(table) for table in _READ],
            **describe_table(name, kinds={"pandas"}, made_by=("search",)),
        )
        for name in _DOCUMENTS
    ],
)
def written(context: dg.AssetExecutionContext, storage: Storage) -> Iterator[dg.MaterializeResult]:
    """Facts of every driver's race and of every race, told in words; published together."""
    warehouse = storage.warehouse
    rests_on = _rests_on(warehouse, _READ)
    said = {name: said_before(context.instance, name, rests_on) for name in _DOCUMENTS}
    if all(said.values()) and all(_still_there(warehouse, n, s) for n, s in said.items()):
        for name, metadata in said.items():
            version = warehouse.current(name).fingerprint
            again = {**(metadata or {}), "changed": 0, "withdrawn": 0}
            yield dg.MaterializeResult(
                asset_key=_key(name), data_version=dg.DataVersion(version), metadata=again
            )
        return
    from f1_pipeline.search import documents

    made = documents.documents(warehouse.read_many(list(_READ)))
    frames = {name: check(made[name], CONTRACTS[name]) for name in _DOCUMENTS}
    published = warehouse.publish(frames, run_id=context.run.run_id, at=clock.now())
    for name, frame in frames.items():
        version = warehouse.current(name).fingerprint
        yield dg.MaterializeResult(
            asset_key=_key(name),
            data_version=dg.DataVersion(version),
            metadata={
                "dagster/row_count": len(frame),
                "changed": len(published.changed[name]),
                "withdrawn": len(published.withdrawn[name]),
                "one of them": frame["text"].iloc[-1] if len(frame) else "",
                RESTS_ON: rests_on,
                _CONTENT: version,
            },
        )


def _rests_on(warehouse: Warehouse, tables: Iterable[str]) -> str:
    """A hash of what tables hold, by the ledger, and of the code: no row is read."""
    parts = [code_version("search"), *(warehouse.current(name).fingerprint for name in tables)]
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:16]


def _still_there(warehouse: Warehouse, name: str, said: Mapping[str, Any] | None) -> bool:
    """Whether a table holds what was said of it: it may have been restored since."""
    content = (said or {}).get(_CONTENT)
    return content is not None and content.value == warehouse.current(name).fingerprint


@dg.asset(
    ins={"race_documents": dg.AssetIn(_key("race_documents"))},
    **describe_table("alike_races", kinds={"numpy"}, made_by=("search",)),
)
def alike_races(race_documents: pd.DataFrame) -> dg.MaterializeResult:
    from f1_pipeline.search import alike

    return table_result("alike_races", alike.alike_races(race_documents))


@dg.asset(
    deps=[_key(name) for name in (*_DOCUMENTS, *names.TABLES)],
    **describe_table("search_index", kinds={"scipy"}, made_by=("search",)),
)
def search_index(context: dg.AssetExecutionContext, storage: Storage) -> dg.MaterializeResult:
    """Build the index and put its files in their place before its row says so."""
    warehouse, folders = storage.warehouse, Folders(storage.settings.search_store)
    rests_on = _rests_on(warehouse, (*_DOCUMENTS, *names.TABLES))
    held = warehouse.read("search_index")
    row = None if held.empty else held.iloc[0]
    holds = row is not None and folders.holds(row["version"], row["artifact_sha256"])
    said = said_before(context.instance, "search_index", rests_on)
    if row is not None and holds and said is not None:
        again = {**said, "changed": 0}
        return dg.MaterializeResult(data_version=dg.DataVersion(row["version"]), metadata=again)
    from f1_pipeline.search import index, saved

    tables = warehouse.read_many([*_DOCUMENTS, *names.TABLES])
    called = names.names_of(tables, tables["driver_documents"])
    version = index.version_of(tables, called)
    if row is not None and holds and row["version"] == version:
        context.log.info(f"Index {version} holds these documents already.")
        return _in_force(held, rests_on)
    made = index.build(tables, called)

    def write(folder: Path) -> None:
        saved.save(made, folder)

    try:
        digest = folders.store(version, write)
    except OSError as error:
        raise StorageError(
            f"the search index cannot be stored under {folders.address} "
            f"({error.strerror or error}): free some space, or set F1_DATA_DIR to an address that "
            "can be written."
        ) from None
    made_row = {
        "version": version,
        "documents": len(made.driver.texts) + len(made.race.texts),
        "terms": len(made.driver.ranking.terms),
        "artifact_sha256": digest,
    }
    _forget(folders, version, context)
    return _in_force(pd.DataFrame([made_row]), rests_on)


def _in_force(row: pd.DataFrame, rests_on: str) -> dg.MaterializeResult:
    result = table_result("search_index", row)
    version = dg.DataVersion(str(row["version"].iloc[0]))
    return dg.MaterializeResult(
        value=result.value, data_version=version, metadata={RESTS_ON: rests_on}
    )


def _forget(folders: Folders, version: str, context: dg.AssetExecutionContext) -> None:
    """Remove old indexes but the newest ones; what cannot be removed hinders nothing."""
    try:
        times = {name: folders.modified(name) for name in folders.folders()}
        old = sorted(times.keys() - {version}, key=times.__getitem__, reverse=True)[KEPT - 1 :]
        for name in old:
            folders.delete(name)
    except (OSError, NotImplementedError) as error:
        context.log.warning(f"old indexes under {folders.address} are left: {error}")
