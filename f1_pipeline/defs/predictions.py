"""Layer predictions: forecasts with what speaks for them, never changed; their scores."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pandas as pd

from f1_pipeline import clock, predictions
from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline.defs import in_force, pictures
from f1_pipeline.defs.resources import Storage, Training, Upstream, table_result
from f1_pipeline.defs.specs import EVENTS, describe_table
from f1_pipeline.sources.upstream import TIMING_SERVICE

# Made together: a run that makes one of them makes both.
MADE = ["predictions", "race_predictions"], ["predictions", "explanations"]
_PREDICTIONS, _EXPLANATIONS = map(dg.AssetKey, MADE)
_READ = {
    name: dg.AssetKey([layer, name])
    for layer, name in (
        ("tables", "events"),
        ("tables", "drivers"),
        ("tables", "practice_results"),
        ("features", "race_features"),
        ("model", "training_set"),
    )
}
_SHOWN_SCORES = ("win_ll", "podium_ll", "points_ll", "rps", "spearman")


@dg.multi_asset(
    name="race_predictions",
    specs=[
        dg.AssetSpec(
            deps=[dg.AssetKey(["model", "champion"]), *_READ.values()],
            **describe_table(name, kinds={"catboost"}, made_by=("predictions", "modelling")),
        )
        for name in ("race_predictions", "explanations")
    ],
    ins={name: dg.AssetIn(key) for name, key in _READ.items()},
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
) -> Iterator[dg.MaterializeResult]:
    """Publish every horizon that can be forecast for an event and is not published already.

    With each prediction goes what speaks for and against its drivers, in one transaction.
    """
    rows, store, warehouse = training.select(training_set), storage.models, storage.warehouse
    refusal, held = upstream.refusals.of(TIMING_SERVICE), warehouse.event_ids("race_results")
    champion = store.champion()
    recipe = (in_force.in_force(storage) or training.recipe) if champion else None
    why_none = "" if champion else in_force.why_none(storage)
    faults: list[str] = []
    for number, event_id in enumerate(context.partition_keys, start=1):
        context.log.info(f"{event_id}, {number} of {len(context.partition_keys)}")
        model = predictions.model_for(event_id, events, rows, recipe, champion, store, why_none)
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
        why = check(predictions.explanations(race_features, model, made), CONTRACTS["explanations"])
        if not found:
            of_new = why["horizon"].isin(new["horizon"])
            warehouse.append({"race_predictions": new, "explanations": why[of_new]})
        faults += found
        not_made = {"post_practice_not_made": timing.no_practice} if timing.no_practice else {}
        shown = _shown(made, len(new)) | not_made
        context.add_asset_metadata(shown, asset_key=_PREDICTIONS, partition_key=event_id)
        told = {"dagster/row_count": len(why), "why": dg.MetadataValue.md(_why(made, why))}
        context.add_asset_metadata(told, asset_key=_EXPLANATIONS, partition_key=event_id)
    yield dg.MaterializeResult(
        asset_key=_PREDICTIONS,
        check_results=[
            dg.AssetCheckResult(
                check_name="coherent",
                passed=not faults,
                metadata={"faults": dg.MetadataValue.md("\n".join(faults) or "none")},
            )
        ],
    )
    yield dg.MaterializeResult(asset_key=_EXPLANATIONS)


def _why(made: pd.DataFrame, why: pd.DataFrame) -> str:
    """The latest horizon as a table: driver by driver what speaks most for and against him."""
    last = made[made["horizon"].eq(made["horizon"].iloc[-1])]
    factors = why[why["horizon"].eq(last["horizon"].iloc[0])]
    lines = ["| driver | expected place | for (+) and against (-) |", "|---|---|---|"]
    for row in last.sort_values("expected_position").itertuples():
        mine = factors[factors["driver_id"].eq(row.driver_id)]
        told = predictions.sentence(mine) if len(mine) else "the baseline weighs nothing"
        lines.append(f"| {row.driver_id} | {row.expected_position:.1f} | {told} |")
    return "\n".join(lines)


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
