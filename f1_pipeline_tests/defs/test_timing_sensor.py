"""The sensor and live timing: recordings beside the results, the wall, what it leaves behind."""

import dagster as dg
import pandas as pd
import pytest

from f1_pipeline import clock
from f1_pipeline.defs.resources import Storage, Upstream
from f1_pipeline.sources.upstream import TIMING_SERVICE
from f1_pipeline.storage.refusals import Refusals
from f1_pipeline_tests.defs.weekend import FIRST, QUALIFIED, RACED

PRACTISED = "2025-03-01T13:30:00+00:00"
LATER = "2025-03-06T20:00:00+00:00"
_OF_TIMING = ("laps", "stints", "weather", "track_status", "clean_laps", "race_pace")


def recorded(world) -> set[str]:
    return set(world.warehouse.read_where("timing_sessions", event_id=FIRST)["session"])


def horizons(world) -> set[str]:
    return set(world.warehouse.read_where("race_predictions", event_id=FIRST)["horizon"])


def account_checks(world) -> list[bool]:
    """The evaluations of the one notice, the oldest first."""
    key = dg.AssetCheckKey(dg.AssetKey(["raw", "laps"]), "account")
    records = world.instance.event_log_storage.get_asset_check_execution_history(key, limit=20)
    return [record.status.value == "SUCCEEDED" for record in reversed(records)]


def refuses(world) -> bool:
    return Refusals(world.warehouse.url).of(TIMING_SERVICE) is not None


def test_practice_leads_to_a_forecast_and_each_session_to_its_laps(timed):
    timed.at(PRACTISED)
    assert timed.live() == ["update_timing"]
    assert horizons(timed) == {"pre_weekend", "post_practice"}
    assert recorded(timed) == {"FP1", "FP2", "FP3"}
    made = timed.warehouse.read_where("race_predictions", horizon="post_practice")
    assert set(made["tier"]) == {"timing"}
    assert made["degraded_reason"].isna().all()
    practice = timed.warehouse.read_where("practice_results", event_id=FIRST)
    assert set(practice["source"]) == {"livetiming"}

    timed.at(RACED)
    priorities = {r.job_name: r.tags["dagster/priority"] for r in timed.tick().run_requests}
    assert priorities["update_timing"] < priorities["update_event"]
    assert set(timed.live()) == {"update_event", "update_timing", "after_race"}
    assert recorded(timed) == {"FP1", "FP2", "FP3", "Q", "R"}
    race = timed.warehouse.read_where("timing_sessions", event_id=FIRST, session="R")
    assert race["compared"].all()
    assert race["outcome"].eq("complete").all()
    assert timed.live() == []


def test_laps_are_those_of_the_result(timed):
    timed.at(RACED)
    timed.live()
    laps = timed.warehouse.read_where("laps", event_id=FIRST, session="R")
    driven = laps[~laps["generated"]].groupby("driver_id").size()
    result = timed.warehouse.read_where("race_results", event_id=FIRST).set_index("driver_id")
    classified = result[result["classified"]]
    assert (driven.reindex(classified.index) == classified["laps"]).all()


def test_behind_the_wall_the_results_go_on_and_say_so(begun):
    begun.at(QUALIFIED)
    assert begun.live() == ["update_event"]

    assert horizons(begun) == {"pre_weekend", "post_qualifying"}
    made = begun.warehouse.read_where("race_predictions", horizon="post_qualifying")
    assert made["degraded_reason"].str.contains("live timing refuses to answer").all()
    assert set(made["tier"]) == {"results"}
    assert recorded(begun) == set()
    assert account_checks(begun) == [False]
    said = begun.instance.fetch_materializations(
        dg.AssetKey(["predictions", "race_predictions"]), limit=1
    )
    metadata = said.records[0].asset_materialization.metadata
    assert "refuses" in str(metadata["post_practice_not_made"].value)


def test_a_refusal_is_one_notice_and_no_request_at_every_tick(begun):
    begun.at(QUALIFIED)
    begun.live()
    asked = begun.upstream.report()["requests"]

    for _ in range(3):
        found = begun.tick()
        assert not found.run_requests
        assert "live timing refuses" in str(found.skip_reason)

    assert begun.upstream.report()["requests"] == asked
    assert account_checks(begun) == [False]
    failed = begun.instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE]))
    assert failed == []


def test_a_run_that_meets_the_wall_does_not_fail(timed):
    timed.at(PRACTISED)
    (request,) = timed.tick().run_requests
    timed.upstream.change(auth_wall=True)

    assert timed.run(request).success

    assert refuses(timed)
    assert recorded(timed) == set()
    assert account_checks(timed) == [False]


def test_when_the_wall_falls_what_is_missing_is_filled_in(begun):
    for instant in (PRACTISED, QUALIFIED, RACED):
        begun.at(instant)
        begun.live()
    begun.upstream.change(auth_wall=False)
    begun.at(LATER)

    begun.live()

    assert recorded(begun) == {"FP1", "FP2", "FP3", "Q", "R"}
    assert not refuses(begun)
    assert account_checks(begun)[0] is False
    assert account_checks(begun)[-1] is True


def test_lived_through_or_recorded_at_once_the_tables_are_the_same(timed, tmp_path, monkeypatch):
    for instant in (PRACTISED, QUALIFIED, RACED):
        timed.at(instant)
        timed.live()
    expected = timed.warehouse.read_many([*_OF_TIMING, "practice_results", "timing_sessions"])
    revisions = timed.answers.revisions()

    monkeypatch.setenv("F1_DATA_DIR", str(tmp_path / "other"))
    timed.collect()
    timed.definitions.resolve_job_def("refresh").execute_in_process(instance=timed.instance)
    timed.definitions.resolve_job_def("record_season").execute_in_process(
        instance=timed.instance, run_config={"ops": {"record": {"config": {"season": 2025}}}}
    )
    for job in ("update_tables", "take_in"):
        timed.definitions.resolve_job_def(job).execute_in_process(instance=timed.instance)

    found = timed.warehouse.read_many(list(expected))
    for name, frame in expected.items():
        pd.testing.assert_frame_equal(found[name], frame)
    assert timed.answers.revisions() == revisions


def test_half_a_session_is_kept_and_loaded_as_new_when_the_rest_is_there(timed):
    timed.upstream.change(lacking=["WeatherData"])
    timed.at(PRACTISED)
    timed.live()
    held = timed.warehouse.read_where("timing_sessions", event_id=FIRST)
    assert set(held["outcome"]) == {"partial"}
    assert held["missing"].eq("weather: WeatherData is not there (404)").all()
    assert horizons(timed) == {"pre_weekend", "post_practice"}
    assert timed.live() == []  # not at every tick

    timed.upstream.change(lacking=[])
    timed.at(LATER)
    timed.live()

    after = timed.warehouse.read_where("timing_sessions", event_id=FIRST)
    assert dict(zip(after["session"], after["missing"], strict=True)) == dict.fromkeys(
        ("FP1", "FP2", "FP3", "Q", "R")
    )
    assert len(timed.warehouse.read_where("weather", event_id=FIRST, session="FP1"))


def test_laps_that_failed_leave_the_results_alone(timed):
    timed.upstream.change(fail=1.0, fail_kinds=["500"], fail_match="TimingData")
    timed.at(PRACTISED)
    for request in timed.tick().run_requests:
        assert not timed.run(request, raises=False).success
    timed.at(QUALIFIED)
    jobs = [r.job_name for r in timed.tick().run_requests]
    assert "update_event" in jobs


def test_a_forecast_that_was_lost_after_practice_is_made(timed, monkeypatch):
    timed.at(PRACTISED)
    (request,) = timed.tick().run_requests
    with monkeypatch.context() as patched:
        patched.setattr("f1_pipeline.predictions.forecast", None)
        assert not timed.run(request, raises=False).success
    assert "post_practice" not in horizons(timed)

    assert timed.live() == ["update_event"]

    assert "post_practice" in horizons(timed)


def test_a_support_races_list_is_withheld_and_harms_nothing(timed):
    timed.upstream.change(support_race=["Practice_1"])
    timed.at(PRACTISED)
    timed.live()
    held = timed.warehouse.read("quarantine")
    assert list(held["event_id"]) == [f"{FIRST}/FP1"]
    assert held["reason"].str.contains("support race").all()
    assert recorded(timed) == {"FP1", "FP2", "FP3"}
    practice = timed.warehouse.read_where("practice_results", event_id=FIRST)
    assert set(practice["session"]) == {"FP2", "FP3"}
    assert horizons(timed) == {"pre_weekend", "post_practice"}
    timed.upstream.change(support_race=[])


@pytest.mark.parametrize(("limits", "waits"), [("none", False), ("200,500", True)])
def test_a_spent_budget_is_waited_out(timed, monkeypatch, limits, waits):
    timed.at(PRACTISED)
    monkeypatch.setenv("F1_REQUEST_LIMITS", limits)
    storage = Storage()
    upstream = Upstream(storage=storage)
    if waits:
        upstream.budget.pause(TIMING_SERVICE, 600)
    found = timed.tick()
    assert ("the request budget is spent until" in str(found.skip_reason)) is waits
    assert bool(found.run_requests) is not waits
    monkeypatch.setattr("f1_pipeline.clock.wall", lambda: _in_an_hour)
    assert timed.tick().run_requests


_in_an_hour = clock.wall() + pd.Timedelta(hours=1)


def test_a_race_that_is_recorded_before_its_result_is_compared_with_it_later(timed):
    timed.at(QUALIFIED)
    timed.live()
    timed.at(RACED)
    runs = {run.job_name: run for run in timed.tick().run_requests}
    timed.run(runs["update_timing"])
    waiting = timed.warehouse.read_where("timing_sessions", event_id=FIRST, session="R")
    assert not waiting["compared"].any()

    timed.run(runs["update_event"])
    timed.live()

    after = timed.warehouse.read_where("timing_sessions", event_id=FIRST, session="R")
    assert after["compared"].all()
    assert timed.live() == []
