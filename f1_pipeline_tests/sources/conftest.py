"""A made-up release and the archive written from it, once for all tests; not to be changed."""

from pathlib import Path

import pytest

from f1_pipeline.sources import archive
from f1_pipeline_tests.release import make_release


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_release(tmp_path_factory.mktemp("release") / "f1db")


@pytest.fixture(scope="session")
def written(release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("archive") / "new" / "folder"
    archive.build(release, out)
    return out
