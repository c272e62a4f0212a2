"""What a load's requests meet: the gate judges it, the witness asks again and remembers."""

import io
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from fastf1.exceptions import F1AuthError
from fastf1.internals.f1account import LivetimingAuthAdapter
from hypothesis import given
from hypothesis import strategies as st
from requests.adapters import BaseAdapter, HTTPAdapter

from f1_pipeline.sources.upstream import (
    TIMING_SERVICE,
    BrokenError,
    GoneError,
    NotYetError,
    OverBudgetError,
    RefusedError,
    limits,
)
from f1_pipeline.sources.upstream.gate import SCHEDULES, TIMEOUT, TIMING, Gate
from f1_pipeline.sources.upstream.witness import TRIES, Witness, attending, witnessed
from f1_pipeline.storage.budget import Limit, RequestBudget

HOST, OTHER_HOST = TIMING
FOLDER = "/static/2025/2025-03-23_Chinese_Grand_Prix/2025-03-23_Race/"
STREAM, INDEX = f"{FOLDER}TimingData.jsonStream", "/static/2025/Index.json"
LINES = b'\xef\xbb\xbf00:00:01.000{"Lines":{}}\r\n00:59:02.125"eJyrVg=="\r\n'
PAGE = b"<html>bad gateway</html>"


def answer(status: int = 200, body: bytes = LINES, **headers: str) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response.raw = io.BytesIO(body)
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return response


class Upstream(BaseAdapter):
    """Gives its answers one after the other, and keeps the timeouts that it was given."""

    def __init__(self, *answers: requests.Response | Exception) -> None:
        super().__init__()
        self.answers = list(answers)
        self.timeouts: list[Any] = []

    def send(self, *_: Any, **given: Any) -> requests.Response:
        self.timeouts.append(given["timeout"])
        found = self.answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def ask(tmp_path, monkeypatch):
    """Ask a gate before these answers; waits of the budget take no time."""
    clock = SimpleNamespace(sleep=lambda seconds: None)
    monkeypatch.setattr("f1_pipeline.sources.upstream.gate.time", clock)

    def ask(
        *answers: requests.Response | Exception,
        path: str = STREAM,
        host: str = HOST,
        granted: dict[str, Limit] | None = None,
        inner: BaseAdapter | None = None,
        **how: Any,
    ) -> requests.Response:
        budget = RequestBudget(f"sqlite:///{tmp_path / 'warehouse.db'}", granted or {})
        gate = Gate(inner or Upstream(*answers), budget)
        return gate.send(requests.Request("GET", f"https://{host}{path}").prepare(), **how)

    return ask


@pytest.mark.parametrize("host", TIMING)
@pytest.mark.parametrize(
    ("path", "body"),
    [
        (STREAM, LINES),
        (STREAM, b""),
        (STREAM, b"\xef\xbb\xbf"),
        (INDEX, b'\xef\xbb\xbf{"Year": 2025}'),
    ],
)
def test_a_whole_file_goes_through(ask, host, path, body):
    assert ask(answer(200, body), path=path, host=host).content == body


@pytest.mark.parametrize("status", [304, 401, 403, 404, 410])
def test_what_is_not_there_or_is_refused_is_handed_on(ask, status):
    assert ask(answer(status, PAGE)).status_code == status


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (STREAM, answer(500)),
        (STREAM, answer(504)),
        (STREAM, answer(200, PAGE)),
        (STREAM, answer(200, LINES[:-9] + b"\r\n00:59")),
        (STREAM, answer(200, b'{"Year": 2025}')),
        (INDEX, answer(200, PAGE)),
        (INDEX, answer(200, b'{"Year": 20')),
        (INDEX, answer(200, b"[]")),
        (STREAM, requests.ConnectionError("reset")),
        (STREAM, requests.exceptions.ChunkedEncodingError("cut")),
        (STREAM, requests.ReadTimeout("silence")),
    ],
)
def test_half_an_answer_nonsense_or_none_is_broken(ask, path, found):
    with pytest.raises(BrokenError) as raised:
        ask(found, path=f"{path}?token=secret")

    assert f"{HOST}{path}" in str(raised.value)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("status", "headers", "error", "wait"),
    [
        (429, {"Retry_After": "90"}, OverBudgetError, 90.0),
        (429, {}, OverBudgetError, 60.0),
        (503, {"Retry_After": "30"}, BrokenError, 30.0),
        (503, {}, BrokenError, 1.0),
    ],
)
def test_a_service_that_wants_a_rest_gets_it_from_all(ask, tmp_path, status, headers, error, wait):
    with pytest.raises(error) as raised:
        ask(answer(status, **headers))

    assert raised.value.retry_after == wait
    budget = RequestBudget(f"sqlite:///{tmp_path / 'warehouse.db'}", {})
    asked_for = wait if headers else 0.0
    assert asked_for - 5 < budget.wait(TIMING_SERVICE) <= asked_for
    assert budget.wait("jolpica") == 0.0


def test_both_hosts_are_one_service_to_the_budget(ask):
    granted = {TIMING_SERVICE: Limit(1, 0.0)}
    ask(answer(), granted=granted)

    with pytest.raises(OverBudgetError, match="are spent"):
        ask(answer(), host=OTHER_HOST, granted=granted)
    ask(answer(200, b"{}"), host="api.jolpi.ca", path="/x.json", granted=granted)


def test_a_schedule_must_be_one_and_other_hosts_are_not_judged(ask):
    with pytest.raises(BrokenError, match="no JSON"):
        ask(answer(200, PAGE), host=SCHEDULES, path="/schedule_2025.json")
    assert ask(answer(404, PAGE), host=SCHEDULES).status_code == 404
    assert ask(answer(200, PAGE), host="example.org").content == PAGE
    with pytest.raises(requests.ConnectionError):
        ask(requests.ConnectionError("reset"), host="example.org")


def test_silence_has_an_end_also_where_nobody_set_one(ask):
    upstream = Upstream(answer(), answer())
    ask(inner=upstream)
    ask(inner=upstream, timeout=3.0)

    assert upstream.timeouts == [TIMEOUT, 3.0]


def test_fastf1s_adapter_that_signs_in_stands_behind_the_gate(ask, monkeypatch):
    """It takes all but the request by name alone."""

    class NoTokens:
        def get(self) -> None:
            raise F1AuthError("no account")

    sent: list[dict[str, Any]] = []

    def send(self: Any, request: Any, **given: Any) -> requests.Response:
        sent.append(given)
        return answer()

    monkeypatch.setattr(HTTPAdapter, "send", send)

    assert ask(inner=LivetimingAuthAdapter(NoTokens())).content == LINES
    assert sent[0]["timeout"] == TIMEOUT


@given(st.integers(1, 200), st.integers(1, 500))
def test_recordings_leave_some_requests_to_the_results(jolpica, together):
    granted = limits(f"{jolpica},{together}")

    timing, all_of_them = granted[TIMING_SERVICE].per_hour, granted[""].per_hour
    assert timing >= 1
    assert timing == max(all_of_them - 60 * together // 500, 1)
    assert granted[TIMING_SERVICE].interval == 0.25
    if together == 500:
        assert (timing, all_of_them) == (439, 499)


def sending(*outcomes: requests.Response | Exception) -> Callable[[], requests.Response]:
    left = list(outcomes)

    def send() -> requests.Response:
        found = left.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    return send


@pytest.fixture
def witness():
    """Its waits are kept in `waits`."""
    waits: list[float] = []
    found = Witness(TRIES, waits.append)
    return SimpleNamespace(waits=waits, attend=found.attend, of=found)


def test_a_broken_request_is_sent_again_and_leaves_no_fault(witness):
    faults = [BrokenError("one", 0.5), OverBudgetError("two", 2.0), BrokenError("three")]

    response = witness.attend(HOST, STREAM, sending(*faults, answer(404)))

    assert response.status_code == 404
    assert witness.waits == [0.5, 2.0, 1.0]
    assert (witness.of.faults, witness.of.statuses) == ({}, {STREAM: 404})
    assert witness.of.worst() is None


def test_what_stays_broken_is_given_up_and_remembered(witness):
    with pytest.raises(BrokenError, match="try 5"):
        witness.attend(HOST, STREAM, sending(*(BrokenError(f"try {n}") for n in range(1, 9))))

    assert len(witness.waits) == TRIES - 1
    assert list(witness.of.faults) == [f"{HOST}{STREAM}"]
    assert str(witness.of.worst()) == "try 5"


@pytest.mark.parametrize(
    "fault",
    [OverBudgetError("spent", 60), BrokenError("out", 30), RefusedError("no"), GoneError("gone")],
)
def test_what_takes_long_or_never_ends_is_not_waited_for(witness, fault):
    with pytest.raises(type(fault)):
        witness.attend(HOST, STREAM, sending(fault, answer()))

    assert witness.waits == []


def test_the_worst_fault_is_one_that_time_mends_the_budget_first(witness):
    faults = [GoneError("gone"), RefusedError("no"), NotYetError("not yet")]
    for number, fault in enumerate([*faults, BrokenError("out", 30), OverBudgetError("spent", 60)]):
        if number == len(faults):
            assert witness.of.worst() is None
        with pytest.raises(type(fault)):
            witness.attend(HOST, f"/{number}", sending(fault))

    assert str(witness.of.worst()) == "spent"


def test_a_file_has_the_status_of_the_host_that_was_asked_last(witness):
    path = "/static/2025/S%C3%A3o_Paulo/TimingData.jsonStream"
    witness.attend(HOST, path, sending(answer(403)))
    witness.attend(OTHER_HOST, path, sending(answer(200)))

    assert witness.of.statuses == {"/static/2025/São_Paulo/TimingData.jsonStream": 200}


def test_the_gates_requests_are_attended_within_the_block_alone(ask):
    assert attending() is None
    with witnessed(tries=2, sleep=lambda seconds: None) as outer:
        with witnessed(tries=1) as inner:
            ask(answer())
        assert ask(answer(500), answer(404)).status_code == 404
        with pytest.raises(BrokenError):
            ask(answer(500), answer(500), answer(), path=INDEX)
    with pytest.raises(BrokenError):
        ask(answer(500), answer())

    assert (inner.statuses, outer.statuses) == ({STREAM: 200}, {STREAM: 404})
    assert list(outer.faults) == [f"{HOST}{INDEX}"]
    assert attending() is None
