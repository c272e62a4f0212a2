"""Plans from the command line, on the shipped figures: one's own beside the usual ones."""

import json
from typing import Any

import pytest

from f1_pipeline_tests.cli.conftest import Done, Home

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def home(ran: tuple[Home, Done]) -> Home:
    assert ran[1].code == 0, ran[1].err
    return ran[0]


def asked(home: Home, event: str, driver: str, *plans: str) -> dict[str, Any]:
    """What is answered of a hundred simulated races."""
    own = [part for plan in plans for part in ("--plan", plan)]
    arguments = ("--event", event, "--driver", driver, *own, "--draws", "100", "--json")
    done = home.call("strategy", *arguments)
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads(done.out)
    assert found["plans"][0]["rank"] == 1
    return found


def refused(home: Home, *arguments: str) -> str:
    done = home.call("strategy", *arguments)
    assert done.code != 0
    (line,) = done.error_lines
    return line


def test_a_plan_of_ones_own_stands_among_the_usual_ones(home: Home) -> None:
    found = asked(home, "2025-italy", "charles-leclerc", "m-18-h", "S-10-M-30-H")
    own = [row["plan"] for row in found["plans"] if row["own"]]
    assert sorted(own) == ["M-18-H", "S-10-M-30-H"]
    assert found["plans"][0]["grid_source"] == "official"
    assert found["experimental"] is True
    assert found["was_dry"] is True
    assert {row["phase"] for row in found["advice"]} == {1, 2, 3}
    again = asked(home, "2025-italy", "charles-leclerc", "m-18-h", "S-10-M-30-H")
    assert again == found
    arguments = ("--event", "2025-italy", "--driver", "charles-leclerc", "--plan", "M-18-H")
    shown = home.call("strategy", *arguments, "--draws", "100").out
    assert "yours" in shown
    assert "M-18-H" in shown
    assert "Experimental" in shown
    assert "Safety car on laps" in shown


def test_a_wet_race_a_stopped_one_and_one_of_a_lap_are_answered_for_a_dry_one(home: Home) -> None:
    wet = asked(home, "2019-germany", "max-verstappen")
    assert wet["was_dry"] is False
    one_lap = asked(home, "2021-belgium", "lando-norris")
    assert (one_lap["laps"], one_lap["laps_run"]) == (44, 1)
    shown = home.call(
        *("strategy", "--event", "2021-belgium", "--driver", "lando-norris", "--draws", "100")
    ).out
    assert "wet" in shown
    assert "1 of 44 laps" in shown
    stopped = asked(home, "2020-italy", "pierre-gasly")
    assert stopped["held"] is True


def test_a_rule_of_two_stops_is_kept_and_a_plan_against_it_is_named(home: Home) -> None:
    found = asked(home, "2025-monaco", "lando-norris", "M-18-H")
    assert all(row["stops"] >= 2 for row in found["plans"] if not row["own"])
    assert found["against_the_rules"] == ["M-18-H: 2 stops are asked for, it has 1"]


def test_a_start_from_the_pit_lane(home: Home) -> None:
    found = asked(home, "2023-japan", "logan-sargeant")
    first = found["plans"][0]
    assert first["pit_lane"] is True
    assert first["p_lose"] == 0  # nobody is behind


def test_a_race_that_no_laps_tell_of_has_a_reason_or_an_answer(home: Home) -> None:
    line = refused(home, "--event", "2015-italy", "--driver", "lewis-hamilton")
    assert "0 dry races" in line
    assert "archive" in line
    ahead = asked(home, "2026-australia", "max-verstappen")
    assert ahead["held"] is False
    assert ahead["plans"][0]["grid_source"] == "forecast"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("2025-italy", "charles-leclerc", "M-18-X"), "write S, M or H"),
        (("2025-italy", "charles-leclerc", "M-18-W"), "dry race"),
        (("2025-italy", "charles-leclerc", "M-53-H"), "last lap to stop on is 52"),
        (("2025-italy", "charles-leclerc", "M-18"), "no plan"),
        (("2025-itly", "charles-leclerc", "M-18-H"), "did you mean 2025-italy"),
        (("2025-italy", "charles-lecler", "M-18-H"), "did you mean charles-leclerc"),
    ],
)
def test_bad_input_is_one_line(home: Home, arguments: tuple[str, ...], words: str) -> None:
    event, driver, plan = arguments
    assert words in refused(home, "--event", event, "--driver", driver, "--plan", plan)


def test_a_plan_needs_a_driver(home: Home) -> None:
    assert "--driver" in refused(home, "--event", "2025-italy", "--plan", "M-18-H")


def test_plans_of_all_drivers_are_published_first_and_then_shown(copy_of_ran: Home) -> None:
    done = copy_of_ran.call("strategy", "--event", "2026-australia", "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    drivers = {row["driver_id"] for row in found["plans"]}
    assert len(drivers) >= 20
    assert {row["driver_id"] for row in found["advice"]} == drivers
    shown = copy_of_ran.call("strategy", "--event", "2026-australia")
    assert "max-verstappen" in shown.out
    assert "recommend_event" not in shown.err
