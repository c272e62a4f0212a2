"""The jobs: what one run does. All of them run in one process; runs are the unit that spreads."""

from typing import Any

import dagster as dg

from f1_pipeline.defs import (
    monitoring,
    predictions,
    recommendations,
    registry,
    rosters,
    search,
    stories,
    strategy,
    strategy_fits,
    timing,
    timing_tables,
)
from f1_pipeline.defs.recordings import import_laps, record_season
from f1_pipeline.defs.seasons import collect_season

BY_EVENT = dg.AssetSelection.assets(
    *(["raw", kind] for kind in ("results", "qualifying", "sprint", "pit_stops"))
)
RECORDINGS = dg.AssetSelection.assets(*(["raw", name] for name in timing.PARTS))
TIMING_TABLES = dg.AssetSelection.assets(*(["tables", name] for name in timing_tables.NAMES))
BACKTEST = dg.AssetSelection.assets(["model", "backtest"])
RECORD = dg.AssetSelection.assets(["model", "track_record"])
PLANS = dg.AssetSelection.assets(*recommendations.MADE)
PLANS_BACKTEST = dg.AssetSelection.assets(["strategy", "strategy_backtest"])
STUDIES = dg.AssetSelection.assets(["model", "studies"])
TUNING = dg.AssetSelection.assets(["model", "tuning"])
STORIES = dg.AssetSelection.assets(*stories.MADE)
# A forecast, and what is told of it once it is published.
PREDICTIONS = dg.AssetSelection.assets(*predictions.MADE) | STORIES
CALENDAR = dg.AssetSelection.assets(["raw", "calendar"])
ROSTERS = dg.AssetSelection.assets(rosters.KEY)
SCORES = dg.AssetSelection.assets(["predictions", "scored_predictions"])
OPERATIONS = dg.AssetSelection.groups("operations")
TABLES_AND_FEATURES = dg.AssetSelection.groups("tables", "features")
FITS = dg.AssetSelection.assets(
    ["model", "training_set"], ["model", "challenger"], ["model", "champion"]
)
# Wherever laps may be taken in, or a result that laps waited for: the figures, what is fitted to
# them, and the documents of races.
STRATEGY = dg.AssetSelection.assets(
    *(["strategy", name] for name in (*strategy.NAMES, *strategy_fits.NAMES)),
    ["strategy", "scored_recommendations"],
    *(["search", name] for name in search.NAMES),
)
HEALTH = dg.AssetSelection.assets(*monitoring.MADE)

refresh = dg.define_asset_job(
    "refresh",
    selection=dg.AssetSelection.all()
    - (BY_EVENT | RECORDINGS | CALENDAR | ROSTERS | PREDICTIONS | OPERATIONS)
    - (BACKTEST | RECORD | STUDIES | TUNING | PLANS | PLANS_BACKTEST),
    description="Archive and kept answers to model: every table, feature and fit, all that knows "
    "no partition. Asks no upstream.",
)
update_event = dg.define_asset_job(
    "update_event",
    selection=BY_EVENT | TABLES_AND_FEATURES | STRATEGY | PREDICTIONS | SCORES,
    description="A session's result, to the forecast that it opens or the scores that it settles. "
    "No fit of the model: fits follow a race.",
)
update_timing = dg.define_asset_job(
    "update_timing",
    selection=RECORDINGS | TABLES_AND_FEATURES | STRATEGY | PREDICTIONS,
    description="The recordings of an event's sessions, to the forecast that practice opens. "
    "Beside the results, so that live timing holds nothing up when it fails.",
)
take_in = dg.define_asset_job(
    "take_in",
    selection=TIMING_TABLES | STRATEGY,
    description="Laps and what is derived of them, strategy too, from the recordings that are kept."
    " Asks no upstream.",
)
update_calendar = dg.define_asset_job(
    "update_calendar",
    selection=CALENDAR | TABLES_AND_FEATURES | SCORES,
    description="The calendar as it stands now, and what follows from it.",
)
update_tables = dg.define_asset_job(
    "update_tables",
    selection=TABLES_AND_FEATURES | STRATEGY | SCORES,
    description="Tables and features from what is kept. Asks no upstream.",
)
sync_drivers = dg.define_asset_job(
    "sync_drivers",
    selection=ROSTERS | TABLES_AND_FEATURES | SCORES,
    description="Drivers, constructors and entries of seasons, from the upstream into the tables. "
    "A season that fails fails the run at its end, when the others are done.",
)
after_race = dg.define_asset_job(
    "after_race",
    selection=FITS | HEALTH | PREDICTIONS,
    description="A fit on all races held, a look at what forecasts have been worth, and the "
    "forecast of the next race.",
)
retrain = dg.define_asset_job(
    "retrain",
    selection=FITS | TUNING | HEALTH,
    config={"resources": {"training": {"config": {"judged": True}}}},
    description="A fit on all races held, judged by the gate anew, whatever it has said before. "
    "With ENABLE_HYPERPARAMETER_TUNING after a search for a better recipe.",
)
backtest_season = dg.define_asset_job(
    "backtest_season",
    selection=BACKTEST,
    description="The walk-forward backtest of one season.",
)
update_record = dg.define_asset_job(
    "update_record",
    selection=RECORD,
    description="What the forecasts of all seasons whose backtest is held have been worth.",
)
study = dg.define_asset_job(
    "study",
    selection=STUDIES,
    description="What each part of the recipe is worth, on the seasons it was chosen on.",
)
recommend_event = dg.define_asset_job(
    "recommend_event",
    selection=PLANS | STORIES,
    description="Plans for one event: what to stop for, and when. Half a minute of one core.",
)
backtest_strategy = dg.define_asset_job(
    "backtest_strategy",
    selection=PLANS_BACKTEST,
    description="The walk-forward backtest of plans over one season: a minute or two.",
)
predict_event = dg.define_asset_job(
    "predict_event",
    selection=PREDICTIONS,
    description="The forecast of one event.",
)
JOBS: list[Any] = [
    refresh,
    update_event,
    update_timing,
    take_in,
    update_calendar,
    update_tables,
    sync_drivers,
    after_race,
    retrain,
    backtest_season,
    update_record,
    study,
    predict_event,
    recommend_event,
    backtest_strategy,
    collect_season,
    record_season,
    import_laps,
    *registry.JOBS,
]
