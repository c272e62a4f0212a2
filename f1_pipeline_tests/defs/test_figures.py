"""The asset `figures` on real storage: what ships, what laps that are held put in its place."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest

from f1_pipeline import clock
from f1_pipeline.contracts.strategy import FIGURES
from f1_pipeline.definitions import build_definitions
from f1_pipeline.sources import archive
from f1_pipeline.strategy import figures as strategy
from f1_pipeline_tests.defs.pipeline import Pipeline, metadata
from f1_pipeline_tests.strategy.races import Rows, at, car, stops, tables

HELD, SHIPPED, UNKNOWN = "2025-australia", "2025-china", "2031-monaco"
TIMING = ("laps", "stints", "clean_laps", "track_status", "pit_lane_losses")


def race(event: str, cars: Sequence[Rows], won: int = 12) -> dict[str, pd.DataFrame]:
    given = tables(cars, {at(6.5): "4", at(8): "1"}, won=won)
    return {name: frame.assign(event_id=event) for name, frame in given.items()}


def ship(folder: Path, *races: dict[str, pd.DataFrame]) -> None:
    """Figures of these races as an archive's, with revisions of their own."""
    made = [strategy.figures(given, {event_of(given): "shipped"}) for given in races]
    frames = {name: pd.concat([f[name] for f in made], ignore_index=True) for name in FIGURES}
    archive.write_figures(frames, folder)


def event_of(given: dict[str, pd.DataFrame]) -> str:
    return str(given["laps"]["event_id"].iloc[0])


def hold(pipeline: Pipeline, given: dict[str, pd.DataFrame]) -> None:
    """The race's laps, as if they had been taken in."""
    unit = f"{event_of(given)}/R"
    pipeline.warehouse.publish(
        {name: given[name] for name in TIMING},
        run_id="test",
        at=clock.now(),
        of={name: {unit} for name in TIMING},
    )


def run(pipeline: Pipeline) -> dict[str, object]:
    """Take in; what the run says of the races, once all checks have passed."""
    done = pipeline.run("take_in")
    checks = done.get_asset_check_evaluations()
    assert {c.asset_key.path[-1] for c in checks} >= set(FIGURES)
    assert all(check.passed for check in checks)
    return metadata(done, "strategy/race_figures")[0]


def sources(pipeline: Pipeline) -> dict[str, str]:
    rows = pipeline.warehouse.read("race_figures")
    return dict(zip(rows["event_id"], rows["source"], strict=True))


@pytest.mark.usefixtures("on_each_database")
def test_what_ships_and_the_laps_that_replace_it(pipeline: Pipeline, archive_dir: Path) -> None:
    pipeline.run("update_tables")
    warehouse = pipeline.warehouse
    assert {name: len(warehouse.read(name)) for name in FIGURES} == dict.fromkeys(FIGURES, 0)
    one, two, *_ = warehouse.read("drivers")["driver_id"]
    cars = [car(one), car(two, behind=500)]

    ship(archive_dir, *(race(event, cars) for event in (HELD, SHIPPED, UNKNOWN)))
    assert run(pipeline)["changed"] == 2
    assert sources(pipeline) == {HELD: "archive", SHIPPED: "archive"}
    assert set(warehouse.read("stint_figures")["tier"]) == {"timing"}

    stopped = [stops(car(one), 7, at(6.9), at(7.1)), cars[1]]
    hold(pipeline, race(HELD, stopped))
    said = run(pipeline)
    assert (said["computed"], said["changed"]) == (1, 1)
    assert sources(pipeline) == {HELD: "livetiming", SHIPPED: "archive"}
    stints = warehouse.read_where("stint_figures", event_id=HELD)
    assert list(stints["began_under"]) == ["start", "safety_car", "start"]
    assert len(warehouse.read_version("stint_figures", HELD, 1)) == 2

    said = run(pipeline)
    assert (said["computed"], said["changed"], said["withdrawn"]) == (0, 0, 0)

    for name in FIGURES:
        (archive_dir / f"{name}.parquet").unlink()
    assert run(pipeline)["withdrawn"] == 1
    assert sources(pipeline) == {HELD: "livetiming"}
    assert set(warehouse.read("caution_figures")["event_id"]) == {HELD}


def test_what_ships_of_the_same_laps_is_not_computed(pipeline: Pipeline, archive_dir: Path) -> None:
    pipeline.run("update_tables")
    driver = pipeline.warehouse.read("drivers")["driver_id"].iloc[0]
    given = race(HELD, [car(driver)])
    hold(pipeline, given)
    assert run(pipeline)["computed"] == 1
    frames = pipeline.warehouse.read_many(list(FIGURES))
    archive.write_figures(frames, archive_dir)

    # The same laps in a home that has no figures yet.
    pipeline.warehouse.publish(
        {name: frame.iloc[:0] for name, frame in frames.items()}, run_id="test", at=clock.now()
    )
    said = run(pipeline)

    assert (said["computed"], said["changed"]) == (0, 1)
    assert sources(pipeline) == {HELD: "archive"}


def test_a_race_with_a_fault_keeps_its_last_good_figures(
    pipeline: Pipeline, archive_dir: Path
) -> None:
    pipeline.run("update_tables")
    driver = pipeline.warehouse.read("drivers")["driver_id"].iloc[0]
    good, bad = race(HELD, [car(driver)]), race(HELD, [car(driver), car("nobody", behind=9)], 11)
    ship(archive_dir, good)
    run(pipeline)

    ship(archive_dir, bad, race(SHIPPED, [car(driver)]))
    run(pipeline)

    assert set(sources(pipeline)) == {HELD, SHIPPED}
    laps = pipeline.warehouse.read_where("race_figures", event_id=HELD)["laps"]
    assert laps.tolist() == [12]
    refused = pipeline.warehouse.read("quarantine")
    assert set(refused["reason"]) == {"unknown driver 'nobody'"}
    assert set(refused["event_id"]) == {HELD}
    assert refused["resolved_at"].isna().all()

    ship(archive_dir, good)
    run(pipeline)
    assert pipeline.warehouse.read("quarantine")["resolved_at"].notna().all()


@pytest.mark.parametrize(
    "job", ["refresh", "take_in", "update_timing", "update_event", "update_tables"]
)
def test_figures_follow_wherever_laps_are_taken_in(job: str) -> None:
    selected = build_definitions().resolve_job_def(job).asset_layer.executable_asset_keys
    assert {key.to_user_string() for key in selected} >= {f"strategy/{name}" for name in FIGURES}
