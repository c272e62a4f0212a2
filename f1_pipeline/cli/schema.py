"""Commands of the schema: make or migrate it before anything starts, take a migration back."""

from typing import Annotated

import typer

from f1_pipeline.errors import PipelineError, StorageError, UsageError
from f1_pipeline.settings import load_settings

app = typer.Typer(help="The schema of the tables.", no_args_is_help=True)


def prepare() -> None:
    """Make or migrate the tables and the Dagster instance, before any process of them starts.

    One process does it; again, it changes nothing.
    """
    from f1_pipeline.cli.home import open_instance
    from f1_pipeline.storage import migrate

    settings = load_settings()
    migrate.upgrade(settings.database_url)
    try:
        with open_instance(settings) as instance:
            instance.upgrade()
    except PipelineError:
        raise
    except Exception as error:
        # Dagster's, its storage's or the driver's, by what dagster.yaml names.
        cause = str(getattr(error, "orig", error)).strip().partition("\n")[0]
        raise StorageError(
            f"Dagster's database cannot be used ({cause}): check dagster.yaml in "
            f"{settings.dagster_home} and the variables that it names."
        ) from error
    print("The tables and the Dagster instance are up to date.")


@app.callback()
def _group() -> None:
    """One command so far: without this, typer would make it the group itself."""


@app.command("step-back")
def step_back(
    yes: Annotated[bool, typer.Option("--yes", help="Do it; a backup was made.")] = False,
) -> None:
    """Undo the newest migration, to go back to the version of the project before. Says what goes.

    Any other command of this version migrates forwards again.
    """
    from f1_pipeline.storage import migrate

    url = load_settings().database_url
    plan = migrate.plan_step_back(url)
    print(f"From revision {plan.before} to {plan.after}.")
    for name, rows in plan.dropped.items():
        print(f"  table {name} goes, with {rows:,} rows")
    for name, rows in plan.thinned.items():
        print(f"  table {name} loses {rows:,} rows")
    for name, gone in plan.columns.items():
        print(f"  table {name} loses {', '.join(gone)}")
    if not yes:
        raise UsageError("nothing was done: make a backup, then say --yes.")
    print(f"At revision {migrate.step_back(url)}: install the version of before now.")
