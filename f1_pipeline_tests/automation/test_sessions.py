"""What a calendar leads one to expect: each format's sessions, in order, from their end on."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from f1_pipeline.automation import Session, expected
from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline.sources.results import EVENT_KINDS
from f1_pipeline_tests.synthetic import make_tables

RACE = datetime(2024, 5, 26, 13, tzinfo=UTC)
DAY = timedelta(days=1)
NORMAL = ["qualifying", "results", "pit_stops"]
SPRINT = ["qualifying", "sprint", "results", "pit_stops"]


def calendar(*changes: dict[str, Any]) -> pd.DataFrame:
    """An event for each of the changes, under the contract."""
    rows = [
        {
            "event_id": "2024-monaco",
            "season": 2024,
            "round": 8,
            "grand_prix_id": "monaco",
            "name": "Monaco Grand Prix",
            "circuit_id": "monaco",
            "format": "conventional",
            "qualifying_starts_at": RACE - timedelta(hours=23),
            "race_starts_at": RACE,
            "race_time_known": True,
            "source": "archive",
            "tier": "results",
        }
        | change
        for change in changes
    ]
    columns = [column.name for column in CONTRACTS["events"].columns]
    return check(pd.DataFrame(rows, columns=columns, dtype=object), CONTRACTS["events"])


def ends(sessions: list[Session]) -> dict[str, datetime]:
    return {session.kind: session.ends_at for session in sessions}


@pytest.mark.parametrize(
    ("season", "weekend", "kinds"),
    [
        (2021, "conventional", NORMAL),
        (2021, "sprint", SPRINT),
        (2022, "sprint", SPRINT),
        (2023, "sprint_shootout", SPRINT),
        (2024, "sprint_qualifying", SPRINT),
        (2026, "sprint_qualifying", SPRINT),
        (2026, "conventional", NORMAL),
    ],
)
def test_every_format_has_its_sessions(season, weekend, kinds):
    change = {"event_id": f"{season}-monaco", "season": season, "format": weekend}

    sessions = expected(calendar(change))

    assert [session.kind for session in sessions] == kinds
    assert {session.event_id for session in sessions} == {f"{season}-monaco"}
    assert {(session.season, session.round) for session in sessions} == {(season, 8)}
    # Each is a kind that can be asked for, under the key that an answer is kept by.
    assert set(kinds) <= set(EVENT_KINDS)
    assert [session.key for session in sessions] == [(k, f"{season}-monaco") for k in kinds]


def test_a_session_is_looked_for_when_it_can_have_ended():
    qualifying, sprint = RACE - timedelta(hours=23), RACE - timedelta(hours=27)
    weekend = {"format": "sprint_qualifying", "sprint_starts_at": sprint}

    found = ends(expected(calendar(weekend)))

    assert found == {
        "qualifying": qualifying + timedelta(hours=1),
        "sprint": sprint + timedelta(minutes=30),
        "results": RACE + timedelta(minutes=75),
        "pit_stops": RACE + timedelta(minutes=90),
    }
    assert all(instant.tzinfo is not None for instant in found.values())


def test_without_times_the_day_before_and_noon_of_the_race_day_stand_in():
    midnight = datetime(1987, 5, 31, tzinfo=UTC)
    bare = {
        "event_id": "1987-monaco",
        "season": 1987,
        "format": "sprint",
        "qualifying_starts_at": None,
        "race_starts_at": midnight,
        "race_time_known": False,
    }

    found = ends(expected(calendar(bare)))

    noon = midnight + timedelta(hours=12)
    assert found["qualifying"] == found["sprint"] == midnight - DAY
    assert found["results"] == noon
    assert found["pit_stops"] == noon + timedelta(minutes=15)


def test_a_time_that_is_known_alone_is_used_alone():
    known = ends(expected(calendar({"qualifying_starts_at": None})))
    assert known["qualifying"] == RACE - DAY
    assert known["results"] == RACE + timedelta(minutes=75)

    unknown = ends(expected(calendar({"race_time_known": False})))
    assert unknown["qualifying"] == RACE - timedelta(hours=22)
    assert unknown["results"] == RACE + DAY / 2


def test_a_conventional_weekend_has_no_sprint_even_where_a_time_is_given():
    sessions = expected(calendar({"sprint_starts_at": RACE - DAY}))
    assert [session.kind for session in sessions] == NORMAL


def test_the_order_is_the_calendars_and_within_an_event_the_weekends():
    second = {"event_id": "2024-spain", "round": 10, "race_starts_at": RACE + 28 * DAY}
    second |= {"qualifying_starts_at": RACE + 27 * DAY}

    forward = expected(calendar({}, second))

    names = ["2024-monaco"] * 3 + ["2024-spain"] * 3
    assert [session.event_id for session in forward] == names
    assert [session.kind for session in forward] == NORMAL * 2
    assert [session.ends_at for session in forward] == sorted(s.ends_at for s in forward)


def test_an_empty_calendar_leads_to_nothing():
    assert expected(calendar({}).iloc[:0]) == []


def test_whole_seasons_have_no_session_twice():
    events = make_tables(seasons=(2021, 2023, 2025), cars=4)["events"]

    sessions = expected(events)

    assert len({session.key for session in sessions}) == len(sessions)
    sprints = {session.event_id for session in sessions if session.kind == "sprint"}
    assert sprints == set(events.loc[events["format"].ne("conventional"), "event_id"])
    assert len(sprints) == 6
    for kind in NORMAL:
        assert {s.event_id for s in sessions if s.kind == kind} == set(events["event_id"])
