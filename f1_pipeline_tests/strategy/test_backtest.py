"""Past dry races as they were expected before them, beside what was done."""

import pandas as pd
import pytest

from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline.strategy import recommend
from f1_pipeline.strategy.backtest import backtest_season, dry_events
from f1_pipeline_tests.strategy.seasons import CARS, NEXT, Frames, changed, seasons

DRAWS = 30
SEASON = 2024
WET, RED, OTHER = "2024-c00", "2024-c02", "2024-c01"
PLANNED = ["driver_id", "plan", "stops", "first_stop", "first_of_one", "sequence"]
CONSTANT = ["last_stops", "edition_stops", "edition_first_stop", "edition_sequence"]
CONSTANT += ["constant_first_stop", "constant_sequence"]


@pytest.fixture(autouse=True)
def few_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is ranked is tested elsewhere."""
    monkeypatch.setattr(recommend, "PLANS", 8)


@pytest.fixture(scope="module")
def tables() -> Frames:
    """2024: a wet race, one without a grid, one that was stopped on lap 25, a dry one."""
    frames = seasons()
    figures, stints = frames["race_figures"]["event_id"], frames["stint_figures"]
    frames = changed(frames, "race_figures", figures.eq(WET), dry=False)
    frames = changed(frames, "race_figures", figures.eq(RED), red_flags=1)
    frames |= {"starting_grids": frames["starting_grids"].query("event_id != @OTHER")}
    return frames | {"stint_figures": stopped(stints)}


def stopped(stints: pd.DataFrame) -> pd.DataFrame:
    """The stints with all first stops of one race made on lap 25, while it was stopped."""
    rows = stints.copy()
    second = rows["event_id"].eq(RED) & rows["stint"].eq(2)
    rows.loc[second, ["first_lap", "began_under"]] = [26, "red"]
    return rows


def told(tables: Frames, *events: str) -> Frames:
    """Only these races of the season count as dry, so that no others are worked on."""
    rows = tables["race_figures"]["event_id"]
    others = rows.str.startswith(str(SEASON)) & ~rows.isin(events)
    return changed(tables, "race_figures", others, dry=False)


def season(tables: Frames, said: list[str] | None = None, number: int = SEASON) -> pd.DataFrame:
    log = said.append if said is not None else lambda line: None
    return backtest_season(tables, number, DRAWS, log)


@pytest.fixture(scope="module")
def made(tables: Frames) -> tuple[pd.DataFrame, list[str]]:
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recommend, "PLANS", 8)
        return season(tables, said), said


@pytest.fixture(scope="module")
def alone(tables: Frames) -> pd.DataFrame:
    """The last race, where no other of the season counts as dry."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recommend, "PLANS", 8)
        return season(told(tables, NEXT))


def test_dry_races_of_the_season_in_order_of_time(tables):
    assert dry_events(tables, SEASON) == [OTHER, RED, NEXT]
    unknown = changed(tables, "race_figures", tables["race_figures"]["event_id"].eq(RED), dry=None)
    assert dry_events(unknown, SEASON) == [OTHER, NEXT]
    assert dry_events(tables, 2020) == []


def test_rows_meet_the_contract(made, tables):
    rows, _ = made
    found = check(rows.assign(fingerprint="made up"), CONTRACTS["strategy_backtest"])
    assert len(found) == len(rows)
    assert list(found["event_id"].unique()) == [RED, NEXT]
    # All but the one car of each race that was not classified.
    assert list(found.groupby("event_id").size()) == [CARS - 1] * 2
    placed = tables["race_results"].query("classified and event_id == @NEXT")["driver_id"]
    assert set(found.query("event_id == @NEXT")["driver_id"]) == set(placed)
    assert set(found["round"]) == {3, 4}
    assert ((found["p_actual"] > 0) & (found["p_actual"] < 1)).all()


def test_a_wet_race_has_no_rows_and_one_without_a_grid_is_left_out_with_a_word(made):
    rows, said = made
    assert WET not in set(rows["event_id"])
    assert OTHER not in set(rows["event_id"])
    assert not any(WET in line for line in said)
    (line,) = [line for line in said if "is left out" in line]
    assert line.startswith(f"{OTHER} is left out: no grid of {OTHER} is known")


def test_of_a_dry_race_it_is_known_what_was_done_and_what_that_cost(made, tables):
    rows = made[0].query("event_id == @NEXT").set_index("driver_id")
    stints = tables["stint_figures"].query("event_id == @NEXT")
    for driver, row in rows.iterrows():
        mine = stints[stints["driver_id"].eq(driver)]
        assert row["actual_stops"] == len(mine) - 1
        assert row["actual_first_stop"] == mine["last_lap"].iloc[0]
        assert row["actual_sequence"] == "-".join(name[0] for name in mine["compound"])
    assert rows["regret_ms"].notna().all()


def test_a_stop_under_red_is_none_and_what_cannot_be_run_has_no_regret(made, tables):
    rows = made[0].query("event_id == @RED").set_index("driver_id")
    sets = tables["stint_figures"].query("event_id == @RED").groupby("driver_id").size()
    assert (rows["actual_stops"] == sets.reindex(rows.index) - 2).all()
    assert rows["actual_first_stop"].isna().eq(rows["actual_stops"].eq(0)).all()
    assert rows["regret_ms"].isna().all()
    assert rows["plan"].notna().all()
    # The order of the sets is known all the same.
    assert rows["actual_sequence"].notna().all()


def test_nothing_of_the_race_itself_is_in_its_plans(alone, tables):
    stints = tables["stint_figures"].copy()
    mine = stints["event_id"].eq(NEXT)
    early = mine & stints["stint"].eq(1)
    stints.loc[mine, "compound"] = "SOFT"
    stints.loc[early, "last_lap"] = 7
    stints.loc[mine & stints["stint"].eq(2), "first_lap"] = 8
    stints.loc[mine, ["pace_ms", "slope_ms"]] += 5000.0
    other = told(tables, NEXT) | {"stint_figures": stints}
    for name, value in (("caution_figures", 9), ("pit_loss_figures", 9)):
        column = "laps" if name == "caution_figures" else "loss_ms"
        of_race = other[name]["event_id"].eq(NEXT)
        other = changed(other, name, of_race, **{column: value})
    found = season(other)
    assert set(found["actual_first_stop"]) == {7}
    assert set(found["actual_sequence"]) <= {"S-S", "S-S-S"}
    pd.testing.assert_frame_equal(found[PLANNED + CONSTANT], alone[PLANNED + CONSTANT])
    assert not found["actual_sequence"].equals(alone["actual_sequence"])
    assert found["regret_ms"].isna().all()


def test_later_races_are_not_known(made, tables):
    rows = made[0].query("event_id == @RED").reset_index(drop=True)
    cut = {n: f[f["event_id"].ne(NEXT)] for n, f in tables.items() if n != "events"}
    found = season(cut | {"events": tables["events"]})
    assert found.astype(str).equals(rows.astype(str).replace({"regret_ms": {"nan": "None"}}))


def test_a_plan_that_was_carried_out_to_the_lap_has_no_regret(alone, tables):
    planned = alone.set_index("driver_id")["plan"]
    driver = planned[planned.str.count("-").eq(2)].index[0]
    start, lap, finish = planned[driver].split("-")
    names = {"S": "SOFT", "M": "MEDIUM", "H": "HARD"}
    rows = tables["stint_figures"]
    mine = rows["event_id"].eq(NEXT) & rows["driver_id"].eq(driver)
    sets = rows[mine].head(2).assign(stint=[1, 2], compound=[names[start], names[finish]])
    sets = sets.assign(first_lap=[1, int(lap) + 1], last_lap=[int(lap), 60])
    again = season(told(tables, NEXT) | {"stint_figures": pd.concat([rows[~mine], sets])})
    again = again.set_index("driver_id")
    assert (again["plan"] == planned).all()
    assert again.at[driver, "regret_ms"] == 0


def test_a_dry_race_without_results_has_no_rows(tables):
    none = tables["race_results"].query("event_id != @RED")
    assert season(told(tables, RED) | {"race_results": none}).empty


def test_a_season_that_no_plan_is_made_for_has_no_rows(tables):
    said: list[str] = []
    assert season(tables, said, 2021).empty
    assert sum("is left out" in line for line in said) == len(dry_events(tables, 2021)) == 4
    assert season(tables, [], 2020).empty
