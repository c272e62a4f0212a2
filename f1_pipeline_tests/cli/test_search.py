"""The archive asked from the command line: answers, their shape, odd words, and a line for each."""

import json
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from f1_pipeline import clock
from f1_pipeline.cli import search_report
from f1_pipeline.cli.search import LONGEST
from f1_pipeline.search import index, names, saved
from f1_pipeline.storage.folders import Folders
from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline_tests.cli.conftest import Done, Home

pytestmark = pytest.mark.journey

WON = "won from pole"
ASKED = {"query": WON, "limit": 3, "of": "driver"}


def tables(home: Home) -> Warehouse:
    return Warehouse(f"sqlite:///{home.folder}/warehouse.db")


def folders(home: Home) -> Folders:
    return Folders(str(home.folder / "search"))


@pytest.fixture
def documents(small: Home) -> pd.DataFrame:
    return tables(small).read("driver_documents").set_index("document_id")


def found(home: Home, *arguments: str) -> dict[str, Any]:
    done = home.call("search", "--json", *arguments)
    assert (done.code, done.err) == (0, ""), done.err
    answer: dict[str, Any] = json.loads(done.out)
    return answer


def is_one_clear_line(done: Done, code: int, *parts: str) -> None:
    assert (done.code, done.out) == (code, ""), done.err
    assert "Traceback" not in done.err
    (line,) = done.error_lines
    for part in parts:
        assert part in line


def test_an_answer_in_json_has_what_was_read_and_what_was_found(
    small: Home, documents: pd.DataFrame
) -> None:
    answer = found(small, WON, "--limit", "3")
    row = tables(small).read("search_index").iloc[0]
    assert set(answer) == {"query", "version", "documents", "certain", "likely", "hits"}
    assert (answer["query"], answer["version"]) == (WON, row["version"])
    assert answer["documents"] == len(documents)
    assert (answer["certain"], answer["likely"]) == (["won", "pole position"], [])
    assert len(answer["hits"]) == 3
    for hit in answer["hits"]:
        assert set(hit) == {"event_id", "driver_id", "score", "matched", "text"}
        known = documents.loc[f"{hit['event_id']}/{hit['driver_id']}"]
        assert known["won"]
        assert known["pole"]
        assert (hit["text"], hit["matched"]) == (known["text"], ["won", "pole position"])
    scores = [hit["score"] for hit in answer["hits"]]
    assert scores == sorted(scores, reverse=True)
    assert found(small, WON, "--limit", "3") == answer


def test_all_that_fits_and_nothing_else(small: Home, documents: pd.DataFrame) -> None:
    fits = documents[documents["won"] & documents["pole"]]
    hits = found(small, WON, "--limit", "100")["hits"]
    assert {f"{hit['event_id']}/{hit['driver_id']}" for hit in hits} == set(fits.index)


def test_people_read_what_was_matched_and_what_happened(small: Home) -> None:
    (hit,) = found(small, WON, "--limit", "1")["hits"]
    done = small.call("search", WON, "--limit", "1")
    assert (done.code, done.err) == (0, "")
    told = " ".join(done.out.replace("│", " ").split())
    assert "Only: won, pole position" in told
    for part in (hit["event_id"], hit["driver_id"], *hit["text"].split(". ")[0].split()[:3]):
        assert part in told


def test_what_is_only_probable_is_told_apart(small: Home) -> None:
    done = small.call("search", "a triumph", "--limit", "1")
    assert "Rather: won" in done.out
    assert "Only:" not in done.out


def test_races_instead_of_drivers_in_them(small: Home) -> None:
    held = tables(small).read("race_documents").set_index("event_id")
    answer = found(small, "Miami Grand Prix", "--races")
    assert answer["documents"] == len(held)
    assert {hit["driver_id"] for hit in answer["hits"]} == {None}
    assert {hit["event_id"][5:] for hit in answer["hits"]} == {"miami"}
    assert [hit["text"] for hit in answer["hits"]] == [
        held["text"][hit["event_id"]] for hit in answer["hits"]
    ]
    shown = small.call("search", "Miami Grand Prix", "--races").out
    assert "2025-miami" in shown
    assert "None" not in shown


def test_so_many_answers_and_no_more(small: Home) -> None:
    assert len(found(small, "won")["hits"]) == 10
    first = found(small, "won", "--limit", "1")["hits"]
    assert first == found(small, "won", "--limit", "100")["hits"][:1]
    for wrong in ("0", "101", "-1", "many"):
        done = small.call("search", "won", "--limit", wrong)
        assert (done.code, done.out) == (2, "")
        assert "--limit" in done.err


@pytest.mark.parametrize("query", ["", "   ", "\n\t ", "\u00a0\u2003"], ids=repr)
def test_nothing_asked_is_one_line_with_an_example(small: Home, query: str) -> None:
    is_one_clear_line(small.call("search", query), 2, "nothing is asked", 'f1-pipeline search "')
    is_one_clear_line(small.call("search"), 2, "nothing is asked")


def test_what_is_too_long_is_no_question(small: Home) -> None:
    is_one_clear_line(small.call("search", "x" * 10_000), 2, "10000 characters", "at most 1000")
    is_one_clear_line(small.call("search", "ж" * (LONGEST + 1)), 2, "1001 characters")
    longest = ("won " * LONGEST)[:LONGEST]
    assert found(small, longest)["certain"] == ["won"]


@pytest.mark.parametrize(
    "query",
    [
        *("льюис хэмилтон в дождь", "ルイス・ハミルトン", "🏎️🌧️", "\u202ewon\u202c", "e\u0301" * 400),
        *("'; DROP TABLE driver_documents; --", '" OR 1=1', "%s %d {0} {x}", "../../etc/passwd"),
        *("<script>alert(1)</script>", "[red]x[/red]", "[/]", "[bold", "[link=file:///]y[/link]"),
        *("\x1b[31mred\x1b[0m", "\\", "()", ".*", "won (((", "between and", "no no no", "-"),
        *("0", "999 999 999", "1/0", "top 0", "row 0", "P0", "since 9999", "NaN", "None", "null"),
    ],
    ids=ascii,
)
def test_odd_words_are_answered_or_nothing_is_found(small: Home, query: str) -> None:
    answer = found(small, "--", query)
    assert answer["query"] == query
    shown = small.call("search", "--", query)
    assert (shown.code, shown.err) == (0, "")
    if not answer["hits"]:
        assert shown.out.splitlines()[-1].startswith(f"None of {answer['documents']} documents ")
    assert "\x1b" not in shown.out


def test_what_nothing_fits_says_so(small: Home) -> None:
    assert "fits all of that" in small.call("search", "won in 1987").out
    assert "has any of these words" in small.call("search", "zzz qqq").out


def test_words_of_the_archive_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    """Names come from elsewhere: what looks like a colour, or ends one, is shown as it is."""
    odd = "[red]x[/red] [/] [b"
    hit = {"event_id": odd, "driver_id": odd, "matched": [odd], "text": odd}
    search_report.show({"certain": [odd], "likely": [odd], "documents": 1, "hits": [hit]})
    out = capsys.readouterr().out
    assert out.count("[red]x[/red]") == 6
    search_report.show({"certain": [odd], "likely": [], "documents": 1, "hits": []})
    assert odd in capsys.readouterr().out


def test_before_any_run_the_line_says_what_to_run(empty: Home) -> None:
    is_one_clear_line(
        empty.call("search", WON), 1, "there is no search index yet", "`f1-pipeline run`"
    )


def _lost(folder: Path) -> None:
    shutil.rmtree(folder)


def _changed(folder: Path) -> None:
    file = folder / "search.json"
    file.write_text(file.read_text().replace("Aurora", "Borealis"))


def _cut_off(folder: Path) -> None:
    (folder / "search.npz").write_bytes(b"PK")


@pytest.mark.parametrize("damage", [_lost, _changed, _cut_off])
def test_an_index_that_is_missing_or_changed_is_not_read(
    copy_of_small: Home, damage: Callable[[Path], None]
) -> None:
    version = str(tables(copy_of_small).read("search_index")["version"].iloc[0])
    damage(copy_of_small.folder / "search" / version)
    done = copy_of_small.call("search", WON)
    is_one_clear_line(done, 1, "is missing or was changed", "materialize search_index")


def answers(
    home: Home, monkeypatch: pytest.MonkeyPatch, lines: Iterable[str]
) -> list[dict[str, Any]]:
    """What comes back for lines of JSON; each is taken when the one before is answered."""
    monkeypatch.setattr(sys, "stdin", lines)
    done = home.call("search", "--answering")
    assert (done.code, done.err) == (0, ""), done.err
    return [json.loads(line) for line in done.out.splitlines()]


def line(**more: Any) -> str:
    return json.dumps(ASKED | more) + "\n"


def test_a_line_for_each_line(small: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [line(), line(query="льюис [/] <b>"), line(of="race", limit=1), line()]
    first, odd, race, again = answers(small, monkeypatch, asked)
    assert first == again == found(small, WON, "--limit", "3")
    assert (odd["query"], odd["hits"]) == ("льюис [/] <b>", [])
    assert [hit["driver_id"] for hit in race["hits"]] == [None]
    assert answers(small, monkeypatch, []) == []


def test_filters_choose_with_words_and_without(
    small: Home, monkeypatch: pytest.MonkeyPatch, documents: pd.DataFrame
) -> None:
    circuit = documents["circuit_id"][documents["event_id"].eq("2025-miami")].iloc[0]
    filters = {"season": {"min": 2024}, "won": True, "circuit": [circuit, "nowhere"]}
    asked = [line(query=words, limit=100, filters=filters) for words in ("", "from pole", "lost")]
    alone, narrower, _ = answers(small, monkeypatch, asked)
    fits = documents["won"] & documents["season"].ge(2024) & documents["circuit_id"].eq(circuit)
    assert len(alone["hits"]) == fits.sum() == 2
    assert len(narrower["hits"]) == (fits & documents["pole"]).sum()
    assert alone["certain"] == []


def test_what_cannot_be_asked_is_refused_and_the_next_is_answered(
    small: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = [
        (line(query="x" * 1001), "1001 characters"),
        (line(filters={"weather": "wet"}), "there is no filter weather: choose among "),
        (line(filters={"wet": "yes"}), "the filter wet is true or false"),
        (line(filters={"grid": {"from": 1}}), "the filter grid is a number"),
        (line(filters={"driver": []}), "the filter driver is an id"),
    ]
    asked = [text for refused, _ in bad for text in (refused, line())]
    given = answers(small, monkeypatch, asked)
    assert len(given) == len(asked)
    for (_, reason), refused, answered in zip(bad, given[::2], given[1::2], strict=True):
        assert set(refused) == {"refused"}
        assert reason in refused["refused"]
        assert len(answered["hits"]) == 3


def put_in_force(home: Home, seasons: int) -> str:
    """Another index, of the documents up to a season; its version."""
    stored = tables(home).read_many(["driver_documents", "race_documents", *names.TABLES])
    kept = {name: stored[name] for name in ("driver_documents", "race_documents")}
    kept = {name: rows[rows["season"].le(seasons)] for name, rows in kept.items()}
    made = index.build(kept, names.names_of(stored, kept["driver_documents"]))
    digest = folders(home).store(made.version, lambda folder: saved.save(made, folder))
    row = {"version": made.version, "documents": 1, "terms": 1, "artifact_sha256": digest}
    frame = pd.DataFrame([row]).astype({"documents": "Int64", "terms": "Int64"})
    tables(home).publish({"search_index": frame}, run_id="test", at=clock.now())
    return made.version


def test_another_index_in_force_is_the_one_that_answers(
    copy_of_small: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, versions = copy_of_small, []

    def asked() -> Iterator[str]:
        yield line(query="won", limit=100)
        versions.append(put_in_force(home, 2023))
        yield line(query="won", limit=100)
        versions.append(put_in_force(home, 2022))
        # Whoever asks for the version that is held gets it: no table is read for it.
        yield line(query="won", limit=100, version=versions[0])
        yield line(query="won", limit=100, version=versions[1])
        yield line(query="won", limit=100, version="of before")

    first, second, third, fourth, fifth = answers(home, monkeypatch, asked())
    assert [len(a["hits"]) for a in (first, second, fourth)] == [24, 12, 6]
    assert (third, fifth) == (second, fourth)
    assert [second["version"], fourth["version"]] == versions
    assert len({first["version"], *versions}) == 3


def test_without_an_index_each_line_says_so_until_there_is_one(
    copy_of_small: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = copy_of_small
    held = tables(home).read("search_index")

    def publish(rows: pd.DataFrame) -> None:
        tables(home).publish({"search_index": rows}, run_id="test", at=clock.now())

    def asked() -> Iterator[str]:
        yield line()
        yield line(query="x" * 1001)
        publish(held)
        yield line()

    publish(held.iloc[:0])
    none, refused, some = answers(home, monkeypatch, asked())
    assert none == {"unavailable": "there is no search index yet: run `f1-pipeline run` first."}
    assert set(refused) == {"refused"}
    assert len(some["hits"]) == 3
