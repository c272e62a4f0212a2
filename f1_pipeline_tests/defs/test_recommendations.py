"""Plans on real storage: published, not twice, scored; a backtest that is kept; the sensor."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline.defs import recommendations
from f1_pipeline.defs.resources import Storage
from f1_pipeline.errors import ContractError
from f1_pipeline.sources import archive
from f1_pipeline.strategy import backtest
from f1_pipeline.strategy.plans import parse
from f1_pipeline_tests.defs.pipeline import NEXT, Pipeline, metadata
from f1_pipeline_tests.defs.test_strategy_fits import ship
from f1_pipeline_tests.release import make_release

BOTH = ("recommendations", "caution_advice")


SEASONS = (2024, 2025)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with tables and figures of twelve races of eight cars; copied by each test."""
    folder = tmp_path_factory.mktemp("plans")
    release = make_release(folder / "release", seasons=SEASONS, races=6, cars=8)
    archive.build(release, folder / "archive")
    with pytest.MonkeyPatch.context() as patch, dg.DagsterInstance.ephemeral() as instance:
        patch.setenv("F1_DATA_DIR", str(folder / "data"))
        patch.setenv("F1_ARCHIVE_DIR", str(folder / "archive"))
        first = Pipeline(instance)
        first.run("update_tables")
        ship(first, folder / "archive", SEASONS)
        first.run("take_in")
    return folder


@pytest.fixture
def filled(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pipeline]:
    """A copy of it; few draws."""
    shutil.copytree(made / "data", tmp_path / "home")
    shutil.copytree(made / "archive", tmp_path / "archive")
    monkeypatch.setenv("F1_DATA_DIR", str(tmp_path / "home"))
    monkeypatch.setenv("F1_ARCHIVE_DIR", str(tmp_path / "archive"))
    monkeypatch.setattr(recommendations, "DRAWS", 500)
    monkeypatch.setattr(backtest, "DRAWS", 40)
    with dg.DagsterInstance.ephemeral() as instance:
        found = Pipeline(instance)
        events = found.warehouse.read("events")
        instance.add_dynamic_partitions("events", list(events["event_id"]))
        instance.add_dynamic_partitions("seasons", [str(season) for season in SEASONS])
        yield found


def last_event(pipeline: Pipeline, season: int = SEASONS[-1]) -> str:
    events = pipeline.warehouse.read("events").sort_values("race_starts_at")
    return str(events.loc[events["season"].eq(season), "event_id"].iloc[-1])


def published(pipeline: Pipeline, event_id: str) -> pd.DataFrame:
    return pipeline.warehouse.read_where("recommendations", event_id=event_id)


def test_plans_are_published_once_and_again_when_what_they_rest_on_changes(
    filled: Pipeline, tmp_path: Path
) -> None:
    event_id = last_event(filled)
    done = filled.run("recommend_event", partition_key=event_id)
    plans = check(published(filled, event_id), CONTRACTS["recommendations"])
    advice = check(filled.warehouse.read("caution_advice"), CONTRACTS["caution_advice"])
    cars = filled.warehouse.read_where("starting_grids", event_id=event_id)
    assert set(plans["driver_id"]) == set(cars["driver_id"]) == set(advice["driver_id"])
    for _, mine in plans.groupby("driver_id"):
        assert sorted(mine["rank"]) == list(range(1, len(mine) + 1))
        assert mine["plan"].is_unique
    assert plans["experimental"].all()  # no backtest is held that says otherwise
    assert all(
        len(parse(plan).stops) == n for plan, n in zip(plans["plan"], plans["stops"], strict=True)
    )
    first = plans[plans["rank"].eq(1)]
    assert not first["clear"].any()
    assert first["window_first"].map(len).eq(first["stops"]).all()
    said = metadata(done, "strategy/recommendations")[0]
    assert said["rows_published"] == len(plans)
    assert "data:image/png" in str(said["plans"])

    again = filled.run("recommend_event", partition_key=event_id)
    assert metadata(again, "strategy/recommendations")[0]["rows_published"] == 0
    pd.testing.assert_frame_equal(published(filled, event_id), plans)

    ship(filled, tmp_path / "archive", SEASONS, slower=3_000)
    filled.run("take_in")
    filled.run("recommend_event", partition_key=event_id)
    both = published(filled, event_id)
    assert both["run_id"].nunique() == both["data_version"].nunique() == 2
    kept = both[both["run_id"].eq(plans["run_id"].iloc[0])].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, plans)


def test_too_little_held_is_a_reason_and_publishes_nothing(filled: Pipeline) -> None:
    events = filled.warehouse.read("events").sort_values("race_starts_at")
    early = str(events["event_id"].iloc[3])
    done = filled.run("recommend_event", partition_key=early)
    said = metadata(done, "strategy/recommendations")[0]
    assert "3 dry races" in str(said["reason"])
    assert "archive" in str(said["reason"])
    assert filled.warehouse.read("recommendations").empty
    assert filled.warehouse.read("caution_advice").empty


@pytest.mark.server
def test_plans_are_published_in_postgresql(
    filled: Pipeline, postgres_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", postgres_database)
    filled.run("update_tables")
    filled.run("take_in")
    event_id = last_event(filled)
    filled.run("recommend_event", partition_key=event_id)
    plans = check(published(filled, event_id), CONTRACTS["recommendations"])
    assert plans.loc[plans["rank"].eq(1), "window_first"].map(len).gt(0).all()


def test_a_row_on_less_data_than_its_contract_asks_for_is_refused(filled: Pipeline) -> None:
    event_id = last_event(filled)
    filled.run("recommend_event", partition_key=event_id)
    plans = published(filled, event_id)
    contract = CONTRACTS["recommendations"]
    check(plans, contract)
    for column, least in (("dry_races", 9), ("draws", 499)):
        with pytest.raises(ContractError, match=column):
            check(plans.assign(**{column: least}), contract)


def test_plans_are_scored_and_after_the_start_they_are_no_forecast(filled: Pipeline) -> None:
    event_id = last_event(filled)
    filled.run("recommend_event", partition_key=event_id)
    filled.run("take_in")
    scores = filled.warehouse.read("scored_recommendations")
    assert set(scores["status"]) == {"retrospective"}
    first = published(filled, event_id).query("rank == 1").set_index("driver_id")
    for row in scores.itertuples():
        stops = len(parse(row.plan).stops)
        assert row.plan == first["plan"][row.driver_id]
        assert row.stops_right == (stops == row.actual_stops)
        assert pd.isna(row.first_stop_error) != row.stops_right


def test_a_season_is_backtested_once_and_anew_when_its_figures_change(
    filled: Pipeline, tmp_path: Path
) -> None:
    season = SEASONS[-1]
    done = filled.run("backtest_strategy", partition_key=str(season))
    rows = check(filled.warehouse.read("strategy_backtest"), CONTRACTS["strategy_backtest"])
    assert set(rows["season"]) == {season}
    said = metadata(done, "strategy/strategy_backtest")[0]
    assert said["reused"] is False
    assert "one stop" in str(said["evidence"])
    again = filled.run("backtest_strategy", partition_key=str(season))
    assert metadata(again, "strategy/strategy_backtest")[0]["reused"] is True
    ship(filled, tmp_path / "archive", SEASONS, slower=3_000)
    filled.run("take_in")
    third = filled.run("backtest_strategy", partition_key=str(season))
    assert metadata(third, "strategy/strategy_backtest")[0]["reused"] is False
    assert set(filled.warehouse.read("strategy_backtest")["fingerprint"]) != set(
        rows["fingerprint"]
    )


def test_the_sensor_asks_once_when_the_grid_of_the_next_race_is_known(
    filled: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tick() -> dg.RunRequest | dg.SkipReason:
        with dg.build_sensor_context(
            instance=filled.instance,
            definitions=filled.definitions,
            resources={"storage": Storage()},
        ) as context:
            found = recommendations.plans(context)
        assert isinstance(found, dg.RunRequest | dg.SkipReason)
        return found

    monkeypatch.setenv("F1_NOW", "2026-01-01T00:00:00Z")
    skipped = tick()
    assert isinstance(skipped, dg.SkipReason)
    assert NEXT in str(skipped.skip_message)

    event_id = last_event(filled)
    starts = filled.warehouse.read_where("events", event_id=event_id)["race_starts_at"].iloc[0]
    monkeypatch.setenv("F1_NOW", (starts - pd.Timedelta(hours=3)).isoformat())
    asked = tick()
    assert isinstance(asked, dg.RunRequest)
    assert asked.partition_key == event_id
    filled.run("recommend_event", partition_key=event_id)
    assert isinstance(tick(), dg.SkipReason)
    assert set(published(filled, event_id)["event_starts_at"]) == {starts}
    monkeypatch.setenv("F1_NOW", "2030-01-01T00:00:00Z")
    ended = tick()
    assert isinstance(ended, dg.SkipReason)
    assert "nothing more" in str(ended.skip_message)
