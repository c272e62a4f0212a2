"""The sensor on real storage and a real upstream: what it asks for, once, and what comes of it."""

import dagster as dg
import pandas as pd
import pytest

from f1_pipeline import clock
from f1_pipeline.defs import sensors
from f1_pipeline.defs.collecting import clear_waits
from f1_pipeline.errors import PipelineError
from f1_pipeline.sources.upstream import OverBudgetError, RefusedError
from f1_pipeline.storage.budget import Limit, RequestBudget
from f1_pipeline_tests.defs.weekend import FIRST, QUALIFIED, RACED, SECOND


def requests(found) -> list[dg.RunRequest]:
    return list(found.run_requests or [])


def test_a_new_instance_begins_with_everything_and_goes_on_to_the_first_forecast(lived):
    assert lived.live() == ["refresh", "update_calendar", "after_race"]

    rows = lived.warehouse.read("race_predictions")
    assert set(rows["event_id"]) == {FIRST}
    assert set(rows["horizon"]) == {"pre_weekend"}
    assert (rows["generated_at"] < rows["event_starts_at"]).all()
    assert lived.live() == []


def test_each_session_leads_to_its_forecast_and_the_race_to_scores_and_the_next_one(begun):
    begun.at(QUALIFIED)
    assert begun.live() == ["update_event"]
    rows = begun.warehouse.read("race_predictions")
    assert set(rows["horizon"]) == {"pre_weekend", "post_qualifying"}
    assert set(rows.loc[rows["horizon"].eq("post_qualifying"), "grid_source"]) == {"qualifying"}

    begun.at(RACED)
    assert begun.live() == ["update_event", "after_race"]
    assert set(begun.warehouse.read("scored_predictions")["horizon"]) == set(rows["horizon"])
    held = begun.warehouse.read("race_predictions")
    assert set(held["event_id"]) == {FIRST, SECOND}
    assert (
        begun.warehouse.read("race_results")
        .query("event_id == @FIRST")["source"]
        .eq("jolpica")
        .all()
    )


def test_a_result_is_asked_for_once_however_often_the_sensor_ticks(begun):
    begun.at(RACED)
    first, again = begun.tick(), begun.tick()

    assert [r.run_key for r in requests(first)] == [r.run_key for r in requests(again)]
    assert len(requests(first)) == 1
    selected = {key.to_user_string() for key in requests(first)[0].asset_selection or []}
    assert {"raw/results", "raw/qualifying", "raw/pit_stops"} <= selected
    assert "model/challenger" not in selected
    assert FIRST in begun.instance.get_dynamic_partitions("events")


def test_what_is_not_there_yet_is_looked_for_again_later_and_not_at_once(begun):
    begun.clock.write_text(QUALIFIED)  # the upstream is behind
    assert "not there yet" in str(begun.tick().skip_reason)
    asked = begun.asked_jolpica

    assert begun.tick().run_requests == []
    assert begun.asked_jolpica == asked

    begun.clock.write_text("2025-03-01T16:02:00+00:00")
    begun.tick()
    assert begun.asked_jolpica == asked + 1


def test_a_tick_meets_an_outage_and_goes_on_later(begun, monkeypatch):
    begun.at(QUALIFIED)
    begun.upstream.change(fail=1.0, fail_kinds=["500", "reset", "garbage"])
    assert begun.tick().run_requests == []
    asked = begun.asked_jolpica
    begun.tick()
    assert begun.asked_jolpica == asked

    begun.upstream.change(fail=0.0)
    later = clock.wall() + pd.Timedelta(minutes=2)
    monkeypatch.setattr("f1_pipeline.clock.wall", lambda: later)
    assert [r.job_name for r in requests(begun.tick())] == ["update_event"]


def test_a_run_that_failed_half_way_is_finished_without_a_second_materialization(
    begun, monkeypatch
):
    begun.at(QUALIFIED)
    (request,) = requests(begun.tick())
    with monkeypatch.context() as patched:

        def fail(*_, **__):
            raise PipelineError("the power is gone")

        patched.setattr("f1_pipeline.features.driver_form", fail)
        assert not begun.run(request, raises=False).success
    assert begun.tick().run_requests == []  # a pause first

    later = clock.wall() + pd.Timedelta(minutes=2)
    monkeypatch.setattr("f1_pipeline.clock.wall", lambda: later)
    (again,) = requests(begun.tick())
    assert again.run_key != request.run_key
    begun.run(again)

    assert begun.live() == []
    horizons = set(begun.warehouse.read("race_predictions")["horizon"])
    assert horizons == {"pre_weekend", "post_qualifying"}
    said = begun.instance.fetch_materializations(dg.AssetKey(["raw", "qualifying"]), limit=10)
    assert len(said.records) == 1


def test_a_result_that_is_amended_is_a_new_version_and_scored_again(begun):
    for instant in (QUALIFIED, RACED):
        begun.at(instant)
        begun.live()
    warehouse = begun.warehouse
    before = {
        name: warehouse.read_where(name, event_id=FIRST)
        for name in ("race_results", "scored_predictions", "race_features")
    }
    placed = before["race_results"].dropna(subset=["position"])
    last = placed.sort_values("finish_order")["driver_id"].iloc[-1]
    begun.upstream.change(
        amend={"season": 2025, "round": 1, "driver": last.replace("-", "_"), "position": 1}
    )

    begun.collect(again=True)
    assert begun.live() == ["update_tables"]

    results = warehouse.read_where("race_results", event_id=FIRST)
    assert results.set_index("driver_id").at[last, "position"] == 1
    pd.testing.assert_frame_equal(
        warehouse.read_version("race_results", FIRST, 1), before["race_results"]
    )
    scores = warehouse.read_where("scored_predictions", event_id=FIRST)
    assert (scores["win_ll"] != before["scored_predictions"]["win_ll"]).all()
    versions = warehouse.versions("scored_predictions")
    assert set(versions.loc[versions["event_id"].eq(FIRST), "version"]) == {1, 2}
    # The features that its forecasts were made from keep what they saw.
    pd.testing.assert_frame_equal(
        warehouse.read_where("race_features", event_id=FIRST), before["race_features"]
    )
    assert begun.live() == []


def test_a_backfill_at_once_holds_what_was_lived_through(begun, tmp_path, monkeypatch):
    for instant in (QUALIFIED, RACED, "2025-03-15T20:00:00+00:00", "2025-03-16T20:00:00+00:00"):
        begun.at(instant)
        begun.live()
    played, names = begun.warehouse, ["race_results", "sprint_results", "events", "standings"]
    expected = played.read_many([*names, "entries", "qualifying_results", "pit_stops"])
    revisions = begun.answers.revisions()

    monkeypatch.setenv("F1_DATA_DIR", str(tmp_path / "other"))
    begun.collect()
    begun.definitions.resolve_job_def("refresh").execute_in_process(instance=begun.instance)

    assert begun.answers.revisions() == revisions
    found = begun.warehouse.read_many(list(expected))
    for name, frame in expected.items():
        pd.testing.assert_frame_equal(found[name], frame)


def test_what_is_complete_is_not_fetched_again(begun):
    begun.at(RACED)
    begun.collect()
    begun.upstream.change(reset_counts=True)
    begun.collect()
    assert begun.upstream.report()["by_endpoint"] == {"api.jolpi.ca races": 1}


def test_a_cancelled_race_is_gone_and_the_next_one_is_forecast(begun):
    begun.upstream.change(edit_calendar=[{"season": 2025, "round": 1, "cancel": True}])
    begun.at("2025-02-21T00:00:00+00:00")

    begun.live()

    assert FIRST not in set(begun.warehouse.read("events")["event_id"])
    assert SECOND in begun.warehouse.event_ids("race_predictions")


def test_an_empty_calendar_changes_nothing(begun):
    before = begun.warehouse.read("events")
    edits = [{"season": 2025, "round": n, "cancel": True} for n in range(1, 7)]
    begun.upstream.change(edit_calendar=edits)
    begun.at("2025-02-21T00:00:00+00:00")

    assert begun.live() == []

    pd.testing.assert_frame_equal(begun.warehouse.read("events"), before)


def test_while_the_budget_is_spent_the_reason_says_until_when(begun, monkeypatch):
    begun.at(QUALIFIED)
    monkeypatch.setattr(
        "f1_pipeline.defs.resources.limits", lambda setting: {"jolpica": Limit(1, 0.0)}
    )

    begun.tick()  # the one request that is granted
    assert "the request budget is spent until" in str(begun.tick().skip_reason)


def test_a_run_waits_the_window_out():
    context = dg.build_op_context()
    with pytest.raises(dg.RetryRequested) as raised, clear_waits(context):
        raise OverBudgetError("spent.", 1234.0)
    assert raised.value.seconds_to_wait == 1234.0

    with pytest.raises(dg.Failure) as failed, clear_waits(context):
        raise RefusedError("no.")
    assert failed.value.allow_retries is False


def test_a_run_whose_process_is_gone_is_ended(begun, monkeypatch):
    run = begun.instance.create_run_for_job(
        begun.definitions.resolve_job_def("update_tables"), status=dg.DagsterRunStatus.STARTED
    )
    begun.tick()
    assert begun.instance.get_run_by_id(run.run_id).status == dg.DagsterRunStatus.STARTED

    monkeypatch.setattr(sensors, "LOST_AFTER", pd.Timedelta(0))
    begun.tick()

    assert begun.instance.get_run_by_id(run.run_id).status == dg.DagsterRunStatus.FAILURE


def test_requests_are_shared_by_every_process_at_the_database(begun, monkeypatch):
    monkeypatch.setenv("F1_REQUEST_LIMITS", "200,500")
    begun.at(QUALIFIED)
    begun.tick()
    address = begun.warehouse.url
    assert RequestBudget(address, {"jolpica": Limit(1, 0.0)}).wait("jolpica") > 3000


def test_a_first_refresh_that_fails_is_not_asked_for_at_every_tick(lived, monkeypatch):
    (request,) = requests(lived.tick())
    with monkeypatch.context() as patched:
        patched.setenv("F1_ARCHIVE_DIR", "/no/such/folder")
        assert not lived.run(request, raises=False).success
    assert isinstance(lived.tick(), dg.SkipReason)

    later = clock.wall() + pd.Timedelta(minutes=2)
    monkeypatch.setattr("f1_pipeline.clock.wall", lambda: later)
    assert requests(lived.tick())[0].run_key != request.run_key


def test_a_backfill_of_partitions_is_one_run_that_asks_for_what_is_missing(begun):
    """As the UI launches it: a range of partitions in a single run."""
    begun.at("2025-04-01T00:00:00+00:00")
    keys = [FIRST, SECOND, "2025-japan"]
    begun.instance.add_dynamic_partitions("events", keys)
    begun.upstream.change(reset_counts=True)

    def backfill() -> dg.ExecuteInProcessResult:
        return begun.definitions.resolve_job_def("update_event").execute_in_process(
            instance=begun.instance,
            asset_selection=[dg.AssetKey(["raw", "results"])],
            tags={
                "dagster/asset_partition_range_start": keys[0],
                "dagster/asset_partition_range_end": keys[-1],
            },
        )

    assert len(backfill().get_asset_materialization_events()) == 3
    assert {key for kind, key in begun.answers.revisions() if kind == "results"} == set(keys)
    asked = begun.asked_jolpica
    assert asked == 3

    backfill()
    assert begun.asked_jolpica == asked
    begun.live()
    assert begun.warehouse.event_ids("race_results") >= set(keys)
