"""What forecasts have been worth: the backtest's metrics by period, horizon and rung of the grid.

The seasons that the recipe was chosen on are a period of their own: they flatter it. Not here: the
metrics (`metrics`), and the forecasts themselves (`backtest`).
"""

import pandas as pd

from f1_pipeline.modelling.backtest import BASELINE, MODEL
from f1_pipeline.modelling.metrics import METRICS, evaluate
from f1_pipeline.modelling.recipe import CHOICE_SEASONS

_STANDINGS = ("pre_weekend", "none")


def track_record(backtest: pd.DataFrame) -> pd.DataFrame:
    """Contract `track_record` from rows of contract `backtest_predictions`.

    Every variant is set against its own baseline (the grid, or the standings where none is known)
    and, after qualifying, against the standings too.
    """
    period = backtest["season"].map(_period)
    lines = []
    for (recipe, when, tier), rows in backtest.groupby(["recipe", period, "tier"]):
        forecasts = dict(list(rows.groupby(["horizon", "grid_source"])))
        for variant, mine in forecasts.items():
            models = {"baseline": mine[mine["model"].eq(BASELINE)]}
            if variant[1] != "none" and _STANDINGS in forecasts:
                standings = forecasts[_STANDINGS]
                models["standings"] = standings[standings["model"].eq(BASELINE)]
            about = {"recipe": recipe, "period": when, "tier": tier}
            about |= {"horizon": variant[0], "grid_source": variant[1]}
            for against, reference in models.items():
                lines += _lines(mine[mine["model"].eq(MODEL)], reference, about, against)
    return pd.DataFrame(lines)


def _period(season: int) -> str:
    if season in CHOICE_SEASONS:
        return "chosen on"
    return "reported" if season > max(CHOICE_SEASONS) else "before"


def _lines(
    model: pd.DataFrame, reference: pd.DataFrame, about: dict[str, str], against: str
) -> list[dict[str, object]]:
    scores = evaluate(model, reference)
    return [
        {
            **about,
            "against": against,
            "metric": metric,
            "first_season": model["season"].min(),
            "last_season": model["season"].max(),
            "races": scores["races"],
            "value": scores["model"][metric],
            "reference": scores["grid"][metric],
            "difference": scores["difference"][metric],
            "low": scores["difference_ci"][metric][0],
            "high": scores["difference_ci"][metric][1],
        }
        for metric in METRICS
    ]
