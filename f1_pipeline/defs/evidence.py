"""Layer model: what forecasts have been worth, and what each part of the recipe is worth."""

import dagster as dg
import pandas as pd

from f1_pipeline.contracts import CONTRACTS, check, content_fingerprint
from f1_pipeline.defs import pictures
from f1_pipeline.defs.resources import Storage, Training, table_result
from f1_pipeline.defs.specs import code_version, describe, describe_table
from f1_pipeline.modelling import CHOICE_SEASONS, METRICS, studies
from f1_pipeline.modelling import track_record as modelling_track_record
from f1_pipeline.modelling.backtest import BASELINE, MODEL


@dg.asset(
    deps=[dg.AssetKey(["model", "backtest"])],
    **describe_table("track_record", kinds={"pandas"}, made_by=("modelling",)),
)
def track_record(storage: Storage, training: Training) -> dg.MaterializeResult:
    """Of all recipes and seasons whose backtest is held.

    What is shown is of the recipe that comes with the code, and its pictures of the seasons that
    it was not chosen on.
    """
    rows = storage.warehouse.read("backtest_predictions")
    if rows.empty:
        raise dg.Failure(
            "no season's backtest is held: backfill model/backtest first.", allow_retries=False
        )
    record = modelling_track_record(rows)
    result = table_result("track_record", record)
    mine = rows["tier"].eq("results") & rows["recipe"].eq(training.recipe.content_hash)
    shown = rows[mine & ~rows["season"].isin(CHOICE_SEASONS)]
    last = shown[shown["horizon"].eq("post_qualifying") & shown["grid_source"].eq("official")]
    if last.empty:
        return result
    model = last[last["model"].eq(MODEL)]
    period = f"{model['season'].min()}-{model['season'].max()}, after qualifying"
    metadata = {
        "metrics": dg.MetadataValue.md(
            _markdown(record[record["recipe"].eq(training.recipe.content_hash)])
        ),
        "by_season": pictures.by_season(
            model, last[last["model"].eq(BASELINE)], f"Model and grid baseline, {period}"
        ),
        "calibration": pictures.calibration(model, f"Calibration {period}"),
    }
    return dg.MaterializeResult(
        value=result.value, data_version=result.data_version, metadata=metadata
    )


def _markdown(record: pd.DataFrame) -> str:
    """A table for each variant set against its own baseline, seasons that were not chosen on."""
    mine = record[record["against"].eq("baseline") & record["tier"].eq("results")]
    mine = mine[mine["period"].ne("chosen on")]
    lines = []
    about = ["period", "horizon", "grid_source"]
    for (period, horizon, grid), rows in mine.groupby(about):
        by_metric = rows.set_index("metric").reindex(METRICS)
        first = rows.iloc[0]
        seasons = f"{first['first_season']}-{first['last_season']}"
        lines += [
            f"\n**{horizon}, grid {grid}**: {seasons} ({period}), {first['races']} races\n",
            "| metric | model | baseline | difference | 95 % interval |",
            "|---|---|---|---|---|",
        ]
        lines += [
            f"| {m.Index} | {m.value:.3f} | {m.reference:.3f} | {m.difference:+.3f} "
            f"| {m.low:+.3f} to {m.high:+.3f} |"
            for m in by_metric.itertuples()
        ]
    return "\n".join(lines)


@dg.asset(
    key=["model", "studies"],
    ins={"training_set": dg.AssetIn(dg.AssetKey(["model", "training_set"]))},
    **describe(
        "model",
        description="What each factor and each season of history is worth: the backtest of the "
        "seasons that the recipe was chosen on, with one thing changed at a time. Ten minutes; "
        "what is there already is not computed again.",
        kinds={"catboost"},
        made_by=("features", "modelling"),
    ),
)
def study_scores(
    context: dg.AssetExecutionContext,
    training_set: pd.DataFrame,
    storage: Storage,
    training: Training,
) -> dg.MaterializeResult:
    known = training_set[training_set["season"] <= max(CHOICE_SEASONS)].reset_index(drop=True)
    data = content_fingerprint(known, CONTRACTS["training_set"], code_version("modelling"))
    cases = studies.cases(training.recipe)
    for number, case in enumerate(cases, start=1):
        mine = {"study": case.study, "case": case.name}
        fingerprint = f"{case.recipe.content_hash} {data}"
        held = storage.warehouse.read_where("study_scores", **mine)
        if set(held["fingerprint"]) == {fingerprint}:
            continue
        context.log.info(f"{case.study} {case.name}, {number} of {len(cases)}")
        rows = studies.scores(known, case, context.log.info)
        if rows.empty:
            raise dg.Failure(
                f"none of the seasons {min(CHOICE_SEASONS)}-{max(CHOICE_SEASONS)} is held, which "
                "the recipe was chosen on: there is nothing to study.",
                allow_retries=False,
            )
        rows = check(rows.assign(fingerprint=fingerprint), CONTRACTS["study_scores"])
        storage.warehouse.replace_where("study_scores", rows, **mine)
    scores = storage.warehouse.read("study_scores")
    # Not what another recipe left behind, which may have had another factor.
    asked = pd.MultiIndex.from_tuples((case.study, case.name) for case in cases)
    scores = scores[pd.MultiIndex.from_frame(scores[["study", "case"]]).isin(asked)]
    compared = studies.compared(scores)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(content_fingerprint(scores, CONTRACTS["study_scores"])),
        metadata={
            "dagster/row_count": len(scores),
            "ablation": pictures.ablation(compared, "What the forecast loses without a factor"),
            "history": pictures.history(compared, "Seasons of history that a fit reads"),
        },
    )
