import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline.strategy.fits import track_position
from f1_pipeline.strategy.fits.track_position import neighbours, of_pairs, passing
from f1_pipeline_tests.strategy.fits.simulated import events_of, races, stints

CIRCUITS = pd.Series([f"c{i:02d}" for i in range(10)], dtype=object)


def pairs_of(cost, races_each: int, seed: int = 0, scale: float = 200.0) -> pd.DataFrame:
    """15 pairs a race; the rear car passes with the odds of its advantage over the cost, in ms."""
    rng, rows = np.random.default_rng(seed), []
    for i, circuit in enumerate(CIRCUITS):
        for year in range(races_each):
            advantage = rng.normal(-100, 500, 15)
            passed = rng.random(15) < expit((advantage - cost(i)) / scale)
            race = {"event_id": f"{2000 + year}-{circuit}", "circuit_id": circuit, "year": year}
            rows.append(pd.DataFrame({**race, "advantage_ms": advantage, "passed": passed}))
    return pd.concat(rows, ignore_index=True)


def test_costs_of_circuits_are_found():
    truth = pd.Series([30.0 if i < 5 else 300.0 for i in range(10)], index=CIRCUITS)
    pairs = pairs_of(lambda i: truth.iloc[i], 12)
    rows = check(of_pairs(pairs, CIRCUITS), CONTRACTS["track_position_cost"])
    rows = rows.set_index("circuit_id")
    assert (rows["pass_ms"] - truth).abs().max() < 90
    assert truth.between(rows["low_ms"], rows["high_ms"]).mean() >= 0.6
    assert rows["held"].eq(12).all()


def test_no_circuit_is_found_where_circuits_are_alike():
    rows = of_pairs(pairs_of(lambda _: 100.0, 12), CIRCUITS)
    assert rows["pass_ms"].std() < 15
    assert rows["pass_ms"].mean() == pytest.approx(100, abs=30)


def test_a_circuit_without_pairs_gets_what_all_say_and_is_less_sure():
    pairs = pairs_of(lambda i: 40.0 * i, 8)
    pairs = pairs[pairs["circuit_id"].ne("c05")]
    rows = of_pairs(pairs, CIRCUITS).set_index("circuit_id")
    width = rows["high_ms"] - rows["low_ms"]
    assert rows.loc["c05", "held"] == 0
    assert rows["pass_ms"].min() < rows.loc["c05", "pass_ms"] < rows["pass_ms"].max()
    assert width["c05"] > width.drop("c05").median()


def test_more_races_make_it_surer():
    few, many = (of_pairs(pairs_of(lambda _: 150.0, n), CIRCUITS) for n in (2, 20))
    assert (many["high_ms"] - many["low_ms"] < few["high_ms"] - few["low_ms"]).all()


def test_starting_behind_is_never_a_help():
    rows = of_pairs(pairs_of(lambda _: -300.0, 5), CIRCUITS)
    assert (rows[["pass_ms", "low_ms"]] >= 0).all(axis=None)


@pytest.mark.parametrize("passed", [True, False])
def test_pairs_that_all_ended_alike_still_give_a_fit(passed):
    pairs = pairs_of(lambda _: 0.0, 1).assign(passed=passed)
    rows = check(of_pairs(pairs, CIRCUITS), CONTRACTS["track_position_cost"])
    assert np.isfinite(rows[["pass_ms", "low_ms", "high_ms"]]).all(axis=None)


def test_the_chance_rises_with_the_advantage():
    model = passing(pairs_of(lambda _: 100.0, 10), CIRCUITS)
    here = pd.Series(["c01", "nowhere"] * 3)
    chance = model.probability(here, np.array([-400.0, -400, 100, 100, 600, 600]))
    assert (np.diff(chance[::2]) > 0).all()
    assert chance[3] == pytest.approx(0.5, abs=0.06)


def test_the_rows_tell_the_chance_where_nothing_is_cut_off():
    pairs = pairs_of(lambda i: 300.0 + 20 * i, 30)
    rows, model = of_pairs(pairs, CIRCUITS), passing(pairs, CIRCUITS)
    assert rows["scale_ms"].to_numpy() == pytest.approx(200, rel=0.15)
    for advantage in (-400.0, 0.0, 300.0, 900.0):
        chance = expit((advantage - rows["pass_ms"]) / rows["scale_ms"])
        expected = model.probability(CIRCUITS, np.full(len(CIRCUITS), advantage))
        assert chance.to_numpy() == pytest.approx(expected, abs=1e-4)


def test_where_it_is_cut_off_the_rows_tell_a_smaller_chance():
    pairs = pairs_of(lambda _: -300.0, 5)
    rows, model = of_pairs(pairs, CIRCUITS), passing(pairs, CIRCUITS)
    chance = expit(-rows["pass_ms"] / rows["scale_ms"]).to_numpy()
    assert (chance <= 0.5).all()
    assert (model.probability(CIRCUITS, np.zeros(len(CIRCUITS))) > 0.7).all()


def test_neighbours_are_those_who_were_classified_and_stood_on_the_grid():
    who = ["a", "b", "c", "d", "e"]
    key = {"event_id": "2024-c00", "driver_id": who}
    cars = pd.DataFrame(
        {**key, "circuit_id": "c00", "year": 2024.2, "pace": [90e3, 91e3, 89e3, 92e3, 88e3]}
    )
    classified = [True, False, True, True, True]
    results = pd.DataFrame({**key, "finish_order": [2, 5, 1, 4, 3], "classified": classified})
    lane = [False, False, False, False, True]
    grids = pd.DataFrame({**key, "grid_order": [1, 2, 3, 4, 5], "pit_lane": lane})
    pairs = neighbours(cars.sample(frac=1, random_state=0), results, grids)
    assert pairs["advantage_ms"].tolist() == [1000.0, -3000.0]
    assert pairs["passed"].tolist() == [True, False]


def test_it_is_fitted_to_figures():
    events = events_of(3, [2023, 2024])
    wear = {(f"c{i:02d}", c): 40.0 for i in range(3) for c in ("SOFT", "MEDIUM", "HARD")}
    figures = stints(events, wear, np.random.default_rng(0))
    cars = figures[["event_id", "driver_id"]].drop_duplicates(ignore_index=True)
    place = cars.groupby("event_id").cumcount() + 1
    results = cars.assign(finish_order=place, classified=True)
    grids = cars.assign(grid_order=place, pit_lane=False)
    rows = track_position.fit(figures, races(events), results, grids, events)
    assert check(rows, CONTRACTS["track_position_cost"])["held"].tolist() == [2, 2, 2]
    empty = track_position.fit(figures[:0], races(events), results, grids, events)
    assert check(empty, CONTRACTS["track_position_cost"]).empty
