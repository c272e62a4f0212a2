"""The last races: who was expected on the podium, and who stood on it.

Not here: how good such forecasts have been over years (`reliability`).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from f1_pipeline.serving.answers.calendar import HORIZONS, Calendar
from f1_pipeline.serving.pages import words
from f1_pipeline.serving.pages.evidence import MODEL, Variant
from f1_pipeline.serving.pages.forecast import Forecast, Names
from f1_pipeline.storage.reader import Row, Snapshot

RACES = 6
_PODIUM = 3
KINDS = {
    "in_time": "forecast, made in time",
    "retrospective": "retrospective, no forecast",
    "walk-forward": "walk-forward, made afterwards",
}
_RUN = ("event_id", "horizon", "run_id", "generated_at", "event_starts_at")


@dataclass(frozen=True)
class Named:
    """A driver who was expected on the podium. `hit`: was on it."""

    name: str
    chance: str
    hit: bool


@dataclass(frozen=True)
class PastRace:
    """`kind`: one of KINDS, None where nothing was said of the race."""

    event: Row
    kind: str | None
    horizon: str | None
    named: tuple[Named, ...]
    podium: tuple[str, ...]
    rps: float | None

    @property
    def hits(self) -> int:
        return sum(driver.hit for driver in self.named)

    @property
    def published(self) -> bool:
        return self.kind in ("in_time", "retrospective")


def read_past(
    snapshot: Snapshot, calendar: Calendar, forecast: Forecast, variant: Variant | None
) -> list[PastRace]:
    """The last races before this one that were held, the newest first."""
    start = forecast.event["race_starts_at"]
    before = [
        event
        for event in calendar.events
        if event["event_id"] in calendar.held and event["race_starts_at"] < start
    ]
    last = before[-RACES:][::-1]
    ids = [event["event_id"] for event in last]
    podiums = podiums_of(snapshot, ids)
    runs = best_runs(
        snapshot.rows("race_predictions", _RUN, distinct=True, event_id=ids),
        forecast.run["horizon"],
    )
    walked = walked_forward(snapshot, [name for name in ids if name not in runs], variant)
    races = []
    for event in last:
        podium = podiums.get(event["event_id"], [])
        if event["event_id"] in runs:
            races.append(_of_run(snapshot, event, runs[event["event_id"]], podium, forecast.names))
        else:
            rows = walked.get(event["event_id"], [])
            races.append(_of_backtest(event, rows, podium, forecast.names))
    return races


def best_runs(runs: list[Row], horizon: str | None = None) -> dict[str, Row]:
    """By event the run that speaks for it: in time, of the horizon, the one that counts."""

    def weight(run: Row) -> tuple[object, ...]:
        in_time = run["generated_at"] < run["event_starts_at"]
        latest = HORIZONS.index(run["horizon"])
        return in_time, run["horizon"] == horizon, latest, run["generated_at"], run["run_id"]

    best: dict[str, Row] = {}
    for run in runs:
        held = best.get(run["event_id"])
        if held is None or weight(run) > weight(held):
            best[run["event_id"]] = run
    return best


def most_probable(rows: Sequence[Row], column: str, many: int) -> list[Row]:
    """Ties go by the driver's id, as in the scores."""
    return sorted(rows, key=lambda row: (-row[column], row["driver_id"]))[:many]


def ranked_probability_score(rows: Sequence[Row]) -> float | None:
    """As `modelling.metrics` has it; None where a row cannot be scored."""
    terms = []
    for row in rows:
        reached = 0.0
        for threshold, chance in enumerate(row["position_probabilities"][:-1], start=1):
            reached += chance
            terms.append((reached - (row["finish_order"] <= threshold)) ** 2)
    return sum(terms) / len(terms) if terms else None


def podiums_of(snapshot: Snapshot, ids: list[str]) -> dict[str, list[str]]:
    """By event who stood on its podium, the winner first."""
    rows = snapshot.rows(
        "race_results",
        ("event_id", "driver_id"),
        order=("event_id", "finish_order"),
        event_id=ids,
        finish_order=list(range(1, _PODIUM + 1)),
    )
    podiums: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        podiums[row["event_id"]].append(row["driver_id"])
    return podiums


def walked_forward(
    snapshot: Snapshot, ids: list[str], variant: Variant | None
) -> dict[str, list[Row]]:
    """By event the rows of the backtest, with what became of them."""
    if variant is None or not ids:
        return {}
    rows = snapshot.rows(
        "backtest_predictions",
        (
            *("event_id", "driver_id", "constructor_id", "p_win", "p_podium"),
            *("position_probabilities", "finish_order"),
        ),
        event_id=ids,
        model=MODEL,
        **variant.where,
    )
    by_event: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_event[row["event_id"]].append(row)
    return by_event


def _of_run(snapshot: Snapshot, event: Row, run: Row, podium: list[str], names: Names) -> PastRace:
    where = {name: run[name] for name in ("event_id", "horizon", "run_id")}
    rows = snapshot.rows("race_predictions", ("driver_id", "p_podium"), **where)
    scored = snapshot.first("scored_predictions", **where)
    return PastRace(
        event=event,
        kind="in_time" if run["generated_at"] < run["event_starts_at"] else "retrospective",
        horizon=run["horizon"],
        named=_named(rows, podium, names),
        podium=tuple(names.last(driver_id) for driver_id in podium),
        rps=None if scored is None else scored["rps"],
    )


def _of_backtest(event: Row, rows: list[Row], podium: list[str], names: Names) -> PastRace:
    return PastRace(
        event=event,
        kind="walk-forward" if rows else None,
        horizon=None,
        named=_named(rows, podium, names),
        podium=tuple(names.last(driver_id) for driver_id in podium),
        rps=ranked_probability_score(rows),
    )


def _named(rows: Sequence[Row], podium: list[str], names: Names) -> tuple[Named, ...]:
    return tuple(
        Named(
            names.last(row["driver_id"]), words.percent(row["p_podium"]), row["driver_id"] in podium
        )
        for row in most_probable(rows, "p_podium", _PODIUM)
    )
