"""Precision is counted rightly, on races made up."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from f1_pipeline.search.documents import documents
from f1_pipeline.search.facts import driver_facts
from f1_pipeline.search.index import build
from f1_pipeline.search.names import names_of
from f1_pipeline_tests.search import measure
from f1_pipeline_tests.search.made_up import index_of, tables
from f1_pipeline_tests.search.measure import precision, relevant, table


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return driver_facts(tables())


def _answers(rows: pd.DataFrame, **wanted: object) -> set[str]:
    return set(rows["document_id"][relevant(rows, wanted)])


def test_a_value_one_of_a_list_and_a_range(rows: pd.DataFrame) -> None:
    assert _answers(rows, driver="lewis-hamilton", wet=True) == {"2021-belgium/lewis-hamilton"}
    assert len(_answers(rows, circuit="monaco", finish=[1, 2])) == 4
    assert len(_answers(rows, season={"min": 2016}, finish={"max": 2})) == 4
    assert _answers(rows, reason="collision") == {"2021-belgium/charles-leclerc"}


def test_what_is_not_known_fits_nothing(rows: pd.DataFrame) -> None:
    dry, wet = _answers(rows, wet=False), _answers(rows, wet=True)
    assert not any(name.startswith("2015") for name in dry | wet)
    assert not _answers(rows, gained={"min": -30}) & {"2021-belgium/lewis-hamilton"}


def test_precision_is_over_ten_or_as_many_as_there_are() -> None:
    right = np.zeros(40, dtype=bool)
    right[:4] = True
    assert precision([0, 1, 30, 2], right) == 0.75
    assert precision([0], right) == 0.25
    right[:20] = True
    assert precision([*range(5), *range(30, 35)], right) == 0.5
    assert np.isnan(precision([0], np.zeros(40, dtype=bool)))


def test_a_row_per_question_and_a_column_per_way(rows: pd.DataFrame) -> None:
    queries = [
        {"query": "won in the wet", "kind": "plain", "relevant": {"wet": True, "finish": 1}},
        {"query": "parked", "kind": "paraphrase", "relevant": {"retired": True}},
    ]
    made = table(index_of(tables()), rows, queries)
    assert made["answers"].tolist() == [1, 2]
    assert made["whole"].tolist() == [1.0, 1.0]


def test_the_shipped_archive_answers_what_it_was_asked_before_there_was_an_index() -> None:
    """Limits of the docs; plain TF-IDF is far below them."""
    shipped = measure.shipped()
    made = documents(shipped)
    index = build(made, names_of(shipped, made["driver_documents"]))
    asked = json.loads(Path(measure.__file__).with_name("queries.json").read_text("utf-8"))
    found = table(index, made["driver_documents"], asked).groupby("kind")
    whole, plain = found["whole"].mean(), found["tf-idf cosine"].mean()
    assert whole["plain"] >= 0.7
    assert whole["paraphrase"] >= 0.6
    assert (whole > plain + 0.3).all()
