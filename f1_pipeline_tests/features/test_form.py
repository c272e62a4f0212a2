"""State before an event: computed by hand on a few races."""

import numpy as np
import pandas as pd
import pytest

from f1_pipeline import features
from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline_tests.features.conftest import Tables, build_all
from f1_pipeline_tests.synthetic import make_tables


def _of(frame: pd.DataFrame, **values: str) -> pd.Series:
    rows = frame
    for column, value in values.items():
        rows = rows[rows[column].eq(value)]
    assert len(rows) == 1
    return rows.iloc[0]


def _decayed(values: list[float], half_life: float) -> float:
    weights = 0.5 ** (np.arange(len(values))[::-1] / half_life)
    return float(np.dot(weights, values) / weights.sum())


def test_all_frames_meet_their_contracts(tables: Tables, frames: dict[str, pd.DataFrame]) -> None:
    for name, frame in frames.items():
        check(frame, CONTRACTS[name])
    check(features.training_set(frames["race_features"], tables), CONTRACTS["training_set"])


def test_nothing_is_known_of_a_driver_before_the_first_race(
    frames: dict[str, pd.DataFrame],
) -> None:
    first = frames["driver_form"].query("event_id == '2021-prix-1'")
    assert (first["starts"] == 0).all()
    known = first.drop(columns=["event_id", "season", "round", "driver_id", "constructor_id"])
    assert known.drop(columns="starts").isna().all(axis=None)


def test_form_is_the_decayed_mean_of_earlier_races(
    tables: Tables, frames: dict[str, pd.DataFrame]
) -> None:
    driver = "driver-04"
    results = tables["race_results"].merge(
        tables["events"][["event_id", "race_starts_at"]], on="event_id"
    )
    starts = results.loc[results["event_id"].eq("2022-prix-3"), "race_starts_at"].iloc[0]
    earlier = results[results["driver_id"].eq(driver) & (results["race_starts_at"] < starts)]
    earlier = earlier.sort_values("race_starts_at")
    form = _of(frames["driver_form"], event_id="2022-prix-3", driver_id=driver)
    classified = earlier[earlier["classified"]]["finish_order"].astype(float).tolist()
    assert 0 < len(classified) < len(earlier)
    assert form["finish_form"] == pytest.approx(_decayed(classified, 4))
    assert form["finish_level"] == pytest.approx(_decayed(classified, 16))
    won = earlier["classified"] & earlier["finish_order"].le(3)
    assert form["podium_rate"] == pytest.approx(_decayed(won.astype(float).tolist(), 16))
    assert form["last_finish"] == earlier["finish_order"].iloc[-1]
    assert form["starts"] == (earlier["outcome"] != "did_not_start").sum()


def test_a_rookie_has_everyones_retirement_rate_and_no_form(
    tables: Tables, frames: dict[str, pd.DataFrame]
) -> None:
    events = frames["driver_form"].query("event_id == '2023-prix-1'")
    rookie = events[events["starts"].eq(0)]
    assert len(rookie) == 1
    assert rookie["finish_form"].isna().all()
    results = tables["race_results"].merge(tables["events"], on="event_id")
    results = results[results["season"] < 2023].sort_values("race_starts_at")
    gone = results["retired"] | results["outcome"].eq("did_not_start")
    by_race = gone.astype(float).groupby(results["race_starts_at"]).mean().tolist()
    assert rookie["retirement_rate"].item() == pytest.approx(_decayed(by_race, 32))


def test_standings_are_those_after_the_race_before(
    tables: Tables, frames: dict[str, pd.DataFrame]
) -> None:
    """No points of the same weekend, not even of its sprint."""
    drivers = tables["standings"].query("championship == 'drivers'")
    before = drivers.query("event_id == '2024-prix-2'").set_index("competitor_id")
    form = frames["driver_form"].query("event_id == '2024-prix-3'").set_index("driver_id")
    both = form.index.intersection(before.index)
    assert len(both) >= 9
    pd.testing.assert_series_equal(
        form.loc[both, "championship_points"], before.loc[both, "points"], check_names=False
    )
    opening = frames["driver_form"].query("event_id == '2024-prix-1'").set_index("driver_id")
    assert opening["championship_position"].isna().all()
    final = drivers.query("event_id == '2023-prix-6'").set_index("competitor_id")["position"]
    known = opening.index.intersection(final.index)
    assert (opening.loc[known, "previous_position"] == final[known]).all()


def test_a_renamed_team_keeps_its_state(frames: dict[str, pd.DataFrame]) -> None:
    teams = frames["team_form"]
    last = _of(teams, event_id="2021-prix-6", constructor_id="team-1")
    renamed = _of(teams, event_id="2022-prix-1", constructor_id="team-1-renamed")
    assert renamed["lineage_id"] == last["lineage_id"] == "team-1"
    assert renamed["races"] == last["races"] + 1
    assert renamed["previous_position"] >= 1
    assert np.isnan(renamed["qualifying_gap_season"])
    assert not np.isnan(renamed["qualifying_gap_form"])


def test_a_team_without_lineage_is_a_team_of_its_own(tables: Tables) -> None:
    alone = dict(tables) | {"constructor_lineage": tables["constructor_lineage"].iloc[:0]}
    renamed = _of(
        features.team_form(alone), event_id="2022-prix-1", constructor_id="team-1-renamed"
    )
    assert renamed["races"] == 0
    assert renamed["lineage_id"] == "team-1-renamed"


def test_circuit_patterns_count_earlier_races_there(
    tables: Tables, frames: dict[str, pd.DataFrame]
) -> None:
    events = tables["events"].sort_values("race_starts_at")
    patterns = frames["circuit_patterns"].set_index("event_id")
    for circuit, held in events.groupby("circuit_id"):
        counts = patterns.loc[held["event_id"], "races_held"].tolist()
        assert counts == list(range(len(counts))), circuit
    later = patterns.loc["2024-prix-6"]
    assert -1 <= later["grid_decides"] <= 1
    assert 0 <= later["retirement_rate"] <= 1


def test_race_pace_is_that_of_earlier_races_by_their_clean_laps(
    tables: Tables, frames: dict[str, pd.DataFrame]
) -> None:
    driver = "driver-04"
    pace = tables["race_pace"].query("driver_id == @driver and event_id < '2022-prix-3'")
    pace = pace.assign(clean_laps=np.where(pace["stint"].eq(1), 5, 15))
    thinned = tables["race_pace"].copy()
    thinned.loc[pace.index, "clean_laps"] = pace["clean_laps"]
    form = _of(
        features.lap_form(dict(tables) | {"race_pace": thinned}),
        event_id="2022-prix-3",
        driver_id=driver,
    )
    gaps = pace["gap"].to_numpy().reshape(-1, 2) @ [0.25, 0.75]
    assert len(gaps) > 3
    assert form["race_pace_form"] == pytest.approx(_decayed(list(gaps), 4))
    before = _of(frames["lap_form"], event_id="2021-prix-1", driver_id=driver)
    assert before.drop(["event_id", "driver_id"]).isna().all()


def test_a_race_with_few_clean_laps_or_a_damaged_car_says_little(tables: Tables) -> None:
    few = tables["race_pace"].assign(clean_laps=3)
    lame = tables["race_pace"].assign(gap=50.0)
    empty = features.lap_form(dict(tables) | {"race_pace": few})
    assert empty.drop(columns=["event_id", "driver_id"]).isna().all(axis=None)
    slowest = features.lap_form(dict(tables) | {"race_pace": lame})
    assert slowest["race_pace_form"].dropna().eq(4).all()


def test_state_is_carried_over_events_that_are_still_to_come(
    frames: dict[str, pd.DataFrame],
) -> None:
    form = frames["driver_form"].set_index(["event_id", "driver_id"])
    now, later = form.loc["2024-prix-5"], form.loc["2024-prix-6"]
    pd.testing.assert_series_equal(now["finish_form"], later["finish_form"])
    pd.testing.assert_series_equal(now["championship_points"], later["championship_points"])


@pytest.mark.parametrize(
    "gone",
    [
        "qualifying_results",
        "practice_results",
        "sprint_results",
        "standings",
        "pit_stops",
        "race_results",
        "starting_grids",
        "entries",
        "constructor_lineage",
    ],
)
def test_a_table_without_rows_leaves_nulls(tables: Tables, gone: str) -> None:
    for name, frame in build_all(dict(tables) | {gone: tables[gone].iloc[:0]}).items():
        check(frame, CONTRACTS[name])


def test_early_seasons_and_large_fields_work() -> None:
    for seasons, cars in (((1950, 1951), 9), ((2025, 2026), 22)):
        tables = make_tables(seasons=seasons, cars=cars, seed=2)
        for name, frame in build_all(tables).items():
            check(frame, CONTRACTS[name])
