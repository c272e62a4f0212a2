"""What commands begin with: the instance and the warehouse, the seasons they are given."""

import re
from typing import TYPE_CHECKING

from f1_pipeline.errors import UsageError
from f1_pipeline.settings import load_settings

if TYPE_CHECKING:
    from f1_pipeline.cli.runs import Runs
    from f1_pipeline.storage.warehouse import Warehouse


def open_runs() -> "tuple[Runs, Warehouse]":
    """The jobs on the persistent instance, and the tables."""
    from f1_pipeline.cli.home import open_instance
    from f1_pipeline.cli.runs import Runs
    from f1_pipeline.definitions import defs
    from f1_pipeline.storage.warehouse import Warehouse

    settings = load_settings()
    warehouse = Warehouse(settings.database_url)
    return Runs(defs, open_instance(settings)), warehouse


def parse_seasons(text: str, name: str = "--seasons") -> tuple[int, int]:
    """The first and the last season of `2024` or `2019-2025`. Raises `UsageError`."""
    match = re.fullmatch(r"(\d{4})(?:-(\d{4}))?", text.strip())
    if match is None:
        raise UsageError(f"{name} {text}: expected a season or a range such as 2019-2025.")
    first, last = int(match[1]), int(match[2] or match[1])
    if last < first:
        raise UsageError(f"{name} {text}: the last season comes before the first.")
    return first, last
