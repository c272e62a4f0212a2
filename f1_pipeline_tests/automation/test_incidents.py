"""Which faults hold, when each is over, and to whom it is said: both ways round."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from f1_pipeline.automation import Attempts, State, wanted
from f1_pipeline.automation.incidents import (
    Condition,
    EndedRun,
    Telling,
    about,
    asked,
    changes,
    drift,
    refused_recipes,
    run_failures,
    staleness,
)
from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline_tests.synthetic import make_tables

NOW = datetime(2024, 5, 26, 16, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
EVENT = "2024-monaco"
ADDRESS = "https://hooks.example.com/secret"
OTHER = "https://hooks.example.com/another"


def fault(name: str) -> Condition:
    return Condition(name, "drift", f"{name} is bad")


def test_a_fault_opens_an_incident_and_its_end_closes_it():
    assert changes({"a": fault("a"), "b": None}, set()).opened == (fault("a"),)
    assert changes({"a": None, "b": None}, {"a"}).over == ("a",)


def test_a_fault_that_lasts_changes_nothing_nor_does_one_that_was_not_looked_at():
    lasting = changes({"a": replace(fault("a"), message="worse"), "b": None}, {"a", "unseen"})
    assert (lasting.opened, lasting.over) == ((), ())


NAMES = "abc"
LOOKS = st.lists(
    st.dictionaries(st.sampled_from(NAMES), st.booleans()), max_size=20
)  # a name that a look lacks was not looked at


@given(LOOKS)
def test_beginnings_and_ends_alternate_whatever_the_order_of_the_looks(looks):
    is_open: set[str] = set()
    history: dict[str, list[str]] = {name: [] for name in NAMES}
    for look in looks:
        found = {name: fault(name) if bad else None for name, bad in look.items()}
        new = changes(found, is_open)
        for condition in new.opened:
            history[condition.incident].append("open")
        for name in new.over:
            history[name].append("over")
        is_open = (is_open | {c.incident for c in new.opened}) - set(new.over)
        assert all((name in is_open) == bad for name, bad in look.items())
    for name, told in history.items():
        assert told == (["open", "over"] * len(told))[: len(told)]
        assert (name in is_open) == (told[-1:] == ["open"])


def run(minute: int, *, failed: bool = False, job: str = "refresh", **given: Any) -> EndedRun:
    facts = {"about": "", "message": f"{job} failed"} | given
    return EndedRun(job=job, failed=failed, ended_at=NOW + minute * MINUTE, **facts)


def failing(*runs: EndedRun) -> set[str]:
    return {name for name, condition in run_failures(runs).items() if condition is not None}


def test_a_run_that_failed_is_a_fault_until_a_later_one_of_the_same_succeeds():
    failed, again, well = run(0, failed=True), run(1, failed=True), run(2)

    assert run_failures([failed]) == {
        "run_failure:refresh": Condition("run_failure:refresh", "run_failure", "refresh failed")
    }
    assert failing(failed, again) == {"run_failure:refresh"}
    assert run_failures([failed, again, well]) == {"run_failure:refresh": None}
    assert failing(well, run(3, failed=True)) == {"run_failure:refresh"}


def test_the_order_in_which_runs_are_read_does_not_matter():
    assert failing(run(2), run(0, failed=True)) == set()
    assert failing(run(2, failed=True), run(0)) == {"run_failure:refresh"}


def test_runs_about_other_things_end_no_fault():
    failed = run(0, failed=True, job="collect_season", about="2023")
    others = [run(1, job="collect_season", about="2024"), run(1, job="refresh", about="2023")]

    assert failing(failed, *others) == {"run_failure:collect_season:2023"}
    assert failing(failed, *others, run(2, job="collect_season", about="2023")) == set()


def test_jobs_that_were_not_seen_are_not_spoken_of():
    assert run_failures([]) == {}


def purposes(**given: Any) -> list[str]:
    """What the sensor asks runs for in a state, by the words of `wanted` itself."""
    state = State(**({"found": {}, "unpublished": {}, "recorded": {}} | given))
    return [one.purpose for one in wanted(state, NOW)]


def test_what_a_run_fetched_before_it_failed_may_be_taken_in_by_another_job():
    """The tables step failed: the answer is kept, so it is the tables' run that mends it."""
    key = ("results", EVENT)
    (first,) = purposes(found={key: "r1"})
    lost = {"attempts": {first: Attempts(failed=1, last_ended=NOW - 2 * MINUTE)}}
    kept = {"kept": {key: "r1"}, "recorded": {key: "r1"}}
    (second,) = purposes(**lost, **kept)
    assert first.partition(":")[0] != second.partition(":")[0]

    failed = run(0, failed=True, job="update_event", about=about(first), asked=asked(first))
    mended = run(5, job="update_tables", about=about(second), asked=asked(second))
    unrelated = replace(mended, asked=asked("tables:results@2024-spain=r1"))

    assert failing(failed) == failing(failed, unrelated) == {f"run_failure:update_event:{EVENT}"}
    assert failing(failed, mended) == set()
    before = replace(mended, ended_at=NOW - MINUTE)
    assert failing(before, failed) == {f"run_failure:update_event:{EVENT}"}


def test_all_that_a_run_was_asked_for_has_to_be_taken_in():
    purpose = f"{EVENT}:qualifying=q1,results=r1"
    failed = run(0, failed=True, job="update_event", about=about(purpose), asked=asked(purpose))
    half = run(1, job="update_tables", about="tables", asked=asked(f"tables:results@{EVENT}=r1"))
    rest = run(2, job="update_tables", about="tables", asked=asked(f"tables:qualifying@{EVENT}=q2"))

    assert failing(failed, half) == {f"run_failure:update_event:{EVENT}"}
    assert failing(failed, half, rest) == set()


def test_a_forecast_that_failed_is_over_with_the_next_one_that_is_made():
    """After its race nobody asks for it again: by its own event it would stay open for ever."""
    (first,) = purposes(needs_forecast=EVENT, forecast_of="2024-imola")
    (second,) = purposes(needs_forecast="2024-canada", forecast_of=EVENT)
    failed = run(0, failed=True, job="after_race", about=about(first), asked=asked(first))
    beside = run(1, job="update_event", about=EVENT, asked=asked(f"{EVENT}:results=r1"))
    well = run(2, job="after_race", about=about(second), asked=asked(second))

    assert failing(failed, beside) == {"run_failure:after_race:forecast"}
    assert failing(failed, beside, well) == set()


GOOD, BAD = "recipe-good", "recipe-bad"


def decision(name: str, day: int, recipe: str, *, accepted: bool, kind: str = "gate") -> Any:
    """Two criteria of a decision: the first is met, the second where it was accepted."""
    base = {column.name: None for column in CONTRACTS["gate_decisions"].columns} | {
        "decision": name,
        "kind": kind,
        "decided_at": NOW + timedelta(days=day),
        "model_version": f"fit-{name}",
        "recipe": recipe,
        "accepted": accepted,
        "races": 24,
        "horizon": "post_qualifying",
        "against": "champion",
        "bound": 0.002,
    }
    return [
        base | {"metric": "points_ll", "passed": True},
        base | {"metric": "rps", "passed": accepted},
    ]


def promotion(day: int, recipe: str) -> dict[str, Any]:
    return {
        "promotion": day + 1,
        "promoted_at": NOW + timedelta(days=day),
        "model_version": "fit",
        "recipe": recipe,
        "parent": None,
        "action": "gate",
        "promoted_by": "somebody",
        "reason": "because",
        "decision": None,
    }


def table(name: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    columns = [column.name for column in CONTRACTS[name].columns]
    return check(pd.DataFrame(rows, columns=columns, dtype=object), CONTRACTS[name])


def judged(*decisions: Any, promoted: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    rows = table("gate_decisions", [row for rows in decisions for row in rows])

    def in_words(criteria: pd.DataFrame) -> str:
        return " and ".join(criteria.loc[~criteria["passed"].astype(bool), "metric"]) + " missed"

    return refused_recipes(rows, table("promotions", list(promoted)), in_words)


def test_a_recipe_that_the_gate_refuses_is_a_fault_and_one_that_it_accepts_is_not():
    found = judged(decision("a", 0, GOOD, accepted=True), decision("b", 1, BAD, accepted=False))

    assert found[f"gate:{GOOD}"] is None
    refused = found[f"gate:{BAD}"]
    assert (refused.incident, refused.kind) == (f"gate:{BAD}", "gate")
    assert BAD in refused.message
    assert "fit-b" in refused.message
    assert "rps missed" in refused.message
    assert judged() == {}


def test_the_newest_decision_of_a_recipe_counts():
    refused, later = decision("a", 0, BAD, accepted=False), decision("b", 1, BAD, accepted=True)

    assert judged(refused, later)[f"gate:{BAD}"] is None
    again = decision("c", 2, BAD, accepted=False, kind="refit")
    assert "refit of recipe" in judged(refused, later, again)[f"gate:{BAD}"].message


def test_a_refusal_is_over_when_another_recipe_gets_through_later():
    refused = decision("b", 1, BAD, accepted=False)

    assert judged(refused, decision("c", 2, GOOD, accepted=True))[f"gate:{BAD}"] is None
    earlier = decision("a", 0, GOOD, accepted=True)
    refit = decision("c", 2, GOOD, accepted=True, kind="refit")
    assert judged(earlier, refused, refit)[f"gate:{BAD}"] is not None


@pytest.mark.parametrize(
    ("kind", "day", "is_over"),
    [
        *[("gate", 0, False), ("gate", 1, True), ("gate", 2, True)],
        *[("refit", 0, False), ("refit", 1, False), ("refit", 2, True)],
    ],
)
def test_a_refusal_is_over_when_somebody_puts_the_recipe_in_force(kind, day, is_over):
    """In the same instant, by a clock that stands still, only what was refused at the gate."""
    refused = decision("b", 1, BAD, accepted=False, kind=kind)

    found = judged(refused, promoted=(promotion(day, BAD), promotion(3, GOOD)))

    assert (found[f"gate:{BAD}"] is None) == is_over


@pytest.fixture(scope="module")
def season() -> dict[str, pd.DataFrame]:
    return make_tables(seasons=(2024,), rounds=5, upcoming=2)


def of_next(season, now, forecast=()):
    return staleness(season["events"], season["race_results"], forecast, now)


def starts_of(season, event_id: str) -> datetime:
    events = season["events"].set_index("event_id")
    return events.loc[event_id, "race_starts_at"].to_pydatetime()


def test_the_data_is_stale_once_the_next_result_is_overdue(season):
    due = starts_of(season, "2024-prix-4") + timedelta(hours=7, minutes=15)

    assert of_next(season, due - MINUTE)["stale_results"] is None
    stale = of_next(season, due)["stale_results"]
    assert (stale.kind, stale.incident) == ("staleness", "stale_results")
    assert "2024-prix-4" in stale.message


def test_a_race_whose_time_nobody_knows_is_awaited_until_its_day_is_over(season):
    events = season["events"].assign(race_time_known=False)
    start = starts_of(season, "2024-prix-4")

    def stale(hours: int) -> Any:
        now = start + timedelta(hours=hours)
        return staleness(events, season["race_results"], (), now)["stale_results"]

    assert stale(17) is None
    assert stale(18) is not None


def test_stale_data_is_fresh_again_with_the_result_though_the_next_race_is_near(season):
    late = starts_of(season, "2024-prix-5") - timedelta(days=1)
    assert of_next(season, late, {"2024-prix-5"})["stale_results"] is not None

    results = [*season["race_results"]["event_id"], "2024-prix-4"]
    found = staleness(season["events"], pd.DataFrame({"event_id": results}), {"2024-prix-5"}, late)

    assert found == {"stale_results": None, "no_forecast": None}


def test_a_forecast_is_missing_from_two_days_before_the_race_until_its_start(season):
    start = starts_of(season, "2024-prix-4")

    def missing(now, forecast=()):
        return of_next(season, now, forecast)["no_forecast"]

    assert missing(start - timedelta(days=2) - MINUTE) is None
    assert "2024-prix-4" in missing(start - timedelta(days=2)).message
    assert missing(start - MINUTE, {"2024-prix-3"}) is not None
    assert missing(start - MINUTE, {"2024-prix-4"}) is None
    assert missing(start) is None


def test_a_calendar_that_is_empty_or_at_its_end_is_not_stale(season):
    everything = pd.DataFrame({"event_id": season["events"]["event_id"]})
    far = NOW + timedelta(days=3650)
    well = {"stale_results": None, "no_forecast": None}

    assert staleness(season["events"], everything, (), far) == well
    assert staleness(season["events"].head(0), everything.head(0), (), far) == well


def health(*rows: tuple[str, str, str]) -> pd.DataFrame:
    columns = ["event_id", "horizon", "status", "reason"]
    return pd.DataFrame([(*row, f"{row[0]} {row[1]}") for row in rows], columns=columns)


def drifted(season, *rows: tuple[str, str, str]) -> Any:
    return drift(health(*rows), season["events"])["drift"]


def test_the_newest_races_rows_say_whether_the_model_holds(season):
    bad = ("2024-prix-2", "post_qualifying", "poor")
    good = ("2024-prix-3", "post_qualifying", "good")

    assert drifted(season) is None
    assert drifted(season, good, bad) is None
    assert drifted(season, bad).kind == "drift"
    assert "2024-prix-2 post_qualifying" in drifted(season, bad).message
    later = ("2024-prix-3", "pre_weekend", "degraded")
    assert "degraded after 2024-prix-3 (pre_weekend)" in drifted(season, bad, good, later).message


def test_the_worst_horizon_is_told(season):
    rows = [
        ("2024-prix-3", "pre_weekend", "degraded"),
        ("2024-prix-3", "post_practice", "poor"),
        ("2024-prix-3", "post_qualifying", "good"),
    ]
    assert "poor after 2024-prix-3 (post_practice)" in drifted(season, *rows).message


def test_the_telling_begins_with_the_first_address_and_anew_after_none():
    telling = Telling()
    telling.begin("", NOW)
    assert telling.since is None

    telling.begin(ADDRESS, NOW)
    telling.begin(OTHER, NOW + MINUTE)
    assert telling.since == NOW

    telling.begin("", NOW + 2 * MINUTE)
    telling.begin(ADDRESS, NOW + 3 * MINUTE)
    assert telling.since == NOW + 3 * MINUTE


def test_an_address_that_refused_is_left_alone_for_a_day_another_one_is_not():
    telling = Telling(since=NOW)
    assert telling.may_tell(ADDRESS, NOW)
    assert not telling.may_tell("", NOW)

    telling.refuse(ADDRESS, NOW)

    assert not telling.may_tell(ADDRESS, NOW + timedelta(hours=23))
    assert telling.may_tell(ADDRESS, NOW + timedelta(days=1))
    assert telling.may_tell(OTHER, NOW)
    assert not telling.may_tell("", NOW)


@pytest.mark.parametrize("refused", [False, True])
@pytest.mark.parametrize("since", [None, NOW])
def test_what_is_remembered_outlives_the_process_without_the_address(since, refused):
    telling = Telling(since=since)
    if refused:
        telling.refuse(ADDRESS, NOW)

    assert Telling.parse(telling.dump()) == telling
    assert "secret" not in telling.dump()


@pytest.mark.parametrize(
    "cursor",
    [None, "", "{", "[]", '{"since": 3}', '{"since": "2024-01-01"}', '{"refused": ["a"]}'],
)
def test_a_cursor_that_cannot_be_read_is_an_empty_one(cursor):
    assert Telling.parse(cursor) == Telling()
