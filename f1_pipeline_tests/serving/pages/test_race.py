"""The race page says what the rows say, and says what it is."""

from datetime import timedelta

import pytest

from f1_pipeline.serving.errors import ApiError
from f1_pipeline_tests.serving.pages.world import EVENING, MONDAY, RACE, SATURDAY, World, plain

FIELD = {"ada": 0.6, "bea": 0.3, "cal": 0.0996, "dee": 0.0004}


@pytest.fixture
def forecast(world: World) -> World:
    world.event(race_time_known=True)
    world.add(
        "drivers",
        {"driver_id": "ada", "name": "Ada Lovelace"},
        {"driver_id": "bea", "name": "Bea Smith"},
    )
    world.add("constructors", {"constructor_id": "ferrari", "name": "Ferrari"})
    world.add(
        "circuits",
        {"circuit_id": "the-streets", "name": "The Streets", "place": "Town", "country": "monaco"},
    )
    world.forecast(FIELD)
    return world


def test_the_field_stands_in_order_with_its_numbers(forecast: World):
    page = forecast.race()
    assert page.rows("field") == [
        (
            "Ada Lovelace Ferrari Ada Lovelace: win 60 %, podium >99.9 %, points >99.9 % "
            "60 % >99.9 % >99.9 %"
        ),
        "Bea Smith Ferrari Bea Smith: win 30 %, podium 60 %, points 90 % 30 % 60 % 90 %",
        "Cal Ferrari Cal: win 10 %, podium 20 %, points 30 % 10 % 20 % 30 %",
        "Dee Ferrari Dee: win <0.1 %, podium <0.1 %, points 0.1 % <0.1 % <0.1 % 0.1 %",
    ]


def test_the_bars_are_as_long_as_the_chances(forecast: World):
    page = forecast.race()
    lengths = [
        {
            bar.attributes["class"]: bar.attributes["width"]
            for bar in picture.children
            if bar.tag == "rect"
        }
        for picture in page.all("svg", class_="chances")
    ]
    assert [(bars["win"], bars["podium"], bars["points"]) for bars in lengths] == [
        ("60.00%", "100.00%", "100.00%"),
        ("30.00%", "60.00%", "90.00%"),
        ("9.96%", "19.92%", "29.88%"),
        ("0.04%", "0.08%", "0.12%"),
    ]


def test_the_head_says_where_when_and_how_it_was_made(forecast: World):
    page = forecast.race()
    assert [plain(h.text) for h in page.all("h1")] == ["Monaco Grand Prix 2024"]
    assert "The Streets, Town, Monaco Sunday 26 May 2024, 13:00 UTC" in page.text
    assert "Open: made before the race" in page.text
    assert "Made on 25 May 2024, 17:00 UTC" in page.text
    (described,) = page.all("meta", name="description")
    assert plain(str(described.attributes["content"])) == (
        "To win: Lovelace 60 %, Smith 30 %, Cal 10 %. "
        "Forecast after qualifying, made on 25 May 2024, 17:00 UTC."
    )


def test_a_start_of_which_only_the_date_is_known_shows_no_hour(world: World):
    world.event(race_time_known=False, starts=RACE.replace(hour=0))
    world.forecast(FIELD)
    assert "Sunday 26 May 2024, time not known" in world.race().text
    assert "00:00" not in world.race().text


def test_after_the_start_a_forecast_is_locked_and_stale_until_the_result(forecast: World):
    page = forecast.race(now=MONDAY)
    assert "Locked: made before the race" in page.text
    assert "Stale. The start of this race has passed" in page.text
    assert "Stale." not in forecast.race(now=SATURDAY).text
    forecast.result("bea", "ada", "cal", "dee", classified=3)
    page = forecast.race(now=MONDAY)
    assert "Stale." not in page.text
    assert "How it ended: P1 Smith, P2 Lovelace, P3 Cal ." in page.text


def test_a_retrospective_is_called_no_forecast(world: World):
    world.event()
    world.forecast(FIELD, generated_at=MONDAY)
    page = world.race(now=MONDAY)
    assert "Retrospective: made after the start, so it is no forecast." in page.text
    (described,) = page.all("meta", name="description")
    assert str(described.attributes["content"]).endswith("no forecast.")
    assert "Open:" not in page.text
    assert "Locked:" not in page.text


def test_what_it_had_to_do_without_is_told_twice_and_only_then(forecast: World):
    assert "With less than there could be." not in forecast.race().text
    forecast.forecast(FIELD, run_id="run-2", degraded_reason="no laps", generated_at=EVENING)
    page = forecast.race()
    assert "With less than there could be. no laps" in page.text
    assert "Had to do without no laps" in page.text


def test_the_horizon_that_counts_is_shown_and_the_others_are_linked(forecast: World):
    forecast.forecast(
        {"bea": 0.9, "ada": 0.1}, horizon="pre_weekend", run_id="run-0", grid_source=None
    )
    (tabs,) = forecast.race().all("nav", **{"aria-label": "Horizon"})
    assert [(a.attributes["href"], a.attributes.get("aria-current")) for a in tabs.children] == [
        ("/race/2024-monaco?horizon=pre_weekend", None),
        ("/race/2024-monaco?horizon=post_qualifying", "page"),
    ]
    earlier = forecast.race(horizon="pre_weekend")
    assert earlier.rows("field")[0].startswith("Bea Smith")
    assert "Chance to win, before any grid is known." in earlier.text


def test_one_horizon_needs_no_switch(forecast: World):
    assert forecast.race().all("nav", **{"aria-label": "Horizon"}) == []


def test_a_race_or_a_horizon_without_forecast_is_not_found(forecast: World):
    forecast.event("2024-imola")
    for event_id, horizon in (("2024-imola", None), ("2024-monaco", "post_practice")):
        with pytest.raises(ApiError) as raised:
            forecast.race(event_id, horizon)
        assert (raised.value.status_code, raised.value.code) == (404, "no_prediction")
    with pytest.raises(ApiError, match="There is no race"):
        forecast.race("2024-atlantis")


def test_the_spread_marks_where_each_finished(forecast: World):
    forecast.result("bea", "ada", "cal", "dee", classified=3)
    page = forecast.race(now=MONDAY)
    assert [row.rpartition(" ")[2] for row in page.rows("spread")] == ["P2", "P1", "P3", "retired"]
    marks = [
        (mark.attributes["x"], mark.children[0].attributes["class"])
        for picture in page.all("svg", class_="spread")
        for mark in picture.children
        if mark.tag == "svg"
    ]
    assert marks == [
        ("37.50%", "finish"),
        ("12.50%", "finish"),
        ("62.50%", "finish"),
        ("87.50%", "finish out"),
    ]
    assert "diamond" in page.section("spread")


def test_before_the_race_nothing_is_marked(forecast: World):
    page = forecast.race()
    assert page.all("path", class_="finish") == []
    assert "diamond" not in page.section("spread")


def test_a_driver_without_a_result_and_one_who_was_not_forecast(forecast: World):
    forecast.result("zoe", "ada", "bea")
    rows = forecast.race(now=MONDAY).rows("spread")
    assert rows[0].endswith("P2")
    assert rows[2].endswith("–")
    assert len(rows) == 4


def test_the_grid_is_shown_where_there_is_one(world: World):
    world.event()
    world.forecast(FIELD, grid_position=7)
    assert "Ferrari starts P7" in world.race().rows("field")[0]
    world.forecast(FIELD, run_id="run-2", generated_at=EVENING, grid_position=None)
    assert "starts" not in world.race().rows("field")[0]


@pytest.mark.parametrize("size", [1, 6, 26])
def test_any_field_has_its_page(world: World, size: int):
    world.event()
    wins = {f"driver-{k:02}": 1 / size for k in range(size)}
    if size == 1:
        world.forecast(wins | {"other": 0.0}, position_probabilities=[1.0], expected_position=1.0)
    else:
        world.forecast(wins)
    assert len(world.race().rows("field")) == max(size, 2)
    assert len(world.race().rows("spread")) == max(size, 2)


def test_the_neighbours_are_linked_where_they_have_a_page(forecast: World):
    forecast.event("2024-imola", starts=RACE - timedelta(days=7))
    forecast.event("2024-canada", starts=RACE + timedelta(days=14))
    forecast.forecast(FIELD, event_id="2024-imola", starts=RACE - timedelta(days=7))
    page = forecast.race()
    assert "/race/2024-imola" in page.links
    assert "/race/2024-canada" not in page.links
    assert "After: Canada Grand Prix 2024 (nothing published)" in page.text


def test_the_state_of_the_data_is_told(forecast: World):
    page = forecast.race()
    assert "Newest result none yet" in page.section("data")
    assert "Refused rows none" in page.section("data")
    forecast.event("2024-imola", starts=RACE - timedelta(days=7))
    forecast.result("ada", "bea", event_id="2024-imola")
    forecast.add(
        "quarantine",
        {"quarantine_id": "q1"},
        {"quarantine_id": "q2"},
        {"quarantine_id": "q3", "resolved_at": SATURDAY},
    )
    page = forecast.race()
    assert "Newest result Imola Grand Prix 2024, 19 May 2024" in page.section("data")
    assert "2 rows stand in quarantine" in page.section("data")
    assert "Model m1" in page.section("data")
