"""Every file under deploy/ is somebody's to check, and none has a fault."""

import re

import pytest

from f1_pipeline_tests.deploy.tree import DEPLOY, files
from f1_pipeline_tests.deploy.validators import CLAIMS, validators_of

NAMES = [str(path.relative_to(DEPLOY)) for path in files()]


def test_every_file_has_one_validator():
    assert {name: len(validators_of(name)) for name in NAMES} == dict.fromkeys(NAMES, 1)


@pytest.mark.parametrize("name", ["notes.txt", "kubernetes/extra.json", "nginx/conf.d/more.conf"])
def test_a_file_that_nobody_knows_is_found(name):
    assert validators_of(name) == []


def test_every_validator_has_a_file():
    idle = [p for p in CLAIMS if not any(re.fullmatch(p, name) for name in NAMES)]
    assert idle == []


@pytest.mark.parametrize("name", NAMES)
def test_a_file_has_no_fault(name):
    [validator] = validators_of(name)
    assert validator(DEPLOY / name) == []
