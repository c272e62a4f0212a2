"""Numbers that are facts, told of the wrong thing: 44 % for victory, where that is the podium's.

Here belong the phrases that leave no doubt what a number is told of. In any other place that it is
among the facts is all that is asked of a number (`checking`).
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from f1_pipeline.narration.numerals import Numeral, numerals

_TO = (
    r"\s*(?:%|per\s?cent)\s*(?:chance|probability|likelihood|risk)?\s*(?:for|of|to)\s+"
    r"(?:(?:an?|the|his|her|score|reach|take|make|finish|finishing|on|in)\s+)*"
)
# What follows a percentage, and the fact that it then is.
_SHARES = {
    "win_percent": re.compile(_TO + r"(?:win|wins|winning|victory)\b", re.IGNORECASE),
    "podium_percent": re.compile(_TO + r"podium\b", re.IGNORECASE),
    "points_percent": re.compile(_TO + r"(?:points|scoring)\b", re.IGNORECASE),
    "retirement_percent": re.compile(_TO + r"(?:retir\w+|not\s+finish\w*)\b", re.IGNORECASE),
    "gain_percent": re.compile(_TO + r"gain(?:ing|s)?\b", re.IGNORECASE),
    "lose_percent": re.compile(_TO + r"los(?:e|es|ing)\b", re.IGNORECASE),
}
_STARTS = re.compile(
    r"\b(?:start(?:s|ing)?|lin(?:es?|ing) up)(?:\s+(?:from|in|on|at|the|place|grid|P))*\s*$",
    re.IGNORECASE,
)
_ON_GRID = re.compile(r"(?:\s+place)?\s+on\s+the\s+(?:(?:official|starting)\s+)?grid\b", re.I)
_FRONT = {
    re.compile(r"\bpole\b", re.IGNORECASE): 1,
    re.compile(r"\bfront[\s-]row\b", re.IGNORECASE): 2,
}


def misplaced(sentence: str, values: Mapping[str, Any]) -> Iterator[str]:
    """What a sentence about the race itself tells of a number, or of the grid, that is not so."""
    for one in numerals(sentence):
        for name, phrase in _SHARES.items():
            told = one.unit == "percent" and name in values and phrase.match(sentence, one.end)
            if told and not _is(one, values[name]):
                yield f"{one.said} % is not the {name.removesuffix('_percent')} probability"
        if one.unit == "" and _of_grid(one, sentence) and not _is(one, values.get("grid_place")):
            yield f"{one.said} is not the place on the grid"
    place = values.get("grid_place")
    for phrase, last in _FRONT.items():
        found = phrase.search(sentence)
        if found and (place is None or place > last):
            yield f"it tells of {found[0]}, which the facts do not"


def _of_grid(number: Numeral, sentence: str) -> bool:
    before = _STARTS.search(sentence[: number.start])
    return before is not None or _ON_GRID.match(sentence, number.end) is not None


def _is(number: Numeral, fact: object) -> bool:
    if fact is None or number.value is None:
        return False
    bound, _, held = str(fact).rpartition(" ")
    return number.value == Decimal(held) and number.bound == bound
