"""The jobs: what one run does. All of them run in one process; runs are the unit that spreads."""

import dagster as dg

PARTITIONED = dg.AssetSelection.assets(["model", "backtest"], ["predictions", "race_predictions"])

refresh = dg.define_asset_job(
    "refresh",
    selection=dg.AssetSelection.all() - PARTITIONED,
    description="Archive to model: every table, feature and fit, all that knows no partition.",
)
backtest_season = dg.define_asset_job(
    "backtest_season",
    selection=dg.AssetSelection.assets(["model", "backtest"]),
    description="The walk-forward backtest of one season.",
)
predict_event = dg.define_asset_job(
    "predict_event",
    selection=dg.AssetSelection.assets(["predictions", "race_predictions"]),
    description="The forecast of one event.",
)
JOBS = [refresh, backtest_season, predict_event]
