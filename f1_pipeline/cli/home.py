"""The Dagster instance of this machine: SQLite under the data directory unless DAGSTER_HOME says.

It is made before any service starts, by one process at a time: two processes that open an empty
SQLite instance at once leave it with two schema heads, and sensors then fire nothing.
"""

import os
from pathlib import Path

import dagster as dg
from filelock import FileLock

from f1_pipeline.errors import StorageError
from f1_pipeline.settings import Settings

_CONFIG = """# The instance of `f1-pipeline run` and `f1-pipeline dev`: SQLite in this folder.
# For production on PostgreSQL use the dagster.yaml at the top of the project.
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  runs:
    max_concurrent_runs: 2
run_monitoring:
  enabled: true
  free_slots_after_run_end_seconds: 300
retention:
  schedule: {purge_after_days: 30}
  sensor: {purge_after_days: {skipped: 7, failure: 30, success: -1}}
"""


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """The persistent instance, made if it is not there. Raises `StorageError` if it cannot be."""
    home = settings.dagster_home
    try:
        home.mkdir(parents=True, exist_ok=True)
        config = home / "dagster.yaml"
        if config.exists() and not os.access(home, os.W_OK):
            # An instance that keeps nothing in its home, as in a container: there is no file to
            # race for, and its database has locks of its own.
            os.environ["DAGSTER_HOME"] = str(home)
            return _opened(home)
        with FileLock(home / ".made.lock"):
            if not config.exists():
                config.write_text(_CONFIG)
            os.environ["DAGSTER_HOME"] = str(home)
            return _opened(home)
    except OSError as error:
        raise StorageError(
            f"{home} cannot be written ({error.strerror}): set F1_DATA_DIR or DAGSTER_HOME to a "
            "folder that can be."
        ) from None


def _opened(home: Path) -> dg.DagsterInstance:
    instance = dg.DagsterInstance.get()
    # The first question to each storage creates it: here, under the lock.
    instance.get_run_records(limit=1)
    instance.get_dynamic_partitions("events")
    instance.all_instigator_state()
    return instance
