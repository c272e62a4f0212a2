"""What the schedules ask for, and that it runs."""

from datetime import UTC, datetime

import dagster as dg

from f1_pipeline.defs import schedules
from f1_pipeline.defs.resources import Storage
from f1_pipeline_tests.defs.weekend import FIRST, SECOND, World


def asked(begun: World, schedule: dg.ScheduleDefinition) -> dict[int, dict]:
    """By season the configuration of the runs that a tick asks for."""
    context = dg.build_schedule_context(
        instance=begun.instance,
        resources={"storage": Storage()},
        scheduled_execution_time=datetime(2025, 3, 20, 4, 30, tzinfo=UTC),
    )
    with context:
        found = schedule.evaluate_tick(context).run_requests or []
    configs = [request.run_config["ops"]["collect"]["config"] for request in found]
    return {config["season"]: config for config in configs}


def test_what_was_run_and_is_not_held_is_filled(begun):
    assert asked(begun, schedules.backfill_missing) == {}

    begun.at("2025-03-20T00:00:00+00:00")
    found = asked(begun, schedules.backfill_missing)
    assert found == {2025: {"season": 2025, "events": [FIRST, SECOND], "again": False}}

    begun.collect(**found[2025])
    begun.live()
    assert {FIRST, SECOND} <= begun.warehouse.event_ids("race_results")
    assert asked(begun, schedules.backfill_missing) == {}


def test_recent_results_are_checked_every_day_and_older_ones_every_week(begun):
    begun.at("2025-03-20T00:00:00+00:00")
    begun.live()

    daily = asked(begun, schedules.daily_check)
    assert set(daily) == {2025}
    assert daily[2025]["events"] == [FIRST, SECOND]
    assert daily[2025]["again"] is True
    assert "pit_stops" not in daily[2025]["kinds"]
    assert set(asked(begun, schedules.weekly_check)) == {2021, 2022, 2023, 2024}


def test_a_check_that_finds_nothing_changed_leads_to_no_run(begun):
    begun.at("2025-03-20T00:00:00+00:00")
    begun.live()
    begun.upstream.change(reset_counts=True)

    begun.collect(**asked(begun, schedules.daily_check)[2025])

    assert begun.upstream.report()["requests"] <= 20
    assert begun.live() == []
