"""Pictures of the model's health: scores race by race, and what has drifted.

What all pictures share is in `pictures`.
"""

import dagster as dg
import numpy as np
import pandas as pd

from f1_pipeline.defs.pictures import BLUE, GREY, RED, as_markdown, canvas

_RACES = 5  # of the rolling mean: one wet race moves it, and does not hide the rest
_BARS = 24


def rolling(scores: pd.DataFrame, metric: str, title: str) -> dg.MetadataValue:
    """A score of the model and of the baseline, race by race and as a mean of five.

    `scores` as `monitoring.by_race` gives them, of one horizon.
    """
    figure, axes = canvas(9, 3.8)
    places = range(len(scores))
    for column, colour, label in (
        (metric, BLUE, "model"),
        (f"{metric}_baseline", GREY, "baseline"),
    ):
        values = scores[column].to_numpy()
        axes.plot(places, values, "o", ms=3, color=colour, alpha=0.6)
        mean = scores[column].rolling(_RACES, min_periods=1).mean().to_numpy()
        axes.plot(places, mean, color=colour, label=f"{label}, mean of {_RACES}")
    step = max(1, len(scores) // 15)
    axes.set_xticks(places[::step], scores["event_id"].tolist()[::step], rotation=45, ha="right")
    axes.set_ylabel(f"{metric} (lower is better)")
    axes.set_title(title)
    axes.legend(frameon=False)
    return as_markdown(figure, title)


def drifted(report: pd.DataFrame, title: str) -> dg.MetadataValue:
    """PSI of what has changed most, with a mark at what as many races differ by themselves.

    `report` as `monitoring.drift` gives it. Red has drifted, grey is explained by the calendar.
    """
    most = (report["psi"] - report["by_chance"]).nlargest(_BARS).index
    rows = report.loc[most].iloc[::-1]
    colours = np.where(rows["drifted"], np.where(rows["cause"].isna(), RED, GREY), BLUE)
    figure, axes = canvas(8, 0.27 * len(rows) + 1.2)
    names = rows["subject"] + " " + rows["name"] + ", " + rows["races"].astype(str) + " races"
    axes.barh(names, rows["psi"], color=colours)
    axes.plot(rows["by_chance"], names, "|", ms=9, color="black", label="by chance")
    axes.set_xlabel("PSI of the newest races against those before them")
    axes.set_title(title)
    axes.legend(loc="lower right", frameon=False)
    return as_markdown(figure, title)
