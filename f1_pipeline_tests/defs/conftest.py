"""A made-up season to be lived through: made once, and lived up to its beginning once."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from f1_pipeline.sources import archive
from f1_pipeline_tests.defs.pipeline import RACES, SEASONS, Pipeline
from f1_pipeline_tests.defs.weekend import World, make_facts, world
from f1_pipeline_tests.mirror import Mirror, serving
from f1_pipeline_tests.release import make_release


@pytest.fixture(scope="session")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_facts(tmp_path_factory.mktemp("facts"))


@pytest.fixture(scope="session")
def upstream(facts: Path) -> Iterator[Mirror]:
    with serving(facts / "whole", timeout_s=0.2) as mirror:
        yield mirror


@pytest.fixture(scope="session")
def begun_home(
    facts: Path, upstream: Mirror, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str | None]:
    """Before the season, with all that can be known then, and the sensor's cursor."""
    home = tmp_path_factory.mktemp("begun")
    with pytest.MonkeyPatch.context() as patch, world(facts, upstream, home, patch) as made:
        made.live()
        return home, made.cursor


@pytest.fixture
def lived(
    facts: Path, upstream: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """A new instance."""
    with world(facts, upstream, tmp_path / "home", monkeypatch) as made:
        yield made


@pytest.fixture
def begun(
    facts: Path,
    upstream: Mirror,
    begun_home: tuple[Path, str | None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[World]:
    """A copy of the one that has got as far as the season's beginning."""
    home = shutil.copytree(begun_home[0], tmp_path / "home")
    with world(facts, upstream, home, monkeypatch) as made:
        made.cursor = begun_home[1]
        yield made


@pytest.fixture
def timed(begun: World) -> World:
    """The same, and live timing answers."""
    begun.upstream.change(auth_wall=False, reset_counts=True)
    return begun


@pytest.fixture
def archive_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    release = make_release(tmp_path / "release", seasons=SEASONS, races=RACES, cars=12)
    archive.build(release, tmp_path / "archive")
    monkeypatch.setenv("F1_ARCHIVE_DIR", str(tmp_path / "archive"))
    return tmp_path / "archive"


@pytest.fixture
def pipeline(archive_dir: Path) -> Iterator[Pipeline]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield Pipeline(instance)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def on_each_database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "postgresql":
        monkeypatch.setenv("DATABASE_URL", request.getfixturevalue("postgres_database"))
