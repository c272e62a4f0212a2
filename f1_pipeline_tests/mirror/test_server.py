"""What is to be had of the timing files, when, and what the settings make of it."""

import http.client
import json
import urllib.request
from datetime import timedelta

import fastf1
import pytest

from f1_pipeline_tests.mirror import Mirror
from f1_pipeline_tests.mirror.reading import (
    driven,
    facts,
    fetch,
    is_there,
    load,
    sessions,
    status_of,
)
from f1_pipeline_tests.mirror.server import TIMING, TIMING_HOSTS
from f1_pipeline_tests.mirror.streams import FILES

SECOND = timedelta(seconds=1)


def test_files_appear_when_the_session_is_over_and_not_before(mirror):
    for session in sessions(mirror, 2025, 2).values():
        length = timedelta(hours=2 if session.code == "R" else 1)
        mirror.change(until=(session.starts + length - SECOND).isoformat())
        assert not is_there(mirror, session)
        mirror.change(until=(session.starts + length).isoformat())
        assert is_there(mirror, session)


@pytest.mark.parametrize("season", [2021, 2025])
def test_laps_and_result_of_a_race_appear_together(mirror, season):
    race = sessions(mirror, season, 3)["R"]
    for until, there in ((race.over - SECOND, False), (race.over, True)):
        mirror.change(until=until.isoformat())
        for document in ("results", "laps/1"):
            path = f"/ergast/f1/{season}/3/{document}.json"
            answer = json.loads(mirror.answer("api.jolpi.ca", path, ""))
            assert bool(answer["MRData"]["RaceTable"]["Races"]) == there
        assert is_there(mirror, race) == there


def test_a_race_that_is_to_come_has_no_files(mirror):
    assert not any(is_there(mirror, session) for session in sessions(mirror, 2026, 24).values())


def test_only_races_and_sprints_count_laps(mirror):
    weekend = sessions(mirror, 2025, 2)
    counting = [code for code in weekend if is_there(mirror, weekend[code], "LapCount")]
    assert counting == ["S", "R"]


def test_behind_the_wall_no_timing_is_to_be_had_and_all_else_is(mirror):
    race = sessions(mirror, 2025, 5)["R"]
    mirror.change(auth_wall=True)

    for host in TIMING_HOSTS:
        for path in (f"static/{race.folder}SessionInfo.jsonStream", "static/2025/Index.json"):
            assert status_of(mirror, f"{host}/{path}") == 403
    assert status_of(mirror, "api.jolpi.ca/ergast/f1/2025/5/results.json") == 200
    mirror.change(auth_wall=False)
    assert status_of(mirror, f"{TIMING}/static/{race.folder}SessionInfo.jsonStream") == 200


def test_the_timing_hosts_own_mirror_has_nothing(mirror):
    race = sessions(mirror, 2025, 5)["R"]
    address = f"{TIMING_HOSTS[1]}/static/{race.folder}SessionInfo.jsonStream"
    assert status_of(mirror, address) == 404


def test_a_partial_session_lacks_what_it_was_told_to(mirror, tmp_path):
    mirror.change(lacking=["2025-04-18_Practice_1/WeatherData", "/laps/"])
    session = load(mirror, tmp_path, 2025, 5, "FP1")

    assert len(session.laps) > 50
    with pytest.raises(fastf1.exceptions.DataNotLoadedError):
        _ = session.weather_data
    assert is_there(mirror, sessions(mirror, 2025, 5)["FP2"], "WeatherData")
    assert status_of(mirror, "api.jolpi.ca/ergast/f1/2025/5/laps/1.json") == 404


def test_a_support_race_has_other_drivers_in_two_files(mirror):
    session = sessions(mirror, 2025, 5)["Q"]
    before = {file: fetch(mirror, session, file) for file in FILES if file != "LapCount"}
    mirror.change(support_race=["Saudi_Arabian_Grand_Prix/.*Qualifying/"])
    after = {file: fetch(mirror, session, file) for file in before}

    assert {file for file in before if before[file] != after[file]} == {"DriverList", "TimingData"}
    listed = [json.loads(text["DriverList"].decode("utf-8-sig")[12:]) for text in (before, after)]
    assert len(listed[1]) == 20
    assert not set(listed[0]) & set(listed[1])
    names = [{person["LastName"] for person in people.values()} for people in listed]
    assert not names[0] & names[1]


def test_fastf1_takes_a_support_race_for_the_session(mirror, tmp_path):
    """Which is why the project has to see it: nothing fails."""
    mirror.change(support_race=["2025-04-18_Practice_1"])
    session = load(mirror, tmp_path, 2025, 5, "FP1")

    known = facts(mirror, "practice_results", "2025-saudi-arabia", "FP1")
    assert len(driven(session)) == 20 * 20
    assert not set(session.laps["DriverNumber"]) & set(known.index)


def test_the_same_archive_gives_the_same_files(mirror, shipped):
    race = sessions(mirror, 2025, 5)["R"]
    other = Mirror(shipped)
    for file in FILES:
        assert fetch(mirror, race, file) == fetch(other, race, file)


def test_a_file_is_lines_after_a_mark_in_the_order_of_time(mirror):
    race = sessions(mirror, 2025, 5)["R"]
    for file in FILES:
        body = fetch(mirror, race, file)
        assert body.startswith(b"\xef\xbb\xbf00:")
        assert body.endswith(b"}\r\n")
        moments = [line[:12] for line in body.decode("utf-8-sig").splitlines()]
        assert moments == sorted(moments)


def test_files_are_counted_by_name_and_may_break_off(mirror):
    race = sessions(mirror, 2025, 5)["R"]
    mirror.change(fail_next=1, fail_kinds=["truncate"], fail_match="TimingData")
    address = f"{mirror.url}/{TIMING}/static/{race.folder}TimingData.jsonStream"

    with urllib.request.urlopen(address) as response, pytest.raises(http.client.IncompleteRead):
        response.read()
    with urllib.request.urlopen(address) as response:
        assert response.read() == fetch(mirror, race, "TimingData")

    assert mirror.report()["by_endpoint"] == {f"{TIMING} TimingData": 2}
    assert mirror.report()["faults"] == {"truncate": 1}


def test_some_races_have_one_safety_car_and_some_have_none(mirror):
    held = [sessions(mirror, 2025, number)["R"] for number in range(1, 11)]
    deployed = [fetch(mirror, race, "TrackStatus").count(b'"4"') for race in held]
    assert set(deployed) == {0, 1}
