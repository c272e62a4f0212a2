"""Signing in to the F1 account: once for credentials that fail, never by asking, with no secret.

All but the network is FastF1's own: its adapter, its token manager, its sign-in.
"""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from urllib.parse import quote

import pytest
import requests
from fastf1.exceptions import F1AuthError, RateLimitExceededError
from fastf1.internals import f1account
from fastf1.internals.f1account import login as fastf1_login
from fastf1.internals.f1account.tokens import SubscriptionToken

from f1_pipeline.sources.upstream.account import BROWSER, Account
from f1_pipeline.sources.upstream.outcomes import OverBudgetError
from f1_pipeline_tests.sources.sign_in import (
    DAY,
    PASSWORD,
    USER,
    Services,
    another_process_stores,
    made_up,
    token_manager,
)

URL = f"{f1account.LIVETIMING_URL}static/2024/Index.json"


@pytest.fixture
def services(monkeypatch):
    services = Services()
    monkeypatch.setattr(
        "requests.adapters.HTTPAdapter.send", lambda *a, **k: services.send(*a, **k)
    )
    return services


@pytest.fixture(autouse=True)
def nobody_to_ask(monkeypatch):
    """A terminal with nobody at it: FastF1 would prompt, and a prompt fails the test."""

    def asked(*_):
        pytest.fail("somebody was asked for credentials")

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", asked)
    monkeypatch.setattr("getpass.getpass", asked)
    monkeypatch.setattr(f1account.browser, "_AuthServer", asked)
    monkeypatch.setattr(fastf1_login, "_get_current_user_agent", lambda: None)


@pytest.fixture
def tokens(tmp_path, monkeypatch):
    tokens = token_manager(tmp_path / "token.json")
    monkeypatch.setattr(f1account, "token_manager", tokens)
    return tokens


@pytest.fixture
def credentials(monkeypatch):
    monkeypatch.setenv("F1_USERNAME", USER)
    monkeypatch.setenv("F1_PASSWORD", PASSWORD)


def asks(account: Account, times: int = 1) -> Counter:
    """What live timing answers to so many requests through FastF1's adapter."""
    with requests.Session() as session:
        session.mount(f1account.LIVETIMING_URL, f1account.LivetimingAuthAdapter(account))
        return Counter(session.get(URL).status_code for _ in range(times))


class Wall:
    def __init__(self):
        self.now = datetime(2026, 3, 1, tzinfo=UTC)

    def __call__(self):
        return self.now


def test_one_sign_in_serves_all_requests_and_the_next_process(services, tokens, credentials):
    account = Account(tokens)

    assert account.problem is None
    assert asks(account, 5) == {200: 5}
    assert asks(Account(token_manager(tokens._token_path)), 2) == {200: 2}
    assert services.sign_ins == [PASSWORD]


def test_without_another_one_it_is_fastf1s_token_manager(services, tokens, credentials):
    assert asks(Account()) == {200: 1}
    assert tokens.get_stored().is_valid()


def test_wrong_credentials_are_tried_once(services, tokens, credentials):
    services.password = "another"
    account = Account(tokens)

    assert asks(account, 20) == {403: 20}
    assert services.sign_ins == [PASSWORD]
    assert "refused (The password is wrong): check F1_USERNAME" in str(account.problem)


def test_threads_that_find_no_token_sign_in_once(services, tokens, credentials):
    services.password = "another"
    account, start = Account(tokens), Barrier(8)

    def request(_):
        start.wait()
        return asks(account)

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(request, range(8)), Counter()) == {403: 8}
    assert len(services.sign_ins) == 1


def test_changed_credentials_are_tried_and_the_old_ones_not_again(
    services, tokens, credentials, monkeypatch
):
    account = Account(tokens)
    for tried in ("first", "second", "first"):
        monkeypatch.setenv("F1_PASSWORD", tried)
        assert asks(account, 3) == {403: 3}
    assert services.sign_ins == ["first", "second"]

    monkeypatch.setenv("F1_PASSWORD", PASSWORD)
    assert account.problem is None
    assert asks(account) == {200: 1}


@pytest.mark.parametrize("method", [None, "password", "browser", "telepathy"])
def test_without_credentials_nobody_is_asked(services, tokens, monkeypatch, method):
    if method:
        monkeypatch.setenv("FASTF1_AUTH_METHOD", method)
    account = Account(tokens)

    assert asks(account, 3) == {403: 3}
    assert services.sign_ins == []
    assert str(account.problem).startswith("live timing needs an F1 account: ")


@pytest.mark.parametrize(
    ("environment", "remedy"),
    [
        ({}, "set F1_USERNAME and F1_PASSWORD."),
        ({"F1_USERNAME": USER}, "set F1_PASSWORD."),
        ({"F1_USERNAME": " ", "F1_PASSWORD": PASSWORD}, "set F1_USERNAME."),
        ({"FASTF1_AUTH_METHOD": "browser"}, f"{BROWSER}."),
        ({"FASTF1_AUTH_METHOD": "x"}, "set FASTF1_AUTH_METHOD to password or browser."),
    ],
)
def test_what_is_missing_is_named(tokens, monkeypatch, environment, remedy):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert Account(tokens).problem == f"live timing needs an F1 account: {remedy}"
    with pytest.raises(F1AuthError, match="needs an F1 account"):
        Account(tokens).get()


def test_a_browser_sign_in_is_never_begun_but_its_token_is_used(
    services, tokens, credentials, monkeypatch
):
    monkeypatch.setenv("FASTF1_AUTH_METHOD", "browser")
    account = Account(tokens)
    assert asks(account) == {403: 1}

    another_process_stores(tokens, 2 * DAY)

    assert asks(account) == {200: 1}
    assert account.problem is None
    assert services.sign_ins == []


def test_an_ended_token_is_renewed_or_named(services, tokens, credentials, monkeypatch):
    another_process_stores(tokens, -60)
    monkeypatch.delenv("F1_PASSWORD")
    account = Account(tokens)
    assert asks(account) == {403: 1}
    assert "token ended at" in str(account.problem)
    assert str(account.problem).endswith(" UTC: set F1_PASSWORD.")

    monkeypatch.setenv("F1_PASSWORD", PASSWORD)
    assert asks(account, 2) == {200: 2}
    assert services.sign_ins == [PASSWORD]


def test_a_token_that_ended_in_memory_gives_way_to_the_renewed_one_of_the_file(services, tokens):
    tokens._token = SubscriptionToken.from_jwt(made_up(-60))
    renewed = another_process_stores(tokens, DAY)

    assert asks(Account(tokens)) == {200: 1}
    assert services.tokens_sent == [renewed]


def test_a_rejected_token_is_replaced_by_one_new_sign_in(services, tokens, credentials):
    revoked = another_process_stores(tokens, DAY)
    services.rejects = {revoked}
    account = Account(tokens)

    assert asks(account, 5) == {200: 5}
    assert services.tokens_sent.count(revoked) == 1
    assert services.sign_ins == [PASSWORD]
    assert account.problem is None


@pytest.mark.parametrize("stored", [True, False])
def test_when_the_new_token_is_rejected_too_it_stops(services, tokens, credentials, stored):
    if stored:
        another_process_stores(tokens, DAY)
    services.rejects = None
    account = Account(tokens)

    asks(account, 10)

    assert len(services.sign_ins) == (1 if stored else 2)
    assert "rejected the F1 account's token and a new one" in str(account.problem)
    # With a token of another origin it goes on.
    services.rejects = set()
    another_process_stores(tokens, DAY, "by hand")
    assert asks(account) == {200: 1}
    assert account.problem is None


def test_a_rejected_token_without_credentials_is_named(services, tokens):
    another_process_stores(tokens, DAY)
    services.rejects = None
    account = Account(tokens)

    asks(account, 3)

    assert account.problem == (
        "live timing rejected the F1 account's token: set F1_USERNAME and F1_PASSWORD."
    )
    assert not tokens._token_path.exists()  # no other process sends it again


def test_a_token_that_another_process_renewed_is_not_thrown_away(services, tokens, credentials):
    account = Account(tokens)
    asks(account)
    services.rejects = {tokens.get_stored().value}
    renewed = another_process_stores(tokens, DAY)

    assert asks(account, 2) == {200: 2}
    assert services.tokens_sent[-1] == renewed
    assert len(services.sign_ins) == 1


def test_a_token_that_another_thread_renewed_is_not_thrown_away(services, tokens, credentials):
    rejected = another_process_stores(tokens, DAY)
    account = Account(tokens)
    assert account.get().value == rejected

    def renew():
        account.get()
        account.clear()
        return account.get()

    with ThreadPoolExecutor(1) as thread:
        renewed = thread.submit(renew).result()
    account.clear()

    assert account.get() == renewed
    assert len(services.sign_ins) == 1


def test_a_rejected_token_that_cannot_be_removed_is_passed_over(
    services, tokens, credentials, monkeypatch
):
    services.rejects = {another_process_stores(tokens, DAY)}

    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(tokens, "clear", refuse)
    monkeypatch.setattr(tokens, "store", refuse)

    assert asks(Account(tokens), 3) == {200: 3}
    assert len(services.sign_ins) == 1


def test_a_renewed_token_that_lived_to_its_end_may_be_rejected_again(services, tokens, credentials):
    """A process that lives for months meets more than one rejected token."""
    services.rejects = {another_process_stores(tokens, DAY)}
    account = Account(tokens)
    for _ in range(2):
        assert asks(account) == {200: 1}
        tokens._token = None
        another_process_stores(tokens, -60)
        assert asks(account) == {200: 1}
        services.rejects.add(tokens.get_stored().value)
    assert asks(account) == {200: 1}


def test_what_the_network_prevented_is_tried_again_after_a_minute(services, tokens, credentials):
    wall = Wall()
    account = Account(tokens, wall)
    services.fault = requests.ConnectionError("proxy http://me:secret@proxy is down")
    assert asks(account, 3) == {403: 3}
    assert "(ConnectionError): it is tried again" in str(account.problem)

    services.fault = None
    wall.now += timedelta(seconds=59)
    assert asks(account) == {403: 1}
    assert services.sign_ins == []
    wall.now += timedelta(seconds=1)
    assert asks(account) == {200: 1}
    assert account.problem is None
    tokens.clear()
    assert account.problem is None  # what is over is not told when the next token is due


def test_an_answer_that_fastf1_cannot_read_does_not_break_the_request(
    services, tokens, credentials
):
    services.password, services.said = "another", "[]"
    account = Account(tokens)

    assert asks(account, 3) == {403: 3}
    assert len(services.sign_ins) == 1
    assert "refused (AttributeError)" in str(account.problem)


@pytest.mark.parametrize("error", [OverBudgetError("spent", 60), RateLimitExceededError("spent")])
def test_a_spent_budget_is_no_failed_sign_in(services, tokens, credentials, monkeypatch, error):
    """FastF1 asks for a browser's name first, through the sessions that the budget limits."""

    def spent():
        raise error

    account = Account(tokens)
    with monkeypatch.context() as patched:
        patched.setattr(fastf1_login, "_get_current_user_agent", spent)
        with pytest.raises(type(error)):
            asks(account)
    assert account.problem is None
    assert asks(account) == {200: 1}


def test_a_new_token_that_has_ended_already_is_not_asked_for_without_end(
    services, tokens, credentials
):
    services.lasts = -DAY
    account = Account(tokens)

    assert asks(account, 3) == {403: 3}
    assert len(services.sign_ins) == 1
    assert "check the clock" in str(account.problem)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"version": 1, "value": "x", "expires_at": "soon"}',
        '{"version": 1, "value": null, "expires_at": 1e10}',
        '{"version": 1, "value": "x", "expires_at": 1e300}',
        '{"version": 1, "value": "x", "expires_at": NaN}',
    ],
)
def test_a_damaged_token_file_is_no_token(services, tokens, credentials, content):
    tokens._token_path.write_text(content)
    account = Account(tokens)

    assert account.ends_at() is None
    assert asks(account) == {200: 1}


@pytest.mark.parametrize("form", [str, str.upper, quote, lambda p: json.dumps({"password": p})])
def test_no_secret_is_in_any_message(services, tokens, credentials, form, caplog, capfd):
    services.password, services.said = "another", f"Not valid: {form(PASSWORD)}!"
    account = Account(tokens)

    asks(account, 2)
    with pytest.raises(F1AuthError) as raised:
        account.get()

    assert raised.value.__context__ is None  # FastF1's errors lead to the request that was sent
    told = [str(raised.value), str(account.problem), repr(account), repr(vars(account))]
    told += [caplog.text, *capfd.readouterr(), account.fingerprint()]
    for secret in {PASSWORD, form(PASSWORD), quote(PASSWORD)}:
        assert not any(secret.casefold() in text.casefold() for text in told)
    assert "words that repeat the password" in str(account.problem)
    assert len(str(account.problem).splitlines()) == 1


def test_no_token_is_in_any_message(services, tokens, credentials, caplog):
    services.rejects = None
    account = Account(tokens)
    asks(account, 4)

    told = [str(account.problem), repr(account), repr(vars(account)), caplog.text]
    sent = {token for token in services.tokens_sent if token}
    assert sent
    assert not any(token in text for token in sent for text in told)


def test_a_failed_sign_in_leaves_the_fingerprint(services, tokens, credentials):
    services.password = "another"
    account = Account(tokens)
    before = account.fingerprint()

    asks(account)

    assert account.fingerprint() == before
