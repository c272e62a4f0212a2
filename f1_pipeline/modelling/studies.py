"""What each part of the recipe is worth: the same walk-forward with one thing changed.

`ablation` leaves a factor's features out of both strengths; `history` fits on fewer seasons. Both
are about the seasons that the recipe was chosen on: whoever looks at the others here chooses on
them. Not here: who keeps the scores.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from f1_pipeline.modelling.backtest import MODEL, Progress, walk_forward
from f1_pipeline.modelling.metrics import PER_RACE, resampled_counts, scores_by_race
from f1_pipeline.modelling.recipe import CHOICE_SEASONS, FACTORS, Recipe, without

WHOLE = "the recipe"
_HISTORIES = (1, 2, 3)  # seasons; the first choice season has four before it
_VARIANT = ["horizon", "grid_source"]


@dataclass(frozen=True)
class Case:
    """One thing changed: the recipe, or how many seasons before its own a season is fitted on."""

    study: str
    name: str
    recipe: Recipe
    history: int | None = None


def cases(recipe: Recipe) -> list[Case]:
    """All of them; the unchanged recipe first, which the others are compared with."""
    left_out = {factor: without(recipe, factor) for factor in FACTORS}
    return [
        Case("recipe", WHOLE, recipe),
        *(Case("ablation", factor, r) for factor, r in left_out.items() if r != recipe),
        *(Case("history", str(seasons), recipe, seasons) for seasons in _HISTORIES),
    ]


def scores(training_set: pd.DataFrame, case: Case, progress: Progress) -> pd.DataFrame:
    """Scores of the case by race and variant: contract `study_scores` but `fingerprint`."""
    parts = []
    for season in CHOICE_SEASONS:
        first = training_set["season"].min() if case.history is None else season - case.history
        known = training_set[training_set["season"].between(first, season)]
        if not known["season"].eq(season).any():
            continue
        made = walk_forward(known, season, case.recipe)
        for variant, rows in made[made["model"].eq(MODEL)].groupby(_VARIANT):
            about = dict(zip(_VARIANT, variant, strict=True))
            parts.append(scores_by_race(rows).reset_index().assign(**about))
        progress(f"{case.study}, {case.name}: {season}")
    if not parts:
        return pd.DataFrame()
    return pd.concat(parts, ignore_index=True).assign(study=case.study, case=case.name)


def compared(scores: pd.DataFrame) -> pd.DataFrame:
    """Each case against the whole recipe on the same races, by variant and metric.

    Columns: study, case, horizon, grid_source, metric, value, difference (case less recipe), low
    and high (95 % of resamples of races).
    """
    lines = []
    for variant, rows in scores.groupby(_VARIANT):
        whole = rows[rows["case"].eq(WHOLE)].set_index("event_id")[list(PER_RACE)]
        for (study, case), mine in rows.groupby(["study", "case"]):
            values = mine.set_index("event_id")[list(PER_RACE)]
            apart = (values - whole).dropna(how="all")
            counts = resampled_counts(len(apart))
            drawn = counts @ np.nan_to_num(apart) / (counts @ apart.notna().to_numpy(dtype=float))
            low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
            about = {"study": study, "case": case, **dict(zip(_VARIANT, variant, strict=True))}
            lines += [
                {
                    **about,
                    "metric": metric,
                    "value": values[metric].mean(),
                    "difference": apart[metric].mean(),
                    "low": low[i],
                    "high": high[i],
                }
                for i, metric in enumerate(PER_RACE)
            ]
    return pd.DataFrame(lines)
