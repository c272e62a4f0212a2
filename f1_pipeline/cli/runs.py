"""Execute a job in this process, on the persistent instance, with progress on standard error."""

import time
import uuid
from typing import Any

import dagster as dg
from rich.console import Console
from rich.status import Status

from f1_pipeline.errors import PipelineError
from f1_pipeline.settings import load_settings

ERR = Console(stderr=True, highlight=False)


class Runs:
    """Jobs of the project on one instance."""

    def __init__(self, definitions: dg.Definitions, instance: dg.DagsterInstance) -> None:
        self.definitions = definitions
        self.instance = instance

    def execute(
        self,
        job: str,
        *,
        partition: str | None = None,
        training: dict[str, Any] | None = None,
        ops: dict[str, dict[str, Any]] | None = None,
        run_id: str | None = None,
        tags: dict[str, str] | None = None,
    ) -> None:
        """Run the job to its end; a `PipelineError` of an asset is raised as it is.

        `training`: configuration of the resource of that name; `ops`: of ops by their names;
        `run_id`: for who has to know it before.

        The run is recorded on the instance as any other and shows in the UI.
        """
        run_id = run_id or str(uuid.uuid4())
        log_level = load_settings().log_level
        with ERR.status(f"{job} …") as status:
            # Not in Dagster's documents, but the only way to be told of events while a run goes on
            # in this process; the tests of `run` read the lines that come of it.
            self.instance.add_event_listener(run_id, _Progress(status, partition))
            try:
                self.definitions.resolve_job_def(job).execute_in_process(
                    instance=self.instance,
                    partition_key=partition,
                    run_id=run_id,
                    tags=tags,
                    run_config={
                        "loggers": {"console": {"config": {"log_level": console_level(log_level)}}},
                    }
                    | ({"resources": {"training": {"config": training}}} if training else {})
                    | {"ops": {name: {"config": config} for name, config in (ops or {}).items()}},
                )
            except dg.DagsterError as error:
                raise _cause(error) from error
            except dg.Failure as error:
                # A failure that an asset has put into words.
                raise PipelineError(error.description or str(error)) from error


def console_level(log_level: str) -> str:
    """What Dagster may say on the console: its events for who asks (LOG_LEVEL=DEBUG or INFO).

    Otherwise nothing: progress has its lines, and an error is one line, not a traceback.
    """
    return log_level if log_level in ("DEBUG", "INFO") else "CRITICAL"


class _Progress:
    """Names the step at work, and leaves a line with its time behind when it is done."""

    def __init__(self, status: Status, partition: str | None) -> None:
        self.status = status
        self.suffix = f" {partition}" if partition else ""
        self.started: dict[str, float] = {}

    def __call__(self, entry: Any) -> None:
        event, step = entry.dagster_event, entry.step_key
        if step is None:
            return
        name = step.replace("__", "/", 1) + self.suffix
        if event is None:
            self.status.update(f"{name}: {entry.user_message}")
        elif event.event_type_value == "STEP_START":
            self.started[step] = time.monotonic()
            self.status.update(f"{name} …")
        elif event.event_type_value == "STEP_SUCCESS":
            took = time.monotonic() - self.started[step]
            ERR.print(f"  {name} [dim]{took:.1f} s[/dim]")


def _cause(error: BaseException) -> BaseException:
    """The project's own error behind one of Dagster's, if that is what it was."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, PipelineError):
            return cause
        cause = cause.__cause__
    return error
