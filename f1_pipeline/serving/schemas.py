"""The answers' shapes: what OpenAPI says, and what an answer is checked against when it is read.

Times are UTC. `stale` says why an answer may be out of date; it is null when it is not.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from f1_pipeline.serving.answers.calendar import RACE

Share = Annotated[float, Field(ge=0, le=1)]
Place = Annotated[int, Field(ge=1)]
Season = Annotated[int, Field(ge=1950, le=2100)]
Race = Annotated[str, Field(pattern=RACE, description="2025-monaco, 2025-8, or 8", max_length=85)]
Record = dict[str, Any]


class Horizon(StrEnum):
    """What was known when a forecast was made."""

    pre_weekend = "pre_weekend"
    post_practice = "post_practice"
    post_qualifying = "post_qualifying"


class Shape(BaseModel):
    """Base of the answers."""

    model_config = ConfigDict(protected_namespaces=())


class Asked(BaseModel):
    """Base of what is sent here: nothing that is not known."""

    model_config = ConfigDict(extra="forbid")


class Problem(Shape):
    """Every error."""

    code: str = Field(description="for programs: does not change")
    message: str = Field(description="for people")
    hint: str = Field(description="what to do")


class Event(Shape):
    event_id: str = Field(description="stable: season and Grand Prix, such as 2025-monaco")
    season: int
    round: int
    name: str
    circuit_id: str
    race_starts_at: datetime


class Metric(Shape):
    value: float | None = Field(description="of such forecasts")
    reference: float | None = Field(description="of the baseline, on the same races")
    difference: float | None
    low: float | None = Field(description="2.5 % quantile of the difference over races")
    high: float | None = Field(description="97.5 % quantile of it")


class Accuracy(Shape):
    """What such forecasts were worth, walk-forward, on seasons that nothing was chosen on."""

    first_season: int
    last_season: int
    races: int
    against: str = Field(description="what the metrics are set against")
    metrics: dict[str, Metric] = Field(description="by name, as in docs/accuracy.md")


class DriverForecast(Shape):
    driver_id: str
    driver_code: str | None
    name: str
    constructor_id: str
    constructor: str
    grid_position: int | None = Field(description="as known then; null before qualifying")
    p_win: Share
    p_podium: Share
    p_points: Share
    p_dnf: Share = Field(description="retires or does not start")
    expected_position: float
    position_p05: Place
    position_p95: Place
    position_probabilities: list[Share] = Field(description="P(position k), k from 1")


class Forecast(Shape):
    """What was published at once: one horizon, one run."""

    horizon: Horizon
    status: str = Field(description="open, locked (race started), retrospective (no forecast)")
    grid_source: str | None = Field(description="official or qualifying; null before qualifying")
    tier: str = Field(description="results, or timing where laps were read too")
    degraded_reason: str | None = Field(description="why it rests on less than it could")
    model_version: str
    data_version: str
    run_id: str
    source: str = Field(description="published, or backtest where nothing is")
    generated_at: datetime | None = Field(description="null of a backtest's")
    drivers: list[DriverForecast] = Field(description="most probable winner first")


class Prediction(Forecast):
    """The forecast of a race that counts now."""

    event: Event
    expected_accuracy: Accuracy | None = Field(description="from the backtest; null without one")
    links: dict[str, str]
    stale: str | None


class Races(Asked):
    events: list[Race] = Field(min_length=1, max_length=100)
    horizon: Horizon | None = None


class Missing(Problem):
    event: str = Field(description="as it was asked for")


class Batch(Shape):
    predictions: list[Prediction]
    errors: list[Missing]
    stale: str | None


class Score(Shape):
    win_ll: float | None
    podium_ll: float | None
    points_ll: float | None
    rps: float | None
    spearman: float | None
    mae: float | None


class PastForecast(Forecast):
    scores: Score | None = Field(description="against the result; null before there is one")


class History(Shape):
    event: Event
    forecasts: list[PastForecast] = Field(description="the one that counts first")
    total: int
    stale: str | None


class Model(Shape):
    model_version: str
    recipe: str
    stage: str = Field(description="challenger, champion (in force) or retired")
    data_version: str
    first_event: str
    last_event: str
    races: int
    artifact_sha256: str
    created_at: datetime
    promoted_at: datetime | None


class Models(Shape):
    models: list[Model] = Field(description="the newest first")
    total: int
    in_force: str | None = Field(description="the champion's model_version")
    stale: str | None


class ModelDetails(Model):
    promotions: list[Record] = Field(description="when it was put in force, by whom and why")
    decisions: list[Record] = Field(description="what the gate measured, criterion by criterion")
    stale: str | None


class DriverData(Shape):
    driver: Record
    constructor: Record | None = Field(description="of the newest entry")
    form: Record | None = Field(description="state before the newest event that it is known of")
    standing: Record | None
    recent_results: list[Record] = Field(description="newest first")
    stale: str | None


class TeamData(Shape):
    constructor: Record
    lineage: list[Record] = Field(description="the names that the team has had")
    form: Record | None
    standing: Record | None
    drivers: list[Record] = Field(description="of the newest event that it entered")
    stale: str | None


class RaceFeatures(Shape):
    event: Event
    horizon: Horizon
    grid_source: str
    features: list[Record] = Field(description="a row for each driver")
    stale: str | None


class CircuitData(Shape):
    circuit: Record
    patterns: Record | None = Field(description="before the newest event there")
    events: list[Event]
    stale: str | None


class DriverPrediction(Shape):
    driver: Record
    entry: Record
    form: Record | None
    team_form: Record | None
    features: Record | None
    forecast: DriverForecast | None


class RaceAsked(Asked):
    event_id: Race
    horizon: Horizon | None = None


class RaceData(Shape):
    """All that a forecast of a race rests on, and the forecast."""

    event: Event
    horizon: Horizon | None
    circuit: Record | None
    patterns: Record | None
    drivers: list[DriverPrediction]
    stale: str | None


class Readable(Shape):
    tables: dict[str, int] = Field(description="rows by table")
    newest_event: Event | None = Field(description="the newest with a result")
    next_event: Event | None
    stale: str | None


class Seasons(Asked):
    seasons: list[Season] = Field(min_length=1, max_length=10)


class Synced(Shape):
    success: bool
    message: str
    drivers_synced: int
    constructors_synced: int
    errors: list[str]


class Run(Shape):
    """A run that was asked for."""

    run_id: str = Field(description="of the request: ask with it how it went")
    job: str
    state: str = Field(description="waiting, running, succeeded or failed")
    message: str | None
    result: Record | None
    dagster_run_id: str | None
    asked_at: datetime
    taken_at: datetime | None
    ended_at: datetime | None


class SyncInfo(Shape):
    first_season: int
    last_season: int
    drivers: int
    constructors: int
    synced_at: datetime | None = Field(description="when drivers or teams were last changed")
    key_needed: bool
    limit: str
    stale: str | None


class Component(Shape):
    status: str = Field(description="healthy, degraded, unhealthy or absent")
    message: str
    age_seconds: float | None = None


class Health(Shape):
    status: str = Field(description="healthy, degraded or unhealthy")
    service: str
    version: str
    components: dict[str, Component]


class Alive(Shape):
    status: str


class Window(Shape):
    """The newest races' forecasts beside the baseline."""

    event_id: str
    horizon: str
    status: str
    reason: str
    races: int
    published: int
    rps: float | None
    rps_baseline: float | None
    points_ll: float | None
    points_ll_baseline: float | None
    calibration_error: float | None
    drift_score: float | None


class Monitoring(Shape):
    windows: list[Window]
    scores: list[Record] = Field(description="published forecasts that were scored, newest first")
    stale: str | None


class Drift(Shape):
    event_id: str | None = Field(description="the newest race that was looked at")
    drifted: list[Record]
    watched: int
    stale: str | None


class Service(Shape):
    service: str
    version: str
    links: dict[str, str]
