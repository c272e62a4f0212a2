"""An empty world for each test: the schema is made once and copied."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from f1_pipeline.storage import database
from f1_pipeline_tests.serving.pages.world import World


@pytest.fixture(scope="session")
def empty_world(tmp_path_factory: pytest.TempPathFactory, session_environment: None) -> Path:
    folder = tmp_path_factory.mktemp("world")
    world = World(folder)
    database.engine_for(world.url).dispose()
    return folder


@pytest.fixture
def world(empty_world: Path, tmp_path: Path) -> Iterator[World]:
    folder = tmp_path / "world"
    shutil.copytree(empty_world, folder)
    world = World(folder)
    yield world
    database.engine_for(world.url).dispose()
