"""The F1 account that live timing asks for: which token is sent, and when one signs in.

`Account` stands where FastF1 keeps its `TokenManager`. FastF1 would sign in before every request
for as long as that fails, some ten times a session, which can lock an account; and it would ask
whoever sits at the terminal. Here credentials that failed are not tried again, and nobody is asked.
Signing in itself is FastF1's. What live timing's answers mean belongs to `gate`.

No secret is kept, printed or logged: credentials are compared by a hash, errors of the network are
named by their kind alone (their text holds addresses, their request the password).
"""

import hashlib
import html
import json
import os
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, quote_plus

from f1_pipeline import clock
from f1_pipeline.errors import PipelineError

# Between two sign-ins when the first one did not get through.
PAUSE = timedelta(seconds=60)
# From when on the end of a token is worth a line; it lasts about four days.
NOTICE = timedelta(days=1)
# A fingerprint is kept and shown: guessing a password from it costs 0.1 s a guess.
ROUNDS = 200_000
BROWSER = "sign in with `python -m fastf1 auth f1tv --authenticate --method browser`"


@dataclass(frozen=True)
class _Login:
    """How one would sign in now: FastF1's method ('' when it is none), and the credentials."""

    method: str
    user: str = field(repr=False)
    password: str = field(repr=False)

    @property
    def remedy(self) -> str | None:
        """What a person has to do before a token can be had; None when it is had by itself."""
        if not self.method:
            return "set FASTF1_AUTH_METHOD to password or browser"
        if self.method == "browser":
            return BROWSER
        named = {"F1_USERNAME": self.user, "F1_PASSWORD": self.password}
        missing = [name for name, value in named.items() if not value.strip()]
        return f"set {' and '.join(missing)}" if missing else None


@dataclass(frozen=True)
class _Failure:
    """Why credentials gave no usable token, and when they may be tried again: None is never."""

    why: str
    again_at: datetime | None = None


class Account:
    """A `TokenManager` for FastF1's `LivetimingAuthAdapter` that knows when to stop.

    `tokens`: the one that stores and signs in; FastF1's own unless a test brings another. What
    failed is remembered for as long as the process lives.
    """

    def __init__(self, tokens: Any = None, wall: Callable[[], datetime] = clock.wall) -> None:
        self._given, self._wall = tokens, wall
        self._salt = secrets.token_bytes(16)
        self._failures: dict[bytes, _Failure] = {}  # by the mark of the credentials
        self._rejected: bytes | None = None  # the mark of the token that live timing rejected
        self._renewal: tuple[bytes, bytes] | None = None  # of the token after it, its credentials
        self._handed = threading.local()  # the mark of the token that this thread was given
        # Two threads that find no token must not both sign in with a wrong password.
        self._lock = threading.RLock()

    def get(self) -> Any:
        """A valid token: the stored one, else a new one. Raises `F1AuthError`: go on without."""
        with self._lock:
            token = self._stored()
            if token is None or not token.is_valid():
                token = self._sign_in(token)
            self._handed.token = self._mark(token.value)
            return token

    def clear(self) -> None:
        """Live timing rejected the token that was got: forget it. One more may be signed in for.

        A newer token, which another thread or process has signed in for meanwhile, is kept.
        """
        with self._lock:
            token = self._stored()
            stored = None if token is None else self._mark(token.value)
            rejected = getattr(self._handed, "token", None) or stored
            if self._renewal and self._renewal[0] == rejected:
                self._failures[self._renewal[1]] = _Failure(
                    "live timing rejected the F1 account's token and a new one after it: look on "
                    "account.formula1.com whether it has an active F1 TV subscription."
                )
            self._rejected = rejected
            if self._stored() is None:
                # A file that cannot be removed is passed over from here on.
                with suppress(OSError):
                    self._tokens.clear()

    @property
    def problem(self) -> str | None:
        """What is wrong with the account now, in one line that says what to do."""
        with self._lock:
            token, login = self._stored(), _login()
            if token is not None and token.is_valid():
                return None
            failure = self._failures.get(self._credentials(login))
            return failure.why if failure else self._lack(token, login)

    def fingerprint(self) -> str:
        """16 hex digits that change with the user, the password, the method or the stored token.

        The same in every process: a refusal that is kept with it ends when it changes.
        """
        login, end = _login(), self.ends_at()
        password = hashlib.pbkdf2_hmac(
            "sha256", os.fsencode(login.password), os.fsencode(f"f1_pipeline {login.user}"), ROUNDS
        )
        parts = (login.method, login.user, password.hex(), str(end))
        return hashlib.sha256(os.fsencode("\0".join(parts))).hexdigest()[:16]

    def ends_at(self) -> datetime | None:
        """When the stored token ends, in UTC; it may have ended. None: there is no token."""
        with self._lock:
            token = self._stored()
            return None if token is None else _end(token)

    def expiry_notice(self, now: datetime) -> str | None:
        """One line from a day before the stored token ends. `now`: the real time, `clock.wall`."""
        end, login = self.ends_at(), _login()
        if end is None or end - now > NOTICE:
            return None
        if login.remedy:
            return _ends_line(end, now, login.remedy)
        failure = self._failures.get(self._credentials(login))
        if failure and failure.again_at is None:
            return _ends_line(end, now, "check F1_USERNAME and F1_PASSWORD, which failed before")
        when = "then" if end > now else "with the next request to live timing"
        return _ends_line(end, now, f"it is renewed by itself {when}")

    @property
    def _tokens(self) -> Any:
        if self._given is None:
            from fastf1.internals.f1account import token_manager

            self._given = token_manager
        return self._given

    def _stored(self) -> Any:
        """The token at hand, valid or not; none that live timing rejected."""
        token = self._read()
        if token is not None and token.is_valid():
            return token
        # FastF1 prefers the token in its memory, even an ended one, to the file's, which a person
        # or another process may have renewed. It has no public way to read the file again.
        self._tokens._token = None
        return self._read() or token

    def _read(self) -> Any:
        token = self._tokens.get_stored()
        if token is None or _end(token) is None or self._mark(token.value) == self._rejected:
            return None
        return token

    def _sign_in(self, ended: Any) -> Any:
        from fastf1.exceptions import F1AuthError

        login = _login()
        credentials = self._credentials(login)
        failure = self._failures.get(credentials)
        if failure and (failure.again_at is None or self._wall() < failure.again_at):
            raise F1AuthError(failure.why)
        if lack := self._lack(ended, login):
            raise F1AuthError(lack)
        outcome = self._attempt(login)
        if isinstance(outcome, _Failure):
            self._failures[credentials] = outcome
            raise F1AuthError(outcome.why)
        self._failures.pop(credentials, None)
        renewed = self._rejected is not None
        self._renewal = (self._mark(outcome.value), credentials) if renewed else None
        self._rejected = None
        return outcome

    def _attempt(self, login: _Login) -> Any:
        """A new token, or the failure that came of trying.

        The failure is returned, not raised: one raised here would carry FastF1's along, and
        that one its request with the password.
        """
        from fastf1.exceptions import FastF1CriticalError

        try:
            token = self._tokens.get(force_renew=True)
        except (PipelineError, FastF1CriticalError):
            raise  # the budget granted no request: nothing was sent, nothing has failed
        except Exception as error:
            # FastF1 reads what the service says unseen: an odd answer is an AttributeError, which
            # its adapter does not expect and which would be met again with every request.
            return _failure(error, login, self._wall())
        if _end(token) is None or not token.is_valid():
            return _Failure(
                "the F1 account's new token has ended already: check the clock of this machine."
            )
        return token

    def _lack(self, token: Any, login: _Login) -> str | None:
        """What one has to do for a token when there is no valid one; None: sign in."""
        if not login.remedy:
            return None
        if token is not None and (end := _end(token)):
            return _ends_line(end, self._wall(), login.remedy)
        if self._rejected is not None:
            return f"live timing rejected the F1 account's token: {login.remedy}."
        return f"live timing needs an F1 account: {login.remedy}."

    def _credentials(self, login: _Login) -> bytes:
        return self._mark(login.user, login.password)

    def _mark(self, *texts: str) -> bytes:
        """A hash to compare by, of no use outside of this process."""
        told = "\0".join(texts).encode(errors="surrogatepass")
        return hashlib.sha256(self._salt + told).digest()


def _login() -> _Login:
    """The environment as it is now: it may change while a process runs."""
    from fastf1.internals.f1account import get_auth_method

    try:
        method = get_auth_method()
    except ValueError:
        method = ""
    return _Login(method, os.environ.get("F1_USERNAME", ""), os.environ.get("F1_PASSWORD", ""))


def _end(token: Any) -> datetime | None:
    """When a token ends; None when what was stored is no token."""
    try:
        end = datetime.fromtimestamp(token.expires_at, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
    return end if isinstance(token.value, str) else None


def _ends_line(end: datetime, now: datetime, remedy: str) -> str:
    verb = "ends" if end > now else "ended"
    return f"the F1 account's token {verb} at {end:%Y-%m-%d %H:%M} UTC: {remedy}."


def _failure(error: Exception, login: _Login, now: datetime) -> _Failure:
    """Only what the network is to blame for may be tried again: nobody judged the credentials."""
    from requests import RequestException

    for cause in (error, error.__cause__):
        if isinstance(cause, RequestException):
            status = getattr(cause.response, "status_code", None)
            return _Failure(
                f"the sign-in to the F1 account did not get through ({status or _kind(cause)}): "
                "it is tried again a minute later.",
                now + PAUSE,
            )
    return _Failure(
        f"the sign-in to the F1 account was refused ({_words(error, login.password)}): check "
        "F1_USERNAME and F1_PASSWORD, the same are not tried again."
    )


def _words(error: Exception, password: str) -> str:
    """What the service said, unless it repeats the password."""
    from fastf1.exceptions import F1AuthError

    if not isinstance(error, F1AuthError):
        return _kind(error)
    said = str(error)
    forms = (
        quote(password, errors="replace"),
        quote_plus(password, errors="replace"),
        html.escape(password),
        json.dumps(password)[1:-1],
    )
    if any(form.casefold() in said.casefold() for form in (password, *forms)):
        return "in words that repeat the password"
    return " ".join(said.split())[:200].rstrip(".")


def _kind(error: BaseException) -> str:
    return type(error).__name__
