"""Order by words: BM25, and the likeness of vectors by SVD of words and of pieces of words.

Here belong numbers of texts. What words mean is expanded before, in `index`.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import svds
from scipy.stats import rankdata

from f1_pipeline.search.words import content

Floats = np.ndarray[Any, np.dtype[np.float64]]
# BM25's usual constants; lengths of documents differ little.
_K1, _B = 1.2, 0.5
_DIMENSIONS = 64
_GRAMS = (3, 4)
_GRAM_SHARE = 0.5  # pieces weigh half as much as words: they mend spelling, and mean nothing
# What reciprocal ranks are damped by; 60 is usual, and flatter than the two orders deserve.
_DAMPING = 30.0


@dataclass(frozen=True)
class Ranking:
    """`terms` and `grams` in order of columns; `lexical` by term and document, in CSC."""

    terms: tuple[str, ...]
    grams: tuple[str, ...]
    lexical: sparse.csc_matrix
    weights: Floats  # of terms, then of grams: idf
    axes: Floats  # terms and grams to dimensions
    vectors: Floats  # documents in dimensions, of length one


def ranking(documents: Sequence[str]) -> Ranking:
    """The numbers of texts. The same bits for the same texts."""
    counts, terms = _counts(documents)
    lengths = np.asarray(counts.sum(axis=1)).ravel()
    total = len(documents)
    frequency = np.bincount(counts.indices, minlength=len(terms))
    idf = np.log1p((total - frequency + 0.5) / (frequency + 0.5))
    rows = np.repeat(np.arange(total), np.diff(counts.indptr))
    norm = _K1 * (1 - _B + _B * lengths / max(lengths.sum() / max(total, 1), 1.0))
    weight = counts.data * (_K1 + 1) / (counts.data + norm[rows]) * idf[counts.indices]
    lexical = sparse.csc_matrix((weight, (rows, counts.indices)), shape=counts.shape)
    grams, pieces = _pieces(terms)
    both = sparse.hstack([counts, (counts @ pieces) * _GRAM_SHARE]).tocsr()
    seen = np.bincount(both.indices, minlength=both.shape[1])
    weights = np.log((1 + total) / (1 + seen)) + 0.1
    both.data = np.log1p(both.data)
    scaled = _unit(both @ sparse.diags(weights))
    size = min(_DIMENSIONS, min(scaled.shape) - 1)
    if size < 1:
        axes = np.zeros((scaled.shape[1], 1))
    else:
        start = np.ones(min(scaled.shape)) / np.sqrt(min(scaled.shape))
        _, values, right = svds(scaled, k=size, v0=start, tol=1e-3)
        axes = right[np.argsort(-values)].T
        axes = axes * np.where(axes[np.abs(axes).argmax(axis=0), np.arange(size)] < 0, -1.0, 1.0)
    vectors = scaled @ axes
    return Ranking(terms, grams, lexical, weights, axes, _rows_of_one(vectors))


def lexical_scores(made: Ranking, words: Sequence[str]) -> Floats:
    """BM25 of every document; a word's weight does not grow with saying it again."""
    places = {term: place for place, term in enumerate(made.terms)}
    known = sorted({places[word] for word in words if word in places})
    if not known:
        return np.zeros(made.lexical.shape[0])
    return np.asarray(made.lexical[:, known].sum(axis=1)).ravel()


def dense_scores(made: Ranking, words: Sequence[str]) -> Floats:
    """Cosine of every document's vector with the query's."""
    places = {term: place for place, term in enumerate(made.terms)}
    pieces = {gram: place + len(places) for place, gram in enumerate(made.grams)}
    counted: Counter[int] = Counter()
    weighed = np.zeros(len(made.weights))
    for word in words:
        if word in places:
            counted[places[word]] += 1
        for gram in _grams_of(word):
            if gram in pieces:
                weighed[pieces[gram]] += _GRAM_SHARE
    for place, number in counted.items():
        weighed[place] = number
    vector = (np.log1p(weighed) * made.weights) @ made.axes
    length = float(np.linalg.norm(vector))
    return made.vectors @ (vector / length) if length > 0 else np.zeros(len(made.vectors))


def fused(scores: Sequence[Floats]) -> Floats:
    """Reciprocal ranks summed; what ties shares the rank."""
    total = np.zeros(len(scores[0]))
    for one in scores:
        if np.any(one != 0):
            total += 1.0 / (_DAMPING + rankdata(-one, method="min"))
    return total


def _counts(documents: Sequence[str]) -> tuple[sparse.csr_matrix, tuple[str, ...]]:
    bags = [Counter(content(text)) for text in documents]
    terms = tuple(sorted(set().union(*bags))) if bags else ()
    places = {term: place for place, term in enumerate(terms)}
    ends = np.cumsum([0, *(len(bag) for bag in bags)])
    columns = np.array([places[word] for bag in bags for word in sorted(bag)], dtype=np.int64)
    data = np.array([bag[word] for bag in bags for word in sorted(bag)], dtype=np.float64)
    return sparse.csr_matrix((data, columns, ends), shape=(len(bags), len(terms))), terms


def _pieces(terms: Sequence[str]) -> tuple[tuple[str, ...], sparse.csr_matrix]:
    of_terms = [_grams_of(term) for term in terms]
    grams = tuple(sorted({gram for found in of_terms for gram in found}))
    places = {gram: place for place, gram in enumerate(grams)}
    rows = [row for row, found in enumerate(of_terms) for _ in found]
    columns = [places[gram] for found in of_terms for gram in found]
    shape = (len(terms), len(grams))
    return grams, sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=shape)


def _grams_of(word: str) -> list[str]:
    if word.isdigit() or len(word) < 4:
        return []
    edged = f"<{word}>"
    return [edged[i : i + size] for size in _GRAMS for i in range(len(edged) - size + 1)]


def _unit(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return sparse.diags(1.0 / np.maximum(lengths, 1e-12)) @ matrix


def _rows_of_one(vectors: Floats) -> Floats:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12))
