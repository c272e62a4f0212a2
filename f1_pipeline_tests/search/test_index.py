"""The search over races made up: by fact, by other words, the same twice, kept and read again."""

from pathlib import Path

import numpy as np
import pytest

from f1_pipeline.errors import StorageError
from f1_pipeline.search.conditions import Condition
from f1_pipeline.search.index import Index, search
from f1_pipeline.search.saved import load, save
from f1_pipeline_tests.search.made_up import index_of, tables


@pytest.fixture(scope="module")
def index() -> Index:
    return index_of(tables())


def _found(index: Index, query: str, limit: int = 10) -> list[str]:
    return [hit.document_id for hit in search(index, query, limit)]


def test_a_filter_lets_nothing_else_through(index: Index) -> None:
    assert _found(index, "won in the wet") == ["2021-belgium/lewis-hamilton"]
    assert _found(index, "Hamilton without a stop") == ["2021-monaco/lewis-hamilton"]
    assert _found(index, "retired with a gearbox failure") == ["2021-monaco/lando-norris"]


def test_what_is_not_known_is_no_answer(index: Index) -> None:
    assert all(name.startswith("2021-monaco") for name in _found(index, "dry race"))


def test_nothing_fits_and_nothing_is_said(index: Index) -> None:
    assert _found(index, "Hamilton in 2012") == []
    assert _found(index, "") == []
    assert _found(index, "zzz qqq") == []


def test_what_is_likely_meant_and_fits_none_is_no_answer(index: Index) -> None:
    """Whoever is meant raced elsewhere, or documents of races do not tell of him."""
    assert _found(index, "the Iceman zzz") == []
    assert search(index, "the Iceman zzz", of="race") == []


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("triumph in a downpour", "2021-belgium/lewis-hamilton"),
        ("scarlet car triumphant in the principality", "2021-monaco/charles-leclerc"),
        ("stuck in gear and parked", "2021-monaco/lando-norris"),
        ("tangled with a rival in the Ardennes", "2021-belgium/charles-leclerc"),
        ("Verstapen in the principality in 2021", "2021-monaco/max-verstappen"),
    ],
)
def test_other_words_find_it_too(index: Index, query: str, first: str) -> None:
    assert _found(index, query)[0] == first


def test_a_hit_says_by_what_it_was_found(index: Index) -> None:
    hit = search(index, "Hamilton won in the rain")[0]
    assert (hit.event_id, hit.driver_id) == ("2021-belgium", "lewis-hamilton")
    assert hit.matched == ("Lewis Hamilton", "won", "wet race")


def test_races_are_found_as_well(index: Index) -> None:
    hits = search(index, "wet race with two safety cars", of="race")
    assert [(hit.document_id, hit.driver_id) for hit in hits] == [("2021-belgium", None)]


def test_no_more_than_the_limit(index: Index) -> None:
    assert len(search(index, "Monaco", limit=3)) == 3
    assert search(index, "Monaco", limit=0) == []


def test_the_same_bits_twice(index: Index) -> None:
    again = index_of(tables())
    assert again.version == index.version
    assert np.array_equal(again.driver.ranking.vectors, index.driver.ranking.vectors)
    query = "champagne in the principality"
    assert search(again, query) == search(index, query)


def test_a_change_of_a_fact_changes_the_version(index: Index) -> None:
    other = tables()
    other["race_figures"].loc[0, "red_flags"] = 2
    assert index_of(other).version != index.version


def test_kept_and_read_again(index: Index, tmp_path: Path) -> None:
    save(index, tmp_path)
    read = load(tmp_path)
    assert read.version == index.version
    for query in ("won in the wet", "champagne in the principality", "Monaco"):
        for of in ("driver", "race"):
            assert search(read, query, of=of) == search(index, query, of=of)


def test_what_cannot_be_read_is_refused(index: Index, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="build it again"):
        load(tmp_path)
    save(index, tmp_path)
    names = tmp_path / "search.json"
    names.write_text(names.read_text().replace(index.version, "0" * 16))
    with pytest.raises(StorageError, match="another version"):
        load(tmp_path)
    (tmp_path / "search.npz").write_bytes(b"PK")
    with pytest.raises(StorageError, match="build it again"):
        load(tmp_path)


def test_no_race_fits_a_filter_on_a_fact_of_drivers(index: Index) -> None:
    won, wet = Condition("won", least=1.0, most=1.0), Condition("wet", least=1.0, most=1.0)
    assert search(index, "rain", filters=[won])
    assert search(index, "rain", of="race", filters=[wet])
    assert search(index, "rain", of="race", filters=[won]) == []
