"""A server on the shipped archive, shared; each test finds it with no setting changed."""

from pathlib import Path
from typing import Any

import pytest

from f1_pipeline.settings import ROOT
from f1_pipeline_tests.mirror import serving

UNCHANGED: dict[str, Any] = {
    "until": None,
    "edit_calendar": [],
    "auth_wall": False,
    "lacking": [],
    "support_race": [],
    "fail_next": 0,
    "fail_match": "",
}


@pytest.fixture(scope="session")
def shipped() -> Path:
    return ROOT / "data" / "archive"


@pytest.fixture(scope="package")
def served(shipped):
    with serving(shipped) as mirror:
        yield mirror


@pytest.fixture
def mirror(served):
    served.change(**UNCHANGED, reset_counts=True)
    return served
