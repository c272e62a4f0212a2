"""Layer model: the training set, fits, the model in force, and the walk-forward backtest."""

import json
from collections.abc import Callable
from typing import Any

import dagster as dg
import pandas as pd

from f1_pipeline import features
from f1_pipeline.defs import pictures
from f1_pipeline.defs.in_force import Asked, registered, was_taken_back, why_none
from f1_pipeline.defs.resources import Storage, Training, table_result
from f1_pipeline.defs.specs import SEASONS, describe, describe_table
from f1_pipeline.defs.succession import Succession, backtested, decision_table, window
from f1_pipeline.modelling import NotEnoughRacesError, RaceModel, evaluate, gate
from f1_pipeline.tracking import log_fit

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
    deps=[dg.AssetKey(["model", "tuning"])],
    **describe(
        "model",
        description="The newest fit, on all races of the training seasons: of the recipe in force, "
        "or of one that is proposed for its place. Stored and registered, not yet in force. The "
        "same data and recipe are not fitted twice.",
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
    succession = Succession(storage, training, _asked(context), context.log.info)
    recipe = succession.proposed()
    if recipe is None:
        return dg.MaterializeResult(metadata={"model_version": "", "reason": "nothing is proposed"})
    rows = training.select(training_set)
    try:
        row, reused = succession.fitted(rows, recipe)
    except NotEnoughRacesError as error:
        context.log.warning(f"no fit: {error} Until there are more the baseline forecasts.")
        return dg.MaterializeResult(metadata={"model_version": "", "reason": str(error)})
    version = str(row["model_version"])
    model = storage.models.load(version, RaceModel.load)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(version),
        metadata={
            "model_version": version,
            "recipe": recipe.content_hash,
            "reused": reused,
            **window(rows),
            "importance": pictures.importance(model.feature_importance(), "Feature importance"),
        },
    )


@dg.asset(
    key=["model", "champion"],
    deps=[dg.AssetKey(["model", "challenger"]), dg.AssetKey(["model", "training_set"])],
    check_specs=[
        dg.AssetCheckSpec(
            "gate",
            asset=dg.AssetKey(["model", "champion"]),
            description="The newest fit was let through: by the gate, or as a sane refit.",
        )
    ],
    **describe(
        "model",
        description="The fit in force: a row of the registry that predictions are made with. A new "
        "recipe takes the place only through the gate, a refit of the one in force inherits it.",
        kinds={"catboost"},
        made_by=("modelling",),
    ),
)
def champion(
    context: dg.AssetExecutionContext, storage: Storage, training: Training
) -> dg.MaterializeResult:
    decision = _decide(context, storage, training)
    if decision is not None and storage.settings.mlflow_uri:
        _log_to_mlflow(decision, storage, context.log.warning)
    in_force = storage.models.champion()
    version = in_force["model_version"] if in_force else ""
    metadata: dict[str, Any] = {"model_version": version} | _why(storage, version)
    if decision is not None:
        metadata["decision"] = dg.MetadataValue.md(decision_table(decision))
    accepted = decision is None or bool(decision["accepted"].all())
    words = "nothing had to be decided" if decision is None else gate.in_words(decision)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(version),
        metadata=metadata,
        check_results=[
            dg.AssetCheckResult(
                check_name="gate",
                passed=accepted,
                severity=dg.AssetCheckSeverity.WARN,
                metadata={"decision": words},
            )
        ],
    )


def _why(storage: Storage, version: str) -> dict[str, Any]:
    """How the fit came into force; where none is, why not."""
    history = storage.warehouse.read_where("promotions", model_version=version)
    if history.empty:
        return {"why": f"no model is in force: {why_none(storage)}"}
    last = history.iloc[-1]
    return {
        "why": f"{last['action']}, {last['reason']}",
        "put_in_force_by": last["promoted_by"],
        "in_place_of": last["parent"] or "none before it",
    }


def _decide(
    context: dg.AssetExecutionContext, storage: Storage, training: Training
) -> pd.DataFrame | None:
    """Ask for the newest fit's place; the decision, or None where there is nothing to decide."""
    event = context.instance.get_latest_materialization_event(dg.AssetKey(["model", "challenger"]))
    if event is None or event.asset_materialization is None:
        raise dg.Failure("materialize model/challenger first", allow_retries=False)
    version = str(event.asset_materialization.metadata["model_version"].value)
    if not version:
        return None
    row, in_force = storage.models.intact(version), storage.models.champion()
    is_there = in_force is not None and in_force["model_version"] == version
    if (is_there and not training.judged) or was_taken_back(storage, version):
        return None
    succession = Succession(storage, training, _asked(context), context.log.info)
    rows = storage.warehouse.read("training_set")
    inherits = (
        not training.judged
        and in_force is not None
        and in_force["recipe"] == row["recipe"]
        # What cannot be read any more cannot be compared with: then the gate decides.
        and storage.models.has(str(in_force["model_version"]))
    )
    if inherits:
        return succession.inherited(rows, row)
    return succession.through_the_gate(rows, row)


def _log_to_mlflow(decision: pd.DataFrame, storage: Storage, warn: Callable[[str], object]) -> None:
    """The fit that was decided on, its recipe and the gate's numbers."""
    version = str(decision["model_version"].iloc[0])
    row, settings = storage.models.intact(version), storage.settings
    recipe = storage.models.recipe(str(decision["recipe"].iloc[0]))
    parameters = json.loads(recipe["parameters"]) if recipe and recipe["parameters"] else {}
    storage.models.load(
        version,
        lambda folder: log_fit(
            settings.mlflow_uri,
            settings.mlflow_experiment,
            row,
            parameters,
            decision,
            folder,
            warn,
        ),
    )


def _asked(context: dg.AssetExecutionContext) -> Asked:
    return Asked(f"{context.run.job_name} {context.run.run_id[:8]}", "fitted on new races")


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
    season, wanted = int(context.partition_key), training.recipe_id
    recipe = registered(storage, wanted) if wanted else training.recipe
    rows, reused = backtested(storage, training, training_set, season, recipe, context.log.info)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(str(rows["fingerprint"].iloc[0])),
        metadata={"dagster/row_count": len(rows), "reused": reused, **_shown(rows, season)},
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
