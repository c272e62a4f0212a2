"""The likelihood fit: it finds what made the orders, and only that."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from f1_pipeline.modelling.plackett_luce import Orders, fit_coefficients
from f1_pipeline.modelling.recipe import StageRecipe
from f1_pipeline.modelling.stages import fit_stages

TRUE = np.array([1.0, -0.5])


def _races(races: int, cars: int, seed: int = 1) -> tuple["np.ndarray", ...]:
    random = np.random.default_rng(seed)
    columns = random.normal(size=(races * cars, 2))
    race = np.repeat(np.arange(races), cars)
    keys = -(columns @ TRUE) - random.gumbel(size=len(race))
    finish = np.empty(len(race))
    for number in range(races):
        own = race == number
        finish[own] = keys[own].argsort().argsort() + 1
    return columns, race, finish


def test_it_finds_the_coefficients_that_made_the_orders() -> None:
    columns, race, finish = _races(400, 12)
    orders = Orders.of(columns, race, finish)
    found = fit_coefficients(orders, np.ones(orders.present.shape), 1e-3, np.zeros(2))
    assert found == pytest.approx(TRUE, abs=0.06)


def test_it_is_the_maximum_of_the_likelihood() -> None:
    columns, race, finish = _races(20, 6)
    races = [columns[race == r][finish[race == r].argsort()] for r in range(20)]

    def loss(beta: "np.ndarray") -> float:
        strengths = [x @ beta for x in races]
        terms = [np.log(np.exp(s[k:]).sum()) - s[k] for s in strengths for k in range(5)]
        return float(sum(terms) + beta @ beta / 2)

    orders = Orders.of(columns, race, finish)
    found = fit_coefficients(orders, np.ones(orders.present.shape), 1.0, np.zeros(2))
    assert approx_fprime(found, loss, 1e-6) == pytest.approx([0, 0], abs=0.02)


def test_fields_of_different_sizes_and_any_order_of_rows() -> None:
    columns, race, finish = _races(30, 8)
    kept = ~((race % 3 == 0) & (finish > 5))
    mixed = np.random.default_rng(2).permutation(np.flatnonzero(kept))
    one, other = (
        Orders.of(columns[rows], race[rows], finish[rows]) for rows in (np.flatnonzero(kept), mixed)
    )
    assert (one.columns == other.columns).all()
    assert (one.present == other.present).all()
    assert set(one.present.sum(axis=1)) == {5, 8}
    assert one.decided().sum() == one.present.sum() - 30


def test_a_ridge_draws_towards_what_was_known() -> None:
    columns, race, finish = _races(10, 6)
    orders = Orders.of(columns, race, finish)
    towards = np.array([3.0, 3.0])
    ones = np.ones(orders.present.shape)
    assert fit_coefficients(orders, ones, 1e6, towards) == pytest.approx(towards, abs=0.01)
    assert (fit_coefficients(orders, 0 * ones, 1.0, towards) == towards).all()


def test_a_place_without_weight_says_nothing() -> None:
    columns, race, finish = _races(40, 6)
    winner_only = np.zeros((40, 6))
    winner_only[:, 0] = 1.0
    shuffled = finish.copy()
    random = np.random.default_rng(3)
    for number in range(40):
        rows = np.flatnonzero((race == number) & (finish > 1))
        shuffled[rows] = finish[random.permutation(rows)]
    one, other = (
        fit_coefficients(Orders.of(columns, race, order), winner_only, 1.0, np.zeros(2))
        for order in (finish, shuffled)
    )
    assert one == pytest.approx(other, abs=1e-4)


def test_stages_are_fitted_each_on_its_places() -> None:
    """Sharp in front, noise behind: the weights of the stages say so."""
    random = np.random.default_rng(5)
    races, cars = 300, 14
    scores = random.normal(size=(races * cars, 3))
    race = np.repeat(np.arange(races), cars)
    finish = np.empty(len(race))
    for number in range(races):
        own = race == number
        order = list((-scores[own, 0]).argsort())
        finish[own] = np.argsort(order[:3] + list(random.permutation(order[3:]))) + 1.0
    weights = fit_stages(scores, race, finish, StageRecipe().towards, ridge=1.0)
    assert weights.shape == (4, 3)
    assert weights[0, 0] > 5
    assert weights[1, 0] > 5
    assert abs(weights[2, 0]) < 0.5


def test_without_races_the_stages_are_as_given() -> None:
    towards = StageRecipe().towards
    none = np.empty(0, dtype=np.int64)
    weights = fit_stages(np.empty((0, 3)), none, np.empty(0), towards, ridge=1.0)
    assert (weights == np.array(towards)).all()
