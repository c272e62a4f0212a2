"""Plans of one's own: what is asked of the command, and what becomes of each way it may end.

The command is a stand-in of some lines, but for the last test.
"""

import asyncio
import json
import logging
import os
import select
import sys
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

from f1_pipeline.serving.errors import ApiError
from f1_pipeline.serving.planner import Planner, Question
from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline_tests.serving import plans
from f1_pipeline_tests.serving.conftest import Home
from f1_pipeline_tests.serving.pages.world import EVENING, World
from f1_pipeline_tests.strategy import seasons

URL = "/strategy/generate"
ASKED = {"event_id": plans.EVENT, "driver_id": "ada", "plans": ["M-18-H"], "draws": 200}
KEY = "a-key-of-the-tests"
PLAN = {
    **dict.fromkeys(("expected_position", "expected_points", "difference"), 1.5),
    **dict.fromkeys(("difference_error", "difference_low", "difference_high"), 0.5),
    **dict.fromkeys(("chosen_share", "p_gain", "p_lose"), 0.25),
    "rank": 1,
    "plan": "M-18-H",
    "stops": 1,
    "clear": False,
    "own": True,
    "window_first": [15.0],
    "window_last": None,
    "grid_position": 4,
    "grid_source": "official",
    "pit_lane": False,
    "dry_races": 20,
    "circuit_races": 2,
    "draws": 200,
}
FOUND = {
    "event_id": plans.EVENT,
    "driver_id": "ada",
    "laps": 60,
    "experimental": True,
    "against_the_rules": [],
    "held": False,
    "plans": [PLAN],
    "advice": [],
}
# What it was asked, and with which of the variables, is appended to a file.
NOTES = (
    "import json, os, sys\n"
    "seen = sorted({'LOG_FORMAT', 'PORT', 'F1_NOW'} & set(os.environ))\n"
    "open(sys.argv[1], 'a').write(json.dumps([sys.argv[2:], seen]) + '\\n')\n"
)
# It tells by a pipe that it has begun; the pipe closes when it and its child are gone.
HANGS = (
    "import os, signal, sys\n"
    "pipe = open(sys.argv[1], 'w')\n"
    "os.fork()\n"
    "pipe.write('begun\\n')\n"
    "pipe.flush()\n"
    "signal.pause()\n"
)


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    world.event()
    world.add("drivers", {"driver_id": "ada", "name": "Ada Lovelace"})
    for place, driver in enumerate(("ada", "bea"), start=1):
        row = {"event_id": plans.EVENT, "driver_id": driver, "grid_order": place}
        world.add("starting_grids", row)
    plans.figures(world, {"ada": [("MEDIUM", 1, 50)]}, event_id="2023-monaco")
    return world


@pytest.fixture
def start(world, serve, tmp_path):
    """A server whose command is a script; `told` is where the script is told to write."""

    def start(script, told="asked", **variables):
        home = Home(tmp_path / "data", DATABASE_URL=world.url, F1_NOW=EVENING.isoformat())
        server = serve(home, **variables)
        command = (sys.executable, "-S", "-c", script, str(tmp_path / told))
        server.app.state.service.planner.command = command
        return server

    return start


@pytest.fixture
def asked(tmp_path):
    def asked():
        file = tmp_path / "asked"
        lines = file.read_text().splitlines() if file.exists() else []
        return [json.loads(line) for line in lines]

    return asked


def answering(found=FOUND):
    return f"{NOTES}print({json.dumps(found)!r})"


def ending(code, *lines):
    text = "\n".join(lines)
    return f"import sys\nprint({text!r}, file=sys.stderr)\nsys.exit({code})"


def test_the_command_is_asked_and_its_answer_given(start, asked):
    server = start(answering(), LOG_FORMAT="json", PORT="8123")
    answer = server.post(URL, json=ASKED)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["name"], told["laps"], told["experimental"]) == ("Ada Lovelace", 60, True)
    assert (told["grid_position"], told["dry_races"], told["was_dry"]) == (4, 20, None)
    [plan] = told["plans"]
    assert (plan["plan"], plan["own"], plan["window_first"], plan["window_last"]) == (
        "M-18-H",
        True,
        [15],
        [],
    )
    [[arguments, variables]] = asked()
    assert arguments == [
        *("strategy", f"--event={plans.EVENT}", "--driver=ada", "--plan=M-18-H"),
        *("--draws=200", "--json"),
    ]
    assert variables == ["F1_NOW"]


def test_the_same_question_is_answered_again_until_a_table_changes(start, asked, world):
    server = start(answering())
    many = ASKED | {"plans": ["S-10-H", "M-18-H", "S-10-H"]}
    first = server.post(URL, json=many)
    same = server.post(URL, json=many | {"plans": ["M-18-H", "S-10-H"]})
    assert (first.status_code, same.content) == (200, first.content)
    assert len(asked()) == 1
    server.post(URL, json=many | {"draws": 300})
    server.post(URL, json=ASKED | {"plans": []})
    assert len(asked()) == 3
    plans.figures(world, {"ada": [("MEDIUM", 1, 50)]}, event_id="2022-monaco")
    server.look()
    assert server.post(URL, json=many).status_code == 200
    assert len(asked()) == 4


@pytest.mark.parametrize(
    ("script", "status", "code", "message"),
    [
        (
            ending(2, "working", "f1-pipeline: M-58-H stops on lap 58 of 50"),
            *(422, "refused", "M-58-H stops on lap 58 of 50"),
        ),
        (
            ending(1, f"f1-pipeline: no plan for {plans.EVENT}: 3 dry races are held."),
            *(409, "too_little", f"no plan for {plans.EVENT}: 3 dry races are held."),
        ),
        (
            ending(1, "f1-pipeline: the database sqlite:////secret/place cannot be used"),
            *(503, "unavailable", "Plans cannot be compared now."),
        ),
        (
            ending(1, "Traceback (most recent call last):", "KeyError: 'secret'"),
            *(500, "internal", "Plans could not be compared."),
        ),
        (ending(2, "Usage: no such option: secret"), 500, "internal", None),
        (ending(-9), 500, "internal", None),
        ("print('a word of secret before'); print('{}')", 500, "internal", None),
        ("print('[1]')", 500, "internal", None),
        ("print('{}')", 500, "internal", None),
        (answering(FOUND | {"plans": []}), 500, "internal", None),
        (answering(FOUND | {"plans": [PLAN | {"rank": "secret"}]}), 500, "internal", None),
    ],
    ids=[
        "use",
        "little",
        "storage",
        "crash",
        "option",
        "signal",
        *["words", "list", "empty", "none"],
        "shape",
    ],
)
def test_each_end_of_the_command_is_told_in_one_shape(start, caplog, script, status, code, message):
    with caplog.at_level(logging.ERROR, "f1_pipeline.serving"):
        answer = start(script).post(URL, json=ASKED)
    told = answer.json()
    assert (answer.status_code, told["code"]) == (status, code)
    assert message in (None, told["message"])
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    # What the client is not told is in the log.
    assert bool(caplog.records) == (status >= 500)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"event_id": "2024-nowhere"}, 404),
        ({"event_id": "--event"}, 422),
        ({"driver_id": "cal"}, 404),
        ({"driver_id": "--help"}, 422),
        ({"driver_id": "ada;ls"}, 422),
        ({"plans": ["--json"]}, 422),
        ({"plans": ["M-18-H\n"]}, 422),
        ({"plans": ["M-1८-H"]}, 422),
        ({"plans": ["M"]}, 422),
        ({"plans": ["M-18-W"]}, 422),
        ({"plans": ["M-18-H"] * 6}, 422),
        ({"draws": 99}, 422),
        ({"draws": 5001}, 422),
        ({"more": 1}, 422),
    ],
    ids=str,
)
def test_what_makes_no_sense_starts_nothing(start, asked, change, status):
    assert start(answering()).post(URL, json=ASKED | change).status_code == status
    assert asked() == []


def test_without_figures_or_a_grid_nothing_is_started(start, asked, world):
    world.event("2024-imola")
    answer = start(answering()).post(URL, json=ASKED | {"event_id": "2024-imola"})
    assert (answer.status_code, answer.json()["code"]) == (409, "too_little")
    assert "No grid" in answer.json()["message"]
    assert asked() == []


def test_a_server_that_computes_nothing_says_so(start, asked):
    answer = start(answering(), F1_SERVE_TAKES_RUNS="false").post(URL, json=ASKED)
    assert (answer.status_code, answer.json()["code"]) == (503, "computes_nothing")
    assert "computes nothing" in answer.json()["message"]
    assert "f1-pipeline strategy --event=2024-monaco" in answer.json()["hint"]
    assert asked() == []


def test_with_a_key_it_needs_it(start, asked):
    server = start(answering(), PREDICTIONS_API_KEY=KEY)
    assert server.post(URL, json=ASKED).status_code == 401
    assert asked() == []
    assert server.post(URL, json=ASKED, headers={"X-API-Key": KEY}).status_code == 200


def test_six_a_minute_are_computed_and_what_is_kept_is_given_besides(start):
    server = start(answering())
    answers = [server.post(URL, json=ASKED | {"draws": 200 + n}) for n in range(7)]
    assert [answer.status_code for answer in answers] == [200] * 6 + [429]
    assert answers[-1].headers["retry-after"]
    assert server.post(URL, json=ASKED).status_code == 200


def is_gone(pipe):
    """Whether all that held the pipe are gone: they are, or a kill is under way."""
    while select.select([pipe], [], [], 20)[0]:
        if not os.read(pipe.fileno(), 100):
            return True
    return False


def test_what_does_not_end_is_killed_at_the_limit_with_all_it_started(start, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    server = start(HANGS, "pipe", INFERENCE_TIMEOUT_SECONDS="3")
    with ThreadPoolExecutor(1) as client:
        under_way = client.submit(server.post, URL, json=ASKED)
        with (tmp_path / "pipe").open() as pipe:
            answer = under_way.result()
            assert is_gone(pipe)
    assert (answer.status_code, answer.json()["code"]) == (504, "too_slow")
    assert "fewer draws" in answer.json()["hint"]


def test_it_is_killed_when_the_client_goes_away(start, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    server = start(HANGS, "pipe")
    pipes, sent = [], []

    def begun():
        pipes.append((tmp_path / "pipe").open())
        return pipes[0].readline()

    async def ask():
        messages = [{"type": "http.request", "body": json.dumps(ASKED).encode()}]

        async def receive():
            if messages:
                return messages.pop()
            assert await asyncio.to_thread(begun) == "begun\n"
            return {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)

        headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
        scope = {
            "type": "http",
            "method": "POST",
            "path": URL,
            "raw_path": URL.encode(),
            "headers": headers,
            "query_string": b"",
            "scheme": "http",
            "root_path": "",
            "http_version": "1.1",
            "client": ("127.0.0.1", 1),
            "server": ("localhost", 80),
        }
        await server.app(scope, receive, send)

    server.portal.call(ask)
    assert is_gone(pipes[0])
    pipes[0].close()
    assert sent[0]["status"] == 503
    planner = server.app.state.service.planner
    assert (planner._asked, planner._lock.locked()) == (0, False)


def test_one_at_a_time_and_a_short_queue():
    async def crowd():
        planner, order = Planner(30), []

        async def wait(name):
            async with planner.turn():
                order.append(name)

        async with planner.turn():
            waiting = [asyncio.create_task(wait(name)) for name in "ab"]
            await asyncio.sleep(0)
            with pytest.raises(ApiError) as refused:
                await wait("c")
            assert order == []
        await asyncio.gather(*waiting)
        return order, refused.value

    order, refused = asyncio.run(crowd())
    assert order == ["a", "b"]
    assert (refused.status_code, refused.code) == (503, "busy")
    assert int(refused.headers["Retry-After"]) > 0


def test_whoever_waits_too_long_is_told_to_come_again():
    async def wait():
        planner = Planner(0.01)
        async with planner.turn():
            with pytest.raises(ApiError) as refused:
                async with planner.turn():
                    pass
        return refused.value.code

    assert asyncio.run(wait()) == "busy"


def test_a_question_is_words_that_are_no_options():
    question = Question("2024-monaco", "ada", ("--json",), 100)
    assert "--plan=--json" in question.arguments
    assert Question("2024-monaco", "ada", (), 100).key != question.key


@pytest.mark.journey
def test_a_real_comparison_on_made_up_seasons(serve, tmp_path):
    home = Home(tmp_path / "data", F1_NOW="2024-01-01T00:00:00Z")
    server = serve(home, INFERENCE_TIMEOUT_SECONDS="120")
    world = World.at(Warehouse(server.app.state.settings.database_url).url)
    for name, rows in seasons.seasons().items():
        records = rows.to_dict("records")
        # What is not told of a row is left out: the world fills it in.
        world.add(name, *({k: v for k, v in row.items() if pd.notna(v)} for row in records))
    server.look()
    asked = {"event_id": seasons.NEXT, "driver_id": "d00", "plans": ["M-31-H"], "draws": 100}
    answer = server.post(URL, json=asked)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    own = [plan["plan"] for plan in told["plans"] if plan["own"]]
    assert own == ["M-31-H"]
    assert (told["laps"], told["draws"], told["experimental"]) == (60, 100, True)
    refused = server.post(URL, json=asked | {"plans": ["M-61-H"]})
    assert (refused.status_code, refused.json()["code"]) == (422, "refused")
    assert refused.json()["message"].startswith("M-61-H stops on lap 61 of 60")
