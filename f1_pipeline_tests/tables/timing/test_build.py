"""A build of recorded sessions: what is withheld, what goes on, and what is said of each."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import pytest

from f1_pipeline.contracts import CONTRACTS
from f1_pipeline.tables.timing import TABLES, TimingBuild
from f1_pipeline_tests.tables.timing.made_laps import made
from f1_pipeline_tests.tables.timing.raw_laps import (
    DRIVERS,
    PRACTICE,
    RACE,
    Session,
    checked_build,
    driver_laps,
    facts,
    raw_laps,
    raw_track_status,
    raw_weather,
    recorded,
    stop,
    together,
)

ELSEWHERE: Session = ("2025-spain", "R")
SESSIONS = (PRACTICE, RACE, ELSEWHERE)
OF_LAPS = ("laps", "stints", "clean_laps", "race_pace", "pit_lane_losses")
LAPS = 12
FINISHED = dict.fromkeys(DRIVERS, LAPS)
RESULTS = {RACE: FINISHED, ELSEWHERE: FINISHED}
UNITS = {"/".join(session) for session in SESSIONS}
Changes = Mapping[tuple[Session, str], Mapping[int, Mapping[str, Any]]]
Parts = dict[str, pd.DataFrame]


def parts(changes: Changes | None = None) -> Parts:
    """A practice and two races of four cars with a stop each. `changes`: by session and driver."""
    cars = []
    for session in SESSIONS:
        for place, driver_id in enumerate(DRIVERS):
            times = [80_000 + 200 * place + 30 * (lap % 3) for lap in range(LAPS)]
            times[6] += 20_000
            mine = stop(6, LAPS)
            for lap, values in (changes or {}).get((session, driver_id), {}).items():
                mine[lap] = mine.get(lap, {}) | dict(values)
            cars.append(driver_laps(driver_id, times, mine, session))
    status = [raw_track_status({0: "1", 3_700_000: "2", 3_710_000: "1"}, s) for s in SESSIONS]
    weather = [raw_weather({0: {}, 3_700_000: {}}, s) for s in SESSIONS]
    return {
        "laps": raw_laps(*cars),
        "weather": together(*weather),
        "track_status": together(*status),
    }


def built(raw: Parts, tables=None, sessions=None) -> TimingBuild:
    given = [recorded(session) for session in SESSIONS] if sessions is None else sessions
    return checked_build(given, raw, tables or facts(RESULTS))


@pytest.fixture(scope="module")
def whole() -> TimingBuild:
    return built(parts())


def of(frame: pd.DataFrame, session: Session) -> pd.DataFrame:
    return frame[frame["event_id"].eq(session[0]) & frame["session"].eq(session[1])]


def held(build: TimingBuild, session: Session) -> dict[str, Any]:
    """Its row of timing_sessions."""
    (row,) = of(build.frames["timing_sessions"], session).to_dict("records")
    return row


def said(build: TimingBuild) -> set[tuple[str, str | None, str]]:
    return {(fault.table, fault.event_id, fault.reason) for fault in build.faults}


def assert_withheld_exactly(
    build: TimingBuild, whole: TimingBuild, session: Session, tables: tuple[str, ...]
) -> None:
    """These tables say nothing of the session; all else is as in a build without a fault."""
    for name in TABLES:
        wanted, found = whole.frames[name], build.frames[name]
        if name in tables:
            assert build.of[name] == UNITS - {"/".join(session)}
            assert of(found, session).empty
        else:
            assert build.of[name] == UNITS
        if name in (*tables, "timing_sessions"):
            wanted = wanted.drop(index=of(wanted, session).index)
            found = found.drop(index=of(found, session).index)
        frames = [frame.reset_index(drop=True) for frame in (found, wanted)]
        pd.testing.assert_frame_equal(*frames, obj=name)


def test_whole_sessions_are_complete_in_every_table(whole):
    assert whole.faults == []
    assert set(whole.frames) == set(TABLES)
    assert whole.of == dict.fromkeys(TABLES, UNITS)
    races = {"race_pace", "pit_lane_losses"}
    for name in TABLES:
        found = set(whole.frames[name]["event_id"] + "/" + whole.frames[name]["session"])
        assert found == UNITS - ({"/".join(PRACTICE)} if name in races else set())
    for session in SESSIONS:
        assert held(whole, session) == {
            "event_id": session[0],
            "session": session[1],
            "outcome": "complete",
            "missing": None,
            "findings": None,
            "drivers": 4,
            "laps": 4 * LAPS,
            "repaired_laps": 0,
            "compared": session != PRACTICE,
            "revision": "c0ffee",
            "source": "livetiming",
            "tier": "timing",
        }


def test_the_tables_are_all_that_are_versioned_by_session():
    assert set(TABLES) == {name for name, contract in CONTRACTS.items() if contract.by_session}


def test_a_negative_lap_time_withholds_the_laps_of_its_session_alone(whole):
    build = built(parts({(PRACTICE, "norris"): {4: {"LapTime": -1}}}))
    assert_withheld_exactly(build, whole, PRACTICE, OF_LAPS)
    (fault,) = build.faults
    assert (fault.table, fault.event_id) == ("laps", "2025-monaco/FP1")
    assert fault.reason == "lap_ms: too small (-1)"
    assert (fault.row["driver_id"], fault.row["lap"], fault.row["lap_ms"]) == ("norris", 4, -1)
    row = held(build, PRACTICE)
    assert (row["outcome"], row["laps"], row["drivers"]) == ("partial", 0, 0)
    assert row["findings"] == "laps withheld: see quarantine"
    assert row["missing"] is None


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"Compound": "C3"}, "compound: not an allowed value ('C3')"),
        ({"LapNumber": 5.0}, "duplicate key (2025-monaco, R, russell, 5)"),
        ({"driver_id": "nobody"}, "unknown driver 'nobody'"),
        ({"driver_id": None}, "driver_id: must not be empty (None)"),
        ({"Sector1Time": 0}, "sector1_ms: too small (0)"),
    ],
)
def test_a_lap_that_cannot_be_right_withholds_the_laps_of_its_session(whole, values, reason):
    build = built(parts({(RACE, "russell"): {4: values}}))
    assert_withheld_exactly(build, whole, RACE, OF_LAPS)
    assert said(build) == {("laps", "2025-monaco/R", reason)}
    assert held(build, RACE)["compared"]


def test_tyres_that_grow_younger_withhold_the_laps_of_their_session(whole):
    ages = {lap: {"TyreLife": age} for lap, age in enumerate([9.0, 2.0, 7.0, 1.0, 1.0, 6.0], 1)}
    build = built(parts({(RACE, "norris"): ages}))
    assert_withheld_exactly(build, whole, RACE, OF_LAPS)
    reason = "the tyres of norris grow younger on lap 2"
    assert said(build) == {("laps", "2025-monaco/R", reason)}


def test_a_driver_whom_nobody_knows_withholds_his_sessions():
    tables = facts(RESULTS)
    tables["drivers"] = tables["drivers"][tables["drivers"]["driver_id"].ne("leclerc")]
    build = built(parts(), tables)
    assert {(table, unit) for table, unit, _ in said(build)} == {("laps", unit) for unit in UNITS}
    assert {fault.reason for fault in build.faults} == {"unknown driver 'leclerc'"}
    assert all(build.frames[name].empty and not build.of[name] for name in OF_LAPS)
    assert build.of["weather"] == UNITS
    assert len(build.frames["timing_sessions"]) == 3


def test_an_event_that_nobody_knows_is_withheld_in_every_table(whole):
    build = built(parts(), facts({RACE: FINISHED}, events=["2025-monaco"]))
    assert {unit for _, unit, _ in said(build)} == {"2025-spain/R"}
    assert {fault.reason for fault in build.faults} == {"unknown event '2025-spain'"}
    for name, frame in build.frames.items():
        assert set(frame["event_id"]) == {"2025-monaco"}, name


def test_weather_that_cannot_be_right_withholds_the_weather_of_its_session(whole):
    raw = parts()
    bad = raw["weather"].index[raw["weather"]["session"].eq("FP1")][0]
    raw["weather"].loc[bad, "Humidity"] = 130.0
    build = built(raw)
    assert_withheld_exactly(build, whole, PRACTICE, ("weather",))
    assert said(build) == {("weather", "2025-monaco/FP1", "humidity: too large (130.0)")}
    row = held(build, PRACTICE)
    assert (row["outcome"], row["laps"]) == ("partial", 4 * LAPS)
    assert row["findings"] == "weather withheld: see quarantine"


def test_several_parts_that_are_withheld_are_named_together():
    raw = parts({(RACE, "norris"): {4: {"LapTime": 0}}})
    mine = raw["track_status"]["session"].eq("R")
    raw["track_status"].loc[mine, "Status"] = "9"
    build = built(raw)
    assert held(build, RACE)["findings"] == "track_status, laps withheld: see quarantine"
    # Each race has its own fault.
    assert build.of["track_status"] == {"2025-monaco/FP1"}
    assert build.of["laps"] == {"2025-monaco/FP1", "2025-spain/R"}


def test_a_strange_session_is_withheld_as_a_whole_and_said(whole):
    raw = {name: frame.drop(index=of(frame, PRACTICE).index) for name, frame in parts().items()}
    why = "is it a support race's?"
    given = [recorded(PRACTICE, strange=why), recorded(RACE), recorded(ELSEWHERE)]
    build = built(raw, sessions=given)
    assert_withheld_exactly(build, whole, PRACTICE, (*OF_LAPS, "weather", "track_status"))
    assert said(build) == {("laps", "2025-monaco/FP1", why)}
    row = held(build, PRACTICE)
    assert (row["outcome"], row["laps"]) == ("partial", 0)
    assert row["findings"] == "weather, track_status, laps withheld: see quarantine"


def test_a_driver_without_laps_makes_a_race_partial(whole):
    raw = parts()
    gone = raw["laps"]["driver_id"].eq("russell") & raw["laps"]["event_id"].eq("2025-spain")
    raw["laps"] = raw["laps"][~gone]
    build = built(raw)
    assert build.faults == []
    assert build.of == whole.of
    row = held(build, ELSEWHERE)
    assert (row["outcome"], row["drivers"], row["laps"]) == ("partial", 3, 3 * LAPS)
    assert row["missing"] == f"{LAPS} laps of russell are not there"
    assert held(build, RACE)["outcome"] == "complete"
    # Whether all are there can only be told of a race whose result is known.
    build = built(raw, facts({RACE: FINISHED}))
    assert (held(build, ELSEWHERE)["outcome"], held(build, ELSEWHERE)["missing"]) == (
        "complete",
        None,
    )


def test_only_what_has_a_result_is_compared():
    build = built(parts(), facts({ELSEWHERE: FINISHED}))
    compared = {session: held(build, session)["compared"] for session in SESSIONS}
    assert compared == {PRACTICE: False, RACE: False, ELSEWHERE: True}
    sprint = ("2025-monaco", "S")
    raw = {"laps": raw_laps(driver_laps("norris", [80_000] * 3, session=sprint))}
    for known in ({}, {sprint: {"norris": 3}}):
        build = checked_build([recorded(sprint)], raw, facts(known))
        assert held(build, sprint)["compared"] == bool(known)


def test_another_order_than_the_classifications_is_told_and_withholds_nothing(whole):
    """Ten cars in the opposite order: their laps are those of another race."""
    drivers = [f"driver-{n}" for n in range(10)]
    cars = [driver_laps(d, [80_000 + 1_000 * n] * 3) for n, d in enumerate(drivers)]
    tables = facts({RACE: dict.fromkeys(reversed(drivers), 3)})
    tables["drivers"] = made("drivers", [{"driver_id": d} for d in drivers])
    build = checked_build([recorded(RACE)], {"laps": raw_laps(*cars)}, tables)
    row = held(build, RACE)
    assert row["findings"] == "places by the laps are 5.0 off the classification on average"
    assert (row["outcome"], row["laps"], build.faults) == ("complete", 30, [])


def test_repaired_laps_are_counted():
    lost: dict[int, dict[str, Any]] = {
        2: {"Compound": None, "TyreLife": 40.0},
        3: {"Position": 9.0},
    }
    build = built(parts({(RACE, "norris"): lost}))
    assert held(build, RACE)["repaired_laps"] == 2
    assert held(build, ELSEWHERE)["repaired_laps"] == 0
    laps = of(build.frames["laps"], RACE)
    assert sorted(laps["repaired"].dropna()) == ["compound,tyre_age", "position"]
    # They are repaired before anything is derived of them.
    assert build.frames["stints"].equals(built(parts()).frames["stints"])


def test_parts_that_are_missing_are_said_with_their_reasons():
    raw = parts()
    del raw["weather"]
    gone = {"weather": "WeatherData is not there (404)", "race_control": "nothing can be read"}
    given = [recorded(PRACTICE, gone), recorded(RACE), recorded(ELSEWHERE, {"laps": "late"})]
    build = built(raw, sessions=given)
    row = held(build, PRACTICE)
    assert row["outcome"] == "partial"
    assert row["missing"] == (
        "weather: WeatherData is not there (404); race_control: nothing can be read"
    )
    assert held(build, RACE)["outcome"] == "complete"
    assert build.frames["weather"].empty
    assert len(build.frames["laps"]) == 12 * LAPS
    assert build.faults == []


def test_what_is_missing_and_what_is_withheld_are_told_apart():
    raw = parts({(RACE, "norris"): {4: {"LapTime": 0}}})
    given = [recorded(PRACTICE), recorded(RACE, {"weather": "late"}), recorded(ELSEWHERE)]
    row = held(built(raw, sessions=given), RACE)
    assert row["missing"] == "weather: late"
    assert row["findings"] == "laps withheld: see quarantine"


def test_a_session_with_weather_only():
    late = {"laps": "TimingData is not there (404)"}
    build = checked_build([recorded(RACE, late)], {"weather": raw_weather({0: {}})}, facts(RESULTS))
    row = held(build, RACE)
    assert (row["outcome"], row["laps"], row["drivers"]) == ("partial", 0, 0)
    assert row["missing"] == "laps: TimingData is not there (404)"
    assert len(build.frames["weather"]) == 1
    empty = set(TABLES) - {"weather", "timing_sessions"}
    assert all(build.frames[name].empty for name in empty)
    assert build.of == {name: {"2025-monaco/R"} for name in TABLES}


def test_laps_alone_are_enough_for_what_is_derived_of_them(whole):
    build = built({"laps": parts()["laps"]})
    for name in ("laps", "stints", "clean_laps", "race_pace"):
        pd.testing.assert_frame_equal(build.frames[name], whole.frames[name])
    assert len(build.frames["pit_lane_losses"]) == len(whole.frames["pit_lane_losses"])


@pytest.mark.parametrize("tables", [facts(), facts(RESULTS)])
def test_no_sessions_in_empty_frames_out(tables):
    build = checked_build([], {}, tables)
    assert set(build.frames) == set(TABLES)
    assert all(frame.empty for frame in build.frames.values())
    assert build.of == {name: set() for name in TABLES}
    assert build.faults == []


def test_the_order_of_sessions_and_rows_does_not_matter(whole):
    raw = parts()
    raw["laps"] = raw["laps"].sample(frac=1, random_state=1)
    build = built(raw, sessions=[recorded(session) for session in reversed(SESSIONS)])
    for name in TABLES:
        key = list(CONTRACTS[name].key)
        sort = [
            frame[name].sort_values(key, ignore_index=True)
            for frame in (build.frames, whole.frames)
        ]
        pd.testing.assert_frame_equal(*sort, obj=name)


def test_the_raw_frames_are_left_as_they_are():
    raw = parts({(RACE, "norris"): {2: {"Compound": None}}})
    before = {name: frame.copy() for name, frame in raw.items()}
    built(raw)
    for name, frame in raw.items():
        pd.testing.assert_frame_equal(frame, before[name])
