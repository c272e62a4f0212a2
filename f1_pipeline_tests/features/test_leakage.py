"""Nothing that is known only afterwards enters; and the test that says so can tell."""

from collections.abc import Callable

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from f1_pipeline.features import training_set
from f1_pipeline_tests.features.conftest import Tables, build_all
from f1_pipeline_tests.features.leakage import assert_blind

VARIANTS = [
    ("pre_weekend", "none"),
    ("post_qualifying", "official"),
    ("post_qualifying", "qualifying"),
]
# A conventional weekend, one of each with a sprint, and the last race held.
EVENTS = ["2022-prix-2", "2021-prix-3", "2023-prix-6", "2024-prix-3", "2024-prix-4"]


@pytest.mark.parametrize("event_id", EVENTS)
@pytest.mark.parametrize(("horizon", "grid_source"), VARIANTS)
def test_features_do_not_see_what_comes_after(
    tables: Tables, event_id: str, horizon: str, grid_source: str
) -> None:
    assert_blind(build_all, tables, event_id, horizon, grid_source, seed=1)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    season=st.integers(2021, 2024),
    number=st.integers(1, 4),
    variant=st.sampled_from(VARIANTS),
    seed=st.integers(0, 10_000),
)
def test_features_of_any_event_do_not_see_what_comes_after(
    tables: Tables, season: int, number: int, variant: tuple[str, str], seed: int
) -> None:
    assert_blind(build_all, tables, f"{season}-prix-{number}", *variant, seed=seed)


def _own_finish(tables: Tables, rows: pd.DataFrame) -> pd.Series:
    results = tables["race_results"].set_index(["event_id", "driver_id"])["finish_order"]
    keys = pd.MultiIndex.from_frame(rows[["event_id", "driver_id"]])
    return pd.Series(results.reindex(keys).to_numpy(), rows.index).astype("float64")


def _career_mean(tables: Tables, rows: pd.DataFrame) -> pd.Series:
    means = tables["race_results"].groupby("driver_id")["finish_order"].mean()
    return rows["driver_id"].map(means).astype("float64")


def _own_standing(tables: Tables, rows: pd.DataFrame) -> pd.Series:
    points = tables["standings"].set_index(["event_id", "competitor_id"])["points"]
    keys = pd.MultiIndex.from_frame(rows[["event_id", "driver_id"]])
    return pd.Series(points.reindex(keys).to_numpy(), rows.index).astype("float64")


def _own_stops(tables: Tables, rows: pd.DataFrame) -> pd.Series:
    return rows["event_id"].map(tables["pit_stops"].groupby("event_id")["pit_lane_ms"].mean())


def _own_pace(tables: Tables, rows: pd.DataFrame) -> pd.Series:
    gaps = tables["race_pace"].groupby(["event_id", "driver_id"])["gap"].mean()
    keys = pd.MultiIndex.from_frame(rows[["event_id", "driver_id"]])
    return pd.Series(gaps.reindex(keys).to_numpy(), rows.index)


def _own_qualifying(tables: Tables, rows: pd.DataFrame) -> pd.Series:
    times = tables["qualifying_results"].groupby("event_id")["q1_ms"].mean()
    return rows["event_id"].map(times).astype("float64")


def _own_sprint(tables: Tables, rows: pd.DataFrame) -> pd.Series:
    points = tables["sprint_results"].set_index(["event_id", "driver_id"])["points"]
    keys = pd.MultiIndex.from_frame(rows[["event_id", "driver_id"]])
    return pd.Series(points.reindex(keys).to_numpy(), rows.index).astype("float64")


def _own_grid(tables: Tables, rows: pd.DataFrame) -> pd.Series:
    grid = tables["starting_grids"].set_index(["event_id", "driver_id"])["grid_order"]
    keys = pd.MultiIndex.from_frame(rows[["event_id", "driver_id"]])
    return pd.Series(grid.reindex(keys).to_numpy(), rows.index).astype("float64")


@pytest.mark.parametrize(
    ("leak", "event_id", "variant"),
    [
        (_own_finish, "2022-prix-2", VARIANTS[1]),
        (_career_mean, "2022-prix-2", VARIANTS[0]),
        (_own_standing, "2022-prix-2", VARIANTS[2]),
        (_own_stops, "2022-prix-2", VARIANTS[1]),
        (_own_pace, "2022-prix-2", VARIANTS[2]),
        (_own_qualifying, "2022-prix-2", VARIANTS[0]),
        (_own_sprint, "2023-prix-3", VARIANTS[1]),
        (_own_sprint, "2024-prix-3", VARIANTS[0]),
        (_own_grid, "2022-prix-2", VARIANTS[2]),
    ],
)
def test_a_planted_leak_is_found(
    tables: Tables,
    leak: Callable[[Tables, pd.DataFrame], pd.Series],
    event_id: str,
    variant: tuple[str, str],
) -> None:
    def leaking(given_tables: Tables) -> dict[str, pd.DataFrame]:
        frames = build_all(given_tables)
        rows = frames["race_features"]
        frames["race_features"] = rows.assign(practice_gap=leak(given_tables, rows))
        return frames

    with pytest.raises(AssertionError, match="race_features"):
        assert_blind(leaking, tables, event_id, *variant, seed=1)


def test_what_was_known_is_no_leak(tables: Tables) -> None:
    """The same planted features, where they come before the cut-off."""

    def seeing(given_tables: Tables) -> dict[str, pd.DataFrame]:
        frames = build_all(given_tables)
        rows = frames["race_features"]
        frames["race_features"] = rows.assign(practice_gap=_own_qualifying(given_tables, rows))
        return frames

    assert_blind(seeing, tables, "2022-prix-2", *VARIANTS[1], seed=1)


def test_features_do_not_depend_on_the_order_of_rows(
    tables: Tables, frames: dict[str, pd.DataFrame]
) -> None:
    mixed = {name: frame.sample(frac=1, random_state=5) for name, frame in tables.items()}
    for name, frame in build_all(mixed).items():
        pd.testing.assert_frame_equal(frame, frames[name], check_exact=True)
    rows = training_set(frames["race_features"], tables)
    pd.testing.assert_frame_equal(training_set(frames["race_features"], mixed), rows)
