"""Layer model: the search for a better recipe, kept season by season, and what it proposes."""

import time
from collections.abc import Callable

import dagster as dg
import pandas as pd

from f1_pipeline import clock
from f1_pipeline.contracts import CONTRACTS, check, content_fingerprint
from f1_pipeline.defs import pictures_tuning
from f1_pipeline.defs.resources import Storage, Training
from f1_pipeline.defs.specs import code_version, describe
from f1_pipeline.modelling import CODE_VERSION, Recipe, tuning
from f1_pipeline.modelling.tuning import Outcome, Search
from f1_pipeline.storage.warehouse import Warehouse

_SHOWN = 10  # of the best trials


class TuningConfig(dg.Config):
    """`trials`: in all, instead of MAX_TRIALS. `enabled`: whatever the environment says."""

    trials: int | None = None
    enabled: bool = False


@dg.asset(
    key=["model", "tuning"],
    ins={"training_set": dg.AssetIn(dg.AssetKey(["model", "training_set"]))},
    **describe(
        "model",
        description="The search for a better recipe, on the seasons that recipes are chosen on. "
        "Does nothing unless ENABLE_HYPERPARAMETER_TUNING or its configuration says so. Hours; "
        "what was tried is not tried again. What it proposes waits for the gate.",
        kinds={"catboost", "optuna"},
        made_by=("features", "modelling"),
    ),
)
def tuned(
    context: dg.AssetExecutionContext,
    config: TuningConfig,
    training_set: pd.DataFrame,
    storage: Storage,
    training: Training,
) -> dg.MaterializeResult:
    settings, base = storage.settings, training.recipe
    if not (config.enabled or settings.tuning):
        reason = "ENABLE_HYPERPARAMETER_TUNING is not set: nothing was tuned"
        return dg.MaterializeResult(metadata={"proposed": "", "reason": reason})
    usual = tuning.QUICK_TRIALS if training.quick else tuning.TRIALS
    trials = config.trials or settings.max_trials or usual
    rows = tuning.choice_rows(training_set)
    study = content_fingerprint(
        rows, CONTRACTS["training_set"], base.content_hash, code_version("modelling")
    )
    _search(storage.warehouse, study, rows, base, trials, context.log.info)
    found = tuning.outcome(storage.warehouse.read_where("tuning_trials", study=study), trials)
    recipe = tuning.changed(base, found.values[found.best])
    pays, reason = found.pays, found.reason
    if pays and training.quick and not _is_in_force(storage, base):
        pays, reason = False, "a quick recipe may only take the place of the quick one it is from"
    if pays:
        storage.models.register(
            recipe.content_hash, recipe.parameters, CODE_VERSION, "tuning", clock.now()
        )
    context.log.info(f"trial {found.best} {'is' if pays else 'is not'} proposed: {reason}")
    return dg.MaterializeResult(
        data_version=dg.DataVersion(f"{study} {trials}"),
        metadata={
            "study": study,
            "trials": trials,
            "proposed": recipe.content_hash if pays else "",
            "reason": reason,
            **_shown(found),
        },
    )


def _is_in_force(storage: Storage, recipe: Recipe) -> bool:
    champion = storage.models.champion()
    return champion is not None and champion["recipe"] == recipe.content_hash


def _search(
    warehouse: Warehouse,
    study: str,
    rows: pd.DataFrame,
    base: Recipe,
    trials: int,
    log: Callable[[str], object],
) -> None:
    """Score what is missing of so many trials; each season is kept as soon as it is scored."""
    search = Search(rows, base, warehouse.read_where("tuning_trials", study=study))
    began, done = time.monotonic(), 0
    for number in range(trials):
        new = 0
        for row in search.missing(number):
            kept = pd.DataFrame([row | {"study": study, "tried_at": clock.now()}])
            warehouse.append({"tuning_trials": check(kept, CONTRACTS["tuning_trials"])})
            new += 1
        if new:
            done += 1
            left = (time.monotonic() - began) / done * (trials - number - 1)
            place = f"trial {number}, {number + 1} of {trials}"
            log(f"{place}: {search.told(number)}, {left / 60:.0f} min to go")


def _shown(found: Outcome) -> dict[str, dg.MetadataValue | str]:
    return {
        "nested": found.nested.in_words if found.nested else "no season is left to judge",
        "parameters": dg.MetadataValue.md(_parameters(found)),
        "best": dg.MetadataValue.md(_best(found)),
        "scores": pictures_tuning.by_trial(found.scores, "Trials on the choice seasons"),
    }


def _parameters(found: Outcome) -> str:
    """What the best trial has in place of the recipe's own values."""
    own, other = found.values[0], found.values[found.best]
    lines = [f"| parameter | recipe | trial {found.best} |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {n} | {own[n]:.4g} | {other[n]:.4g} |" for n in own)])


def _best(found: Outcome) -> str:
    """The best trials that were not stopped, and the recipe as it is."""
    whole = found.scores.dropna()
    order = whole.mean(axis=1).sort_values(kind="stable")
    seasons = [str(season) for season in whole.columns]
    lines = [f"| trial | mean | {' | '.join(seasons)} |", "|---|---|" + "---|" * len(seasons)]
    for trial in dict.fromkeys([*order.index[:_SHOWN], 0]):
        by_season = " | ".join(f"{score:.4f}" for score in whole.loc[trial])
        name = "as it is" if trial == 0 else str(trial)
        lines.append(f"| {name} | {order[trial]:.4f} | {by_season} |")
    stopped = len(found.scores) - len(whole)
    return "\n".join([*lines, "", f"{stopped} of {len(found.scores)} trials were stopped."])


tune = dg.define_asset_job(
    "tune",
    selection=dg.AssetSelection.assets(["model", "tuning"]),
    description="The search for a better recipe, on the seasons that recipes are chosen on.",
)
