"""The rows of race_predictions for one event, and which of them are news."""

import hashlib
from dataclasses import dataclass

import pandas as pd

from f1_pipeline.contracts.predictions import GRID_SOURCES, HORIZONS
from f1_pipeline.errors import UsageError
from f1_pipeline.features import LAST_PRACTICE
from f1_pipeline.predictions.choice import Forecaster
from f1_pipeline.predictions.coherence import exact

# Of each horizon the best rung of the grid that is there.
_RUNGS = {"pre_weekend": ["none"], "post_practice": ["none"], "post_qualifying": GRID_SOURCES}


@dataclass(frozen=True)
class Timing:
    """What live timing gave for an event: `rests_on_it`, if some practice came from there;
    `refused`, the reason when it refuses; `no_practice`, why the last practice is not known.
    """

    rests_on_it: bool = False
    refused: str | None = None
    no_practice: str | None = None


def timing_of(
    event_id: str, events: pd.DataFrame, practice: pd.DataFrame, is_held: bool, refused: str | None
) -> Timing:
    """`practice`: the table practice_results; `refused`: why live timing refuses, if it does."""
    mine = practice[practice["event_id"].eq(event_id)]
    event = events.set_index("event_id").loc[event_id]
    last = LAST_PRACTICE[event["format"]]
    is_known = bool(mine["session"].eq(last).any()) or (is_held and len(mine) > 0)
    lacking = None if is_known else refused or f"the result of {last} is not known"
    # An event that the archive holds wants for nothing.
    wanting = refused if lacking is not None or not is_held else None
    return Timing(bool(mine["tier"].eq("timing").any()), wanting, lacking)


def forecast(
    event_id: str,
    events: pd.DataFrame,
    drivers: pd.DataFrame,
    race_features: pd.DataFrame,
    forecaster: Forecaster,
    timing: Timing = Timing(),
) -> pd.DataFrame:
    """The contract's columns but `run_id` and `generated_at`, for each horizon that is known.

    Raises `UsageError` when nothing is known of the event that a forecast could be made from.
    """
    known = race_features[race_features["event_id"].eq(event_id)]
    if timing.no_practice is not None:
        known = known[known["horizon"].ne("post_practice")]
    variants = [_best_rung(known, horizon) for horizon in HORIZONS]
    made = [_horizon(rows, forecaster, timing) for rows in variants if len(rows)]
    if not made:
        raise UsageError(
            f"{event_id} cannot be forecast: it has no entries yet. Name an event that was held "
            "or the next one."
        )
    codes = drivers.set_index("driver_id")["code"]
    starts = events.set_index("event_id")["race_starts_at"]
    rows = exact(pd.concat(made, ignore_index=True))
    return rows.assign(driver_code=rows["driver_id"].map(codes), event_starts_at=starts[event_id])


def not_published(made: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """The horizons of `made` whose newest published prediction is another one.

    The same: by the same model on the same data. One that is now in time is news if all that is
    published was made after the start; one that is late is none where any was made in time. What
    an earlier model forecast is news again when it is back in force.
    """
    in_time = published["generated_at"] < published["event_starts_at"]
    late = made["generated_at"] >= made["event_starts_at"]
    newest_in_time = _newest(published[in_time])
    newest = _newest(published) | newest_in_time
    is_news = [
        (newest if is_late else newest_in_time).get(row.horizon)
        != (row.model_version, row.data_version)
        and not (is_late and row.horizon in newest_in_time)
        for row, is_late in zip(made.itertuples(), late, strict=True)
    ]
    return made[is_news]


def _newest(published: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """By horizon the model and the data of its newest prediction."""
    rows = published.sort_values(["generated_at", "run_id"], kind="stable")
    names = zip(rows["model_version"], rows["data_version"], strict=True)
    return dict(zip(rows["horizon"], names, strict=True))


def _best_rung(known: pd.DataFrame, horizon: str) -> pd.DataFrame:
    for grid_source in _RUNGS[horizon]:
        rows = known[known["horizon"].eq(horizon) & known["grid_source"].eq(grid_source)]
        if len(rows):
            return rows.sort_values("driver_id", ignore_index=True)
    return known.iloc[:0]


def _horizon(rows: pd.DataFrame, forecaster: Forecaster, timing: Timing) -> pd.DataFrame:
    sees_practice = rows["horizon"].iloc[0] != "pre_weekend"
    grid_source = rows["grid_source"].iloc[0]
    reasons = [forecaster.degraded_reason]
    if grid_source == "qualifying":
        reasons.append("no official grid is published: the order of qualifying stands in")
    if timing.refused is not None:
        reasons.append(f"no laps and no practice: {timing.refused}")
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
            tier="timing" if timing.rests_on_it and sees_practice else "results",
            data_version=hashlib.sha256(content).hexdigest()[:16],
        )
    )
