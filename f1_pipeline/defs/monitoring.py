"""Layer model: drift and health after each race, and the sensor that asks for a new fit.

What is measured and what it means is in `monitoring`; here it is read, kept, shown and acted upon.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pandas as pd

from f1_pipeline import monitoring
from f1_pipeline.contracts import CONTRACTS, check, content_fingerprint
from f1_pipeline.defs import pictures_health
from f1_pipeline.defs.in_force import in_force
from f1_pipeline.defs.resources import Storage, Training
from f1_pipeline.defs.specs import PURPOSE, describe_table
from f1_pipeline.errors import UsageError
from f1_pipeline.modelling import Recipe
from f1_pipeline.modelling.backtest import MODEL

# Made together: health states the drift score, and both read the same forecasts.
MADE = ["model", "drift_report"], ["model", "model_health"]
_DRIFT, _HEALTH = map(dg.AssetKey, MADE)
_READ = (
    *(["model", "training_set"], ["model", "champion"], ["model", "backtest"]),
    ["predictions", "race_predictions"],
)
_PICTURED = "post_qualifying"


@dg.multi_asset(
    name="model_health",
    specs=[
        dg.AssetSpec(
            deps=[dg.AssetKey(key) for key in _READ],
            **describe_table(name, kinds={"pandas"}, made_by=("monitoring", "modelling")),
        )
        for name in ("drift_report", "model_health")
    ],
    ins={"training_set": dg.AssetIn(dg.AssetKey(["model", "training_set"]))},
    check_specs=[
        dg.AssetCheckSpec(
            "healthy",
            asset=_HEALTH,
            description="At every horizon the forecasts of the newest races are ahead of the "
            "baseline's, and nothing has newly drifted but what the calendar explains.",
        )
    ],
)
def model_health(
    training_set: pd.DataFrame,
    storage: Storage,
    training: Training,
) -> Iterator[dg.MaterializeResult]:
    """Compare the newest races with those before them, and their forecasts with the baseline's.

    Kept under the newest race; made again they take the place of its rows. Without a model in force
    the baseline's forecasts are looked at, and said to be poor.
    """
    settings, warehouse = storage.settings, storage.warehouse
    # A race whose features are still on their way has no rows after qualifying yet: it is looked at
    # when they are there, as the next fit follows them.
    events = monitoring.held(training_set)["event_id"].drop_duplicates()
    if events.empty:
        raise UsageError(
            "no race is held with its grid and its result: there is nothing to look at."
        )
    event_id = str(events.iloc[-1])
    champion = storage.models.champion()
    read = set(events.tail(monitoring.SPAN * settings.drift_window + 1))
    forecasts = _forecasts(storage, training_set, champion, read)
    recipe = in_force(storage) or training.recipe
    # What is news shows beside the race before: it is looked at too, where nobody has.
    before = events.iloc[:-1]
    if len(before) and before.iloc[-1] not in warehouse.event_ids("drift_report"):
        _drift(storage, training_set, forecasts, recipe, before)
    report = _drift(storage, training_set, forecasts, recipe, events)
    reports = warehouse.read("drift_report")
    rows = reports[reports["event_id"].eq(event_id)]
    yield _result(_DRIFT, rows, _drift_shown(report, event_id))

    newest = forecasts[forecasts["event_id"].isin(set(events.tail(settings.drift_window)))]
    scores = monitoring.by_race(training_set, newest, monitoring.of_baseline(training_set, newest))
    health = monitoring.health(
        scores,
        newest,
        event_id=event_id,
        model_version=champion["model_version"] if champion else monitoring.NO_MODEL,
        drift_score=monitoring.drift_score(report),
        drifted=monitoring.news(rows, _before(event_id, reports, events)),
        limits=monitoring.Limits(
            settings.max_rps, settings.max_points_ll, settings.max_calibration_error
        ),
    )
    health = check(health, CONTRACTS["model_health"])
    warehouse.replace_where("model_health", health, event_id=event_id)
    yield _result(_HEALTH, health, _health_shown(health, scores), [_healthy(health)])


def _forecasts(
    storage: Storage,
    training_set: pd.DataFrame,
    champion: dict[str, Any] | None,
    events: set[str],
) -> pd.DataFrame:
    """The forecast that counts of each of these races, by horizon."""
    rows = training_set[training_set["event_id"].isin(events)]
    if champion is None:
        walked = monitoring.of_baseline(training_set, rows)
    else:
        walked = storage.warehouse.read_where(
            "backtest_predictions", recipe=champion["recipe"], tier="results", model=MODEL
        )
    published = storage.warehouse.read("race_predictions")
    return monitoring.counted(rows, walked[walked["event_id"].isin(events)], published)


def _drift(
    storage: Storage,
    training_set: pd.DataFrame,
    forecasts: pd.DataFrame,
    recipe: Recipe,
    events: "pd.Series[str]",
) -> pd.DataFrame:
    """The drift as the last of these races shows it; kept."""
    settings = storage.settings
    report = monitoring.drift(
        training_set[training_set["event_id"].isin(set(events))],
        forecasts,
        recipe,
        settings.drift_window,
        settings.retraining_threshold,
    )
    rows = check(report, CONTRACTS["drift_report"])
    storage.warehouse.replace_where("drift_report", rows, event_id=events.iloc[-1])
    return report


def _before(event_id: str, reports: pd.DataFrame, events: "pd.Series[str]") -> pd.DataFrame:
    """The newest report of an earlier race; `events` are in the order of time."""
    place = {event: number for number, event in enumerate(events)}
    earlier = reports[reports["event_id"].map(place) < place[event_id]]
    at = earlier["event_id"].map(place)
    return earlier[at.eq(at.max())]


def _result(
    key: dg.AssetKey,
    rows: pd.DataFrame,
    shown: dict[str, Any],
    checks: list[dg.AssetCheckResult] | None = None,
) -> dg.MaterializeResult:
    return dg.MaterializeResult(
        asset_key=key,
        data_version=dg.DataVersion(content_fingerprint(rows, CONTRACTS[key.path[-1]])),
        metadata={"dagster/row_count": len(rows), **shown},
        check_results=checks,
    )


def _healthy(health: pd.DataFrame) -> dg.AssetCheckResult:
    """Nothing forecast yet is nothing ill."""
    ill = health[health["status"].ne("good")]
    reasons = [f"- {row.horizon}: {row.status}, {row.reason}" for row in ill.itertuples()]
    return dg.AssetCheckResult(
        check_name="healthy",
        passed=ill.empty,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"reasons": dg.MetadataValue.md("\n".join(reasons) or "none")},
    )


def _drift_shown(report: pd.DataFrame, event_id: str) -> dict[str, Any]:
    """What the UI shows of a drift report."""
    if report.empty:
        return {"reason": "there are too few races to compare"}
    lines = ["| | PSI | by chance | KS | p | races | cause |", "|---|---|---|---|---|---|---|"]
    lines += [
        f"| {row.subject} {row.name} | {row.psi:.2f} | {row.by_chance:.2f} | {row.ks:.2f} "
        f"| {row.p_value:.3f} | {row.races} | {row.cause or 'none known'} |"
        for row in report[report["drifted"]].itertuples(index=False)
    ]
    return {
        "drift_score": monitoring.drift_score(report),
        "drifted": dg.MetadataValue.md("\n".join(lines) if len(lines) > 2 else "nothing"),
        "drift": pictures_health.drifted(report, f"Drift after {event_id}"),
    }


def _health_shown(health: pd.DataFrame, scores: pd.DataFrame) -> dict[str, Any]:
    """What the UI shows of the health: the verdicts, and the score race by race."""
    last = scores[scores["horizon"].eq(_PICTURED)]
    shown: dict[str, Any] = {
        row.horizon: f"{row.status}: {row.reason}" for row in health.itertuples()
    }
    if len(last):
        title = f"After qualifying, the newest {len(last)} races"
        shown["rps"] = pictures_health.rolling(last, "rps", title)
    return shown


@dg.sensor(
    job_name="retrain",
    name="retraining",
    minimum_interval_seconds=300,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Asks for a new fit, and for the gate's word on it, when the newest race shows a "
    "new drift of RETRAINING_THRESHOLD or more that is no calendar effect: once for each race.",
)
def retraining(
    context: dg.SensorEvaluationContext, storage: Storage
) -> dg.RunRequest | dg.SkipReason:
    known = storage.warehouse.read_many(["events", "drift_report"])
    reports, events = known["drift_report"], known["events"].sort_values("race_starts_at")
    looked_at = events.loc[events["event_id"].isin(set(reports["event_id"])), "event_id"]
    if looked_at.empty:
        return dg.SkipReason("No race has been looked at yet.")
    event_id = str(looked_at.iloc[-1])
    mine = reports[reports["event_id"].eq(event_id)]
    new = monitoring.news(mine, _before(event_id, reports, looked_at))
    if not new:
        return dg.SkipReason(f"{event_id}: no drift, or it was noticed before, or the calendar's.")
    context.log.info(f"{event_id}: new drift of {', '.join(new)}")
    return dg.RunRequest(run_key=f"drift {event_id}", tags={PURPOSE: f"{event_id}:drift"})


SENSORS = [retraining]
