"""Every test of storage runs on both databases, each time on an empty one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from f1_pipeline.storage import database
from f1_pipeline.storage.warehouse import Warehouse


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database."""
    if request.param == "sqlite":
        address = f"sqlite:///{tmp_path / 'a folder' / 'warehouse.db'}"
    else:
        address = request.getfixturevalue("postgres_database")
    yield address
    database.engine_for(address).dispose()


@pytest.fixture
def warehouse(url: str) -> Warehouse:
    return Warehouse(url)
