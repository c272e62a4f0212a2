import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline.strategy.fits import fuel, tyres
from f1_pipeline.strategy.fits.rows import circuits_of
from f1_pipeline.strategy.fits.stints import COMPOUNDS, dry_stints, relative
from f1_pipeline_tests.strategy.fits.simulated import events_of, races, stints

WEAR = {"SOFT": 70.0, "MEDIUM": 45.0, "HARD": 30.0}


def wear_of(circuits: int, factor=lambda i: 1.0) -> dict[tuple[str, str], float]:
    return {
        (f"c{i:02d}", compound): wear * factor(i)
        for i in range(circuits)
        for compound, wear in WEAR.items()
    }


def fitted(figures: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    rows = tyres.fit(figures, races(events), events)
    return check(rows, CONTRACTS["tyre_degradation"]).set_index(["circuit_id", "compound"])


@pytest.fixture(scope="module")
def season():
    """Eight circuits, the last of them wearing three times as much as the first."""
    events, rng = events_of(8, range(2021, 2025)), np.random.default_rng(0)
    wear = wear_of(8, lambda i: 0.5 + i / 7)
    offsets = {"SOFT": -600.0, "HARD": 400.0}
    return events, wear, stints(events, wear, rng, gain=57.0, offsets=offsets, race=8.0)


def test_wear_fuel_and_offsets_are_found(season):
    events, wear, figures = season
    rows = fitted(figures, events)
    truth = pd.Series(wear)
    truth.index.names = ["circuit_id", "compound"]
    assert (rows["wear_ms"] - truth).abs().mean() < 7
    assert np.corrcoef(rows["wear_ms"], truth.reindex(rows.index))[0, 1] > 0.95
    assert rows["fuel_ms"].to_numpy() == pytest.approx(57.0, abs=3)
    offsets = rows["offset_ms"].groupby("compound").mean()
    assert offsets["SOFT"] == pytest.approx(-600, abs=80)
    assert offsets["HARD"] == pytest.approx(400, abs=80)
    assert offsets["MEDIUM"] == 0
    error = rows["offset_error_ms"].unstack()
    assert error["MEDIUM"].eq(0).all()
    assert error[["SOFT", "HARD"]].gt(0).all(axis=None)
    inside = truth.reindex(rows.index).between(rows["low_ms"], rows["high_ms"])
    assert inside.mean() > 0.75


def test_the_next_races_stints_are_told_better_than_by_one_slope(season):
    events, wear, figures = season
    rows = fitted(figures, events)
    later = stints(events_of(8, [2025]), wear, np.random.default_rng(1), race=8.0)
    keys = list(zip(later["event_id"].str[5:], later["compound"], strict=True))
    slope = (rows["wear_ms"] - rows["fuel_ms"]).loc[keys].to_numpy()
    error = (later["slope_ms"] - slope).abs().mean()
    assert error < 0.8 * (later["slope_ms"] - figures["slope_ms"].mean()).abs().mean()


def test_no_circuit_is_found_where_circuits_are_alike():
    events = events_of(8, range(2021, 2025))
    figures = stints(events, wear_of(8), np.random.default_rng(2))
    spread = fitted(figures, events)["wear_ms"].groupby("compound").std()
    assert (spread < 3).all()


@settings(max_examples=8, deadline=None)
@given(st.floats(-400, -60), st.integers(0, 50))
def test_wear_is_never_negative(wear, seed):
    events = events_of(3, [2023, 2024])
    gone = dict.fromkeys(wear_of(3), wear)
    figures = stints(events, gone, np.random.default_rng(seed), cars=4)
    assert (figures["slope_ms"] < 0).mean() > 0.9
    rows = fitted(figures, events)
    assert (rows[["wear_ms", "low_ms", "high_ms"]] >= 0).all(axis=None)
    assert (rows["low_ms"] < rows["high_ms"]).all()
    assert (rows["wear_ms"] < 40).all()


def test_a_circuit_without_stints_gets_what_all_say_and_is_less_sure(season):
    events, _, figures = season
    more = pd.concat([events, events_of(9, [2025]).tail(1)], ignore_index=True)
    rows = tyres.fit(figures, races(events), more).set_index(["circuit_id", "compound"])
    width = rows["high_ms"] - rows["low_ms"]
    for compound, wear in WEAR.items():
        unknown = rows.loc[("c08", compound)]
        assert unknown["stints"] == 0
        assert unknown["wear_ms"] == pytest.approx(wear, rel=0.25)
        assert width["c08", compound] > width["c00", compound]
    assert rows.loc[("c08", "HARD"), "fuel_ms"] == pytest.approx(57.0, abs=3)


def test_more_races_make_it_surer(season):
    events, _, figures = season
    late = events["circuit_id"].eq("c03") & events["season"].lt(2024)
    few = fitted(figures[~figures["event_id"].isin(events.loc[late, "event_id"])], events)
    width = few["high_ms"] - few["low_ms"]
    assert all(width["c03", compound] > width["c05", compound] for compound in COMPOUNDS)


def test_wet_and_unknown_tyres_and_wet_races_are_left_out(season):
    events, _, figures = season
    odd = figures.iloc[::5].assign(stint=9, slope_ms=900.0, slope_error_ms=1.0)
    names = np.resize(np.array(["INTERMEDIATE", "WET", None], dtype=object), len(odd))
    with_odd = pd.concat([figures, odd.assign(compound=names)], ignore_index=True)
    expected = tyres.fit(figures, races(events), events)
    pd.testing.assert_frame_equal(tyres.fit(with_odd, races(events), events), expected)
    some = events["season"].eq(2024)
    wet = races(events).assign(dry=~some)
    dry = tyres.fit(figures, wet, events)
    kept = figures[~figures["event_id"].isin(events.loc[some, "event_id"])]
    pd.testing.assert_frame_equal(dry, tyres.fit(kept, races(events), events))
    assert not dry.equals(expected)


def test_one_race_only(season):
    events, _, figures = season
    one = figures[figures["event_id"].eq("2024-c04")]
    rows = fitted(one, events)
    assert len(rows) == 8 * 3
    assert (rows["wear_ms"] > 0).all()
    assert (rows["high_ms"] > rows["low_ms"]).all()


def test_one_compound_only(season):
    events, _, figures = season
    rows = fitted(figures[figures["compound"].eq("HARD")], events)
    assert rows["offset_ms"].eq(0).all()
    # No race has shown an offset: none is more likely, and much is possible.
    assert rows["offset_error_ms"].xs("SOFT", level="compound").gt(400).all()
    assert rows["offset_error_ms"].xs("MEDIUM", level="compound").eq(0).all()
    assert set(rows.index.get_level_values("compound")) == set(COMPOUNDS)


def test_without_stints_there_are_no_rows(season):
    events, _, figures = season
    rows = tyres.fit(figures[:0], races(events), events)
    assert check(rows, CONTRACTS["tyre_degradation"]).empty


def test_the_order_of_rows_changes_nothing(season):
    events, _, figures = season
    mixed = figures.sample(frac=1, random_state=1)
    expected = tyres.fit(figures, races(events), events)
    found = tyres.fit(mixed, races(events)[::-1], events[::-1])
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


@pytest.mark.parametrize(
    ("used", "names"),
    [
        (["HYPERSOFT", "ULTRASOFT", "SOFT"], ["SOFT", "MEDIUM", "HARD"]),
        (["SOFT", "SUPERSOFT", "MEDIUM"], ["MEDIUM", "SOFT", "HARD"]),
        (["SUPERSOFT", "SOFT"], ["SOFT", "MEDIUM"]),
        (["SOFT", "HARD"], ["SOFT", "HARD"]),
        (["MEDIUM", "WET", None], ["MEDIUM", None, None]),
        (["ULTRASOFT"], ["MEDIUM"]),
    ],
)
def test_compounds_of_2018_are_named_by_their_order(used, names):
    rows = pd.DataFrame({"event_id": "2018-monaco", "compound": pd.Series(used, dtype=object)})
    found = relative(rows)
    assert [name if isinstance(name, str) else None for name in found] == names


def offset_errors(own: float, race: float) -> tuple[pd.Series, float]:
    """Of ten circuits with eight races each, and of one with none; offsets differ by so much."""
    rng, circuits = np.random.default_rng(6), pd.Series([f"c{i:02d}" for i in range(11)])
    events = events_of(10, range(2017, 2025))
    truth = dict(zip(circuits, 400 + rng.normal(0, own, 11), strict=True))
    estimates = {
        event: fuel.RaceEstimate(57.0, {"HARD": (truth[circuit] + rng.normal(0, race), 50.0)})
        for event, circuit in zip(events["event_id"], events["circuit_id"], strict=True)
    }
    _, errors = fuel.offsets(events, circuits, estimates)
    return errors["HARD"].iloc[:10], float(errors["HARD"].iloc[10])


def test_the_error_of_an_offset_is_that_of_the_next_edition():
    calm, wild = offset_errors(200.0, 20.0), offset_errors(200.0, 300.0)
    # The race to come differs from the others, however many of them there were.
    assert wild[0].to_numpy() == pytest.approx(300, rel=0.25)
    assert (calm[0] < 100).all()
    # Where none was held the circuit's own is not known either.
    assert calm[1] == pytest.approx(200, rel=0.5)
    assert wild[1] > wild[0].max()


@pytest.mark.parametrize("gain", [30.0, 80.0])
def test_the_gain_of_a_race_is_told_from_wear(gain):
    events = events_of(1, [2024])
    figures = stints(events, wear_of(1), np.random.default_rng(3), gain=gain, cars=20)
    estimate = fuel.race_estimate(dry_stints(figures, races(events), events))
    assert estimate is not None
    assert estimate.gain_ms == pytest.approx(gain, abs=5)


def test_a_race_of_one_stint_a_car_tells_no_gain():
    events = events_of(2, [2024])
    figures = stints(events, wear_of(2), np.random.default_rng(4))
    rows = dry_stints(figures[figures["stint"].eq(1)], races(events), events)
    assert fuel.race_estimates(rows) == {}
    assert 0.03 < fuel.share(rows, {}) < 0.04
    assert tyres.of_stints(rows, {}, circuits_of(events))["offset_ms"].eq(0).all()


def test_the_gain_goes_with_lap_over_laps():
    events = events_of(2, [2024])
    figures = stints(events, wear_of(2), np.random.default_rng(5))
    lengths = races(events).assign(laps=[44, 71], lap_ms=[105_000.0, 68_000.0])
    rows = dry_stints(figures, lengths, events)
    gain = fuel.gain(rows, pd.Series(["c00", "c01", "new"]), 0.04)
    assert gain.tolist() == pytest.approx([95.45, 38.31, 66.88], abs=0.01)
