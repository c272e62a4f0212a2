"""The index of all drivers' races and of all races, and the answer to a query.

Filters that a query says for certain come first: nothing else is an answer. Then what it probably
means, then the fused order by words. Keeping an index is in `saved`.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from f1_pipeline.search.conditions import Condition, holds, named, told
from f1_pipeline.search.facts import COLUMNS, FLAGS, NUMBERS
from f1_pipeline.search.filters import Parsed, parse
from f1_pipeline.search.lexicon import Lexicon, lexicon
from f1_pipeline.search.names import Names
from f1_pipeline.search.ranking import (
    Floats,
    Ranking,
    dense_scores,
    fused,
    lexical_scores,
    ranking,
)
from f1_pipeline.search.words import content

Of = Literal["driver", "race"]
_KINDS: dict[Of, str] = {"driver": "driver_documents", "race": "race_documents"}
# Of what an index is made of and how: another one makes another version.
FORMAT = 1
# Less than any condition that is likely meant, more than the order by words.
_NOTABLE = 0.15
_RESULT = {
    *("won", "podium", "scored", "finish", "points", "last_at_finish"),
    *("retired", "reason", "outcome"),
}
_SAME_SCORE = 1e-9  # by which later races come before earlier ones that are as good


@dataclass(frozen=True)
class Hit:
    """A driver's race, or a race where `driver_id` is null; `matched`: what it was found by."""

    document_id: str
    event_id: str
    driver_id: str | None
    score: float
    matched: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Part:
    """Documents of one kind: their facts by column, their texts, and the numbers of these."""

    columns: dict[str, np.ndarray[Any, Any]]
    texts: tuple[str, ...]
    ranking: Ranking


@dataclass(frozen=True)
class Index:
    """`version`: a hash of the documents, the names and the format."""

    names: Names
    driver: Part
    race: Part
    version: str
    lexicon: Lexicon = field(repr=False, compare=False, default_factory=Lexicon)


def build(documents: Mapping[str, pd.DataFrame], names: Names) -> Index:
    """The index of the two tables of documents."""
    parts = []
    for name in _KINDS.values():
        # By time: of what fits as well the later race comes first.
        rows = documents[name].sort_values(["season", "round", "document_id"], ignore_index=True)
        texts = rows["text"].tolist()
        parts.append(Part(columns_of(rows), tuple(texts), ranking(texts)))
    driver, race = parts
    return Index(names, driver, race, version_of(documents, names), lexicon(names))


def version_of(documents: Mapping[str, pd.DataFrame], names: Names) -> str:
    """A hash of all that an index is made of: the same for the same documents in any order."""
    digest = hashlib.sha256(f"{FORMAT} {names}".encode())
    for name in _KINDS.values():
        rows = documents[name].sort_values("document_id")
        for column in sorted(rows.columns):
            digest.update(f"{column} ".encode() + "\n".join(map(str, rows[column])).encode())
    return digest.hexdigest()[:16]


def search(
    index: Index,
    query: str,
    limit: int = 10,
    of: Of = "driver",
    filters: Sequence[Condition] = (),
) -> list[Hit]:
    """The best documents, at most `limit`, of races or of drivers in them; none if none fits.

    `filters`: have to hold whatever the query says; of races none fits one on a fact of drivers. A
    word that means such a fact is passed over there.
    """
    part = index.driver if of == "driver" else index.race
    if any(condition.fact not in part.columns for condition in filters):
        return []
    parsed = parse(query, index.lexicon)
    # What is said outright counts, and not what the words were taken for.
    said = {condition.fact for condition in filters}
    certain = tuple(c for c in parsed.certain if c.fact not in said)
    parsed = replace(parsed, certain=(*filters, *certain))
    score, keep = scores(index, part, query, parsed)
    order = np.argsort(-score, kind="stable")
    called = index.names.all()
    best = order[keep[order]][: max(limit, 0)]
    asked = [c for c in parsed.certain if c.fact in part.columns]
    asked += [c for g in parsed.inferred for c in g.conditions if c.fact in part.columns]
    fits = {condition: holds(condition, part.columns)[best] for condition in asked}
    return [
        Hit(
            document_id=str(part.columns["document_id"][row]),
            event_id=str(part.columns["event_id"][row]),
            driver_id=str(part.columns["driver_id"][row]) if of == "driver" else None,
            score=float(score[row]),
            matched=tuple(dict.fromkeys(named(c, called) for c, fit in fits.items() if fit[place])),
            text=part.texts[row],
        )
        for place, row in enumerate(best)
    ]


def understood(index: Index, query: str) -> tuple[list[str], list[str]]:
    """What a query was taken to say for certain, and what it probably means, in words."""
    called, parsed = index.names.all(), parse(query, index.lexicon)
    certain = [named(condition, called) for condition in parsed.certain]
    likely = [named(c, called) for guess in parsed.inferred for c in guess.conditions]
    return list(dict.fromkeys(certain)), list(dict.fromkeys(likely))


def scores(index: Index, part: Part, query: str, parsed: Parsed) -> tuple[Floats, Any]:
    """Of every document, and which are answers at all."""
    columns, total = part.columns, len(part.columns["document_id"])
    keep = np.ones(total, dtype=bool)
    for condition in parsed.certain:
        if condition.fact in columns:
            keep &= holds(condition, columns)
    raised = np.zeros(total)
    for guess in parsed.inferred:
        usable = [c for c in guess.conditions if c.fact in columns]
        fits = np.array([holds(condition, columns) for condition in usable], dtype=float)
        if len(fits):
            raised += guess.weight * (fits.max(axis=0) if guess.either else fits.mean(axis=0))
    fits_any = bool(raised.any())
    raised += notable(part, parsed)
    words = expanded(index, query, parsed)
    lexical, dense = lexical_scores(part.ranking, words), dense_scores(part.ranking, words)
    if not parsed.certain and not fits_any:
        keep &= lexical > 0
    by_words = fused([np.where(keep, lexical, 0.0), np.where(keep, dense, 0.0)])
    return raised + by_words + _SAME_SCORE * np.arange(total), keep


def notable(part: Part, parsed: Parsed) -> Floats:
    """Where nothing is said of the result, who won comes first, and then the podium."""
    said = {c.fact for c in parsed.certain} | {
        c.fact for g in parsed.inferred for c in g.conditions
    }
    nothing = np.zeros(len(part.texts))
    if said & _RESULT or "won" not in part.columns or "podium" not in part.columns:
        return nothing
    return nothing + _NOTABLE * np.nan_to_num(part.columns["won"] + part.columns["podium"])


def expanded(index: Index, query: str, parsed: Parsed) -> list[str]:
    """The query's words, and those that documents have for what it means."""
    called = index.names.all()
    meant: list[Condition] = list(parsed.certain)
    meant += [condition for guess in parsed.inferred for condition in guess.conditions]
    positive = [told(condition, called) for condition in meant if not condition.negated]
    return list(dict.fromkeys(content(" ".join([*parsed.words, *positive]))))


def columns_of(rows: pd.DataFrame) -> dict[str, np.ndarray[Any, Any]]:
    """Facts as arrays: numbers and flags with NaN, texts with "" for what is not known."""
    made: dict[str, np.ndarray[Any, Any]] = {}
    for column in rows.columns.intersection(list(COLUMNS)):
        if column in ("podium", "pole") and "winner" in rows:
            continue  # of a race these name drivers
        if column in NUMBERS or column in FLAGS:
            made[column] = rows[column].astype("Float64").to_numpy(np.float64, na_value=np.nan)
        else:
            made[column] = rows[column].fillna("").to_numpy(dtype=str)
    return made
