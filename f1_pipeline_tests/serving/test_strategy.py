"""Plans as they are answered: the run that counts, the backtest's, one driver's, or why none."""

from datetime import timedelta

import pytest

from f1_pipeline_tests.serving import plans
from f1_pipeline_tests.serving.conftest import Home
from f1_pipeline_tests.serving.pages.world import EVENING, MONDAY, RACE, World

URL = f"/strategy/race/{plans.EVENT}"
FIELD = {"ada": 0.6, "bea": 0.4}


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    world.event(planned_laps=60)
    world.add("drivers", {"driver_id": "ada", "name": "Ada Lovelace"})
    world.add("constructors", {"constructor_id": "ferrari", "name": "Ferrari"})
    return world


@pytest.fixture
def ask(world, serve, tmp_path):
    """The answer to an address, on what the world holds then, at a time."""

    def ask(path=URL, now=MONDAY, **given):
        home = Home(tmp_path / "data", DATABASE_URL=world.url, F1_NOW=now.isoformat())
        return serve(home).get(path, **given)

    return ask


def test_published_plans_by_driver_in_order_of_the_grid(world, ask):
    plans.publish(world, ("bea", "ada"))
    told = ask().json()
    assert [(one["driver_id"], one["grid_position"]) for one in told["drivers"]] == [
        ("bea", 1),
        ("ada", 2),
    ]
    ada = told["drivers"][1]
    assert (ada["name"], ada["constructor"], ada["recommended"]) == (
        "Ada Lovelace",
        "Ferrari",
        "M-18-H",
    )
    assert [(p["rank"], p["plan"], p["clear"], p["difference"]) for p in ada["plans"]] == [
        (1, "M-18-H", False, 0.0),
        (2, "S-12-M-40-H", True, 1.25),
    ]
    assert (ada["plans"][0]["window_first"], ada["plans"][1]["window_first"]) == ([15], [])
    assert [a["advice"] for a in ada["caution_advice"]] == ["stop", "too few"]
    assert ada["done"] is None
    about = ("source", "status", "experimental", "dry_races", "circuit_races", "draws")
    assert [told[name] for name in about] == ["published", "locked", True, 40, 3, 1000]
    assert (told["grid_source"], told["run_id"]) == ("official", "plans-1")


@pytest.mark.parametrize(
    ("now", "status"), [(EVENING, "open"), (RACE + timedelta(hours=1), "locked")]
)
def test_plans_are_locked_at_the_start(world, ask, now, status):
    plans.publish(world)
    assert ask(now=now).json()["status"] == status


def test_made_in_time_counts_before_newer_ones_made_after_the_start(world, ask):
    plans.publish(world, run_id="late", generated_at=MONDAY)
    assert ask().json()["status"] == "retrospective"
    plans.publish(world, run_id="early", generated_at=EVENING - timedelta(hours=1))
    plans.publish(world, run_id="evening", generated_at=EVENING)
    told = ask().json()
    assert (told["run_id"], told["status"], len(told["drivers"])) == ("evening", "locked", 2)


def test_what_was_done_stands_beside_a_published_plan(world, ask):
    plans.publish(world)
    row = {"event_id": plans.EVENT, "driver_id": "bea", "run_id": "plans-1", "actual_stops": 1}
    world.add("scored_recommendations", row | {"actual_first_stop": 20, "actual_sequence": "M-H"})
    ada, bea = ask().json()["drivers"]
    assert ada["done"] is None
    assert bea["done"] == {"stops": 1, "first_stop": 20, "sequence": "M-H"}


def test_where_nothing_is_published_the_backtests_plan_stands_beside_what_was_done(world, ask):
    world.result("bea", "ada")
    plans.backtest(world)
    told = ask().json()
    assert (told["source"], told["status"], told["generated_at"], told["draws"]) == (
        "backtest",
        "retrospective",
        None,
        None,
    )
    assert told["experimental"] is True
    for driver in told["drivers"]:
        assert (driver["recommended"], driver["stops"], driver["plans"]) == ("M-20-H", 1, [])
        assert driver["done"] == {"stops": 2, "first_stop": 9, "sequence": "S-H-S"}
    plans.publish(world)
    assert ask().json()["source"] == "published"


def test_one_driver_alone(world, ask):
    plans.publish(world)
    told = ask(params={"driver_id": "bea"}).json()
    assert [one["driver_id"] for one in told["drivers"]] == ["bea"]
    missing = ask(params={"driver_id": "bia"})
    assert (missing.status_code, missing.json()["code"]) == (404, "unknown_driver")
    assert missing.json()["hint"] == "Did you mean bea?"
    assert ask(params={"driver_id": "--help"}).status_code == 422


def test_without_plans_the_reason_is_told(world, ask):
    none = ask()
    assert (none.status_code, none.json()["code"]) == (404, "no_plans")
    assert f"f1-pipeline strategy --event {plans.EVENT}" in none.json()["hint"]
    plans.figures(world, {"ada": [("WET", 1, 50)]}, dry=False)
    assert "it was a wet race" in ask().json()["message"]
    assert ask("/strategy/race/2024-nowhere").json()["code"] == "unknown_event"


def test_what_is_fitted_for_the_circuit_in_its_order(world, ask):
    missing = ask(f"{URL}/circuit")
    assert (missing.status_code, missing.json()["code"]) == (404, "no_fits")
    plans.fits(world)
    told = ask(f"{URL}/circuit").json()
    assert [row["caution"] for row in told["pit_loss"]] == ["green", "safety_car"]
    assert [row["compound"] for row in told["tyre_degradation"]] == ["SOFT", "MEDIUM", "HARD"]
    assert told["neutralisations"][0]["per_race"] == 0.5
    assert told["track_position_cost"]["pass_ms"] == 60.0


def test_new_plans_are_seen_at_the_next_look(world, serve, tmp_path):
    server = serve(Home(tmp_path / "data", DATABASE_URL=world.url, F1_NOW=EVENING.isoformat()))
    plans.publish(world)
    before = server.get(URL)
    again = server.get(URL, headers={"If-None-Match": before.headers["etag"]})
    assert again.status_code == 304
    plans.publish(world, run_id="plans-2", generated_at=EVENING)
    server.look()
    assert server.get(URL).json()["run_id"] == "plans-2"
