"""Layer raw: the sources as they stand. Here the archive; what arrives by event follows later."""

import dagster as dg

from f1_pipeline.defs.resources import Storage
from f1_pipeline.defs.specs import describe
from f1_pipeline.sources import archive as source


@dg.asset(
    key=["raw", "archive"],
    **describe(
        "raw",
        description="Facts that ship with the project: every season since 2010, from F1DB "
        "(CC BY 4.0), in Parquet under data/archive or F1_ARCHIVE_DIR.",
        kinds={"parquet"},
        made_by=("sources/archive",),
    ),
)
def archive(storage: Storage) -> dg.MaterializeResult:
    """Check that the archive is whole and readable, and say what it holds."""
    folder = storage.settings.archive_dir
    tables = source.read(folder)
    events = tables["events"]
    held = events[events["event_id"].isin(set(tables["race_results"]["event_id"]))]
    return dg.MaterializeResult(
        data_version=dg.DataVersion(source.fingerprint(folder)),
        metadata={
            "dagster/row_count": sum(len(frame) for frame in tables.values()),
            "seasons": f"{events['season'].min()}-{events['season'].max()}",
            "newest_result": held["event_id"].iloc[-1] if len(held) else "none",
            "folder": dg.MetadataValue.path(str(folder)),
        },
    )
