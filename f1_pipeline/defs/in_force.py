"""What is in force, what was, and going back: questions to the registry.

Who gets the place next is decided in `succession`.
"""

from dataclasses import dataclass

import pandas as pd

from f1_pipeline import clock
from f1_pipeline.defs.resources import Storage
from f1_pipeline.errors import UsageError
from f1_pipeline.modelling import CODE_VERSION, Recipe, gate, recipe_of


@dataclass(frozen=True)
class Asked:
    """Who asks for a change and why, as the history will say."""

    by: str
    reason: str


def in_force(storage: Storage) -> Recipe | None:
    """The recipe of the fit in force, as far as this code can fit it; None where there is none."""
    champion = storage.models.champion()
    if champion is None:
        return None
    try:
        return registered(storage, champion["recipe"])
    except UsageError:
        return None


def registered(storage: Storage, recipe: str) -> Recipe:
    """A recipe of the registry. Raises `UsageError` for one that this code cannot fit."""
    row = storage.models.recipe(recipe)
    if row is None:
        raise UsageError(
            f"no recipe {recipe} is registered: `f1-pipeline models list` shows those that are."
        )
    if pd.isna(row["parameters"]) or row["code_version"] != CODE_VERSION:
        raise UsageError(
            f"recipe {recipe} belongs to other code than this: use the version of f1_pipeline that "
            "made it, or another recipe."
        )
    return recipe_of(row["parameters"])


def was_taken_back(storage: Storage, model_version: str) -> bool:
    """Whether someone went back from this fit, and it has not been in force since."""
    history = storage.warehouse.read("promotions")
    taken = history[history["action"].eq("rollback") & history["parent"].eq(model_version)]
    put = history[history["model_version"].eq(model_version)]
    return len(taken) > 0 and not (put["promotion"] > taken["promotion"].max()).any()


def why_none(storage: Storage) -> str:
    """Why no model is in force, for those who then get the baseline."""
    decisions = storage.warehouse.read("gate_decisions")
    if decisions.empty:
        return "none has been fitted yet"
    newest = decisions.sort_values("decided_at", kind="stable")["decision"].iloc[-1]
    mine = decisions[decisions["decision"].eq(newest)]
    return f"{mine['model_version'].iloc[0]} was refused: {gate.in_words(mine)}"


def back(storage: Storage, asked: Asked, to: str | None) -> str:
    """Put the fit before the one in force, or the one named, back in force. Returns its id.

    What was in force before needs no gate. Raises `UsageError` where there is nothing to go back
    to, `StorageError` where its artifact is not intact; then nothing is changed.
    """
    models = storage.models
    champion = models.champion()
    if champion is None:
        raise UsageError("no model is in force: there is nothing to go back from.")
    target = to or models.parent(champion["model_version"])
    if target is None:
        raise UsageError(
            f"{champion['model_version']} is the first model that was in force: there is none to "
            "go back to."
        )
    if target == champion["model_version"]:
        raise UsageError(f"{target} is in force already.")
    if target not in set(storage.warehouse.read("promotions")["model_version"]):
        raise UsageError(
            f"{target} was never in force: `f1-pipeline models promote {target}` asks the gate."
        )
    models.promote(target, clock.now(), action="rollback", by=asked.by, reason=asked.reason)
    return str(target)
