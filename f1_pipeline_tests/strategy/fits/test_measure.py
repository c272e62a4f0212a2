import numpy as np
import pandas as pd

from f1_pipeline_tests.strategy.fits import measure
from f1_pipeline_tests.strategy.fits.simulated import (
    cautions,
    events_of,
    pit_losses,
    races,
    stints,
)


def frames() -> dict[str, pd.DataFrame]:
    events, rng = events_of(4, [2018, 2019]), np.random.default_rng(0)
    circuits = sorted(events["circuit_id"].unique())
    wear = {(c, k): 40.0 for c in circuits for k in ("SOFT", "MEDIUM", "HARD")}
    figures = stints(events, wear, rng)
    cars = figures[["event_id", "driver_id"]].drop_duplicates(ignore_index=True)
    place = cars.groupby("event_id").cumcount() + 1
    losses = dict.fromkeys(circuits, 22_000.0)
    return {
        "events": events,
        "race_results": cars.assign(finish_order=place, classified=True),
        "starting_grids": cars.assign(grid_order=place, pit_lane=False),
        "race_figures": races(events),
        "stint_figures": figures,
        "caution_figures": cautions(events, dict.fromkeys(circuits, 1.0), rng),
        "pit_loss_figures": pd.concat(
            [pit_losses(events, losses, rng, c) for c in ("green", "safety_car")]
        ),
    }


def test_it_says_the_same_of_the_same():
    first, second = (list(measure.measure(frames())) for _ in range(2))
    assert first == second
    assert any(line.startswith("pit loss, green: MAE") for line in first)
    assert any("difference" in line for line in first)


def test_a_race_is_fitted_to_what_was_before_it():
    held = events_of(4, [2018, 2019])
    for race, before, known in measure._walk(held):
        assert race["season"] == 2019
        assert (before["race_starts_at"] < race["race_starts_at"]).all()
        assert set(known["event_id"]) == {*before["event_id"], race["event_id"]}
