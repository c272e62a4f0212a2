"""The retirement hazard: the level of the latest seasons, the differences of all."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from f1_pipeline.modelling.hazard import fit_hazard
from f1_pipeline.modelling.recipe import HazardRecipe

RECIPE = HazardRecipe(features=("team_retirement_rate", "starts"), ridge=1.0)


def _rows(levels: dict[int, float], seed: int = 1, each: int = 1500) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    parts = []
    for season, level in levels.items():
        rate = random.random(each)
        retired = random.random(each) < expit(level + 2 * (rate - 0.5))
        classified = np.where(retired, random.random(each) < 0.1, random.random(each) > 0.01)
        parts.append(
            pd.DataFrame(
                {
                    "event_id": f"{season}-a",
                    "driver_id": [f"d-{i}" for i in range(each)],
                    "season": season,
                    "team_retirement_rate": rate,
                    "starts": np.nan,
                    "retired": retired,
                    "classified": classified,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def test_it_finds_the_differences_between_cars() -> None:
    hazard = fit_hazard(_rows({2020: -1.0, 2021: -1.0}), RECIPE)
    assert hazard.coefficients[0] == pytest.approx(2.0, abs=0.35)
    assert hazard.coefficients[1] == 0  # nothing is known of it


def test_the_level_is_that_of_the_latest_seasons() -> None:
    rows = _rows({2018: 0.5, 2019: 0.5, 2020: -2.0, 2021: -2.0})
    hazard = fit_hazard(rows, RECIPE)
    recent = rows[rows["season"] >= 2020]
    assert hazard.of(recent).retired.mean() == pytest.approx(recent["retired"].mean(), abs=0.005)


def test_what_follows_a_retirement_is_counted() -> None:
    hazard = fit_hazard(_rows({2020: -1.0}), RECIPE)
    assert hazard.classified_retired == pytest.approx(0.1, abs=0.04)
    assert hazard.excluded == pytest.approx(0.01, abs=0.01)


def test_nobody_retiring_still_leaves_a_chance() -> None:
    rows = _rows({2020: -1.0}, each=60).assign(retired=False, classified=True)
    hazards = fit_hazard(rows, RECIPE).of(rows)
    assert (hazards.retired > 0).all()
    assert (hazards.retired < 0.1).all()
    assert hazards.classified_retired == 0
