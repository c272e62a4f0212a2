"""The command that serves the read API. The server itself is in `f1_pipeline.serving`."""

import os
import tempfile
from typing import Annotated

import typer

from f1_pipeline.errors import UsageError
from f1_pipeline.settings import load_settings

_PORT = 8000
# For answers under way when the server is told to end.
_GRACE_SECONDS = 10


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(help="PORT or 8000.")] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes.")] = 1,
    recycle: Annotated[
        int | None, typer.Option(min=1, help="A worker ends, and is replaced, after so many.")
    ] = None,
) -> None:
    """The read API and the race pages. It reads the tables; the pipeline may do what it likes."""
    try:
        import uvicorn

        from f1_pipeline.serving import logs
    except ImportError as error:
        raise UsageError(
            f"serve needs more packages ({error.name} is missing): pip install 'f1-pipeline[api]'."
        ) from None
    settings = load_settings()
    with tempfile.TemporaryDirectory(prefix="f1-metrics-") as counts:
        if workers > 1:
            # Where the workers' counts meet, so that Prometheus sees those of all.
            os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", counts)
        uvicorn.run(
            "f1_pipeline.serving.app:create_app",
            factory=True,
            host=host,
            port=port or settings.port or _PORT,
            workers=workers,
            limit_max_requests=recycle,
            # Not all workers at once.
            limit_max_requests_jitter=(recycle or 0) // 10,
            timeout_graceful_shutdown=_GRACE_SECONDS,
            access_log=False,  # the guard writes it
            log_config=logs.configuration(settings.log_level, settings.log_format),
            server_header=False,
        )
