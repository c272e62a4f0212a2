"""Forecasts: what is published for a race, its scores, what the backtest would have published."""

import pandera.pandas as pa

from f1_pipeline.contracts import fields
from f1_pipeline.contracts.base import Boolean, Integer, Table, Timestamp, contract

HORIZONS = ["pre_weekend", "post_practice", "post_qualifying"]
GRID_SOURCES = ["official", "qualifying"]


def _share(what: str) -> float:
    return pa.Field(ge=0, le=1, nullable=True, description=what)


def _loss(what: str) -> float:
    return pa.Field(ge=0, nullable=True, description=what)


class Forecast(Table):
    """The columns that a published prediction and a backtest row share; one joint distribution."""

    event_id: str = fields.event_id()
    season: Integer = fields.season()
    round: Integer = fields.round_number()
    driver_id: str = fields.driver_id()
    constructor_id: str = fields.constructor_id()
    horizon: str = pa.Field(isin=HORIZONS, description="what was known: see the cut-offs")
    p_win: float = pa.Field(ge=0, le=1, description="P(position 1); sums to 1 over the race")
    p_podium: float = pa.Field(ge=0, le=1, description="P(position ≤ 3); sums to 3")
    p_points: float = pa.Field(
        ge=0, le=1, description="P(classified in the top ten); sums to at most 10"
    )
    p_dnf: float = pa.Field(ge=0, le=1, description="P(retires or does not start)")
    expected_position: float = pa.Field(ge=1, description="mean of the position distribution")
    position_p05: Integer = pa.Field(ge=1, description="5 % quantile of the position")
    position_p95: Integer = pa.Field(ge=1, description="95 % quantile of the position")
    position_probabilities: object = pa.Field(
        description="P(position k), k = 1 to the field's size; sums to 1"
    )


@contract(
    layer="predictions",
    key=("event_id", "driver_id", "horizon", "run_id"),
    references={"event_id": ("events", "event_id"), "driver_id": ("drivers", "driver_id")},
)
class RacePredictions(Forecast):
    """Every prediction ever published; rows are never changed. Read current_predictions."""

    driver_code: str = pa.Field(nullable=True, description="three-letter code")
    grid_position: Integer = pa.Field(
        ge=1, nullable=True, description="place on the grid as known then; null before"
    )
    grid_source: str = pa.Field(
        isin=GRID_SOURCES, nullable=True, description="the grid's rung; null before qualifying"
    )
    tier: str = pa.Field(isin=["results", "timing"], description="the tier that it rests on")
    degraded_reason: str = pa.Field(
        nullable=True, description="why it rests on less than it could; null if nothing is missing"
    )
    model_version: str = pa.Field(description="fit that made it, or the baseline's name")
    data_version: str = pa.Field(description="hash of the features that it was made from")
    run_id: str = pa.Field(description="Dagster run that published it")
    generated_at: Timestamp = pa.Field(description="when it was made, UTC")
    event_starts_at: Timestamp = pa.Field(description="scheduled start of the race, UTC")


@contract(
    layer="predictions",
    key=("event_id", "driver_id", "horizon", "run_id", "factor"),
    references={"event_id": ("events", "event_id"), "driver_id": ("drivers", "driver_id")},
)
class Explanations(Table):
    """What speaks for and against each driver in a published prediction, factor by factor."""

    event_id: str = fields.event_id()
    driver_id: str = fields.driver_id()
    horizon: str = pa.Field(isin=HORIZONS, description="what was known: see the cut-offs")
    run_id: str = pa.Field(description="Dagster run that published the prediction")
    factor: str = pa.Field(description="grid, qualifying, practice, form, standing, team, …")
    contribution: float = pa.Field(
        description="what it adds to the strength against the field's mean, in log-odds"
    )
    words: str = pa.Field(nullable=True, description="the fact behind it; null where none is known")


@contract(
    layer="predictions",
    key=("event_id", "horizon", "run_id"),
    by_event=True,
    references={"event_id": ("events", "event_id")},
)
class ScoredPredictions(Table):
    """Published predictions against the race result as last ruled: one row per forecast."""

    event_id: str = fields.event_id()
    season: Integer = fields.season()
    round: Integer = fields.round_number()
    horizon: str = pa.Field(isin=HORIZONS, description="what was known: see the cut-offs")
    run_id: str = pa.Field(description="Dagster run that published the prediction")
    model_version: str = pa.Field(description="fit that made it, or the baseline's name")
    data_version: str = pa.Field(description="hash of the features that it was made from")
    tier: str = pa.Field(isin=["results", "timing"], description="the tier that it rests on")
    grid_source: str = pa.Field(
        isin=GRID_SOURCES, nullable=True, description="the grid's rung; null before qualifying"
    )
    status: str = pa.Field(
        isin=["locked", "retrospective"],
        description="generated before the start of the race, or after it: then it is no forecast",
    )
    generated_at: Timestamp = pa.Field(description="when the prediction was made, UTC")
    drivers: Integer = pa.Field(ge=1, description="how many drivers were forecast and scored")
    win_top1: float = _share("1 where the most probable winner won, else 0")
    win_ll: float = _loss("log-loss of the winner, in nats")
    podium_p3: float = _share("share of the three most probable that reached the podium")
    podium_ll: float = _loss("mean log-loss of the podium, in nats")
    points_p10: float = _share("share of the ten most probable that reached the points")
    points_ll: float = _loss("mean log-loss of the points, in nats")
    spearman: float = pa.Field(
        ge=-1, le=1, nullable=True, description="rank correlation over the classified drivers"
    )
    mae: float = _loss("mean error of the place over the classified drivers")
    rps: float = _loss("ranked probability score of the positions")


@contract(
    layer="model",
    key=("event_id", "driver_id", "horizon", "grid_source", "model", "tier", "recipe"),
    references={"event_id": ("events", "event_id"), "driver_id": ("drivers", "driver_id")},
)
class BacktestPredictions(Forecast):
    """Walk-forward forecasts of past races with their outcome, for the model and its baseline."""

    grid_position: Integer = pa.Field(ge=1, nullable=True, description="place on that grid")
    grid_source: str = pa.Field(
        isin=[*GRID_SOURCES, "none"], description="the grid's rung; none before qualifying"
    )
    model: str = pa.Field(isin=["catboost", "baseline"], description="who forecasts")
    tier: str = pa.Field(isin=["results", "timing"], description="whether laps were read too")
    recipe: str = pa.Field(description="the recipe whose backtest the row belongs to")
    model_version: str = pa.Field(description="fit that made it, or the baseline's name")
    fingerprint: str = pa.Field(description="hash of recipe, code and data: same hash, same bits")
    finish_order: Integer = pa.Field(ge=1, description="outcome: place in the finishing order")
    classified: Boolean = pa.Field(description="outcome: classified")
    retired: Boolean = pa.Field(description="outcome: retired or did not start")
