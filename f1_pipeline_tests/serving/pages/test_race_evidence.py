"""What the race page says of moves, reasons, past races and reliability, and without them."""

from datetime import timedelta

import pytest

from f1_pipeline_tests.serving.pages.world import MONDAY, RACE, World

FIELD = {"ada": 0.6, "bea": 0.3, "cal": 0.1}
BEFORE = {"ada": 0.55, "bea": 0.05, "cal": 0.4}
WEEK = timedelta(days=7)


@pytest.fixture
def forecast(world: World) -> World:
    world.event()
    world.forecast(FIELD)
    return world


def test_without_anything_else_the_page_says_so(forecast: World):
    page = forecast.race()
    assert "Nothing to compare with" in page.section("moves")
    assert "No factors are kept" in page.section("reasons")
    assert "No race before this one is held." in page.section("past")
    assert "f1-pipeline backtest --seasons 2019-2025" in page.section("reliability")
    assert page.all("svg", class_="reliability") == []


def test_the_largest_move_comes_first_with_its_sign(forecast: World):
    forecast.forecast(
        BEFORE, horizon="pre_weekend", run_id="run-0", generated_at=RACE - timedelta(days=3)
    )
    page = forecast.race()
    assert "Since the run before the weekend (23 May 2024, 13:00 UTC)" in page.section("moves")
    assert [(row.split()[0], row.split()[-3:]) for row in page.rows("moves")] == [
        ("Cal", ["−30.0", "−60.0", "−0.6"]),
        ("Bea", ["+25.0", "+50.0", "+0.5"]),
        ("Ada", ["+5.0", "±0.0", "+0.1"]),
    ]


def test_a_forecast_is_compared_with_forecasts_alone(forecast: World):
    forecast.forecast(BEFORE, horizon="pre_weekend", run_id="run-0", generated_at=MONDAY)
    assert "Nothing to compare with" in forecast.race(now=MONDAY).section("moves")


def test_retrospectives_are_compared_with_each_other(world: World):
    world.event()
    world.forecast(FIELD, generated_at=MONDAY)
    world.forecast(BEFORE, horizon="pre_weekend", run_id="run-0", generated_at=MONDAY)
    assert "Since the run before the weekend" in world.race(now=MONDAY).section("moves")


def test_a_driver_who_came_later_has_not_moved(forecast: World):
    forecast.forecast({"ada": 0.7, "bea": 0.3}, horizon="pre_weekend", run_id="run-0")
    assert {row.split()[0] for row in forecast.race().rows("moves")} == {"Ada", "Bea"}


def test_reasons_stand_by_weight_with_words_and_sum(forecast: World):
    about = {"event_id": "2024-monaco", "horizon": "post_qualifying", "run_id": "run-1"}
    forecast.add(
        "explanations",
        about | {"driver_id": "ada", "factor": "team", "contribution": -0.2, "words": None},
        about | {"driver_id": "ada", "factor": "grid", "contribution": 0.8, "words": "starts 1st"},
        about | {"driver_id": "ada", "factor": "form", "contribution": 5.0, "run_id": "run-0"},
        about | {"driver_id": "ada", "factor": "practice", "contribution": 0.004},
        about | {"driver_id": "bea", "factor": "grid", "contribution": 0.4, "words": "starts 2nd"},
    )
    page = forecast.race()
    assert page.rows("reasons") == [
        "grid grid: +0.80 +0.80 starts 1st",
        "team team: −0.20 −0.20",
        "grid grid: +0.40 +0.40 starts 2nd",
    ]
    assert "+0.60 ×1.8 Ada" in page.section("reasons")
    assert page.section("reasons").count("Without weight here: practice.") == 1
    bars = [picture.children[1].attributes for picture in page.all("svg", class_="leaning")]
    assert [(bar["class"], bar["x"], bar["width"]) for bar in bars] == [
        ("for", "50.00%", "50.00%"),
        ("against", "37.50%", "12.50%"),
        ("for", "50.00%", "25.00%"),
    ]


def _held(world: World, event_id: str, weeks: int, *order: str) -> None:
    world.event(event_id, starts=RACE - weeks * WEEK)
    world.result(*order, event_id=event_id)


def test_past_races_say_who_was_expected_who_came_and_of_which_kind_that_is(forecast: World):
    world = forecast
    world.champion()
    field = {"ada": 0.4, "bea": 0.3, "cal": 0.2, "dee": 0.1}
    _held(world, "2024-imola", 1, "ada", "dee", "cal", "bea")
    world.forecast(field, event_id="2024-imola", starts=RACE - WEEK)
    world.forecast(
        {"dee": 1.0, "ada": 0.0},
        event_id="2024-imola",
        starts=RACE - WEEK,
        generated_at=MONDAY,
        run_id="run-2",
    )
    world.add(
        "scored_predictions",
        {
            "event_id": "2024-imola",
            "horizon": "post_qualifying",
            "run_id": "run-1",
            "season": 2024,
            "status": "locked",
            "rps": 0.123,
        },
    )
    _held(world, "2024-miami", 2, "ada", "bea", "cal")
    world.forecast(
        field, event_id="2024-miami", starts=RACE - 2 * WEEK, generated_at=MONDAY, run_id="run-3"
    )
    _held(world, "2024-china", 3, "ada", "bea")
    world.walked({"ada": 0.9, "bea": 0.1}, "2024-china")
    world.walked({"ada": 0.1, "bea": 0.9}, "2024-china", recipe="r2")
    _held(world, "2024-japan", 4, "ada", "bea")
    rows = world.race().rows("past")
    assert rows == [
        (
            "Imola Grand Prix 2024 · forecast, made in time Expected ✓ Ada (on the podium) 80 % "
            "✗ Bea (not on the podium) 60 % ✓ Cal (on the podium) 40 % "
            "Podium Ada, Dee, Cal RPS 0.123"
        ),
        (
            "Miami Grand Prix 2024 · retrospective, no forecast "
            "Expected ✓ Ada (on the podium) 80 % ✓ Bea (on the podium) 60 % "
            "✓ Cal (on the podium) 40 % Podium Ada, Bea, Cal RPS –"
        ),
        (
            "China Grand Prix 2024 · walk-forward, made afterwards "
            "Expected ✓ Ada (on the podium) >99.9 % ✓ Bea (on the podium) 20 % "
            "Podium Ada, Bea RPS 0.010"
        ),
        "Japan Grand Prix 2024 · nothing was published Expected – Podium Ada, Bea RPS –",
    ]
    assert "/race/2024-china" not in world.race().links
    assert "/race/2024-miami" in world.race().links


def test_only_six_races_before_this_one_are_shown(forecast: World):
    for weeks in range(1, 9):
        _held(forecast, f"2024-race-{weeks}", weeks, "ada")
    _held(forecast, "2024-later", -1, "ada")
    names = [row.split(" Grand")[0] for row in forecast.race().rows("past")]
    assert names == [f"Race-{weeks}" for weeks in range(1, 7)]


def test_reliability_is_that_of_the_recipe_in_force_at_this_horizon(forecast: World):
    forecast.champion()
    forecast.walked({"ada": 0.8, "bea": 0.2}, "2023-monaco")
    forecast.walked({"ada": 0.8, "bea": 0.2}, "2023-imola")
    for other in (
        {"recipe": "r2"},
        {"model": "baseline"},
        {"tier": "timing"},
        {"horizon": "pre_weekend", "grid_source": "none"},
        {"grid_source": "official"},
    ):
        forecast.walked({"ada": 0.5, "bea": 0.5}, "2023-monaco", **other)
    page = forecast.race()
    assert "2 races of 2023–2023" in page.section("reliability")
    pictures = page.all("svg", class_="reliability")
    assert len(pictures) == 3
    assert [row for row in page.rows("reliability") if "80 %" in row.split(" to ")[0]] == [
        "80 % >99.9 % 34 % to >99.9 % 2"
    ]
    assert "No season that the model was not chosen on" in page.section("reliability")


def _record(metric: str, **given: float | None) -> dict[str, object]:
    numbers = {"value": 1.2, "reference": 1.5, "difference": -0.3, "low": -0.4, "high": -0.2}
    return {
        "recipe": "r1",
        "period": "reported",
        "tier": "results",
        "horizon": "post_qualifying",
        "grid_source": "qualifying",
        "against": "baseline",
        "metric": metric,
        "first_season": 2024,
        "last_season": 2025,
        "races": 48,
        **numbers,
        **given,
    }


def test_the_track_record_is_told_with_its_verdict(forecast: World):
    forecast.champion()
    forecast.add(
        "track_record",
        _record("win_ll"),
        _record("spearman"),
        _record("rps", high=0.1),
        _record("points_ll", low=None, high=None),
        _record("mae"),
        _record("win_ll", value=9.0) | {"period": "chosen on"},
        _record("win_ll", value=9.0) | {"against": "standings"},
    )
    page = forecast.race()
    assert page.rows("reliability") == [
        "Win log-loss lower is better 1.20 1.50 −0.30 −0.40 to −0.20 better",
        "Points log-loss lower is better 1.200 1.500 −0.300 –",
        (
            "Ranked probability score lower is better 1.200 1.500 −0.300 −0.400 to +0.100 "
            "no clear difference"
        ),
        "Rank correlation higher is better 1.20 1.50 −0.30 −0.40 to −0.20 worse",
    ]
    assert "48 races of 2024–2025" in page.section("reliability")
