"""Laws of the build: faults stay with their event, and the order of rows says nothing."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from f1_pipeline.contracts import CONTRACTS, content_hashes, split
from f1_pipeline.tables import Build, build
from f1_pipeline.tables.build import BY_EVENT, WHOLE
from f1_pipeline_tests.tables.corrupt import Frames, assert_same, of_others, with_value

SPOILABLE = [
    "events",
    "starting_grids",
    "race_results",
    "sprint_results",
    "qualifying_results",
    "practice_results",
    "pit_stops",
]
BAD = [
    None,
    "",
    "garbage",
    "Gärbage\nin two lines",
    "7",
    "-1",
    -1,
    0,
    2.5,
    1e12,
    "true",
    "2024-japan",
]


# An example takes long and is small as it is: a failure is not made smaller.
@settings(deadline=None, max_examples=8, phases=[Phase.reuse, Phase.generate])
@given(data=st.data())
def test_spoilt_cells_never_change_other_events(small_raw, small, data):
    """Whatever stands in some cells: other events have their rows, unaltered; nothing breaks."""
    raw: Frames = small_raw
    touched: set[object] = set()
    for _ in range(data.draw(st.integers(1, 3), label="cells")):
        table = data.draw(st.sampled_from(SPOILABLE), label="table")
        label = data.draw(st.integers(0, len(raw[table]) - 1), label="row")
        columns = [c for c in small_raw[table] if c not in ("source", "season")]
        column = data.draw(st.sampled_from(columns), label="column")
        value: Any = data.draw(st.sampled_from(BAD), label="value")
        as_text = data.draw(st.booleans(), label="text")
        touched.add(raw[table].loc[label, "event_id"])
        raw = with_value(raw, table, label, column, value, text=as_text)
        touched.add(raw[table].loc[label, "event_id"])

    built = build(raw, {})

    assert built.withheld <= touched
    assert_others_are_as_they_were(built, small, touched)
    for name, frame in built.frames.items():
        assert split(frame, CONTRACTS[name])[1] == [], name
    for fault in built.faults:
        assert fault.event_id in touched or fault.event_id is None
        assert len(fault.reason.splitlines()) == 1
    # What is held back comes from what was published, and is whole again.
    again = build(raw, small.frames)
    assert again.withheld == built.withheld
    assert_others_are_as_they_were(again, small, touched - again.withheld)


def assert_others_are_as_they_were(built: Build, clean: Build, touched: set[object]) -> None:
    seasons = {str(event_id)[:4] for event_id in touched}
    results = set(clean.frames["race_results"]["event_id"])
    for name in (*BY_EVENT, "standings"):
        before = clean.frames[name]
        aside = {e for e in touched if isinstance(e, str)}
        if name == "standings":
            aside |= {e for e in before["event_id"] if e[:4] in seasons}
        if name == "entries":
            # Who is expected at an event to come follows the newest event held.
            aside |= {e for e in before["event_id"] if e[:4] in seasons and e not in results}
        pd.testing.assert_frame_equal(
            of_others(built.frames[name], name, aside), of_others(before, name, aside), obj=name
        )
    assert_same(built.frames, clean.frames, WHOLE)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_raw_rows_changes_no_content(raw, tables, seed):
    shuffled = {name: frame.sample(frac=1, random_state=seed) for name, frame in raw.items()}

    frames = build(shuffled, {}).frames

    for name, contract in CONTRACTS.items():
        if name in tables:
            assert content_hashes(frames[name], contract) == content_hashes(tables[name], contract)


def test_building_again_on_what_was_built_changes_nothing(raw, tables):
    before = {name: frame.copy() for name, frame in raw.items()}

    again = build(raw, tables)

    assert again.faults == []
    assert_same(again.frames, tables, tables)
    # Nor has the build written into the frames that it was given.
    for name, frame in before.items():
        pd.testing.assert_frame_equal(raw[name], frame, obj=name)


def test_the_source_of_a_row_is_kept(tables, small):
    for frames in (tables, small.frames):
        for name in BY_EVENT:
            assert set(frames[name]["source"]) <= {"archive"}
            assert set(frames[name]["tier"]) <= {"results"}
