"""Bits of English that facts, template and checks share: names, ordinals, lists, sentences.

Not here: numbers that are read out of a text (`numerals`), and whole sentences.
"""

import re
import unicodedata
from collections.abc import Sequence

_KEPT = " .,'’()–&/+%:;-"  # beside letters and digits
_LONGEST_WORD = 40
_SENTENCE = re.compile(r"(?<=[.!?…])\s+(?=[\"“'(]?[A-Z0-9])")
_YOUNGER = {"jr", "sr", "ii", "iii"}
# Words that promise what no forecast can.
CERTAINTY = re.compile(
    r"\b(?:(?:will|shall|going to|must|['’]ll)\s+(?:\w+\s+)?"
    r"(?:win|lose|beat|triumph|dominate|finish|score|retire|crash|lead|prevail)"
    r"|guarantee\w*|certain to|certainly|definitely|undoubtedly|inevitabl[ey]|unbeatable"
    r"|surely|sure to|bound to|assured|nailed on|foregone conclusion|(?:no|without (?:a )?) ?doubt"
    r"|can(?:not|['’]t| not) (?:lose|fail|miss|be beaten))\b",
    re.IGNORECASE,
)


def is_latin(letter: str) -> bool:
    return letter.isascii() or unicodedata.name(letter, "").startswith("LATIN ")


def tidy(value: object, most: int) -> str:
    """One line of at most so many words, letters, digits and plain punctuation; '' of no text."""
    if not isinstance(value, str):
        return ""
    text = unicodedata.normalize("NFC", value)
    kept = "".join(
        one
        if one in _KEPT or (one.isascii() and one.isalnum()) or (one.isalpha() and is_latin(one))
        else " "
        for one in text
    )
    return " ".join(word[:_LONGEST_WORD] for word in kept.split()[:most])


def ordinal(place: int) -> str:
    ending = "th" if 10 <= place % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{ending}"


def counted(number: int, one: str) -> str:
    """one stop, 12 stops."""
    words = ("no", "one", "two", "three")
    told = words[number] if 0 <= number < len(words) else str(number)
    return f"{told} {one}{'' if number == 1 else 's'}"


def joined(parts: Sequence[str]) -> str:
    """a, b and c."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def surname(name: str) -> str:
    """How a driver is called the second time: Leclerc, de Vries, Sainz of Carlos Sainz Jr.

    The whole name where that would be no word.
    """
    words = [word for word in name.split() if word.casefold().strip(".") not in _YOUNGER]
    first = len(words) - 1
    while first > 1 and words[first - 1].islower():
        first -= 1
    short = " ".join(words[max(first, 0) :])
    return short if sum(map(str.isalpha, short)) > 1 else name


def sentences(text: str) -> list[str]:
    return [part for part in _SENTENCE.split(text) if part.strip()]


def folded(text: str) -> str:
    """Without accents, in the same case: Pérez is Perez."""
    parts = unicodedata.normalize("NFKD", text)
    return "".join(one for one in parts if not unicodedata.combining(one))
