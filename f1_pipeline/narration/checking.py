"""What is wrong with a text, by the facts it should tell: numbers, names, form, promises.

Here belongs the one check that every text of a language model passes before it is shown. It is
strict: a good text that is refused costs a template's text, a wrong number costs trust. Of what a
number is told it sees what has a unit or a phrase of its own (`roles`); directions, ahead or
behind, it cannot see.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from f1_pipeline.narration.english import CERTAINTY, folded, is_latin, sentences, surname
from f1_pipeline.narration.facts import Facts
from f1_pipeline.narration.numerals import Numeral, Unit, ascii_digits, numerals
from f1_pipeline.narration.roles import misplaced

LEAST_WORDS, MOST_WORDS = 30, 140
_MOST_CHARACTERS = 2_000  # what is longer is not read: reading takes the square of the length
_PUNCTUATION = " .,;:!?…'’‘\"“”()-–—−+%"
_LINK = re.compile(r"https?:|www\.|[A-Za-z]\.[A-Za-z]{2,}|@", re.IGNORECASE)
_ENDS = re.compile(r"[.!?…][\"”’')]*$")
# Strings of the facts whose numbers may be told, beside numbers that are numbers.
_SPOKEN = ("words", "rests_on_less_as")
_PLANS = ("plan", "next_plan")
_NAMES = ("driver", "team", "event", "circuit", *_PLANS, "title")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
# Last words of names that are no name of their own.
_GENERIC = {
    *("racing", "team", "circuit", "ring", "park", "street", "point", "prix", "one", "city"),
    *("autodrome", "autodrom", "bay", "jr", "sr"),
}
_SHOWN = 40  # characters of a text that a fault quotes


@dataclass(frozen=True)
class Held:
    """A number of the facts."""

    unit: Unit
    value: Decimal
    bound: str = ""


def faults(text: str, facts: Facts, known: Collection[str] = ()) -> list[str]:
    """Why a text may not be shown, in plain words; none for one that may.

    `known`: names of all people, teams and circuits that there are: a text names those of its facts
    alone. What a past race's own text says may be told in a sentence that names that race.
    """
    if not text.strip():
        return ["there is no text"]
    if len(text) > _MOST_CHARACTERS:
        return [f"it has {len(text)} characters, more than any paragraph"]
    found = list(dict.fromkeys(_form(text, facts)))
    names, numbers = _names(facts.values), list(_numbers(facts.values))
    told = folded(" ".join(_strings(facts.values))).casefold()
    for sentence in sentences(text):
        past = _past(sentence, facts)
        held = numbers + [one for race in past for one in _past_numbers(race)]
        plain = _without(sentence, names)
        found += [
            f"the number {_quoted(one)} is not among the facts"
            for one in numerals(plain)
            if not _is_held(one, held)
        ]
        theirs = folded(" ".join(race["text"] for race in past)).casefold()
        found += [
            f"it names {name}, of whom the facts say nothing"
            for name in _strangers(sentence, known, f"{told} {theirs}")
        ]
        if not past:
            found += misplaced(plain, facts.values)
        found += [f"it is certain: {' '.join(one[0].split())}" for one in CERTAINTY.finditer(plain)]
    return list(dict.fromkeys(found))


def _form(text: str, facts: Facts) -> Iterator[str]:
    words = len(text.split())
    if not LEAST_WORDS <= words <= MOST_WORDS:
        yield f"it has {words} words, not {LEAST_WORDS} to {MOST_WORDS}"
    if re.search(r"[\n\r\t\v\f\x1c-\x1e\x85\u2028\u2029]", text.strip()):
        yield "it is more than one line"
    plain = _without(text, _names(facts.values))
    strange = sorted({one for one in plain if not _belongs(one)})
    if strange:
        codes = ", ".join(f"U+{ord(one):04X}" for one in strange[:5])
        yield f"it holds characters of markup or of another script: {codes}"
    if _LINK.search(plain):
        yield "it holds a link"
    if not _ENDS.search(text.strip()):
        yield "it ends within a sentence"


def _belongs(one: str) -> bool:
    """Numbers of other scripts belong as far as this goes: they are read as numbers."""
    if one in _PUNCTUATION or one in "\n\r\t" or (one.isascii() and one.isalnum()):
        return True
    return (one.isalpha() and is_latin(one)) or unicodedata.numeric(one, None) is not None


def _numbers(values: Any, key: str = "") -> Iterator[Held]:
    """All numbers that the facts hold, by what they are of."""
    if isinstance(values, Mapping):
        for name, value in values.items():
            yield from _numbers(value, str(name))
    elif isinstance(values, list):
        for value in values:
            yield from _numbers(value, key)
    elif isinstance(values, str):
        yield from _in_string(values, key)
    elif isinstance(values, int | float) and not isinstance(values, bool):
        yield Held(_unit(key), Decimal(str(values)))


def _in_string(value: str, key: str) -> Iterator[Held]:
    if key.endswith("_percent"):
        bound, _, number = value.partition(" ")
        yield Held("percent", Decimal(number), bound)
    elif key in _PLANS:
        yield from (Held("lap", Decimal(lap)) for lap in re.findall(r"\d+", value))
    elif key in _SPOKEN:
        for one in numerals(value):
            if one.value is not None:
                yield Held(one.unit, -one.value if one.sign == "-" else one.value)
    elif key == "title":
        yield from (Held("", Decimal(year)) for year in _YEAR.findall(value))


def _unit(key: str) -> Unit:
    if key.endswith("stops"):
        return "stops"
    ending = key.rpartition("_")[2]
    return ending if ending in ("percent", "lap", "points") else ""  # type: ignore[return-value]


def _past(sentence: str, facts: Facts) -> list[Mapping[str, str]]:
    """The past races that a sentence names, by title or by a year that is not the race's own."""
    years = set(_YEAR.findall(sentence)) - {str(facts.values.get("season"))}
    said = folded(sentence).casefold()
    return [
        race
        for race in facts.values.get("similar", [])
        if folded(race["title"]).casefold() in said or years & set(_YEAR.findall(race["title"]))
    ]


def _past_numbers(race: Mapping[str, str]) -> Iterator[Held]:
    """Of a past race's text, but for percentages: those are of forecasts alone."""
    for one in numerals(race["text"]):
        if one.value is not None and one.unit != "percent":
            yield Held(one.unit, -one.value if one.sign == "-" else one.value)


def _is_held(number: Numeral, held: list[Held]) -> bool:
    return any(_same(number, one) for one in held)


def _same(number: Numeral, held: Held) -> bool:
    if held.unit == "percent" and number.share is not None and not held.bound:
        return held.value == number.share
    # A count of laps, points or stops is one of the facts; a bare number is any but a percentage.
    fits = held.unit == number.unit or (number.unit == "" and held.unit != "percent")
    if number.value is None or not fits or (held.bound and held.bound != number.bound):
        return False
    if (number.sign == "-" and held.value >= 0) or (number.sign == "+" and held.value < 0):
        return False
    # 5.0 may be told as 5, and 5 not as 5.0: that would be a digit that nobody knows.
    exact = _decimals(number.value) <= _decimals(held.value)
    return exact and abs(held.value) == number.value


def _decimals(value: Decimal) -> int:
    return max(-int(value.as_tuple().exponent), 0)


def _names(values: Mapping[str, Any]) -> list[str]:
    """Names and plans of the facts, which are told as they are, the longest first."""
    found = {str(values[name]) for name in _NAMES if name in values}
    found.add(surname(str(values.get("driver", ""))))
    found |= {race["title"] for race in values.get("similar", [])}
    return sorted(filter(None, (name.rstrip(".") for name in found)), key=len, reverse=True)


def _without(text: str, names: list[str]) -> str:
    """The text without names: what is in them is neither number nor promise."""
    plain = ascii_digits(text)
    for name in names:
        plain = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "Name", plain)
    return plain


def _strings(values: Any, key: str = "") -> Iterator[str]:
    """All strings of the facts, but for the texts of past races."""
    if isinstance(values, Mapping):
        for name, value in values.items():
            yield from _strings(value, str(name))
    elif isinstance(values, list):
        for value in values:
            yield from _strings(value, key)
    elif isinstance(values, str) and key not in ("text", "document_id"):
        yield values


def _strangers(sentence: str, known: Collection[str], told: str) -> Iterator[str]:
    """Known names in the sentence that the facts do not tell of, as a whole or by the last word."""
    said = folded(sentence)
    for name in known:
        plain = folded(name)
        last = plain.rpartition(" ")[2]
        if last.casefold().strip(".") in _GENERIC or len(last) < 3:
            last = ""
        for part in filter(None, (plain, last if last != plain else "")):
            if _has(told, part.casefold()):
                continue
            # One word alone is a name where it is written as one: Alpine, not alpine.
            several = " " in part
            ways = [part] if several else [part[:1].upper() + part[1:], part.upper()]
            where = said.casefold() if several else said
            if any(_has(where, way.casefold() if several else way) for way in ways):
                yield name
                break


def _has(text: str, part: str) -> bool:
    return part in text and re.search(rf"(?<!\w){re.escape(part)}(?!\w)", text) is not None


def _quoted(number: Numeral) -> str:
    return number.said[:_SHOWN] + (" %" if number.unit == "percent" else "")
