"""Every number that a text tells, in digits of any script or in words, with what it is told of.

Here belongs the reading. Whether a number may be told is asked of `checking`. Where a reading is in
doubt the number stays unread, and is then told of nothing.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Literal

Unit = Literal["", "percent", "lap", "points", "stops"]

_NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
_IN_ORDER = (
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
    "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth"
)
_SMALL, _ORDINALS = _NUMBERS.split(), _IN_ORDER.split()
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_OTHERS = {
    "hundred": 100,
    "hundredth": 100,
    "thousand": 1000,
    "million": 1_000_000,
    "dozen": 12,
    "couple": 2,
    "once": 1,
    "single": 1,
    "twice": 2,
    "thrice": 3,
    "double": 2,
    "doubled": 2,
    "triple": 3,
    "treble": 3,
    "half": 0.5,
    "quarter": 0.25,
}
_WORDS: dict[str, Decimal | None] = {
    **{word: Decimal(value) for value, word in enumerate(_SMALL)},
    **{word: Decimal(value) for value, word in enumerate(_ORDINALS)},
    **{word: Decimal(10 * value) for value, word in enumerate(_TENS, start=2)},
    **{f"{word[:-1]}ieth": Decimal(10 * value) for value, word in enumerate(_TENS, start=2)},
    **{word: Decimal(value) for word, value in _OTHERS.items()},
    # Parts of something: two thirds is no two, and no three.
    **dict.fromkeys(
        ("halves", "thirds", "quarters", "fifths", "sixths", "sevenths", "eighths", "ninths")
    ),
    **dict.fromkeys(("tenths", "hundredths", "dozens", "hundreds", "thousands", "millions")),
}
_IN_PERCENT = {"half": Decimal(50), "third": Decimal(33), "quarter": Decimal(25)}
_UNITS = "|".join((*_SMALL[1:10], *_ORDINALS[1:10]))
_WORD = re.compile(
    rf"\b(?:(?P<tens>{'|'.join(_TENS)})[-\s](?P<unit>{_UNITS})|(?P<single>{'|'.join(_WORDS)}))\b",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\d+(?:[.,]\d+)*")
# Number words that tell no number, the name of the sport, and what points and podium are.
_NO_NUMBER = re.compile(
    r"\b(?:no one|one of|one another|at once|once (?:more|again)|at first|first of all"
    r"|Formula (?:1|One)|F1|top[\s-](?:three|ten|3|10))\b",
    re.IGNORECASE,
)
_ENDING = re.compile(r"(?:st|nd|rd|th)\b", re.IGNORECASE)
_PERCENT = re.compile(r"\s*(?:%|per\s?cent(?:age)?\b)", re.IGNORECASE)
_LAPS_AFTER = re.compile(r"[\s-]*laps?\b", re.IGNORECASE)
_LAPS_BEFORE = re.compile(r"\blaps?[\s-]*$", re.IGNORECASE)
_POINTS = re.compile(r"[\s-]*points?\b", re.IGNORECASE)
_STOPS = re.compile(r"[\s-]*(?:pit[\s-]*)?stop(?:s|p\w+)?\b", re.IGNORECASE)
_UNDER = re.compile(r"\b(?:under|below|less than)\s+$", re.IGNORECASE)
_OVER = re.compile(r"\b(?:over|above|more than)\s+$", re.IGNORECASE)
_RANGE = re.compile(r"\s*(?:-|–|—|to|or|until|through)\s*(?:lap\s+)?", re.IGNORECASE)
_LIST = re.compile(r"\s*(?:,|,? and)\s*(?:lap\s+)?", re.IGNORECASE)
_BETWEEN = re.compile(r"\bbetween\s+[-−+]?$", re.IGNORECASE)
_NEGATIVE = re.compile(r"\b(?:minus|negative)\s+$", re.IGNORECASE)
_MINUS, _PLUS = "-−", "+"


@dataclass(frozen=True)
class Numeral:
    """A number as it is told. `value`: without its sign, None where it cannot be read.

    `share`: what a word such as half is as a percentage. `bound`: under or over, where it says so.
    """

    said: str
    value: Decimal | None
    start: int
    end: int
    unit: Unit = ""
    sign: str = ""
    bound: str = ""
    ordinal: bool = False
    share: Decimal | None = None


def numerals(text: str) -> list[Numeral]:
    """In the order of the text."""
    plain = _NO_NUMBER.sub(lambda match: " " * len(match[0]), ascii_digits(text))
    found = sorted(
        [*_in_digits(plain), *_in_words(plain), *_in_signs(plain)], key=lambda one: one.start
    )
    return _ranged([_with_unit(one, plain) for one in found], plain)


def ascii_digits(text: str) -> str:
    """The same length: digits of any script as 0 to 9."""
    return "".join(
        str(unicodedata.digit(one)) if unicodedata.category(one) == "Nd" else one for one in text
    )


def _in_digits(text: str) -> Iterator[Numeral]:
    for match in _DIGITS.finditer(text):
        start, end = match.span()
        mark, before = text[max(start - 1, 0) : start], text[max(start - 2, 0) : start - 1]
        # A hyphen after a letter or a digit joins (M-18-H, 3-5); after anything else it is a sign.
        signed = mark != "" and mark in _MINUS + _PLUS and not before.isalnum()
        sign = ("-" if mark in _MINUS else "+") if signed else ""
        if _NEGATIVE.search(text[:start]):
            sign = "-"
        ending = _ENDING.match(text, end)
        end = ending.end() if ending else end
        said = text[start - signed : end]
        yield Numeral(said, _value(match[0]), start, end, sign=sign, ordinal=ending is not None)


def _value(digits: str) -> Decimal | None:
    """4.8; also of 4,8 and 1,200. None of 1.2.3."""
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", digits):
        digits = digits.replace(",", "")
    try:
        return Decimal(digits.replace(",", "."))
    except InvalidOperation:
        return None


def _in_words(text: str) -> Iterator[Numeral]:
    for match in _WORD.finditer(text):
        parts = [part.casefold() for part in match.group("tens", "unit", "single") if part]
        values = [_WORDS[part] for part in parts]
        value = None if None in values else sum(filter(None, values), Decimal(0))
        negative = _NEGATIVE.search(text[: match.start()])
        yield Numeral(
            match[0],
            value,
            *match.span(),
            sign="-" if negative else "",
            ordinal=parts[-1] in _ORDINALS or parts[-1].endswith("ieth"),
            share=_IN_PERCENT.get(parts[-1]) if len(parts) == 1 else None,
        )


def _in_signs(text: str) -> Iterator[Numeral]:
    """½, ², Ⅳ and 三: one number each."""
    for at, one in enumerate(text):
        if not one.isascii() and (value := unicodedata.numeric(one, None)) is not None:
            yield Numeral(one, Decimal(repr(value)).normalize(), at, at + 1)


def _with_unit(number: Numeral, text: str) -> Numeral:
    before, at = text[: number.start].rstrip(_MINUS + _PLUS), number.end
    bound = "under" if _UNDER.search(before) else "over" if _OVER.search(before) else ""
    unit: Unit = ""
    if _PERCENT.match(text, at):
        unit = "percent"
    elif _LAPS_AFTER.match(text, at) or _LAPS_BEFORE.search(before):
        unit = "lap"
    elif number.ordinal:  # the 2nd stop is no count of stops
        unit = ""
    elif _POINTS.match(text, at):
        unit = "points"
    elif _STOPS.match(text, at):
        unit = "stops"
    return replace(number, unit=unit, bound=bound)


def _ranged(found: list[Numeral], text: str) -> list[Numeral]:
    """What one end of a range is told of, the other is too: 31 to 40 %, laps 18, 30 and 42."""
    for i in reversed(range(len(found) - 1)):
        left, right = found[i], found[i + 1]
        if left.unit == "" and right.unit in ("percent", "lap") and not left.ordinal:
            between = _BETWEEN.search(text[: left.start])
            if _joins(_RANGE, left, right, text) or (between and _joins(_LIST, left, right, text)):
                found[i] = replace(left, unit=right.unit)
    for i in range(len(found) - 1):
        left, right = found[i], found[i + 1]
        joined = _joins(_RANGE, left, right, text) or _joins(_LIST, left, right, text)
        if joined and left.unit == "lap" and right.unit == "" and not right.ordinal:
            found[i + 1] = replace(right, unit="lap")
    return found


def _joins(joint: re.Pattern[str], left: Numeral, right: Numeral, text: str) -> bool:
    span = text[left.end : right.start]
    return any(joint.fullmatch(part) for part in (span, span.rstrip(_MINUS + _PLUS)))
