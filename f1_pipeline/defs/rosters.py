"""Layer raw: drivers and constructors of seasons, and the run that leads from them to the tables.

How a season is asked for is `seasons`' business; here is what one run over several makes of it.
"""

from datetime import timedelta
from typing import Any

import dagster as dg

from f1_pipeline.defs import collecting, seasons
from f1_pipeline.defs.resources import Storage, Upstream
from f1_pipeline.defs.specs import describe
from f1_pipeline.errors import PipelineError
from f1_pipeline.storage.warehouse import Warehouse

KEY = dg.AssetKey(["raw", "rosters"])
# The results say who drove in each race; a roster is new once a season.
_FRESHNESS = dg.FreshnessPolicy.time_window(fail_window=timedelta(days=400))
# Of a season's sessions those that say who drove which car.
_ENTERED = ["results", "qualifying", "sprint"]


class Rosters(dg.Config):
    """The seasons to ask for."""

    seasons: list[int]


@dg.asset(
    key=KEY,
    **describe(
        "raw",
        description="Drivers and constructors of the seasons that were asked for, and who drove "
        "for whom in each of their sessions, as the Ergast API lists them.",
        kinds={"json"},
        made_by=("sources",),
    )
    | {"freshness_policy": _FRESHNESS},
)
def rosters(
    context: dg.AssetExecutionContext, config: Rosters, storage: Storage, upstream: Upstream
) -> dg.MaterializeResult:
    """A season that fails holds the others up in nothing: `complete` tells of it at the end."""
    errors = []
    for season in dict.fromkeys(config.seasons):
        wanted = seasons.Collect(season=season, kinds=_ENTERED, rosters=True)
        try:
            seasons.gather(context, wanted, storage, upstream)
        except dg.Failure as failure:
            errors.append(str(PipelineError(f"{season}: {failure.description}")))
        except PipelineError as error:
            errors.append(f"{season}: {error}")
    known = upstream.answers.current(("drivers", "constructors"))
    return dg.MaterializeResult(
        data_version=dg.DataVersion(collecting.version(known)),
        metadata={"dagster/row_count": sum(a.rows for a in known), "errors": errors},
    )


@dg.asset_check(
    asset=KEY,
    # Last of all, so that the rest is done when it ends the run: after the last of the assets, and
    # after their checks.
    additional_deps=[
        dg.AssetKey(["features", "race_features"]),
        dg.AssetKey(["predictions", "scored_predictions"]),
    ],
    op_tags={"dagster/priority": "-1"},
    description="Every season that was asked for has answered. Otherwise the run fails.",
)
def complete(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    errors = lacking(context.instance, context.run.run_id)
    if errors:
        raise dg.Failure("; ".join(errors), allow_retries=False)
    return dg.AssetCheckResult(passed=True)


def lacking(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    """What the rosters of a run say is missing, a line for each season."""
    made = dg.DagsterEventType.ASSET_MATERIALIZATION
    for record in instance.get_records_for_run(run_id, of_type=made).records:
        said = record.asset_materialization
        if said is not None and said.asset_key == KEY:
            errors: Any = said.metadata["errors"].value
            return list(errors)
    return []


def synced(warehouse: Warehouse, of: list[int], errors: list[str]) -> dict[str, Any]:
    """What is held of drivers and constructors of these seasons, and what is missing."""
    known = warehouse.read_many(["entries", "events"])
    events = known["events"]
    wanted = events.loc[events["season"].isin(of), "event_id"]
    entries = known["entries"][known["entries"]["event_id"].isin(wanted)]
    drivers, constructors = entries["driver_id"].nunique(), entries["constructor_id"].nunique()
    named = ", ".join(str(season) for season in dict.fromkeys(of))
    return {
        "success": not errors,
        "message": f"{named}: {drivers} drivers and {constructors} constructors in "
        f"{entries['event_id'].nunique()} events.",
        "drivers_synced": drivers,
        "constructors_synced": constructors,
        "errors": errors,
    }
