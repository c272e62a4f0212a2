"""What is sent over HTTP, what each answer and failure comes to, and that the key is a secret."""

import json
import logging
import socket
import sys

import anthropic
import pytest

from f1_pipeline.narration import Facts, paragraph
from f1_pipeline.narration.client import MOST_TOKENS
from f1_pipeline.narration.prompt import RULES, question
from f1_pipeline_tests.narration.standin import (
    KEY,
    MODEL,
    Answer,
    assert_by_template,
    failure,
    message,
    of_json,
)
from f1_pipeline_tests.narration.stories import (
    GOOD,
    SIMILAR,
    forecast,
)


def test_the_request_is_as_the_service_takes_it(service, worder):
    worder().word(forecast())

    (body,), (headers,) = service.bodies, service.headers
    assert body == {
        "model": MODEL,
        "max_tokens": MOST_TOKENS,
        "system": RULES,
        "messages": [{"role": "user", "content": body["messages"][0]["content"]}],
    }
    assert KEY in headers.get("x-api-key", headers.get("authorization", ""))
    assert headers["anthropic-version"]


def test_the_prompt_holds_the_facts_and_no_secret(service, worder, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:a-password@host/name")
    facts = forecast()
    worder().word(facts)

    content = service.bodies[0]["messages"][0]["content"]
    told = json.loads(content.partition("<facts>\n")[2].partition("\n</facts>")[0])
    past = json.loads(content.partition("<past_races>\n")[2].partition("\n</past_races>")[0])
    assert told == {key: value for key, value in facts.values.items() if key != "similar"}
    assert past == [{key: SIMILAR[0][key] for key in ("title", "text")}]
    assert not [one for one in (KEY, "a-password", "document_id") if one in service.raw[0].decode()]


def test_no_fact_closes_the_mark_that_it_stands_in():
    values = {"driver": "</facts>", "similar": [{"title": "<facts>", "text": "</past_races>"}]}
    told = question(Facts("prediction", values))

    for mark in ("<facts>", "</facts>", "<past_races>", "</past_races>"):
        assert told.count(mark) == 1


def test_thinking_is_passed_over(service, worder):
    thought = {"type": "thinking", "thinking": "44 % of what?", "signature": "x"}
    service.answers.append(
        message(None, content=[thought, {"type": "text", "text": f"\n{GOOD}\n", "citations": None}])
    )

    assert worder().word(forecast()).text == GOOD


@pytest.mark.parametrize(
    ("status", "requests", "reason"),
    [
        (400, 1, "the service refuses the request (400)"),
        (402, 1, "wants to be paid (402)"),
        (403, 1, f"the key may not use {MODEL} (403)"),
        (404, 1, f"the service does not know {MODEL} (404)"),
        (413, 1, "the service refuses the request (413)"),
        (429, 4, "takes no more requests for now (429)"),
        (500, 4, "the service failed or is overloaded (500)"),
        (503, 4, "the service failed or is overloaded (503)"),
        (529, 4, "the service failed or is overloaded (529)"),
    ],
)
def test_errors_of_the_service(service, worder, status, requests, reason):
    service.answers.extend([failure(status)] * 9)
    facts = forecast()

    assert_by_template(worder().word(facts), facts, reason)
    assert len(service.bodies) == requests


@pytest.mark.parametrize("status", [429, 500, 529])
def test_what_passes_is_tried_again(service, worder, status):
    service.answers.extend([failure(status)] * 3)

    assert worder().word(forecast()).by == "language model"
    assert len(service.bodies) == 4


@pytest.mark.parametrize("retries", [0, 1])
def test_the_number_of_retries_is_a_setting(service, worder, retries):
    service.answers.extend([failure(529)] * 9)
    worder(retries=retries).word(forecast())

    assert len(service.bodies) == retries + 1


@pytest.mark.parametrize("asked", ["3600", "nan", "Wed, 21 Oct 2099 07:28:00 GMT"])
def test_a_long_pause_is_not_waited_for(service, worder, asked):
    service.answers.append(failure(429, retry_after=asked))
    facts = forecast()

    assert_by_template(worder().word(facts), facts, "(429)")
    assert len(service.bodies) == 1


def test_a_redirect_is_not_followed(service, worder):
    service.answers.append(Answer(307, b"", {"location": f"{service.address}/elsewhere"}))
    facts = forecast()

    assert_by_template(worder().word(facts), facts, "(307)")
    assert len(service.bodies) == 1


def test_a_late_answer_is_not_waited_for(service, worder):
    service.answers.append(Answer(waits=True))
    facts = forecast()

    assert_by_template(
        worder(seconds=0.05, retries=0).word(facts), facts, "no answer within 0.05 s"
    )


def test_a_dropped_connection(service, worder):
    service.answers.append(Answer(drops=True))
    facts = forecast()

    assert_by_template(worder(retries=0).word(facts), facts, "was not reached")


def test_nobody_listens(worder):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
        facts = forecast()
        assert_by_template(worder(base_url=address, retries=0).word(facts), facts, "not reached")


@pytest.mark.parametrize("address", ["no address", "ftp://127.0.0.1/", "http://127.0.0.1:x"])
def test_what_is_no_address(worder, address):
    facts = forecast()
    worded = worder(base_url=address, retries=0).word(facts)

    assert worded.text == paragraph(facts)
    assert worded.reason


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(200, b'{"id": "msg', {"content-type": "application/json"}), "does not speak"),
        (Answer(200, b"", {"content-type": "application/json"}), "does not speak"),
        (Answer(200, b"<html>Sign in</html>", {"content-type": "text/html"}), "does not speak"),
        (of_json({"unknown": "shape"}), "does not speak"),
        (of_json([1, 2]), "does not speak"),
        (of_json("a text"), "does not speak"),
        (of_json(None), "does not speak"),
        (message(GOOD, content="no list"), "does not speak"),
        (message(GOOD, content=[{"type": "text"}]), "does not speak"),
        (message(GOOD, content=[{"type": "text", "text": 5}]), "does not speak"),
        (message(GOOD, content=[None, 3]), "the answer holds no text"),
        (message(GOOD.replace("much", KEY)), "does not speak"),
        (message(GOOD, None), "does not speak"),
        (message(GOOD, "tool_use"), "does not speak"),
        (message(None), "the answer holds no text"),
        (message("  \n"), "the answer holds no text"),
        (message(GOOD, "max_tokens"), "the answer was cut short"),
        (message("", "refusal"), "the language model declined"),
        (message(None, "refusal", stop_details={"type": "refusal"}), "declined"),
    ],
)
def test_answers_that_hold_no_text(service, worder, answer, reason):
    service.answers.append(answer)
    facts = forecast()

    assert_by_template(worder().word(facts), facts, reason)
    assert len(service.bodies) == 1


def test_without_the_package_the_template_tells(service, worder, monkeypatch):
    monkeypatch.setitem(sys.modules, "anthropic", None)
    one, facts = worder(), forecast()

    assert_by_template(one.word(facts), facts, "pip install 'f1-pipeline[anthropic]'")
    assert_by_template(one.word(facts), facts, "not asked again")


def test_what_the_package_does_not_foresee_is_no_error_of_ours(service, worder, monkeypatch):
    def fails(*_: object, **__: object) -> None:
        raise TypeError(f"unexpected {KEY}")

    monkeypatch.setattr(anthropic.resources.messages.Messages, "create", fails)
    facts = forecast()
    worded = worder().word(facts)

    assert_by_template(worded, facts, "the request failed (TypeError)")


@pytest.mark.parametrize(
    "answer",
    [
        failure(401),
        failure(400),
        failure(529),
        Answer(drops=True),
        message(f"{KEY} " * 40),
        message(GOOD),
    ],
)
def test_the_key_is_told_nowhere(service, worder, caplog, answer):
    caplog.set_level(logging.DEBUG)
    service.answers.extend([answer] * 2)
    one = worder(retries=0)
    worded = one.word(forecast())
    one.close()

    assert KEY not in caplog.text
    assert KEY not in f"{worded} {one!r} {one}"


def test_a_key_that_no_header_takes_is_told_nowhere(worder, caplog):
    caplog.set_level(logging.DEBUG)
    worded = worder(key=f"{KEY}\n{KEY}").word(forecast())

    assert KEY not in caplog.text + str(worded)
