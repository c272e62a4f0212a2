"""A race as it is expected before it: what it knows, what it does not, and what it does without."""

from collections.abc import Sequence
from dataclasses import fields, is_dataclass

import numpy as np
import pandas as pd
import pytest

from f1_pipeline.contracts.recommendations import LEAST_DRY_RACES
from f1_pipeline.errors import PipelineError
from f1_pipeline.strategy.expected_race import READ, ExpectedRace, before, expected_race
from f1_pipeline.strategy.rules import Rules
from f1_pipeline_tests.strategy.seasons import (
    CARS,
    LAPS,
    Frames,
    changed,
    grid_of,
    renamed,
    seasons,
)

EVENT = "2024-c01"  # ten dry races with figures before it, one after it
FIGURES = ("race_figures", "stint_figures", "caution_figures", "pit_loss_figures")


@pytest.fixture(scope="module")
def tables() -> Frames:
    return seasons(circuits=3)


@pytest.fixture(scope="module")
def known(tables: Frames) -> ExpectedRace:
    """The race as all of the tables have it."""
    return expected_race(tables, EVENT, grid_of(tables, EVENT))


def bits(of: object) -> object:
    """All that an expected race holds, to the last bit, as what can be compared."""
    if is_dataclass(of):
        return {field.name: bits(getattr(of, field.name)) for field in fields(of)}
    if isinstance(of, pd.DataFrame):
        return of.to_json(double_precision=15, orient="split")
    if isinstance(of, np.ndarray):
        return of.tobytes()
    if isinstance(of, tuple):
        return tuple(bits(one) for one in of)
    return of


def from_on(tables: Frames, event_id: str) -> set[str]:
    """The event and all that start later."""
    starts = tables["events"].set_index("event_id")["race_starts_at"]
    return set(starts.index[starts >= starts[event_id]])


def otherwise(tables: Frames, events: set[str], flags: bool = True) -> Frames:
    """Every number of these events changed at random, in all tables, and a third of rows gone;
    with `flags` what is true is false, and the other way round."""
    rng, found = np.random.default_rng(0), {}
    for name in READ:
        rows = tables[name].copy()
        mine = rows["event_id"].isin(events)
        for column in rows.columns.drop("event_id"):
            dtype = rows[column].dtype
            if name == "events" or not mine.any():
                continue
            if dtype == "boolean":
                rows.loc[mine, column] ^= flags
            elif dtype in ("Int64", "float64"):
                rows.loc[mine, column] = rows.loc[mine, column] + int(rng.integers(1, 9))
            elif column in ("compound", "caution", "began_under", "outcome"):
                rows.loc[mine, column] = rng.permutation(rows.loc[mine, column].to_numpy())
        drop = mine & (rng.random(len(rows)) < 0.33) & (name != "events")
        found[name] = rows[~drop]
    return found


def test_nothing_of_the_race_itself_or_of_later_ones_is_known(tables, known):
    told, grid = from_on(tables, EVENT), grid_of(tables, EVENT)
    assert EVENT in told
    assert len(told) == 2
    other = otherwise(tables, told)
    later = other["events"]["event_id"].isin(told - {EVENT})
    other = changed(other, "events", later, circuit_id="c99", planned_laps=10)
    assert bits(expected_race(other, EVENT, grid)) == bits(known)
    none = {name: rows[~rows["event_id"].isin(told)] for name, rows in tables.items()}
    assert bits(expected_race(none | {"events": tables["events"]}, EVENT, grid)) == bits(known)


@pytest.mark.parametrize("name", [n for n in READ if n not in ("events", "pit_stops")])
def test_every_table_of_earlier_races_is_known(tables, known, name):
    """The other way round: else the cut would hold by reading nothing."""
    events = set(tables["events"]["event_id"]) - from_on(tables, EVENT)
    other = otherwise(tables, events, flags=False)[name]
    if name == "race_figures":  # all of them are needed
        other = tables[name].assign(laps=tables[name]["laps"] + 1)
    only = tables | {name: other}
    assert bits(expected_race(only, EVENT, grid_of(tables, EVENT))) != bits(known)


def test_pit_stops_are_known_of_races_without_figures(tables, known):
    rows = tables["pit_stops"]
    old = rows["event_id"].str[:4].eq("2020")
    fewer = expected_race(tables | {"pit_stops": rows[~old]}, EVENT, grid_of(tables, EVENT))
    assert known.chosen.past["event_id"].nunique() == 13
    assert fewer.chosen.past["event_id"].nunique() == 10


def test_the_cut_leaves_the_calendar_up_to_the_event(tables):
    known = before(tables, EVENT)
    assert set(known) == set(READ)
    assert set(known["events"]["event_id"]) & from_on(tables, EVENT) == {EVENT}
    for name in READ:
        rest = set(known[name]["event_id"]) - {EVENT}
        assert not rest & from_on(tables, EVENT), name
    assert EVENT not in set(known["race_results"]["event_id"])


def test_an_event_that_starts_at_the_same_time_is_not_over(tables):
    at = tables["events"].set_index("event_id").at[EVENT, "race_starts_at"]
    rows = tables["events"]["event_id"].eq("2024-c00")
    both = changed(tables, "events", rows, race_starts_at=at)
    assert "2024-c00" in set(before(tables, EVENT)["events"]["event_id"])
    assert "2024-c00" not in set(before(both, EVENT)["events"]["event_id"])


def test_what_is_expected_is_of_the_grid_and_its_order(known):
    race = known
    assert list(race.setting.drivers) == list(race.grid["driver_id"])
    assert list(race.places) == list(range(1, CARS + 1))
    assert (race.event_id, race.season, race.dry_races, race.circuit_races) == (EVENT, 2024, 10, 3)
    setting = race.setting
    assert (setting.laps, setting.longest_stint, race.rules) == (LAPS, None, Rules())
    assert setting.pace_ms.min() == 0
    assert (setting.pace_error_ms > 0).all()
    assert setting.reaction.safety_car != -2  # what is taken for granted before any caution
    assert list(setting.wear_ms) == sorted(setting.wear_ms, reverse=True)
    assert setting.pit_loss_ms == pytest.approx(np.array([22e3, 15.4e3, 13.2e3]), rel=0.06)
    assert setting.retires == pytest.approx(np.full(CARS, 1 / CARS), abs=0.01)
    assert [len(of) > 5 for of in setting.caution_lengths] == [True, True, False]


def test_a_circuit_is_expected_by_what_it_was_like(tables, known):
    loss = tables["pit_loss_figures"]
    slow = loss["loss_ms"] + 8000.0 * loss["event_id"].str.endswith("c01")
    frames = tables | {"pit_loss_figures": loss.assign(loss_ms=slow)}
    there = expected_race(frames, EVENT, grid_of(tables, EVENT)).setting
    assert there.pit_loss_ms[0] > known.setting.pit_loss_ms[0] + 5000


def test_who_starts_from_the_pit_lane_is_last(tables):
    first = tables["starting_grids"]["event_id"].eq(EVENT) & tables["starting_grids"][
        "grid_order"
    ].eq(1)
    frames = changed(tables, "starting_grids", first, pit_lane=True, grid_order=CARS + 1)
    grid = grid_of(frames, EVENT)
    assert grid["pit_lane"].iloc[-1]
    setting = expected_race(frames, EVENT, grid).setting
    assert list(setting.pit_lane) == [False] * (CARS - 1) + [True]
    assert setting.drivers[-1] == grid_of(tables, EVENT)["driver_id"].iloc[0]


@pytest.mark.parametrize(
    ("event", "stops", "stint"), [("2025-monaco", 2, None), ("2025-qatar", 1, 25)]
)
def test_rules_of_the_event_hold(tables, event, stops, stint):
    race = expected_race(renamed(tables, EVENT, event), event, grid_of(tables, EVENT))
    assert race.rules == race.chosen.rules == Rules(stops=stops, stint_laps=stint)
    assert race.setting.longest_stint == stint


def without(tables: Frames, *names: str, events: Sequence[str] | None = None) -> Frames:
    """No rows in these tables, or none of these events."""
    gone = {n: tables[n]["event_id"].isin(events or set(tables[n]["event_id"])) for n in names}
    return tables | {name: tables[name][~rows] for name, rows in gone.items()}


def test_under_ten_dry_races_the_error_says_what_to_do(tables):
    starts = tables["events"].sort_values("race_starts_at")
    told = [e for e in starts["event_id"] if e in set(tables["race_figures"]["event_id"])]
    enough, few = told[LEAST_DRY_RACES], told[LEAST_DRY_RACES - 1]
    assert expected_race(tables, enough, grid_of(tables, enough)).dry_races == LEAST_DRY_RACES
    with pytest.raises(PipelineError, match=r"9 dry races .* 10 are needed") as refused:
        expected_race(tables, few, grid_of(tables, few))
    assert few in str(refused.value)
    assert "`f1-pipeline backfill --tier timing`" in str(refused.value)
    wet = changed(tables, "race_figures", tables["race_figures"]["event_id"].eq(told[0]), dry=False)
    with pytest.raises(PipelineError, match="9 dry races"):
        expected_race(wet, enough, grid_of(tables, enough))


def test_without_any_figures_the_error_is_that_one(tables):
    with pytest.raises(PipelineError, match="0 dry races with stints"):
        expected_race(without(tables, *FIGURES), EVENT, grid_of(tables, EVENT))


def test_an_event_that_the_calendar_does_not_know(tables):
    for call in (before, lambda t, e: expected_race(t, e, grid_of(tables, EVENT))):
        with pytest.raises(PipelineError, match="2031-mars is not in the calendar"):
            call(tables, "2031-mars")


def test_a_circuit_where_nobody_has_raced_is_like_all_circuits(tables, known):
    rows = tables["events"]["event_id"].eq(EVENT)
    there = changed(tables, "events", rows, circuit_id="new", planned_laps=pd.NA)
    race = expected_race(there, EVENT, grid_of(tables, EVENT))
    assert (race.circuit_races, race.dry_races) == (0, 10)
    assert race.setting.pit_loss_ms == pytest.approx(known.setting.pit_loss_ms, rel=0.05)
    assert race.setting.lap_ms == known.setting.lap_ms
    assert race.setting.laps == 60  # 305 km by 5.1
    assert (race.setting.pit_loss_error_ms > 0).all()


def test_what_no_race_has_shown_has_a_stand_in(tables):
    """A state of the track without stops costs a share of green; cautions may still come."""
    figures = tables["pit_loss_figures"]
    none = without(tables, "caution_figures")
    none |= {"pit_loss_figures": figures[figures["caution"].ne("virtual_safety_car")]}
    setting = expected_race(none, EVENT, grid_of(tables, EVENT)).setting
    green, virtual, safety = setting.pit_loss_ms
    assert virtual == pytest.approx(0.75 * green)
    assert safety == pytest.approx(0.6 * green, rel=0.05)
    assert (setting.caution_rates > 0).all()
    assert (setting.caution_rates < 0.2).all()
    assert [list(of) for of in setting.caution_lengths] == [[1]] * 3


def test_without_a_stop_under_green_there_is_no_plan(tables):
    with pytest.raises(PipelineError, match="no stop's loss is held"):
        expected_race(without(tables, "pit_loss_figures"), EVENT, grid_of(tables, EVENT))


@pytest.mark.parametrize("name", ["starting_grids", "race_results"])
def test_without_grids_or_results_there_is_a_line_and_no_traceback(tables, name):
    past = list(set(tables["events"]["event_id"]) - {EVENT})
    with pytest.raises(PipelineError, match="no plan"):
        expected_race(without(tables, name, events=past), EVENT, grid_of(tables, EVENT))


def test_laps_that_are_not_planned_are_those_of_the_last_race_there(tables):
    mine = tables["events"]["event_id"].eq(EVENT)
    frames = changed(tables, "events", mine, planned_laps=pd.NA)
    last, older = (tables["race_figures"]["event_id"].eq(f"{y}-c01") for y in (2023, 2022))
    frames = changed(changed(frames, "race_figures", last, laps=52), "race_figures", older, laps=48)
    assert expected_race(frames, EVENT, grid_of(tables, EVENT)).setting.laps == 52
    new = changed(frames, "events", mine, circuit_id="new")
    with pytest.raises(PipelineError, match="neither its laps nor the length") as refused:
        expected_race(changed(new, "events", mine, course_length_km=np.nan), EVENT,
                      grid_of(tables, EVENT))  # fmt: skip
    assert EVENT in str(refused.value)
