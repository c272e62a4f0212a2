"""A shifted feature, two teams that change places: noticed. A calm season: not."""

import numpy as np
import pandas as pd
import pytest

from f1_pipeline.modelling import STANDARD
from f1_pipeline.monitoring import drift, drift_score
from f1_pipeline.monitoring.causes import SEASON_START
from f1_pipeline.monitoring.distances import psi
from f1_pipeline.monitoring.quantities import held, watched
from f1_pipeline_tests.monitoring.changes import shifted, swapped
from f1_pipeline_tests.monitoring.conftest import ROUNDS, forecasts_of, training_set_of

WINDOW, THRESHOLD, FIRST = 10, 0.1, 8
TEAMS = ("team-4", "team-5")  # the fastest of that season and the slowest


def until(rows: pd.DataFrame, round_number: int) -> pd.DataFrame:
    """What was known after a round of the last season."""
    events = rows["event_id"].str.extract(r"^(\d+)-prix-(\d+)$").astype(int)
    return rows[(events[0] < 2020) | (events[1] <= round_number)]


def report(training_set: pd.DataFrame, forecasts: pd.DataFrame, round_number: int) -> pd.DataFrame:
    known = until(training_set, round_number), until(forecasts, round_number)
    return drift(*known, STANDARD, WINDOW, THRESHOLD)


def drifted(report: pd.DataFrame) -> dict[str, str | None]:
    """What has drifted, with the calendar effect behind it."""
    rows = report[report["drifted"]]
    return dict(zip(rows["name"], rows["cause"], strict=True))


def unexplained(report: pd.DataFrame) -> set[str]:
    return {name for name, cause in drifted(report).items() if cause is None}


@pytest.fixture(scope="module")
def swap(tables):
    """Training set and forecasts of the season in which two teams change places."""
    rows = training_set_of(swapped(tables, 2020, FIRST, TEAMS))
    return rows, forecasts_of(rows)


@pytest.mark.parametrize("round_number", [6, 9, 12, ROUNDS])
def test_a_calm_season_is_no_drift(training_set, forecasts, round_number):
    found = report(training_set, forecasts, round_number)
    assert unexplained(found) == set()
    assert {"feature", "target", "error"} == set(found["subject"])
    assert {"qualifying_gap", "retired", "pre_weekend", "team-0"} < set(found["name"])


@pytest.mark.parametrize(("deviations", "cause"), [(1.25, SEASON_START), (2.5, None)])
def test_a_winter_explains_what_it_may_bring_and_no_more(
    training_set, forecasts, deviations, cause
):
    rows = shifted(training_set, "qualifying_teammate", "2020-prix-1", deviations)
    found = report(rows, forecasts, 8)
    assert drifted(found) == {"qualifying_teammate": cause}
    assert (drift_score(found) or 0) >= THRESHOLD


@pytest.mark.parametrize("feature", ["qualifying_gap", "practice_gap", "team_finish_form"])
def test_a_shifted_feature_is_noticed_and_no_other(training_set, forecasts, feature):
    rows = shifted(training_set, feature, f"2020-prix-{FIRST}", 2)
    before = report(rows, forecasts, FIRST - 1)
    after = report(rows, forecasts, FIRST + 5)
    assert feature not in drifted(before)
    assert unexplained(after) == {feature}
    assert (drift_score(after) or 0) >= THRESHOLD
    line = after.set_index("name").loc[feature]
    assert line["races"] == 6
    assert line["p_value"] <= 0.01
    assert line["psi"] > line["by_chance"]


def test_a_feature_that_goes_missing_is_noticed(training_set, forecasts):
    rows = training_set.copy()
    gone = rows["season"].eq(2020) & rows["round"].ge(FIRST)
    rows.loc[gone, "practice_gap"] = float("nan")
    assert unexplained(report(rows, forecasts, FIRST + 4)) == {"practice_gap"}


def test_two_teams_that_change_places_are_noticed_by_the_errors_alone(swap):
    rows, forecasts = swap
    assert unexplained(report(rows, forecasts, FIRST - 1)) == set()
    found = report(rows, forecasts, FIRST + 4)
    names = unexplained(found)
    assert names & set(TEAMS)
    assert set(found.set_index("name").loc[sorted(names), "subject"]) == {"error"}
    assert (drift_score(found) or 0) >= THRESHOLD


def test_the_weekends_features_cannot_tell_that_two_teams_changed_places(swap, training_set):
    """Each value goes to another car of the same race, so their distributions are the same."""
    calm, changed = (
        {q.name: q for q in watched(held(rows), swap[1].iloc[:0], STANDARD)}
        for rows in (training_set, swap[0])
    )
    for name in ("grid_place", "qualifying_gap", "practice_gap"):
        newest = np.array([ROUNDS - FIRST + 1])
        distances = [psi(q[name].values, newest)[0] for q in (calm, changed)]
        assert distances[0] == pytest.approx(distances[1], abs=1e-9)


def test_with_too_few_races_there_is_no_score(training_set, forecasts):
    few = training_set[training_set["season"].eq(2018) & training_set["round"].le(5)]
    found = drift(few, forecasts, STANDARD, WINDOW, THRESHOLD)
    assert found.empty
    assert drift_score(found) is None
