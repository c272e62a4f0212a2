import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline.strategy.fits import pit_loss
from f1_pipeline_tests.strategy.fits.simulated import events_of, pit_losses


def levels_of(circuits: int, rng, spread: float = 0.15) -> dict[str, float]:
    return {f"c{i:02d}": 22_000 * float(np.exp(rng.normal(0, spread))) for i in range(circuits)}


def of(rows: pd.DataFrame, circuit: str, caution: str = "green") -> pd.Series:
    return rows.set_index(["circuit_id", "caution"]).loc[(circuit, caution)]


def test_levels_of_circuits_are_found_better_than_by_all_or_by_own_editions():
    errors = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        events, levels = events_of(30, range(2020, 2023)), levels_of(30, rng, 0.05)
        figures = pit_losses(events, levels, rng, stops=6, edition=0.05, spread=3000)
        rows = check(pit_loss.fit(figures, events), CONTRACTS["pit_loss"]).set_index("circuit_id")
        own = figures["loss_ms"].groupby(figures["event_id"].str[5:]).mean()
        answers = (rows["loss_ms"], own, own * 0 + figures["loss_ms"].median())
        errors.append([(answer - pd.Series(levels)).abs().mean() for answer in answers])
    fitted, own_mean, everywhere = np.mean(errors, axis=0)
    assert fitted < own_mean
    assert fitted < everywhere


def test_intervals_cover_four_of_five_next_editions():
    inside = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        events, levels = events_of(20, range(2018, 2023)), levels_of(20, rng)
        figures = pit_losses(events, levels, rng)
        rows = pit_loss.fit(figures, events).set_index("circuit_id")
        later = pit_losses(events_of(20, [2023]), levels, rng)
        shown = later.set_index(later["event_id"].str[5:])["loss_ms"]
        inside += shown.between(rows["low_ms"], rows["high_ms"]).tolist()
    assert np.mean(inside) == pytest.approx(0.8, abs=0.06)


def test_a_circuit_without_editions_gets_what_all_say_and_is_less_sure():
    rng = np.random.default_rng(2)
    events, levels = events_of(20, range(2019, 2024)), levels_of(20, rng)
    held = events[events["circuit_id"].ne("c19")]
    rows = pit_loss.fit(pit_losses(held, levels, rng), events)
    unknown, known = of(rows, "c19"), of(rows, "c00")
    assert (unknown["events"], unknown["stops"]) == (0, 0)
    everywhere = np.exp(np.mean([np.log(levels[c]) for c in held["circuit_id"].unique()]))
    assert unknown["loss_ms"] == pytest.approx(everywhere, rel=0.02)
    assert unknown["high_ms"] - unknown["low_ms"] > 2 * (known["high_ms"] - known["low_ms"])


def test_more_editions_make_it_surer():
    rng = np.random.default_rng(3)
    events, levels = events_of(15, range(2018, 2024)), dict.fromkeys(levels_of(15, rng), 22_000.0)
    levels |= {"c01": 26_000.0, "c03": 19_000.0, "c05": 24_000.0}
    late = events["circuit_id"].eq("c02") & events["season"].lt(2023)
    rows = pit_loss.fit(pit_losses(events[~late], levels, rng), events)
    rows = rows.assign(width=np.log(rows["high_ms"] / rows["low_ms"]))
    assert of(rows, "c02")["events"] == 1
    assert of(rows, "c02")["width"] > of(rows, "c00")["width"]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(18_000, 30_000), min_size=4, max_size=8), st.integers(2, 30))
def test_a_circuit_lies_between_its_own_mean_and_that_of_all(levels, stops):
    events = events_of(len(levels), [2024])
    same_day = events["race_starts_at"].iloc[0]
    events = events.assign(race_starts_at=same_day)
    figures = pd.DataFrame(
        {
            "event_id": events["event_id"],
            "caution": "green",
            "stops": stops,
            "loss_ms": levels,
            # Of the loss, so that all editions are equally exact.
            "spread_ms": 0.1 * np.array(levels),
        }
    )
    figures["spread_ms"] = float(np.median(figures["spread_ms"]))
    rows = pit_loss.fit(figures, events)
    own = np.array(levels)
    assert rows["loss_ms"].between(own.min() - 1e-6, own.max() + 1e-6).all()
    lowest, highest = int(own.argmin()), int(own.argmax())
    assert rows["loss_ms"][lowest] >= own.min() - 1e-6
    assert rows["loss_ms"][highest] <= own.max() + 1e-6
    assert (rows["low_ms"] <= rows["loss_ms"]).all()
    assert (rows["loss_ms"] <= rows["high_ms"]).all()


@pytest.mark.parametrize(("spread", "kept"), [(0.20, True), (0.0, False)])
def test_how_hard_a_circuit_is_drawn_to_all_is_what_circuits_differ_by(spread, kept):
    rng = np.random.default_rng(4)
    events, levels = events_of(25, range(2021, 2024)), levels_of(25, rng, spread)
    figures = pit_losses(events, levels, rng, stops=5, edition=0.06, spread=3000)
    found = np.log(pit_loss.fit(figures, events)["loss_ms"]).std()
    shown = np.log(figures["loss_ms"]).groupby(figures["event_id"].str[5:]).mean().std()
    assert found / shown > 0.9 if kept else found / shown < 0.6


def test_a_caution_is_found_through_its_ratio_where_the_circuit_has_none_of_its_own():
    rng = np.random.default_rng(5)
    events, levels = events_of(20, range(2018, 2024)), levels_of(20, rng)
    some = events[events["circuit_id"].ne("c07")].iloc[::2]
    under = {circuit: 0.7 * level for circuit, level in levels.items()}
    green = pit_losses(events, levels, rng)
    figures = pd.concat([green, pit_losses(some, under, rng, "safety_car", 5)])
    rows = pit_loss.fit(figures, events)
    assert of(rows, "c07", "safety_car")["loss_ms"] == pytest.approx(under["c07"], rel=0.05)
    assert of(rows, "c07", "safety_car")["events"] == 0
    assert "virtual_safety_car" not in set(rows["caution"])


def test_few_stops_and_wide_spreads_count_for_little():
    rng = np.random.default_rng(6)
    events, levels = events_of(20, range(2019, 2023)), levels_of(20, rng, 0.1)
    figures = pit_losses(events, levels, rng)
    odd = figures["event_id"].eq("2022-c03")
    exact = figures.assign(loss_ms=figures["loss_ms"].where(~odd, 1.5 * levels["c03"]))
    vague = exact.assign(
        stops=exact["stops"].where(~odd, 2), spread_ms=exact["spread_ms"].where(~odd, np.nan)
    )
    believed, doubted = (of(pit_loss.fit(f, events), "c03")["loss_ms"] for f in (exact, vague))
    assert levels["c03"] < doubted < believed < 1.5 * levels["c03"]


def test_one_race_only():
    rng = np.random.default_rng(7)
    events = events_of(3, [2024])
    rows = pit_loss.fit(pit_losses(events[:1], levels_of(3, rng), rng), events)
    rows = check(rows, CONTRACTS["pit_loss"])
    assert len(rows) == 3
    assert rows["loss_ms"].nunique() == 1 or rows["loss_ms"].std() < 1e-6
    assert (rows["high_ms"] > rows["low_ms"]).all()


def test_without_figures_there_are_no_rows():
    events = events_of(3, [2024])
    none = pit_losses(events[:0], {}, np.random.default_rng(0))
    rows = pit_loss.fit(none, events)
    assert check(rows, CONTRACTS["pit_loss"]).empty


def test_figures_of_events_that_are_not_listed_are_left_out():
    rng = np.random.default_rng(8)
    events, levels = events_of(5, [2023, 2024]), levels_of(5, rng)
    figures = pit_losses(events, levels, rng)
    known = events[events["season"].eq(2023)]
    cut = figures[figures["event_id"].isin(known["event_id"])]
    pd.testing.assert_frame_equal(pit_loss.fit(figures, known), pit_loss.fit(cut, known))


def test_the_order_of_rows_changes_nothing():
    rng = np.random.default_rng(9)
    events = events_of(8, [2022, 2023, 2024])
    figures = pit_losses(events, levels_of(8, rng), rng)
    mixed = pit_loss.fit(figures.sample(frac=1, random_state=1), events[::-1])
    pd.testing.assert_frame_equal(pit_loss.fit(figures, events), mixed, check_exact=True)
