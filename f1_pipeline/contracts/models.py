"""Models: the registry of fits, what forecasts have been worth, and what a recipe's parts are."""

import pandera.pandas as pa

from f1_pipeline.contracts import fields
from f1_pipeline.contracts.base import EVENT_ID, Integer, Table, Timestamp, contract


def _number(what: str) -> float:
    return pa.Field(nullable=True, description=what)


@contract(layer="model", key=("model_version",))
class Models(Table):
    """Every fit that was stored: what it was made from, where it lies, whether it is in force."""

    model_version: str = pa.Field(description="hash of recipe and training data")
    recipe: str = pa.Field(description="hash of parameters, features and code version")
    data_version: str = pa.Field(description="hash of the training set")
    first_event: str = pa.Field(str_matches=EVENT_ID, description="first race trained on")
    last_event: str = pa.Field(str_matches=EVENT_ID, description="last race trained on")
    races: Integer = pa.Field(ge=1, description="races trained on")
    artifact_sha256: str = pa.Field(description="hash of the artifact's files, checked on load")
    stage: str = pa.Field(
        isin=["challenger", "champion", "retired"], description="waiting, in force, or no longer"
    )
    created_at: Timestamp = pa.Field(description="when the fit was stored, UTC")
    promoted_at: Timestamp = pa.Field(description="when it was last put in force, UTC")


@contract(
    layer="model",
    key=("recipe", "period", "tier", "horizon", "grid_source", "against", "metric"),
)
class TrackRecord(Table):
    """Metrics of the walk-forward backtest beside a reference, with paired 95 % intervals."""

    recipe: str = pa.Field(description="whose forecasts they are")
    period: str = pa.Field(
        isin=["before", "chosen on", "reported"],
        description="whether the recipe was chosen on these seasons: that flatters it",
    )
    tier: str = pa.Field(isin=["results", "timing"], description="whether laps were read too")
    horizon: str = pa.Field(description="what was known: see the cut-offs")
    grid_source: str = pa.Field(description="the grid's rung; none before qualifying")
    against: str = pa.Field(
        isin=["baseline", "standings"],
        description="the variant's own baseline (the grid, else the standings), or the standings",
    )
    metric: str = pa.Field(description="as named in docs/accuracy.md")
    first_season: Integer = pa.Field(description="first season scored")
    last_season: Integer = pa.Field(description="last season scored")
    races: Integer = pa.Field(ge=1, description="races scored")
    value: float = _number("of the model")
    reference: float = _number("of what it is set against")
    difference: float = _number("model less reference")
    low: float = _number("2.5 % quantile of the difference over resampled races")
    high: float = _number("97.5 % quantile of it")


@contract(
    layer="model",
    key=("study", "case", "event_id", "horizon", "grid_source"),
    references={"event_id": ("events", "event_id")},
)
class StudyScores(Table):
    """Scores by race of the recipe with one thing changed, on the seasons it was chosen on."""

    study: str = pa.Field(
        isin=["recipe", "ablation", "history"],
        description="unchanged, without a factor, or fitted on fewer seasons",
    )
    case: str = pa.Field(description="the factor that is left out, or the number of seasons")
    event_id: str = fields.event_id()
    horizon: str = pa.Field(description="what was known: see the cut-offs")
    grid_source: str = pa.Field(description="the grid's rung; none before qualifying")
    win_top1: float = _number("1 where the most probable winner won, else 0")
    win_ll: float = _number("log-loss of the winner")
    podium_p3: float = _number("share of the podium named")
    podium_ll: float = _number("log-loss of the podium")
    points_p10: float = _number("share of the points places named")
    points_ll: float = _number("log-loss of the points")
    spearman: float = _number("rank correlation over the classified drivers")
    mae: float = _number("error of the place over the classified drivers")
    rps: float = _number("ranked probability score")
    fingerprint: str = pa.Field(description="hash of recipe, code and data: same hash, same bits")
