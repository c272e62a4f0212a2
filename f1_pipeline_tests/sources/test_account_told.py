"""What is told of the F1 account: its fingerprint, the end of its token; and what it stands on."""

import inspect
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import fastf1.req
import pytest
from fastf1 import __main__ as command_line
from fastf1.exceptions import F1AuthError
from fastf1.internals import f1account
from fastf1.internals.f1account import login as fastf1_login
from fastf1.internals.f1account.tokens import SubscriptionToken, TokenManager

from f1_pipeline.sources.upstream.account import BROWSER, Account
from f1_pipeline_tests.sources.sign_in import (
    DAY,
    PASSWORD,
    USER,
    another_process_stores,
    token_manager,
)


@pytest.fixture
def tokens(tmp_path):
    return token_manager(tmp_path / "token.json")


@pytest.fixture
def credentials(monkeypatch):
    monkeypatch.setenv("F1_USERNAME", USER)
    monkeypatch.setenv("F1_PASSWORD", PASSWORD)


def test_the_fingerprint_is_the_same_in_every_process_until_something_changes(
    tokens, credentials, monkeypatch
):
    def now():
        found = Account(tokens).fingerprint()
        assert found == Account(tokens).fingerprint()
        assert len(bytes.fromhex(found)) == 8
        return found

    seen = [now()]
    for name, value in [
        ("F1_PASSWORD", "another"),
        ("F1_USERNAME", "another"),
        ("FASTF1_AUTH_METHOD", "browser"),
    ]:
        monkeypatch.setenv(name, value)
        seen.append(now())
    another_process_stores(tokens, DAY)
    seen.append(now())
    another_process_stores(tokens, 2 * DAY)
    seen.append(now())
    assert len(set(seen)) == len(seen)


def test_the_end_of_a_token_is_announced_a_day_ahead(tokens, monkeypatch):
    account = Account(tokens)
    now = datetime.now(UTC)
    assert (account.ends_at(), account.expiry_notice(now)) == (None, None)
    another_process_stores(tokens, 2 * DAY)
    end = account.ends_at()
    assert end is not None
    assert end.utcoffset() == timedelta(0)
    assert abs(end - now - timedelta(days=2)) < timedelta(seconds=5)

    begin = end - timedelta(days=1)
    assert account.expiry_notice(begin - timedelta(seconds=1)) is None
    told = f"the F1 account's token ends at {end:%Y-%m-%d %H:%M} UTC: "
    assert account.expiry_notice(begin) == f"{told}set F1_USERNAME and F1_PASSWORD."
    monkeypatch.setenv("FASTF1_AUTH_METHOD", "browser")
    assert account.expiry_notice(begin) == f"{told}{BROWSER}."
    assert account.expiry_notice(end) == f"{told}{BROWSER}.".replace("ends", "ended")


def test_a_token_that_is_renewed_by_itself_is_announced_as_such(tokens, credentials):
    another_process_stores(tokens, -60)
    account = Account(tokens)
    end = account.ends_at()
    assert end is not None
    before, after = end - timedelta(hours=1), end + timedelta(hours=1)

    assert "UTC: it is renewed by itself then." in str(account.expiry_notice(before))
    assert "ended at" in str(account.expiry_notice(after))
    assert "renewed by itself with the next request" in str(account.expiry_notice(after))


def test_no_renewal_is_promised_with_credentials_that_failed(tokens, credentials):
    def refuse():
        raise F1AuthError("no")

    refusing = TokenManager(refuse, tokens._token_path)
    another_process_stores(tokens, -60)
    account = Account(refusing)
    with pytest.raises(F1AuthError):
        account.get()

    assert str(account.expiry_notice(datetime.now(UTC))).endswith(
        "check F1_USERNAME and F1_PASSWORD, which failed before."
    )


def test_fastf1s_private_names_are_as_they_were():
    """The account stands on them: see what changed before the version of FastF1 is raised."""
    assert isinstance(f1account.token_manager, TokenManager)
    assert f1account.token_manager._token is None
    assert [*inspect.signature(TokenManager.get).parameters] == ["self", "force_renew", "auth_func"]
    for name in ("get_stored", "clear", "store"):
        assert callable(getattr(TokenManager, name))
    assert [*SubscriptionToken.__dataclass_fields__] == ["value", "expires_at"]
    assert f1account.AUTH_METHODS == ("password", "browser")
    assert f1account.ENV_AUTH_METHOD == "FASTF1_AUTH_METHOD"
    assert (fastf1_login.ENV_USERNAME, fastf1_login.ENV_PASSWORD) == ("F1_USERNAME", "F1_PASSWORD")
    adapter = inspect.getsource(f1account.LivetimingAuthAdapter)
    assert adapter.count("self._tokens.") == adapter.count("self._tokens.get()") + adapter.count(
        "self._tokens.clear()"
    )
    assert fastf1.req.LivetimingAuthAdapter is f1account.LivetimingAuthAdapter


def test_the_command_that_a_person_is_told_to_run_exists(monkeypatch):
    called: list[str] = []
    monkeypatch.setattr(command_line, "authenticate", called.append)
    monkeypatch.setattr("sys.argv", BROWSER.split("`")[1].split()[2:])

    command_line.main()

    assert called == ["browser"]


def test_importing_the_account_does_not_load_fastf1():
    code = (
        "import sys, f1_pipeline.sources.upstream.account; sys.exit(int('fastf1' in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
