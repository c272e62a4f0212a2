"""The sensor on real storage, runs and a real webhook: each fault is told once, and its end."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from f1_pipeline import clock
from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline.defs.alerts import SENSORS, alerts, ended_runs
from f1_pipeline.defs.resources import Storage
from f1_pipeline.defs.specs import PURPOSE
from f1_pipeline.errors import SourceError, StorageError
from f1_pipeline.settings import load_settings
from f1_pipeline.storage.incidents import Incidents
from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline_tests.alerts.hook import Hook, listening
from f1_pipeline_tests.synthetic import make_tables

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
MODES: dict[str, Exception | None] = {
    "well": None,
    "told": StorageError("the disk is full: free some space."),
    "asked": dg.Failure("3 answers are missing: no such race"),
    "bug": ValueError("a-password"),
}


class Work(dg.Config):
    """How the step ends, and the season that it is about."""

    mode: str = "well"
    season: int = 2024


@dg.op
def work(config: Work) -> None:
    error = MODES[config.mode]
    if error is not None:
        raise error


@dg.job(executor_def=dg.in_process_executor)
def collect() -> None:
    work()


@dataclass
class Watch:
    """A pipeline that is looked after: its instance, its tables, its clock, its webhook."""

    instance: dg.DagsterInstance
    hook: Hook
    now: Path
    cursor: str | None = None

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse(load_settings().database_url)

    def run(self, mode: str, season: int = 2024, purpose: str = "") -> str:
        """A run of the job `collect`."""
        ended = collect.execute_in_process(
            instance=self.instance,
            run_config=QUIET | {"ops": {"work": {"config": {"mode": mode, "season": season}}}},
            tags={PURPOSE: purpose} if purpose else None,
            raise_on_error=False,
        )
        return ended.run_id

    def at(self, instant: datetime) -> None:
        self.now.write_text(instant.isoformat())

    def tick(self) -> str:
        """One evaluation; what it says of itself."""
        context = dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, resources={"storage": Storage()}
        )
        with context:
            result = alerts(context)
        assert isinstance(result, dg.SensorResult)
        assert not result.run_requests
        assert isinstance(result.skip_reason, dg.SkipReason)
        self.cursor = result.cursor
        return str(result.skip_reason.skip_message)


@pytest.fixture(scope="module")
def season() -> dict[str, pd.DataFrame]:
    return make_tables(seasons=(2024,), rounds=4, cars=6, upcoming=2)


@pytest.fixture
def watch(season, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    """All is well, and the next race is a week ahead."""
    now = tmp_path / "now"
    monkeypatch.setenv("F1_NOW", str(now))
    names = ("events", "race_results")
    Warehouse(load_settings().database_url).publish(
        {name: season[name] for name in names}, run_id="archive", at=clock.wall()
    )
    with listening() as hook, dg.DagsterInstance.ephemeral() as instance:
        monkeypatch.setenv("ALERT_WEBHOOK_URL", hook.address)
        made = Watch(instance, hook, now)
        made.at(starts(season, 3) - timedelta(days=7))
        yield made


def starts(season, number: int) -> datetime:
    events = season["events"].set_index("event_id")
    return events.loc[f"2024-prix-{number}", "race_starts_at"].to_pydatetime()


def rows(name: str, *given: dict[str, Any]) -> pd.DataFrame:
    """Rows of a table; what is not given is what its contract lets it be."""
    columns = [column.name for column in CONTRACTS[name].columns]
    base = dict.fromkeys(columns)
    return check(pd.DataFrame([base | one for one in given], dtype=object), CONTRACTS[name])


def test_while_all_is_well_nobody_is_told(watch):
    watch.run("well")

    assert watch.tick() == "Incidents open: 0."
    assert watch.hook.paths == []


def test_a_failed_run_is_told_once_and_once_that_it_is_over(watch):
    failed = watch.run("told")
    for _ in range(3):
        watch.tick()
        watch.run("told")
    assert watch.hook.told == [("open", "run_failure:collect:2024")]
    (told,) = watch.hook.got
    assert told["kind"] == "run_failure"
    assert told["opened_at"] == watch.now.read_text()[:19] + "Z"
    assert told["message"] == (
        f"collect of 2024 failed: the disk is full: free some space. (run {failed[:8]})"
    )

    watch.run("well")
    for _ in range(3):
        watch.tick()

    name = "run_failure:collect:2024"
    assert watch.hook.told == [("open", name), ("over", name)]
    assert watch.hook.got[1]["closed_at"] is not None

    watch.run("told")
    watch.tick()
    assert watch.hook.told[2:] == [("open", name)]


def test_each_season_and_purpose_is_an_incident_of_its_own(watch):
    watch.run("told", season=2023)
    watch.run("told", purpose="2024-monaco:results=r1")
    watch.run("well", season=2024)
    watch.tick()
    names = {"run_failure:collect:2023", "run_failure:collect:2024-monaco"}
    assert {name for _, name in watch.hook.told} == names

    watch.run("well", purpose="2024-monaco:results=r2")
    watch.tick()
    assert watch.hook.told[2:] == [("over", "run_failure:collect:2024-monaco")]


def test_a_cancelled_run_is_neither_a_failure_nor_the_end_of_one(watch):
    for _ in range(2):
        run = watch.instance.create_run_for_job(collect)
        watch.instance.report_run_canceled(run)
        watch.tick()
        assert watch.hook.told == [("open", "run_failure:collect:2024")][: len(watch.hook.told)]
        watch.run("told")
    watch.tick()
    assert watch.hook.told == [("open", "run_failure:collect:2024")]


def test_why_a_run_failed_is_told_in_the_projects_own_words_alone(watch):
    watch.run("asked", season=2021)
    watch.run("bug", season=2022)
    lost = watch.instance.create_run_for_job(collect)
    watch.instance.report_run_failed(lost, "The process of this run is gone.")

    watch.tick()

    said = {body["incident"]: body["message"] for body in watch.hook.got}
    assert "3 answers are missing: no such race" in said["run_failure:collect:2021"]
    assert "Steps failed: ['work']" in said["run_failure:collect:2022"]
    assert "a-password" not in said["run_failure:collect:2022"]
    assert "The process of this run is gone." in said["run_failure:collect"]


def test_errors_of_any_layer_of_the_project_are_its_own_words(watch, monkeypatch):
    class OfALayerError(SourceError):
        """As layers make their own."""

    monkeypatch.setitem(MODES, "told", OfALayerError("ask again later."))
    watch.run("told")
    watch.tick()
    assert "ask again later." in watch.hook.got[0]["message"]


def test_assets_that_somebody_materializes_are_told_apart(watch):
    @dg.asset
    def one() -> None:
        raise StorageError("no.")

    @dg.asset(partitions_def=dg.StaticPartitionsDefinition(["a", "b"]))
    def two() -> None: ...

    some = dg.define_asset_job("some", dg.AssetSelection.all())
    job = dg.Definitions(assets=[one, two], jobs=[some]).resolve_job_def("some")
    for asset, key in ((one, None), (two, "a")):
        job.execute_in_process(
            instance=watch.instance,
            asset_selection=[asset.key],
            partition_key=key,
            raise_on_error=False,
            run_config=QUIET,
        )
    newest, before = ended_runs(watch.instance)
    assert (newest.about, newest.failed) == ("a two", False)
    assert (before.about, before.failed) == ("one", True)
    watch.tick()
    assert len(watch.hook.told) == 1


def test_a_webhook_that_is_down_is_told_later_and_once(watch):
    watch.run("told")
    watch.hook.status = 503
    said = watch.tick()
    assert "Incidents open: 1." in said
    assert "answered 503" in said
    assert "secret" not in said

    watch.run("well")  # over before anybody was told
    watch.tick()
    assert watch.hook.told == []
    watch.hook.status = 200
    for _ in range(3):
        watch.tick()

    name = "run_failure:collect:2024"
    assert watch.hook.told == [("open", name), ("over", name)]


def test_a_webhook_that_refuses_is_left_alone_for_a_day_or_until_another_is_set(watch, monkeypatch):
    watch.run("told")
    watch.hook.status = 404
    assert "answered 404" in watch.tick()
    assert "refused" in watch.tick()
    assert len(watch.hook.paths) == 1

    tomorrow = clock.wall() + timedelta(days=1)
    with monkeypatch.context() as patched:
        patched.setattr("f1_pipeline.clock.wall", lambda: tomorrow)
        watch.tick()
    assert len(watch.hook.paths) == 2

    with listening() as other:
        monkeypatch.setenv("ALERT_WEBHOOK_URL", other.address)
        watch.tick()
        assert other.told == [("open", "run_failure:collect:2024")]


def test_without_an_address_incidents_are_kept_and_what_is_still_open_is_told_later(
    watch, monkeypatch
):
    monkeypatch.delenv("ALERT_WEBHOOK_URL")
    watch.run("told", season=2021)
    watch.run("told", season=2022)
    assert "Nobody is told: set ALERT_WEBHOOK_URL" in watch.tick()
    watch.run("well", season=2021)
    assert watch.tick().startswith("Incidents open: 1.")
    assert len(watch.warehouse.read("incidents")) == 2

    watch.at(clock.now() + timedelta(minutes=5))
    monkeypatch.setenv("ALERT_WEBHOOK_URL", watch.hook.address)
    watch.tick()

    assert watch.hook.told == [("open", "run_failure:collect:2022")]


def test_while_another_process_tells_nothing_is_sent_and_nothing_is_lost(watch):
    watch.run("told")
    with Incidents(load_settings().database_url).turn_to_tell():
        watch.tick()
        assert watch.hook.paths == []
    watch.tick()
    assert len(watch.hook.told) == 1


def test_a_process_that_forgets_its_cursor_tells_nothing_twice(watch):
    watch.run("told")
    watch.tick()
    watch.cursor = None
    watch.tick()
    assert len(watch.hook.told) == 1


def test_stale_data_is_told_and_its_end(watch, season):
    watch.at(starts(season, 3) + timedelta(hours=12))
    watch.tick()
    assert watch.hook.told == [("open", "stale_results")]
    assert "2024-prix-3" in watch.hook.got[0]["message"]

    late = season["race_results"].assign(
        event_id=season["race_results"]["event_id"].replace("2024-prix-2", "2024-prix-3")
    )
    watch.warehouse.publish(
        {"race_results": late},
        run_id="results",
        at=clock.now(),
        of={"race_results": sorted(set(late["event_id"]))},
    )
    watch.tick()
    assert watch.hook.told[1:] == [("over", "stale_results")]


def test_a_weekend_without_a_forecast_is_told(watch, season):
    watch.at(starts(season, 3) - timedelta(days=1))
    watch.tick()
    assert watch.hook.told == [("open", "no_forecast")]


def test_a_gate_that_refuses_is_told_and_its_end(watch):
    decision = {
        "decision": "d1",
        "kind": "gate",
        "decided_at": clock.now(),
        "model_version": "fit-1",
        "recipe": "recipe-1",
        "accepted": False,
        "races": 24,
        "horizon": "post_qualifying",
        "against": "champion",
        "metric": "rps",
        "difference": 0.0123,
        "bound": 0.002,
        "passed": False,
    }
    watch.warehouse.append({"gate_decisions": rows("gate_decisions", decision)})
    watch.tick()
    assert watch.hook.told == [("open", "gate:recipe-1")]
    assert "rps post_qualifying is +0.0123" in watch.hook.got[0]["message"]

    later = decision | {"decision": "d2", "accepted": True, "passed": True}
    later["decided_at"] = clock.now() + timedelta(hours=1)
    watch.warehouse.append({"gate_decisions": rows("gate_decisions", later)})
    watch.tick()
    assert watch.hook.told[1:] == [("over", "gate:recipe-1")]


def test_drift_is_told_and_its_end(watch):
    health = {
        "event_id": "2024-prix-1",
        "horizon": "post_qualifying",
        "model_version": "fit-1",
        "races": 12,
        "published": 3,
        "status": "degraded",
        "reason": "no better than the grid",
    }
    watch.warehouse.append({"model_health": rows("model_health", health)})
    watch.tick()
    assert watch.hook.told == [("open", "drift")]
    assert "no better than the grid" in watch.hook.got[0]["message"]

    better = health | {"event_id": "2024-prix-2", "status": "good", "reason": "as it was"}
    watch.warehouse.append({"model_health": rows("model_health", better)})
    watch.tick()
    assert watch.hook.told[1:] == [("over", "drift")]


def test_the_sensor_runs_from_the_start_and_looks_every_minute():
    (sensor,) = SENSORS
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    assert sensor.minimum_interval_seconds == 60
    dg.Definitions.validate_loadable(
        dg.Definitions(sensors=SENSORS, resources={"storage": Storage()})
    )
