"""Whole command lines on a quick run that is made once."""

import os
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from unittest import mock

import pytest

from f1_pipeline.cli import main
from f1_pipeline_tests.conftest import ANY_NUMBERS
from f1_pipeline_tests.release import make_release

OPEN = "2026-03-01T00:00:00Z"  # a week before the next race of the shipped archive
LATE = "2026-11-01T00:00:00Z"  # months after it


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def error_lines(self) -> list[str]:
        """What a user reads on standard error, without progress."""
        return [line for line in self.err.splitlines() if line.startswith("f1-pipeline:")]


class Home:
    """A data directory, and the command line on it."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder = folder
        self.variables = {"F1_DATA_DIR": str(folder), "F1_NOW": LATE} | variables

    def environment(self, **variables: str) -> dict[str, str]:
        return os.environ | self.variables | variables

    def start(self, *arguments: str, **variables: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "f1_pipeline.cli", *arguments],
            env=self.environment(**variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def call(self, *arguments: str, **variables: str) -> Done:
        """The console script in this process: a process of its own costs three seconds of CPU."""
        out, err = StringIO(), StringIO()
        with (
            mock.patch.dict(os.environ, self.environment(**variables), clear=True),
            mock.patch.object(sys, "argv", ["f1-pipeline", *arguments]),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            try:
                main()
                code = 0
            except SystemExit as ended:
                code = int(ended.code or 0)
        return Done(code, out.getvalue(), err.getvalue())

    def call_apart(self, *arguments: str, **variables: str) -> Done:
        """The same in a process of its own."""
        process = self.start(*arguments, **variables)
        out, err = process.communicate(timeout=300)
        return Done(process.returncode, out, err)


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Done]:
    """A quick run on the shipped archive, long after the next race's start. Not to be changed.

    Its model has passed the gate with the limits of real seasons.
    """
    home = Home(tmp_path_factory.mktemp("ran"), **dict.fromkeys(ANY_NUMBERS, ""))
    return home, home.call_apart("run", "--offline", "--quick")


@pytest.fixture
def copy_of_ran(ran: tuple[Home, Done], tmp_path: Path) -> Home:
    """The same, for a test that changes it."""
    return _copy(ran[0], tmp_path)


@pytest.fixture(scope="session")
def small_archive(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An archive built by the command line from a release of few races and cars, made up."""
    folder = tmp_path_factory.mktemp("small")
    # Twelve races after those that the first fit needs: as many as the gate asks for.
    release = make_release(folder / "release.zip", (2022, 2023, 2024, 2025), races=6, cars=12)
    archive = str(folder / "archive")
    built = Home(folder).call("archive", "build", "--from", str(release), "--out", archive)
    assert built.code == 0, built.err
    return archive


@pytest.fixture(scope="session")
def small(small_archive: str, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A quick run on that archive. Not to be changed."""
    home = Home(tmp_path_factory.mktemp("small-ran"), F1_ARCHIVE_DIR=small_archive)
    done = home.call("run", "--offline", "--quick")
    assert done.code == 0, done.err
    return home


@pytest.fixture
def copy_of_small(small: Home, tmp_path: Path) -> Home:
    """The same, for a test that changes it."""
    return _copy(small, tmp_path)


@pytest.fixture
def empty(small_archive: str, tmp_path: Path) -> Home:
    """An empty data directory beside the small archive."""
    return Home(tmp_path / "empty", F1_ARCHIVE_DIR=small_archive)


def _copy(home: Home, tmp_path: Path) -> Home:
    folder = tmp_path / "copy"
    shutil.copytree(home.folder, folder)
    return Home(folder, **(home.variables | {"F1_DATA_DIR": str(folder)}))
