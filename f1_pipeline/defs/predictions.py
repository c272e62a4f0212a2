"""Layer predictions: forecasts, appended to race_predictions and never changed; their scores."""

from typing import Any

import dagster as dg
import pandas as pd

from f1_pipeline import clock, predictions
from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline.defs import pictures
from f1_pipeline.defs.resources import Storage, Training, Upstream, table_result
from f1_pipeline.defs.specs import EVENTS, describe_table
from f1_pipeline.sources.upstream import TIMING_SERVICE

_SHOWN_SCORES = ("win_ll", "podium_ll", "points_ll", "rps", "spearman")


@dg.asset(
    deps=[dg.AssetKey(["model", "champion"])],
    ins={
        "events": dg.AssetIn(dg.AssetKey(["tables", "events"])),
        "drivers": dg.AssetIn(dg.AssetKey(["tables", "drivers"])),
        "practice_results": dg.AssetIn(dg.AssetKey(["tables", "practice_results"])),
        "race_features": dg.AssetIn(dg.AssetKey(["features", "race_features"])),
        "training_set": dg.AssetIn(dg.AssetKey(["model", "training_set"])),
    },
    partitions_def=EVENTS,
    # A season is one run: a run for each of its events would cost three seconds apiece.
    backfill_policy=dg.BackfillPolicy.single_run(),
    check_specs=[
        dg.AssetCheckSpec(
            "coherent",
            asset=dg.AssetKey(["predictions", "race_predictions"]),
            blocking=True,
            description="Wins sum to 1 and podiums to 3 to 1e-6, points to at most 10; "
            "p_win ≤ p_podium ≤ p_points for every driver.",
        )
    ],
    **describe_table("race_predictions", kinds={"catboost"}, made_by=("predictions", "modelling")),
)
def race_predictions(
    context: dg.AssetExecutionContext,
    events: pd.DataFrame,
    drivers: pd.DataFrame,
    practice_results: pd.DataFrame,
    race_features: pd.DataFrame,
    training_set: pd.DataFrame,
    storage: Storage,
    upstream: Upstream,
    training: Training,
) -> dg.MaterializeResult:
    """Publish every horizon that can be forecast for an event and is not published already."""
    rows, store, warehouse = training.select(training_set), storage.models, storage.warehouse
    refusal, held = upstream.refusals.of(TIMING_SERVICE), warehouse.event_ids("race_results")
    faults: list[str] = []
    for number, event_id in enumerate(context.partition_keys, start=1):
        context.log.info(f"{event_id}, {number} of {len(context.partition_keys)}")
        model = predictions.model_for(
            event_id, events, rows, training.recipe, store.champion(), store
        )
        timing = predictions.timing_of(
            event_id,
            events,
            practice_results,
            event_id in held,
            refusal.reason if refusal else None,
        )
        made = predictions.forecast(event_id, events, drivers, race_features, model, timing)
        made = made.assign(run_id=context.run.run_id, generated_at=clock.now())
        made = check(made, CONTRACTS["race_predictions"])
        found = predictions.incoherences(made)
        published = warehouse.read_where("race_predictions", event_id=event_id)
        new = predictions.not_published(made, published)
        if not found:
            warehouse.append("race_predictions", new)
        faults += found
        not_made = {"post_practice_not_made": timing.no_practice} if timing.no_practice else {}
        context.add_asset_metadata(_shown(made, len(new)) | not_made, partition_key=event_id)
    return dg.MaterializeResult(
        check_results=[
            dg.AssetCheckResult(
                check_name="coherent",
                passed=not faults,
                metadata={"faults": dg.MetadataValue.md("\n".join(faults) or "none")},
            )
        ],
    )


def _shown(made: pd.DataFrame, new: int) -> dict[str, Any]:
    """What the UI shows of an event: what was published, and the latest horizon's picture."""
    last = made[made["horizon"].eq(made["horizon"].iloc[-1])]
    event_id, horizon = last["event_id"].iloc[0], last["horizon"].iloc[0]
    return {
        "dagster/row_count": len(made),
        "rows_published": new,
        "horizons": ", ".join(made["horizon"].unique()),
        "model_version": last["model_version"].iloc[0],
        "win_probabilities": pictures.win_probabilities(
            last, f"{event_id}, {horizon.replace('_', ' ')}"
        ),
    }


@dg.asset(
    deps=[dg.AssetKey(["predictions", "race_predictions"])],
    ins={"race_results": dg.AssetIn(dg.AssetKey(["tables", "race_results"]))},
    **describe_table(
        "scored_predictions", kinds={"pandas"}, made_by=("predictions", "modelling", "features")
    ),
)
def scored_predictions(
    context: dg.AssetExecutionContext, race_results: pd.DataFrame, storage: Storage
) -> dg.MaterializeResult:
    """Score all that was published anew: a result that was corrected scores its event again."""
    rows = predictions.scored(storage.warehouse.read("race_predictions"), race_results)
    context.add_asset_metadata({"newest": dg.MetadataValue.md(_newest_scores(rows))})
    return table_result("scored_predictions", rows)


def _newest_scores(scores: pd.DataFrame, most: int = 10) -> str:
    """The newest events as a table: of each horizon what was made in time, then the newest."""
    scores = scores.assign(in_time=scores["status"].eq("locked"))
    order = ["season", "round", "event_id", "horizon", "in_time", "generated_at", "run_id"]
    counted = scores.sort_values(order).drop_duplicates(["event_id", "horizon"], keep="last")
    events = list(counted["event_id"].drop_duplicates())[-most:]
    lines = ["| event | horizon | status | " + " | ".join(_SHOWN_SCORES) + " |"]
    lines.append("|---" * (3 + len(_SHOWN_SCORES)) + "|")
    for row in counted[counted["event_id"].isin(events)].iloc[::-1].to_dict("records"):
        values = ["–" if pd.isna(row[name]) else f"{row[name]:.3f}" for name in _SHOWN_SCORES]
        cells = [row["event_id"], row["horizon"], row["status"], *values]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
