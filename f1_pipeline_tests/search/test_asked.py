"""Filters given by name: what each kind may be, and why it is refused otherwise."""

from typing import Any

import pytest

from f1_pipeline.errors import UsageError
from f1_pipeline.search.asked import COUNTS, IDS, YES_OR_NO, conditions
from f1_pipeline.search.conditions import Condition
from f1_pipeline.search.facts import FLAGS, NUMBERS, TEXTS
from f1_pipeline.search.index import search
from f1_pipeline_tests.search.made_up import index_of, tables


def _refused(**filters: Any) -> str:
    with pytest.raises(UsageError) as error:
        conditions(filters)
    return str(error.value)


def test_nothing_is_no_condition() -> None:
    assert conditions({}) == ()
    assert conditions({"season": {}}) == ()


@pytest.mark.parametrize(
    ("name", "value", "made"),
    [
        ("circuit", "Monaco", Condition("circuit_id", values=("monaco",))),
        ("driver", ["ada", "bea"], Condition("driver_id", values=("ada", "bea"))),
        ("team", ("red-bull",), Condition("constructor_id", values=("red-bull",))),
        ("nationality", "Monaco", Condition("nationality", values=("monaco",))),
        ("start", "soft", Condition("start", values=("SOFT",))),
        ("compounds", ["Hard", "wet"], Condition("compounds", values=("HARD", "WET"))),
        ("reason", "GEARBOX", Condition("reason", values=("gearbox",))),
        ("season", 2021, Condition("season", least=2021.0, most=2021.0)),
        ("points", 12.5, Condition("points", least=12.5, most=12.5)),
        ("stops", 0, Condition("stops", least=0.0, most=0.0)),
        ("grid", {"min": 11}, Condition("grid", least=11.0)),
        ("gained", {"max": -3}, Condition("gained", most=-3.0)),
        ("finish", {"min": 2, "max": 5}, Condition("finish", least=2.0, most=5.0)),
        ("wet", True, Condition("wet", least=1.0, most=1.0)),
        ("won", False, Condition("won", least=0.0, most=0.0)),
    ],
)
def test_each_kind_of_filter(name: str, value: Any, made: Condition) -> None:
    assert conditions({name: value}) == (made,)


def test_one_condition_of_each_in_their_order() -> None:
    made = conditions({"wet": True, "grid": {"min": 11}, "circuit": "monaco"})
    assert [condition.fact for condition in made] == ["wet", "grid", "circuit_id"]


def test_all_that_may_be_asked_for_is_known_of_documents() -> None:
    assert set(IDS.values()) <= set(TEXTS)
    assert set(COUNTS) <= set(NUMBERS)
    assert set(YES_OR_NO) <= set(FLAGS)


@pytest.mark.parametrize("value", [3, None, True, [], (), {}, ["monaco", 3], [["monaco"]]], ids=str)
@pytest.mark.parametrize("name", ["circuit", "start"])
def test_an_id_is_a_text_or_texts(name: str, value: Any) -> None:
    assert _refused(**{name: value}) == f"the filter {name} is an id, or a list of them."


@pytest.mark.parametrize("value", [1, 0, "true", "yes", None, [True], {}], ids=str)
@pytest.mark.parametrize("name", ["wet", "home"])
def test_yes_or_no_is_neither_a_number_nor_a_word(name: str, value: Any) -> None:
    assert _refused(**{name: value}) == f"the filter {name} is true or false."


@pytest.mark.parametrize(
    "value",
    [
        *("2021", True, None, [2021], {"min": "1"}, {"min": None}, {"max": True}),
        *({"least": 1}, {"min": 1, "more": 2}),
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ["season", "gained"])
def test_a_count_is_a_number_or_its_ends(name: str, value: Any) -> None:
    assert _refused(**{name: value}) == f'the filter {name} is a number, or {{"min": 1, "max": 3}}.'


@pytest.mark.parametrize("name", ["winner", "driver_id", "text", "", "Wet", "circuit_id"])
def test_a_filter_that_is_not_known_is_named_beside_those_that_are(name: str) -> None:
    said = _refused(**{name: 1})
    assert said.startswith(f"there is no filter {name}: choose among ")
    known = said.partition("choose among ")[2].rstrip(".").split(", ")
    assert known == sorted((*IDS, *COUNTS, *YES_OR_NO))


def test_the_first_that_is_wrong_is_named() -> None:
    assert "filter wet" in _refused(circuit="monaco", wet="no", grid="x")


def test_filters_hold_whatever_the_words_say() -> None:
    index = index_of(tables())

    def found(query: str, **filters: Any) -> list[str]:
        hits = search(index, query, filters=conditions(filters))
        return [hit.document_id for hit in hits]

    assert found("", wet=True, finish=1) == ["2021-belgium/lewis-hamilton"]
    assert found("Monaco", circuit="spa-francorchamps", won=True) == ["2021-belgium/lewis-hamilton"]
    assert found("in the wet", season=2015) == []
    assert found("", driver=["max-verstappen", "nobody"], season={"max": 2015}) == [
        "2015-monaco/max-verstappen"
    ]
    assert found("", compounds="intermediate") == ["2021-belgium/lewis-hamilton"]
    assert found("", reason="gearbox", retired=True) == ["2021-monaco/lando-norris"]
    # What is not known fits neither.
    seasons = {name[:4] for wet in (True, False) for name in found("", wet=wet)}
    assert seasons == {"2021"}
