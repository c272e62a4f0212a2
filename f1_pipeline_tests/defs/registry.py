"""The assets and jobs that decide on models, on a warehouse that holds made-up races."""

from dataclasses import replace
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from f1_pipeline import features
from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline.definitions import build_definitions
from f1_pipeline.defs import registry, resources
from f1_pipeline.defs.resources import Storage, Training
from f1_pipeline.modelling import QUICK, Recipe
from f1_pipeline_tests.defs.pipeline import metadata
from f1_pipeline_tests.features.conftest import build_all

NOW = pd.Timestamp("2024-01-01", tz="UTC").to_pydatetime()
# Few iterations, and nothing that takes long.
WEAK = replace(
    QUICK,
    tree=replace(QUICK.tree, iterations=2, features=("championship_position",)),
    linear=replace(QUICK.linear, features=("log_starts",), ridge=1e6),
    draws=1_000,
)
GOOD = replace(QUICK, tree=replace(QUICK.tree, iterations=20), draws=1_000)
SHUFFLED = replace(GOOD, seed=666)


class Registry:
    """A warehouse that holds a training set, and the assets and jobs that decide on models."""

    def __init__(
        self, instance: dg.DagsterInstance, patch: pytest.MonkeyPatch, tables: dict[str, Any]
    ) -> None:
        self.instance, self.patch, self.storage = instance, patch, Storage()
        self.events = tables["events"]
        rows = features.training_set(build_all(tables)["race_features"], tables)
        self.rows = check(rows, CONTRACTS["training_set"])
        self.hold(self.rows)

    def hold(self, rows: pd.DataFrame) -> None:
        """Make these the races that are held."""
        tables = {"training_set": rows, "events": self.events}
        self.storage.warehouse.publish(tables, run_id="r", at=NOW)

    def ship(self, recipe: Recipe) -> None:
        """As if the code came with this recipe."""
        self.patch.setattr(resources, "STANDARD", recipe)

    def run(self, **training: Any) -> dict[str, object]:
        """Challenger and champion; the champion's metadata, and whether the gate's check passed."""
        definitions = build_definitions(training=Training(**training))
        job = definitions.resolve_implicit_global_asset_job_def()
        result = job.execute_in_process(
            instance=self.instance,
            asset_selection=[dg.AssetKey(["model", name]) for name in ("challenger", "champion")],
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
        passed = [e.passed for e in result.get_asset_check_evaluations() if e.check_name == "gate"]
        return metadata(result, "model/champion")[0] | {"passed": passed == [True]}

    def ask(self, job: str, **config: str) -> None:
        """A job of the registry."""
        op = {"promote_model": "promote", "roll_back_model": "rollback"}[job]
        (found,) = [each for each in registry.JOBS if each.name == job]
        found.execute_in_process(
            instance=self.instance,
            resources={"storage": self.storage, "training": Training()},
            run_config={
                "ops": {op: {"config": config}},
                "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
            },
        )

    @property
    def champion(self) -> str | None:
        row = self.storage.models.champion()
        return str(row["model_version"]) if row else None

    @property
    def recipe(self) -> str | None:
        row = self.storage.models.champion()
        return str(row["recipe"]) if row else None

    def table(self, name: str) -> pd.DataFrame:
        return self.storage.warehouse.read(name)
