"""Seasons that never were, the forecasts of them, and what was published."""

import pandas as pd
import pytest

from f1_pipeline import features
from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline.monitoring import of_baseline
from f1_pipeline_tests.features.conftest import build_all
from f1_pipeline_tests.synthetic import make_tables

ROUNDS = 16
SEASONS = (2018, 2019, 2020)  # none of new rules


def training_set_of(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    rows = features.training_set(build_all(tables)["race_features"], tables)
    return check(rows, CONTRACTS["training_set"])


def forecasts_of(training_set: pd.DataFrame) -> pd.DataFrame:
    """Forecasts before each weekend of the last two seasons: the standings', which fit nothing."""
    last = training_set["season"].gt(SEASONS[0]) & training_set["horizon"].eq("pre_weekend")
    return of_baseline(training_set, training_set[last])


def nothing(table: str) -> pd.DataFrame:
    return pd.DataFrame(columns=[column.name for column in CONTRACTS[table].columns])


@pytest.fixture(scope="session")
def tables() -> dict[str, pd.DataFrame]:
    """Three seasons of sixteen races, all held; new cars every winter."""
    return make_tables(seasons=SEASONS, cars=12, rounds=ROUNDS, upcoming=0, seed=4)


@pytest.fixture(scope="session")
def training_set(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return training_set_of(tables)


@pytest.fixture(scope="session")
def forecasts(training_set: pd.DataFrame) -> pd.DataFrame:
    return forecasts_of(training_set)
