"""Operating models: recipes, promotions, the gate's decisions, tuning, health, incidents, removals.

The fits themselves are in `models`. Rows of `promotions`, `gate_decisions`, `tuning_trials` and
`removals` are never changed.
"""

import pandera.pandas as pa

from f1_pipeline.contracts import fields
from f1_pipeline.contracts.base import Boolean, Integer, Table, Timestamp, contract

STAGES = ["challenger", "champion", "retired"]


def _number(what: str) -> float:
    return pa.Field(nullable=True, description=what)


@contract(layer="model", key=("recipe",))
class Recipes(Table):
    """Every recipe that was fitted or found: what it is, where it comes from, where it stands."""

    recipe: str = pa.Field(description="hash of parameters, features and code version")
    parameters: str = pa.Field(
        nullable=True, description="all of them, as JSON; null where an older version fitted it"
    )
    code_version: Integer = pa.Field(
        nullable=True, description="version of the modelling code that it belongs to"
    )
    origin: str = pa.Field(
        isin=["code", "tuning"], description="shipped with the code, or found by tuning"
    )
    stage: str = pa.Field(
        isin=STAGES, description="waiting, in force, or replaced: then not proposed by itself again"
    )
    created_at: Timestamp = pa.Field(description="when it was registered, UTC")
    changed_at: Timestamp = pa.Field(description="when its stage last changed, UTC")


@contract(layer="model", key=("promotion",))
class Promotions(Table):
    """Which fit was put in force when, in place of which, by whom and why."""

    promotion: Integer = pa.Field(ge=1, description="counted from 1, in time")
    promoted_at: Timestamp = pa.Field(description="instant of it, UTC")
    model_version: str = pa.Field(description="the fit that was put in force")
    recipe: str = pa.Field(description="the recipe of that fit")
    parent: str = pa.Field(nullable=True, description="the fit that it took the place of")
    action: str = pa.Field(
        isin=["gate", "refit", "rollback"],
        description="the gate let a recipe through, a refit inherited its place, or someone went "
        "back",
    )
    promoted_by: str = pa.Field(description="who or what: a run, a person")
    reason: str = pa.Field(description="the reason, in words")
    decision: str = pa.Field(nullable=True, description="the decision that it rests on")


@contract(layer="model", key=("decision", "horizon", "against", "metric"))
class GateDecisions(Table):
    """What the gate measured and decided: one row for each criterion of a decision."""

    decision: str = pa.Field(description="hash of what was judged: same hash, same numbers")
    kind: str = pa.Field(
        isin=["gate", "refit"], description="a recipe before the gate, or a refit's sanity check"
    )
    decided_at: Timestamp = pa.Field(description="instant of it, UTC")
    model_version: str = pa.Field(description="the fit that asked for the place")
    recipe: str = pa.Field(description="the recipe of that fit")
    champion: str = pa.Field(nullable=True, description="the recipe in force then")
    accepted: Boolean = pa.Field(description="whether every criterion was met")
    races: Integer = pa.Field(ge=0, description="races judged, each after its fit's window")
    first_event: str = pa.Field(nullable=True, description="first race judged")
    last_event: str = pa.Field(nullable=True, description="last race judged")
    horizon: str = pa.Field(description="what was known: see the cut-offs; all: of the fit itself")
    against: str = pa.Field(
        isin=["champion", "baseline", "limit"], description="what it was set against"
    )
    metric: str = pa.Field(description="as named in docs/accuracy.md")
    value: float = _number("of the recipe")
    reference: float = _number("of what it is set against")
    difference: float = _number("mean paired difference, recipe less reference")
    low: float = _number("2.5 % quantile of the difference over resampled races")
    high: float = _number("97.5 % quantile of it")
    bound: float = pa.Field(description="what the difference, or the value, may be at most")
    passed: Boolean = pa.Field(description="whether this criterion was met")


@contract(layer="model", key=("study", "trial", "season"))
class TuningTrials(Table):
    """Trials of the tuning, one row for each season that a trial was scored on."""

    study: str = pa.Field(description="hash of search space, data and code: what can be resumed")
    trial: Integer = pa.Field(ge=0, description="number of the trial; 0 is the recipe as it was")
    season: Integer = fields.season()
    recipe: str = pa.Field(description="hash of the recipe tried")
    parameters: str = pa.Field(description="what the trial changed, as JSON")
    score: float = pa.Field(description="mean over races and horizons of the tuned loss")
    races: Integer = pa.Field(ge=1, description="races scored")
    tried_at: Timestamp = pa.Field(description="instant of it, UTC")


@contract(layer="model", key=("event_id", "subject", "name"))
class DriftReport(Table):
    """The newest races against those before them: features, the target, the forecasts' errors."""

    event_id: str = fields.event_id()
    subject: str = pa.Field(
        isin=["feature", "target", "error"], description="what is compared between the two windows"
    )
    name: str = pa.Field(description="the feature, the outcome, or whose error")
    psi: float = _number(
        "population stability index; for a team's errors the squared shift of the mean, which is "
        "the same for normal distributions"
    )
    ks: float = _number("Kolmogorov-Smirnov distance")
    p_value: float = _number("how often the races in any order show as much")
    races: Integer = pa.Field(ge=1, description="newest races, that differ the most")
    reference_races: Integer = pa.Field(ge=1, description="races before them")
    drifted: Boolean = pa.Field(description="whether this one is past its threshold")
    cause: str = pa.Field(nullable=True, description="the calendar effect that explains it, if any")


@contract(layer="model", key=("event_id", "horizon"))
class ModelHealth(Table):
    """What the newest forecasts were worth beside the baseline, and whether the model still holds.

    One row for each race that ended a window, and horizon.
    """

    event_id: str = fields.event_id()
    horizon: str = pa.Field(description="what was known: see the cut-offs")
    model_version: str = pa.Field(description="the fit in force after that race")
    races: Integer = pa.Field(ge=1, description="races in the window")
    published: Integer = pa.Field(
        ge=0, description="of them, forecast in time and published; the others: walk-forward"
    )
    rps: float = _number("ranked probability score")
    rps_baseline: float = _number("the baseline's, on the same races")
    rps_low: float = _number("2.5 % quantile of the mean difference to it")
    rps_high: float = _number("97.5 % quantile of it")
    points_ll: float = _number("log-loss of the points")
    points_ll_baseline: float = _number("the baseline's, on the same races")
    points_ll_low: float = _number("2.5 % quantile of the mean difference to it")
    points_ll_high: float = _number("97.5 % quantile of it")
    calibration_error: float = _number("ece of the points")
    drift_score: float = _number("of the window, as defined in docs/model-operations.md")
    status: str = pa.Field(isin=["good", "degraded", "poor"], description="what it amounts to")
    reason: str = pa.Field(description="why, in words")


@contract(layer="operations", key=("incident", "opened_at"))
class Incidents(Table):
    """What someone was told of: once when it began, once when it was over."""

    incident: str = pa.Field(description="what it is about: the same while it lasts")
    opened_at: Timestamp = pa.Field(description="when it was noticed, UTC")
    kind: str = pa.Field(
        isin=["run_failure", "gate", "staleness", "drift"], description="what went wrong"
    )
    message: str = pa.Field(description="one line that says what, and what to do")
    told_at: Timestamp = pa.Field(nullable=True, description="when the webhook took it, UTC")
    closed_at: Timestamp = pa.Field(nullable=True, description="when it was over, UTC")
    end_told_at: Timestamp = pa.Field(
        nullable=True, description="when the webhook took that it is over, UTC"
    )


@contract(layer="operations", key=("removed_at", "kind", "name"))
class Removals(Table):
    """What retention has removed."""

    removed_at: Timestamp = pa.Field(description="instant of it, UTC")
    kind: str = pa.Field(
        isin=["artifact", "run", "log", "backup"], description="what kind of thing it was"
    )
    name: str = pa.Field(description="which one of them")
    reason: str = pa.Field(description="why it was not kept")
    bytes: Integer = pa.Field(nullable=True, description="what that freed, where it is known")
    run_id: str = pa.Field(description="Dagster run that removed it")
