"""The command lines of the image's programs, asked whether they take words; nothing is run."""

from typing import Any

import typer
from dagster._cli import cli as dagster_cli
from dagster._daemon.cli import cli as daemon_cli
from dagster_webserver.cli import dagster_webserver

from f1_pipeline.cli.app import app
from f1_pipeline_tests.deploy.tree import DEPLOY, Command

PROGRAMS = {
    "f1-pipeline": typer.main.get_command(app),
    "dagster": dagster_cli,
    "dagster-daemon": daemon_cli,
    "dagster-webserver": dagster_webserver,
}
# How click and typer's copy of it call what they take as wrong use, or as a question for help.
_REFUSED = {
    "BadParameter",
    "MissingParameter",
    "NoSuchCommand",
    "NoSuchOption",
    "UsageError",
    "Exit",
}


def parsed(command: Command) -> str | None:
    """What a program's own command line says against these words; nothing is run."""
    program, *words = command.words
    if program not in PROGRAMS:
        return f"{command.where}: {program} is none of the image's programs"
    # Of the image, where these files are.
    words = [word.replace("/app/workspace.yaml", str(DEPLOY / "workspace.yaml")) for word in words]
    at: Any = PROGRAMS[program]
    context = None
    try:
        # Groups of click, and of typer, which brings its own copy of it.
        while hasattr(at, "resolve_command"):
            context = at.make_context(program, words[:1], parent=context)
            _, at, words = at.resolve_command(context, words)
        at.make_context(program, list(words), parent=context)
    except Exception as error:
        if type(error).__name__ not in _REFUSED:
            raise
        return f"{command.where}: {error}"
    return None
