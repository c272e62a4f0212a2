"""Pictures for the metadata of assets: what people would rather look at than read."""

import base64
from io import BytesIO
from typing import Any

import dagster as dg
import pandas as pd

from f1_pipeline.modelling import scores_by_race

BLUE, GREY, RED = "#2563a8", "#b9c0c8", "#c0392b"
_BINS = 10
_HORIZONS = (
    ("pre_weekend", "before the weekend", GREY),
    ("post_practice", "after practice", RED),
    ("post_qualifying", "after qualifying", BLUE),
)


def canvas(width: float, height: float, panels: int = 1) -> tuple[Any, Any]:
    """A figure with its axes: one, or so many side by side."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=110, layout="constrained")
    axes = figure.subplots(1, panels)
    for panel in axes if panels > 1 else [axes]:
        panel.spines[["top", "right"]].set_visible(False)
    return figure, axes


def as_markdown(figure: Any, alt: str) -> dg.MetadataValue:
    buffer = BytesIO()
    figure.savefig(buffer, format="png")
    data = base64.b64encode(buffer.getvalue()).decode()
    return dg.MetadataValue.md(f"![{alt}](data:image/png;base64,{data})")


def _percent(chance: float) -> str:
    return "<1%" if 0 < chance < 0.01 else f"{chance:.0%}"


def win_probabilities(prediction: pd.DataFrame, title: str) -> dg.MetadataValue:
    """Win and podium probability of every driver of a race, most probable on top."""
    rows = prediction.sort_values(["p_win", "driver_id"], ascending=[True, False])
    figure, axes = canvas(7, 0.28 * len(rows) + 1.2)
    axes.barh(rows["driver_id"], rows["p_podium"], color=GREY, label="podium")
    axes.barh(rows["driver_id"], rows["p_win"], color=BLUE, label="win")
    for place, (win, podium) in enumerate(zip(rows["p_win"], rows["p_podium"], strict=True)):
        label = f"{_percent(win)} / {_percent(podium)}"
        axes.text(podium + 0.01, place, label, va="center", fontsize=8)
    axes.set_title(title)
    axes.set_xlabel("probability")
    axes.set_xlim(0, 1)
    axes.legend(loc="lower right", frameon=False)
    return as_markdown(figure, title)


def calibration(predictions: pd.DataFrame, title: str) -> dg.MetadataValue:
    """Forecast against observed frequency in bins of 0.1, for win, podium and points."""
    figure, axes = canvas(5.5, 5)
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=1)
    position = predictions["finish_order"]
    outcomes = {
        "p_win": position.eq(1),
        "p_podium": position.le(3),
        "p_points": position.le(10) & predictions["classified"].astype(bool),
    }
    for (column, happened), colour in zip(outcomes.items(), (RED, BLUE, "#3a7d44"), strict=True):
        bins = (predictions[column] * _BINS).astype(int).clip(upper=_BINS - 1)
        table = pd.DataFrame({"p": predictions[column], "o": happened.astype(float)})
        points = table.groupby(bins).agg(p=("p", "mean"), o=("o", "mean"), n=("o", "size"))
        sizes = 12 + 160 * points["n"] / points["n"].max()
        axes.scatter(points["p"], points["o"], s=sizes, color=colour, alpha=0.75, label=column[2:])
    axes.set_xlabel("forecast probability")
    axes.set_ylabel("observed frequency (size: number of forecasts)")
    axes.set_title(title)
    axes.legend(loc="upper left", frameon=False)
    return as_markdown(figure, title)


def importance(shares: "pd.Series[float]", title: str, most: int = 15) -> dg.MetadataValue:
    """The features that the model leans on most, as shares of the whole."""
    top = shares.sort_values(ascending=False).head(most).iloc[::-1]
    figure, axes = canvas(7, 0.28 * len(top) + 1)
    axes.barh(top.index, top.to_numpy(), color=BLUE)
    axes.set_title(title)
    axes.set_xlabel("share of the importance")
    return as_markdown(figure, title)


def by_season(model: pd.DataFrame, baseline: pd.DataFrame, title: str) -> dg.MetadataValue:
    """Scores of each season, model and baseline: three that are better when low."""
    figure, axes = canvas(10, 3.4, panels=3)
    for panel, metric in zip(axes, ("win_ll", "points_ll", "rps"), strict=True):
        for rows, colour, label in ((model, BLUE, "model"), (baseline, GREY, "baseline")):
            season = rows.groupby("event_id")["season"].first()
            means = scores_by_race(rows)[metric].groupby(season).mean()
            panel.plot(means.index.astype(str), means, color=colour, marker="o", label=label)
        panel.set_title(f"{metric} (lower is better)", fontsize=10)
        panel.tick_params(axis="x", rotation=45)
    axes[0].legend(frameon=False)
    figure.suptitle(title)
    return as_markdown(figure, title)


def ablation(compared: pd.DataFrame, title: str) -> dg.MetadataValue:
    """Per factor what the points log-loss gains without it, with its interval, by horizon."""
    rows = compared[compared["study"].eq("ablation") & compared["metric"].eq("points_ll")]
    order = rows.groupby("case")["difference"].mean().sort_values().index
    figure, axes = canvas(8, 0.5 * len(order) + 1.4)
    for shift, (name, label, colour) in zip((-0.22, 0, 0.22), _HORIZONS, strict=True):
        mine = _of_variant(rows, name).set_index("case").reindex(order)
        worse, low, high = (mine[c].to_numpy() for c in ("difference", "low", "high"))
        places = [place + shift for place in range(len(order))]
        spread = [worse - low, high - worse]
        axes.errorbar(worse, places, xerr=spread, fmt="o", ms=4, color=colour, label=label)
    axes.axvline(0, color=GREY, linewidth=1)
    axes.set_yticks(range(len(order)), order)
    axes.set_xlabel("points log-loss, difference to the whole recipe (right: worse without)")
    axes.set_title(title)
    axes.legend(loc="lower right", frameon=False)
    return as_markdown(figure, title)


def history(compared: pd.DataFrame, title: str) -> dg.MetadataValue:
    """The learning curve: points log-loss and rank correlation by seasons of history."""
    figure, axes = canvas(9, 3.6, panels=2)
    rows = compared[compared["study"].isin(["history", "recipe"])]
    ticks = [*sorted(rows.loc[rows["study"].eq("history"), "case"]), "all"]
    for panel, metric in zip(axes, ("points_ll", "spearman"), strict=True):
        for name, label, colour in _HORIZONS:
            mine = _of_variant(rows[rows["metric"].eq(metric)], name)
            values = mine.set_index(mine["case"].where(mine["study"].eq("history"), "all"))
            panel.plot(ticks, values["value"].reindex(ticks), "o-", color=colour, label=label)
        panel.set_xlabel("seasons of history")
        panel.set_title(metric, fontsize=10)
    # Of the one panel's handles, below both: within either a legend would lie on a line.
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    figure.suptitle(title)
    return as_markdown(figure, title)


def _of_variant(rows: pd.DataFrame, horizon: str) -> pd.DataFrame:
    """After qualifying the official grid speaks for both rungs."""
    return rows[rows["horizon"].eq(horizon) & rows["grid_source"].ne("qualifying")]
