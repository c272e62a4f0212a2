"""What is fitted to figures, on real storage: rows, pictures, and a fit that went wrong."""

import base64
import re
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread

from f1_pipeline import clock
from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline.definitions import build_definitions
from f1_pipeline.defs import pictures_strategy
from f1_pipeline.defs.strategy_fits import NAMES
from f1_pipeline.sources import archive
from f1_pipeline.strategy.fits import tyres
from f1_pipeline_tests.defs.pipeline import RACES, Pipeline, metadata
from f1_pipeline_tests.strategy.fits import simulated

PICTURED = re.compile(r"^!\[[^]]+\]\(data:image/png;base64,([^)]+)\)$")
WEAR = {"SOFT": 70.0, "MEDIUM": 45.0, "HARD": 30.0}
SHOWN = {("stint_figures", "stints"), *((name, "picture") for name in NAMES)}


def ship(pipeline: Pipeline, folder: Path, seasons: tuple[int, ...], slower: float = 0.0) -> None:
    """Figures of the races of these seasons, as an archive's; `slower`: ms more of a stop."""
    events = pipeline.warehouse.read("events")
    events = events[events["season"].isin(seasons)].reset_index(drop=True)
    results = pipeline.warehouse.read("race_results")
    rng, circuits = np.random.default_rng(0), sorted(events["circuit_id"].unique())
    wear = {(circuit, compound): ms for circuit in circuits for compound, ms in WEAR.items()}
    stints = simulated.stints(events, wear, rng, cars=8)
    cars = {
        (event, f"d{place:02d}"): driver
        for event, of in results.groupby("event_id")
        for place, driver in enumerate(of["driver_id"])
    }
    keys = zip(stints["event_id"], stints["driver_id"], strict=True)
    stints["driver_id"] = [cars[key] for key in keys]
    losses = dict.fromkeys(circuits, 22_000.0 + slower)
    stops = [simulated.pit_losses(events, losses, rng, c) for c in ("green", "safety_car")]
    archive.write_figures(
        {
            "race_figures": simulated.races(events).assign(revision="shipped"),
            "stint_figures": stints,
            "caution_figures": simulated.cautions(events, dict.fromkeys(circuits, 0.8), rng),
            "pit_loss_figures": pd.concat(stops, ignore_index=True),
        },
        folder,
    )


def run(pipeline: Pipeline) -> dict[str, dict[str, object]]:
    """Take in; what the run says of the fits, once all checks have passed."""
    done = pipeline.run("take_in")
    checks = done.get_asset_check_evaluations()
    assert {c.asset_key.path[-1] for c in checks} >= set(NAMES)
    assert all(check.passed for check in checks)
    return {n: metadata(done, f"strategy/{n}")[0] for n in (*NAMES, "stint_figures")}


def fitted(said: dict[str, dict[str, object]]) -> set[object]:
    return {said[name]["fitted"] for name in NAMES}


@pytest.mark.usefixtures("on_each_database")
def test_figures_in_fits_of_every_circuit_out(pipeline: Pipeline, archive_dir: Path) -> None:
    pipeline.run("update_tables")
    warehouse = pipeline.warehouse
    ship(pipeline, archive_dir, (2024, 2025))
    said = run(pipeline)

    circuits = set(warehouse.read("events")["circuit_id"])
    for name in NAMES:
        rows = check(warehouse.read(name), CONTRACTS[name])
        assert set(rows["circuit_id"]) == circuits, name
        assert said[name]["dagster/row_count"] == len(rows)
        assert said[name]["races"] == 2 * RACES
    green = warehouse.read_where("pit_loss", caution="green")
    assert green["loss_ms"].to_numpy() == pytest.approx(22_000, rel=0.05)
    for name, key in SHOWN:
        found = PICTURED.match(str(said[name][key]))
        assert found, name
        height, width = imread(BytesIO(base64.b64decode(found[1]))).shape[:2]
        assert 900 <= width <= 1000
        assert height > 200

    ledger = {name: len(warehouse.versions(name)) for name in NAMES}
    again = run(pipeline)
    assert fitted(again) == {False}
    assert {name: len(warehouse.versions(name)) for name in NAMES} == ledger
    assert all(again[name][key] == said[name][key] for name, key in SHOWN)

    ship(pipeline, archive_dir, (2024, 2025), slower=3_000)
    assert fitted(run(pipeline)) == {True}
    green = warehouse.read_where("pit_loss", caution="green")
    assert green["loss_ms"].to_numpy() == pytest.approx(25_000, rel=0.05)


def test_without_figures_there_are_no_rows_and_the_run_says_so(pipeline: Pipeline) -> None:
    pipeline.run("update_tables")
    said = run(pipeline)
    for name in NAMES:
        assert pipeline.warehouse.read(name).empty
        assert said[name]["dagster/row_count"] == 0
        assert "no figures" in str(said[name]["reason"])
    assert "stints" not in said["stint_figures"]


def test_a_fit_with_a_fault_is_withheld_and_tried_again(
    pipeline: Pipeline, archive_dir: Path
) -> None:
    pipeline.run("update_tables")
    ship(pipeline, archive_dir, (2024,))
    run(pipeline)
    before = pipeline.warehouse.read_many(list(NAMES))

    def broken(*figures: Any) -> pd.DataFrame:
        return fit(*figures).assign(wear_ms=-1.0)

    fit = tyres.fit
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tyres, "fit", broken)
        ship(pipeline, archive_dir, (2024, 2025))
        said = run(pipeline)
    after = pipeline.warehouse.read_many(list(NAMES))
    pd.testing.assert_frame_equal(after["tyre_degradation"], before["tyre_degradation"])
    assert not after["pit_loss"].equals(before["pit_loss"])
    assert said["tyre_degradation"]["withheld"] == len(before["tyre_degradation"])
    assert said["pit_loss"]["withheld"] == 0
    refused = pipeline.warehouse.read("quarantine")
    assert set(refused["table_name"]) == {"tyre_degradation"}
    assert set(refused["reason"]) == {"wear_ms: too small (-1.0)"}
    assert refused["resolved_at"].isna().all()

    # The same figures, and a fit that is right again.
    assert fitted(run(pipeline)) == {True}
    assert pipeline.warehouse.read("quarantine")["resolved_at"].notna().all()
    rows = pipeline.warehouse.read("tyre_degradation")
    assert rows["stints"].sum() > before["tyre_degradation"]["stints"].sum()


def test_a_race_that_is_not_over_is_not_known(
    pipeline: Pipeline, archive_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline.run("update_tables")
    ship(pipeline, archive_dir, (2024, 2025))
    starts = pipeline.warehouse.read("events").set_index("event_id")["race_starts_at"]
    last = starts.sort_index()[starts.index.str.startswith("2024")].sort_values().index[-1]
    just_before = starts[last] - pd.Timedelta(hours=1)
    monkeypatch.setenv("F1_NOW", just_before.strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert run(pipeline)["pit_loss"]["races"] == RACES - 1

    monkeypatch.setenv("F1_NOW", "2025-01-01T00:00:00Z")
    said = run(pipeline)["pit_loss"]
    assert (said["races"], said["fitted"]) == (RACES, True)


def test_rows_that_are_gone_are_fitted_again(pipeline: Pipeline, archive_dir: Path) -> None:
    pipeline.run("update_tables")
    ship(pipeline, archive_dir, (2025,))
    run(pipeline)
    held = pipeline.warehouse.read("neutralisations")
    empty = {"neutralisations": held.iloc[:0]}
    pipeline.warehouse.publish(empty, run_id="test", at=clock.now())
    assert fitted(run(pipeline)) == {True}
    pd.testing.assert_frame_equal(pipeline.warehouse.read("neutralisations"), held)


@pytest.mark.parametrize(
    "job", ["refresh", "take_in", "update_timing", "update_event", "update_tables"]
)
def test_fits_follow_wherever_figures_are_made(job: str) -> None:
    selected = build_definitions().resolve_job_def(job).asset_layer.executable_asset_keys
    assert {key.to_user_string() for key in selected} >= {f"strategy/{name}" for name in NAMES}


def test_stints_stand_in_finishing_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures_strategy, "as_markdown", lambda figure, alt: figure)
    rows = pd.DataFrame(
        [
            ("a", 1, "SOFT", 1, 20),
            ("a", 2, "HARD", 21, 50),
            ("b", 1, None, 1, 50),
            ("c", 1, "MEDIUM", 1, 9),
            ("d", 1, "MEDIUM", 1, 30),
        ],
        columns=["driver_id", "stint", "compound", "first_lap", "last_lap"],
    )
    figure: Any = pictures_strategy.stints(rows, pd.Series({"b": 1, "a": 2}), "a race")
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["b", "a", "d", "c"]
    assert axes.yaxis_inverted()
    bars = {
        group.get_label(): [(bar.get_x(), bar.get_width()) for bar in group]
        for group in axes.containers
    }
    assert bars == {
        "soft": [(0, 20)],
        "medium": [(0, 9), (0, 30)],
        "hard": [(20, 30)],
        "unknown": [(0, 50)],
    }
