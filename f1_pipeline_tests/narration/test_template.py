"""What the template tells, in which words, and that no facts make it tell nonsense."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from f1_pipeline.narration import faults, paragraph, prediction_facts, recommendation_facts
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
@settings(max_examples=60, deadline=None)
def test_any_facts_make_a_paragraph_that_may_be_shown(facts):
    text = paragraph(facts)

    assert faults(text, facts, known=["Max Verstappen", "Yas Marina"]) == []
    assert 60 <= len(text.split()) <= 110
    assert text.endswith(".")
    assert "  " not in text
    assert ".." not in text
    assert not re.search(r"\b(?:nan|None|NaT|NA|null)\b|[{}<>]", text)


@given(forecasts() | plans())
@settings(max_examples=50, deadline=None)
def test_what_has_to_be_said_is_said(facts):
    text, values = paragraph(facts), facts.values

    assert values["driver"] in text
    assert str(values.get("season", "")) in text
    if values.get("similar"):
        assert values["similar"][0]["title"].rstrip(".") in text
    if values.get("rests_on_less_as"):
        assert "less than it could" in text
    if values.get("experimental"):
        assert "experimental" in text
    if values.get("likely_range_is_wide"):
        assert "wide" in text
    if values["grid_is"] == "not known":
        assert "grid is not known" in text


@given(st.floats(0, 1))
def test_a_percentage_is_never_none_and_never_all(share):
    text = paragraph(forecast(p_win=share))

    assert not re.search(r"(?<!\w)0 %|100 %", text)
    if share < 0.01:
        assert "under 1 %" in text


def test_a_forecast_reads_well():
    row = FORECAST | {"position_p95": 8}
    assert paragraph(prediction_facts(row, NAMES, REASONS)) == (
        "Charles Leclerc of Ferrari is a contender for the podium at the Italian Grand Prix 2025 "
        "at Monza, with a probability of 44 % to reach it. The forecast gives 14 % for victory and "
        "86 % for the points. Leclerc starts 4th on the official grid. The mean finishing place is "
        "5.7, and 90 % of simulated races end between 1st and 8th. The strongest point in favour "
        "is that Leclerc has raced −0.21 % off the field's pace. The strongest point against is "
        "that the team's cars have finished about 8th of late. The risk of retiring or not "
        "starting is 9 %."
    )


def test_a_plan_reads_well():
    assert paragraph(recommendation_facts([PLAN, SECOND], ADVICE, NAMES)) == (
        "If the Italian Grand Prix 2025 at Monza is dry, the plan for Charles Leclerc of Ferrari "
        "is M-21-H: one stop at the end of lap 21, from mediums to hards. The stop costs the same "
        "on laps 18 to 30. The plan is 0.3 places behind the best of them on average, with a wide "
        "80 % interval from −0.9 to 1.5. To the next plan, H-31-S, there is no clear difference. "
        "From 4th on the grid the mean finishing place is 5.7; 46 % of simulated races gain "
        "places, 40 % lose some. Such plans are experimental: not shown to beat simple rules."
    )


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"p_win": 0.51}, "is the favourite for"),
        ({"p_win": 0.5}, "is among the favourites for"),
        ({"p_win": 0.06}, "is a contender for the podium"),
        ({"p_win": 0.01, "p_podium": 0.31}, "is a contender for the podium"),
        ({"p_win": 0.01, "p_podium": 0.1}, "in the midfield"),
        ({"p_win": 0.0, "p_podium": 0.1, "p_points": 0.2}, "is an outsider"),
        ({"grid_source": "qualifying"}, "By the order of qualifying Leclerc starts 4th."),
        ({"grid_position": 22}, "Leclerc starts 22nd on the official grid."),
        (
            {"grid_position": None, "grid_source": None, "horizon": "pre_weekend"},
            "The place on the grid is not known, as the forecast was made before the weekend.",
        ),
        ({"position_p05": 3, "position_p95": 3}, "90 % of simulated races end 3rd."),
        ({"position_p05": 2, "position_p95": 11}, "2nd and 11th: a wide range"),
        ({"expected_position": 2.04}, "The mean finishing place is 2, and"),
        (
            {"degraded_reason": "no model in force: 12 races are too few"},
            "less than it could: no model in force – 12 races are too few.",
        ),
    ],
)
def test_a_forecast_is_told_by_what_it_holds(changed, said):
    assert said in paragraph(forecast(**changed))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"plan": "S-10-M-30-H", "stops": 2},
            "two stops at the end of laps 10 and 30, from softs to mediums and hards.",
        ),
        (
            {"plan": "S-10-M-30-H-45-H", "stops": 3, "window_first": [], "window_last": []},
            "three stops at the end of laps 10, 30 and 45, from softs to mediums, hards and hards.",
        ),
        ({"clear": True}, "The simulation alone puts H-31-S ahead"),
        ({"grid_source": "qualifying"}, "From 4th by the order of qualifying the mean"),
        ({"grid_source": "forecast"}, "The grid is not known; from 4th, as forecast, the mean"),
        ({"pit_lane": True}, "From the pit lane the mean"),
        ({"p_gain": 0.0, "p_lose": 1.0}, "under 1 % of simulated races gain places, over 99 %"),
        ({"difference": 1.0}, "The plan is 1 place behind the best"),
        ({"difference": 0.04}, "The plan is level with the best"),
        (
            {"difference": 0.0, "difference_low": 0.0, "difference_high": 0.0},
            "No other plan is expected to finish further ahead.",
        ),
    ],
)
def test_a_plan_is_told_by_what_it_holds(changed, said):
    assert said in paragraph(plan(**changed))


@pytest.mark.parametrize(
    ("windows", "said"),
    [
        (([18.0], [30.0]), "The stop costs the same on laps 18 to 30."),
        (([21.0], [21.0]), "In the simulation every lap but 21 costs places."),
        (([], []), ""),
        ((None, None), ""),
    ],
)
def test_the_window_of_a_stop(windows, said):
    row = PLAN | {"window_first": windows[0], "window_last": windows[1]}
    text = paragraph(recommendation_facts([row], [], NAMES))

    assert said in text
    assert said or "lap 21, from" in text


@pytest.mark.parametrize(
    ("advice", "said"),
    [
        (ADVICE, "Under a safety car on laps 18 to 35 a stop is worth 3.4 places."),
        (ADVICE[2:], "Under a safety car on laps 36 to 53 staying out is worth 1.2 places."),
        (ADVICE[:1], "For no part of the race is it clear whether to stop under a safety car."),
    ],
)
def test_the_safety_car_is_told_where_there_is_room(advice, said):
    row = PLAN | {"experimental": False, "window_first": [], "window_last": []}

    assert said in paragraph(recommendation_facts([row, SECOND], advice, NAMES))


def test_of_several_past_races_the_first_is_told():
    races = [*SIMILAR, {"document_id": "x", "title": "Elsewhere 1999", "text": ""}]
    text = paragraph(prediction_facts(FORECAST, NAMES, REASONS, races))

    assert "A similar race in the archive: Charles Leclerc, Italian Grand Prix 2019." in text
    assert "1999" not in text
