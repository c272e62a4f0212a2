"""The upstream's remote control: the tests' own server, or any that speaks likewise."""

import json
import urllib.request
from typing import Any


class Upstream:
    """A stand-in for the upstream at an address, with its `/_control`."""

    def __init__(self, url: str) -> None:
        self.url = url

    def change(self, **settings: Any) -> dict[str, Any]:
        """Change settings (until, fail, fail_kinds, amend, …); returns the report."""
        body = json.dumps(settings).encode()
        request = urllib.request.Request(f"{self.url}/_control", body, method="POST")
        return self._answer(request)

    def report(self) -> dict[str, Any]:
        """Settings and counts."""
        return self._answer(urllib.request.Request(f"{self.url}/_control"))

    def _answer(self, request: urllib.request.Request) -> dict[str, Any]:
        with urllib.request.urlopen(request, timeout=10) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
