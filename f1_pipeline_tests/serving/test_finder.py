"""The process that searches: its answers, each way it may fail, and that none is left behind.

The commands are stand-ins of some lines; `test_search` asks the real one.
"""

import asyncio
import os
import select
import sys
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import pytest

from f1_pipeline.serving import finder as module
from f1_pipeline.serving.errors import ApiError
from f1_pipeline.serving.finder import Finder
from f1_pipeline_tests.serving.conftest import Home
from f1_pipeline_tests.serving.pages.world import World

LONG = 60.0  # seconds that no test waits for
# It answers with the question, its process, and which of the variables it has.
ECHO = (
    "import json, os, sys\n"
    "seen = sorted({'LOG_FORMAT', 'PORT', 'F1_NOW'} & set(os.environ))\n"
    "for line in sys.stdin:\n"
    "    told = {'asked': json.loads(line), 'process': os.getpid(), 'seen': seen}\n"
    "    print(json.dumps(told), flush=True)\n"
)
# It answers with what it is asked for.
SAYS = (
    "import json, sys\nfor line in sys.stdin:\n    print(json.loads(line)['answer'], flush=True)\n"
)
# It tells by a pipe that it has a question; the pipe closes when it and its child are gone.
HANGS = (
    "import os, signal, sys\n"
    "pipe = open(sys.argv[1], 'w')\n"
    "sys.stdin.readline()\n"
    "os.fork()\n"
    "pipe.write('begun\\n')\n"
    "pipe.flush()\n"
    "signal.pause()\n"
)


class Asked:
    """A finder with a command, which is ended with the test."""

    def __init__(self, script: str, *arguments: str, seconds: float = LONG) -> None:
        self.finder = Finder(seconds, python(script, *arguments))

    async def __aenter__(self) -> Finder:
        return self.finder

    async def __aexit__(self, *_: object) -> None:
        await self.finder.close()


def python(script: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-S", "-c", script, *arguments)


async def refused(asking: Awaitable[dict[str, Any]]) -> ApiError:
    with pytest.raises(ApiError) as error:
        await asking
    assert error.value.body()["message"]
    return error.value


def is_gone(pipe: int) -> bool:
    """Whether all that held the pipe are gone: they are, or a kill is under way."""
    while select.select([pipe], [], [], 20)[0]:
        if not os.read(pipe, 100):
            return True
    return False


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """Where a command that hangs says that it has begun."""
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


async def begun(pipe: Path) -> int:
    """The reading end, once the command has its question."""

    def read() -> int:
        end = os.open(pipe, os.O_RDONLY)
        assert os.read(end, 6) == b"begun\n"
        return end

    return await asyncio.to_thread(read)


def test_one_process_answers_all_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOG_FORMAT", "PORT", "F1_NOW"):
        monkeypatch.setenv(name, "1")

    async def ask() -> list[dict[str, Any]]:
        async with Asked(ECHO) as finder:
            assert finder._process is None  # none until somebody asks
            odd = {"query": "\ud800 льюис\n\0 <b>"}
            return [await finder.find(asked) for asked in ({"query": "rain"}, odd, {})]

    first, odd, none = asyncio.run(ask())
    assert first["asked"] == {"query": "rain"}
    assert odd["asked"] == {"query": "\ud800 льюис\n\0 <b>"}
    assert none["asked"] == {}
    assert len({answer["process"] for answer in (first, odd, none)}) == 1
    assert first["seen"] == ["F1_NOW"]  # what is the server's own is not passed on


def test_many_at_once_get_each_their_own_answer() -> None:
    async def ask() -> list[dict[str, Any]]:
        async with Asked(ECHO) as finder:
            return await asyncio.gather(*(finder.find({"n": n}) for n in range(20)))

    answers = asyncio.run(ask())
    assert [answer["asked"]["n"] for answer in answers] == list(range(20))
    assert len({answer["process"] for answer in answers}) == 1


def test_what_cannot_be_asked_is_422_and_the_process_goes_on() -> None:
    async def ask() -> None:
        async with Asked(SAYS) as finder:
            told = await refused(finder.find({"answer": '{"refused": "nothing is asked."}'}))
            assert (told.status_code, told.code, told.detail) == (
                422,
                "refused",
                "nothing is asked.",
            )
            running = finder._process
            assert await finder.find({"answer": '{"hits": []}'}) == {"hits": []}
            assert running is finder._process is not None
            assert finder.fault is None

    asyncio.run(ask())


def test_a_refusal_shows_that_it_works_again() -> None:
    async def ask() -> None:
        async with Asked(SAYS) as finder:
            await refused(finder.find({"answer": '{"unavailable": "no index yet."}'}))
            await refused(finder.find({"answer": '{"refused": "nothing is asked."}'}))
            assert finder.fault is None

    asyncio.run(ask())


def test_without_an_index_it_is_503_until_there_is_one() -> None:
    async def ask() -> None:
        async with Asked(SAYS) as finder:
            told = await refused(finder.find({"answer": '{"unavailable": "no index yet."}'}))
            assert (told.status_code, told.code, told.detail) == (503, "no_index", "no index yet.")
            assert int((told.headers or {})["Retry-After"]) > 0
            assert str(finder.fault) == "no index yet."
            running = finder._process
            assert await finder.find({"answer": '{"hits": []}'}) == {"hits": []}
            assert finder.fault is None
            assert running is finder._process

    asyncio.run(ask())


TOO_LONG = f"import sys\nsys.stdin.readline()\nprint('1' * {module._LINE + 2})\n"


@pytest.mark.parametrize(
    "script",
    [
        "",
        "import sys; sys.exit(3)",
        "import sys; sys.stdin.readline()",
        "raise RuntimeError('a secret')",
        "print('Loading the index ...', flush=True); input()",
        "print('[1]', flush=True); input()",
        "print('null', flush=True); input()",
        "print('{\"hits\": [', flush=True); input()",
        "import sys; sys.stdout.buffer.write(b'\\xff\\n'); sys.stdout.flush(); input()",
        "print('', flush=True); input()",
        TOO_LONG,
    ],
    ids=[
        *("ends", "fails", "ends later", "raises", "words", "list", "null", "half"),
        *("bytes", "nothing", "too long"),
    ],
)
def test_what_is_no_answer_is_503_and_the_process_is_gone(
    script: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def ask() -> None:
        async with Asked(script) as finder:
            told = await refused(finder.find({"query": "rain"}))
            assert (told.status_code, told.code) == (503, "unavailable")
            assert int((told.headers or {})["Retry-After"]) == module._PAUSE
            assert "secret" not in str(told.body())
            assert finder._process is None
            assert finder.fault == "The search process ended."
            assert (len(finder._turns), finder._lock.locked()) == (0, False)

    asyncio.run(ask())
    assert "gave no answer" in caplog.text  # what the client is not told is in the log


def test_a_command_that_does_not_start_is_the_same() -> None:
    async def ask() -> None:
        finder = Finder(LONG, ("/no/such/command",))
        told = await refused(finder.find({}))
        assert (told.status_code, told.code) == (503, "unavailable")
        assert "/no/such" not in str(told.body())
        assert finder.fault is not None

    asyncio.run(ask())


def test_after_a_fault_none_is_started_for_a_while_and_then_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def ask() -> None:
        monkeypatch.setattr(module, "_PAUSE", LONG)
        async with Asked("") as finder:
            await refused(finder.find({}))
            finder.command = python(ECHO)  # whatever was wrong is mended
            told = await refused(finder.find({}))
            assert (told.status_code, told.code) == (503, "unavailable")
            assert finder._process is None
            assert finder.fault is not None

        monkeypatch.setattr(module, "_PAUSE", 0.0)
        async with Asked("") as finder:
            await refused(finder.find({}))
            finder.command = python(ECHO)
            assert (await finder.find({"n": 1}))["asked"] == {"n": 1}
            assert finder.fault is None

    asyncio.run(ask())


def test_a_process_that_was_killed_meanwhile_is_started_anew_at_once() -> None:
    async def ask() -> None:
        async with Asked(ECHO) as finder:
            first = await finder.find({})
            assert finder._process is not None
            finder._process.kill()
            await finder._process.wait()
            again = await finder.find({"n": 2})
            assert again["asked"] == {"n": 2}
            assert again["process"] != first["process"]

    asyncio.run(ask())


def test_what_hangs_is_504_and_no_process_is_left(
    pipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = []

    def timeout(seconds: float) -> asyncio.Timeout:
        limits.append((seconds, asyncio.Timeout(None)))
        return limits[-1][1]

    async def ask() -> None:
        monkeypatch.setattr(asyncio, "timeout", timeout)
        async with Asked(HANGS, str(pipe)) as finder:
            asking = asyncio.create_task(finder.find({}))
            end = await begun(pipe)
            limits[0][1].reschedule(0)  # the time is up
            told = await refused(asking)
            assert (told.status_code, told.code) == (504, "too_slow")
            assert finder.fault == "The search takes too long."
            assert limits[0][0] == LONG
            assert await asyncio.to_thread(is_gone, end)
            os.close(end)
            assert (finder._process, len(finder._turns), finder._lock.locked()) == (None, 0, False)
            # The next one does not get what the one before asked for.
            finder.command = python(ECHO)
            assert (await finder.find({"n": 3}))["asked"] == {"n": 3}

    asyncio.run(ask())


def test_one_that_answered_and_then_hangs_is_504_and_gone(pipe: Path) -> None:
    answers_first = f"print('{{}}', flush=True)\n{HANGS}"  # before it reads its first question

    async def ask() -> None:
        async with Asked(f"input()\n{answers_first}", str(pipe)) as finder:
            first = asyncio.create_task(finder.find({}))
            end = await asyncio.to_thread(os.open, pipe, os.O_RDONLY)
            assert await first == {}
            finder._seconds = 0.01
            told = await refused(finder.find({}))
            assert (told.status_code, told.code) == (504, "too_slow")
            assert await asyncio.to_thread(is_gone, end)
            os.close(end)
            finder._seconds, finder.command = LONG, python(ECHO)
            assert (await finder.find({"n": 5}))["asked"] == {"n": 5}

    asyncio.run(ask())


def test_who_goes_away_leaves_no_answer_to_the_next() -> None:
    async def ask() -> None:
        async with Asked(ECHO) as finder:
            async with finder._lock:
                asking = asyncio.create_task(finder.find({"n": 3}))
                await asyncio.sleep(0)
                asking.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await asking
            assert (await finder.find({"n": 4}))["asked"] == {"n": 4}
            assert not finder._turns

    asyncio.run(ask())


def test_a_process_that_is_starting_goes_on_when_the_first_goes_without_an_answer() -> None:
    """Else under a short limit it would be started again and again, and never answer."""

    async def ask() -> None:
        async with Asked(ECHO, seconds=0.01) as finder:
            told = await refused(finder.find({"n": 3}))
            assert (told.status_code, told.code) == (503, "starting")
            assert int((told.headers or {})["Retry-After"]) > 0
            (turn,) = finder._turns
            assert (await turn)["asked"] == {"n": 3}
            assert finder._process is not None

    asyncio.run(ask())


def test_one_that_never_starts_is_ended(pipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_START", 0.01)

    async def ask() -> None:
        async with Asked(HANGS, str(pipe), seconds=0.01) as finder:
            told = await refused(finder.find({}))
            assert told.status_code in (503, 504)
            await asyncio.gather(*finder._turns, return_exceptions=True)
            assert finder._process is None

    asyncio.run(ask())


def test_whoever_waits_too_long_for_one_that_answers_is_504() -> None:
    async def ask() -> None:
        async with Asked(ECHO) as finder:
            await finder.find({"n": 1})
            finder._seconds = 0.01
            async with finder._lock:
                told = await refused(finder.find({}))
                assert (told.status_code, told.code) == (504, "too_slow")
            assert finder._process is not None

    asyncio.run(ask())


def test_too_many_that_wait_are_sent_away_and_the_others_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_QUEUE", 3)

    async def ask() -> list[dict[str, Any]]:
        async with Asked(ECHO) as finder:
            async with finder._lock:
                waiting = [asyncio.create_task(finder.find({"n": n})) for n in range(3)]
                await asyncio.sleep(0)
                for _ in range(2):
                    told = await refused(finder.find({}))
                    assert (told.status_code, told.code) == (503, "busy")
                    assert int((told.headers or {})["Retry-After"]) > 0
            answers = await asyncio.gather(*waiting)
            assert finder.fault is None
            return [*answers, await finder.find({"n": 3})]

    assert [answer["asked"]["n"] for answer in asyncio.run(ask())] == [0, 1, 2, 3]


def test_closing_ends_it_and_all_it_started(pipe: Path) -> None:
    async def ask() -> None:
        finder = Finder(LONG, python(HANGS, str(pipe)))
        await finder.close()  # there is none yet
        asking = asyncio.create_task(finder.find({}))
        end = await begun(pipe)
        await finder.close()
        assert await asyncio.to_thread(is_gone, end)
        os.close(end)
        told = await refused(asking)
        assert told.status_code == 503
        await finder.close()
        assert finder._process is None

    asyncio.run(ask())


def test_the_server_ends_it_when_it_stops(tmp_path: Path, serve, pipe: Path) -> None:
    home = Home(tmp_path / "data", DATABASE_URL=World(tmp_path).url)
    server = serve(home)
    finder = server.app.state.service.finder
    finder.command = python(f"print('{{}}', flush=True)\n{HANGS}", str(pipe))

    async def ask() -> int:
        asking = asyncio.create_task(finder.find({}))
        end = await begun(pipe)
        await asking
        return end

    end = server.portal.call(ask)
    server.portal.call(server.app.state.service.close)
    assert is_gone(end)
    os.close(end)
