"""Which events are checked again and which are missing: each is in one place, by its season."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from f1_pipeline.automation import missing, older, recent
from f1_pipeline.automation.seasons import RECENT
from f1_pipeline.contracts import CONTRACTS

NOW = datetime(2025, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def calendar(starts: dict[str, datetime]) -> pd.DataFrame:
    """The columns that say which event is when; the season is in the id."""
    rows = [(event, int(event[:4]), at) for event, at in starts.items()]
    frame = pd.DataFrame(rows, columns=["event_id", "season", "race_starts_at"])
    assert set(frame) <= {column.name for column in CONTRACTS["events"].columns}
    return frame.astype({"race_starts_at": "datetime64[ns, UTC]", "season": "Int64"})


STARTS = {
    "2025-b": NOW - 3 * DAY,
    "2025-a": NOW - 10 * DAY,
    "2024-z": NOW - 90 * DAY,
    "2024-y": NOW - 200 * DAY,
    "2024-x": NOW - 210 * DAY,
    "2023-w": NOW - 600 * DAY,
    "2025-c": NOW + 5 * DAY,
}
EVENTS = calendar(STARTS)


def test_held_events_are_recent_or_older_by_season_and_in_their_order():
    held = set(STARTS) - {"2025-c"}
    assert recent(EVENTS, held, NOW) == {2024: ["2024-z"], 2025: ["2025-a", "2025-b"]}
    assert older(EVENTS, held, NOW) == {2023: ["2023-w"], 2024: ["2024-x", "2024-y"]}
    assert missing(EVENTS, held, NOW) == {}


def test_what_was_run_and_is_not_held_is_missing():
    assert missing(EVENTS, {"2025-b", "2024-y"}, NOW) == {
        2023: ["2023-w"],
        2024: ["2024-x", "2024-z"],
        2025: ["2025-a"],
    }
    assert recent(EVENTS, {"2025-b", "2024-y"}, NOW) == {2025: ["2025-b"]}
    assert older(EVENTS, {"2025-b", "2024-y"}, NOW) == {2024: ["2024-y"]}


def test_the_seasons_come_in_order_as_plain_numbers():
    seasons = list(missing(EVENTS, set(), NOW))
    assert seasons == [2023, 2024, 2025]
    assert {type(season) for season in seasons} == {int}


@pytest.mark.parametrize(("age", "is_recent"), [(RECENT, True), (RECENT + DAY / 24, False)])
def test_four_months_are_recent(age, is_recent):
    events = calendar({"2024-x": NOW - age})
    assert bool(recent(events, {"2024-x"}, NOW)) is is_recent
    assert bool(older(events, {"2024-x"}, NOW)) is not is_recent


@pytest.mark.parametrize(
    ("age", "is_missing"), [(-DAY, False), (DAY, False), (2 * DAY, False), (2.1 * DAY, True)]
)
def test_a_result_is_missing_after_two_days(age, is_missing):
    events = calendar({"2025-x": NOW - age})
    assert bool(missing(events, set(), NOW)) is is_missing


def test_a_race_to_come_is_nowhere():
    events = calendar({"2025-c": NOW + DAY})
    for held in (set(), {"2025-c"}):
        assert [f(events, held, NOW) for f in (recent, older, missing)] == [{}, {}, {}]


def test_an_empty_calendar_gives_nothing():
    for select in (recent, older, missing):
        assert select(EVENTS.iloc[:0], {"2024-x"}, NOW) == {}


@given(st.dictionaries(st.integers(-30, 900), st.booleans(), max_size=12))
def test_every_event_is_in_one_place_at_most(held_by_age):
    starts = {f"{(NOW - a * DAY).year}-e{a + 30}": NOW - a * DAY for a in held_by_age}
    ages = dict(zip(starts, held_by_age, strict=True))
    held = {event for event, age in ages.items() if held_by_age[age]}
    events = calendar(starts)

    parts = [select(events, held, NOW) for select in (recent, older, missing)]

    placed = [event for part in parts for listed in part.values() for event in listed]
    assert len(placed) == len(set(placed))
    run = {event for event, age in ages.items() if age >= 0}
    late = {event for event, age in ages.items() if age > 2}
    assert set(placed) == (run & held) | (late - held)
    for part in parts:
        for season, listed in part.items():
            assert {event[:4] for event in listed} == {str(season)}
            assert listed == sorted(listed, key=lambda event: starts[event])
