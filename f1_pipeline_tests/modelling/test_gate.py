"""The gate measures what it says, lets the better through and refuses the worse."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from f1_pipeline.modelling import RaceModel, gate
from f1_pipeline.modelling.gate import GATED, Limits, in_words, judge, newest, sane
from f1_pipeline.modelling.metrics import scores_by_race, summary
from f1_pipeline_tests.modelling.conftest import random_forecasts

LOOSE = Limits(
    races=12,
    rps_margin=1.0,
    points_margin=10.0,
    min_training_races=20,
    max_rps=1.0,
    max_points_ll=10.0,
    max_calibration_error=1.0,
)


def season(seed: int, races: int = 14, model: str = "catboost") -> pd.DataFrame:
    """Forecasts of all gated variants by one forecaster, outcomes the same whatever the seed."""
    outcomes = random_forecasts(races, 8, seed=0)
    columns = ["finish_order", "classified", "retired"]
    made = random_forecasts(races, 8, seed=seed).assign(**{c: outcomes[c] for c in columns})
    made = made.assign(season=2020, round=made["event_id"].str[-2:].astype(int) + 1, model=model)
    parts = [made.assign(horizon=horizon, grid_source=grid) for horizon, grid in GATED]
    return pd.concat(parts, ignore_index=True)


def sharpened(rows: pd.DataFrame) -> pd.DataFrame:
    """Forecasts that know a little of what came: better by any proper score."""
    truth = np.array([np.eye(8)[place - 1] for place in rows["finish_order"]])
    held = np.array(rows["position_probabilities"].tolist())
    scored = (rows["finish_order"] <= 10) & rows["classified"]
    return rows.assign(
        position_probabilities=(0.9 * held + 0.1 * truth).tolist(),
        p_points=0.9 * rows["p_points"] + 0.1 * scored,
    )


def both(mine: pd.DataFrame, baseline: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([mine, baseline.assign(model="baseline")], ignore_index=True)


def line(criteria: pd.DataFrame, **about: str) -> dict[str, Any]:
    """The one criterion that is about this."""
    for name, value in about.items():
        criteria = criteria[criteria[name].eq(value)]
    (row,) = criteria.to_dict("records")
    return {str(name): value for name, value in row.items()}


def test_the_numbers_are_those_of_the_newest_races():
    mine, grid, champion = (season(seed) for seed in (1, 2, 3))
    criteria = judge(both(mine, grid), champion, trained_races=30, limits=LOOSE)

    assert criteria["passed"].all()
    assert len(criteria) == 2 + 3 * 2 * 2 + 3
    last = sorted(mine["event_id"].unique())[-12:]
    for horizon, grid_source in GATED:
        of = [
            scores_by_race(rows[rows["horizon"].eq(horizon) & rows["event_id"].isin(last)])
            for rows in (mine, grid, champion)
        ]
        for against, theirs in (("baseline", of[1]), ("champion", of[2])):
            for metric in ("rps", "points_ll"):
                found = line(criteria, horizon=horizon, against=against, metric=metric)
                apart = (of[0] - theirs)[metric]
                assert found["difference"] == pytest.approx(apart.mean())
                assert found["value"] == pytest.approx(of[0][metric].mean())
                assert found["low"] <= found["difference"] <= found["high"]
        assert grid_source in ("official", "none")
    after = mine[mine["horizon"].eq("post_qualifying") & mine["event_id"].isin(last)]
    scores = summary(after)
    assert line(criteria, against="limit", metric="rps")["value"] == pytest.approx(scores["rps"])
    ece = max(scores[name] for name in ("ece_win", "ece_podium", "ece_points"))
    assert line(criteria, metric="ece")["value"] == pytest.approx(ece)
    assert in_words(criteria) == f"all {len(criteria)} criteria are met"


def test_who_is_better_takes_over_and_who_is_worse_does_not():
    """On any margin: the same two forecasters, each in the other's place."""
    weak = season(1)
    strong = sharpened(weak)
    tight = replace(LOOSE, rps_margin=0.0, points_margin=0.0)

    taken = judge(both(strong, weak), weak, 30, tight)
    refused = judge(both(weak, weak), strong, 30, tight)

    assert taken["passed"].all()
    missed = refused[~refused["passed"]]
    assert set(missed["against"]) == {"champion"}
    assert set(missed["metric"]) == {"rps", "points_ll"}
    assert "rps post_qualifying is +0.0" in in_words(refused)
    assert "to the champion's (at most +0.0000)" in in_words(refused)


def test_a_margin_is_what_may_be_lost_and_no_more():
    weak = season(1)
    strong = sharpened(weak)
    lost = judge(both(weak, weak), strong, 30, LOOSE)
    rps = float(
        lost.loc[lost["against"].eq("champion") & lost["metric"].eq("rps"), "difference"].max()
    )
    for margin, passes in ((rps + 1e-9, True), (rps - 1e-9, False)):
        criteria = judge(both(weak, weak), strong, 30, replace(LOOSE, rps_margin=margin))
        assert criteria["passed"].all() == passes


@pytest.mark.parametrize(
    ("change", "metric"),
    [
        ({"max_rps": 0.05}, "rps"),
        ({"max_points_ll": 0.05}, "points_ll"),
        ({"max_calibration_error": 0.001}, "ece"),
        ({"min_training_races": 31}, "training_races"),
    ],
)
def test_each_limit_refuses_by_itself(change: dict[str, Any], metric: str):
    mine, grid = season(1), season(2)
    criteria = judge(both(mine, grid), None, 30, replace(LOOSE, **change))
    missed = criteria[~criteria["passed"]]
    assert list(missed["metric"]) == [metric]
    assert list(missed["against"]) == ["limit"]
    assert metric in in_words(criteria)


@pytest.mark.parametrize(("races", "passes"), [(11, False), (12, True)])
def test_fewer_than_twelve_races_show_nothing(races: int, passes: bool):
    criteria = judge(both(season(1, races), season(2, races)), None, 30, LOOSE)
    assert line(criteria, metric="races")["passed"] == passes
    assert criteria["passed"].all() == passes


def test_without_forecasts_nothing_passes():
    criteria = judge(season(1).iloc[:0], None, 30, LOOSE)
    assert not criteria["passed"].all()
    assert in_words(criteria) == "races 0 is below 12"


def test_a_race_that_the_champion_did_not_forecast_passes_nothing():
    mine, champion = season(1), season(1)
    lacking = champion[champion["event_id"].ne(champion["event_id"].max())]
    criteria = judge(both(mine, season(2)), lacking, 30, LOOSE)
    assert not criteria.loc[criteria["against"].eq("champion"), "passed"].any()


@settings(deadline=None, max_examples=10)
@given(st.permutations(range(14 * 8 * 3)))
def test_the_order_of_rows_changes_nothing(order: list[int]):
    mine, grid = season(1), season(2)
    once = judge(both(mine, grid), mine, 30, LOOSE)
    again = judge(both(mine.iloc[order], grid.iloc[order]), mine.iloc[order], 30, LOOSE)
    pd.testing.assert_frame_equal(once, again)


def test_the_newest_are_those_of_the_calendar_not_of_the_alphabet():
    rows = pd.DataFrame(
        {
            "event_id": ["2020-b", "2020-a", "2019-z", "2020-b"],
            "season": [2020, 2020, 2019, 2020],
            "round": [1, 2, 9, 1],
        }
    )
    assert set(newest(rows, 1)["event_id"]) == {"2020-a"}
    assert set(newest(rows, 2)["event_id"]) == {"2020-a", "2020-b"}
    assert len(newest(rows, 9)) == 4


def test_a_refit_of_the_same_rows_is_sane(model: RaceModel, training_set: pd.DataFrame):
    criteria = sane(model, model, training_set, replace(LOOSE, rps_margin=0.0, points_margin=0.0))
    assert len(criteria) == 3 * 2
    assert criteria["passed"].all()
    assert criteria["difference"].eq(0).all()


def test_a_broken_refit_is_not(model: RaceModel, training_set: pd.DataFrame):
    """One that has the order upside down."""
    upside_down = {
        variant: replace(part, weights=-part.weights, grid_weights=-part.grid_weights)
        for variant, part in model.variants.items()
    }
    broken = replace(model, variants=upside_down)
    limits = replace(LOOSE, rps_margin=0.01, points_margin=0.01)
    criteria = sane(broken, model, training_set, limits)
    assert not criteria["passed"].any()
    assert sane(model, broken, training_set, limits)["passed"].all()


def test_the_criteria_fit_their_contract():
    from f1_pipeline.contracts import CONTRACTS, check

    criteria = judge(both(season(1), season(2)), season(3), 30, LOOSE)
    about = {
        "decision": "d",
        "kind": "gate",
        "decided_at": pd.Timestamp("2024-01-01", tz="UTC"),
        "model_version": "v",
        "recipe": "r",
        "champion": None,
        "accepted": True,
        "races": 12,
        "first_event": "2020-race-00",
        "last_event": "2020-race-11",
    }
    rows = check(criteria.assign(**about), CONTRACTS["gate_decisions"])
    assert len(rows) == len(criteria)
    assert gate.in_words(rows) == in_words(criteria)
