"""Commands of the archive: write it from a release, and the figures that ship with it."""

from pathlib import Path
from typing import Annotated

import typer

from f1_pipeline.errors import PipelineError
from f1_pipeline.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="The facts that ship with the project.")


@app.command()
def build(
    source: Annotated[Path, typer.Option("--from", help="Zip or folder of an f1db release (CSV).")],
    out: Annotated[Path, typer.Option(help="Folder to write the archive to.")],
    from_season: Annotated[int, typer.Option(help="First season to take.")] = 2010,
) -> None:
    """Write an archive from an f1db release: facts in the project's tables, with their source."""
    from f1_pipeline.sources import archive

    _told(archive.build(source, out, from_season), out)


@app.command()
def figures(
    out: Annotated[Path, typer.Option(help="Folder of the archive that they ship with.")],
) -> None:
    """Write the figures of races that the tables hold into an archive: strategy without laps."""
    from f1_pipeline.contracts.strategy import FIGURES
    from f1_pipeline.sources import archive
    from f1_pipeline.storage.warehouse import Warehouse

    frames = Warehouse(load_settings().database_url).read_many(list(FIGURES))
    if frames["race_figures"].empty:
        raise PipelineError(
            "no figures are held: record laps (`f1-pipeline backfill --tier timing`) or bring them "
            "in (`f1-pipeline laps import`) first."
        )
    _told(archive.write_figures(frames, out), out)


def _told(rows: dict[str, int], out: Path) -> None:
    for name, count in rows.items():
        print(f"{name:22}{count:>8} rows")
    print(f"written to {out}")
