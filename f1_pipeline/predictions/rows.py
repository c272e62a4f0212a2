"""The rows of race_predictions for one event, and which of them are news."""

import hashlib

import pandas as pd

from f1_pipeline.contracts.predictions import GRID_SOURCES, HORIZONS
from f1_pipeline.errors import UsageError
from f1_pipeline.predictions.choice import Forecaster
from f1_pipeline.predictions.coherence import exact

# Of each horizon the best rung of the grid that is there.
_RUNGS = {"pre_weekend": ["none"], "post_qualifying": GRID_SOURCES}


def forecast(
    event_id: str,
    events: pd.DataFrame,
    drivers: pd.DataFrame,
    race_features: pd.DataFrame,
    forecaster: Forecaster,
) -> pd.DataFrame:
    """The contract's columns but `run_id` and `generated_at`, for each horizon that is known.

    Raises `UsageError` when nothing is known of the event that a forecast could be made from.
    """
    known = race_features[race_features["event_id"].eq(event_id)]
    variants = [_best_rung(known, horizon) for horizon in HORIZONS if horizon in _RUNGS]
    made = [_horizon(rows, forecaster) for rows in variants if len(rows)]
    if not made:
        raise UsageError(
            f"{event_id} cannot be forecast: it has no entries yet. Name an event that was held "
            "or the next one."
        )
    codes = drivers.set_index("driver_id")["code"]
    starts = events.set_index("event_id")["race_starts_at"]
    rows = exact(pd.concat(made, ignore_index=True))
    return rows.assign(
        driver_code=rows["driver_id"].map(codes), event_starts_at=starts[event_id], tier="results"
    )


def not_published(made: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """The horizons of `made` of which no equal prediction is published.

    Equal: the same model on the same data. One that is now in time is news if the one that is
    published was made after the start.
    """
    key = ["horizon", "model_version", "data_version"]
    in_time = published["generated_at"] < published["event_starts_at"]
    late = made["generated_at"] >= made["event_starts_at"]
    before = set(published[key].itertuples(index=False, name=None))
    before_in_time = set(published.loc[in_time, key].itertuples(index=False, name=None))
    known = [
        row in (before if is_late else before_in_time)
        for row, is_late in zip(made[key].itertuples(index=False, name=None), late, strict=True)
    ]
    return made[[not is_known for is_known in known]]


def _best_rung(known: pd.DataFrame, horizon: str) -> pd.DataFrame:
    for grid_source in _RUNGS[horizon]:
        rows = known[known["horizon"].eq(horizon) & known["grid_source"].eq(grid_source)]
        if len(rows):
            return rows.sort_values("driver_id", ignore_index=True)
    return known.iloc[:0]


def _horizon(rows: pd.DataFrame, forecaster: Forecaster) -> pd.DataFrame:
    grid_source = rows["grid_source"].iloc[0]
    reasons = [forecaster.degraded_reason]
    if grid_source == "qualifying":
        reasons.append("no official grid is published: the order of qualifying stands in")
    given = ["event_id", "season", "round", "driver_id", "constructor_id", "horizon"]
    content = rows.to_csv(index=False).encode()
    return (
        rows[[*given, "grid_place"]]
        .rename(columns={"grid_place": "grid_position"})
        .merge(forecaster.model.predict(rows), on="driver_id", validate="1:1")
        .assign(
            grid_source=None if grid_source == "none" else grid_source,
            degraded_reason="; ".join(filter(None, reasons)) or None,
            model_version=forecaster.version,
            data_version=hashlib.sha256(content).hexdigest()[:16],
        )
    )
