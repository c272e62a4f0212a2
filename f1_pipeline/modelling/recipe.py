"""The recipe of a fit: every parameter that decides what comes out, and a hash of them all.

Two fits of the same recipe on the same rows are the same, bit by bit. A change to the code of
this layer that changes what comes out raises `CODE_VERSION`.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from functools import cached_property
from typing import Any

CODE_VERSION = 1

CHOICE_SEASONS = (2014, 2015, 2016, 2017, 2018)  # every choice was made on these

TREE_FEATURES = (
    "grid_place",
    "qualifying_order",
    "qualifying_gap",
    "qualifying_teammate",
    "practice_gap",
    "practice_best_gap",
    "practice_last_gap",
    "practice_rank",
    "practice_best_rank",
    "practice_mean_rank",
    "practice_teammate",
    "practice_team_gap",
    "grid_form",
    "qualifying_gap_form",
    "qualifying_form_rank",
    "teammate_qualifying",
    "championship_position",
    "championship_share",
    "team_finish_form",
    "team_grid_form",
    "team_qualifying_gap_form",
    "team_qualifying_gap_season",
    "team_pace_rank",
    "team_retirement_rate",
    "team_points_share",
    "team_championship_position",
)
LINEAR_FEATURES = (
    "grid_place",
    "log_grid_place",
    "log_qualifying_order",
    "qualifying_gap",
    "qualifying_teammate",
    "practice_gap",
    "practice_best_gap",
    "practice_last_gap",
    "log_practice_rank",
    "log_practice_best_rank",
    "log_practice_mean_rank",
    "practice_teammate",
    "practice_team_gap",
    "grid_form",
    "qualifying_gap_form",
    "practice_form",
    "practice_gap_form",
    "teammate_qualifying",
    "championship_share",
    "log_championship_position",
    "log_previous_position",
    "log_starts",
    "team_finish_form",
    "team_grid_form",
    "team_qualifying_gap_form",
    "team_qualifying_gap_season",
    "team_practice_form",
    "team_practice_gap_form",
    "team_points_share",
    "log_team_championship_position",
)
LAP_FEATURES = ("race_pace_form", "teammate_race_pace", "team_race_pace_form")
HAZARD_FEATURES = (
    "rank_share",
    "log_rank",
    "circuit_retirement_rate",
    "circuit_recent_retirement_rate",
)


# What a feature speaks of: each of the strengths' belongs to one factor.
FACTORS = {
    "grid": ("grid_place",),
    "qualifying": ("qualifying_order", "qualifying_gap", "qualifying_teammate"),
    "practice": (
        *("practice_gap", "practice_best_gap", "practice_last_gap", "practice_rank"),
        *("practice_best_rank", "practice_mean_rank", "practice_teammate", "practice_team_gap"),
    ),
    "one-lap form": (
        *("grid_form", "qualifying_gap_form", "qualifying_form_rank", "teammate_qualifying"),
        *("practice_form", "practice_gap_form"),
    ),
    "race pace": ("race_pace_form", "teammate_race_pace"),
    "standing": ("championship_position", "championship_share", "previous_position"),
    "experience": ("starts",),
    "team": (
        *("team_finish_form", "team_grid_form", "team_qualifying_gap_form", "team_pace_rank"),
        *("team_qualifying_gap_season", "team_retirement_rate", "team_points_share"),
        *("team_championship_position", "team_practice_form", "team_practice_gap_form"),
        "team_race_pace_form",
    ),
}


@dataclass(frozen=True)
class TreeRecipe:
    """CatBoost on the logarithm of the finishing place of classified cars."""

    features: tuple[str, ...] = TREE_FEATURES
    iterations: int = 150
    depth: int = 4
    learning_rate: float = 0.05
    l2_leaf_reg: float = 10.0
    border_count: int = 64


@dataclass(frozen=True)
class LinearRecipe:
    """A linear Plackett-Luce strength: place k weighs k^-place_power, races by their age."""

    features: tuple[str, ...] = LINEAR_FEATURES
    ridge: float = 150.0
    place_power: float = 0.7
    half_life_races: float = 80.0


@dataclass(frozen=True)
class StageRecipe:
    """Weights of the strengths by stage, from forecasts of the latest seasons out of sample.

    `towards` is where few races leave them: per stage (win, 2-3, 4-10, 11 on) the weights of the
    linear strength, the tree's, and the tree's on the scale of places. `grid_towards`: the same of
    the place on the grid alone.
    """

    seasons: int = 8
    ridge: float = 0.3
    towards: tuple[tuple[float, float, float], ...] = (
        (1.3, 0.0, 0.8),
        (0.8, -0.8, 3.0),
        (0.6, -1.7, 3.6),
        (0.2, -2.8, 3.5),
    )
    grid_towards: tuple[tuple[float], ...] = ((1.0,), (1.0,), (1.0,), (1.0,))


@dataclass(frozen=True)
class ResetRecipe:
    """In the first `rounds` of a season this share of the simulated races follows the grid alone:
    what last year said of the cars is worth less, above all under new rules."""

    rounds: int = 5
    share: float = 0.1


@dataclass(frozen=True)
class HazardRecipe:
    """A logistic hazard of retiring, its intercept set on the latest seasons: the rate drifts.

    Of place and circuit alone: what a driver's or a team's record adds is less than it costs the
    order of those who finish.
    """

    features: tuple[str, ...] = HAZARD_FEATURES
    ridge: float = 20.0
    intercept_seasons: int = 2
    rates_seasons: int = 6


@dataclass(frozen=True)
class Recipe:
    """All of it. `refit_every`: races of a season that one fit of the backtest forecasts."""

    tree: TreeRecipe = TreeRecipe()
    linear: LinearRecipe = LinearRecipe()
    stages: StageRecipe = StageRecipe()
    hazard: HazardRecipe = HazardRecipe()
    reset: ResetRecipe = ResetRecipe()
    draws: int = 10_000
    refit_every: int = 4
    seed: int = 2014

    @cached_property
    def content_hash(self) -> str:
        """Sixteen hexadecimal digits: parameters, features and code version."""
        content = json.dumps({"code": CODE_VERSION, **asdict(self)}, sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    @property
    def parameters(self) -> str:
        """All parameters as JSON: what `recipe_of` reads."""
        return json.dumps(asdict(self), sort_keys=True)


def recipe_of(parameters: str) -> Recipe:
    """The recipe that was written as JSON. Raises `ValueError` where this code has other ones."""
    content = json.loads(parameters)
    parts = {field.name: field.type for field in fields(Recipe)}
    try:
        return Recipe(**{name: _part(parts[name], value) for name, value in content.items()})
    except (KeyError, TypeError) as error:
        raise ValueError(f"a recipe of other code: {error}") from None


def _part(kind: Any, value: Any) -> Any:
    if isinstance(kind, type) and is_dataclass(kind):
        return kind(**{name: _tuples(each) for name, each in value.items()})
    return value


def _tuples(value: Any) -> Any:
    """JSON knows lists alone; a recipe is hashed and compared with tuples."""
    return tuple(_tuples(each) for each in value) if isinstance(value, list) else value


STANDARD = Recipe()
QUICK = replace(
    STANDARD,
    tree=replace(STANDARD.tree, iterations=40, learning_rate=0.15),
    stages=replace(STANDARD.stages, seasons=1),
    draws=4_000,
    refit_every=30,
)


def with_laps(recipe: Recipe) -> Recipe:
    """The recipe of the timing tier: race pace in the linear strength, the rest as it was."""
    features = (*recipe.linear.features, *LAP_FEATURES)
    return replace(recipe, linear=replace(recipe.linear, features=features))


def without(recipe: Recipe, factor: str) -> Recipe:
    """The recipe whose strengths do not read the features of a factor. Raises `KeyError`."""
    gone = FACTORS[factor]

    def kept(features: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in features if name.removeprefix("log_") not in gone)

    return replace(
        recipe,
        tree=replace(recipe.tree, features=kept(recipe.tree.features)),
        linear=replace(recipe.linear, features=kept(recipe.linear.features)),
    )
