"""Drawn seasons are as many as asked, meet their contracts, and are like those of the archive."""

import numpy as np
import pandas as pd
import pytest

from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline.features.standings import final_standing, standing_before
from f1_pipeline.settings import ROOT
from f1_pipeline.tables.rules import broken
from f1_pipeline.tables.standings import standings
from f1_pipeline_tests.scale.plan import ARCHIVE_EVENTS, FIRST_SERIES
from f1_pipeline_tests.scale.seasons import LONGEST_CAREER, make

Tables = dict[str, pd.DataFrame]
_TOP_TEN = 25 + 18 + 15 + 12 + 10 + 8 + 6 + 4 + 2 + 1
_ARCHIVE = ROOT / "data" / "archive"


@pytest.fixture(scope="module")
def drawn() -> Tables:
    return make()


@pytest.fixture(scope="module")
def two_series() -> Tables:
    """One season more than there are years."""
    return make(24 * 152)


def test_every_table_meets_its_contract(drawn: Tables) -> None:
    for name, frame in drawn.items():
        pd.testing.assert_frame_equal(check(frame, CONTRACTS[name]), frame)
    assert not broken(drawn)


@pytest.mark.parametrize("name", ["events", "entries", "race_results", "standings"])
def test_every_table_of_two_series_meets_its_contract(two_series: Tables, name: str) -> None:
    check(two_series[name], CONTRACTS[name])


def test_what_is_referred_to_is_there(two_series: Tables) -> None:
    for name, frame in two_series.items():
        for column, (table, target) in CONTRACTS[name].references.items():
            assert frame[column].isin(two_series[table][target]).all(), (name, column)


def test_the_same_seed_gives_the_same_tables_and_another_gives_others() -> None:
    one, again, other = make(60, seed=5), make(60, seed=5), make(60, seed=6)
    for name, frame in one.items():
        pd.testing.assert_frame_equal(frame, again[name], check_exact=True)
    assert not one["race_results"]["driver_id"].equals(other["race_results"]["driver_id"])
    assert not one["qualifying_results"]["q1_ms"].equals(other["qualifying_results"]["q1_ms"])


@pytest.mark.parametrize(("events", "to_come"), [(25, 1), (60, 2), (ARCHIVE_EVENTS, 2)])
def test_there_are_as_many_events_as_asked_and_the_last_are_to_come(
    events: int, to_come: int
) -> None:
    tables = make(events)
    order = tables["events"].sort_values("race_starts_at")["event_id"]
    assert len(order) == events
    held = order.isin(tables["race_results"]["event_id"])
    assert held.tolist() == [True] * (events - to_come) + [False] * to_come
    assert (tables["entries"].groupby("event_id").size() == 20).all()
    assert set(tables["entries"]["event_id"]) == set(order)


@pytest.mark.parametrize(
    "table", ["race_results", "qualifying_results", "practice_results", "pit_stops"]
)
def test_a_race_has_about_as_many_rows_as_in_the_archive(drawn: Tables, table: str) -> None:
    archive = pd.read_parquet(_ARCHIVE / f"{table}.parquet")
    of_archive = len(archive) / archive["event_id"].nunique()
    of_drawn = len(drawn[table]) / drawn[table]["event_id"].nunique()
    assert of_drawn == pytest.approx(of_archive, rel=0.15)


def test_grids_and_results_are_orders_of_the_field(drawn: Tables) -> None:
    for table, column in (("starting_grids", "grid_order"), ("race_results", "finish_order")):
        places = drawn[table].groupby("event_id")[column].apply(lambda of: sorted(of))
        assert all(order == [*range(1, 21)] for order in places)


def test_points_are_those_of_the_first_ten_who_are_classified(drawn: Tables) -> None:
    results = drawn["race_results"]
    by_race = results.groupby("event_id").agg(points=("points", "sum"), of=("classified", "sum"))
    whole = by_race["of"] >= 10
    assert (by_race.loc[whole, "points"] == _TOP_TEN).all()
    assert whole.mean() > 0.95
    assert (results.loc[~results["classified"], "points"] == 0).all()


def test_about_one_car_in_eight_retires_and_good_places_on_the_grid_win(drawn: Tables) -> None:
    results = drawn["race_results"]
    assert 0.1 < results["retired"].astype(float).mean() < 0.17
    won = results[results["position"].eq(1)]
    assert 0.4 < won["grid_position"].le(2).mean() < 0.9


def test_standings_are_those_of_the_results(drawn: Tables) -> None:
    key = ["event_id", "championship", "competitor_id"]
    expected = standings(drawn["events"], drawn["race_results"], drawn["sprint_results"])
    expected = expected.sort_values(key, ignore_index=True)
    found = drawn["standings"].sort_values(key, ignore_index=True)
    pd.testing.assert_frame_equal(found[expected.columns], expected, check_dtype=False)


def test_careers_have_no_gap_and_end(two_series: Tables) -> None:
    raced = two_series["entries"].merge(two_series["events"], on="event_id")
    years = raced.groupby("driver_id")["season"].agg(["min", "max", "nunique"])
    assert (years["max"] - years["min"] + 1 == years["nunique"]).all()
    assert years["nunique"].max() <= LONGEST_CAREER
    debuts = years["min"].value_counts()
    assert 1 < debuts[debuts.index > 1960].mean() / 2 < 6
    series = raced["event_id"].str[4:9].groupby(raced["driver_id"]).nunique()
    assert (series == 1).all()


def test_a_team_races_under_one_name_at_a_time(drawn: Tables) -> None:
    raced = drawn["entries"].merge(drawn["events"], on="event_id")
    raced = raced[["season", "constructor_id"]].drop_duplicates()
    named = raced.merge(drawn["constructor_lineage"], on="constructor_id")
    within = named["season"].between(named["season_from"], named["season_to"].fillna(9999))
    assert within.all()
    assert len(named) == len(raced)
    assert (named.groupby("season")["lineage_id"].nunique() == 10).all()
    assert named["constructor_id"].nunique() > 10


def test_circuits_are_visited_again_but_not_in_the_same_season(drawn: Tables) -> None:
    visits = drawn["events"].groupby("circuit_id")["season"].agg(["size", "nunique"])
    assert (visits["size"] == visits["nunique"]).all()
    assert visits["size"].median() > 5


def test_series_side_by_side_keep_out_of_each_others_standings(two_series: Tables) -> None:
    before = standing_before(two_series, "drivers")
    field = before.merge(
        two_series["entries"].rename(columns={"driver_id": "competitor_id"}),
        on=["event_id", "competitor_id"],
    )
    events = two_series["events"].merge(two_series["race_results"][["event_id"]].drop_duplicates())
    later = events[events["round"] > 1]
    assert (field.groupby("event_id").size().reindex(later["event_id"]) == 20).all()


def test_after_a_year_the_final_standing_is_known_of_all_series(two_series: Tables) -> None:
    final = final_standing(two_series, "drivers").groupby("season").size()
    both = two_series["events"].assign(
        first=two_series["events"]["event_id"].str.contains(FIRST_SERIES)
    )
    years = both.groupby("season")["first"].nunique()
    known = final[final.index <= 2100]
    expected = 20 * years.reindex(known.index - 1).to_numpy()
    assert np.array_equal(known.to_numpy(), expected)
