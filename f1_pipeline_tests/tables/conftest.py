"""Raw frames and the tables built of them, once for all tests; not to be changed."""

from pathlib import Path

import pandas as pd
import pytest

from f1_pipeline.sources import archive
from f1_pipeline.tables import Build, build
from f1_pipeline_tests.release import make_release

Frames = dict[str, pd.DataFrame]


@pytest.fixture(scope="session")
def raw() -> Frames:
    """The shipped archive: every season since 2010, and the calendar of the next."""
    return archive.read(Path(__file__).parents[2] / "data" / "archive")


@pytest.fixture(scope="session")
def shipped(raw: Frames) -> Build:
    return build(raw, {})


@pytest.fixture(scope="session")
def tables(shipped: Build) -> Frames:
    return shipped.frames


@pytest.fixture(scope="session")
def small_raw(tmp_path_factory: pytest.TempPathFactory) -> Frames:
    """Three made-up seasons of four races, the last two of them still to come, and a fourth."""
    folder = tmp_path_factory.mktemp("small")
    archive.build(make_release(folder / "f1db", cars=6, unheld=2), folder / "archive")
    return archive.read(folder / "archive")


@pytest.fixture(scope="session")
def small(small_raw: Frames) -> Build:
    return build(small_raw, {})
