"""Sessions through FastF1: all of one, part of one and why, or an error that says what it met."""

from functools import partial
from typing import Any

import fastf1
import pandas as pd
import pytest
from fastf1.exceptions import RateLimitExceededError

from f1_pipeline.sources.aliases import Aliases
from f1_pipeline.sources.timing import load
from f1_pipeline.sources.timing.load import TimingClient, session_kind
from f1_pipeline.sources.timing.recording import PARTS, Recording
from f1_pipeline.sources.upstream import (
    BrokenError,
    Connection,
    GoneError,
    NotYetError,
    OverBudgetError,
    RefusedError,
    connect,
)
from f1_pipeline.sources.upstream.witness import witnessed
from f1_pipeline.storage.budget import Limit, RequestBudget
from f1_pipeline_tests.mirror import Mirror, serving

EVENT = "2025-china"
UNCHANGED: dict[str, Any] = {
    "until": None,
    "fail": 0.0,
    "fail_next": 0,
    "fail_match": "",
    "lacking": [],
    "support_race": [],
    "auth_wall": False,
    "edit_calendar": [],
}
NO_STATUS, NO_FLAGS = "SessionStatus is not there (404)", "TrackStatus is not there (404)"
ALL = {"fail": 1.0, "fail_match": "livetiming"}


@pytest.fixture(scope="module")
def served(written):
    with serving(written) as mirror:
        yield mirror


@pytest.fixture
def mirror(served):
    served.change(**UNCHANGED, reset_counts=True)
    return served


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(load, "witnessed", partial(witnessed, sleep=lambda seconds: None))


def client(mirror: Mirror, folder, granted: dict[str, Limit] | None = None) -> TimingClient:
    budget = RequestBudget(f"sqlite:///{folder / 'warehouse.db'}", granted or {})
    connect(Connection(folder / "cache", mirror.url, False, budget), print)
    return TimingClient(Aliases.shipped())


@pytest.fixture
def asked(mirror, tmp_path):
    return client(mirror, tmp_path)


@pytest.fixture(scope="module")
def whole(served, tmp_path_factory):
    """Two sessions of which nothing was missing and nothing went wrong."""
    served.change(**UNCHANGED)
    asked = client(served, tmp_path_factory.mktemp("whole"))
    return {session: asked.load(EVENT, 2025, session) for session in ("FP1", "R")}


def assert_same(recording: Recording, other: Recording) -> None:
    assert recording.missing == other.missing
    assert list(recording.frames) == list(other.frames)
    for part, frame in recording.frames.items():
        pd.testing.assert_frame_equal(frame, other.frames[part], obj=part)


@pytest.mark.parametrize(
    ("event_id", "season", "sessions"),
    [
        ("2024-australia", 2024, ["FP1", "FP2", "FP3", "Q", "R"]),
        ("2023-china", 2023, ["FP1", "Q", "SQ", "S", "R"]),
        ("2025-china", 2025, ["FP1", "SQ", "S", "Q", "R"]),
    ],
)
def test_every_session_of_a_weekend_is_loaded_whole(asked, event_id, season, sessions):
    for session in sessions:
        recording = asked.load(event_id, season, session)
        assert (recording.event_id, recording.session) == (event_id, session)
        assert (recording.season, recording.source) == (season, "livetiming")
        assert recording.missing == {}
        assert list(recording.frames) == list(PARTS)
        laps, people = recording.frames["laps"], recording.frames["results"]
        assert set(laps["DriverNumber"]) == set(people["DriverNumber"])
        assert people["LastName"].ne("").all()
        # Of qualifying for a sprint nobody but FastF1 has the times of its parts.
        assert ("Q1" in people) == (session == "SQ")


@pytest.mark.parametrize("season", range(2018, 2027))
def test_fastf1s_name_of_a_session_says_which_it_is(season):
    names = {"Practice 1": "FP1", "Practice 2": "FP2", "Practice 3": "FP3", "Qualifying": "Q"}
    names |= {"Sprint Shootout": "SQ", "Sprint": "S", "Race": "R"}
    assert {name: session_kind(name, season) for name in names} == names
    # In 2021 the race itself went by this name.
    assert session_kind("Sprint Qualifying", season) == ("SQ" if season >= 2024 else "S")
    assert {session_kind(name, season) for name in ("", "None", "Practice 4", "race")} == {None}


@pytest.mark.parametrize(
    ("file", "session", "missing"),
    [
        ("WeatherData", "FP1", {"weather": "WeatherData is not there (404)"}),
        ("TimingData", "FP1", {"laps": "TimingData is not there (404)"}),
        ("TimingAppData", "FP1", {"laps": "TimingAppData is not there (404)"}),
        ("RaceControlMessages", "FP1", {"race_control": "RaceControlMessages is not there (404)"}),
        ("DriverList", "FP1", {"results": "DriverList is not there (404)"}),
        ("LapCount", "R", {"laps": "LapCount is not there (404)"}),
        ("api.jolpi.ca", "R", {"first_lap_times": "Jolpica has none"}),
        ("SessionInfo", "FP1", {}),
        ("SessionStatus", "FP1", dict.fromkeys(("laps", "session_status"), NO_STATUS)),
        ("TrackStatus", "FP1", {"laps": "nothing of it can be read", "track_status": NO_FLAGS}),
    ],
)
def test_a_partial_session_says_what_is_missing_and_why(
    mirror, asked, whole, file, session, missing
):
    mirror.change(lacking=[file])

    recording = asked.load(EVENT, 2025, session)

    assert recording.missing == missing
    # The list of drivers and race control's deletions are in the laps as well.
    for part in set(PARTS) - {"laps"} - set(missing):
        pd.testing.assert_frame_equal(recording.frames[part], whole[session].frames[part])
    if file in ("DriverList", "LapCount", "api.jolpi.ca"):
        assert set(recording.frames) == set(PARTS)
    else:
        assert set(recording.frames) == set(PARTS) - set(missing)


def test_a_session_that_was_not_held_yet_is_not_there(mirror, asked, whole):
    mirror.change(until="2025-03-15T00:00:00Z")

    assert_same(asked.load(EVENT, 2025, "FP1"), whole["FP1"])
    asked.look(EVENT, 2025, "FP1")
    for question in (asked.load, asked.look):
        with pytest.raises(NotYetError, match="has no R of 2025-china yet"):
            question(EVENT, 2025, "R")


def test_a_part_that_was_late_is_looked_for_by_itself(mirror, asked):
    mirror.change(lacking=["WeatherData"])
    asked.look(EVENT, 2025, "FP1", "laps")
    with pytest.raises(NotYetError):
        asked.look(EVENT, 2025, "FP1", "weather")

    mirror.change(lacking=[])
    asked.look(EVENT, 2025, "FP1", "weather")
    # What is no file of the timing host's is looked for by the session's own.
    asked.look(EVENT, 2025, "FP1", "first_lap_times")


def test_a_wall_is_told_from_what_is_not_there(mirror, asked):
    mirror.change(auth_wall=True)
    for question in (asked.load, asked.look):
        with pytest.raises(RefusedError, match="this account or address may not read it"):
            question(EVENT, 2025, "R")

    asked.account_problem = lambda: "the F1 account's token ended: sign in."
    with pytest.raises(RefusedError) as raised:
        asked.load(EVENT, 2025, "R")
    words = "F1's live timing refuses to answer (403): the F1 account's token ended: sign in."
    assert str(raised.value) == words

    mirror.change(auth_wall=False)
    asked.load(EVENT, 2025, "FP1")


@pytest.mark.parametrize("kind", ["500", "reset", "garbage", "truncate"])
def test_of_a_service_out_of_order_nothing_is_given(mirror, asked, kind):
    mirror.change(**ALL, fail_kinds=[kind])

    with pytest.raises(BrokenError, match="livetiming"):
        asked.load(EVENT, 2025, "FP1")

    # Nine files, each of them five times.
    assert mirror.report()["faults"][kind] >= 30


@pytest.mark.parametrize(
    "file",
    ["SessionInfo", "LapCount", "TimingAppData", "WeatherData", "api.*results", "api.*laps"],
)
def test_a_fault_of_one_file_is_no_reason_to_go_on_without_it(mirror, asked, file):
    mirror.change(fail=1.0, fail_kinds=["500"], fail_match=file)

    with pytest.raises(BrokenError, match=r"failed \(500\)"):
        asked.load(EVENT, 2025, "R")

    assert mirror.report()["faults"] == {"500": 5}


@pytest.mark.parametrize("kind", ["500", "reset", "garbage", "truncate"])
def test_a_few_faults_are_retried_and_cost_nothing(mirror, asked, whole, kind):
    asked.look(EVENT, 2025, "FP1")
    mirror.change(fail_next=2, fail_kinds=[kind])

    assert_same(asked.load(EVENT, 2025, "FP1"), whole["FP1"])
    assert mirror.report()["faults"] == {kind: 2}


@pytest.mark.parametrize("granted", [1, 4, 9])
def test_a_budget_that_runs_out_on_the_way_gives_nothing(mirror, tmp_path, granted):
    asked = client(mirror, tmp_path, {"": Limit(granted, 0.0)})

    with pytest.raises(OverBudgetError) as raised:
        asked.load(EVENT, 2025, "R")

    assert (raised.value.retry_after or 0) > 3500
    assert mirror.report()["requests"] == granted


def test_a_budget_spent_by_others_does_not_pass_for_a_broken_schedule(mirror, tmp_path):
    asked = client(mirror, tmp_path, {"": Limit(1, 0.0)})
    RequestBudget(f"sqlite:///{tmp_path / 'warehouse.db'}", {"": Limit(1, 0.0)}).take("any", 0.0)

    with pytest.raises(OverBudgetError):
        asked.load(EVENT, 2025, "FP1")


@pytest.mark.parametrize(
    ("given_up", "error", "words"),
    [
        (SystemExit(), BrokenError, "gave up"),
        (RateLimitExceededError("any API: 500 calls/h"), OverBudgetError, "too many requests"),
        (KeyError("Lines"), BrokenError, r"could not read .*KeyError\('Lines'\)"),
    ],
)
def test_the_library_giving_up_is_an_error_like_others(asked, monkeypatch, given_up, error, words):
    def give_up(*_, **__):
        raise given_up

    monkeypatch.setattr("fastf1.core.Session.load", give_up)

    with pytest.raises(error, match=words) as raised:
        asked.load(EVENT, 2025, "FP1")

    assert len(str(raised.value).splitlines()) == 1


@pytest.mark.parametrize("session", ["FP1", "SQ", "S", "Q", "R"])
def test_before_its_result_a_session_lacks_nothing_but_first_lap_times(
    mirror, asked, monkeypatch, session
):
    """The mirror has both at one instant; here Jolpica's answers are empty as long as it wants."""
    after = asked.load(EVENT, 2025, session)
    monkeypatch.setattr(mirror.facts, "visible", lambda kind, race: False)
    before = asked.load(EVENT, 2025, session)

    if session == "R":
        assert before.missing == {"first_lap_times": "Jolpica has none"}
        before = Recording(EVENT, 2025, "R", "livetiming", before.frames)
        laps = after.frames["laps"]
        first = laps["LapNumber"].eq(1)
        assert laps.loc[first, "LapTime"].notna().all()
        assert before.frames["laps"].loc[first, "LapTime"].isna().all()
        before.frames["laps"]["LapTime"] = before.frames["laps"]["LapTime"].fillna(laps["LapTime"])
    assert_same(before, after)


def test_what_fastf1_parsed_before_is_not_used_and_nothing_new_is_left(
    mirror, asked, whole, tmp_path
):
    assert_same(asked.load(EVENT, 2025, "FP1"), whole["FP1"])
    assert list(tmp_path.rglob("*.ff1pkl")) == []

    mirror.change(lacking=["WeatherData"], support_race=["DriverList", "TimingData"])
    fastf1.get_session(2025, 2, "FP1").load(telemetry=False)
    left = {file.name for file in tmp_path.rglob("*.ff1pkl")}
    assert {"driver_info.ff1pkl", "_extended_timing_data.ff1pkl"} <= left

    mirror.change(lacking=[], support_race=[])
    assert_same(asked.load(EVENT, 2025, "FP1"), whole["FP1"])


def test_an_event_is_found_by_its_own_name_alone(mirror, asked, tmp_path):
    with pytest.raises(NotYetError, match="does not list 2025-monaco yet"):
        asked.load("2025-monaco", 2025, "R")
    with pytest.raises(GoneError, match="2025-china has no FP2"):
        asked.load(EVENT, 2025, "FP2")

    mirror.change(edit_calendar=[{"season": 2025, "round": 2, "raceName": "Shanghai Grand Prix"}])
    with pytest.raises(NotYetError, match="does not list 2025-china yet"):
        client(mirror, tmp_path / "another").load(EVENT, 2025, "R")


@pytest.mark.parametrize("kind", ["500", "404", "reset", "garbage"])
def test_a_schedule_that_cannot_be_read_is_broken_and_asked_for_anew(mirror, asked, kind):
    mirror.change(fail=1.0, fail_kinds=[kind], fail_match="githubusercontent")
    with pytest.raises(BrokenError, match=r"schedule.2025|schedule of 2025"):
        asked.load(EVENT, 2025, "FP1")

    mirror.change(fail=0.0)
    asked.look(EVENT, 2025, "FP1")
