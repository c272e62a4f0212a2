"""Run the stages size by size, each in a process of its own, and account for them.

Not here: what a stage does (`stages`, `reading`), and what its growth means (`growth`).
"""

import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from f1_pipeline_tests.scale.growth import Point
from f1_pipeline_tests.scale.memory import MOST_MEMORY
from f1_pipeline_tests.scale.plan import ARCHIVE_EVENTS
from f1_pipeline_tests.scale.reading import READING
from f1_pipeline_tests.scale.stages import STAGES

# In order: each finds what those before it have left.
ALL = (*STAGES, *READING)
# The largest size at which a stage is measured unless everything is asked for: beyond it takes more
# than ten minutes of a core, or more memory than is given.
UP_TO = {
    "take in again": 10,
    "features": 60,
    "training set": 60,
    "late corrections": 10,
    "store features": 30,
    "training": 30,
    "backtest": 10,
    "forecast, reading": 30,
    "forecast": 30,
    "documents": 30,
    "alike": 30,
}
_MODULE = "f1_pipeline_tests.scale.one"


@dataclass(frozen=True)
class Cost:
    """What a stage took at a size: CPU seconds of its work, MiB of its process at its peak.

    `database`: MiB of the database afterwards. `fault`: why there is no figure.
    """

    stage: str
    size: float
    rows: int
    cpu: float
    peak: float
    database: float
    fault: str = ""

    @property
    def point(self) -> Point:
        return Point(self.rows, self.cpu)


def measured(
    sizes: Sequence[float],
    stages: Sequence[str],
    measure: Callable[..., Any],
    progress: Callable[[str], object],
    server: str | None = None,
    everything: bool = False,
) -> Iterator[Cost]:
    """Every stage at every size, as it is known. `server`: PostgreSQL's address, else SQLite."""
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder, _database(Path(folder), server) as url:
            progress(f"{size:g} times: drawing {round(size * ARCHIVE_EVENTS)} events")
            drawn = _run(["draw", folder, url, str(round(size * ARCHIVE_EVENTS))], measure)
            for stage in stages:
                if size > UP_TO.get(stage, size) and not everything:
                    continue
                progress(f"{size:g} times: {stage}")
                yield _cost(stage, size, drawn["rows"], folder, url, measure)


def _cost(
    stage: str, size: float, rows: int, folder: str, url: str, measure: Callable[..., Any]
) -> Cost:
    found = _run([stage, folder, url], measure)
    held = _held(url)
    return Cost(stage, size, rows, found["cpu"], found["peak"], held, found.get("fault", ""))


def _run(arguments: list[str], measure: Callable[..., Any]) -> dict[str, Any]:
    command = [sys.executable, "-W", "ignore", "-m", _MODULE, *arguments]
    usage = measure(command, {"OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"})
    if usage.exit_code != 0 and "MemoryError" in usage.output:
        fault = f"does not fit {MOST_MEMORY / 2**30:g} GiB"
        return {"cpu": float("nan"), "peak": usage.peak, "fault": fault}
    if usage.exit_code != 0:
        sys.exit(usage.output)
    return json.loads(usage.output.strip().splitlines()[-1]) | {"peak": usage.peak}


@contextmanager
def _database(folder: Path, server: str | None) -> Iterator[str]:
    """A new database for a size; on a server it is dropped at the end."""
    if server is None:
        yield f"sqlite:///{folder / 'warehouse.db'}"
        return
    name = "f1_scale"
    _execute(server, f"DROP DATABASE IF EXISTS {name}")
    _execute(server, f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        _execute(server, f"DROP DATABASE {name} WITH (FORCE)")


def _execute(server: str, statement: str) -> None:
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text(statement))


def _held(url: str) -> float:
    """MiB of a database."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        path = Path(str(address.database))
        files = (path, path.with_name(path.name + "-wal"))
        return sum(file.stat().st_size for file in files if file.exists()) / 2**20
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        statement = sa.text("SELECT pg_database_size(current_database())")
        return connection.execute(statement).scalar_one() / 2**20
