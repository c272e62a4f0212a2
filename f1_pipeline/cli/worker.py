"""The command that works on runs beside others.

How runs are spread is the instance's (`run_launcher` in its dagster.yaml); nothing here decides it.
"""

import os
from typing import TYPE_CHECKING, Annotated

import typer

from f1_pipeline.errors import UsageError
from f1_pipeline.settings import load_settings

if TYPE_CHECKING:
    from dagster_celery.launcher import CeleryRunLauncher

_NO_CELERY = (
    "worker needs an instance whose runs go through Celery: set DAGSTER_HOME to a folder with a "
    "dagster.yaml such as deploy/celery/dagster.yaml (found {found})."
)


def worker(
    concurrency: Annotated[int, typer.Option(min=1, max=64, help="Runs at a time.")] = 1,
    name: Annotated[str, typer.Option(help="As it shows in the logs, before its host.")] = "f1",
) -> None:
    """Work on runs that Dagster launches through Celery, until it is told to end.

    It keeps nothing: any machine with the code that reaches the databases, Redis and F1_DATA_DIR
    may run one, and may be taken away.
    """
    settings = load_settings()
    app = _launcher().celery
    app.worker_main(
        [
            *("worker", "--concurrency", str(concurrency), "--hostname", f"{name}@%h"),
            *("--loglevel", settings.log_level, "--without-gossip", "--without-mingle"),
        ]
    )


def _launcher() -> "CeleryRunLauncher":
    """The instance's launcher, with the tasks that it launches. So both sides have one setting."""
    import dagster as dg

    try:
        from dagster_celery.launcher import CeleryRunLauncher
        from dagster_celery.tasks import create_execute_job_task, create_resume_job_task
    except ImportError as error:
        raise UsageError(
            f"worker needs more packages ({error.name} is missing): "
            "pip install 'f1-pipeline[celery]'."
        ) from None
    settings = load_settings()
    if not (settings.dagster_home / "dagster.yaml").is_file():
        raise UsageError(_NO_CELERY.format(found=f"no dagster.yaml in {settings.dagster_home}"))
    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)
    launcher = dg.DagsterInstance.get().run_launcher
    if not isinstance(launcher, CeleryRunLauncher):
        raise UsageError(_NO_CELERY.format(found=type(launcher).__name__))
    create_execute_job_task(launcher.celery)
    create_resume_job_task(launcher.celery)
    return launcher
