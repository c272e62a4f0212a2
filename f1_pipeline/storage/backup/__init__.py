"""Backups: tables, registry and artifacts in one folder, and back from it into an empty place.

A backup is bound to no database: rows are JSON lines with exact floats and instants in UTC, so that
what was written from SQLite can be restored into PostgreSQL, and the other way round. The raw store
is listed and not copied: its files never change, and they are the bulk. When a backup is made and
which are kept is not decided here.
"""

from f1_pipeline.storage.backup.manifest import Manifest, is_backup, size, verify
from f1_pipeline.storage.backup.restoring import Restored, restore
from f1_pipeline.storage.backup.writing import write

__all__ = ["Manifest", "Restored", "is_backup", "restore", "size", "verify", "write"]
