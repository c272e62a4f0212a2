"""A training set drawn once, recipes that fit in a moment, and forecasts to be scored."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from f1_pipeline import features
from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline.modelling import QUICK, RaceModel, Recipe, fit
from f1_pipeline_tests.features.conftest import build_all
from f1_pipeline_tests.synthetic import make_tables

OFFICIAL = ("post_qualifying", "official")


@pytest.fixture(scope="session")
def tables() -> dict[str, pd.DataFrame]:
    """Four seasons of eight events with twelve cars; the last two events are to come."""
    return make_tables(seasons=(2021, 2022, 2023, 2024), cars=12, seed=4, rounds=8)


@pytest.fixture(scope="session")
def race_features(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return check(build_all(tables)["race_features"], CONTRACTS["race_features"])


@pytest.fixture(scope="session")
def training_set(tables: dict[str, pd.DataFrame], race_features: pd.DataFrame) -> pd.DataFrame:
    return check(features.training_set(race_features, tables), CONTRACTS["training_set"])


@pytest.fixture(scope="session")
def recipe() -> Recipe:
    """Few iterations and draws; two inner seasons, so that calibration takes part."""
    return replace(
        QUICK,
        tree=replace(QUICK.tree, iterations=15),
        stages=replace(QUICK.stages, seasons=2),
        draws=2_000,
        refit_every=3,
    )


@pytest.fixture(scope="session")
def model(training_set: pd.DataFrame, recipe: Recipe) -> RaceModel:
    return fit(training_set, recipe)


def one_race(
    rows: pd.DataFrame, event_id: str, variant: tuple[str, str] = OFFICIAL
) -> pd.DataFrame:
    """The rows of one event and variant."""
    own = rows["event_id"].eq(event_id)
    return rows[own & rows["horizon"].eq(variant[0]) & rows["grid_source"].eq(variant[1])]


def random_forecasts(races: int, cars: int, seed: int) -> pd.DataFrame:
    """Forecasts and outcomes of some races: any numbers that a forecast may hold."""
    random = np.random.default_rng(seed)
    parts = []
    for number in range(races):
        distribution = random.dirichlet(np.ones(cars), cars)
        classified = max(2, cars - int(random.integers(0, 4)))
        order = random.permutation(cars) + 1
        parts.append(
            pd.DataFrame(
                {
                    "event_id": f"2020-race-{number:02d}",
                    "driver_id": [f"driver-{i:02d}" for i in range(cars)],
                    "p_win": random.dirichlet(np.ones(cars)),
                    "p_podium": random.random(cars),
                    "p_points": random.random(cars),
                    "p_dnf": random.random(cars).round(1),
                    "expected_position": distribution @ np.arange(1, cars + 1),
                    "position_probabilities": distribution.tolist(),
                    "finish_order": order,
                    "classified": order <= classified,
                    "retired": order > classified,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)
