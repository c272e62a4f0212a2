"""The locks pin all that pyproject asks for, with hashes, and name no address."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUNTIME, DEV = ROOT / "requirements.lock", ROOT / "requirements-dev.lock"
PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(\[[^]]+\])?==(?P<version>[^ ;\\]+)")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


def pins(lock: Path) -> dict[str, str]:
    found = (PIN.match(line) for line in lock.read_text().splitlines())
    return {canonicalize_name(pin["name"]): pin["version"] for pin in found if pin}


def unpinned(requirements: list[str], lock: Path) -> list[str]:
    """The requirements that no pin of the lock satisfies."""
    locked = pins(lock)
    wanted = [Requirement(line) for line in requirements]
    return [
        str(one)
        for one in wanted
        if not one.specifier.contains(locked.get(canonicalize_name(one.name), "0"))
    ]


@pytest.mark.parametrize("lock", [RUNTIME, DEV], ids=lambda lock: lock.name)
def test_a_lock_holds_pins_with_hashes_and_nothing_else(lock):
    bare = []
    for entry in re.split(r"\n(?! )", lock.read_text().strip()):
        head, *hashes = entry.splitlines()
        if not head.startswith("#") and not (
            PIN.match(head) and hashes and all(map(HASH.match, hashes))
        ):
            bare.append(head)

    assert bare == []
    assert "://" not in lock.read_text()


def test_the_runtime_lock_satisfies_pyproject_and_its_build():
    project, build = PROJECT["project"]["dependencies"], PROJECT["build-system"]["requires"]

    assert unpinned(project + build, RUNTIME) == []


def test_the_dev_lock_satisfies_the_dev_extra():
    assert unpinned(PROJECT["project"]["optional-dependencies"]["dev"], DEV) == []


def test_a_requirement_without_a_pin_is_found():
    assert unpinned(["no-such-package>=1", "dagster>=99"], RUNTIME) == [
        "no-such-package>=1",
        "dagster>=99",
    ]


def test_the_dev_lock_holds_every_pin_of_the_runtime_lock():
    assert pins(RUNTIME).items() <= pins(DEV).items()


def test_the_build_group_repeats_what_the_build_requires():
    assert PROJECT["dependency-groups"]["build"] == PROJECT["build-system"]["requires"]
