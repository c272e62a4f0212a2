"""Artifacts of fitted models in a folder each, and the rows that say what was and is in force.

What a model is, is not known here: it is written to a folder and read from one by callbacks.
Whether a fit may be put in force is not decided here.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa

from f1_pipeline.errors import StorageError
from f1_pipeline.storage import database
from f1_pipeline.storage.folders import Folders, folder_hash
from f1_pipeline.storage.schema import TABLES
from f1_pipeline.storage.warehouse import Warehouse


class ModelStore(Folders):
    """Fits under `address` (a folder, `s3://bucket/models`), registered in a warehouse."""

    def __init__(self, address: str, warehouse: Warehouse) -> None:
        super().__init__(address)
        self.warehouse = warehouse

    def has(self, model_version: str) -> bool:
        """Whether the fit is registered and its artifact is intact."""
        row = self.fit(model_version)
        if row is None:
            return False
        return self.holds(model_version, row["artifact_sha256"])

    def save(self, facts: dict[str, Any], write: Callable[[Path], None], at: datetime) -> None:
        """Store a fit and register it, not yet in force; `facts` are columns of `models`.

        A fit that is registered already gets its artifact back and keeps its row.
        """
        version = facts["model_version"]
        try:
            digest = self.store(version, write)
        except OSError as error:
            raise StorageError(
                f"the model cannot be stored under {self.address} ({error.strerror or error}): "
                "free some space or set MODEL_STORAGE_PATH to an address that can be written."
            ) from None
        table = TABLES["models"]
        row = facts | {"artifact_sha256": digest, "stage": "challenger", "created_at": at}
        with database.writing(self.warehouse.url) as connection:
            known = connection.execute(
                sa.update(table)
                .where(table.c.model_version == version)
                .values(artifact_sha256=digest)
            )
            if not known.rowcount:
                connection.execute(sa.insert(table), [row | {"promoted_at": at}])

    def register(
        self, recipe: str, parameters: str, code_version: int, origin: str, at: datetime
    ) -> None:
        """Enter a recipe as a challenger; one that is known keeps its stage."""
        table = TABLES["recipes"]
        row = {"parameters": parameters, "code_version": code_version}
        new = {"recipe": recipe, "origin": origin, "stage": "challenger"}
        with database.writing(self.warehouse.url) as connection:
            known = connection.execute(
                sa.update(table).where(table.c.recipe == recipe).values(**row)
            )
            if not known.rowcount:
                connection.execute(
                    sa.insert(table), [row | new | {"created_at": at, "changed_at": at}]
                )

    def promote(
        self,
        model_version: str,
        at: datetime,
        *,
        action: str,
        by: str,
        reason: str,
        decision: str | None = None,
    ) -> None:
        """Put a registered fit in force, in place of the one that is, and write down why.

        Nothing is written down for the one that is in force already.

        Raises `StorageError`, and changes nothing, when the fit is not registered or its artifact
        is not intact.
        """
        models, recipes, history = (TABLES[n] for n in ("models", "recipes", "promotions"))
        with database.writing(self.warehouse.url) as connection:
            # Among the writers: retention may have been removing it until now.
            fit = self.intact(model_version)
            champion = models.c.stage == "champion"
            parent = connection.scalar(sa.select(models.c.model_version).where(champion))
            if parent == model_version:
                return  # another process was there first
            number = connection.scalar(sa.select(sa.func.max(history.c.promotion))) or 0
            connection.execute(sa.update(models).where(champion).values(stage="retired"))
            connection.execute(
                sa.update(models)
                .where(models.c.model_version == model_version)
                .values(stage="champion", promoted_at=at)
            )
            connection.execute(
                sa.update(recipes)
                .where((recipes.c.stage == "champion") & (recipes.c.recipe != fit["recipe"]))
                .values(stage="retired", changed_at=at)
            )
            connection.execute(
                sa.update(recipes)
                .where((recipes.c.recipe == fit["recipe"]) & (recipes.c.stage != "champion"))
                .values(stage="champion", changed_at=at)
            )
            row = {
                "promotion": number + 1,
                "promoted_at": at,
                "model_version": model_version,
                "recipe": fit["recipe"],
                "parent": parent,
                "action": action,
                "promoted_by": by,
                "reason": reason,
                "decision": decision,
            }
            connection.execute(sa.insert(history), [row])

    def champion(self) -> dict[str, Any] | None:
        """The row of the fit in force, or None before the first."""
        return _first(self.warehouse.read_where("models", stage="champion"))

    def fit(self, model_version: str) -> dict[str, Any] | None:
        """The row of a fit, or None for one that is not registered."""
        return _first(self.warehouse.read_where("models", model_version=model_version))

    def recipe(self, recipe: str) -> dict[str, Any] | None:
        """The row of a recipe, or None for one that is not registered."""
        return _first(self.warehouse.read_where("recipes", recipe=recipe))

    def parent(self, model_version: str) -> str | None:
        """The fit that this one took the place of, going back left aside."""
        rows = self.warehouse.read_where("promotions", model_version=model_version)
        forwards = rows[rows["action"].ne("rollback")]
        return None if forwards.empty else forwards["parent"].iloc[-1]

    def intact(self, model_version: str) -> dict[str, Any]:
        """The row of a fit whose artifact is as it was stored. Raises `StorageError`."""
        fit = self.fit(model_version)
        if fit is None:
            stray = model_version in self.folders()
            lies = ", though a folder of that name lies there" if stray else ""
            raise StorageError(
                f"no model {model_version} is registered{lies}: `f1-pipeline models list` shows "
                "those that are."
            )
        if not self.has(model_version):
            raise StorageError(
                f"the artifact of model {model_version} under {self.address} is missing or was "
                "changed: restore it from a backup, or launch the job refresh, which fits it again."
            )
        return fit

    def load(self, model_version: str, read: Callable[[Path], Any]) -> Any:
        """The fit, after its hash was checked. Raises `StorageError` when it is gone or changed."""
        row = self.intact(model_version)
        with self.copy(model_version) as folder:
            # Of what is read, which may be another copy than the one just looked at.
            if folder_hash(folder) != row["artifact_sha256"]:
                raise StorageError(f"model {model_version} was changed while it was read: again.")
            return read(folder)

    def remove(self, model_version: str) -> None:
        """Delete an artifact; its row stays. Raises `StorageError` for the one in force."""
        champion = self.champion()
        if champion is not None and champion["model_version"] == model_version:
            raise StorageError(f"model {model_version} is in force: it is not removed.")
        self.delete(model_version)


def _first(rows: pd.DataFrame) -> dict[str, Any] | None:
    if rows.empty:
        return None
    return {str(name): value for name, value in rows.iloc[0].items()}
