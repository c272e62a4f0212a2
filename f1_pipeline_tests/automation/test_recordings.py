"""When recordings are looked for, and which runs follow a look."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from f1_pipeline.automation import Attempts, Cursor, Session, State, recorded, recordings_due
from f1_pipeline.automation.looks import name_of
from f1_pipeline.automation.recordings import fulfilled, recordings_wanted

NOW = datetime(2025, 5, 23, 16, 0, tzinfo=UTC)
SHORTEST = timedelta(minutes=2)
MONACO = "2025-monaco"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def session(kind: str, ago: timedelta, event: str = MONACO, season: int = 2025) -> Session:
    return Session(event, season, 8, kind, NOW - ago)


def due(sessions, held=(), complete=(), cursor=None, now=NOW):
    found = recordings_due(sessions, held, complete, cursor or Cursor(), now, SHORTEST)
    return {event: [s.kind for s in of] for event, of in found.items()}


def state(found, **given) -> State:
    return State(found=found, unpublished={}, recorded={}, **given)


def test_what_has_ended_is_due_by_event_the_newest_first():
    sessions = [
        session("FP1", 3 * HOUR),
        session("FP2", HOUR),
        session("FP3", -DAY),
        session("R", 5 * DAY, "2025-emilia-romagna"),
    ]
    assert due(sessions) == {MONACO: ["FP1", "FP2"], "2025-emilia-romagna": ["R"]}
    assert list(due(sessions)) == [MONACO, "2025-emilia-romagna"]


def test_what_is_whole_is_not():
    assert due([session("FP1", HOUR)], complete={("FP1", MONACO)}) == {}


def test_a_look_that_found_nothing_waits_as_for_a_result():
    looked = Cursor(looks={"FP1:2025-monaco": NOW - timedelta(minutes=1)})
    assert due([session("FP1", HOUR)], cursor=looked) == {}
    looked = Cursor(looks={"FP1:2025-monaco": NOW - timedelta(minutes=3)})
    assert due([session("FP1", HOUR)], cursor=looked) == {MONACO: ["FP1"]}


@pytest.mark.parametrize(
    ("age", "since_look", "is_due"),
    [
        (2 * HOUR, 2 * HOUR, False),
        (2 * DAY, 23 * HOUR, False),
        (2 * DAY, 25 * HOUR, True),
        (6 * DAY, 2 * DAY, False),
        (6 * DAY, 4 * DAY, True),
        (15 * DAY, 15 * DAY, False),
    ],
)
def test_half_a_session_is_asked_for_rarely_and_for_a_fortnight(age, since_look, is_due):
    half = session("FP1", age)
    cursor = Cursor(looks={name_of(half): NOW - since_look})
    assert bool(due([half], held={half.key}, cursor=cursor)) is is_due


def test_this_seasons_gaps_are_filled_however_late_and_older_ones_are_not():
    old = session("R", 100 * DAY)
    assert due([old]) == {MONACO: ["R"]}
    assert due([old], cursor=Cursor(looks={name_of(old): NOW - 6 * DAY})) == {}
    assert due([session("R", 200 * DAY, "2024-monaco", 2024)]) == {}


def test_a_look_leads_to_one_run_of_all_that_it_found():
    found = {("FP2", MONACO): "t1", ("FP1", MONACO): "t1", ("results", "2025-spain"): "abc"}
    (run,) = recordings_wanted(state(found, open_events=frozenset([MONACO])), NOW)
    assert (run.job, run.event_id, run.raw) == ("update_timing", MONACO, ("FP1", "FP2"))
    assert run.forecast
    assert run.results
    (late,) = recordings_wanted(state(found), NOW)
    assert not late.forecast


def test_laps_of_a_race_alone_touch_no_table_of_results():
    (run,) = recordings_wanted(state({("R", MONACO): "t1"}), NOW)
    assert not run.results
    assert not run.forecast


def test_no_second_run_while_one_is_alive_after_a_success_or_just_after_a_failure():
    found = {("R", MONACO): "t1"}
    purpose = "2025-monaco/timing:R=t1"
    for attempts in (
        Attempts(alive=True),
        Attempts(succeeded=True, last_ended=NOW - DAY),
        Attempts(failed=1, last_ended=NOW),
    ):
        assert recordings_wanted(state(found, attempts={purpose: attempts}), NOW) == []
    failed = Attempts(failed=1, last_ended=NOW - HOUR)
    (again,) = recordings_wanted(state(found, attempts={purpose: failed}), NOW)
    assert again.run_key != f"{purpose}#first"


def test_a_run_of_results_does_not_hold_up_recordings():
    alive = {"2025-monaco:results=abc": Attempts(alive=True)}
    assert recordings_wanted(state({("R", MONACO): "t1"}, attempts=alive), NOW)


def test_a_look_has_had_its_run_when_that_succeeded():
    found = {"R:2025-monaco": "t2", "FP1:2025-monaco": "t1", "results:2025-monaco": "x"}
    attempts = {
        "2025-monaco/timing:FP1=t1,Q=t0": Attempts(succeeded=True),
        "2025-monaco/timing:R=t1": Attempts(succeeded=True),
        "2025-monaco/timing:R=t2": Attempts(failed=1),
        "2025-monaco:results=x": Attempts(succeeded=True),
    }
    assert fulfilled(found, attempts) == {"FP1:2025-monaco"}


def test_every_format_has_its_sessions_and_their_ends():
    starts = pd.Timestamp("2025-05-23T11:30:00Z")
    event = {
        "event_id": MONACO,
        "season": 2025,
        "round": 8,
        "format": "conventional",
        "race_time_known": True,
        "race_starts_at": starts + 2 * DAY,
        "qualifying_starts_at": starts + DAY,
        "sprint_qualifying_starts_at": pd.NaT,
        "sprint_starts_at": pd.NaT,
    } | dict.fromkeys(("fp1_starts_at", "fp2_starts_at"), starts)
    event |= {"fp3_starts_at": pd.NaT}
    sprint = event | {"event_id": "2025-china", "format": "sprint_qualifying"}

    found = recorded(pd.DataFrame([event, sprint]))

    assert [s.kind for s in found] == ["FP1", "FP2", "FP3", "Q", "R", "FP1", "SQ", "S", "Q", "R"]
    ends = {s.kind: s.ends_at for s in found[:5]}
    assert ends["FP1"] == starts + HOUR
    # Without a known start it is looked for from the day after the race on.
    assert ends["FP3"] == starts + 3 * DAY
