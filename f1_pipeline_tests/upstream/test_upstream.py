"""What the tests' own upstream answers: right facts, pages, what is visible; FastF1 reads it."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from f1_pipeline_tests.upstream import Upstream, serving
from f1_pipeline_tests.upstream.asking import API, document, get, races, results, who

# Facts that anyone can look up.


def test_a_winner_with_all_that_the_api_says_of_him(upstream: Upstream) -> None:
    found = document(upstream, "2024/5/results.json?limit=2")
    assert {key: found[key] for key in ("limit", "offset", "total")} == {
        "limit": "2",
        "offset": "0",
        "total": "20",
    }
    [race] = found["RaceTable"]["Races"]
    assert (race["raceName"], race["date"], race["time"]) == (
        "Chinese Grand Prix",
        "2024-04-21",
        "07:00:00Z",
    )
    assert race["Circuit"]["circuitId"] == "shanghai"
    first, second = race["Results"]
    assert {k: v for k, v in first.items() if k not in ("Driver", "Constructor")} == {
        "number": "1",
        "position": "1",
        "positionText": "1",
        "points": "25",
        "grid": "1",
        "laps": "56",
        "status": "Finished",
        "Time": {"millis": "6052554", "time": "1:40:52.554"},
    }
    assert {k: v for k, v in first["Driver"].items() if k != "url"} == {
        "driverId": "max_verstappen",
        "permanentNumber": "33",
        "code": "VER",
        "givenName": "Max",
        "familyName": "Verstappen",
        "dateOfBirth": "1997-09-30",
        "nationality": "Dutch",
    }
    assert first["Constructor"]["constructorId"] == "red_bull"
    assert second["Time"] == {"millis": "6066327", "time": "+13.773"}


def test_how_a_race_ends_otherwise(upstream: Upstream) -> None:
    ends = {
        row["Driver"]["driverId"]: (row["position"], row["positionText"], row["status"])
        for path in ("2024/14/results.json", "2024/9/results.json")
        for row in results(upstream, path)
    }
    assert ends["zhou"] == ("15", "15", "Lapped")  # in Canada, from the pit lane
    assert ends["sargeant"] == ("20", "R", "Retired")
    [belgium] = [r for r in results(upstream, "2024/14/results.json") if r["number"] == "63"]
    assert (belgium["positionText"], belgium["status"]) == ("D", "Disqualified")
    grids = {row["number"]: row["grid"] for row in results(upstream, "2024/9/results.json")}
    assert (grids["63"], grids["24"]) == ("1", "0")
    [fastest] = [r for r in results(upstream, "2024/9/results.json") if "FastestLap" in r]
    assert (fastest["Driver"]["driverId"], fastest["FastestLap"]) == ("hamilton", {"rank": "1"})
    brazil = {row["number"]: row for row in results(upstream, "2024/21/results.json")}
    assert (brazil["23"]["positionText"], brazil["23"]["status"]) == ("W", "Did not start")
    # Before 2023 the API still said why, and by how many laps.
    said = {row["status"] for row in results(upstream, "2018/1/results.json")}
    assert {"Finished", "+1 Lap", "Wheel"} <= said


def test_qualifying_sprint_and_pit_stops(upstream: Upstream) -> None:
    pole = results(upstream, "2024/5/qualifying.json", "QualifyingResults")[0]
    assert (pole["Q1"], pole["Q2"], pole["Q3"]) == ("1:34.742", "1:33.794", "1:33.660")
    last = results(upstream, "2024/5/qualifying.json", "QualifyingResults")[-1]
    assert "Q1" in last
    assert "Q2" not in last
    sprint = results(upstream, "2024/5/sprint.json", "SprintResults")
    assert who(sprint)[:2] == ["max_verstappen", "hamilton"]
    assert [row["points"] for row in sprint[:9]] == ["8", "7", "6", "5", "4", "3", "2", "1", "0"]
    stops = results(upstream, "2024/5/pitstops.json", "PitStops")
    assert stops[0].keys() == {"driverId", "lap", "stop", "time", "duration"}
    assert get(upstream, f"{API}/2024/pitstops.json")[0] == 400


def test_a_driver_ruled_out_after_qualifying_is_there_once(upstream: Upstream) -> None:
    drivers = who(results(upstream, "2023/10/qualifying.json", "QualifyingResults"))
    assert len(drivers) == len(set(drivers)) == 20


@pytest.mark.parametrize(
    ("season", "number", "named"),
    [(2022, 4, "Sprint"), (2023, 4, "SprintShootout"), (2024, 5, "SprintQualifying")],
)
def test_a_sprint_is_in_the_calendar_under_the_name_of_its_season(
    upstream: Upstream, season: int, number: int, named: str
) -> None:
    [race] = races(upstream, f"{season}/{number}/races.json")
    sprints = {name for name in race if name.startswith("Sprint")}
    assert sprints == {named, "Sprint"}


@pytest.mark.parametrize(
    ("season", "number", "constructor", "name"),
    [
        (2015, 5, "manor", "Spanish Grand Prix"),
        (2018, 19, "sauber", "Mexican Grand Prix"),
        (2024, 20, "sauber", "Mexico City Grand Prix"),
        (2025, 20, "rb", "Mexico City Grand Prix"),
    ],
)
def test_names_are_those_of_the_season(
    upstream: Upstream, season: int, number: int, constructor: str, name: str
) -> None:
    [race] = races(upstream, f"{season}/{number}/results.json?limit=100")
    assert race["raceName"] == name
    assert constructor in {row["Constructor"]["constructorId"] for row in race["Results"]}


def test_rosters(upstream: Upstream) -> None:
    season = document(upstream, "2024/drivers.json?limit=100")["DriverTable"]["Drivers"]
    assert len(season) == 24
    assert "colapinto" in {driver["driverId"] for driver in season}
    assert document(upstream, "2024/5/drivers.json")["total"] == "20"
    teams = document(upstream, "2024/constructors.json")["ConstructorTable"]["Constructors"]
    assert [team["constructorId"] for team in teams][:3] == ["alpine", "aston_martin", "ferrari"]
    assert len(teams) == 10


# As FastF1 reads it.


def test_fastf1_reads_every_kind(ergast: Any) -> None:
    schedule = ergast.get_race_schedule(season=2024)
    assert len(schedule) == 24
    assert schedule["raceDate"].iloc[4] == pd.Timestamp("2024-04-21")
    race = ergast.get_race_results(season=2024, round=5)
    rows = race.content[0]
    assert rows["totalRaceTime"].iloc[1] == pd.Timedelta(seconds=13.773)
    assert (rows["points"].iloc[0], rows["grid"].iloc[0]) == (25, 1)
    assert rows["fastestLapRank"].eq(1).sum() == 1
    assert race.is_complete
    quali = ergast.get_qualifying_results(season=2024, round=5).content[0]
    assert quali["Q3"].iloc[0] == pd.Timedelta(minutes=1, seconds=33.66)
    assert len(ergast.get_sprint_results(season=2024, round=5).content[0]) == 20
    stops = ergast.get_pit_stops(season=2024, round=5).content[0]
    assert stops["duration"].min() > pd.Timedelta(seconds=15)
    assert len(ergast.get_driver_info(season=2024)) == 24
    assert len(ergast.get_constructor_info(season=2024)) == 10
    assert ergast.get_race_results(season=2031).content == []


def test_fastf1_turns_the_pages(ergast: Any) -> None:
    page = ergast.get_race_results(season=2024, limit=100)
    found = [page]
    while sum(len(rows) for page in found for rows in page.content) < page.total_results:
        found.append(found[-1].get_next_result_page())
    assert len(found) == 5
    places = [p for page in found for rows in page.content for p in rows["position"]]
    assert (len(places), places.count(1), places.count(20)) == (479, 24, 23)


# Pages, and what is not there.


def test_pages_add_up_and_cut_a_race_in_two(upstream: Upstream) -> None:
    whole = [
        (race["round"], row["number"])
        for page in range(0, 500, 100)
        for race in races(upstream, f"2024/results.json?limit=100&offset={page}")
        for row in race["Results"]
    ]
    assert len(whole) == len(set(whole)) == 479
    [first, second] = races(upstream, "2024/results.json")
    assert (len(first["Results"]), len(second["Results"])) == (20, 10)
    assert document(upstream, "2024/results.json?limit=1000")["limit"] == "100"
    past = document(upstream, "2024/results.json?offset=479")
    assert (past["total"], past["RaceTable"]["Races"]) == ("479", [])


@pytest.mark.parametrize(
    "path",
    [
        f"{API}/2024/nothing.json",
        f"{API}/current/results.json",
        f"{API}/2024/5/results.xml",
        "/api.jolpi.ca/other",
        "/livetiming.formula1.com/static/Index.json",
        "/",
    ],
)
def test_what_is_not_there(upstream: Upstream, path: str) -> None:
    status, _, body = get(upstream, path)
    assert (status, json.loads(body)) == (404, {"detail": "Not found."})


def test_seasons_and_rounds_without_anything_are_empty(upstream: Upstream) -> None:
    for path in ("2031/races.json", "2024/40/results.json", "2031/drivers.json"):
        assert document(upstream, path)["total"] == "0"
    assert get(upstream, f"{API}/2024/results.json?limit=-1")[0] == 400


def test_a_made_up_archive(made_up: Path) -> None:
    with serving(made_up) as upstream:
        assert len(races(upstream, "2025/races.json")) == 4
        assert document(upstream, "2025/results.json")["total"] == "0"
        [race] = races(upstream, "2024/2/sprint.json")
        assert (race["raceName"], len(race["SprintResults"])) == ("Chinese Grand Prix", 10)
        assert race["Circuit"]["circuitId"] == "china_ring"
        drivers = document(upstream, "2024/drivers.json")["DriverTable"]["Drivers"]
        assert {"driverId", "givenName", "familyName"} <= drivers[0].keys()
        assert drivers[0]["driverId"] == "aurora_ace"


# What is visible when.


def test_until_hides_what_is_not_over(upstream: Upstream) -> None:
    # China 2024: sprint 03:00, qualifying 07:00 on Saturday, the race 07:00 on Sunday.
    def visible(until: str) -> list[str]:
        upstream.change(until=until)
        kinds = ("sprint", "qualifying", "results", "pitstops")
        return [k for k in kinds if document(upstream, f"2024/5/{k}.json")["total"] != "0"]

    assert visible("2024-04-20T03:59:59Z") == []
    assert visible("2024-04-20T04:00:00Z") == ["sprint"]
    assert visible("2024-04-20T08:00:00+00:00") == ["sprint", "qualifying"]
    assert visible("2024-04-21T08:59:00") == ["sprint", "qualifying"]
    assert visible("2024-04-21T09:00:00Z") == ["sprint", "qualifying", "results", "pitstops"]
    upstream.change(ergast_lag_min=30)
    assert document(upstream, "2024/5/results.json")["total"] == "0"
    assert document(upstream, "2024/races.json")["total"] == "24"


def test_a_race_of_which_no_time_is_known_is_over_with_its_day(upstream: Upstream) -> None:
    upstream.change(until="2018-03-25T23:59:59Z")
    assert document(upstream, "2018/1/qualifying.json")["total"] == "20"
    assert document(upstream, "2018/1/results.json")["total"] == "0"
    upstream.change(until="2018-03-26")
    assert document(upstream, "2018/results.json")["total"] == "20"


def test_rosters_know_no_future(upstream: Upstream) -> None:
    upstream.change(until="2024-03-01")
    assert document(upstream, "2024/drivers.json")["total"] == "0"
    upstream.change(until="2024-03-03")
    assert document(upstream, "2024/drivers.json")["total"] == "20"
