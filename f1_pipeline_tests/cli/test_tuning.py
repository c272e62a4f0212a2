"""The command that tunes: what it runs, and what it tells."""

from pathlib import Path

import pandas as pd
import pytest

from f1_pipeline.modelling import STANDARD, Recipe, tuning
from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline_tests.choice_seasons import HELD, hold, make_training_set
from f1_pipeline_tests.cli.conftest import Home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """The data directory of the test's environment, and a loss that every trial betters."""

    def score(rows: pd.DataFrame, season: int, recipe: Recipe) -> tuple[float, int]:
        return 0.9 - 0.01 * (recipe.reset != STANDARD.reset), 20

    monkeypatch.setattr(tuning, "season_score", score)
    return Home(tmp_path / "data")


def test_it_tunes_though_the_environment_does_not_say_so(home: Home) -> None:
    hold(make_training_set())
    warehouse = Warehouse(f"sqlite:///{home.folder / 'warehouse.db'}")

    done = home.call("models", "tune", "--trials", "3")
    assert done.code == 0, done.err
    assert "3 trials; the best on all seasons is number 1." in done.out
    assert "(was 0.1)" in done.out
    assert "0.8900 beside 0.9000 of the recipe as it is: -0.0100 on 2016" in done.out
    recipe = warehouse.read("recipes").iloc[0]
    assert f"f1-pipeline models promote {recipe['recipe']}" in done.out
    assert len(warehouse.read("tuning_trials")) == 3 * len(HELD)

    done = home.call("models", "tune", "--trials", "1")
    assert "Nothing is proposed: no trial is better than the recipe as it is." in done.out
    assert "promote" not in done.out


def test_without_a_choice_season_it_says_what_is_missing(home: Home) -> None:
    done = home.call("models", "tune")
    assert done.code == 2
    assert len(done.error_lines) == 1
    assert "none of the seasons 2014-2018 is held" in done.error_lines[0]
