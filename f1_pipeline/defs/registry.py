"""What a person asks of the registry: put a model in force, or go back. Jobs of one op each.

The same gate as in a run decides; who asked and why goes into the history.
"""

from typing import Any

import dagster as dg

from f1_pipeline.defs.in_force import Asked, back, registered
from f1_pipeline.defs.resources import Storage, Training
from f1_pipeline.defs.succession import Succession, decision_table
from f1_pipeline.errors import PipelineError
from f1_pipeline.modelling import gate


class PromoteConfig(dg.Config):
    """`model`: a fit, or a recipe, whose newest fit is then made."""

    model: str
    by: str = "the Dagster UI"
    reason: str = "asked for by hand"


class RollbackConfig(dg.Config):
    """`to`: a fit that was in force before; the one before the present one."""

    to: str = ""
    by: str = "the Dagster UI"
    reason: str = "asked for by hand"


class RefusedError(PipelineError):
    """The gate has refused a model: what is in force stays so."""


@dg.op(description="Ask the gate for a fit's or a recipe's place, and put it in force.")
def promote(
    context: dg.OpExecutionContext, config: PromoteConfig, storage: Storage, training: Training
) -> None:
    asked = Asked(config.by, config.reason)
    succession = Succession(storage, training, asked, context.log.info)
    rows = training.select(storage.warehouse.read("training_set"))
    is_fit = storage.models.fit(config.model) is not None
    if is_fit or config.model in storage.models.folders():
        row = storage.models.intact(config.model)  # or says what is wrong with it
    else:
        row, _ = succession.fitted(rows, registered(storage, config.model))
    decision = succession.through_the_gate(rows, row)
    context.add_output_metadata(
        {
            "model_version": str(row["model_version"]),
            "decision": dg.MetadataValue.md(decision_table(decision)),
        }
    )
    if not decision["accepted"].all():
        raise RefusedError(
            f"{row['model_version']} is refused, and what is in force stays so: "
            f"{gate.in_words(decision)}."
        )


@dg.op(description="Put a fit that was in force before back in force.")
def rollback(context: dg.OpExecutionContext, config: RollbackConfig, storage: Storage) -> None:
    version = back(storage, Asked(config.by, config.reason), config.to or None)
    context.add_output_metadata({"model_version": version})


@dg.job(name="promote_model", description="Ask the gate for the place of a fit or a recipe.")
def promote_model() -> None:
    promote()


@dg.job(name="roll_back_model", description="Go back to a fit that was in force before.")
def roll_back_model() -> None:
    rollback()


JOBS: list[Any] = [promote_model, roll_back_model]
