"""A correction moves the features of races that start after it, and of no other."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from f1_pipeline import features
from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline.definitions import build_definitions
from f1_pipeline.features.as_seen import Replaced
from f1_pipeline.settings import load_settings
from f1_pipeline.storage.warehouse import Superseded, Warehouse
from f1_pipeline_tests.features.conftest import Tables, build_all

FRAMES = ("driver_form", "team_form", "circuit_patterns", "lap_form", "race_features")
CORRECTED = "2022-prix-2"
HOUR = timedelta(hours=1)


def starts(tables: Tables) -> dict[str, datetime]:
    events = tables["events"].sort_values("race_starts_at")
    return dict(zip(events["event_id"], events["race_starts_at"], strict=True))


def after(tables: Tables, event_id: str) -> datetime:
    """An hour after the race has started."""
    return starts(tables)[event_id] + HOUR


def rows_of(tables: Tables, table: str, event_id: str) -> pd.DataFrame:
    frame = tables[table]
    return frame[frame["event_id"].eq(event_id)].reset_index(drop=True)


def replaced(
    tables: Tables, table: str, event_id: str, version: int, until: datetime, first: bool = False
) -> Superseded:
    """The rows that `tables` hold of the event, as a version that was replaced at `until`."""
    since = until if first else starts(tables)[event_id] + HOUR
    frame = rows_of(tables, table, event_id)
    return Superseded(table, event_id, version, since, until, frame)


def with_rows(tables: Tables, table: str, event_id: str, rows: pd.DataFrame) -> Tables:
    others = tables[table][tables[table]["event_id"].ne(event_id)]
    return dict(tables) | {table: pd.concat([others, rows], ignore_index=True)}


def amended(tables: Tables, event_id: str = CORRECTED, by: int = 1) -> Tables:
    """The result of an event ruled anew: everybody has the place of the one `by` behind him."""
    rows = rows_of(tables, "race_results", event_id)
    theirs = [c for c in rows if c not in ("driver_id", "constructor_id", "event_id")]
    moved = rows[theirs].iloc[[*range(by, len(rows)), *range(by)]].reset_index(drop=True)
    return with_rows(tables, "race_results", event_id, rows.assign(**moved))


def regridded(tables: Tables, event_id: str = CORRECTED) -> Tables:
    """The same for its grid."""
    rows = rows_of(tables, "starting_grids", event_id)
    moved = rows["grid_order"].iloc[::-1].to_numpy()
    rows = rows.assign(grid_order=moved, grid_position=moved, pit_lane=False)
    return with_rows(tables, "starting_grids", event_id, rows)


def as_seen(tables: Tables, *superseded: Replaced) -> dict[str, pd.DataFrame]:
    """The five frames, as the assets make them."""
    made = {
        name: features.compute_as_seen(getattr(features, name), tables, superseded)
        for name in FRAMES[:4]
    }

    def joined(seen: features.Tables) -> pd.DataFrame:
        return features.race_features(seen, *made.values())

    return made | {"race_features": features.compute_as_seen(joined, tables, superseded)}


def moved(before: Mapping[str, pd.DataFrame], now: Mapping[str, pd.DataFrame]) -> set[str]:
    """The events of whom any bit of any frame differs."""
    found = set()
    for name, frame in before.items():
        assert list(now[name].columns) == list(frame.columns)
        assert (now[name].dtypes == frame.dtypes).all()
        for event_id in set(frame["event_id"]) | set(now[name]["event_id"]):
            mine, other = (f[f["event_id"].eq(event_id)] for f in (frame, now[name]))
            if not mine.reset_index(drop=True).equals(other.reset_index(drop=True)):
                found.add(event_id)
    return found


def counted(calls: list[Tables]) -> Callable[[Tables], pd.DataFrame]:
    def compute(tables: Tables) -> pd.DataFrame:
        calls.append(tables)
        return features.driver_form(tables)

    return compute


def test_without_a_correction_nothing_is_done_twice(
    tables: Tables, frames: dict[str, pd.DataFrame]
) -> None:
    calls: list[Tables] = []
    made = features.compute_as_seen(counted(calls), tables, [])
    assert [id(seen) for seen in calls] == [id(tables)]
    pd.testing.assert_frame_equal(made, frames["driver_form"], check_exact=True)


def test_a_correction_moves_races_that_start_after_it_and_no_other(
    tables: Tables, frames: dict[str, pd.DataFrame]
) -> None:
    now = amended(tables)
    known_at = after(tables, "2023-prix-1")
    made = as_seen(now, replaced(tables, "race_results", CORRECTED, 1, known_at))
    later = {event for event, start in starts(tables).items() if start >= known_at}
    assert moved(frames, made) == later
    # The later ones are what they are when there was never another result.
    assert moved(build_all(now), made) & later == set()
    # Without the rule the correction reaches back to the race after the one that it corrects.
    unguarded = moved(frames, build_all(now))
    assert "2022-prix-3" in unguarded
    assert unguarded > later


def test_a_correction_at_the_very_start_was_seen(
    tables: Tables, frames: dict[str, pd.DataFrame]
) -> None:
    at = starts(tables)["2023-prix-2"]
    made = as_seen(amended(tables), replaced(tables, "race_results", CORRECTED, 1, at))
    assert min(moved(frames, made), key=starts(tables).__getitem__) == "2023-prix-2"


def test_the_rows_keep_their_order(tables: Tables, frames: dict[str, pd.DataFrame]) -> None:
    old = replaced(tables, "race_results", CORRECTED, 1, after(tables, "2023-prix-1"))
    made = as_seen(amended(tables), old)
    for name, frame in frames.items():
        key = list(CONTRACTS[name].key)
        pd.testing.assert_frame_equal(made[name][key], frame[key])
        check(made[name], CONTRACTS[name])


def test_labels_see_the_correction_at_once(tables: Tables, frames: dict[str, pd.DataFrame]) -> None:
    now = amended(tables)
    old = replaced(tables, "race_results", CORRECTED, 1, after(tables, "2023-prix-1"))
    made = as_seen(now, old)["race_features"]
    labels = ["finish_order", "classified", "retired", "started"]
    before = features.training_set(frames["race_features"], tables).query("event_id == @CORRECTED")
    corrected = features.training_set(made, now).query("event_id == @CORRECTED")
    assert not corrected[labels].equals(before[labels])
    pd.testing.assert_frame_equal(
        corrected.drop(columns=labels), before.drop(columns=labels), check_exact=True
    )


def test_each_race_sees_the_ruling_of_its_day(tables: Tables) -> None:
    """Three versions of one result: two corrections, each with the races between them."""
    first, second, third = tables, amended(tables, by=1), amended(tables, by=4)
    one, two = after(tables, "2022-prix-4"), after(tables, "2023-prix-2")
    made = as_seen(
        third,
        replaced(second, "race_results", CORRECTED, 2, two),
        replaced(first, "race_results", CORRECTED, 1, one),
    )
    for version, low, high in ((first, None, one), (second, one, two), (third, two, None)):
        seen = {
            event
            for event, start in starts(tables).items()
            if (low is None or start >= low) and (high is None or start < high)
        }
        assert len(seen) > 3
        assert moved(build_all(version), made) & seen == set()


def test_a_withdrawn_result_was_seen_until_it_went(
    tables: Tables, frames: dict[str, pd.DataFrame]
) -> None:
    """And while it was gone it was not, though it is back since."""
    gone = with_rows(
        tables, "race_results", CORRECTED, rows_of(tables, "race_results", CORRECTED).iloc[:0]
    )
    one, two = after(tables, "2022-prix-5"), after(tables, "2023-prix-3")
    first = replaced(tables, "race_results", CORRECTED, 1, one)
    later = {event for event, start in starts(tables).items() if start >= one}
    assert moved(frames, as_seen(gone, first)) == later
    back = as_seen(tables, first, replaced(gone, "race_results", CORRECTED, 2, two))
    assert moved(frames, back) == {e for e in later if starts(tables)[e] < two}


def test_a_first_version_that_comes_late_is_no_correction(
    tables: Tables, frames: dict[str, pd.DataFrame]
) -> None:
    """An old season that is filled in, and corrected: its races saw the first version there is."""
    filled_in = after(tables, "2023-prix-1")
    corrected = filled_in + 40 * HOUR
    old = replaced(tables, "race_results", CORRECTED, 1, corrected, first=True)
    assert old.valid_from > starts(tables)["2022-prix-4"]
    changed = moved(frames, as_seen(amended(tables), old))
    assert changed == {event for event, start in starts(tables).items() if start >= corrected}


def test_a_grid_published_after_the_start_counts_for_its_own_race(
    tables: Tables, frames: dict[str, pd.DataFrame]
) -> None:
    known_at = after(tables, "2022-prix-4")
    old = replaced(tables, "starting_grids", CORRECTED, 1, known_at)
    now = regridded(tables)
    changed = moved(frames, as_seen(now, old))
    assert CORRECTED in moved(frames, build_all(now))
    assert min(starts(tables)[event] for event in changed) >= known_at


def test_a_race_corrected_before_the_next_starts_costs_nothing(tables: Tables) -> None:
    calls: list[Tables] = []
    old = replaced(tables, "race_results", CORRECTED, 1, after(tables, CORRECTED) + HOUR)
    features.compute_as_seen(counted(calls), amended(tables), [old])
    assert len(calls) == 1


def test_many_races_corrected_at_once_cost_one_computation_more(tables: Tables) -> None:
    calls: list[Tables] = []
    known_at, now = after(tables, "2023-prix-4"), tables
    superseded = []
    for number in range(1, 7):
        event_id = f"2022-prix-{number}"
        superseded.append(replaced(tables, "race_results", event_id, 1, known_at))
        superseded.append(replaced(tables, "starting_grids", event_id, 1, known_at))
        now = regridded(amended(now, event_id), event_id)
    made = features.compute_as_seen(counted(calls), now, superseded)
    assert len(calls) == 2
    before, since = features.driver_form(tables), features.driver_form(now)
    early = made["event_id"].map(starts(tables)) < known_at
    pd.testing.assert_frame_equal(made[early], before[early], check_exact=True)
    pd.testing.assert_frame_equal(made[~early], since[~early], check_exact=True)


def test_versions_of_events_and_entries_are_passed_over(tables: Tables) -> None:
    calls: list[Tables] = []
    known_at = after(tables, "2023-prix-4")
    superseded = [
        Superseded(name, CORRECTED, 1, known_at, known_at, tables[name].iloc[:0])
        for name in ("events", "entries")
    ]
    elsewhere = replaced(tables, "race_results", CORRECTED, 1, known_at)
    superseded.append(
        Superseded("race_results", "1999-gone", 1, known_at, known_at, elsewhere.frame)
    )
    features.compute_as_seen(counted(calls), tables, superseded)
    assert [id(seen) for seen in calls] == [id(tables)]


class TestAssets:
    """The same through the warehouse: what is published, corrected and computed again."""

    @pytest.fixture
    def warehouse(self, tables: Tables, tmp_path: Path) -> Warehouse:
        warehouse = Warehouse(load_settings().database_url)
        self.publish(warehouse, tables, starts(tables)["2021-prix-1"])
        return warehouse

    @pytest.fixture
    def instance(self) -> Iterator[dg.DagsterInstance]:
        with dg.DagsterInstance.ephemeral() as instance:
            yield instance

    def publish(self, warehouse: Warehouse, tables: Tables, at: datetime) -> None:
        warehouse.publish(tables, run_id="test", at=at)

    def materialize(self, instance: dg.DagsterInstance) -> None:
        keys = [dg.AssetKey(["features", name]) for name in FRAMES]
        keys.append(dg.AssetKey(["model", "training_set"]))
        job = build_definitions().resolve_job_def("refresh")
        assert job.execute_in_process(
            instance=instance,
            asset_selection=keys,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        ).success

    def test_a_correction_makes_versions_of_later_races_only(
        self, tables: Tables, warehouse: Warehouse, instance: dg.DagsterInstance
    ) -> None:
        self.materialize(instance)
        before = warehouse.read_many(list(FRAMES))
        known_at = after(tables, "2023-prix-1")
        self.publish(warehouse, amended(tables), known_at)
        self.materialize(instance)
        later = {event for event, start in starts(tables).items() if start >= known_at}
        assert moved(before, warehouse.read_many(list(FRAMES))) == later
        ledger = warehouse.versions("race_features")
        assert set(ledger.loc[ledger["version"].eq(2), "event_id"]) == later
        labels = warehouse.versions("training_set")
        assert CORRECTED in set(labels.loc[labels["version"].eq(2), "event_id"])
        # Once more finds the same: nothing is remembered but the versions themselves.
        self.materialize(instance)
        assert warehouse.versions("race_features")["version"].max() == 2
