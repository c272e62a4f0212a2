"""Commands against loss: back everything up, and restore it into an empty place."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from f1_pipeline import clock
from f1_pipeline.settings import load_settings

if TYPE_CHECKING:
    from f1_pipeline.storage.backup import Manifest


def backup(
    out: Annotated[Path, typer.Option(help="Folder to write the backup to: new, or empty.")],
) -> None:
    """All tables, the registry and its models as they stand now, in one folder with checksums.

    The raw store's files are listed, not copied.
    """
    from f1_pipeline.cli.runs import ERR
    from f1_pipeline.storage import backup as backups
    from f1_pipeline.storage.raw_store import RawStore
    from f1_pipeline.storage.warehouse import Warehouse

    settings, now = load_settings(), clock.now()
    warehouse, raw = Warehouse(settings.database_url), RawStore(settings.raw_store)
    with ERR.status("backup …") as status:
        manifest = backups.write(
            warehouse, settings.model_storage, raw, out, now, lambda at: status.update(f"{at} …")
        )
    print(f"{_told(manifest)} written to {out}, {backups.size(out) / 1e6:.1f} MB.")
    changed = [fit for fit, what in manifest.lacking.items() if what == "changed"]
    if gone := len(manifest.lacking) - len(changed):
        print(f"Registered, but their artifacts are gone, by retention as a rule: {gone} models.")
    if changed:
        print(f"Left out, as their artifacts are not as they were stored: {', '.join(changed)}.")
    if manifest.raw_files:
        volume = sum(manifest.raw_files.values()) / 1e6
        print(
            f"Listed, not copied: {len(manifest.raw_files):,} files of the raw store, "
            f"{volume:,.0f} MB, under {raw.address}."
        )


def restore(
    source: Annotated[Path, typer.Option("--from", help="Folder that `backup` has written.")],
) -> None:
    """A backup into an empty database and model folder, of whichever kind; then a check.

    Row counts and hashes of all tables and models are compared with the backup's.
    """
    from f1_pipeline.cli.runs import ERR
    from f1_pipeline.storage import backup as backups
    from f1_pipeline.storage.raw_store import RawStore

    settings = load_settings()
    raw = RawStore(settings.raw_store)
    with ERR.status("restore …") as status:
        restored = backups.restore(
            source,
            settings.database_url,
            settings.model_storage,
            raw,
            lambda at: status.update(f"{at} …"),
        )
    manifest = restored.manifest
    print(
        f"{_told(manifest)} restored as they were on {manifest.created_at:%Y-%m-%d %H:%M} UTC: "
        "row counts and hashes are the backup's."
    )
    if manifest.raw_files:
        lost, cut = len(restored.raw_missing), len(restored.raw_changed)
        print(
            f"Raw store under {raw.address}: of {len(manifest.raw_files):,} files {lost:,} are "
            f"missing and {cut:,} of another size."
        )
        for name in (restored.raw_missing + restored.raw_changed)[:5]:
            print(f"  {name}")
    print("`f1-pipeline run` fills the Dagster home, which no backup holds, again.")


def _told(manifest: "Manifest") -> str:
    models = f"{len(manifest.artifacts)} model{'s' * (len(manifest.artifacts) != 1)}"
    return f"{manifest.rows:,} rows of {len(manifest.tables)} tables and {models}"
