"""Race features: the field, the rungs of the grid, and what each horizon may see."""

import pandas as pd
import pytest

from f1_pipeline import features
from f1_pipeline_tests.features.conftest import Tables, build_all


def _rows(frames: dict[str, pd.DataFrame], event: str, horizon: str, grid: str) -> pd.DataFrame:
    rows = frames["race_features"]
    rows = rows[
        rows["event_id"].eq(event) & rows["horizon"].eq(horizon) & rows["grid_source"].eq(grid)
    ]
    return rows.set_index("driver_id")


def test_every_event_with_a_field_is_covered(
    tables: Tables, frames: dict[str, pd.DataFrame]
) -> None:
    rows = frames["race_features"]
    before = rows[rows["horizon"].eq("pre_weekend")]
    assert set(before["event_id"]) == set(tables["events"]["event_id"])
    after = rows[rows["horizon"].eq("post_qualifying")]
    assert set(after["event_id"]) == set(tables["race_results"]["event_id"])
    assert set(after["grid_source"]) == {"official", "qualifying"}


def test_the_field_is_the_grid_once_there_is_one(tables: Tables) -> None:
    event = "2022-prix-2"
    grids = tables["starting_grids"]
    left_out = grids.loc[grids["event_id"].eq(event) & grids["grid_order"].eq(10), "driver_id"]
    grids = grids[~(grids["event_id"].eq(event) & grids["grid_order"].eq(10))]
    frames = build_all(dict(tables) | {"starting_grids": grids})
    for horizon, grid in (("pre_weekend", "none"), ("post_qualifying", "qualifying")):
        assert left_out.item() not in _rows(frames, event, horizon, grid).index
    rows = features.training_set(frames["race_features"], tables)
    assert (
        rows.query(f"event_id == '{event}'")
        .groupby(["horizon", "grid_source"])["finish_order"]
        .apply(sorted)
        .map(lambda order: order == list(range(1, 10)))
        .all()
    )


def test_the_field_is_the_entries_without_a_grid(tables: Tables) -> None:
    event = "2022-prix-2"
    grids = tables["starting_grids"]
    frames = build_all(dict(tables) | {"starting_grids": grids[grids["event_id"].ne(event)]})
    entered = tables["entries"].query(f"event_id == '{event}'")["driver_id"]
    assert set(_rows(frames, event, "pre_weekend", "none").index) == set(entered)
    assert _rows(frames, event, "post_qualifying", "official").empty
    assert len(_rows(frames, event, "post_qualifying", "qualifying")) == len(entered)


def test_reserve_drivers_are_not_in_the_field(tables: Tables) -> None:
    entries = tables["entries"].copy()
    coming = entries["event_id"].eq("2024-prix-6")
    reserve = entries.index[coming][0]
    entries.loc[reserve, "role"] = "practice"
    frames = build_all(dict(tables) | {"entries": entries})
    rows = _rows(frames, "2024-prix-6", "pre_weekend", "none")
    assert entries.loc[reserve, "driver_id"] not in rows.index
    assert (rows["field_size"] == len(rows)).all()


def test_the_official_rung_is_the_published_order(
    tables: Tables, frames: dict[str, pd.DataFrame]
) -> None:
    grid = tables["starting_grids"].query("event_id == '2023-prix-2'").set_index("driver_id")
    place = _rows(frames, "2023-prix-2", "post_qualifying", "official")["grid_place"]
    assert (place == grid["grid_order"].astype(float)[place.index]).all()


@pytest.mark.parametrize(
    ("event", "table", "column"),
    [
        ("2022-prix-2", "qualifying_results", "qualifying_order"),
        ("2022-prix-3", "sprint_results", "finish_order"),  # the sprint sets the grid
        ("2023-prix-3", "qualifying_results", "qualifying_order"),
        ("2024-prix-3", "qualifying_results", "qualifying_order"),
    ],
)
def test_the_qualifying_rung_is_the_session_that_sets_the_grid(
    tables: Tables, frames: dict[str, pd.DataFrame], event: str, table: str, column: str
) -> None:
    order = tables[table].query(f"event_id == '{event}'")
    if "session" in order:
        order = order[order["session"].eq("Q")]
    place = _rows(frames, event, "post_qualifying", "qualifying")["grid_place"]
    expected = order.set_index("driver_id")[column].astype(float).rank()
    assert (place[expected.index] == expected).all()


def test_who_did_not_qualify_comes_last_by_name(tables: Tables) -> None:
    event = "2022-prix-2"
    results = tables["qualifying_results"]
    own = results["event_id"].eq(event)
    first_two = own & results["qualifying_order"].le(2)
    results = results[~first_two]
    frames = build_all(dict(tables) | {"qualifying_results": results})
    place = _rows(frames, event, "post_qualifying", "qualifying")["grid_place"].sort_values()
    assert place.tolist() == list(range(1, 11))
    absent = set(place.index) - set(results.loc[own, "driver_id"])
    assert len(absent) >= 2
    assert place.index[-len(absent) :].tolist() == sorted(absent)


def test_before_the_weekend_nothing_of_it_is_seen(frames: dict[str, pd.DataFrame]) -> None:
    rows = frames["race_features"].query("horizon == 'pre_weekend'")
    weekend = ["grid_place", "pit_lane", "qualifying_order", "qualifying_gap", "sprint_order"]
    practice = {c for c in rows if c.startswith("practice_") and not c.endswith("form")}
    assert len(practice) == 8
    weekend += ["qualifying_teammate", *practice]
    assert rows[weekend].isna().all(axis=None)


def test_practice_is_told_in_places_and_within_the_team(
    tables: Tables, frames: dict[str, pd.DataFrame]
) -> None:
    """Written out from the sessions' times, for a race with three of them."""
    event = "2024-prix-1"
    shown = _rows(frames, event, "post_practice", "none")
    times = tables["practice_results"].query("event_id == @event")
    times = times.pivot(index="driver_id", columns="session", values="best_ms").astype("float64")
    places = times.rank().mean(axis=1).reindex(shown.index)
    assert list(times) == ["FP1", "FP2", "FP3"]
    assert shown["practice_mean_rank"].tolist() == pytest.approx(places.tolist())
    gaps = (100 * (times / times.min() - 1)).clip(upper=10).reindex(shown.index)
    assert shown["practice_last_gap"].tolist() == pytest.approx(gaps["FP3"].tolist())
    assert shown["practice_rank"].tolist() == gaps.mean(axis=1).rank().tolist()
    assert shown["practice_best_rank"].tolist() == gaps.min(axis=1).rank().tolist()
    for _, team in shown.groupby("constructor_id"):
        assert (team["practice_team_gap"] == team["practice_best_gap"].min()).all()
        assert team["practice_teammate"].sum() == pytest.approx(0)
        assert (team["practice_teammate"].idxmin()) == team["practice_gap"].idxmin()


@pytest.mark.parametrize(
    ("event", "seen"), [("2022-prix-3", True), ("2023-prix-3", False), ("2024-prix-3", True)]
)
def test_a_sprint_is_seen_only_where_it_came_before_the_cut_off(
    frames: dict[str, pd.DataFrame], event: str, seen: bool
) -> None:
    rows = _rows(frames, event, "post_qualifying", "official")
    assert rows["sprint_order"].notna().all() == seen
    assert rows["sprint_order"].isna().all() != seen


def test_the_pit_lane_is_known_from_the_official_grid_only(
    tables: Tables, frames: dict[str, pd.DataFrame]
) -> None:
    assert tables["starting_grids"]["pit_lane"].any()
    rows = frames["race_features"].groupby("grid_source")["pit_lane"]
    assert rows.sum()["official"] == tables["starting_grids"]["pit_lane"].sum()
    assert rows.count()["qualifying"] == 0


class TestOutcome:
    """The training set's targets."""

    def test_who_has_no_result_retired_and_is_last(self, tables: Tables) -> None:
        results = tables["race_results"]
        event, winner = "2022-prix-2", ""
        own = results["event_id"].eq(event)
        winner = results.loc[own & results["finish_order"].eq(1), "driver_id"].item()
        kept = results[~(own & results["driver_id"].eq(winner))]
        frames = build_all(tables)
        rows = features.training_set(frames["race_features"], {"race_results": kept})
        row = rows[rows["event_id"].eq(event) & rows["driver_id"].eq(winner)].iloc[0]
        assert row["retired"]
        assert not row["started"]
        assert not row["classified"]
        assert row["finish_order"] == 10

    def test_who_did_not_start_counts_as_retired(
        self, tables: Tables, frames: dict[str, pd.DataFrame]
    ) -> None:
        results = tables["race_results"].query("outcome == 'did_not_start'")
        assert len(results)
        rows = features.training_set(frames["race_features"], tables)
        joined = rows.merge(results[["event_id", "driver_id"]], on=["event_id", "driver_id"])
        assert joined["retired"].all()
        assert not joined["started"].any()

    def test_classified_cars_come_first(
        self, tables: Tables, frames: dict[str, pd.DataFrame]
    ) -> None:
        rows = features.training_set(frames["race_features"], tables)
        by_race = rows.query("horizon == 'pre_weekend'").groupby("event_id")
        for _, race in by_race:
            ordered = race.sort_values("finish_order")["classified"].tolist()
            assert ordered == sorted(ordered, reverse=True)

    def test_events_to_come_are_left_out(
        self, tables: Tables, frames: dict[str, pd.DataFrame]
    ) -> None:
        rows = features.training_set(frames["race_features"], tables)
        assert set(rows["event_id"]) == set(tables["race_results"]["event_id"])
