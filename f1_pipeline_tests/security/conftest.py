"""A database with roles, in which the writer's role has run the pipeline."""

from collections.abc import Iterator

import pytest

from f1_pipeline.storage import database, migrate
from f1_pipeline_tests.cli.conftest import Home, small_archive  # noqa: F401
from f1_pipeline_tests.security.roles import Databases, databases
from f1_pipeline_tests.serving.conftest import HELD, serve  # noqa: F401


@pytest.fixture
def bare(postgres_url: str) -> Iterator[Databases]:
    """Two empty databases, and no roles."""
    with databases(postgres_url) as made:
        yield made
        _let_go(made)


@pytest.fixture(scope="session")
def filled(
    postgres_url: str,
    small_archive: str,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Databases, Home]]:
    """Roles, tables that the owner made, and a quick run by the writer. Not to be changed."""
    with databases(postgres_url) as made:
        made.run_script()
        migrate.upgrade(made.url("owner"))
        made.run_script()
        home = Home(
            tmp_path_factory.mktemp("by-roles"),
            F1_ARCHIVE_DIR=small_archive,
            DATABASE_URL=made.url("writer"),
        )
        for arguments in (("run", "--offline", "--quick"), ("predict", "--event", HELD)):
            done = home.call(*arguments)
            assert done.code == 0, done.err
        yield made, home
        _let_go(made)


def _let_go(made: Databases) -> None:
    for kind in ("superuser", "owner", "writer", "reader"):
        database.engine_for(made.url(kind)).dispose()
