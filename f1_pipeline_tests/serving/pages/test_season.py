"""The season page counts forecasts that were made in time, and nothing else."""

from datetime import timedelta

import pytest

from f1_pipeline.serving.errors import ApiError
from f1_pipeline_tests.serving.pages.world import MONDAY, RACE, World

WEEK = timedelta(days=7)


@pytest.fixture
def season(world: World) -> World:
    """A hit, a miss, a retrospective that names the winner, a race to come, and an older season."""
    world.event("2023-monaco", starts=RACE - 52 * WEEK, round=1)
    for number, name in enumerate(("imola", "monaco", "canada", "spain"), start=1):
        world.event(f"2024-{name}", starts=RACE + (number - 2) * WEEK, round=number)
    world.forecast({"ada": 0.7, "bea": 0.3}, "2024-imola", RACE - WEEK)
    world.result("ada", "bea", "cal", event_id="2024-imola")
    world.forecast({"ada": 0.7, "bea": 0.3})
    world.forecast({"bea": 0.9, "ada": 0.1}, generated_at=MONDAY, run_id="run-2")
    world.result("bea", "cal", "dee")
    world.forecast(
        {"ada": 0.8, "bea": 0.2}, "2024-canada", RACE + WEEK, generated_at=RACE + 2 * WEEK
    )
    world.result("ada", "bea", "cal", event_id="2024-canada")
    return world


def test_each_race_says_what_was_said_and_what_became_of_it(season: World):
    rows = season.season().rows("races")
    assert rows == [
        (
            "1 Imola Grand Prix 19 May 2024 Most probable Ada 70 % after qualifying "
            "Winner Ada ✓ hit Podium 2/3 RPS –"
        ),
        (
            "2 Monaco Grand Prix 26 May 2024 Most probable Ada 70 % after qualifying "
            "Winner Bea ✗ miss Podium 1/3 RPS –"
        ),
        (
            "3 Canada Grand Prix 2 June 2024 Most probable Ada 80 % "
            "retrospective, after qualifying Winner Ada not counted Podium 2/3 RPS –"
        ),
        "4 Spain Grand Prix 9 June 2024 Most probable – Winner to come – Podium – RPS –",
    ]


def test_a_retrospective_counts_nowhere(season: World):
    text = season.season().text
    assert "1 of 2 winners named" in text
    assert "3 of 6 podium places named" in text
    assert "1 race has a retrospective only, made after the start: no forecast" in text


def test_where_nothing_was_published_the_backtest_speaks_and_says_so(season: World):
    season.champion()
    season.walked({"cal": 0.6, "dee": 0.3, "ada": 0.1}, "2024-spain", grid_source="official")
    season.result("cal", "ada", "dee", event_id="2024-spain")
    page = season.season()
    assert "walk-forward, after qualifying Winner Cal ✓ hit Podium 3/3" in page.rows("races")[3]
    assert "2 of 3 winners named" in page.text
    assert "and 1 walk-forward, by a fit on the races before" in page.text


def test_the_score_stands_beside_its_own_run(season: World):
    about = {"event_id": "2024-monaco", "season": 2024, "horizon": "post_qualifying"}
    season.add(
        "scored_predictions",
        about | {"run_id": "run-1", "rps": 0.2},
        about | {"run_id": "run-2", "rps": 0.05},
    )
    page = season.season()
    assert page.rows("races")[1].endswith("RPS 0.200")
    assert "0.200 mean RPS" in page.text


def test_links_go_to_pages_that_exist(season: World):
    page = season.season()
    assert [link for link in page.links if link.startswith("/race/")] == [
        "/race/2024-imola",
        "/race/2024-monaco",
        "/race/2024-canada",
    ]
    assert "/season/2023" in page.links


def test_a_season_without_forecasts_lists_its_races(season: World):
    page = season.season(2023)
    assert "No forecast of this season has met its result yet." in page.text
    assert page.rows("races") == [
        "1 Monaco Grand Prix 28 May 2023 Most probable – Winner no result held – Podium – RPS –"
    ]


def test_a_season_of_retrospectives_names_no_winner(world: World):
    world.event()
    world.forecast({"ada": 0.7, "bea": 0.3}, generated_at=MONDAY)
    world.result("ada", "bea", "cal")
    text = world.season().text
    assert "No forecast of this season was made in time. 1 race has a retrospective" in text
    assert "hit" not in text
    assert "winners named" not in text


def test_an_unknown_season_is_not_found(season: World):
    with pytest.raises(ApiError) as raised:
        season.season(1999)
    assert (raised.value.status_code, raised.value.code) == (404, "unknown_season")
    assert raised.value.hint == "Seasons run from 2023 to 2024."
