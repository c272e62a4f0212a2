"""The sensor on real storage, runs and upstream: what is asked for is done once, and it is said."""

from datetime import timedelta
from typing import Any

import dagster as dg
import pytest

from f1_pipeline import clock
from f1_pipeline.defs import sensors
from f1_pipeline.defs.requests import SENSORS, TAG, run_requests
from f1_pipeline.defs.resources import Storage
from f1_pipeline.settings import load_settings
from f1_pipeline.storage.run_requests import RunRequests
from f1_pipeline_tests.defs.weekend import FIRST, RACED, SEASON, World

MINUTES = timedelta(minutes=2)
Status = dg.DagsterRunStatus


class Desk:
    """Requests of runs, and the sensor that looks after them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.requests = RunRequests(load_settings().database_url)

    def ask(self, job: str = "sync_drivers", **arguments: Any) -> str:
        if job == "sync_drivers" and not arguments:
            arguments = {"seasons": [SEASON]}
        return self.requests.ask(job, arguments, clock.wall())

    def read(self, request_id: str) -> Any:
        found = self.requests.read(request_id)
        assert found is not None
        return found

    def tick(self) -> list[dg.RunRequest]:
        context = dg.build_sensor_context(
            instance=self.world.instance,
            resources={"storage": Storage()},
            definitions=self.world.definitions,
        )
        with context:
            result = run_requests(context)
        assert isinstance(result, dg.SensorResult)
        return list(result.run_requests or [])

    def launched(self, request_id: str, status: Status, **tags: str) -> str:
        """A run of a request as the daemon leaves it behind."""
        job = self.world.definitions.resolve_job_def("sync_drivers")
        run = self.world.instance.create_run_for_job(
            job,
            run_config={"ops": {"raw__rosters": {"config": {"seasons": [SEASON]}}}},
            status=status,
            tags={TAG: request_id} | tags,
        )
        return run.run_id


@pytest.fixture
def desk(begun: World) -> Desk:
    """The season's first race was held, and nothing is known of it yet."""
    begun.at(RACED)
    return Desk(begun)


def later(monkeypatch: pytest.MonkeyPatch) -> None:
    instant = clock.wall() + MINUTES
    monkeypatch.setattr("f1_pipeline.clock.wall", lambda: instant)


def test_nothing_is_launched_that_nobody_asked_for(desk):
    assert desk.tick() == []


def test_what_is_asked_for_is_launched_once_and_its_end_entered(desk):
    asked = desk.ask()

    (request,) = desk.tick()
    assert (request.run_key, request.job_name) == (asked, "sync_drivers")
    assert request.tags[TAG] == asked
    assert desk.read(asked).state == "running"
    assert desk.tick() == []
    assert desk.ask() == asked

    run = desk.world.run(request)
    desk.tick()

    ended = desk.read(asked)
    assert (ended.state, ended.run_id) == ("succeeded", run.run_id)
    assert ended.result == {
        "success": True,
        "message": f"{SEASON}: 12 drivers and 6 constructors in 6 events.",
        "drivers_synced": 12,
        "constructors_synced": 6,
        "errors": [],
    }
    assert ended.message == ended.result["message"]
    assert FIRST in desk.world.warehouse.event_ids("race_results")
    assert desk.ask() != asked


def test_a_season_that_fails_fails_the_run_when_the_rest_is_done(desk):
    desk.world.upstream.change(fail=1.0, fail_kinds=["403"], fail_match="qualifying")
    asked = desk.ask()
    (request,) = desk.tick()

    run = desk.world.run(request, raises=False)
    desk.tick()

    assert not run.success
    assert FIRST in desk.world.warehouse.event_ids("race_results")
    ended = desk.read(asked)
    assert ended.state == "failed"
    assert ended.result["success"] is False
    assert ended.result["drivers_synced"] == 12
    assert ended.result["errors"] == [ended.message]
    assert ended.message.startswith(f"{SEASON}: ")
    assert "403" in ended.message


def test_a_retraining_says_what_is_in_force(desk):
    asked = desk.ask("retrain")
    (request,) = desk.tick()
    assert request.job_name == "retrain"

    desk.world.run(request)
    desk.tick()

    champion = Storage().models.champion()
    assert champion is not None
    ended, version = desk.read(asked), champion["model_version"]
    assert (ended.state, ended.message) == ("succeeded", f"In force: {version}.")
    assert ended.result == {"model_version": version}


def test_what_crashes_says_nothing_that_is_nobodys_business(desk, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise ValueError("a-password")

    asked = desk.ask()
    (request,) = desk.tick()
    monkeypatch.setattr("f1_pipeline.features.driver_form", fail)
    desk.world.run(request, raises=False)
    desk.tick()

    ended = desk.read(asked)
    assert ended.state == "failed"
    assert "driver_form" in ended.message
    assert "a-password" not in str(ended)


@pytest.mark.parametrize(
    ("job", "arguments"),
    [
        ("refresh", {}),
        ("retrain", {"judged": False}),
        ("sync_drivers", {"seasons": []}),
        ("sync_drivers", {"seasons": "2025"}),
        ("sync_drivers", {"seasons": [2025.5]}),
    ],
)
def test_what_cannot_be_asked_for_fails_at_once(desk, job, arguments):
    asked = desk.requests.ask(job, arguments, clock.wall())
    assert desk.tick() == []
    assert desk.read(asked).state == "failed"


def test_what_somebody_else_has_taken_is_left_alone(desk):
    asked = desk.ask()
    assert desk.requests.take(asked, "another-run", clock.wall())
    assert desk.tick() == []
    assert desk.read(asked).state == "running"


def test_a_run_that_waits_for_its_process_is_under_way(desk, monkeypatch):
    asked = desk.ask()
    desk.tick()
    run_id = desk.launched(asked, Status.STARTING)
    later(monkeypatch)
    desk.tick()
    assert (desk.read(asked).state, desk.read(asked).run_id) == ("running", run_id)


def test_a_request_whose_run_never_began_fails_after_a_minute(desk, monkeypatch):
    asked = desk.ask()
    desk.tick()
    desk.tick()
    assert desk.read(asked).state == "running"
    later(monkeypatch)
    desk.tick()
    assert desk.read(asked).state == "failed"
    assert "ask again" in desk.read(asked).message


def test_a_request_whose_run_was_killed_fails(desk, monkeypatch):
    asked = desk.ask()
    desk.tick()
    desk.launched(asked, Status.STARTED)
    desk.tick()
    assert desk.read(asked).state == "running"

    monkeypatch.setattr(sensors, "LOST_AFTER", timedelta(0))
    desk.tick()

    assert desk.read(asked).state == "failed"
    assert "The process of this run is gone" in desk.read(asked).message


def test_a_run_that_dagster_launches_again_has_not_ended(desk):
    asked = desk.ask()
    desk.tick()
    desk.launched(asked, Status.FAILURE, **{"dagster/will_retry": "true"})
    desk.tick()
    assert desk.read(asked).state == "running"

    second = desk.launched(asked, Status.SUCCESS)
    desk.tick()
    assert (desk.read(asked).state, desk.read(asked).run_id) == ("succeeded", second)


def test_a_cancelled_run_is_a_failed_request(desk):
    asked = desk.ask()
    desk.tick()
    desk.launched(asked, Status.CANCELED)
    desk.tick()
    assert (desk.read(asked).state, desk.read(asked).message) == (
        "failed",
        "its run was cancelled.",
    )


def test_the_played_time_has_no_influence(desk):
    assert clock.now() < clock.wall() - MINUTES
    asked = desk.ask()
    desk.tick()
    assert clock.wall() - desk.read(asked).taken_at < MINUTES


def test_the_sensor_makes_its_table_on_a_new_instance(lived):
    desk = Desk(lived)
    assert desk.tick() == []
    assert desk.requests.waiting() == []


def test_the_sensor_runs_from_the_start_and_looks_every_few_seconds():
    (sensor,) = SENSORS
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    assert sensor.minimum_interval_seconds == 5
