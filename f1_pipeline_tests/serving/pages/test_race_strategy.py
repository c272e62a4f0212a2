"""What the race page says of strategy: stints as driven, plans, the circuit, and without them."""

from itertools import pairwise

import pytest
import sqlalchemy as sa

from f1_pipeline.serving.pages import tyres
from f1_pipeline.serving.pages.tyres import Caution, Stint
from f1_pipeline.storage import database
from f1_pipeline_tests.serving import plans
from f1_pipeline_tests.serving.pages.test_html import EVIL
from f1_pipeline_tests.serving.pages.world import MONDAY, World, plain

FIELD = {"ada": 0.6, "bea": 0.3, "cal": 0.1}
STINTS: dict[str, list[tuple[str | None, int, int]]] = {
    "ada": [("MEDIUM", 1, 18), ("HARD", 19, 50)],
    "bea": [("SOFT", 1, 1), ("INTERMEDIATE", 2, 30), ("WET", 31, 49)],
    "cal": [(None, 1, 10), ("HYPERSOFT", 11, 20)],
}


@pytest.fixture
def forecast(world: World) -> World:
    world.event(planned_laps=50)
    world.forecast(FIELD)
    return world


def shapes(picture, tag: str, name: str):
    return [
        s.attributes
        for s in picture.children
        if s.tag == tag and str(s.attributes.get("class", "")).split()[0:1] == [name]
    ]


def test_without_anything_each_part_says_what_fills_it(forecast: World):
    told = forecast.race().section("strategy")
    assert "No stints are held" not in told
    assert "2024-monaco has no plans. f1-pipeline strategy --event 2024-monaco publishes" in told
    assert "Nothing is fitted for this circuit yet." in told
    forecast.result("ada", "bea", "cal")
    told = forecast.race(now=MONDAY).section("strategy")
    assert "No stints are held of this race." in told
    assert "f1-pipeline backfill --tier timing" in told


def test_tables_that_are_not_made_yet_hold_nothing(forecast: World):
    with database.writing(forecast.url) as connection:
        connection.execute(sa.text("DROP TABLE recommendations"))
    assert "Nothing is held of it yet." in forecast.race().section("strategy")


def test_the_stints_stand_in_finishing_order_with_a_letter_each(forecast: World):
    forecast.result("bea", "ada", "cal", classified=2)
    plans.figures(forecast, STINTS)
    page = forecast.race(now=MONDAY)
    rows = page.rows("strategy")[:3]
    assert [row.split(": ")[0] for row in rows] == ["P1 Bea Bea", "P2 Ada Ada", "out Cal Cal"]
    assert "soft, laps 1 to 1; intermediate, laps 2 to 30; wet, laps 31 to 49" in rows[0]
    bea, ada, cal = page.all("svg", class_="stints")
    assert [(bar["class"], bar["x"], bar["width"]) for bar in shapes(ada, "rect", "tyre")] == [
        ("tyre m", "0.00%", "36.00%"),
        ("tyre h", "36.00%", "64.00%"),
    ]
    assert [t.text.strip() for t in ada.children if t.tag == "text"] == ["M", "H"]
    # One lap has no room for a letter: the title tells it.
    assert [t.text.strip() for t in bea.children if t.tag == "text"] == ["I", "W"]
    assert [t.text.strip() for t in cal.children if t.tag == "text"] == ["?", "HS"]
    told = page.section("strategy")
    for name in ("soft", "medium", "hard", "intermediate", "wet", "hypersoft", "not known"):
        assert name in told


def test_cautions_are_shaded_and_told_and_a_red_flag_is_a_line(forecast: World):
    forecast.result("ada", "bea", "cal")
    of = [("safety_car", 5, 4), ("safety_car", 30, 1), ("red", 20, 2)]
    plans.figures(forecast, STINTS, [*of, ("virtual_safety_car", 40, 2)])
    page = forecast.race(now=MONDAY)
    assert (
        "Safety car on laps 5–8, 30; Virtual safety car on laps 40–41; Red flag on lap 20."
        in page.section("strategy")
    )
    assert "a red line is where the race was stopped" in page.section("strategy")
    first = page.all("svg", class_="stints")[0]
    assert shapes(first, "rect", "caution")[0] == {
        "class": "caution safety_car",
        "x": "8.00%",
        "width": "8.00%",
        "height": "100%",
    }
    [line] = shapes(first, "line", "stopped")
    assert line["x1"] == line["x2"] == "39.00%"


def test_a_race_without_cautions_speaks_of_none(forecast: World):
    forecast.result("ada", "bea", "cal")
    plans.figures(forecast, STINTS)
    page = forecast.race(now=MONDAY)
    assert "Shaded" not in page.section("strategy")
    assert "red line" not in page.section("strategy")


def test_published_plans_are_bars_with_their_places_and_called_experimental(forecast: World):
    plans.publish(forecast, ("bea", "ada"))
    page = forecast.race()
    told = page.section("strategy")
    assert "Experimental. Past races do not show that these plans are better" in told
    assert "#plans-mean" in page.links
    assert [e.attributes["id"] for e in page.elements if e.attributes.get("id") == "plans-mean"]
    assert "40 dry ones, 3 of them here" in told
    rows = page.rows("strategy")
    assert rows[0] == (
        "Bea starts P1 Bea, recommended: medium, laps 1 to 18; hard, laps 19 to 50 M H M-18-H 3.2"
    )
    assert rows[1].startswith("Ada starts P2")
    assert "no clear difference" not in rows[0]
    assert "/strategy/race/2024-monaco" in page.links


def test_plans_that_are_not_clearly_worse_are_told(forecast: World):
    plans.publish(forecast, clear=False)
    page = forecast.race()
    assert "Ada starts P1 no clear difference" in page.rows("strategy")[0]


def test_where_the_grid_is_forecast_nobody_starts_anywhere(forecast: World):
    plans.publish(forecast, grid_source="forecast")
    page = forecast.race()
    assert page.rows("strategy")[0].startswith("Ada Ada, recommended")
    assert "from the forecast, as no grid is known" in page.section("strategy")


def test_plans_that_beat_constants_are_not_called_experimental(forecast: World):
    plans.publish(forecast, experimental=False)
    told = forecast.race().section("strategy")
    assert "xperimental" not in told
    assert "In it plans beat those." in told


def test_each_driver_s_plans_are_compared_with_intervals_windows_and_advice(forecast: World):
    plans.publish(forecast)
    page = forecast.race()
    told = page.section("strategy")
    assert "best expectation; place 3.2" in told
    assert "+1.2 (+0.5 to +2.0) behind; place 4.5; 50 % of teams stop twice" in told
    assert "M-18-H is worth the same with the stop on laps 15 to 22." in told
    assert "Laps 1–17: stop (stopping gains 0.8 places)" in told
    assert "Laps 18–50: too few simulated races to tell" in told
    pictures = page.all("svg", class_="behind")
    assert len(pictures) == 4
    [dot] = [s for s in pictures[1].children if s.tag == "circle"]
    [line] = shapes(pictures[1], "line", "range")
    assert (dot.attributes["cx"], line["x1"], line["x2"]) == ("62.50%", "25.00%", "100.00%")
    assert "Ada, S-12-M-40-H: +1.2 places behind the best" in pictures[1].children[0].text


def test_the_backtests_plans_stand_beside_what_was_done(forecast: World):
    forecast.result("ada", "bea", "cal")
    plans.backtest(forecast)
    page = forecast.race(now=MONDAY)
    told = page.section("strategy")
    assert "Nothing was published before this race." in told
    assert "done: S-H-S, first stop lap 9" in page.rows("strategy")[0]
    assert page.all("svg", class_="behind") == []


def test_the_circuit_has_curves_with_bands_and_numbers(forecast: World):
    plans.fits(forecast)
    page = forecast.race()
    told = page.section("strategy")
    assert "A stop under green 22.0 (20.0 to 24.0) s, by 4 races here" in told
    assert "Under a safety car 12.0 (20.0 to 24.0) s, by what other circuits say" in told
    assert "Safety cars 0.50 a race (0.25 to 0.75), by 8 races here" in told
    assert "To gain a place 0.06 (0.02 to 0.11) s a lap faster" in told
    assert "Soft 90 45 to 180 −500 9" in told
    [picture] = page.all("svg", class_="wear")
    kinds = [str(s.attributes.get("class")) for s in picture.children if s.tag == "path"]
    assert [k for k in kinds if k.startswith("band")] == ["band s", "band m", "band h"]
    assert sorted(k for k in kinds if k.startswith("curve")) == ["curve h", "curve m", "curve s"]
    letters = [s for s in picture.children if s.attributes.get("class") == "ends"]
    assert sorted(s.text.strip() for s in letters) == ["H", "M", "S"]
    heights = sorted(float(str(s.attributes["y"])) for s in letters)
    assert all(b - a >= 15.9 for a, b in pairwise(heights))


def test_hostile_names_stay_words(forecast: World):
    forecast.add("drivers", {"driver_id": "ada", "name": EVIL})
    forecast.result("ada", "bea", "cal")
    plans.figures(forecast, STINTS)
    plans.publish(forecast)
    plans.fits(forecast)
    page = forecast.race(now=MONDAY)
    assert page.all("script") == []
    assert EVIL not in page.html
    assert EVIL in page.text


def test_a_plan_is_stints_to_the_end():
    assert tyres.of_plan("M-18-H-40-S", 57) == [
        Stint("M", 1, 18),
        Stint("H", 19, 40),
        Stint("S", 41, 57),
    ]


def test_captions_that_would_meet_are_left_out():
    cautions = [Caution("safety_car", 3, 2), Caution("red", 4, 1), Caution("safety_car", 40, 3)]
    assert plain(tyres.ruler(50, cautions).striptags()) == (
        "Scale of laps, 1 to 50SCSC102030lap 50"
    )
