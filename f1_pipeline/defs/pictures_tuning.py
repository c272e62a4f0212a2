"""The picture of a tuning: what each trial was worth. What all pictures share is in `pictures`."""

import dagster as dg
import pandas as pd

from f1_pipeline.defs.pictures import BLUE, GREY, RED, as_markdown, canvas


def by_trial(scores: pd.DataFrame, title: str) -> dg.MetadataValue:
    """Mean score of each trial, the best so far and the recipe as it was (trial 0).

    `scores` are trials by seasons, NaN where a trial was stopped; what was stopped is a line at
    the upper edge, since its mean would be over other seasons.
    """
    means = scores.mean(axis=1, skipna=False)
    stopped = means.index[means.isna()]
    figure, axes = canvas(8, 3.8)
    axes.axhline(means[0], color=GREY, linewidth=1, label="the recipe as it was")
    axes.plot(means.index, means, "o", ms=4, color=GREY, label="trial")
    axes.step(means.index, means.cummin().ffill(), where="post", color=BLUE, label="best so far")
    if len(stopped):
        at_the_edge = {"transform": axes.get_xaxis_transform(), "clip_on": False}
        upper = [1.0] * len(stopped)
        axes.plot(stopped, upper, "|", color=RED, label="stopped early", **at_the_edge)
    axes.set_xlabel("trial")
    axes.set_ylabel("loss, baseline = 1 (lower is better)")
    axes.set_title(title)
    # Below: within, it would lie on trials.
    figure.legend(loc="outside lower center", ncols=4, frameon=False)
    return as_markdown(figure, title)
