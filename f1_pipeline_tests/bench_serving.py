"""Measure the read API, each figure beside its limit.

Cached reads are ratios to a static response of the same size through the same middleware.

The clients are in this process, the server in another. A ratio is the median of rounds in which
both were asked, one after the other, each round in the other order.
"""

import asyncio
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI, Response

from f1_pipeline.serving.app import create_app

Show = Callable[[str, float, str, float], None]
_PORT = 8765
_RACE = "/predict/next"
_STATIC = "/static"
_ROUNDS, _SECONDS, _CLIENTS = 4, 4.0, 20
_TICK = os.sysconf("SC_CLK_TCK")


def application() -> FastAPI:
    """The read API, and beside it what a race's answer would cost if nothing were looked up."""
    app = create_app()
    body = b"x" * int(os.environ["F1_BENCH_BYTES"])

    @app.get(_STATIC)
    async def static() -> Response:
        return Response(body, media_type="application/json")

    return app


@dataclass(frozen=True)
class Load:
    """What clients met: seconds of each request, and how many were no 200."""

    seconds: float
    times: list[float]
    errors: int

    @property
    def rate(self) -> float:
        return len(self.times) / self.seconds

    def percentile(self, share: float) -> float:
        ordered = sorted(self.times)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


async def _client(path: str, until: float, load: Load, errors: list[int], body: bytes) -> None:
    method = b"POST" if body else b"GET"
    request = (
        b"%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (method, path.encode(), len(body), body)
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", _PORT)
    while time.perf_counter() < until:
        began = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
        load.times.append(time.perf_counter() - began)
        if not head.startswith(b"HTTP/1.1 200"):
            errors.append(1)
    writer.close()


def load(path: str, clients: int, seconds: float, body: bytes = b"") -> Load:
    """So many clients that ask again as soon as they are answered, for so long."""
    found, errors = Load(seconds, [], 0), list[int]()

    async def ask() -> None:
        until = time.perf_counter() + seconds
        await asyncio.gather(*(_client(path, until, found, errors, body) for _ in range(clients)))

    asyncio.run(ask())
    return Load(seconds, found.times, len(errors))


@contextmanager
def server(environment: dict[str, str], size: int) -> "Iterator[subprocess.Popen[bytes]]":
    """A worker as `f1-pipeline serve` starts it, ready."""
    command = [
        *(
            sys.executable,
            "-m",
            "uvicorn",
            "--factory",
            "f1_pipeline_tests.bench_serving:application",
        ),
        *("--port", str(_PORT), "--no-access-log", "--log-level", "warning"),
    ]
    known = os.environ | environment | {"F1_BENCH_BYTES": str(size)}
    process = subprocess.Popen(command, env=known)
    try:
        _wait_until_ready()
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _wait_until_ready() -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            if load("/health/ready", 1, 0.001).errors == 0:
                return
        except OSError:
            time.sleep(0.02)
    sys.exit("the server is not ready after 30 s")


def _cpu(process: "subprocess.Popen[bytes]") -> float:
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def _resident(process: "subprocess.Popen[bytes]") -> float:
    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main(environment: dict[str, str], show: Show) -> None:
    """All figures, on the home that `environment` names."""
    with server(environment, 1):
        size = _size(_RACE)
    with server(environment, size) as process:
        show("serve, start to ready, CPU", _cpu(process), "s", 3)
        _ratios(show)
        cached = load(_RACE, 1, 2)
        show("  a cached race, p99", cached.percentile(0.99) * 1000, "ms", 50)
        _long(process, show)
    with server(environment | {"CACHE_TTL_SECONDS": "0"}, size):
        uncached = load(_RACE, 1, 3)
        show("  an uncached race, p99", uncached.percentile(0.99) * 1000, "ms", 800)
        rounds = ",".join(f'"2025-{race}"' for race in range(1, 6))
        five = load("/predict/batch", 1, 1, f'{{"events":[{rounds}]}}'.encode())
        show("  five races uncached, slowest", max(five.times), "s", 2)


def _size(path: str) -> int:
    async def ask() -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", _PORT)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        writer.close()
        return int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])

    return asyncio.run(ask())


def _ratios(show: Show) -> None:
    for path in (_RACE, _STATIC):
        load(path, _CLIENTS, 1)
    rates, tails = [], []
    for number in range(_ROUNDS):
        order = (_RACE, _STATIC) if number % 2 else (_STATIC, _RACE)
        found = {path: load(path, _CLIENTS, _SECONDS) for path in order}
        race, static = found[_RACE], found[_STATIC]
        rates.append(static.rate / race.rate)
        tails.append(race.percentile(0.99) / static.percentile(0.99))
        print(
            f"    {race.rate:.0f} races a second beside {static.rate:.0f} static ones; "
            f"p99 {race.percentile(0.99) * 1000:.1f} ms beside {static.percentile(0.99) * 1000:.1f}"
        )
    show("  static answers for each cached race", statistics.median(rates), "", 1 / 0.6)
    show("  p99 of a cached race over the static one's", statistics.median(tails), "", 2)


def _long(process: "subprocess.Popen[bytes]", show: Show) -> None:
    load(_RACE, 100, 5)
    before = _resident(process)
    found = load(_RACE, 100, 60)
    after = _resident(process)
    show("  100 clients for a minute, errors", found.errors, "", 0)
    show("  100 clients for a minute, memory", after, "MiB", 200)
    show("  100 clients for a minute, memory grown", after - before, "MiB", 5)


if __name__ == "__main__":
    from f1_pipeline_tests.bench import show as _show

    main({}, _show)
