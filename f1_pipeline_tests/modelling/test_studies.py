"""Studies: one thing changed at a time, on the seasons that the recipe was chosen on alone."""

import pandas as pd
import pytest

from f1_pipeline import features
from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline.modelling import FACTORS, Recipe, with_laps
from f1_pipeline.modelling.race_model import VARIANTS
from f1_pipeline.modelling.studies import WHOLE, Case, cases, compared, scores
from f1_pipeline_tests.features.conftest import build_all
from f1_pipeline_tests.synthetic import make_tables


@pytest.fixture(scope="module")
def training_set() -> pd.DataFrame:
    """Two seasons before the first that the recipe was chosen on, and one that it was not."""
    tables = make_tables(seasons=(2012, 2013, 2014, 2019), cars=8, rounds=10, upcoming=0)
    return features.training_set(build_all(tables)["race_features"], tables)


@pytest.fixture(scope="module")
def scored(training_set: pd.DataFrame, recipe: Recipe) -> pd.DataFrame:
    chosen = [c for c in cases(recipe) if c.name in (WHOLE, "team")]
    lines: list[str] = []
    parts = [scores(training_set, case, lines.append) for case in chosen]
    assert lines == ["recipe, the recipe: 2014", "ablation, team: 2014"]
    return pd.concat(parts, ignore_index=True)


def test_each_case_changes_one_thing(recipe: Recipe) -> None:
    whole, *others = cases(with_laps(recipe))
    assert (whole.name, whole.history) == (WHOLE, None)
    read = {*whole.recipe.tree.features, *whole.recipe.linear.features}
    for case in others:
        kept = {*case.recipe.tree.features, *case.recipe.linear.features}
        gone = {name.removeprefix("log_") for name in read - kept}
        assert gone == set(FACTORS.get(case.name, ())), case
        assert (case.history is None) == (case.study == "ablation")
    assert {case.name for case in others} == {*FACTORS, "1", "2", "3"}


def test_every_race_of_the_choice_seasons_is_scored_and_no_other(scored: pd.DataFrame) -> None:
    check(scored.assign(fingerprint="x"), CONTRACTS["study_scores"])
    races = scored.groupby(["case", "horizon", "grid_source"])["event_id"].unique()
    assert len(races) == 2 * len(VARIANTS)
    assert all(set(events) == {f"2014-prix-{n}" for n in range(1, 11)} for events in races)


def test_a_case_is_compared_with_the_whole_on_the_same_races(scored: pd.DataFrame) -> None:
    lines = compared(scored).set_index(["case", "horizon", "grid_source", "metric"])
    assert lines.loc[WHOLE][["difference", "low", "high"]].eq(0).all(axis=None)
    variant = ("post_qualifying", "official")
    mine = scored[scored["horizon"].eq(variant[0]) & scored["grid_source"].eq(variant[1])]
    means = mine.groupby("case")["rps"].mean()
    line = lines.loc[("team", *variant, "rps")]
    assert line["difference"] == pytest.approx(means["team"] - means[WHOLE])
    assert line["low"] <= line["difference"] <= line["high"]
    assert line["low"] < line["high"]


def test_less_history_is_less(training_set: pd.DataFrame, recipe: Recipe) -> None:
    short = scores(training_set, Case("history", "1", recipe, 1), lambda _: None)
    dropped = training_set[training_set["season"] >= 2013]
    assert short.equals(scores(dropped, Case("history", "1", recipe), lambda _: None))
