"""A name as f1db would make an id of it, and the ids it turns to where that one is taken."""

import itertools
import re
import unicodedata
from collections.abc import Iterator

# Letters that are no base letter with a mark, so that normalizing leaves them as they are.
_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ð": "d", "đ": "d", "ł": "l", "þ": "th", "ı": "i"}
)
_DATE = re.compile(r"(\d{4})-\d{2}-\d{2}")


def slug(name: str) -> str:
    """Zak O'Sullivan: zak-osullivan, Räikkönen: raikkonen. Empty where no Latin letter is left."""
    folded = unicodedata.normalize("NFKD", name.lower().translate(_LETTERS))
    # An apostrophe parts no words in f1db's ids: jerome-dambrosio.
    plain = re.sub(r"['’‘ʼ`]", "", folded).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def candidates(wanted: str, born: str | None) -> Iterator[str]:
    """`wanted`, then with the year of birth (or 2, where it is unknown), then numbered on."""
    yield wanted
    year = born and _DATE.fullmatch(born)
    if year:
        yield f"{wanted}-{year[1]}"
    for number in itertools.count(2):
        yield f"{wanted}-{number}"
