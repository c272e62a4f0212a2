"""A fact of the archive holds from the end of its session: never from before it."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from f1_pipeline.tables.build import BY_EVENT
from f1_pipeline.tables.validity import valid_from


def test_every_event_of_every_table_has_an_instant_in_utc(tables):
    instants = valid_from(tables["events"])

    assert set(instants) == {*BY_EVENT, "standings"}
    for name, by_event in instants.items():
        assert set(by_event) == set(tables["events"]["event_id"]), name
        assert all(at.utcoffset() == timedelta(0) for at in by_event.values()), name


@pytest.mark.parametrize(
    ("event_id", "table", "expected"),
    [
        # A sprint weekend: sprint qualifying on Friday, the sprint and qualifying on Saturday.
        ("2024-china", "events", datetime(2024, 1, 1, tzinfo=UTC)),
        ("2024-china", "entries", datetime(2024, 4, 18, 8, tzinfo=UTC)),
        ("2024-china", "sprint_results", datetime(2024, 4, 20, 4, tzinfo=UTC)),
        ("2024-china", "qualifying_results", datetime(2024, 4, 20, 8, tzinfo=UTC)),
        ("2024-china", "practice_results", datetime(2024, 4, 20, 8, tzinfo=UTC)),
        ("2024-china", "starting_grids", datetime(2024, 4, 21, 7, tzinfo=UTC)),
        ("2024-china", "race_results", datetime(2024, 4, 21, 10, tzinfo=UTC)),
        ("2024-china", "pit_stops", datetime(2024, 4, 21, 10, tzinfo=UTC)),
        ("2024-china", "standings", datetime(2024, 4, 21, 10, tzinfo=UTC)),
        # Of a race of 2021 only the day is known.
        ("2021-turkey", "qualifying_results", datetime(2021, 10, 10, tzinfo=UTC)),
        ("2021-turkey", "race_results", datetime(2021, 10, 11, tzinfo=UTC)),
    ],
)
def test_it_is_the_end_of_the_session(tables, event_id, table, expected):
    assert valid_from(tables["events"])[table][event_id] == expected


def test_nothing_of_the_race_is_known_before_its_end(tables):
    instants = valid_from(tables["events"])
    events = tables["events"].set_index("event_id")

    for event_id, event in events.iterrows():
        for table in ("race_results", "pit_stops", "standings"):
            assert instants[table][event_id] >= event["race_starts_at"] + timedelta(hours=3)
        for table, start in (
            ("qualifying_results", event["qualifying_starts_at"]),
            ("sprint_results", event["sprint_starts_at"]),
            ("practice_results", event["fp3_starts_at"]),
        ):
            if pd.notna(start):
                assert instants[table][event_id] > start
                assert instants[table][event_id] < event["race_starts_at"]
