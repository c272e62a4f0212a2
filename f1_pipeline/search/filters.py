"""What a query says for certain, what it probably means, and the words that are left.

Whatever is not understood leaves no filter; no text is refused here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from f1_pipeline.search.amounts import firsts, late_starts, moves, rows, tallies
from f1_pipeline.search.conditions import Condition
from f1_pipeline.search.facts import FLAGS, TEXTS
from f1_pipeline.search.lexicon import Entry, Lexicon
from f1_pipeline.search.numbers import Found, changes, counts, positions, seasons
from f1_pipeline.search.words import STOP_WORDS, Word, bag, read

_NOT = bag("no not without never didnt wasnt non neither nor isnt cannot none hasnt")
_NOT |= {"except", "excluding", "besides"}
_OFF = bag("outside off beyond behind missed missing")
# Between a "not" and what it denies.
_BETWEEN = bag(
    "any single on in being having be get finish finishing make making reach reaching score see "
    "seeing take taking use using run running actually even have of for to at use start starting"
)
_BEGAN = bag("start starts started starting starter starters began begin begins beginning")
_BEGAN |= bag("off away open opened opening launched opener first initial initially")
_ENDED = bag("finish finished finishing end ended ending ends final last finally")
# Words that make "engine" a reason of a retirement and not a part of a car.
_OUT = bag(
    "retire retired retires retiring retirement retirements dnf dnfs fail failed failure failures "
    "broke broken trouble troubles problem problems issue issues stopped leak out finish forced "
    "ended because due caused"
)
# Beside a word for a people these make it a driver's, not that of the race or of a team.
_PERSON = bag(
    "driver drivers man men boy lad racer racers ace aces hero star champion champions winner "
    "winners rookie rookies veteran veterans pilot pilots youngster teenager talent prodigy fox "
    "old someone somebody anyone anybody rider gentleman guy guys fellow compatriot who in on at "
    "from with by and or to finishing starting retiring scoring winning"
)
_TEAM = bag(
    "team teams outfit squad crew car cars machine machines works engine engines power plant "
    "manufacturer marque constructor stable"
)
_GOES_ON = bag("on in inside last first second third ahead where higher top")
_CERTAIN_REASONS = bag("collision collided accident puncture")


_FIRST = 0.3
_BY_WORDS = (0.8, 1.0, 1.2)  # of one word, of two, of more: longer phrases mean one thing


@dataclass(frozen=True)
class Inferred:
    """What is probably meant: counted by the share of its conditions that hold.

    `either`: in full if one of them holds.
    """

    conditions: tuple[Condition, ...]
    weight: float = 1.0
    either: bool = False


@dataclass(frozen=True)
class Parsed:
    """`certain`: all have to hold. `inferred`: raise what fits. `words`: the rest."""

    certain: tuple[Condition, ...] = ()
    inferred: tuple[Inferred, ...] = ()
    words: tuple[str, ...] = ()


@dataclass
class _Reading:
    words: list[Word]
    used: list[bool]
    certain: list[tuple[int, Condition]]
    inferred: list[tuple[int, Inferred]]


def parse(query: str, lexicon: Lexicon) -> Parsed:
    """Names first, then numbers, then phrases: the longest at each word."""
    words = read(query)
    state = _Reading(words, [False] * len(words), [], [])
    _phrases(state, lexicon, entities=True)
    for reader in (seasons, rows, counts, changes, moves, late_starts, tallies, positions, firsts):
        line = " ".join("_" if u else w.text for w, u in zip(words, state.used, strict=True))
        _numbers(state, line, reader(line))
    _phrases(state, lexicon, entities=False)
    for place, word in enumerate(words):
        near = None if state.used[place] else lexicon.near(word.text, word.stem)
        if near is not None:
            state.used[place] = True
            state.inferred.append((place, Inferred(near.conditions, 1.5)))
    certain = _together(state.certain, words)
    said = {condition.fact for condition in certain}
    probable = []
    for _, guess in sorted(state.inferred, key=lambda pair: pair[0]):
        finer = guess.weight == _FIRST
        left = tuple(c for c in guess.conditions if finer or c.fact not in said)
        if left and (made := replace(guess, conditions=left)) not in probable:
            probable.append(made)
    probable = _agreed(probable)
    rest = (w.text for w, used in zip(words, state.used, strict=True) if not used)
    # A number alone is in many documents and means nothing.
    kept = (w for w in rest if w not in STOP_WORDS and not (w.isdigit() and len(w) < 4))
    return Parsed(certain, tuple(probable), tuple(kept))


def _agreed(guesses: list[Inferred]) -> list[Inferred]:
    """Without the weaker one of two that say yes and no of the same fact."""
    kept = []
    for guess in guesses:
        only = guess.conditions[0]
        if len(guess.conditions) == 1 and only.fact in FLAGS:
            others = [g for g in guesses if g.conditions == (only.opposite(),)]
            if any(other.weight > guess.weight for other in others):
                continue
        kept.append(guess)
    return kept


def _phrases(state: _Reading, lexicon: Lexicon, entities: bool) -> None:
    words, place = state.words, 0
    while place < len(words):
        length = 0
        for size in range(min(lexicon.longest, len(words) - place), 0, -1):
            if any(state.used[place : place + size]):
                continue
            part = words[place : place + size]
            entry = lexicon.find(tuple(w.text for w in part), tuple(w.stem for w in part))
            if entities and size == 1 and part[0].upper and part[0].text in lexicon.codes:
                entry = lexicon.codes[part[0].text]
            if entry is None:
                continue
            if entities and not entry.entity:
                break  # a longer phrase of another kind holds these words together
            if entry.entity and not entities:
                continue
            if entry.capital and not part[0].capital:
                continue
            if _goes_on(words, place + size, entry):
                continue
            length = size
            _take(state, place, size, entry)
            break
        if not length:
            # past the phrase of another kind, so that no name is read out of its midst
            length = _held(state, lexicon, place) if entities else 1
        place += length


def _goes_on(words: list[Word], place: int, entry: Entry) -> bool:
    """Did not finish on the podium: that is no retirement."""
    goes = words[place : place + 1] and words[place].text in _GOES_ON
    return bool(goes) and entry.conditions[0].fact == "retired" and entry.certain


def _held(state: _Reading, lexicon: Lexicon, place: int) -> int:
    for size in range(min(lexicon.longest, len(state.words) - place), 1, -1):
        part = state.words[place : place + size]
        entry = lexicon.find(tuple(w.text for w in part), tuple(w.stem for w in part))
        if entry is not None and not entry.entity:
            return size
    return 1


def _take(state: _Reading, place: int, size: int, entry: Entry) -> None:
    denied = _denied(state, place, entry)
    conditions = entry.conditions
    of_people = conditions[0].fact == "nationality" and entry.certain and not denied
    if of_people and _people(state, place, size, entry):
        return
    if conditions[0].fact == "compounds":
        conditions = (replace(conditions[0], fact=_role(state.words, place, size)),)
    if denied:
        if len(conditions) > 1:
            return
        only = conditions[0]
        none = only.fact.endswith(("flags", "cars")) or only.fact == "stops"
        conditions = (Condition(only.fact, least=0.0, most=0.0) if none else only.opposite(),)
    certain = entry.certain
    if certain and conditions[0].fact == "reason":
        texts = {word.text for word in state.words}
        certain = bool(
            texts & _OUT or {w.text for w in state.words[place:][:size]} & _CERTAIN_REASONS
        )
    for index in range(place, place + size):
        state.used[index] = True
    if certain:
        state.certain.extend((place, condition) for condition in conditions)
    else:
        weight = 1.5 if entry.entity else 0.5 if entry.certain else _BY_WORDS[min(size, 3) - 1]
        state.inferred.append((place, Inferred(conditions, weight)))
    last = conditions[-1]
    if last.fact == "reason" and len(last.values) > 1 and not last.negated:
        # Of an engine and its like the engine first.
        best = replace(last, values=last.values[:1])
        state.inferred.append((place, Inferred((best,), _FIRST)))
    if last.fact == "compounds" and not last.negated:
        # The set that is told of is most often the first one.
        state.inferred.append((place, Inferred((replace(last, fact="start"),), _FIRST)))


def _people(state: _Reading, place: int, size: int, entry: Entry) -> bool:
    """A word for a people where it may be of the race or of a team. False: it is a driver's."""
    after = state.words[place + size].text if place + size < len(state.words) else ""
    before = state.words[place - 1].text if place else ""
    named = state.words[place].text
    if named in ("from", "born"):
        if named == "born" or before in _PERSON:
            return False
    elif after in _PERSON or not after or named.endswith(("s", "man", "men")):
        return False
    nationality = entry.conditions[0]
    for index in range(place, place + size):
        state.used[index] = True
    if after not in _TEAM:
        country = replace(nationality, fact="country")
        state.inferred.append((place, Inferred((nationality, country), 1.5, either=True)))
        state.inferred.append((place, Inferred((nationality,), 0.5)))
    return True


def _denied(state: _Reading, place: int, entry: Entry) -> bool:
    back = place - 1
    while back >= max(place - 3, 0) and state.words[back].text in _BETWEEN:
        back -= 1
    if back < 0:
        return False
    word = state.words[back].text
    if (
        word in ("than", "but")
        and back
        and state.words[back - 1].text in ("other", "anyone", "rather")
    ):
        return True
    if word in ("or", "nor"):
        return (
            any(w.text in _NOT for w in state.words[max(back - 5, 0) : back]) and word == "nor"
        ) or (any(w.text in ("no", "without") for w in state.words[max(back - 4, 0) : back]))
    if word in _OFF:
        return entry.conditions[0].fact in ("front_row", "podium", "scored", "pole")
    return word in _NOT and not state.used[back]


def _role(words: list[Word], place: int, size: int) -> str:
    """The set that is meant: the first, the last, or any."""
    for word in words[place + size : place + size + 3]:
        if word.text in ("start", "starter", "starters", "starts"):
            return "start"
        if word.text not in ("tyre", "tyres", "tire", "tires", "rubber", "compound", "boots"):
            break
    for word in reversed(words[max(place - 5, 0) : place]):
        if word.text in _BEGAN:
            return "start"
        if word.text in _ENDED:
            return "end"
        if word.text in ("to", "onto", "then", "used", "ran", "switched", "changed"):
            break
    return "compounds"


def _numbers(state: _Reading, line: str, found: Iterable[Found]) -> None:
    for start, end, condition, certain in found:
        first = line[:start].count(" ") + (line[start:end][:1] == " ")
        last = line[: len(line[:end].rstrip())].count(" ")
        if any(state.used[first : last + 1]):
            continue
        for index in range(first, last + 1):
            state.used[index] = True
        if certain:
            state.certain.append((first, condition))
        else:
            state.inferred.append((first, Inferred((condition,))))


def _together(found: list[tuple[int, Condition]], words: list[Word]) -> tuple[Condition, ...]:
    """Of a text any of its values, as a race has one; of compounds all, unless joined by "or"."""
    made: list[Condition] = []
    for place, condition in sorted(found, key=lambda pair: pair[0]):
        if condition in made:
            continue
        same = [c for c in made if c.fact == condition.fact and not c.negated]
        joined = condition.fact != "compounds" or any(
            w.text == "or" for w in words[max(place - 3, 0) : place]
        )
        if condition.fact in TEXTS and same and not condition.negated and joined:
            values = dict.fromkeys((*same[-1].values, *condition.values))
            made[made.index(same[-1])] = replace(same[-1], values=tuple(values))
        else:
            made.append(condition)
    return tuple(made)
