"""The stand-in for the service, and worders that ask it."""

import anthropic  # noqa: F401 - here, as it takes seconds, and no test is to wait for it
import pytest

from f1_pipeline.narration import Worder
from f1_pipeline_tests.narration.standin import KEY, MODEL, listening
from f1_pipeline_tests.narration.stories import GOOD, KNOWN


@pytest.fixture
def service():
    with listening() as standin:
        standin.text = GOOD
        yield standin


@pytest.fixture
def worder(service):
    """Makes worders of the service, and closes them."""
    made: list[Worder] = []

    def make(**given) -> Worder:
        usual = {"key": KEY, "model": MODEL, "base_url": service.address, "known": KNOWN}
        made.append(Worder(**usual | given))
        return made[-1]

    yield make
    for one in made:
        one.close()
