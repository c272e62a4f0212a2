"""The grid that a recommendation starts from, the best that is known of it."""

import pandas as pd
import pytest

from f1_pipeline.errors import PipelineError
from f1_pipeline.strategy.grid import COLUMNS, grid_of
from f1_pipeline_tests.tables.timing.made_laps import made, none

EVENT = "2025-italy"
NO_GRID = none("starting_grids")


def official(*rows: tuple[str, int, bool | None], event: str = EVENT) -> pd.DataFrame:
    return made(
        "starting_grids",
        [
            {"event_id": event, "driver_id": driver, "constructor_id": f"team-{driver}"}
            | {"grid_order": order, "pit_lane": lane}
            for driver, order, lane in rows
        ],
    )


def forecast(*rows: tuple[str, float | None, float]) -> pd.DataFrame:
    names = ["driver_id", "grid_position", "expected_position"]
    found = pd.DataFrame(rows, columns=names).astype({"grid_position": "Int64"})
    return found.assign(event_id=EVENT, constructor_id="team-" + found["driver_id"])


def never() -> pd.DataFrame:
    raise AssertionError("the forecast is not asked for where the grid is published")


def order(rows: pd.DataFrame) -> list[str]:
    assert list(rows.columns) == COLUMNS
    assert list(rows.index) == list(range(len(rows)))
    assert list(rows["constructor_id"]) == [f"team-{driver}" for driver in rows["driver_id"]]
    return list(rows["driver_id"])


def test_the_published_grid_comes_before_a_forecast():
    rows, source = grid_of(
        EVENT, official(("b", 2, False), ("c", 3, False), ("a", 1, False)), never
    )
    assert (order(rows), source) == (["a", "b", "c"], "official")
    assert not rows["pit_lane"].any()


def test_who_starts_from_the_pit_lane_is_last_wherever_the_list_has_him():
    grid = official(("a", 1, True), ("b", 2, False), ("c", 3, None), ("d", 4, True))
    rows, _ = grid_of(EVENT, grid, never)
    assert order(rows) == ["b", "c", "a", "d"]
    assert list(rows["pit_lane"]) == [False, False, True, True]
    assert rows["pit_lane"].dtype == bool


def test_places_that_the_forecast_knew_come_before_what_it_expected():
    said = forecast(("a", 2, 1.5), ("b", 1, 2.5), ("c", None, 1.0), ("d", None, 0.5))
    rows, source = grid_of(EVENT, NO_GRID, lambda: said)
    assert (order(rows), source) == (["b", "a", "d", "c"], "qualifying")
    assert not rows["pit_lane"].any()


def test_before_qualifying_it_is_what_is_expected_and_names_decide_between_equals():
    said = forecast(("c", None, 1.5), ("b", None, 2.5), ("a", None, 2.5))
    rows, source = grid_of(EVENT, NO_GRID, lambda: said)
    assert (order(rows), source) == (["c", "a", "b"], "forecast")


def test_grids_of_other_events_are_none_of_this_one():
    other = official(("a", 1, False), event="2025-spain")
    rows, source = grid_of(EVENT, other, lambda: forecast(("b", None, 1.0)))
    assert (order(rows), source) == (["b"], "forecast")


@pytest.mark.parametrize("said", [pd.DataFrame(), forecast()])
def test_without_both_the_error_names_the_command(said):
    with pytest.raises(PipelineError, match=f"`f1-pipeline predict --event {EVENT}` makes"):
        grid_of(EVENT, NO_GRID, lambda: said)
