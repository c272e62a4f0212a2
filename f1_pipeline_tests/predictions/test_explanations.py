"""Factors cover the features, add up, and are told in words."""

import pandas as pd
import pytest

from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline.modelling import FACTORS, STANDARD, with_laps
from f1_pipeline.predictions import explanations, sentence
from f1_pipeline.predictions.choice import Baseline, Forecaster
from f1_pipeline.predictions.explanations import TOLD

FEATURES = ["grid_place", "qualifying_gap", "team_finish_form", "starts"]


class Model(Baseline):
    """Contributions of four features: the car's number times a weight."""

    def contributions(self, rows, expected_position):
        assert list(expected_position) == sorted(expected_position)
        drivers = pd.Index(sorted(rows["driver_id"]), name="driver_id")
        cars = range(1, len(drivers) + 1)
        return pd.DataFrame(
            {name: [car * (place + 1.0) for car in cars] for place, name in enumerate(FEATURES)},
            index=drivers,
        )


def race(**more) -> pd.DataFrame:
    columns = {told.feature: 2.0 for told in TOLD.values()}
    about = {"event_id": "2024-a", "horizon": "post_qualifying", "grid_source": "official"}
    return pd.DataFrame({"driver_id": ["bob", "ada"]}).assign(**(about | columns | more))


def made(**more) -> pd.DataFrame:
    about = {"event_id": "2024-a", "horizon": "post_qualifying", "grid_source": "official"}
    rows = pd.DataFrame({"driver_id": ["ada", "bob"], "expected_position": [1.2, 1.8]})
    return rows.assign(run_id="r", **(about | more))


def test_every_feature_of_the_strengths_is_of_one_factor():
    named = [feature for features in FACTORS.values() for feature in features]
    read = {name.removeprefix("log_") for name in with_laps(STANDARD).linear.features}
    assert len(named) == len(set(named))
    assert set(named) == read | set(STANDARD.tree.features)
    assert list(TOLD) == list(FACTORS)
    assert all(told.feature in FACTORS[name] for name, told in TOLD.items())


def test_factors_add_up_and_meet_their_contract():
    rows = explanations(race(), Forecaster("v", Model(pd.DataFrame())), made())
    check(rows, CONTRACTS["explanations"])
    assert set(rows["factor"]) == {"grid", "qualifying", "team", "experience"}
    assert rows.groupby("driver_id")["contribution"].sum().to_dict() == {"ada": 10, "bob": 20}
    words = rows.set_index(["driver_id", "factor"])["words"]
    assert words["ada", "grid"] == "starts 2nd"
    assert words["bob", "qualifying"] == "qualified 2.00 % off the best lap"


def test_what_is_not_known_has_no_words():
    rows = explanations(race(qualifying_gap=None), Forecaster("v", Model(pd.DataFrame())), made())
    assert rows.set_index("factor").at["qualifying", "words"].isna().all()


def test_before_qualifying_there_is_no_rung():
    early = {"horizon": "pre_weekend", "grid_source": "none"}
    rows = explanations(
        race(**early), Forecaster("v", Model(pd.DataFrame())), made(**early | {"grid_source": None})
    )
    assert len(rows) == 8


def test_the_baseline_explains_nothing():
    nothing = explanations(race(), Forecaster("b", Baseline(race())), made())
    check(nothing, CONTRACTS["explanations"])
    assert nothing.empty


@pytest.mark.parametrize(
    ("place", "words"),
    [(1, "1st"), (2.4, "2nd"), (11, "11th"), (12, "12th"), (13, "13th"), (21, "21st")],
)
def test_places_are_told_in_words(place, words):
    assert TOLD["grid"].words(place) == f"starts {words}"


def test_a_sentence_names_what_counts_most():
    rows = pd.DataFrame(
        {
            "factor": ["grid", "team", "practice"],
            "contribution": [0.2, -1.26, 0.5],
            "words": ["starts 3rd", "slow", None],
        }
    )
    assert sentence(rows, most=2) == "slow (-1.3); practice (+0.5)"
