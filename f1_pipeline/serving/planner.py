"""Plans of one's own compared: the pipeline's command in a process of its own, as this one holds
no numpy. One at a time, a few that wait, a time limit, and nothing goes on that nobody waits for.

Here belong the process, its end and its answer as a dict or as an error. Not here: which drivers
and plans there are (`answers.strategy`), and who may ask (`routes.strategy`).
"""

import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from cachetools import LRUCache
from fastapi import Request

from f1_pipeline.serving.cache import Kept
from f1_pipeline.serving.errors import ApiError, unavailable

LOG = logging.getLogger("f1_pipeline.serving")
COMMAND = (sys.executable, "-m", "f1_pipeline.cli")
# Waiting, beside the one that is worked on. One takes some ten seconds.
_QUEUE = 2
# Of the server itself: its child has no port, writes no log of requests and counts nothing.
OWN = {"LOG_FORMAT", "LOG_LEVEL", "PORT", "PROMETHEUS_MULTIPROC_DIR"}
_PREFIX = "f1-pipeline: "
_TOLD = 4000  # characters of a fault that the log is given
_ANSWERS = 200  # some 4 KB each
_T = TypeVar("_T")


@dataclass(frozen=True)
class Question:
    """What is asked of the command. Its parts are checked: see `PlansAsked`."""

    event_id: str
    driver_id: str
    plans: tuple[str, ...]
    draws: int

    @property
    def key(self) -> str:
        plans = ",".join(self.plans)
        return f"plans/{self.event_id}/{self.driver_id}/{plans}/{self.draws}"

    @property
    def arguments(self) -> tuple[str, ...]:
        """One word each: a value that began with a dash would still be no option."""
        return (
            "strategy",
            f"--event={self.event_id}",
            f"--driver={self.driver_id}",
            *(f"--plan={plan}" for plan in self.plans),
            f"--draws={self.draws}",
            "--json",
        )


class Planner:
    """One worker's processes. `command`: what the arguments are put to."""

    def __init__(self, seconds: float, command: Sequence[str] = COMMAND) -> None:
        self.command = tuple(command)
        self.kept: LRUCache[str, Kept] = LRUCache(_ANSWERS)
        self._seconds = seconds
        self._lock = asyncio.Lock()
        self._asked = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[float]:
        """Wait until nobody else's is worked on; the seconds that are left. Raises 503 if long."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        if self._asked > _QUEUE:
            raise self._busy()
        self._asked += 1
        try:
            try:
                async with asyncio.timeout(self._seconds / 2):
                    await self._lock.acquire()
            except TimeoutError:
                raise self._busy() from None
            try:
                yield self._seconds - (loop.time() - began)
            finally:
                self._lock.release()
        finally:
            self._asked -= 1

    async def compare(self, question: Question, seconds: float) -> dict[str, Any]:
        """What the command prints. Raises `ApiError` with its one line, or 504 at the limit."""
        try:
            code, out, err = await _ran((*self.command, *question.arguments), seconds)
        except TimeoutError:
            raise _too_slow() from None
        told = err.decode(errors="replace")
        if code == 0:
            with suppress(ValueError):
                found = json.loads(out)
                if isinstance(found, dict):
                    return found
        lines = [line for line in told.splitlines() if line.startswith(_PREFIX)]
        reason = lines[-1].removeprefix(_PREFIX).strip() if lines else ""
        if code == 2 and reason:
            raise ApiError(422, "refused", reason, "A plan reads M-18-H.")
        # What is wrong with a race names it; any other line is of this machine, and nobody's else.
        if code == 1 and question.event_id in reason:
            raise ApiError(409, "too_little", reason, "GET /strategy/race has what is published.")
        LOG.error("the comparison of plans ended with %d: %s", code, told[-_TOLD:].strip())
        if code == 1 and reason:
            raise unavailable(
                "unavailable", "Plans cannot be compared now.", "The server's log says why.", 30
            )
        raise ApiError(
            500, "internal", "Plans could not be compared.", "The server's log says why."
        )

    def _busy(self) -> ApiError:
        return unavailable(
            "busy", "Others' plans are being compared.", "Try again soon.", int(self._seconds) or 1
        )


async def unless_gone(request: Request, work: Coroutine[Any, Any, _T]) -> _T:
    """Do something for a client, and stop when it goes away."""
    doing = asyncio.create_task(work)
    gone = asyncio.create_task(_gone(request))
    try:
        await asyncio.wait({doing, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            raise unavailable("gone", "The client went away.", "Ask again.")
        return doing.result()
    finally:
        doing.cancel()
        gone.cancel()
        await asyncio.gather(doing, gone, return_exceptions=True)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _ran(command: Sequence[str], seconds: float) -> tuple[int, bytes, bytes]:
    """Exit code and both outputs. Whatever happens here, no process of it is left."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={name: value for name, value in os.environ.items() if name not in OWN},
        start_new_session=True,  # a group of its own, to be ended as a whole
    )
    ended = False
    try:
        async with asyncio.timeout(seconds):
            out, err = await process.communicate()
            ended = True
    finally:
        if not ended:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    assert process.returncode is not None
    return process.returncode, out, err


def _too_slow() -> ApiError:
    return ApiError(
        504,
        "too_slow",
        "Comparing these plans took too long.",
        "Ask for fewer draws, or when less is asked here; INFERENCE_TIMEOUT_SECONDS is the limit.",
    )
