"""Write the dump of a revision: an empty database is migrated that far, and filled with rows."""

import argparse
import tempfile
from pathlib import Path

from f1_pipeline_tests.storage.upgrades import dumps, migrating
from f1_pipeline_tests.storage.upgrades.made_up import rows_of


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m f1_pipeline_tests.storage.upgrades")
    parser.add_argument("revision", help="such as 0012")
    revision = parser.parse_args().revision
    if revision not in migrating.revisions():
        parser.error(f"there is no revision {revision}")
    file = dumps.file_of(revision)
    if file.exists():
        parser.error(f"{file.name} is there, and stands for databases that exist")
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'warehouse.db'}"
        migrating.upgrade_to(url, revision)
        dump = dumps.taken(url, revision)
    dumps.write(dump.filled(rows_of(dump)))
    print(f"{file.name}: {len(dump.tables)} tables, {file.stat().st_size / 1000:.0f} KB")


if __name__ == "__main__":
    main()
