"""Search in a process of its own, as this one holds no numpy: a line of JSON there, one back.

Here belong the process, its end and its answers as dicts or errors. It is started by the first
question, lives as long as the worker, and is started anew after a fault. Not here: what is asked
and how answers look (`routes.search`).
"""

import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from f1_pipeline.serving.errors import ApiError, unavailable
from f1_pipeline.serving.planner import OWN

LOG = logging.getLogger("f1_pipeline.serving")
COMMAND = (sys.executable, "-m", "f1_pipeline.cli", "search", "--answering")
# An answer takes 5 ms, the first some 3 s.
_QUEUE = 50
_LINE = 2**20  # bytes: a hundred answers are some 60 KB
_START = 30.0  # seconds for a first answer, whatever the limit of a request
_PAUSE = 5.0  # seconds after a fault in which none is started


class Finder:
    """One worker's process. `command`: what answers lines."""

    def __init__(self, seconds: float, command: Sequence[str] = COMMAND) -> None:
        self.command = tuple(command)
        self.fault: str | None = None
        self._seconds = seconds
        self._lock = asyncio.Lock()
        self._turns: set[asyncio.Task[dict[str, Any]]] = set()
        self._is_warm = False
        self._process: asyncio.subprocess.Process | None = None
        self._not_before = 0.0

    async def find(self, question: dict[str, Any]) -> dict[str, Any]:
        """The answer to a question. Raises 422 for what cannot be asked, 503 for what cannot be
        answered now, 504 at the time limit."""
        if len(self._turns) >= _QUEUE:
            raise unavailable("busy", "Too many are searching.", "Try again soon.", 5)
        turn = asyncio.create_task(self._turn(question))
        self._turns.add(turn)
        turn.add_done_callback(self._ended)
        # Whoever waits may go; a process that is starting goes on, or it would never have started.
        await asyncio.wait({turn}, timeout=self._seconds)
        if not turn.done():
            if self._is_warm:
                raise _too_slow()
            raise unavailable(
                "starting", "The search is starting.", "Again in some seconds.", int(_PAUSE)
            )
        if turn.cancelled():
            raise unavailable("unavailable", "Nothing can be searched now.", "Try again soon.")
        answer = turn.result()
        if "refused" in answer:
            self.fault = None
            raise ApiError(422, "refused", str(answer["refused"]), "See /openapi.json.")
        if "unavailable" in answer:
            self.fault = str(answer["unavailable"])
            raise unavailable("no_index", self.fault, "Ask again when there is one.", 60)
        self.fault = None
        return answer

    async def _turn(self, question: dict[str, Any]) -> dict[str, Any]:
        """One question after the other; one that takes too long takes the process with it."""
        async with self._lock:
            try:
                limit = self._seconds if self._is_warm else max(self._seconds, _START)
                async with asyncio.timeout(limit):
                    return await self._exchanged(question)
            except TimeoutError:
                self.fault = "The search takes too long."
                raise _too_slow() from None

    def _ended(self, turn: "asyncio.Task[dict[str, Any]]") -> None:
        self._turns.discard(turn)
        if not turn.cancelled():
            turn.exception()  # whoever waited for it has it, or is gone

    async def close(self) -> None:
        """End the process, if there is one."""
        for turn in self._turns:
            turn.cancel()
        await self._end()

    async def _end(self) -> None:
        process, self._process, self._is_warm = self._process, None, False
        if process is not None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()

    async def _exchanged(self, question: dict[str, Any]) -> dict[str, Any]:
        """A line there and a line back. After whatever else happens the process is gone."""
        done = False
        try:
            process = await self._running()
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(question).encode() + b"\n")
            await process.stdin.drain()
            answer = json.loads(await process.stdout.readline())
            if not isinstance(answer, dict):
                raise ValueError("no object")
            done = self._is_warm = True
        except (OSError, ValueError) as error:
            self._not_before = asyncio.get_running_loop().time() + _PAUSE
            self.fault = "The search process ended."
            LOG.error("the search process gave no answer: %r", error)
            raise unavailable(
                "unavailable", "Nothing can be searched now.", "Try again soon.", int(_PAUSE)
            ) from None
        finally:
            if not done:
                await self._end()
        return answer

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        if asyncio.get_running_loop().time() < self._not_before:
            raise OSError("it ended a moment ago")
        self._process = await asyncio.create_subprocess_exec(
            *self.command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={name: value for name, value in os.environ.items() if name not in OWN},
            start_new_session=True,  # a group of its own, to be ended as a whole
            limit=_LINE,
        )
        return self._process


def _too_slow() -> ApiError:
    return ApiError(504, "too_slow", "The search took too long.", "Try again in some seconds.")
