"""The files of the raw store, by name and size: what a backup lists and a restore looks for."""

from f1_pipeline.errors import StorageError
from f1_pipeline.storage.raw_store import RawStore


def raw_files(raw: RawStore) -> dict[str, int]:
    """By name under the store's address, the size of each file in bytes.

    A name holds the hash of the content, so the sizes tell what was cut off.
    """
    try:
        found = raw.files.find(raw.root, detail=True)
    except FileNotFoundError:
        return {}  # nothing was recorded yet
    except OSError as error:
        raise StorageError(
            f"{raw.address} cannot be listed ({error}): check F1_DATA_DIR."
        ) from None
    names = {path.removeprefix(f"{raw.root}/"): path for path in sorted(found)}
    # One that is being written has another ending until it is whole.
    return {n: found[path]["size"] for n, path in names.items() if n.endswith(".parquet")}
