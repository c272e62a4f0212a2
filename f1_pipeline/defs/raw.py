"""Layer raw: the sources as they stand: the archive as a whole, FastF1's answers by event.

An answer is kept (storage.answers) before its asset says so; what tables make of it comes after.
"""

from typing import Any

import dagster as dg
from pydantic import Field

from f1_pipeline import clock
from f1_pipeline.defs import collecting
from f1_pipeline.defs.resources import Storage, Upstream
from f1_pipeline.defs.specs import EVENTS, PURPOSE, describe
from f1_pipeline.sources import archive as source
from f1_pipeline.sources import results
from f1_pipeline.sources.upstream import NotYetError

_WHAT = {
    "results": "The race result of an event, with the grid it was started from",
    "qualifying": "The qualifying result of an event",
    "sprint": "The sprint result of an event; empty where the weekend has none",
    "pit_stops": "The pit stops of an event's race",
}


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


class Seasons(dg.Config):
    """Which seasons to ask for; none: this year's, by the project's clock."""

    seasons: list[int] = Field(default_factory=list)

    @property
    def chosen(self) -> list[int]:
        return self.seasons or [clock.now().year]


@dg.asset(
    key=["raw", "calendar"],
    **describe(
        "raw",
        description="The calendars of the seasons as the Ergast API lists them now: events, rounds "
        "and the starts of their sessions. An empty one is not there yet, and changes nothing.",
        kinds={"json"},
        made_by=("sources",),
    ),
)
def calendar(
    context: dg.AssetExecutionContext, config: Seasons, storage: Storage, upstream: Upstream
) -> dg.MaterializeResult:
    """Ask for the calendars and keep what is new."""
    rows: dict[str, Any] = {}
    with collecting.clear_waits(context):
        client = upstream.client(context.log)
        for season in config.chosen:
            try:
                answer = results.schedule(client, season)
            except NotYetError as error:
                context.log.info(str(error))
                continue
            upstream.answers.record([answer], run_id=context.run.run_id, at=clock.now())
            rows[f"events_{season}"] = answer.rows
    known = upstream.answers.current(("schedule",))
    return dg.MaterializeResult(
        data_version=dg.DataVersion(collecting.version(known)),
        metadata={"dagster/row_count": sum(a.rows for a in known), **rows},
    )


def _by_event(kind: str) -> dg.AssetsDefinition:
    @dg.asset(
        key=["raw", kind],
        deps=[dg.AssetKey(["raw", "calendar"])],
        partitions_def=EVENTS,
        # A season is one run, asked for by the season: a run an event would take ten times as many
        # requests and three seconds apiece.
        backfill_policy=dg.BackfillPolicy.single_run(),
        **describe(
            "raw",
            description=f"{_WHAT[kind]}, as the Ergast API words it, through FastF1. Kept version "
            "by version in source_answers.",
            kinds={"json"},
            made_by=("sources",),
        ),
    )
    def answers(
        context: dg.AssetExecutionContext, storage: Storage, upstream: Upstream
    ) -> dg.MaterializeResult:
        """Ask for the events of the run; of many, those alone of which nothing is kept."""
        keys = list(context.partition_keys)
        of = collecting.events_of(storage, keys)
        if len(keys) > 1:
            kept = upstream.answers.revisions()
            of = [event for event in of if (kind, event.event_id) not in kept]
        collected = collecting.collect(context, storage, upstream, (kind,), of)
        if collected.failed:
            raise dg.Failure(
                "; ".join(sorted({str(error) for _, _, error in collected.failed})),
                allow_retries=False,
            )
        if PURPOSE in context.run.tags and collected.not_yet:
            # A look saw it: it is there again later, and then the sensor asks for another run.
            raise dg.Failure(f"{kind} of {keys} is gone again", allow_retries=False)
        kept_now = {a.key: a for a in upstream.answers.current((kind,))}
        for key in keys:
            context.add_asset_metadata(
                collecting.described(kept_now.get(key), collected, kind, key), partition_key=key
            )
        one = kept_now.get(keys[0]) if len(keys) == 1 else None
        version = one.revision if one else collecting.version(list(kept_now.values()))
        return dg.MaterializeResult(data_version=dg.DataVersion(version))

    return answers


raw_results = _by_event("results")
raw_qualifying = _by_event("qualifying")
raw_sprint = _by_event("sprint")
raw_pit_stops = _by_event("pit_stops")
