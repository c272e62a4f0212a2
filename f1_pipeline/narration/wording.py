"""A story in words: a language model's where one is set up and what it writes holds, else the
template's.

Here belongs when a model is asked, how often, and what is done with what it writes. Nothing here
raises: every story has a text, and where it is not the one that was wanted, the reason. Keeping
texts is the caller's.
"""

import logging
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, Self

from f1_pipeline.narration.checking import faults
from f1_pipeline.narration.client import Client, NoTextError, Turn
from f1_pipeline.narration.facts import Facts
from f1_pipeline.narration.prompt import PROMPT, RULES, correction, question
from f1_pipeline.narration.template import paragraph

LOG = logging.getLogger("f1_pipeline.narration")
# Questions in a row that brought no answer, retries included, after which none is asked any more.
_IN_VAIN = 3
_TOLD = 3  # faults that a reason tells


@dataclass(frozen=True)
class Worded:
    """A text and whose it is. `reason`: why it is the template's, though a model is set up."""

    text: str
    by: Literal["template", "language model"]
    reason: str | None = None
    model: str | None = None


class Worder:
    """The texts of one run, one after the other. Without a key all are the template's.

    `seconds`: for an answer to one request; `most_calls`: questions in this run, second tries
    included and the client's retries not; `known`: names of all people, teams and circuits;
    `kept`: texts of earlier runs by `kept_as`, used without a question where they still hold.
    """

    def __init__(
        self,
        *,
        key: str = "",
        model: str = "",
        base_url: str | None = None,
        seconds: float = 30.0,
        most_calls: int = 100,
        retries: int = 3,
        known: Collection[str] = (),
        kept: Mapping[str, str] | None = None,
    ) -> None:
        self.model, self.calls = model, 0
        self.reasons: Counter[str] = Counter()  # stories that the template had to tell, by kind
        self._is_set_up = bool(key and model)
        self._client = Client(
            key=key, model=model, base_url=base_url or None, seconds=seconds, retries=retries
        )
        self._most_calls = most_calls
        self._known, self._kept = sorted(set(known)), kept or {}
        self._in_vain = 0
        self._over: NoTextError | None = None
        self._is_closed = False

    def __repr__(self) -> str:
        return f"Worder(model={self.model!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection, and say how often each reason was met."""
        self._client.close()
        if not self._is_closed and self.reasons.total() > len(self.reasons):
            told = ", ".join(f"{kind}: {count}" for kind, count in self.reasons.most_common())
            LOG.warning("stories told by the template instead of %s: %s", self.model, told)
        self._is_closed = True

    def kept_as(self, facts: Facts) -> str:
        """What a text of these facts by this model is kept under."""
        return f"{facts.key}/{self.model}/{PROMPT}"

    def word(self, facts: Facts) -> Worded:
        """The text of a story."""
        if not self._is_set_up:
            return Worded(paragraph(facts), "template")
        kept = self._kept.get(self.kept_as(facts))
        if kept is not None and not faults(kept, facts, self._known):
            return Worded(kept, "language model", model=self.model)
        try:
            text = self._written(facts)
        except NoTextError as error:
            self._note(error)
            return Worded(paragraph(facts), "template", str(error))
        return Worded(text, "language model", model=self.model)

    def _written(self, facts: Facts) -> str:
        """A text that holds, at the second try if not at the first. Raises `NoTextError`."""
        turns = [Turn("user", question(facts))]
        text = self._answer(turns)
        found = faults(text, facts, self._known)
        if found:
            turns += [Turn("assistant", text), Turn("user", correction(found))]
            text = self._answer(turns)
            found = faults(text, facts, self._known)
        if found:
            told = "; ".join(found[:_TOLD])
            raise NoTextError("faults", f"the text was refused twice: {told}", answered=True)
        return text

    def _answer(self, turns: list[Turn]) -> str:
        if self._over is not None:
            raise self._over
        if self.calls >= self._most_calls:
            raise NoTextError("limit", f"{self._most_calls} questions, all that a run may ask")
        self.calls += 1
        try:
            text = self._client.ask(RULES, turns)
        except NoTextError as error:
            self._in_vain = 0 if error.answered else self._in_vain + 1
            if error.final or self._in_vain >= _IN_VAIN:
                told = f"{error}; the language model is not asked again in this run"
                self._over = NoTextError(error.kind, told, final=True)
            raise
        self._in_vain = 0
        return text

    def _note(self, error: NoTextError) -> None:
        if error.kind not in self.reasons:
            LOG.warning("%s: the template's text stands in", error)
        self.reasons[error.kind] += 1
