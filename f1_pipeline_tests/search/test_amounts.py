"""Amounts told loosely: what is read as one, and what only looks like it."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from f1_pipeline.search.amounts import firsts, late_starts, moves, rows, tallies
from f1_pipeline.search.conditions import Condition, told, written
from f1_pipeline.search.facts import FLAGS, NUMBERS, TEXTS
from f1_pipeline.search.filters import Parsed, parse
from f1_pipeline.search.lexicon import Lexicon, lexicon
from f1_pipeline.search.names import Names
from f1_pipeline.search.numbers import Found
from f1_pipeline.search.words import bag

Reader = Callable[[str], Iterator[Found]]
NAMES = Names(
    drivers={"lewis-hamilton": "Lewis Hamilton", "jenson-button": "Jenson Button"},
    codes={"lewis-hamilton": "HAM"},
    teams={"red-bull": "Red Bull"},
    circuits={"monaco": "Monaco"},
    reasons=("gearbox",),
)
WORDS: Lexicon = lexicon(NAMES)


def _read(reader: Reader, line: str) -> list[tuple[Condition, str, bool]]:
    """Conditions, the words that said them, and whether they are certain."""
    return [(made, line[start:end], sure) for start, end, made, sure in reader(line)]


def _grid(low: int | None, high: int | None) -> Condition:
    least = None if low is None else float(low)
    return Condition("grid", least=least, most=None if high is None else float(high))


def _inferred(parsed: Parsed) -> set[Condition]:
    return {condition for guess in parsed.inferred for condition in guess.conditions}


@pytest.mark.parametrize(
    ("line", "low", "high"),
    [
        ("row two", 3, 4),
        ("second row", 3, 4),
        ("row 12", 23, 24),
        ("row ten start", 19, 20),
        ("front two rows", None, 4),
        ("first three rows", None, 6),
        ("row 3 or better", None, 6),
        ("fourth row or further up", None, 8),
        ("row four or worse", 7, None),
        ("fifth row or further back", 9, None),
        ("behind row five", 11, None),
        ("outside first two rows", 5, None),
        ("further back than third row", 7, None),
    ],
)
def test_a_row_is_two_places_of_the_grid(line: str, low: int | None, high: int | None) -> None:
    assert _read(rows, line) == [(_grid(low, high), line, True)]


@pytest.mark.parametrize(
    "line", ["front row", "last row", "row", "rows 3", "borrow two", "two rows", "three in row", ""]
)
def test_what_is_no_row_by_number_is_left_to_others(line: str) -> None:
    assert _read(rows, line) == []


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ("one neutralisation", "safety_cars=1"),
        ("two bunched up phases", "safety_cars=2"),
        ("many interventions", "safety_cars>=4"),
        ("two slow motion spells", "virtual_safety_cars=2"),
        ("single virtual phase", "virtual_safety_cars=1"),
        ("exactly two interruptions", "red_flags=2"),
        ("several restarts", "red_flags>=3"),
        ("only one change", "stops=1"),
        ("lone detour", "stops=1"),
        ("at least two changes", "stops>=2"),
        ("no fewer than two tyre changes", "stops>=2"),
        ("more than one visit", "stops>=2"),
        ("fewer than three visits", "stops<=2"),
        ("two or more visits", "stops>=2"),
        ("two changes or more", "stops>=2"),
        ("three fresh sets", "stops=3"),
    ],
)
def test_what_is_counted_by_its_name(line: str, meaning: str) -> None:
    assert _read(tallies, line) == [(written(meaning)[0], line, False)]


@pytest.mark.parametrize(
    ("line", "meaning", "words"),
    [
        ("boxed once", "stops=1", "once"),
        ("visited mechanics thrice", "stops=3", "thrice"),
        ("more than once he boxed", "stops>=2", "more than once"),
        ("came in twice or more", "stops>=2", "twice or more"),
        ("repeatedly came in", "stops>=3", "repeatedly"),
        ("suspended three times", "red_flags=3", "three times"),
        ("course car was out twice", "safety_cars=2", "twice"),
        ("slowed again and again", "safety_cars>=3", "again and again"),
        ("electronic limits at least twice", "virtual_safety_cars>=2", "at least twice"),
        # The nearest word says what it was.
        ("lights above him while tyres changed twice", "stops=2", "twice"),
    ],
)
def test_how_often_by_the_words_around(line: str, meaning: str, words: str) -> None:
    assert _read(tallies, line) == [(written(meaning)[0], words, False)]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "twice",
        "twice world champion",
        "ten times",
        "changes",
        "change of heart",
        "many drivers",
    ],
)
def test_a_number_of_nothing_that_is_counted_is_none(line: str) -> None:
    assert _read(tallies, line) == []


def test_a_pause_is_a_stop_or_a_flag_and_both_are_told() -> None:
    found = {made.fact for made, _, _ in _read(tallies, "one forced pause")}
    assert found == {"red_flags", "stops"}


@pytest.mark.parametrize(
    ("line", "meaning", "words"),
    [
        ("up by ten", "gained>=10", "up by ten"),
        ("forward by 4", "gained>=4", "forward by 4"),
        ("down by three", "gained<=-3", "down by three"),
        ("back by two", "gained<=-2", "back by two"),
        ("ten places better", "gained>=10", "ten places"),
        ("climbed three rungs", "gained>=3", "three rungs"),
        ("made up at least five spots", "gained>=5", "at least five spots"),
        ("more than ten rivals passed", "gained>=11", "more than ten rivals"),
        ("gained exactly two slots", "gained=2", "exactly two slots"),
        ("overtook six rivals", "gained>=6", "six rivals"),
        ("slipped down two slots", "gained<=-2", "two slots"),
        ("passed by four cars", "gained<=-4", "four cars"),
        ("swallowed by six cars", "gained<=-6", "six cars"),
        ("eight cars overtaken", "gained<=-8", "eight cars"),
        ("shed exactly two places", "gained=-2", "exactly two places"),
        ("sank more than five berths", "gained<=-6", "more than five berths"),
    ],
)
def test_places_won_and_lost_by_a_word_near(line: str, meaning: str, words: str) -> None:
    assert _read(moves, line) == [(written(meaning)[0], words, True)]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "ten places",
        "three others",
        "won by ten",
        "up",
        "ten points up",
        "cars passed",
        "by two",
    ],
)
def test_places_without_a_direction_are_no_move(line: str) -> None:
    assert _read(moves, line) == []


def test_a_word_too_far_away_gives_no_direction() -> None:
    assert _read(moves, "climbed " + "on " * 6 + "three rungs") != []
    assert _read(moves, "climbed " + "on " * 7 + "three rungs") == []


@pytest.mark.parametrize(
    ("line", "fact"),
    [
        ("first away", "pole"),
        ("best on saturday", "pole"),
        ("leader at launch", "pole"),
        ("foremost at close", "won"),
        ("ahead at end", "won"),
        ("in front when it counted", "won"),
        ("first home", "won"),
    ],
)
def test_who_was_in_front_and_when(line: str, fact: str) -> None:
    ((made, _, sure),) = _read(firsts, line)
    assert (made, sure) == (written(fact)[0], False)


@pytest.mark.parametrize(
    "line",
    [
        *("", "first", "first lap", "first corner", "home first", "ahead from saturday"),
        # What stands between sets the one against the other.
        *("first but last at end", "ahead and then out at end", "front or home"),
        "first time that he was home",
    ],
)
def test_in_front_of_nothing_in_time_is_neither(line: str) -> None:
    assert _read(firsts, line) == []


@pytest.mark.parametrize(
    "line",
    [
        "let go after everyone",
        "released once others",
        "waited until field",
        "held until all",
        "set off behind pack",
        "joined when safe and only after last of field",
        "followed late as everyone",
    ],
)
def test_who_set_off_after_the_others_did_from_the_pit_lane(line: str) -> None:
    ((made, words, sure),) = _read(late_starts, line)
    assert (made, words, sure) == (written("pit_lane")[0], line, False)


@pytest.mark.parametrize(
    "line",
    [
        *(
            "",
            "left late for airport",
            "finished after others",
            "waved off last",
            "start after start",
        ),
        *("ahead of all others", "sent home after lunch"),
        # Too far apart to speak of each other.
        "waited for so long in that cold garage until all",
    ],
)
def test_late_alone_is_no_start_from_the_pit_lane(line: str) -> None:
    assert _read(late_starts, line) == []


@pytest.mark.parametrize(
    ("query", "certain", "inferred"),
    [
        ("from the second row", ["grid>=3 & grid<=4"], []),
        ("outside the first two rows", ["grid>=5"], []),
        ("up by ten", ["gained>=10"], []),
        ("mugged by as many as four rivals", ["gained<=-4"], []),
        ("called in a single visit", [], ["stops=1"]),
        ("the convoy led the pack twice", [], ["safety_cars=2"]),
        ("let go after everyone else", [], ["pit_lane"]),
        ("foremost at the close", [], ["won"]),
    ],
)
def test_a_query_holds_them(query: str, certain: list[str], inferred: list[str]) -> None:
    parsed = parse(query, WORDS)
    for meaning in certain:
        conditions = written(meaning)
        low = next((c.least for c in conditions if c.least is not None), None)
        high = next((c.most for c in conditions if c.most is not None), None)
        assert Condition(conditions[0].fact, least=low, most=high) in parsed.certain
    for meaning in inferred:
        assert set(written(meaning)) <= _inferred(parsed)
        assert written(meaning)[0].fact not in {c.fact for c in parsed.certain}


def test_what_is_certain_is_read_before_what_is_loose() -> None:
    """Two stops are two stops, whatever else is told of two."""
    parsed = parse("two stops, changed twice", WORDS)
    assert parsed.certain == written("stops=2")
    assert "stops" not in {condition.fact for condition in _inferred(parsed)}


_SAID = bag(
    "row rows first front second two 3 dozen 0 999 behind outside or better worse further back "
    "at least more than fewer single several twice thrice once times again and neutralisation "
    "changes visit pause restarts delta phase boxed suspended convoy gained lost up down by "
    "places cars rivals passed exactly leader ahead at the end saturday away home released after "
    "everyone until all field not no without Hamilton HAM Button Monaco wet softs from to P0 00th "
    "between 2019 1999s + - / ; ' \" % ( ) [ * \\ \0 \u0301 é ß İ 🏎 льюис"
)
_PIECES = st.sampled_from(sorted(_SAID))


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=200), st.lists(_PIECES, max_size=25).map(" ".join)))
def test_any_text_gives_conditions_on_known_facts(text: str) -> None:
    parsed = parse(text, WORDS)
    called = NAMES.all()
    for condition in {*parsed.certain, *_inferred(parsed)}:
        if condition.values:
            assert condition.fact in TEXTS
            assert all(condition.values)
        else:
            assert condition.fact in (*NUMBERS, *FLAGS)
            ends = (condition.least, condition.most)
            assert condition.among or any(end is not None for end in ends)
        assert told(condition, called)
    assert all(guess.conditions and guess.weight > 0 for guess in parsed.inferred)
    assert all(word and word == word.lower() for word in parsed.words)
