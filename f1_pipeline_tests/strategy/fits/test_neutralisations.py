import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline.strategy.fits import neutralisations
from f1_pipeline_tests.strategy.fits.simulated import cautions, events_of, races


def fitted(rates: dict[str, float], seasons: range, seed: int = 0):
    events = events_of(len(rates), seasons)
    shown = cautions(events, rates, np.random.default_rng(seed))
    rows = check(neutralisations.fit(shown, races(events), events), CONTRACTS["neutralisations"])
    return rows[rows["caution"].eq("safety_car")].set_index("circuit_id"), shown, events


def test_circuits_that_are_alike_are_given_one_rate():
    covered = []
    for seed in range(20):
        rows, shown, events = fitted({f"c{i:02d}": 0.8 for i in range(20)}, range(2017, 2025), seed)
        assert rows["per_race"].mean() == pytest.approx(len(shown) / len(events), rel=0.02)
        assert rows["per_race"].std() < 0.1
        covered.append((rows["low"].lt(0.8) & rows["high"].gt(0.8)).mean())
    assert 0.65 < np.mean(covered) < 0.95


def test_circuits_that_differ_are_told_apart_as_far_as_32_races_let_them():
    rates = {f"c{i:02d}": 0.2 if i < 10 else 2.0 for i in range(20)}
    rows, shown, _ = fitted(rates, range(2005, 2025))
    calm, wild = rows["per_race"][:10].mean(), rows["per_race"][10:].mean()
    seen = shown["event_id"].str[5:].value_counts() / 20
    everywhere = len(shown) / 400
    assert 0.2 < calm < everywhere < wild < 2.0
    drawn = (32 * everywhere + 20 * seen.reindex(rows.index, fill_value=0)) / 52
    assert rows["per_race"].to_numpy() == pytest.approx(drawn.to_numpy(), rel=0.01)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 12)), min_size=1, max_size=30))
def test_the_strength_is_between_32_and_all_races(counts):
    seen, held = (np.array(c, dtype=float) for c in zip(*counts, strict=True))
    assert 32 <= neutralisations.strength(seen, held) <= max(32, held.sum())


def test_the_strength_falls_with_what_circuits_differ_by():
    held = np.full(20, 100.0)
    alike, apart = np.full(20, 50.0), np.array([40.0, 60.0] * 10)
    assert neutralisations.strength(alike, held) == 2000
    # Variance of the rates 0.01 less that of chance 0.5 / 100, rate 0.5: 95 races by moments.
    assert neutralisations.strength(apart, held) == pytest.approx(95, rel=0.15)


def test_a_circuit_without_races_gets_the_common_rate_and_is_less_sure():
    rates = {f"c{i:02d}": 1.0 for i in range(10)}
    events = events_of(10, range(2015, 2025))
    held = events[events["circuit_id"].ne("c09")]
    shown = cautions(held, rates, np.random.default_rng(1))
    rows = neutralisations.fit(shown, races(held), events)
    rows = rows[rows["caution"].eq("safety_car")].set_index("circuit_id")
    assert rows.loc["c09", "races"] == 0
    assert rows.loc["c09", "per_race"] == pytest.approx((len(shown) + 0.5) / len(held))
    width = rows["high"] - rows["low"]
    assert width["c09"] > width.drop("c09").median()


def test_races_without_cautions_count():
    events = events_of(4, range(2018, 2025))
    shown = cautions(
        events, dict.fromkeys(("c00", "c01", "c02", "c03"), 1.0), np.random.default_rng(2)
    )
    some = races(events[events["event_id"].isin(shown["event_id"])])
    every, fewer = (
        neutralisations.fit(shown, r, events)["per_race"].max() for r in (races(events), some)
    )
    assert every < fewer


def test_a_kind_that_was_never_seen_is_rare_and_not_impossible():
    events = events_of(5, range(2020, 2025))
    rows = neutralisations.fit(
        cautions(
            events, dict.fromkeys([f"c{i:02d}" for i in range(5)], 1.0), np.random.default_rng(3)
        ),
        races(events),
        events,
    )
    red = rows[rows["caution"].eq("red")]
    assert len(red) == 5
    assert red["per_race"].between(0.001, 0.03).all()
    assert red["mean_laps"].eq(4).all()
    assert red["first_lap_share"].eq(0.5).all()


def test_first_laps_and_lengths():
    rows, shown, _ = fitted({f"c{i:02d}": 1.5 for i in range(10)}, range(2015, 2025))
    share = shown["first_lap"].eq(1).mean()
    assert rows["first_lap_share"].iloc[0] == pytest.approx(share, abs=0.01)
    assert rows["mean_laps"].eq(4).all()
    assert neutralisations.lengths(shown, "safety_car").tolist() == [4] * len(shown)
    assert neutralisations.lengths(shown, "red").tolist() == []


@pytest.mark.parametrize("held", [0, 1])
def test_none_or_one_race(held):
    events = events_of(3, [2024])
    none = pd.DataFrame(columns=["event_id", "number", "caution", "first_lap", "laps"])
    rows = neutralisations.fit(none, races(events[:held]), events)
    assert len(check(rows, CONTRACTS["neutralisations"])) == 9 * held


def test_a_rate_is_a_probability():
    found = neutralisations.happens(np.array([0.0, 0.8, 50.0]))
    assert found == pytest.approx([0.0, 0.5507, 1.0], abs=1e-4)
