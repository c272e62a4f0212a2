"""The command of a worker, and what its instance has in common with that of one server."""

from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster_celery.launcher import CeleryRunLauncher

from f1_pipeline.settings import ROOT
from f1_pipeline_tests.cli.conftest import Home

SPREAD = ROOT / "deploy" / "celery" / "dagster.yaml"
# What workers need otherwise: the file says why.
DIFFERENT = {"run_launcher", "compute_logs", "concurrency", "run_monitoring"}


def test_what_the_two_instances_have_in_common_is_the_same() -> None:
    spread = yaml.safe_load(SPREAD.read_text())
    alone = yaml.safe_load((ROOT / "dagster.yaml").read_text())
    assert {k: v for k, v in spread.items() if k not in DIFFERENT} == {
        k: v for k, v in alone.items() if k not in DIFFERENT
    }


def test_a_worker_takes_no_run_in_advance(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Celery passes over a setting that it does not know."""
    for name in ("HOST", "PORT", "USERNAME", "PASSWORD", "DB"):
        monkeypatch.setenv(f"DAGSTER_PG_{name}", "5432")
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("CELERY_RESULT_URL", "redis://127.0.0.1:1/1")
    settings = yaml.safe_load(SPREAD.read_text())
    (tmp_path / "dagster.yaml").write_text(
        yaml.safe_dump({"run_launcher": settings["run_launcher"]})
    )
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        launcher = instance.run_launcher
        assert isinstance(launcher, CeleryRunLauncher)
        known = launcher.celery.conf
        assert known.broker_url == "redis://127.0.0.1:1/0"
        assert known.result_backend == "redis://127.0.0.1:1/1"
        assert known.worker_disable_prefetch is True
        assert known.task_acks_late is False
        assert set(known.accept_content) == {"json"}  # nothing that is executed when it is read
        own = settings["run_launcher"]["config"]["config_source"]
        unknown = set(own) - set(known.table())
        assert not unknown


def test_a_worker_without_an_instance_of_workers_says_what_it_needs(empty: Home) -> None:
    done = empty.call("worker")
    assert done.code == 2
    (line,) = done.error_lines
    assert "set DAGSTER_HOME to a folder with a dagster.yaml" in line
    assert "no dagster.yaml in" in line

    assert empty.call("prepare").code == 0
    done = empty.call("worker")
    assert done.code == 2
    (line,) = done.error_lines
    assert "(found DefaultRunLauncher)" in line
