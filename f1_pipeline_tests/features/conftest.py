"""Small tables for the tests of features, drawn once."""

from collections.abc import Mapping

import pandas as pd
import pytest

from f1_pipeline import features
from f1_pipeline_tests.synthetic import make_tables

Tables = Mapping[str, pd.DataFrame]


def build_all(tables: Tables) -> dict[str, pd.DataFrame]:
    """The five feature frames of the tables."""
    frames = {
        "driver_form": features.driver_form(tables),
        "team_form": features.team_form(tables),
        "circuit_patterns": features.circuit_patterns(tables),
        "lap_form": features.lap_form(tables),
    }
    frames["race_features"] = features.race_features(tables, *frames.values())
    return frames


@pytest.fixture(scope="session")
def tables() -> dict[str, pd.DataFrame]:
    """Four seasons of six events with ten cars, in every weekend format; two events to come."""
    return make_tables(seasons=(2021, 2022, 2023, 2024), cars=10, seed=3)


@pytest.fixture(scope="session")
def frames(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    return build_all(tables)
