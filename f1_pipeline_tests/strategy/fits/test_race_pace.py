"""How fast the cars of a race are expected to be over a stint."""

import numpy as np
import pandas as pd
import pytest

from f1_pipeline.strategy.fits.race_pace import fit
from f1_pipeline_tests.strategy.fits.simulated import events_of

LAP = 90_000.0
LAPS = 60
WHOLE = 0.038
CARS = 10
DRIVERS = [f"d{i:02d}" for i in range(CARS)]
TEAMS = [f"team-{i // 2}" for i in range(CARS)]
EVENTS = events_of(4, (2023, 2024))
NOW = 2024.4
EQUAL = np.full(CARS, 10.0)
Frames = tuple[pd.DataFrame, pd.DataFrame]


def held(deficit, events: pd.DataFrame = EVENTS, seed: int = 0, noise: float = 200.0) -> Frames:
    """Stints, as `dry_stints` gives them, and results: `deficit` in ms by car, team and year.

    Grids are drawn: they say nothing of the pace.
    """
    rng, stints, results = np.random.default_rng(seed), [], []
    for event, season in zip(events["event_id"], events["season"], strict=True):
        grid = rng.permutation(CARS) + 1
        for c in range(CARS):
            pace = LAP + deficit(c, season) + rng.normal(0, noise)
            row = {"event_id": event, "driver_id": DRIVERS[c], "circuit_id": event[5:]}
            row |= {"year": season + int(event[-2:]) / 10, "laps": LAPS, "lap_ms": LAP}
            for mean_lap in (15, 45):
                fuel = WHOLE * LAP / LAPS * (mean_lap - LAPS / 2)
                stints.append(
                    row | {"mean_lap": mean_lap, "clean_laps": 20, "pace_ms": pace - fuel}
                )
            results.append(
                {"event_id": event, "driver_id": DRIVERS[c], "constructor_id": TEAMS[c]}
                | {"grid_position": int(grid[c])}
            )
    return pd.DataFrame(stints), pd.DataFrame(results).astype({"grid_position": "Int64"})


def expected(frames: Frames, drivers=DRIVERS, teams=TEAMS, grid=EQUAL, year=NOW, lap_ms=LAP):
    pace, error = fit(*frames, year, drivers, teams, grid, lap_ms, WHOLE)
    assert pace.min() == 0
    assert (error > 0).all()
    return pace, error


def test_a_faster_team_has_the_smaller_deficit():
    pace, _ = expected(held(lambda c, season: 300.0 * (c // 2)))
    teams = pace.reshape(5, 2).mean(axis=1)
    assert list(teams) == sorted(teams)
    # Forgotten in half a year: drawn to the rest, the more the longer ago.
    assert 500 < teams[-1] < 1200
    assert 2 * expected(held(lambda c, season: 300.0 * (c // 2)), year=NOW + 1)[0].max() < teams[-1]
    reverse, _ = expected(held(lambda c, season: -300.0 * (c // 2)))
    assert reverse[0] > reverse[-1] + 700


def test_a_faster_driver_has_the_smaller_deficit_in_the_same_team():
    pace, _ = expected(held(lambda c, season: 400.0 * (c % 2), EVENTS, noise=100.0))
    assert (pace[1::2] > pace[::2] + 100).all()


def test_what_teams_were_a_year_ago_has_faded():
    """A team that became slow is expected to be, though most races saw it fast."""
    many = events_of(8, (2024,))
    old = events_of(12, (2022,))
    both = pd.concat([old, many], ignore_index=True)
    slow = {2022: -500.0, 2024: 500.0}
    pace, _ = expected(held(lambda c, season: slow[season] * (c < 2), both, noise=50.0))
    assert pace[:2].min() > pace[2:].max()


def test_who_is_new_is_like_the_rest_and_less_sure():
    frames = held(lambda c, season: 300.0 * (c // 2))
    pace, error = expected(frames, [*DRIVERS[:-1], "new"], [*TEAMS[:-1], "new-team"])
    assert pace[0] < pace[-1] < pace[-2] + 100
    assert error[-1] > error[:-1].max()


def test_a_place_on_the_grid_tells_of_the_pace_where_it_did():
    stints, results = held(lambda c, season: 150.0 * c, noise=50.0)
    order = results["driver_id"].str[1:].astype(int) + 1
    own = stints, results.assign(grid_position=order.astype("Int64"))
    new = [f"new-{i}" for i in range(CARS)]
    pace, _ = expected(own, new, new, np.arange(1.0, CARS + 1))
    assert (np.diff(pace) > 50).all()
    nothing, _ = expected((stints, results), new, new, np.arange(1.0, CARS + 1))
    assert nothing.max() < pace.max() / 2


def test_deficits_are_shares_of_the_lap():
    frames = held(lambda c, season: 300.0 * (c // 2))
    (pace, error), (long, wide) = (expected(frames, lap_ms=lap) for lap in (LAP, 1.2 * LAP))
    assert long == pytest.approx(1.2 * pace)
    assert wide == pytest.approx(1.2 * error)


def test_what_races_differed_by_is_the_spread():
    calm, wild = (
        expected(held(lambda c, season: 300.0 * (c // 2), noise=noise))[1] for noise in (100, 600)
    )
    assert wild.mean() > 2 * calm.mean()
    assert wild == pytest.approx(np.full(CARS, 600), rel=0.4)


def test_a_car_that_was_broken_says_nothing_of_its_team():
    frames = held(lambda c, season: 0.0)
    whole, _ = expected(frames)
    broken = frames[0]["driver_id"].eq("d00") & frames[0]["event_id"].eq("2024-c03")
    slow = frames[0].assign(pace_ms=frames[0]["pace_ms"] + 6000.0 * broken)
    pace, _ = expected((slow, frames[1]))
    assert pace == pytest.approx(whole, abs=60)
    less = frames[0].assign(pace_ms=frames[0]["pace_ms"] + 4000.0 * broken)
    assert expected((less, frames[1]))[0][0] > whole[0] + 100


def test_who_started_from_the_pit_lane_counts_as_the_last():
    stints, results = held(lambda c, season: 0.0)
    last = results["grid_position"].eq(CARS)
    lane = results.assign(grid_position=results["grid_position"].where(~last))
    assert expected((stints, lane))[0] == pytest.approx(expected((stints, results))[0])


@pytest.mark.parametrize("what", ["stints", "results"])
def test_without_races_a_place_on_the_grid_is_all_there_is(what):
    stints, results = held(lambda c, season: 0.0)
    none = (stints[:0], results) if what == "stints" else (stints, results[:0])
    pace, error = expected(none, grid=np.arange(1.0, CARS + 1))
    assert pace == pytest.approx(45.0 * np.arange(CARS))
    assert error == pytest.approx(np.full(CARS, 405.0))


def test_only_the_last_twenty_races_are_asked():
    many = events_of(12, (2022, 2024))
    frames = held(lambda c, season: 300.0 * (c // 2), many)
    old = frames[0]["event_id"].isin(many["event_id"][:4])
    mine = frames[0]["driver_id"].eq("d00")
    moved = frames[0].assign(pace_ms=frames[0]["pace_ms"] + 900.0 * (old & mine))
    assert list(expected((moved, frames[1]))[0]) == list(expected(frames)[0])
    late = frames[0]["event_id"].eq(many["event_id"].iloc[4]) & mine
    moved = frames[0].assign(pace_ms=frames[0]["pace_ms"] + 900.0 * late)
    assert list(expected((moved, frames[1]))[0]) != list(expected(frames)[0])
