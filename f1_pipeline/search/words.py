"""Text as words: folding, stems, and what is left out. What words mean is in the vocabulary."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache


def bag(text: str) -> frozenset[str]:
    """The words of a line, as a set of constants."""
    return frozenset(text.split())


LONGEST = 1_000  # characters of a query that are read; no question is longer
ARTICLES = bag("a an the his her their its our my this that these those very")
STOP_WORDS = ARTICLES | bag(
    "of in at on to and or for by with from was were is are be been being did do does done has had "
    "have which who whom what when where how there it he she they them as but so than then into "
    "me show find list all any every some one race races driver drivers"
)
_NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
)
_ORDINALS = (
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
    "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
NUMBERS = {word: number for number, word in enumerate(_NUMBERS.split())}
ORDINALS = {word: number for number, word in enumerate(_ORDINALS.split())}
_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "ß": "ss", "ł": "l", "đ": "d", "ı": "i"})
_RANGE = re.compile(r"\b((?:19|20)\d\d)\s*[-–—/]\s*(\d{2,4})\b")
_FEW = (
    (re.compile(r"\bhalf(?:[ -]a)?[ -]dozen\b", re.IGNORECASE), "six"),
    (re.compile(r"\b(?:a )?(?:couple|pair|brace) of\b", re.IGNORECASE), "two"),
)
_PLUS = re.compile(r"(\d)\s*\+")
_WORD = re.compile(r"[a-z0-9]+")
_KEPT = frozenset([*NUMBERS, *ORDINALS, "press", "miss", "less", "this", "texas", "paris"])
_VOWEL = re.compile(r"[aeiouy]")


@dataclass(frozen=True)
class Word:
    """A word of a query as folded, its stem, and how it was written."""

    text: str
    stem: str
    capital: bool
    upper: bool


def fold(text: str) -> str:
    """Without accents and capitals: Räikkönen's is raikkonen."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.sub(r"['’`´]s\b", "", plain).replace("'", "").replace("’", "")


def content(text: str) -> list[str]:
    """The words of a document, as stems, without stop words."""
    return [stem(word) for word in _WORD.findall(fold(text)) if word not in STOP_WORDS]


def phrase(text: str) -> tuple[str, ...]:
    """A phrase of the vocabulary as it is looked for: stems without articles."""
    return tuple(stem(word) for word in _WORD.findall(fold(text)) if word not in ARTICLES)


def read(query: str) -> list[Word]:
    """The words of a query in order, without articles."""
    text = _PLUS.sub(r"\1 or more", _RANGE.sub(r"\1 to \2", query[:LONGEST]))
    for told, number in _FEW:
        text = told.sub(number, text)
    return [word for piece in text.split() for word in _words(piece)]


def _words(piece: str) -> Iterator[Word]:
    for part in re.split(r"[-–—/.,;:()\[\]!?\"]+", piece):
        bare = "".join(letter for letter in part if letter.isalnum())
        for word in _WORD.findall(fold(part)):
            if word not in ARTICLES:
                capital = bare[:1].isupper()
                yield Word(word, stem(word), capital, len(bare) == 3 and bare.isupper())


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Plural, -ed, -ing and a last e taken off; numbers are words of their own."""
    if len(word) < 4 or word in _KEPT or word[0].isdigit():
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        root = word[: -len(ending)]
        if word.endswith(ending) and len(root) > 2 and _VOWEL.search(root):
            word = root
            break
    if word.endswith("e") and len(word) > 4:
        word = word[:-1]
    # Stopped and stop, pirouetted and pirouette.
    return word[:-1] if word[-1] == word[-2] and word[-1] not in "sl" else word
