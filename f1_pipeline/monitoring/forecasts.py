"""Which forecast of each race held counts, with what came of it; and the baseline's beside it.

What was published in time counts; of races that were not forecast in time it is the walk-forward
backtest's. Here belongs the choice; scores are in `health`, errors in `quantities`.
"""

import numpy as np
import pandas as pd

from f1_pipeline.features.timeline import places_within
from f1_pipeline.modelling import baseline_forecast
from f1_pipeline.modelling.ordering import in_time
from f1_pipeline.modelling.race_model import variant_rows

_OUTCOME = ["finish_order", "classified", "retired"]
_COLUMNS = [
    *("event_id", "driver_id", "constructor_id", "horizon", "grid_source"),
    *("p_win", "p_podium", "p_points", "p_dnf", "expected_position", "position_probabilities"),
    *_OUTCOME,
    "published",
]
_FORECAST = ["event_id", "horizon"]
_VARIANT = ["event_id", "horizon", "grid_source"]
# What the baseline reads: a tenth of the columns, and a tenth of the time that goes into copying.
_READ = [
    *("event_id", "driver_id", "season", "race", "grid_place", "started"),
    *("championship_position", "previous_position"),
    *_OUTCOME,
]


def counted(
    training_set: pd.DataFrame, backtest: pd.DataFrame, predictions: pd.DataFrame
) -> pd.DataFrame:
    """One forecast for each race and horizon: a row for each driver, with the outcome.

    `backtest`: rows of contract `backtest_predictions` of one model; `predictions`: of contract
    `race_predictions`, all that were published. `published` tells them apart. Of several rungs of
    the grid the backtest's official one counts; of several runs in time the newest.
    """
    published = _in_time(training_set, predictions).assign(published=True)
    walked = backtest[backtest["grid_source"].ne("qualifying")].assign(published=False)
    known = pd.MultiIndex.from_frame(published[_FORECAST])
    walked = walked[~pd.MultiIndex.from_frame(walked[_FORECAST]).isin(known)]
    parts = [part[_COLUMNS] for part in (published, walked) if len(part)]
    rows = pd.concat(parts, ignore_index=True) if parts else walked[_COLUMNS]
    return rows.sort_values([*_FORECAST, "driver_id"], ignore_index=True)


def of_baseline(training_set: pd.DataFrame, forecasts: pd.DataFrame) -> pd.DataFrame:
    """The baseline's forecast of the same races from the same grids; rows as `counted` gives them.

    A race that the training set does not hold on that rung is left out.
    """
    wanted = forecasts[_VARIANT].drop_duplicates()
    parts = []
    for variant, events in wanted.groupby(["horizon", "grid_source"]):
        rows = in_time(variant_rows(training_set, variant))
        read = rows[_READ]
        for number, race in rows[rows["event_id"].isin(set(events["event_id"]))].groupby("race"):
            made = baseline_forecast(read[read["race"] < number], read[read["race"].eq(number)])
            about = race[[*_VARIANT, "driver_id", "constructor_id", *_OUTCOME]]
            parts.append(about.merge(made, on="driver_id", validate="1:1"))
    if not parts:
        return pd.DataFrame(columns=_COLUMNS)
    return pd.concat(parts, ignore_index=True).assign(published=False)[_COLUMNS]


def _in_time(training_set: pd.DataFrame, predictions: pd.DataFrame) -> pd.DataFrame:
    """What was published before the start of the races held, newest run, with the outcome.

    Scored as in `predictions.scored`: a driver without a result comes last, and places are those
    of the field that was forecast.
    """
    before = predictions["generated_at"] < predictions["event_starts_at"]
    held = predictions["event_id"].isin(set(training_set["event_id"]))
    rows = predictions[before & held].sort_values(["generated_at", "run_id"])
    newest = rows.drop_duplicates(_FORECAST, keep="last")[[*_FORECAST, "run_id"]]
    rows = rows.merge(newest, on=[*_FORECAST, "run_id"])
    outcome = training_set[["event_id", "driver_id", *_OUTCOME]].drop_duplicates(
        ["event_id", "driver_id"]
    )
    rows = rows.merge(outcome, on=["event_id", "driver_id"], how="left")
    missing = rows["finish_order"].isna()
    forecast = rows["event_id"] + " " + rows["horizon"]
    place = rows["finish_order"].astype("float64").fillna(np.inf)
    return rows.assign(
        grid_source=rows["grid_source"].fillna("none"),
        finish_order=places_within(forecast, place, rows["driver_id"]).astype("int64"),
        classified=rows["classified"].eq(True).fillna(False).astype(bool),
        retired=(rows["retired"].eq(True) | missing).fillna(True).astype(bool),
    )
