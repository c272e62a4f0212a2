"""Phrases and the conditions that they mean, from the vocabulary and the names of the archive."""

from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cache

from f1_pipeline.search.conditions import Condition, written
from f1_pipeline.search.names import Names
from f1_pipeline.search.vocabulary import phrases, vocabulary
from f1_pipeline.search.words import ARTICLES, STOP_WORDS, fold, phrase

_COMMON = STOP_WORDS | {"hard"}  # "hards" are tyres, "hard" may be anything
_NO_REASON = {"tyre", "spin"}  # said of much that is no reason to retire
_SPELT, _ALIKE = 5, 0.83  # letters of a name that may be misspelt, and how far: 1 of 6


@dataclass(frozen=True)
class Entry:
    """What a phrase means. `certain`: a filter; else it only raises what fits."""

    conditions: tuple[Condition, ...]
    certain: bool
    entity: bool = False
    capital: bool = False


@dataclass
class Lexicon:
    """Phrases as written and as stems, by their words."""

    phrases: dict[tuple[str, ...], Entry] = field(default_factory=dict)
    codes: dict[str, Entry] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    spellings: dict[str, Entry] = field(default_factory=dict)
    longest: int = 1

    def put(self, text: str, entry: Entry) -> None:
        """The first meaning of a phrase stays; of an exact one before that of its stems."""
        exact = tuple(word for word in fold(text).replace("-", " ").split() if word not in ARTICLES)
        for key in ((*exact, ""), phrase(text)):
            if key and key != ("",) and not (len(key) == 1 and key[0] in _COMMON):
                self.phrases.setdefault(key, entry)
        self.known.update(exact, phrase(text))
        self.longest = max(self.longest, len(exact))
        named = entry.conditions[0].fact in ("driver_id", "circuit_id") and entry.certain
        if named and len(exact) == 1 and len(exact[0]) >= _SPELT:
            self.spellings.setdefault(exact[0], entry)

    def near(self, word: str, stem: str) -> Entry | None:
        """What a misspelt name of a driver or a circuit probably is."""
        if len(word) < _SPELT or word in self.known or stem in self.known:
            return None
        alike = [name for name in self.spellings if name[0] == word[0]]
        best = get_close_matches(word, alike, n=1, cutoff=_ALIKE)
        return self.spellings[best[0]] if best else None

    def find(self, exact: tuple[str, ...], stems: tuple[str, ...]) -> Entry | None:
        """The meaning of these words together, if they have one."""
        return self.phrases.get((*exact, "")) or self.phrases.get(stems)


def lexicon(names: Names) -> Lexicon:
    """All that is understood. What comes first counts first."""
    made = Lexicon()
    data = vocabulary()
    _places(made)
    for row in data["teams"]:
        _all(made, row.get("called", ""), f"constructor_id={row['team']}", certain=True)
    for team, name in names.teams.items():
        if len(name) > 2:  # RB alone is a tyre, a team and a driver's initials
            _all(made, name, f"constructor_id={team}", certain=True)
    _drivers(made, names)
    for table, kind, fact in (
        ("circuits", "circuit", "circuit_id"),
        ("teams", "team", "constructor_id"),
        ("drivers", "driver", "driver_id"),
    ):
        for row in data[table]:
            _all(made, row.get("nicknames", ""), f"{fact}={row[kind]}", certain=False)
    for row in data["terms"]:
        _all(made, row["said"], row["means"], certain=True, entity=False)
    for row in data["reasons"]:
        _all(made, row["said"], f"reason={row['means']}", certain=True, entity=False)
    for reason in names.reasons:
        if reason in _NO_REASON:
            continue
        _all(made, reason, f"reason={reason}", certain=True, entity=False)
    for row in (*data["paraphrases"], *data["mishaps"]):
        _all(made, row["said"], row["means"], certain=False, entity=False)
    return made


def _all(made: Lexicon, said: str, meaning: str, certain: bool, entity: bool = True) -> None:
    conditions = written(meaning)
    for text in phrases(said):
        made.put(text, Entry(conditions, certain, entity, fold(text) in _capital()))


@cache
def _capital() -> frozenset[str]:
    return frozenset(phrases(vocabulary()["capital"]))


def _places(made: Lexicon) -> None:
    data = vocabulary()
    for row in data["grands_prix"]:
        _all(made, row["called"], f"grand_prix_id={row['grand_prix']}", certain=True)
    for row in data["countries"]:
        people, nouns = phrases(row["people"]), phrases(row["called"])
        people += [f"{word}s" for word in people if not word.endswith(("s", "sh", "ch", "ese"))]
        for word in (*people, *nouns) if "grand_prix" in row else ():
            titles = f"{word} grand prix; {word} gp; grand prix of {word}; {word} race"
            _all(made, titles, f"grand_prix_id={row['grand_prix']}", certain=True)
        whence = "; ".join(f"from {word}; born in {word}" for word in nouns)
        nationality = f"nationality={row['country']}"
        _all(made, f"{'; '.join(people)}; {whence}", nationality, certain=True)
    for row in data["circuits"]:
        _all(made, row["called"], f"circuit_id={row['circuit']}", certain=True)
    for row in data["countries"]:
        _all(made, row["called"], f"country={row['country']}", certain=True)


def _drivers(made: Lexicon, names: Names) -> None:
    last: dict[str, list[str]] = {}
    for driver, name in names.drivers.items():
        _all(made, name, f"driver_id={driver}", certain=True)
        words = [word for word in name.split() if word not in ("Jr.", "Jr", "Sr.")]
        last.setdefault(fold(" ".join(words[1:]) or name), []).append(driver)
        if len(words) > 2:
            last.setdefault(fold(words[-1]), []).append(driver)
    for name, drivers in last.items():
        _all(made, name, f"driver_id={'|'.join(drivers)}", certain=True)
    codes: dict[str, list[str]] = {}
    for driver, code in names.codes.items():
        codes.setdefault(fold(code), []).append(driver)
    for code, drivers in codes.items():
        meant = Condition("driver_id", values=tuple(drivers))
        made.codes[code] = replace(Entry((meant,), certain=True), entity=True)
