"""The command that carries out a run that a reader asked for, in a process of its own."""

import uuid
from typing import Annotated

import typer

from f1_pipeline import clock
from f1_pipeline.cli.opening import open_runs
from f1_pipeline.errors import PipelineError, UsageError


def take(
    request_id: Annotated[str, typer.Argument(help="The id that asking gave.")],
) -> None:
    """Carry out a run that was asked for, unless somebody else does, and say how it ended."""
    from f1_pipeline.defs import requests
    from f1_pipeline.defs.resources import Storage

    runs, _ = open_runs()
    storage = Storage()
    asked = requests.opened(storage)
    requests.settle(runs.instance, storage, asked)
    request, run_id = asked.read(request_id), str(uuid.uuid4())
    if request is None:
        raise UsageError(f"unknown request {request_id!r}: it was never made, or ended long ago.")
    if not asked.take(request_id, run_id, clock.wall()):
        print(f"{request_id} is not waiting: somebody else has it.")
        return
    why = "it was stopped before its run began: ask again."
    try:
        runs.execute(
            request.job,
            ops=requests.ops_of(request),
            run_id=run_id,
            tags={requests.TAG: request_id},
        )
    except PipelineError as error:
        why = str(error)
        raise
    finally:
        requests.conclude(runs.instance, storage, asked, request, why)
