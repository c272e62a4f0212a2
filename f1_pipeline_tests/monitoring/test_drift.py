"""Distances between races, by hand and against scipy, what is chance, and since when."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from f1_pipeline.monitoring import distances
from f1_pipeline.monitoring.drift import newest_change, news
from f1_pipeline.monitoring.quantities import CARRIED, OF_TEAM, OF_WEEKEND, Quantity

values = st.one_of(st.integers(-20, 20).map(float), st.just(float("nan")))
races_of = st.lists(st.lists(values, min_size=2, max_size=6), min_size=3, max_size=6)


def as_races(lists):
    return [np.array(race, dtype=np.float64) for race in lists]


def psi(newest, older):
    return float(distances.psi([*older, *newest], np.array([len(newest)]))[0])


def drawn(races, cars=20, seed=1, mean=0.0, spread_of_race=0.0):
    """Races of independent cars, which share what their race does to all of them."""
    random = np.random.default_rng(seed)
    return [random.normal(mean, 1, cars) + random.normal(0, spread_of_race) for _ in range(races)]


def quantity(races, usual=OF_WEEKEND, by_mean=False):
    return Quantity("feature", "x", np.arange(len(races)), races, usual, by_mean)


def test_psi_by_hand():
    older = as_races([[0, 0, 0, 1], [0, 0, 1, 1], [0, 0, 0, 1]])
    newest = as_races([[0, 1, 1, 1], [0, 1, 1, 1], [0, 0, 1, 1]])
    # 4 zeros and 8 ones against 8 and 4, half of all being zeros: one value of that spread more.
    p, q = np.array([4.5, 8.5]) / 13, np.array([8.5, 4.5]) / 13
    assert psi(newest, older) == pytest.approx(float(((p - q) * np.log(p / q)).sum()), abs=1e-12)
    assert psi(newest, older) == pytest.approx(0.3914, abs=1e-4)


def test_the_cells_are_the_quarters_of_all_values_and_one_of_the_unknown():
    older = as_races([[1, 2, 3, 4]] * 3)
    newest = as_races([[5, 6, 7, 8]] * 3)
    p, q = np.array([0.25, 0.25, 6.25, 6.25]) / 13, np.array([6.25, 6.25, 0.25, 0.25]) / 13
    # Twelve values a side and one more; with the quarters at 2, 4 and 6.
    assert psi(newest, older) == pytest.approx(float(((p - q) * np.log(p / q)).sum()))
    gone = as_races([[np.nan] * 4] * 3)
    p, q = np.array([0.125] * 4 + [12.5]) / 13, np.array([3.125] * 4 + [0.5]) / 13
    assert psi(gone, older) == pytest.approx(float(((p - q) * np.log(p / q)).sum()))


@given(races_of)
def test_equal_windows_are_no_distance_apart(lists):
    races = as_races(lists)
    assert psi(races, races) == pytest.approx(0, abs=1e-12)
    assert distances.ks([*races, *races], len(races)) == pytest.approx(0, abs=1e-12)
    means = as_races([[np.nan_to_num(race).mean()] for race in lists])
    assert distances.shift([*means, *means], np.array([len(means)]))[0] == pytest.approx(0)


@given(races_of, races_of)
def test_distances_are_never_negative_and_the_same_either_way(newest, older):
    newest, older = as_races(newest), as_races(older)
    there, back = psi(newest, older), psi(older, newest)
    assert there >= 0
    assert there == pytest.approx(back, abs=1e-9)
    forth = distances.ks([*older, *newest], len(newest))
    assert 0 <= forth <= 1
    assert forth == pytest.approx(distances.ks([*newest, *older], len(older)))


@given(races_of, races_of)
def test_another_unit_or_scale_changes_no_distance(newest, older):
    newest, older = as_races(newest), as_races(older)
    scaled = [[np.exp(race / 10) * 1_000 - 7 for race in side] for side in (newest, older)]
    assert psi(*scaled) == pytest.approx(psi(newest, older), abs=1e-12)
    assert distances.ks([*scaled[1], *scaled[0]], len(newest)) == pytest.approx(
        distances.ks([*older, *newest], len(newest))
    )


@given(races_of, races_of)
def test_ks_is_scipys(newest, older):
    newest, older = as_races(newest), as_races(older)
    # What is not known is greater than all that is.
    pooled = [np.nan_to_num(np.concatenate(side), nan=1e9) for side in (newest, older)]
    assert distances.ks([*older, *newest], len(newest)) == pytest.approx(
        ks_2samp(*pooled).statistic
    )


def test_a_shift_by_hand():
    races = as_races([[0], [2], [0], [2], [3], [5]])
    assert distances.shift(races, np.array([2, 3])) == pytest.approx([9.0, (10 / 3 - 2 / 3) ** 2])


def test_rows_of_a_race_are_no_evidence_of_their_own():
    races = drawn(40, seed=3, spread_of_race=1.0)
    often = [np.tile(race, 10) for race in races]
    for newest in (10, 20):
        alone = distances.p_of_ks(races, newest)
        assert distances.p_of_ks(often, newest) == alone
        # By rows, the same races would be an alarm.
        by_rows = ks_2samp(np.concatenate(often[-newest:]), np.concatenate(often[:-newest]))
        assert by_rows.pvalue < 1e-3 < 0.05 < alone


@pytest.mark.parametrize("p_of", [distances.p_of_ks, distances.p_of_shift])
def test_a_p_value_tells_a_change_from_chance(p_of):
    calm = [p_of(drawn(40, seed=seed, spread_of_race=0.5), 10) for seed in range(40)]
    assert np.mean(np.array(calm) <= 0.05) <= 0.05
    moved = [*drawn(30, seed=5, spread_of_race=0.5), *drawn(10, seed=6, mean=1.5)]
    assert p_of(moved, 10) == 1 / (1 + distances.SHUFFLES)


@pytest.mark.parametrize("usual", [OF_WEEKEND, CARRIED])
def test_what_does_not_change_is_never_beyond_chance(usual):
    for seed in range(30):
        change = newest_change(quantity(drawn(90, seed=seed), usual), 30)
        assert change is not None
        assert change.score < 0


@pytest.mark.parametrize("since", [4, 12, 29])
def test_a_change_is_found_where_it_began(since):
    races = [*drawn(90 - since, seed=since), *drawn(since, seed=100 + since, mean=2)]
    change = newest_change(quantity(races), 30)
    assert change is not None
    assert abs(change.newest - since) <= 1
    assert change.first == 90 - change.newest
    assert change.score > 0.1
    assert change.is_newest


def test_a_change_before_the_window_is_not_news():
    races = [*drawn(45, seed=1), *drawn(45, seed=2, mean=2)]
    change = newest_change(quantity(races), 30)
    assert change is not None
    assert not change.is_newest
    # In a window that reaches back to it, it is.
    seen = newest_change(quantity(races), 50)
    assert seen is not None
    assert (seen.is_newest, seen.newest) == (True, 45)


def test_the_errors_of_a_team_are_watched_by_their_mean():
    random = np.random.default_rng(7)
    calm = list(random.normal(0, 1, (60, 1)))
    slower = [*calm[:56], *(race + 4 for race in calm[56:])]
    before, after = (
        newest_change(quantity(races, OF_TEAM, by_mean=True), 30) for races in (calm, slower)
    )
    assert before is not None
    assert before.score < 0
    assert after is not None
    assert (after.newest, after.score > 0.1) == (4, True)


def test_too_few_races_say_nothing():
    assert newest_change(quantity(drawn(5)), 30) is None
    assert newest_change(quantity(drawn(6)), 30) is not None


def lines(*names: str, drifted: bool = True, cause: str | None = None) -> pd.DataFrame:
    columns = ["subject", "name", "drifted", "cause"]
    return pd.DataFrame([("feature", name, drifted, cause) for name in names], columns=columns)


def test_a_drift_is_news_once():
    assert news(lines("a", "b"), lines()) == ["a", "b"]
    assert news(lines("a", "b"), lines("a")) == ["b"]
    assert news(lines("a"), lines("a", drifted=False)) == ["a"]
    assert news(lines("a", drifted=False), lines()) == []
    assert news(lines("a", cause="new rules"), lines()) == []
    # What the calendar explained when it was noticed is not new when it no longer does.
    assert news(lines("a"), lines("a", cause="season start")) == []
    assert news(lines("a"), lines("a").assign(subject="error")) == ["a"]
