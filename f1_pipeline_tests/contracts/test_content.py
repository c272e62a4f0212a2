"""A content hash follows what a table says of an event: that, all of that, and nothing else."""

from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from f1_pipeline.contracts import (
    CONTRACTS,
    WHOLE,
    coerce,
    content_fingerprint,
    content_hashes,
)
from f1_pipeline_tests.contracts.sample import SAMPLE, frame

TEXTS = st.none() | st.text(max_size=3) | st.sampled_from(["a\nb", "a\u2028b", "a,b", '"', "None"])
INSTANTS = st.none() | st.datetimes(
    datetime(2000, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)
)
CONTENT: dict[str, st.SearchStrategy[Any]] = {
    "event_id": st.sampled_from(["2024-monaco", "2024-spain", "2024-italy"]),
    "stop": st.integers(1, 9),
    "laps": st.none() | st.integers(0, 99),
    "length": st.none() | st.floats(0.1, 9),
    "held": st.none() | st.booleans(),
    "starts_at": INSTANTS,
    "outcome": st.sampled_from(["finished", "retired"]),
    "note": TEXTS,
}
ROWS = st.lists(st.fixed_dictionaries(CONTENT), min_size=1, max_size=6)


def typed(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return coerce(frame(*rows), SAMPLE)[0]


def hashes(rows: list[dict[str, Any]]) -> dict[str, str]:
    return content_hashes(typed(rows), SAMPLE)


@settings(deadline=None, max_examples=30)
@given(rows=ROWS, data=st.data())
def test_neither_the_order_of_rows_nor_where_they_come_from_matters(rows, data):
    shuffled = data.draw(st.permutations(rows))
    elsewhere = [r | {"source": "jolpica", "tier": "timing"} for r in shuffled]

    assert hashes(rows) == hashes(shuffled) == hashes(elsewhere)
    assert set(hashes(rows)) == {row["event_id"] for row in rows}


@settings(deadline=None, max_examples=80)
@given(rows=ROWS, data=st.data())
def test_any_other_content_has_another_hash_for_its_event_alone(rows, data):
    place = data.draw(st.integers(0, len(rows) - 1), label="row")
    column = data.draw(st.sampled_from(sorted(CONTENT)), label="column")
    value = data.draw(CONTENT[column], label="value")
    assume(value != rows[place][column])
    changed = [r | {column: value} if i == place else r for i, r in enumerate(rows)]

    before, after = hashes(rows), hashes(changed)

    touched = {rows[place]["event_id"], changed[place]["event_id"]}
    assert {e for e in {*before, *after} if before.get(e) != after.get(e)} == touched


@settings(deadline=None, max_examples=30)
@given(ROWS)
def test_an_events_hash_does_not_depend_on_other_events(rows):
    """Nor on how the columns of all events together would be written."""
    together = hashes(rows)
    for event_id, expected in together.items():
        assert hashes([r for r in rows if r["event_id"] == event_id]) == {event_id: expected}


def test_one_row_more_or_twice_is_other_content():
    one: dict[str, Any] = {"event_id": "2024-monaco"}
    other = one | {"laps": 5}

    assert len({hashes(rows)["2024-monaco"] for rows in ([one], [one, one], [one, other])}) == 3


def test_a_table_without_events_has_one_hash_even_when_it_is_empty():
    drivers = CONTRACTS["drivers"]
    named = [{"driver_id": name, "name": name.title()} for name in ("ada", "bob")]
    table = coerce(pd.DataFrame(named, columns=[c.name for c in drivers.columns]), drivers)[0]

    assert list(content_hashes(table, drivers)) == [WHOLE]
    assert content_hashes(table, drivers) == content_hashes(table.iloc[::-1], drivers)
    assert content_hashes(table, drivers) != content_hashes(table.iloc[:0], drivers)
    assert content_hashes(table.iloc[:0], drivers)[WHOLE]
    assert hashes([]) == {}


def test_a_fingerprint_follows_the_content_and_what_else_is_given():
    rows = typed([{"event_id": "2024-monaco"}, {"event_id": "2024-spain"}])
    changed = rows.assign(laps=rows["laps"] + 1)

    assert content_fingerprint(rows, SAMPLE) == content_fingerprint(rows.iloc[::-1], SAMPLE)
    different = [
        content_fingerprint(rows, SAMPLE),
        content_fingerprint(changed, SAMPLE),
        content_fingerprint(rows.iloc[:1], SAMPLE),
        content_fingerprint(rows, SAMPLE, "recipe 1"),
        content_fingerprint(rows, SAMPLE, "recipe 2"),
    ]
    assert len(set(different)) == len(different)
    assert all(len(text) == 16 and int(text, 16) >= 0 for text in different)


@pytest.mark.parametrize("column", ["source", "tier"])
def test_the_source_is_no_content_of_any_table_of_facts(column):
    facts = [c for c in CONTRACTS.values() if column in {k.name for k in c.columns}]
    assert len(facts) >= 8
    for contract in facts:
        if not contract.by_event:
            continue
        row = {c.name: None for c in contract.columns} | {"event_id": "2024-monaco"}
        one = coerce(pd.DataFrame([row], dtype=object), contract)[0]
        other = one.assign(**{column: "another"})
        assert content_hashes(one, contract) == content_hashes(other, contract)
