"""A training set of few races for tests of tuning, and the job on the warehouse that holds it."""

import dagster as dg
import pandas as pd

from f1_pipeline import clock, features
from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline.defs.resources import Storage, Training, WarehouseIOManager
from f1_pipeline.defs.tuning import tune, tuned
from f1_pipeline_tests.features.conftest import build_all
from f1_pipeline_tests.synthetic import make_tables

HELD = (2014, 2015, 2016)
RACES = 2


def make_training_set() -> pd.DataFrame:
    """A season before the first choice season, three of those, and one that is none.

    Of all but the first the first races alone: they are what the time goes to.
    """
    tables = make_tables(seasons=(2013, *HELD, 2019), cars=6, rounds=10, upcoming=0)
    rows = features.training_set(build_all(tables)["race_features"], tables)
    few = rows["season"].eq(2013) | rows["round"].le(RACES)
    return check(rows[few].reset_index(drop=True), CONTRACTS["training_set"])


def hold(training_set: pd.DataFrame) -> None:
    """Publish it in the warehouse of the environment."""
    Storage().warehouse.publish({"training_set": training_set}, run_id="run", at=clock.now())


def definitions(quick: bool = False) -> dg.Definitions:
    """The job `tune`, and the training set as something that is there."""
    storage = Storage()
    return dg.Definitions(
        assets=[dg.AssetSpec(["model", "training_set"]).with_io_manager_key("io_manager"), tuned],
        jobs=[tune],
        resources={
            "storage": storage,
            "training": Training(quick=quick),
            "io_manager": WarehouseIOManager(storage=storage),
        },
    )
