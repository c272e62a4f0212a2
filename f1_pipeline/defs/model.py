"""Layer model: the training set, fits, the model in force, and the walk-forward backtest."""

import hashlib
from typing import Any

import dagster as dg
import pandas as pd

from f1_pipeline import clock, features
from f1_pipeline.contracts import CONTRACTS, check, content_fingerprint
from f1_pipeline.defs import pictures
from f1_pipeline.defs.resources import Storage, Training, table_result
from f1_pipeline.defs.specs import SEASONS, code_version, describe, describe_table
from f1_pipeline.modelling import NotEnoughRacesError, RaceModel, evaluate, fit, walk_forward

_TRAINING_SET = dg.AssetIn(dg.AssetKey(["model", "training_set"]))


@dg.asset(
    ins={
        "race_features": dg.AssetIn(dg.AssetKey(["features", "race_features"])),
        "race_results": dg.AssetIn(dg.AssetKey(["tables", "race_results"])),
    },
    **describe_table("training_set", kinds={"pandas"}, made_by=("features", "modelling")),
)
def training_set(race_features: pd.DataFrame, race_results: pd.DataFrame) -> dg.MaterializeResult:
    rows = features.training_set(race_features, {"race_results": race_results})
    return table_result("training_set", rows)


@dg.asset(
    key=["model", "challenger"],
    ins={"training_set": _TRAINING_SET},
    **describe(
        "model",
        description="The newest fit, on all races of the training seasons; stored and registered, "
        "not yet in force. The same data and recipe are not fitted twice.",
        kinds={"catboost"},
        made_by=("modelling",),
    ),
)
def challenger(
    context: dg.AssetExecutionContext,
    training_set: pd.DataFrame,
    storage: Storage,
    training: Training,
) -> dg.MaterializeResult:
    rows = training.select(training_set)
    recipe = training.recipe
    data_version = content_fingerprint(rows, CONTRACTS["training_set"])
    version = hashlib.sha256(
        f"{recipe.content_hash} {data_version} {code_version('modelling')}".encode()
    ).hexdigest()[:12]
    reused = storage.models.has(version)
    if reused:
        model = storage.models.load(version, RaceModel.load)
    else:
        try:
            model = fit(rows, recipe)
        except NotEnoughRacesError as error:
            context.log.warning(f"no fit: {error} Until there are more the baseline forecasts.")
            return dg.MaterializeResult(metadata={"model_version": "", "reason": str(error)})
        storage.models.save(
            {"model_version": version, "recipe": recipe.content_hash, "data_version": data_version}
            | _window(rows),
            model.save,
            clock.now(),
        )
    return dg.MaterializeResult(
        data_version=dg.DataVersion(version),
        metadata={
            "model_version": version,
            "reused": reused,
            **_window(rows),
            "importance": pictures.importance(model.feature_importance(), "Feature importance"),
        },
    )


def _window(rows: pd.DataFrame) -> dict[str, Any]:
    events = rows.sort_values("race_starts_at", kind="stable")["event_id"]
    return {
        "first_event": str(events.iloc[0]),
        "last_event": str(events.iloc[-1]),
        "races": int(events.nunique()),
    }


@dg.asset(
    key=["model", "champion"],
    deps=[dg.AssetKey(["model", "challenger"])],
    **describe(
        "model",
        description="The fit in force: a row of the registry that predictions are made with. "
        "The newest challenger takes the place.",
        kinds={"catboost"},
        made_by=("modelling",),
    ),
)
def champion(context: dg.AssetExecutionContext, storage: Storage) -> dg.MaterializeResult:
    event = context.instance.get_latest_materialization_event(dg.AssetKey(["model", "challenger"]))
    if event is None or event.asset_materialization is None:
        raise dg.Failure("materialize model/challenger first", allow_retries=False)
    version = str(event.asset_materialization.metadata["model_version"].value)
    in_force = storage.models.champion()
    if version and (in_force is None or in_force["model_version"] != version):
        storage.models.promote(version, clock.now())
    return dg.MaterializeResult(
        data_version=dg.DataVersion(version), metadata={"model_version": version}
    )


@dg.asset(
    ins={"training_set": _TRAINING_SET},
    partitions_def=SEASONS,
    **{
        **describe_table(
            "backtest_predictions", kinds={"catboost"}, made_by=("features", "modelling")
        ),
        "key": dg.AssetKey(["model", "backtest"]),
    },
)
def backtest(
    context: dg.AssetExecutionContext,
    training_set: pd.DataFrame,
    storage: Storage,
    training: Training,
) -> dg.MaterializeResult:
    """One season, walk-forward: each race is forecast by fits on the races before it only."""
    season = int(context.partition_key)
    known = training.select(training_set) if training.first_season else training_set
    known = known[known["season"] <= season].reset_index(drop=True)
    fingerprint = content_fingerprint(
        known, CONTRACTS["training_set"], training.recipe.content_hash, code_version("modelling")
    )
    mine = {"season": season, "tier": training.tier}
    stored = storage.warehouse.read_where("backtest_predictions", **mine)
    reused = bool(len(stored)) and set(stored["fingerprint"]) == {fingerprint}
    if not reused:
        stored = walk_forward(known, season, training.recipe, progress=context.log.info)
        stored = stored.assign(fingerprint=fingerprint, tier=training.tier)
        stored = check(stored, CONTRACTS["backtest_predictions"])
        storage.warehouse.replace_where("backtest_predictions", stored, **mine)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(fingerprint),
        metadata={"dagster/row_count": len(stored), "reused": reused, **_shown(stored, season)},
    )


def _shown(rows: pd.DataFrame, season: int) -> dict[str, dg.MetadataValue]:
    """The season's metrics beside the baseline's and its calibration, for the last horizon."""
    last = rows[rows["horizon"].eq("post_qualifying") & rows["grid_source"].eq("official")]
    if last.empty:
        return {}
    model, baseline = (last[last["model"].eq(name)] for name in ("catboost", "baseline"))
    scores = evaluate(model, baseline)
    lines = ["| metric | model | grid | difference | 95 % interval |", "|---|---|---|---|---|"]
    for metric, value in scores["model"].items():
        if value is None or scores["grid"][metric] is None:
            continue  # no retirement, say: then there is no AUC
        low, high = scores["difference_ci"][metric]
        lines.append(
            f"| {metric} | {value:.3f} | {scores['grid'][metric]:.3f} "
            f"| {scores['difference'][metric]:+.3f} | {low:+.3f} to {high:+.3f} |"
        )
    title = f"Calibration {season}, after qualifying"
    return {
        "metrics": dg.MetadataValue.md("\n".join(lines)),
        "calibration": pictures.calibration(model, title),
    }
