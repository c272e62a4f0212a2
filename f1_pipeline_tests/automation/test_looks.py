"""When to look: at once when a session can have ended, then less and less, and not for ever."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from f1_pipeline.automation import (
    Cursor,
    Session,
    calendars_due,
    delay,
    name_of,
    sessions_due,
)

END = datetime(2024, 5, 26, 14, 15, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SHORTEST = 2 * MINUTE
RACE = Session("2024-monaco", 2024, 8, "results", END)
NAME = "results:2024-monaco"


def due(now: datetime, cursor: Cursor | None = None, *sessions: Session) -> list[Session]:
    return sessions_due(sessions or [RACE], set(), cursor or Cursor(), now, SHORTEST)


def looked(at: datetime, name: str = NAME) -> Cursor:
    return Cursor({name: at})


def wait(age: timedelta, shortest: timedelta = SHORTEST) -> timedelta:
    """The delay; the longest there is where no look follows."""
    return delay(age, shortest) or timedelta.max


def test_nothing_is_due_before_the_end_of_a_session_and_it_is_due_then():
    assert due(END - timedelta(microseconds=1)) == []
    assert due(END) == [RACE]
    assert due(END + 30 * DAY) == [RACE]


def test_the_next_look_waits_for_the_back_off():
    for age in (timedelta(0), 5 * HOUR, 20 * HOUR, 5 * DAY, 40 * DAY):
        last = END + age
        assert due(last + wait(age) - timedelta(seconds=1), looked(last)) == []
        assert due(last + wait(age), looked(last)) == [RACE]


def test_the_back_off_grows_from_minutes_to_a_day_and_ends():
    assert delay(timedelta(0), SHORTEST) == 2 * MINUTE
    assert delay(60 * DAY - MINUTE, SHORTEST) == DAY
    assert delay(60 * DAY, SHORTEST) is None

    assert due(END + 60 * DAY - MINUTE) == [RACE]
    # Not even for one that was never looked for: the checks of the seasons find it.
    assert due(END + 60 * DAY) == []


@given(st.lists(st.timedeltas(timedelta(0), 80 * DAY), min_size=2, max_size=6))
def test_the_older_a_session_the_rarer_the_looks(ages):
    waits = [wait(age) for age in sorted(ages)]
    assert waits == sorted(waits)


@settings(deadline=None, max_examples=30)
@given(
    tick=st.integers(5, 600).map(lambda seconds: timedelta(seconds=seconds)),
    shortest=st.integers(2, 60).map(lambda minutes: timedelta(minutes=minutes)),
)
def test_a_session_without_a_result_costs_less_than_two_hundred_looks(tick, shortest):
    """Whatever the sensor's rhythm: it asks often on the first evening, and gives up."""
    cursor, now, looks = Cursor(), END, []
    while now < END + 60 * DAY + HOUR:
        step = tick
        if sessions_due([RACE], set(), cursor, now, shortest):
            looks.append(now)
            cursor.looks[NAME] = now
            # The ticks before the next look are none: waits grow with the age.
            step *= max(1, -(-wait(now - END, shortest) // tick))
        now += step

    assert looks[0] == END
    assert END + 15 * DAY < looks[-1] < END + 60 * DAY
    assert len(looks) < 200
    gaps = [later - earlier for earlier, later in pairwise(looks)]
    assert all(gap >= wait(at - END, shortest) for at, gap in zip(looks, gaps, strict=False))


def test_what_is_held_is_never_due():
    sprint = replace(RACE, kind="sprint")
    other = replace(RACE, event_id="2024-spain")
    sessions = [RACE, sprint, other]

    found = sessions_due(sessions, {RACE.key}, Cursor(), END, SHORTEST)
    assert set(found) == {sprint, other}
    everything = {session.key for session in sessions}
    assert sessions_due(sessions, everything, Cursor(), END, SHORTEST) == []


def test_the_newest_session_comes_first():
    older = replace(RACE, event_id="2024-imola", ends_at=END - 7 * DAY)
    future = replace(RACE, event_id="2024-spain", ends_at=END + 7 * DAY)
    assert due(END, None, older, future, RACE) == [RACE, older]


def test_a_cancelled_event_is_no_longer_looked_for():
    other = replace(RACE, event_id="2024-spain")
    assert due(END, None, RACE, other) == [RACE, other]
    assert due(END, None, other) == [other]
    assert sessions_due([], set(), looked(END), END + DAY, SHORTEST) == []


def test_a_postponed_session_waits_for_its_new_end():
    postponed = replace(RACE, ends_at=END + 90 * DAY)
    cursor = looked(END)

    assert due(END + DAY, cursor, postponed) == []
    assert due(END + 90 * DAY - MINUTE, cursor, postponed) == []
    assert due(END + 90 * DAY, cursor, postponed) == [postponed]


def test_a_renumbered_event_keeps_its_looks_and_its_result():
    renumbered = replace(RACE, round=7)

    assert name_of(renumbered) == name_of(RACE) == NAME
    assert due(END + MINUTE, looked(END), renumbered) == []
    assert due(END + SHORTEST, looked(END), renumbered) == [renumbered]
    assert sessions_due([renumbered], {RACE.key}, Cursor(), END, SHORTEST) == []


def test_an_event_that_comes_back_is_looked_for_again():
    cursor = looked(END)
    assert sessions_due([], set(), cursor, END + HOUR, SHORTEST) == []
    # Meanwhile it was not expected, so its look was not kept.
    again = Cursor.parse(cursor.dump(set()))
    assert due(END + HOUR, again, RACE) == [RACE]


def test_a_cursor_survives_being_stored():
    cursor = Cursor({NAME: END, "schedule:2024": END + MINUTE, "sprint:2024-monaco": END})

    text = cursor.dump({NAME, "schedule:2024", "results:2024-spain"})

    # What is no longer looked for is forgotten, so that it does not grow for ever.
    assert Cursor.parse(text) == Cursor({NAME: END, "schedule:2024": END + MINUTE})
    assert Cursor.parse(text).dump({NAME, "schedule:2024"}) == text
    assert Cursor.parse(cursor.dump(set())) == Cursor()


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "garbage",
        "null",
        "[]",
        "7",
        '"text"',
        '{"results:2024-monaco": 5}',
        '{"results:2024-monaco": null}',
        '{"results:2024-monaco": "yesterday"}',
        '{"results:2024-monaco": "2024-05-26T14:15:00"}',
        '{"results:2024-monaco": ',
    ],
)
def test_a_cursor_that_cannot_be_read_is_an_empty_one(text):
    cursor = Cursor.parse(text)
    assert cursor == Cursor()
    assert due(END, cursor) == [RACE]
    assert not any(json.loads(cursor.dump({NAME})).values())


def test_every_cursor_has_its_own_memory():
    one, other = Cursor.parse("garbage"), Cursor.parse("garbage")
    one.looks[NAME] = END
    assert other == Cursor()


def test_a_clock_that_was_put_back_does_not_block():
    cursor = Cursor({NAME: END + 30 * DAY, "schedule:2024": END + 30 * DAY})
    assert due(END, cursor) == [RACE]
    assert calendars_due({"2024"}, cursor, END) == [2024]
    assert cursor.since(NAME, END + 30 * DAY) == timedelta(0)
    assert due(END + 30 * DAY, cursor) == []


@pytest.mark.parametrize(
    ("month", "seasons"), [(1, [2024]), (8, [2024]), (9, [2024, 2025]), (12, [2024, 2025])]
)
def test_from_autumn_on_the_next_seasons_calendar_is_read_too(month, seasons):
    now = datetime(2024, month, 1, tzinfo=UTC)
    everything = {"2023", "2024", "2025"}
    assert calendars_due(everything, Cursor(), now) == seasons


def test_at_the_turn_of_the_year_the_season_moves_on():
    eve, morning = datetime(2024, 12, 31, 23, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)
    assert calendars_due({"2024", "2025"}, Cursor(), eve) == [2024, 2025]
    # Read an hour before as the next season's, it is not read again as this one's.
    cursor = looked(eve, "schedule:2025")
    assert calendars_due({"2024", "2025"}, cursor, morning) == []
    assert calendars_due({"2024", "2025"}, cursor, morning + 11 * HOUR) == [2025]


def test_a_calendar_is_read_twice_a_day():
    cursor = looked(END, "schedule:2024")
    assert calendars_due({"2024"}, cursor, END + 12 * HOUR - MINUTE) == []
    assert calendars_due({"2024"}, cursor, END + 12 * HOUR) == [2024]


def test_a_calendar_that_is_not_there_yet_comes_first_and_no_more_often():
    autumn = datetime(2024, 10, 1, tzinfo=UTC)
    assert calendars_due(set(), Cursor(), autumn) == [2024, 2025]
    assert calendars_due({"2024"}, Cursor(), autumn) == [2025, 2024]
    assert calendars_due({"2025"}, Cursor(), autumn) == [2024, 2025]
    cursor = Cursor({"schedule:2024": autumn, "schedule:2025": autumn})
    assert calendars_due({"2024"}, cursor, autumn + HOUR) == []


def test_what_was_found_is_not_looked_for_again_until_it_is_kept():
    cursor = Cursor(found={NAME: ("new", None), "schedule:2024": ("c2", "c1")})
    again = Cursor.parse(cursor.dump(set()))
    assert again == cursor
    assert not again.may_look(NAME, END, SHORTEST)

    again.settle({"schedule:2024": "c1"})
    assert set(again.found) == {NAME, "schedule:2024"}
    again.settle({NAME: "another than was seen", "schedule:2024": "c2"})
    assert again.found == {}
    assert again.may_look(NAME, END, SHORTEST)


def test_what_was_broken_is_tried_again_after_the_shortest_interval():
    cursor = Cursor.parse(Cursor(broken={NAME: END}).dump({NAME}))
    assert not cursor.may_look(NAME, END, SHORTEST)
    assert not cursor.may_look(NAME, END + SHORTEST - timedelta(seconds=1), SHORTEST)
    assert cursor.may_look(NAME, END + SHORTEST, SHORTEST)
    assert cursor.may_look("results:2024-spain", END, SHORTEST)
