"""What queries say for certain, what they probably mean, and that no text is too odd."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from f1_pipeline.search.conditions import Condition, written
from f1_pipeline.search.filters import Parsed, parse
from f1_pipeline.search.lexicon import Lexicon, lexicon
from f1_pipeline.search.names import Names

NAMES = Names(
    drivers={
        "lewis-hamilton": "Lewis Hamilton",
        "max-verstappen": "Max Verstappen",
        "jean-eric-vergne": "Jean-Éric Vergne",
        "jenson-button": "Jenson Button",
        "kimi-raikkonen": "Kimi Räikkönen",
        "michael-schumacher": "Michael Schumacher",
        "mick-schumacher": "Mick Schumacher",
        "giedo-van-der-garde": "Giedo van der Garde",
        "carlos-sainz-jr": "Carlos Sainz Jr.",
    },
    codes={"lewis-hamilton": "HAM", "max-verstappen": "VER", "jean-eric-vergne": "VER"},
    teams={"red-bull": "Red Bull", "ferrari": "Ferrari", "rb": "RB"},
    circuits={"spielberg": "Red Bull Ring", "monaco": "Monaco"},
    reasons=("gearbox", "collision", "spark plugs"),
)


@pytest.fixture(scope="module")
def words() -> Lexicon:
    return lexicon(NAMES)


def _certain(text: str, words: Lexicon) -> set[Condition]:
    return set(parse(text, words).certain)


def _said(*meanings: str) -> set[Condition]:
    return {condition for meaning in meanings for condition in written(meaning)}


@pytest.mark.parametrize(
    ("text", "meanings"),
    [
        ("Hamilton in the wet", ["driver_id=lewis-hamilton", "wet"]),
        ("HAM at Silverstone", ["driver_id=lewis-hamilton", "circuit_id=silverstone"]),
        ("ham and cheese", []),
        ("Raikkonen's podiums", ["driver_id=kimi-raikkonen", "podium"]),
        ("van der garde retired", ["driver_id=giedo-van-der-garde", "retired"]),
        ("Sainz won", ["driver_id=carlos-sainz-jr", "won"]),
        ("push the button", []),
        ("Button on pole", ["driver_id=jenson-button", "pole"]),
        ("Red Bull at the Red Bull Ring", ["constructor_id=red-bull", "circuit_id=spielberg"]),
        ("British Grand Prix", ["grand_prix_id=great-britain"]),
        ("British drivers", ["nationality=united-kingdom"]),
        ("drivers from Italy", ["nationality=italy"]),
        ("in Italy", ["country=italy"]),
        ("since 2022", ["season>=2022"]),
        ("before 2015", ["season<=2014"]),
        ("dry races, two stops", ["!wet", "stops=2"]),
        ("a one-stopper", ["stops=1"]),
        ("3-stop", ["stops=3"]),
        ("at least three stops", ["stops>=3"]),
        ("stopped more than twice", ["stops>=3"]),
        ("two stops or more", ["stops>=2"]),
        ("without stopping", ["stops=0"]),
        ("started on the hard tyre", ["start=HARD"]),
        ("finished on softs", ["end=SOFT"]),
        ("a hard race", []),
        ("ran the medium", ["compounds=MEDIUM"]),
        ("no safety car", ["safety_cars=0"]),
        ("a virtual safety car", ["virtual_safety_cars>=1"]),
        ("two safety cars and a red flag", ["safety_cars=2", "red_flags>=1"]),
        ("no safety car or red flag", ["safety_cars=0", "red_flags=0"]),
        ("won from outside the top ten", ["won", "grid>=11"]),
        ("from 14th to 5th", ["grid=14", "finish=5"]),
        ("started P15, finished P2", ["grid=15", "finish=2"]),
        ("from 10th or lower", ["grid>=10"]),
        ("finished in the top five", ["finish<=5"]),
        ("top ten start", ["grid<=10"]),
        ("third on the grid", ["grid=3"]),
        ("gained ten places", ["gained>=10"]),
        ("gained more than ten positions", ["gained>=11"]),
        ("lost five places", ["gained<=-5"]),
        ("ten places lost", ["gained<=-10"]),
        ("pole but did not win", ["pole", "!won"]),
        ("did not finish on the podium", ["!podium"]),
        ("did not finish", ["retired"]),
        ("outside the front row", ["!front_row"]),
        ("started last", ["last_on_grid"]),
        ("finished last", ["last_at_finish"]),
        ("from the pit lane into the points", ["pit_lane", "scored"]),
        ("retired with spark plugs", ["retired", "reason=spark plugs"]),
        ("no points", ["points=0"]),
    ],
)
def test_what_is_said_for_certain(text: str, meanings: list[str], words: Lexicon) -> None:
    assert _certain(text, words) == _said(*meanings)


def test_seasons_in_lists_and_ranges(words: Lexicon) -> None:
    among = Condition("season", among=(2024.0, 2025.0))
    between = Condition("season", least=2019, most=2021)
    assert _certain("in 2024 or 2025", words) == {among}
    for text in ("2019-2021", "2019–21", "from 2019 to 2021", "between 2021 and 2019"):
        assert _certain(text, words) == {between}, text
    assert _certain("the 2010s", words) == {Condition("season", least=2010, most=2019)}


def test_one_name_of_several_means_any_of_them(words: Lexicon) -> None:
    both = Condition("driver_id", values=("michael-schumacher", "mick-schumacher"))
    assert _certain("Schumacher", words) == {both}
    codes = Condition("driver_id", values=("max-verstappen", "jean-eric-vergne"))
    assert _certain("VER", words) == {codes}
    either = Condition("driver_id", values=("lewis-hamilton", "jenson-button"))
    assert _certain("Hamilton or Button", words) == {either}


def test_compounds_are_all_meant_unless_one_or_the_other(words: Lexicon) -> None:
    assert _certain("softs and mediums", words) == _said("compounds=SOFT & compounds=MEDIUM")
    assert _certain("softs or mediums", words) == _said("compounds=SOFT|MEDIUM")


def test_what_is_denied(words: Lexicon) -> None:
    assert _certain("not Hamilton", words) == {
        Condition("driver_id", values=("lewis-hamilton",), negated=True)
    }


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("in a downpour", "wet"),
        ("she triumphed", "won"),
        ("the temple of speed", "circuit_id=monza"),
        ("the Iceman", "driver_id=kimi-raikkonen"),
        ("began on the most durable rubber", "start=HARD"),
        ("on the rostrum", "podium"),
        ("stormed through the field", "gained>=8"),
        ("Verstapen", "driver_id=max-verstappen"),
    ],
)
def test_a_paraphrase_is_inferred_and_filters_nothing(
    text: str, meaning: str, words: Lexicon
) -> None:
    parsed = parse(text, words)
    assert parsed.certain == ()
    assert any(guess.conditions == written(meaning) for guess in parsed.inferred)


def test_what_is_said_is_not_inferred_as_well(words: Lexicon) -> None:
    assert parse("a dry race in the sunshine", words).inferred == ()


def test_the_rest_of_the_words_is_kept(words: Lexicon) -> None:
    assert parse("Hamilton with a chequered helmet", words).words == ("chequered", "helmet")


@pytest.mark.parametrize(
    "text",
    ["", "   ", "?!", "ハミルトン", "льюис", "'; DROP TABLE races; --", "<script>x</script>", "🏎️"],
)
def test_odd_texts_leave_no_filter(text: str, words: Lexicon) -> None:
    assert parse(text, words).certain == ()
    assert parse(text, words).inferred == ()


_PIECES = st.sampled_from(
    [
        "no",
        "not",
        "from",
        "to",
        "between",
        "2019",
        "and",
        "or",
        "10th",
        "first",
        "top",
        "ten",
        "P99",
        "stops",
        "twice",
        "at",
        "least",
        "Hamilton",
        "soft",
        "started",
        "finished",
        "gained",
        "places",
        "outside",
        "points",
        "safety",
        "car",
        "red",
        "flag",
        "-",
        ",",
        "wet",
        "dozen",
        "p0",
        "99",
        "00th",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=300), st.lists(_PIECES, max_size=30).map(" ".join)))
def test_no_text_is_too_odd(text: str) -> None:
    assert isinstance(parse(text, _WORDS), Parsed)


_WORDS = lexicon(NAMES)


def test_a_long_text_is_read_in_part(words: Lexicon) -> None:
    assert parse("wet " * 2500, words).certain == written("wet")
