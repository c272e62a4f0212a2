"""A size's folder and database, and what a stage is. What the stages do: `stages`, `reading`."""

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from f1_pipeline.storage.warehouse import Warehouse

NOW = datetime(2102, 1, 1, tzinfo=UTC)  # after every season that there can be


@dataclass(frozen=True)
class Home:
    """Where a size is measured; each stage keeps here what the next ones need."""

    folder: Path
    url: str

    def keep(self, name: str, what: Any) -> None:
        with (self.folder / f"{name}.pickle").open("wb") as file:
            pickle.dump(what, file, protocol=pickle.HIGHEST_PROTOCOL)

    def kept(self, name: str) -> Any:
        """What an earlier stage of this measurement left: no file from elsewhere."""
        with (self.folder / f"{name}.pickle").open("rb") as file:
            return pickle.load(file)

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse(self.url)


@dataclass(frozen=True)
class Work:
    """A stage, ready to be timed: what is timed, and what is done with its outcome afterwards.

    `times`: how often the work does the same thing; its cost is that of once.
    """

    run: Callable[[], Any]
    afterwards: Callable[[Any], object] = id
    times: float = 1


Stage = Callable[[Home], Work]
