"""Hyperparameter tuning: recipes around a base one, scored walk-forward on the choice seasons.

A trial changes the parameters of `SPACE`; trial 0 is the base as it is. What a trial tries follows
from the seed, its number and the trials before it, so a search that was stopped goes on as if it
had not been. The estimate of what tuning is worth is nested: a season that judges has neither
guided the search nor chosen the trial. (The base was chosen on all of these seasons, so a search
around it starts from where they lead.) Not here: who keeps the scores, and whether what is proposed
comes into force.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from f1_pipeline.errors import UsageError
from f1_pipeline.modelling.backtest import BASELINE, MODEL, walk_forward
from f1_pipeline.modelling.gate import GATED
from f1_pipeline.modelling.metrics import scores_by_race
from f1_pipeline.modelling.race_model import variant_rows
from f1_pipeline.modelling.recipe import CHOICE_SEASONS, Recipe

TRIALS, QUICK_TRIALS = 100, 10
LOSSES = ("rps", "points_ll", "win_ll")
# The first choice seasons guide the search and stop what is clearly worse; each later one judges
# what the seasons before it would have chosen.
GUIDES = 2
# In score, over the seasons that guide. Of 36 trials six were worse by more, and none of them came
# near the best on all seasons; stopping them spares a tenth of the time.
CLEARLY_WORSE = 0.005
# One fit a season takes 6/10 of the time that a fit for four races takes, and leaves trials in the
# same order (docs/model-operations.md). What is proposed keeps the base's cadence.
_RACES_PER_FIT = 30
_RANDOM_TRIALS = 5  # before the search learns from trials: a quick pass has ten in all
_DIGITS = 3

Values = dict[str, float]  # by the parameter's name in `SPACE`


@dataclass(frozen=True)
class Range:
    """Where a parameter is searched; whole numbers where `low` is one, `log` in their logarithm."""

    low: float
    high: float
    log: bool = True


# The recipe's part and its parameter. Bounds lie a factor of three to ten from the recipes that
# come with the code, in which docs/accuracy.md finds the optimum flat.
SPACE = {
    "tree.iterations": Range(20, 400),
    "tree.depth": Range(2, 6, log=False),
    "tree.learning_rate": Range(0.01, 0.3),
    "tree.l2_leaf_reg": Range(1.0, 100.0),
    "linear.ridge": Range(10.0, 1000.0),
    "linear.place_power": Range(0.0, 2.0, log=False),
    "linear.half_life_races": Range(20.0, 400.0),
    "stages.ridge": Range(0.03, 10.0),
    "hazard.ridge": Range(1.0, 500.0),
    "reset.share": Range(0.0, 0.4, log=False),
}


@dataclass
class Trial:
    """What is tried, and its score by season as far as it was scored."""

    number: int
    values: Values
    scores: dict[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Nested:
    """What tuning is worth on seasons that had no part in it: means over the seasons that judge.

    `chosen` names the trial by the season that judges it. `low` and `high`: 95 % of Student's t
    over the seasons' paired differences (trial less base), NaN where one season judges.
    """

    chosen: dict[int, int]
    base: float
    tuned: float
    low: float
    high: float

    @property
    def difference(self) -> float:
        return self.tuned - self.base

    @property
    def in_words(self) -> str:
        known = f" (95 %: {self.low:+.4f} to {self.high:+.4f})" if len(self.chosen) > 1 else ""
        return (
            f"{self.tuned:.4f} beside {self.base:.4f} of the recipe as it is: "
            f"{self.difference:+.4f}{known} on {', '.join(map(str, self.chosen))}, each with the "
            "best trial of the seasons before it"
        )


@dataclass(frozen=True)
class Outcome:
    """What a search amounts to.

    `scores` are trials by seasons, NaN where a trial was stopped; `best` is the best trial on all
    seasons, which is proposed if `pays`; `reason` says why or why not.
    """

    scores: pd.DataFrame
    values: dict[int, Values]
    best: int
    nested: Nested | None
    pays: bool
    reason: str


def choice_rows(training_set: pd.DataFrame) -> pd.DataFrame:
    """The rows that tuning may read: to the last choice season, variants that the gate judges.

    Raises `UsageError` where no choice season is held.
    """
    known = training_set[training_set["season"] <= max(CHOICE_SEASONS)]
    rows = pd.concat([variant_rows(known, variant) for variant in GATED], ignore_index=True)
    if not rows["season"].isin(CHOICE_SEASONS).any():
        raise UsageError(
            f"none of the seasons {min(CHOICE_SEASONS)}-{max(CHOICE_SEASONS)} is held, which "
            "recipes are chosen on: bring them in (`f1-pipeline run`, or `f1-pipeline backfill "
            f"{min(CHOICE_SEASONS)}-{max(CHOICE_SEASONS)}`)."
        )
    return rows


class Search:
    """The trials so far, as the rows that an earlier search left behind have them, and the next.

    `rows` are those of `choice_rows`, `held` those of contract `tuning_trials` of this search.
    """

    def __init__(self, rows: pd.DataFrame, base: Recipe, held: pd.DataFrame) -> None:
        self.rows = rows
        self.base = base
        self.seasons = [s for s in CHOICE_SEASONS if rows["season"].eq(s).any()]
        self.trials = {trial.number: trial for trial in _tried(held)}

    def missing(self, number: int) -> Iterator[dict[str, Any]]:
        """Score a trial on the seasons that are not held of it; those before it must be whole.

        Yields rows of contract `tuning_trials`, but `study` and `tried_at`, as they come: what is
        kept of them need not be scored again. Raises `NotEnoughRacesError` when too few races
        precede a season.
        """
        trial = self.trials.setdefault(number, Trial(number, self._values(number)))
        recipe = changed(self.base, trial.values)
        for season in self.seasons:
            if season in trial.scores:
                continue
            if self.is_stopped(number):
                return
            score, races = season_score(self.rows, season, recipe)
            trial.scores[season] = score
            yield {
                "trial": number,
                "season": season,
                "recipe": recipe.content_hash,
                "parameters": json.dumps(trial.values, sort_keys=True),
                "score": score,
                "races": races,
            }

    def is_stopped(self, number: int) -> bool:
        """Whether the seasons that guide have shown a trial to be clearly worse than the base."""
        guides = set(self.seasons[:GUIDES])
        if number == 0 or not guides <= set(self.trials[number].scores):
            return False
        return self._guide(number) > self._guide(0) + CLEARLY_WORSE

    def told(self, number: int) -> str:
        """A trial's mean score beside the best one's so far: over the seasons that it has."""
        if self.is_stopped(number):
            return f"stopped, {self._guide(number) - self._guide(0):+.4f} to the recipe as it is"
        means = {
            n: float(np.mean([*trial.scores.values()]))
            for n, trial in self.trials.items()
            if n <= number and not self.is_stopped(n)
        }
        first = min(means, key=lambda n: (means[n], n))
        return f"{means[number]:.4f}, best {means[first]:.4f} (trial {first})"

    def _guide(self, number: int) -> float:
        scores = self.trials[number].scores
        return float(np.mean([scores[season] for season in self.seasons[:GUIDES]]))

    def _values(self, number: int) -> Values:
        """What a trial tries: the base itself, then what Optuna's TPE makes of those before.

        It is told the seasons that guide alone: a season that judges must not have led the search
        to what it then judges. Each trial fills a study of its own, with a sampler of its own seed,
        so nothing is remembered that the trials do not say.
        """
        if number == 0:
            return values_of(self.base)
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        space = {name: _distribution(where) for name, where in SPACE.items()}
        sampler = optuna.samplers.TPESampler(
            n_startup_trials=_RANDOM_TRIALS, seed=self.base.seed + number
        )
        study = optuna.create_study(sampler=sampler)
        for before in range(number):
            values, guide = self.trials[before].values, self._guide(before)
            told = optuna.trial.create_trial(params=values, distributions=space, value=guide)
            study.add_trial(told)
        return {name: _rounded(value) for name, value in study.ask(space).params.items()}


def season_score(rows: pd.DataFrame, season: int, recipe: Recipe) -> tuple[float, int]:
    """The tuned loss of a season, walk-forward, and how many races it is the mean of.

    The mean over the gate's variants and over `LOSSES` of the loss's mean over races, each divided
    by the baseline's on the same races: 1 is as good as the baseline, less is better. The baseline
    does not depend on the recipe, so this is a weighted sum of proper scores, which is proper. The
    gate asks for rps and points_ll, but both hardly see the front: win_ll keeps a recipe from
    buying the middle of the field with it. Divided, none of them counts more for its unit.
    """
    made = walk_forward(rows, season, replace(recipe, refit_every=_RACES_PER_FIT))
    parts = []
    for _, variant in made.groupby(["horizon", "grid_source"]):
        model, baseline = (
            scores_by_race(variant[variant["model"].eq(name)])[list(LOSSES)].mean()
            for name in (MODEL, BASELINE)
        )
        parts.append(float((model / baseline).mean()))
    return float(np.mean(parts)), int(made["event_id"].nunique())


def values_of(recipe: Recipe) -> Values:
    """The parameters of `SPACE` as a recipe has them."""
    parts = {name: name.split(".") for name in SPACE}
    return {name: getattr(getattr(recipe, part), own) for name, (part, own) in parts.items()}


def changed(base: Recipe, values: Values) -> Recipe:
    """The base with these values in place of its own."""
    for name, value in values.items():
        part, own = name.split(".")
        base = replace(base, **{part: replace(getattr(base, part), **{own: value})})
    return base


def outcome(held: pd.DataFrame, trials: int) -> Outcome:
    """What the first so many trials amount to; all of them must have been scored."""
    kept = held[held["trial"] < trials].astype({"trial": int, "season": int, "score": float})
    scores = kept.pivot(index="trial", columns="season", values="score")
    values = {trial.number: trial.values for trial in _tried(kept)}
    worth, first = nested(scores), best(scores)
    if worth is None:
        pays, reason = False, f"{GUIDES} seasons guide the search, and no other is held to judge it"
    elif first == 0:
        pays, reason = False, "no trial is better than the recipe as it is"
    elif worth.difference > 0:
        pays, reason = False, "what is chosen on some seasons is worse on those that follow"
    else:
        pays, reason = True, "the best on all seasons, and not worse on those that had no part"
    return Outcome(scores, values, first, worth, pays, reason)


def best(scores: pd.DataFrame) -> int:
    """The trial with the least mean over the columns, the first of equals; not one with a gap."""
    return int(scores.dropna().mean(axis=1).idxmin())


def nested(scores: pd.DataFrame) -> Nested | None:
    """What trials by seasons say of tuning itself; None where no season is left to judge.

    Each season from the third on judges the trial that is best on the seasons before it, beside the
    base on the same season. A trial that was stopped was worse than the base on the seasons that
    guide, so it would never have been chosen where it has no score.
    """
    judges = list(scores.columns)[GUIDES:]
    if not judges:
        return None
    chosen = {season: best(scores.loc[:, : season - 1]) for season in judges}
    tuned = np.array([scores.at[trial, season] for season, trial in chosen.items()])
    base = scores.loc[0, judges].to_numpy(dtype=np.float64)
    apart = tuned - base
    reach = np.nan
    if len(judges) > 1:
        spread = apart.std(ddof=1) / np.sqrt(len(judges))
        reach = stdtrit(len(judges) - 1, 0.975) * spread
    low, high = apart.mean() - reach, apart.mean() + reach
    return Nested(chosen, float(base.mean()), float(tuned.mean()), float(low), float(high))


def _tried(held: pd.DataFrame) -> list[Trial]:
    """The trials of rows of contract `tuning_trials`, by number."""
    return [
        Trial(
            int(number),
            json.loads(rows["parameters"].iloc[0]),
            dict(zip(rows["season"].astype(int), rows["score"].astype(float), strict=True)),
        )
        for number, rows in held.groupby("trial", sort=True)
    ]


def _distribution(where: Range) -> Any:
    from optuna.distributions import FloatDistribution, IntDistribution

    if isinstance(where.low, int):
        return IntDistribution(where.low, int(where.high), log=where.log)
    return FloatDistribution(where.low, where.high, log=where.log)


def _rounded(value: float) -> float:
    """More digits than the score can tell apart would only make a recipe hard to read."""
    return value if isinstance(value, int) else float(f"{value:.{_DIGITS}g}")
