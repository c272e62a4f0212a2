"""Tuning: the same trials whenever it is stopped, and an estimate of its worth that is honest."""

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline.errors import UsageError
from f1_pipeline.modelling import CHOICE_SEASONS, QUICK, STANDARD, Recipe, tuning, with_laps
from f1_pipeline.modelling.backtest import BASELINE, MODEL, walk_forward
from f1_pipeline.modelling.gate import GATED
from f1_pipeline.modelling.metrics import summary
from f1_pipeline.modelling.tuning import CLEARLY_WORSE, GUIDES, SPACE, Search
from f1_pipeline_tests.choice_seasons import HELD, RACES, make_training_set

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def training_set() -> pd.DataFrame:
    return make_training_set()


@pytest.fixture(scope="module")
def base() -> Recipe:
    return replace(QUICK, tree=replace(QUICK.tree, iterations=20), draws=200)


@pytest.fixture
def rows(training_set: pd.DataFrame) -> pd.DataFrame:
    return tuning.choice_rows(training_set)


def frame(trials: Rows) -> pd.DataFrame:
    """Rows as they are kept."""
    contract = CONTRACTS["tuning_trials"]
    if not trials:
        return pd.DataFrame(columns=[column.name for column in contract.columns])
    at = pd.Timestamp("2026-01-01", tz="UTC")
    return check(pd.DataFrame(trials).assign(study="x", tried_at=at), contract)


def searched(rows: pd.DataFrame, base: Recipe, trials: int, held: Rows) -> Iterator[dict[str, Any]]:
    search = Search(rows, base, frame(held))
    for number in range(trials):
        yield from search.missing(number)


def bowl(recipe: Recipe, bottom: float = 0.2) -> float:
    """A made-up loss with one minimum: at a small share of races by the grid and a short tree."""
    return 0.9 + (recipe.reset.share - bottom) ** 2 + 0.001 * recipe.tree.iterations**0.5


@pytest.fixture
def scored_by(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[int, Recipe], float]], None]:
    """Replace the walk-forward by a loss of season and recipe."""

    def put(loss: Callable[[int, Recipe], float]) -> None:
        monkeypatch.setattr(tuning, "season_score", lambda _, s, recipe: (loss(s, recipe), 10))

    return put


# --- what a trial is


@pytest.mark.parametrize(
    "base", [STANDARD, QUICK, with_laps(STANDARD)], ids=["whole", "quick", "laps"]
)
def test_the_recipes_of_the_code_lie_within_the_space(base: Recipe) -> None:
    values = tuning.values_of(base)
    assert tuning.changed(base, values) == base
    for name, where in SPACE.items():
        assert where.low < values[name] < where.high, name


def test_a_value_goes_where_it_belongs_and_nowhere_else() -> None:
    values = tuning.values_of(STANDARD) | {"linear.ridge": 20.0, "hazard.ridge": 3.0}
    assert tuning.changed(STANDARD, values) == replace(
        STANDARD,
        linear=replace(STANDARD.linear, ridge=20.0),
        hazard=replace(STANDARD.hazard, ridge=3.0),
    )


def test_trial_zero_is_the_base_and_the_others_are_not(rows, base, scored_by) -> None:
    scored_by(lambda season, recipe: bowl(recipe))
    found = list(searched(rows, base, 12, []))
    recipes = {row["trial"]: row["recipe"] for row in found}
    assert recipes[0] == base.content_hash
    assert len(set(recipes.values())) == 12
    for row in found:
        values = json.loads(row["parameters"])
        assert all(SPACE[name].low <= value <= SPACE[name].high for name, value in values.items())
        assert tuning.changed(base, values).content_hash == row["recipe"]


def test_the_search_learns(rows, base, scored_by) -> None:
    """Later trials come nearer to the minimum than the random ones, and none is worse for it."""
    scored_by(lambda season, recipe: bowl(recipe))
    found = frame(list(searched(rows, base, 40, []))).groupby("trial")["score"].mean()
    assert found.loc[20:].mean() < found.loc[1:4].mean()
    assert found.min() < found[0]


# --- stopped and gone on with


def test_a_search_that_was_stopped_anywhere_ends_as_if_it_had_not_been(
    rows, base, scored_by
) -> None:
    scored_by(lambda season, recipe: bowl(recipe) + 0.001 * (season % 3))
    whole = list(searched(rows, base, 9, []))
    for cut in range(len(whole) + 1):
        assert list(searched(rows, base, 9, whole[:cut])) == whole[cut:], cut
    # A later call with more trials goes on from there too.
    assert list(searched(rows, base, 12, whole)) == list(searched(rows, base, 12, []))[len(whole) :]


def test_the_same_seed_gives_the_same_bits_and_another_seed_other_trials(rows, base) -> None:
    rows = rows[rows["horizon"].eq("post_qualifying")]  # one variant: a third of the time
    first = list(searched(rows, base, 2, []))
    assert {row["season"] for row in first} == set(HELD)
    assert list(searched(rows, base, 2, [])) == first
    assert list(searched(rows, base, 2, first[:4])) == first[4:]
    other = replace(base, seed=1)
    held = [row | {"recipe": other.content_hash} for row in first[:3]]
    assert next(searched(rows, other, 2, held))["parameters"] != first[3]["parameters"]


def test_optuna_is_quiet(rows, base, scored_by, capfd) -> None:
    scored_by(lambda season, recipe: bowl(recipe))
    list(searched(rows, base, 7, []))
    assert capfd.readouterr() == ("", "")


# --- what may be read


def test_seasons_after_the_choice_seasons_are_not_read(training_set) -> None:
    later = training_set["season"] > max(CHOICE_SEASONS)
    assert later.any()
    poisoned = training_set.copy()
    poisoned.loc[later, ["finish_order", "grid_place", "qualifying_order"]] = 1
    known = tuning.choice_rows(poisoned)
    pd.testing.assert_frame_equal(known, tuning.choice_rows(training_set[~later]))
    assert known["season"].max() == max(HELD)
    assert set(zip(known["horizon"], known["grid_source"], strict=True)) == set(GATED)


def test_a_season_is_forecast_from_those_before_it(rows, base) -> None:
    before = rows[rows["season"] <= 2015]
    assert tuning.season_score(rows, 2015, base) == tuning.season_score(before, 2015, base)


def test_without_a_choice_season_there_is_nothing_to_tune_on(training_set) -> None:
    with pytest.raises(UsageError, match="none of the seasons 2014-2018 is held"):
        tuning.choice_rows(training_set[~training_set["season"].isin(HELD)])


# --- the score


def test_the_score_is_the_mean_loss_in_units_of_the_baselines(rows, base) -> None:
    made = walk_forward(rows, 2014, replace(base, refit_every=30))
    ratios = []
    for horizon, grid in GATED:
        mine = made[made["horizon"].eq(horizon) & made["grid_source"].eq(grid)]
        model, baseline = (summary(mine[mine["model"].eq(name)]) for name in (MODEL, BASELINE))
        ratios += [model[metric] / baseline[metric] for metric in ("rps", "points_ll", "win_ll")]
    score, races = tuning.season_score(rows, 2014, base)
    assert score == pytest.approx(sum(ratios) / 9)
    assert races == RACES


def test_a_forecast_as_good_as_the_baseline_scores_one(rows, base, monkeypatch) -> None:
    def as_the_baseline(*arguments):
        made = walk_forward(*arguments)
        baseline = made[made["model"].eq(BASELINE)]
        return pd.concat([baseline, baseline.assign(model=MODEL)])

    monkeypatch.setattr(tuning, "walk_forward", as_the_baseline)
    assert tuning.season_score(rows, 2014, base)[0] == pytest.approx(1)


# --- what tuning is worth


def made_up(*trials: tuple[float | None, ...], first: int = 2014) -> pd.DataFrame:
    """A row for each score that is given, by trial and season."""
    return frame(
        [
            {
                "trial": number,
                "season": first + place,
                "recipe": f"recipe-{number}",
                "parameters": "{}",
                "score": score,
                "races": 20,
            }
            for number, scores in enumerate(trials)
            for place, score in enumerate(scores)
            if score is not None
        ]
    )


def test_a_season_judges_what_the_seasons_before_it_would_have_chosen() -> None:
    found = tuning.outcome(
        made_up(
            (0.90, 0.90, 0.90, 0.90, 0.90),
            (0.80, 0.90, 0.91, 0.99, 0.99),  # best on 2014-2015 and 2014-2016: .91 and .99
            (0.88, 0.88, 0.88, 0.80, 0.86),  # best on 2014-2017: .86
            (0.95, 0.95, 0.10, 0.10, 0.10),  # best on 2014-2018; the search met it last
        ),
        3,
    )
    worth = found.nested
    assert worth is not None
    assert worth.chosen == {2016: 1, 2017: 1, 2018: 2}
    assert worth.base == pytest.approx(0.90)
    assert worth.tuned == pytest.approx((0.91 + 0.99 + 0.86) / 3)
    apart = [0.01, 0.09, -0.04]
    mean = sum(apart) / 3
    error = math.sqrt(sum((x - mean) ** 2 for x in apart) / 2 / 3)
    assert worth.difference == pytest.approx(mean)
    # 4.3027: the 97.5 % quantile of Student's t with two degrees of freedom.
    assert worth.low == pytest.approx(mean - 4.3027 * error, rel=1e-4)
    assert worth.high == pytest.approx(mean + 4.3027 * error, rel=1e-4)
    assert (found.best, found.pays) == (2, False)
    assert "+0.0200 (95 %: -0.1" in worth.in_words


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.lists(st.integers(-99, 99), min_size=5, max_size=5), min_size=1, max_size=6),
    st.lists(st.integers(-999, 999), min_size=5, max_size=5),
)
def test_that_a_season_is_hard_for_all_trials_changes_nothing(scores, harder) -> None:
    """Whole numbers, so that no sum is rounded and equals stay equals."""
    table = pd.DataFrame(scores, columns=list(CHOICE_SEASONS), dtype="float64")
    worth, shifted = tuning.nested(table), tuning.nested(table + harder)
    assert worth is not None
    assert shifted is not None
    assert shifted.chosen == worth.chosen
    assert (shifted.difference, shifted.low, shifted.high) == pytest.approx(
        (worth.difference, worth.low, worth.high)
    )
    assert tuning.best(table + harder) == tuning.best(table)


def test_what_is_best_on_all_seasons_is_proposed_where_tuning_pays() -> None:
    scores = made_up((0.9, 0.9, 0.9, 0.9), (0.8, 0.8, 0.9, 0.89), (0.85, 0.85, 0.7, 0.7))
    found = tuning.outcome(scores, 3)
    assert (found.best, found.pays) == (2, True)
    assert found.nested is not None
    assert found.nested.chosen == {2016: 1, 2017: 2}
    assert "95 %" in found.nested.in_words
    assert found.nested.difference == pytest.approx((0.0 - 0.2) / 2)


@pytest.mark.parametrize(
    ("scores", "reason"),
    [
        (((0.9, 0.9, 0.9, 0.9), (0.7, 0.7, 0.91, 0.95)), "worse on those that follow"),
        (((0.9, 0.9, 0.9, 0.9), (0.91, 0.8, 1.2, 0.9)), "no trial is better"),
        (((0.9, 0.9), (0.8, 0.8)), "no other is held to judge it"),
        (((0.9,), (0.8,)), "no other is held to judge it"),
    ],
)
def test_nothing_is_proposed_that_does_not_pay(scores, reason) -> None:
    found = tuning.outcome(made_up(*scores), 2)
    assert not found.pays
    assert reason in found.reason


def test_trials_beyond_those_asked_for_do_not_count() -> None:
    scores = made_up((0.9, 0.9, 0.9), (0.8, 0.8, 0.8), (0.5, None, None))
    assert tuning.outcome(scores, 2).best == 1


# --- honesty of the search itself


def test_seasons_that_judge_do_not_lead_the_search(rows, base, scored_by) -> None:
    def parameters(trials: int) -> list[str]:
        found = {row["trial"]: row["parameters"] for row in searched(rows, base, trials, [])}
        return list(found.values())

    scored_by(lambda season, recipe: bowl(recipe))
    plain = parameters(12)
    scored_by(lambda season, recipe: bowl(recipe, 0.2 if season < HELD[GUIDES] else 0.4))
    assert parameters(12) == plain
    scored_by(lambda season, recipe: bowl(recipe, 0.2 if season != HELD[0] else 0.4))
    assert parameters(12) != plain


def test_what_is_clearly_worse_is_stopped_and_never_chosen(rows, base, scored_by) -> None:
    def loss(extra: float) -> Callable[[int, Recipe], float]:
        """Worse than the base by so much where seasons guide, far better where they judge."""
        return lambda season, recipe: (
            0.9 if recipe == base else 0.9 + extra if season < HELD[GUIDES] else 0.1
        )

    scored_by(loss(1.01 * CLEARLY_WORSE))
    found = list(searched(rows, base, 3, []))
    assert [row["season"] for row in found if row["trial"]] == [*HELD[:GUIDES]] * 2
    outcome = tuning.outcome(frame(found), 3)
    assert outcome.scores.loc[1:].isna().any(axis=1).all()
    assert (outcome.best, outcome.pays) == (0, False)

    scored_by(loss(0.99 * CLEARLY_WORSE))
    found = list(searched(rows, base, 3, []))
    assert [row["season"] for row in found] == [*HELD] * 3
    outcome = tuning.outcome(frame(found), 3)
    assert outcome.nested is not None
    assert outcome.nested.chosen == {2016: 0}
    assert (outcome.best, outcome.pays) == (1, True)
