"""One question to the Messages API, by the official client, and each way in which it fails.

Here belongs what an answer or an error means. When to ask, and what stands in for an answer, is
the matter of `wording`. No error says more than its kind and status: what a service writes into
one, and what a library chains to it, may hold the key.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from f1_pipeline.errors import PipelineError

# A ceiling, not what is spent: models that think before they write count that too, and all of them
# take this, while how thinking is turned off differs between them. 110 words are some 200.
MOST_TOKENS = 4000
# A service that asks for a longer pause is not waited for: the template's text is there.
_LONGEST_PAUSE_S = 60.0


class NoTextError(PipelineError):
    """No text came of a question. `kind`: what of; `final`: the next question would meet the same.

    `answered`: the service did its part.
    """

    def __init__(
        self, kind: str, message: str, *, final: bool = False, answered: bool = False
    ) -> None:
        super().__init__(message)
        self.kind, self.final, self.answered = kind, final, answered


@dataclass(frozen=True)
class Turn:
    """What was said: by the user or, as it was answered, by the assistant."""

    role: str
    content: str


class Client:
    """A connection that is made with the first question. `retries`: the client's own, each after
    a longer pause, or after the one that the service asks for.
    """

    def __init__(
        self, *, key: str, model: str, base_url: str | None, seconds: float, retries: int
    ) -> None:
        self._key, self._model, self._base_url = key, model, base_url
        self._seconds, self._retries = seconds, retries
        self._connection: Any = None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def ask(self, system: str, turns: Sequence[Turn]) -> str:
        """The text of the answer. Raises `NoTextError`."""
        connection = self._connected()
        import anthropic

        messages: Any = [{"role": turn.role, "content": turn.content} for turn in turns]
        try:
            # No temperature: since version 2026-10-21 the API refuses requests that name one.
            answer = connection.messages.create(
                model=self._model, max_tokens=MOST_TOKENS, system=system, messages=messages
            )
        except anthropic.APITimeoutError:
            raise NoTextError("timeout", f"no answer within {self._seconds:g} s") from None
        except anthropic.APIConnectionError:
            raise NoTextError("connection", "the language model was not reached") from None
        except anthropic.APIStatusError as error:
            raise self._of_status(error.status_code) from None
        except (anthropic.APIError, json.JSONDecodeError, UnicodeDecodeError):
            raise _unusable() from None
        except Exception as error:
            name = type(error).__name__
            raise NoTextError("unexpected", f"the request failed ({name})") from None
        text = _text(answer)
        if self._key in text:  # an echo: nothing of it is sent or told again
            raise _unusable()
        return text

    def _connected(self) -> Any:
        if self._connection is not None:
            return self._connection
        # A character that no header takes would be told in an error of the library, key and all.
        if not re.fullmatch(r"[!-~]+", self._key):
            raise NoTextError(
                "key", "ANTHROPIC_API_KEY holds characters that no key has: correct it", final=True
            )
        try:
            import anthropic
        except ImportError:
            raise NoTextError(
                "package",
                "the package anthropic is not installed: `pip install 'f1-pipeline[anthropic]'`",
                final=True,
            ) from None
        try:
            self._connection = anthropic.Anthropic(
                api_key=self._key,
                base_url=self._base_url,
                timeout=self._seconds,
                max_retries=self._retries,
                http_client=anthropic.DefaultHttpxClient(
                    timeout=self._seconds,
                    follow_redirects=False,  # the address that was given is the one that was meant
                    event_hooks={"response": [_without_long_pauses]},
                ),
            )
        except Exception as error:
            name = type(error).__name__
            raise NoTextError(
                "setup", f"the client of the language model cannot be set up ({name})", final=True
            ) from None
        return self._connection

    def _of_status(self, status: int) -> NoTextError:
        # What no second question changes ends them.
        final = {
            401: "the service refuses the key (401): correct ANTHROPIC_API_KEY",
            402: "the service wants to be paid (402): see the account's billing",
            403: f"the key may not use {self._model} (403)",
            404: f"the service does not know {self._model} (404): correct its name or the address",
        }
        if status in final:
            return NoTextError(str(status), final[status], final=True)
        if status == 429:
            return NoTextError("429", "the service takes no more requests for now (429)")
        if status >= 500:
            return NoTextError("5xx", f"the service failed or is overloaded ({status})")
        return NoTextError("4xx", f"the service refuses the request ({status})")


def _text(answer: Any) -> str:
    """The text blocks of an answer that ended by itself; thinking is passed over."""
    blocks = getattr(answer, "content", None)
    reason = getattr(answer, "stop_reason", None)
    if not isinstance(blocks, list):
        raise _unusable()
    if reason == "refusal":
        raise NoTextError("refusal", "the language model declined", answered=True)
    if reason in ("max_tokens", "model_context_window_exceeded"):
        raise NoTextError("cut short", "the answer was cut short", answered=True)
    texts: list[Any] = [
        getattr(one, "text", None) for one in blocks if getattr(one, "type", None) == "text"
    ]
    if reason not in ("end_turn", "stop_sequence") or not all(isinstance(t, str) for t in texts):
        raise _unusable()
    text = "".join(texts).strip()
    if not text:
        raise NoTextError("empty", "the answer holds no text", answered=True)
    return text


def _unusable() -> NoTextError:
    return NoTextError("unusable", "what answered does not speak the Messages API")


def _without_long_pauses(response: Any) -> None:
    """Have the client give up where it is asked to wait for long, or until some date."""
    asked = response.headers.get("retry-after")
    if asked is None:
        return
    try:
        is_long = not float(asked) <= _LONGEST_PAUSE_S
    except ValueError:
        is_long = True
    if is_long:
        response.headers["x-should-retry"] = "false"
