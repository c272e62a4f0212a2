"""The facts of stories: roundings, what is missing, and the key that a text is kept under."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from f1_pipeline.errors import ContractError
from f1_pipeline.narration import Facts, prediction_facts, recommendation_facts
from f1_pipeline_tests.narration.stories import (
    ADVICE,
    FORECAST,
    NAMES,
    PLAN,
    REASONS,
    SECOND,
    SIMILAR,
    forecast,
    forecasts,
    plan,
    plans,
)


@given(forecasts() | plans())
@settings(max_examples=40, deadline=None)
def test_facts_are_ready_for_json_and_hold_nothing_that_is_missing(facts):
    again = json.loads(json.dumps(facts.values, allow_nan=False))

    assert Facts(facts.kind, again).key == facts.key
    assert not {None, ""} & {v for v in facts.values.values() if not isinstance(v, list)}


def test_the_key_is_the_same_in_every_process():
    assert forecast().key == forecast().key
    assert Facts("prediction", {"a": 1, "b": 2}).key == Facts("prediction", {"b": 2, "a": 1}).key
    assert Facts("prediction", {"driver": "Pérez"}).key == "31443ed47ce7ccb336701975effb084a"


@pytest.mark.parametrize("name", sorted(forecast().values))
def test_the_key_depends_on_every_fact(name):
    facts = forecast()
    without = {key: value for key, value in facts.values.items() if key != name}

    assert Facts(facts.kind, without).key != facts.key
    assert Facts(facts.kind, {**facts.values, name: "another"}).key != facts.key
    assert Facts("recommendation", facts.values).key != facts.key


@pytest.mark.parametrize(
    ("share", "told"),
    [
        *((0.0, "under 1"), (0.0099, "under 1"), (0.01, 1), (0.314, 31), (0.315, 32)),
        *((0.99, 99), (0.991, "over 99"), (1.0, "over 99")),
    ],
)
def test_shares_are_whole_percentages(share, told):
    assert forecast(p_win=share).values["win_percent"] == told


def test_places_have_one_decimal_and_no_negative_zero():
    values = plan(difference=-0.04, difference_low=-0.94, difference_high=1.46).values

    assert str(values["behind_best_places"]) == "0.0"
    assert (values["behind_best_low_places"], values["behind_best_high_places"]) == (-0.9, 1.5)


def test_numbers_of_pandas_and_numpy_are_read():
    frame = pd.DataFrame([FORECAST | {"grid_position": 4, "degraded_reason": None}])
    frame["grid_position"] = frame["grid_position"].astype("Int64")
    row = frame.to_dict("records")[0]
    series = frame.iloc[0]
    plain = prediction_facts(FORECAST, NAMES, REASONS, SIMILAR)

    assert prediction_facts(row, NAMES, REASONS, SIMILAR).key == plain.key
    assert prediction_facts(series, NAMES, REASONS, SIMILAR).key == plain.key
    windows = {"window_first": np.array([18.0]), "window_last": np.array([30.0])}
    assert plan(**windows, pit_lane=np.bool_(False)).key == plan().key


@pytest.mark.parametrize("nothing", [None, float("nan"), pd.NA, pd.NaT, np.nan])
def test_what_is_missing_has_no_fact(nothing):
    values = forecast(grid_position=nothing, grid_source=nothing, degraded_reason=nothing).values
    assert "grid_place" not in values
    assert values["grid_is"] == "not known"
    assert "rests_on_less_as" not in values

    windows = plan(window_first=nothing, window_last=nothing, pit_lane=nothing).values
    assert "window_from_lap" not in windows["stop_list"][0]
    assert windows["starts_from_pit_lane"] is False

    reasons = [{"factor": "team", "contribution": 0.4, "words": nothing}]
    told = prediction_facts(FORECAST, dict.fromkeys(NAMES, nothing), reasons).values
    assert told["reasons"] == [{"speaks": "for", "factor": "team"}]
    assert told["driver"] == "Charles Leclerc"
    assert (told["event"], told["season"], "circuit" in told) == ("Italy race", 2025, False)


@pytest.mark.parametrize("name", ["p_win", "expected_position", "position_p05"])
def test_a_forecast_without_its_numbers_cannot_be_told(name):
    with pytest.raises(ContractError, match=name):
        forecast(**{name: None})


def test_plans_are_told_by_rank():
    assert recommendation_facts([SECOND, PLAN], ADVICE[::-1], NAMES, SIMILAR).key == plan().key


@pytest.mark.parametrize(("rows", "why"), [([], "without plans"), ([PLAN | {"plan": "?"}], "M-18")])
def test_what_is_no_plan_cannot_be_told(rows, why):
    with pytest.raises(ContractError, match=why):
        recommendation_facts(rows, [], NAMES)


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        (False, False, "no clear difference"),
        (True, True, "both clearly behind the best"),
        (False, True, "clearly ahead"),
        (True, False, "behind in the simulation alone"),
    ],
)
def test_the_next_plan(first, second, verdict):
    rows = [PLAN | {"clear": first}, SECOND | {"clear": second}]
    assert recommendation_facts(rows, [], NAMES).values["against_next_plan"] == verdict


def test_the_strongest_reasons_of_either_side_are_told():
    rows = [
        {"factor": f"f{i}", "contribution": size, "words": f"is {i}th"}
        for i, size in enumerate([0.5, -0.6, 0.7, 0.8, 0.04, 0.9, -0.05])
    ]
    told = prediction_facts(FORECAST, NAMES, rows).values["reasons"]

    assert [(one["speaks"], one["factor"]) for one in told] == [
        *(("for", "f5"), ("for", "f3"), ("for", "f2")),
        *(("against", "f1"), ("against", "f6")),
    ]


def test_at_most_three_past_races_are_told_and_none_without_a_title():
    races = [
        {"document_id": str(i), "title": title, "text": None}
        for i, title in enumerate(["One race 2001", "", "A\nrace\t2002", "x", "Third 2003", "4th"])
    ]
    told = prediction_facts(FORECAST, NAMES, [], races).values["similar"]

    assert [one["title"] for one in told] == ["One race 2001", "A race 2002", "Third 2003"]


@given(st.text())
def test_no_name_brings_markup_into_a_text(name):
    values = prediction_facts(FORECAST, NAMES | {"driver": name, "circuit": name}).values

    for told in (values["driver"], values.get("circuit", "")):
        assert not set(told) & set("<>[]{}*_`#|\\\n\r\t\u200b")
        assert told == " ".join(told.split())


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("Italian Grand Prix 2025", "Italian Grand Prix"),
        ("2025 Italian Grand Prix", "Italian Grand Prix"),
        ("70th Anniversary Grand Prix", "70th Anniversary Grand Prix"),
    ],
)
def test_the_season_is_no_part_of_the_event(given, told):
    assert prediction_facts(FORECAST, NAMES | {"event": given}).values["event"] == told
