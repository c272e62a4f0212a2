"""The services behind a sign-in to the F1 account and live timing, as FastF1's sessions meet them.

No server: `Services.send` stands in the place of `HTTPAdapter.send`, below all that is FastF1's.
"""

import json
import time
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import jwt
import requests
from fastf1.internals import f1account
from fastf1.internals.f1account.tokens import SubscriptionToken, TokenManager

USER, PASSWORD = "someone@example.org", "Pass & word <1>"
DAY = 86400


def made_up(lasts: float, name: str = "t") -> str:
    """A token as FastF1 reads it: unsigned, with an end."""
    return jwt.encode({"exp": int(time.time() + lasts), "name": name}, "", algorithm="none")


def token_manager(file: Path) -> TokenManager:
    """FastF1's own, as it makes it, but for the place of its file."""
    return TokenManager(f1account._authenticate, file)


def another_process_stores(tokens: TokenManager, lasts: float, name: str = "other") -> str:
    value = made_up(lasts, name)
    token_manager(tokens._token_path).store(SubscriptionToken.from_jwt(value))
    return value


class Services:
    """Live timing and the sign-in behind FastF1's sessions; counts what reaches them."""

    def __init__(self):
        self.password, self.said = PASSWORD, "The password is wrong."
        self.fault: Exception | None = None
        self.rejects: set[str] | None = set()  # tokens; None for all
        self.lasts = 4 * DAY
        self.sign_ins: list[str] = []  # the passwords tried
        self.tokens_sent: list[str | None] = []

    def send(self, adapter, request, **_):
        parts = urlsplit(request.url)
        response = requests.Response()
        response.request, response.url = request, request.url
        response.status_code, content = self.answer(parts, request)
        response.raw = BytesIO(content.encode())
        return response

    def answer(self, parts, request):
        if parts.hostname == "livetiming.formula1.com":
            token = request.headers.get("Authorization", "").removeprefix("Bearer ") or None
            self.tokens_sent.append(token)
            if token and (self.rejects is None or token in self.rejects):
                return 401, ""
            return 200 if token else 403, "{}"
        if parts.path.endswith(".js"):
            if self.fault:
                raise self.fault
            return 200, 'davinci:{clientId:"c",acrValues:"p"}'
        if parts.path == "/as/authorize":
            self.state = parse_qs(parts.query)["state"][0]
            form = {"interactionId": "i", "id": "f", "eventName": "e"}
            return 200, json.dumps(
                form | {"_links": {"next": {"href": "https://id.formula1.com/submit"}}}
            )
        if parts.path == "/submit":
            tried = json.loads(request.body)["parameters"]["data"]["formData"]["password"]
            self.sign_ins.append(tried)
            if tried != self.password:
                return 400, self.said if self.said == "[]" else json.dumps({"message": self.said})
            answer = {"state": self.state, "code": "c"}
            return 200, json.dumps({"status": "COMPLETED", "authorizeResponse": answer})
        inner = made_up(self.lasts, f"signed in {len(self.sign_ins)}")
        access = jwt.encode({"subscriptionToken": inner}, "", algorithm="none")
        return 200, json.dumps({"access_token": access})
