"""Precision of the search, and its times: `python -m f1_pipeline_tests.search.measure`.

Not a test: a table for the docs, from the archive in the repository. What is asked is in the
README beside this.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from f1_pipeline.search.documents import documents
from f1_pipeline.search.filters import Parsed, parse
from f1_pipeline.search.index import Index, build, expanded, scores, search
from f1_pipeline.search.names import names_of
from f1_pipeline.search.ranking import dense_scores, fused, lexical_scores
from f1_pipeline.search.words import content
from f1_pipeline.settings import ROOT
from f1_pipeline.sources import archive
from f1_pipeline.tables import build as build_tables

ASKED = ("queries", "unseen")
FIRST = 10
_COLUMNS = {
    "circuit": "circuit_id",
    "driver": "driver_id",
    "team": "constructor_id",
}
Flags = np.ndarray[Any, np.dtype[np.bool_]]
Way = Callable[[str], Sequence[int]]


def relevant(rows: pd.DataFrame, wanted: Mapping[str, Any]) -> Flags:
    """Which drivers' races are answers: every fact fits, and what is not known fits nothing."""
    fits = np.ones(len(rows), dtype=bool)
    for fact, value in wanted.items():
        column = rows[_COLUMNS.get(fact, fact)]
        if isinstance(value, dict):
            low, high = value.get("min", -np.inf), value.get("max", np.inf)
            within = column.ge(low) & column.le(high)
            fits &= within.fillna(False).to_numpy(dtype=bool)
            continue
        known = {_plain(one) for one in (value if isinstance(value, list) else [value])}
        fits &= column.map(lambda one, known=known: _plain(one) in known).to_numpy(dtype=bool)
    return fits


def precision(found: Sequence[int], right: Flags) -> float:
    """Of the first ten, or of as many as there are answers; what is not filled is wrong."""
    places = min(FIRST, int(right.sum()))
    return float(right[list(found[:places])].sum() / places) if places else float("nan")


def ways(index: Index, documents: Sequence[str]) -> dict[str, Way]:
    """The search, and what it has to beat."""
    part, total = index.driver, len(documents)
    made = part.ranking
    # Plain TF-IDF, cosine: words alone, no stop words.
    places = {term: place for place, term in enumerate(made.terms)}
    counts = np.zeros((total, len(places)), dtype=np.float32)
    for row, text in enumerate(documents):
        for word in content(text):
            counts[row, places[word]] += 1
    idf = np.log((1 + total) / (1 + (counts > 0).sum(axis=0))) + 1
    weighed = counts * idf
    weighed /= np.linalg.norm(weighed, axis=1, keepdims=True)

    def cosine(query: str) -> Sequence[int]:
        vector = np.zeros(len(places))
        for word in content(query):
            if word in places:
                vector[places[word]] += idf[places[word]]
        return _best(weighed @ vector)

    def random(query: str) -> Sequence[int]:
        seed = np.random.default_rng(len(query))
        return [int(row) for row in seed.permutation(total)[:FIRST]]

    def unfiltered(query: str) -> Sequence[int]:
        words = expanded(index, query, parse(query, index.lexicon))
        return _best(fused([lexical_scores(made, words), dense_scores(made, words)]))

    def certain(query: str) -> Sequence[int]:
        parsed = parse(query, index.lexicon)
        return _whole(query, Parsed(parsed.certain, (), tuple(query.split())))

    def whole(query: str) -> Sequence[int]:
        return _whole(query, parse(query, index.lexicon))

    def _whole(query: str, parsed: Parsed) -> Sequence[int]:
        score, keep = scores(index, part, query, parsed)
        order = np.argsort(-score, kind="stable")
        return [int(row) for row in order[keep[order]][:FIRST]]

    return {
        "random": random,
        "tf-idf cosine": cosine,
        "bm25": lambda query: _best(lexical_scores(made, content(query))),
        "dense": lambda query: _best(dense_scores(made, content(query))),
        "fused, expanded, no filters": unfiltered,
        "filters, no thesaurus": certain,
        "whole": whole,
    }


def table(index: Index, rows: pd.DataFrame, queries: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Precision by question: a row each, a column per way, and how many answers there are.

    `rows`: the index's documents of drivers, in any order.
    """
    rows = rows.set_index("document_id").loc[index.driver.columns["document_id"]]
    called = ways(index, index.driver.texts)
    found = []
    for query in queries:
        right = relevant(rows, query["relevant"])
        text = query["query"]
        ranked = {name: precision(way(text), right) for name, way in called.items()}
        found.append({"query": text, "kind": query["kind"], "answers": int(right.sum()), **ranked})
    return pd.DataFrame(found)


def shipped() -> dict[str, pd.DataFrame]:
    """The tables of the archive in the repository, and its figures."""
    folder = ROOT / "data" / "archive"
    return build_tables(archive.read(folder), {}).frames | archive.read_figures(folder)


def main() -> None:
    """Prints precision by file and kind, and CPU times."""
    tables = shipped()
    start = time.process_time()
    made = documents(tables)
    index = build(made, names_of(tables, made["driver_documents"]))
    built = time.process_time() - start
    total = sum(map(len, made.values()))
    print(f"Index of {total} documents, written and indexed: {built:.1f} s CPU (limit 10)")
    parts, asked = [], []
    for name in ASKED:
        queries = json.loads(Path(__file__).with_name(f"{name}.json").read_text(encoding="utf-8"))
        asked += [query["query"] for query in queries]
        found = table(index, made["driver_documents"], queries)
        part = found.groupby("kind")[list(found.columns[3:])].mean().T
        parts.append(part.set_axis([f"{name}, {kind}" for kind in part.columns], axis=1))
    print(f"Precision of the first {FIRST} (limits 0.70 plain, 0.60 paraphrase)")
    print(pd.concat(parts, axis=1).round(3).to_string())
    search(index, asked[0])
    spent = []
    for query in asked:
        start = time.process_time()
        search(index, query)
        spent.append(time.process_time() - start)
    ms = 1000 * np.array(spent)
    print(f"Query: {ms.mean():.1f} ms CPU, at most {ms.max():.1f} ms (limit 50)")


def _best(score: "np.ndarray[Any, Any]") -> list[int]:
    return [int(row) for row in np.argsort(-score, kind="stable")[:FIRST] if score[row] > 0]


def _plain(value: Any) -> Any:
    if pd.isna(value):
        return object()
    return value.lower() if isinstance(value, str) else float(value)


if __name__ == "__main__":
    main()
