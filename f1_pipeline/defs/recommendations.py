"""Layer strategy: plans published for an event, what they were worth, and the backtest of them.

Published as forecasts are: rows are never changed, what is made after the start counts as
retrospective, and the newest made in time is the one that counts.
"""

import hashlib
from typing import Any

import dagster as dg
import pandas as pd

from f1_pipeline import clock, predictions
from f1_pipeline.contracts import CONTRACTS, check, content_fingerprint
from f1_pipeline.defs import pictures_strategy as pictures
from f1_pipeline.defs.resources import Storage, table_result
from f1_pipeline.defs.specs import EVENTS, SEASONS, code_version, describe_table
from f1_pipeline.errors import PipelineError
from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline.strategy import backtest, evidence
from f1_pipeline.strategy.expected_race import READ, expected_race
from f1_pipeline.strategy.grid import grid_of
from f1_pipeline.strategy.recommend import recommend, rows, simulated
from f1_pipeline.strategy.scores import scored

MADE = ["strategy", "recommendations"], ["strategy", "caution_advice"]
_RECOMMENDATIONS, _ADVICE = map(dg.AssetKey, MADE)
# The error of a paired difference of places is then 0.06: more draws make it no clearer, as what
# fits are unsure of is ten times that.
DRAWS = 1000
_FIGURES = [dg.AssetKey(["strategy", name]) for name in READ if name.endswith("_figures")]
_TABLES = [dg.AssetKey(["tables", name]) for name in READ if not name.endswith("_figures")]


@dg.multi_asset(
    name="recommendations",
    specs=[
        dg.AssetSpec(
            deps=[
                dg.AssetKey(["predictions", "race_predictions"]),
                # Whether plans are experimental is asked of all seasons.
                dg.AssetDep(
                    dg.AssetKey(["strategy", "strategy_backtest"]),
                    partition_mapping=dg.AllPartitionMapping(),
                ),
                *_FIGURES,
                *_TABLES,
            ],
            **describe_table(name, kinds={"numpy"}, made_by=("strategy",)),
        )
        for name in ("recommendations", "caution_advice")
    ],
    partitions_def=EVENTS,
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def recommendations(context: dg.AssetExecutionContext, storage: Storage) -> Any:
    """Publish plans of an event for its grid as it is known; the same twice is published once."""
    warehouse = storage.warehouse
    tables = warehouse.read_many(list(READ))
    for number, event_id in enumerate(context.partition_keys, start=1):
        context.log.info(f"{event_id}, {number} of {len(context.partition_keys)}")
        try:
            shown = _publish(warehouse, tables, event_id, context.run.run_id, context.log.info)
        except PipelineError as error:
            # A plan that cannot be made is no fault of the run: the reason is what is published.
            context.log.warning(f"{event_id}: {error}")
            shown = {"dagster/row_count": 0, "reason": str(error)}
        context.add_asset_metadata(shown, asset_key=_RECOMMENDATIONS, partition_key=event_id)
    yield dg.MaterializeResult(asset_key=_RECOMMENDATIONS)
    yield dg.MaterializeResult(asset_key=_ADVICE)


def version_of(warehouse: Warehouse, grid: pd.DataFrame) -> str:
    """A hash of all that plans of a grid are computed from: tables, by the ledger, and code."""
    digest = hashlib.sha256(f"{code_version('strategy')} {DRAWS}".encode())
    for name in READ:
        digest.update(warehouse.current(name).fingerprint.encode())
    digest.update(grid.to_json(orient="records").encode())
    return digest.hexdigest()[:16]


def current_grid(
    warehouse: Warehouse, tables: dict[str, pd.DataFrame], event_id: str
) -> tuple[pd.DataFrame, str]:
    """The grid that plans of an event start from, and its rung."""
    return grid_of(
        event_id,
        tables["starting_grids"],
        lambda: predictions.current(
            warehouse.read_where("race_predictions", event_id=event_id), clock.now()
        ),
    )


def _publish(
    warehouse: Warehouse, tables: dict[str, pd.DataFrame], event_id: str, run_id: str, log: Any
) -> dict[str, Any]:
    grid, source = current_grid(warehouse, tables, event_id)
    version = version_of(warehouse, grid)
    published = warehouse.read_where("recommendations", event_id=event_id)
    if _is_published(warehouse, event_id, version):
        return {"dagster/row_count": len(published), "rows_published": 0}
    simulation = simulated(expected_race(tables, event_id, grid), DRAWS)
    made = []
    for driver, name in enumerate(grid["driver_id"]):
        made.append(recommend(simulation, driver))
        if driver % 5 == 4:
            log(f"{name}, {driver + 1} of {len(grid)} cars")
    plans, advice = rows(simulation, made, source)
    event = tables["events"].set_index("event_id").loc[event_id]
    plans = plans.assign(
        round=event["round"],
        experimental=not evidence.evaluate(warehouse.read("strategy_backtest"))["beats_constants"],
        run_id=run_id,
        data_version=version,
        generated_at=clock.now(),
        event_starts_at=event["race_starts_at"],
    )
    frames = {
        "recommendations": check(plans, CONTRACTS["recommendations"]),
        "caution_advice": check(advice.assign(run_id=run_id), CONTRACTS["caution_advice"]),
    }
    warehouse.append(frames)
    return {
        "dagster/row_count": len(published) + len(plans),
        "rows_published": len(plans),
        "grid_source": source,
        "experimental": bool(plans["experimental"].iloc[0]),
        "plans": pictures.plans(
            plans[plans["rank"].eq(1)],
            simulation.race.setting.laps,
            f"Recommended for {event_id}, grid: {source}",
        ),
    }


@dg.asset(
    deps=[_RECOMMENDATIONS, *_FIGURES],
    **describe_table("scored_recommendations", kinds={"pandas"}, made_by=("strategy",)),
)
def scored_recommendations(storage: Storage) -> dg.MaterializeResult:
    """All that was recommended beside what was done, anew: figures that change score again."""
    warehouse = storage.warehouse
    tables = warehouse.read_many(["stint_figures", "race_figures", "race_results"])
    return table_result("scored_recommendations", scored(warehouse.read("recommendations"), tables))


@dg.asset(
    deps=[*_FIGURES, *_TABLES],
    partitions_def=SEASONS,
    **describe_table("strategy_backtest", kinds={"numpy"}, made_by=("strategy",)),
)
def strategy_backtest(context: dg.AssetExecutionContext, storage: Storage) -> Any:
    """One season's dry races, walk-forward; what the same code said of the same data is kept."""
    warehouse, season = storage.warehouse, int(context.partition_key)
    tables = known_to(warehouse.read_many(list(READ)), season)
    fingerprint = _fingerprint(tables)
    held = warehouse.read_where("strategy_backtest", season=season)
    reused = len(held) > 0 and set(held["fingerprint"]) == {fingerprint}
    if not reused:
        made = backtest.backtest_season(tables, season, log=context.log.info)
        held = made.assign(fingerprint=fingerprint) if len(made) else held.iloc[:0]
        held = check(held, CONTRACTS["strategy_backtest"])
        warehouse.replace_where("strategy_backtest", held, season=season)
    metadata: dict[str, Any] = {"dagster/row_count": len(held), "reused": reused}
    if len(held):
        metadata["evidence"] = dg.MetadataValue.md(evidence.in_words(evidence.evaluate(held)))
    return dg.MaterializeResult(data_version=dg.DataVersion(fingerprint), metadata=metadata)


def known_to(tables: dict[str, pd.DataFrame], season: int) -> dict[str, pd.DataFrame]:
    """The tables up to the end of a season: later races change nothing in its backtest."""
    events = tables["events"][tables["events"]["season"].le(season)]
    known = set(events["event_id"])
    return {name: rows[rows["event_id"].isin(known)] for name, rows in tables.items()}


def _fingerprint(tables: dict[str, pd.DataFrame]) -> str:
    code = f"{code_version('strategy')} {backtest.DRAWS}"
    parts = [content_fingerprint(tables[name], CONTRACTS[name], code) for name in READ]
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:16]


@dg.sensor(
    job_name="recommend_event",
    name="plans",
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Asks for plans of the next race once its grid is known, and when it changes.",
)
def plans(context: dg.SensorEvaluationContext, storage: Storage) -> dg.RunRequest | dg.SkipReason:
    warehouse = storage.warehouse
    events = warehouse.read("events")
    ahead = events[events["race_starts_at"].gt(clock.now())].sort_values("race_starts_at")
    if ahead.empty:
        return dg.SkipReason("The calendar holds nothing more.")
    event_id = str(ahead["event_id"].iloc[0])
    grids = warehouse.read_where("starting_grids", event_id=event_id)
    try:
        grid, source = current_grid(warehouse, {"starting_grids": grids}, event_id)
    except PipelineError:
        return dg.SkipReason(f"{event_id} is not forecast yet.")
    if source == "forecast":
        return dg.SkipReason(f"The grid of {event_id} is not known yet.")
    version = version_of(warehouse, grid)
    if _is_published(warehouse, event_id, version):
        return dg.SkipReason(f"Plans for {event_id} are published.")
    return dg.RunRequest(run_key=f"{event_id} {version}", partition_key=event_id)


def are_wanted(warehouse: Warehouse, event_id: str) -> bool:
    """Whether figures are held and the plans of an event, for its grid as it is known, are not."""
    if not warehouse.event_ids("race_figures"):
        return False
    grids = warehouse.read_where("starting_grids", event_id=event_id)
    grid, _ = current_grid(warehouse, {"starting_grids": grids}, event_id)
    return not _is_published(warehouse, event_id, version_of(warehouse, grid))


def _is_published(warehouse: Warehouse, event_id: str, version: str) -> bool:
    published = warehouse.read_where("recommendations", event_id=event_id)
    return bool(published["data_version"].eq(version).any())


SENSORS = [plans]
