"""The page of a season: each race with who was expected to win, who won, and how close it was.

Where nothing was published the walk-forward backtest speaks, and says so. A retrospective run is
listed and says so; it counts nowhere. Not here: single races (`race`).
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from f1_pipeline.serving.answers.calendar import Calendar
from f1_pipeline.serving.errors import not_found
from f1_pipeline.serving.pages import words
from f1_pipeline.serving.pages.colours import colour_of
from f1_pipeline.serving.pages.evidence import read_variant
from f1_pipeline.serving.pages.forecast import Names
from f1_pipeline.serving.pages.past import (
    best_runs,
    most_probable,
    podiums_of,
    ranked_probability_score,
    walked_forward,
)
from f1_pipeline.serving.pages.render import render
from f1_pipeline.serving.pages.svg import swatch
from f1_pipeline.storage.reader import Row, Snapshot

_COLUMNS = (
    *("event_id", "horizon", "run_id", "generated_at", "event_starts_at"),
    *("driver_id", "constructor_id", "p_win", "p_podium"),
)
_PODIUM = 3
# The run that stands for the backtest's forecasts of a race.
_WALKED: Row = {"horizon": "post_qualifying", "grid_source": "official"}


@dataclass(frozen=True)
class Said:
    """What the run of a race says of its winner. `hits`: of its podium; None while not held."""

    driver: str
    team: str
    swatch: str
    chance: str
    horizon: str
    kind: str
    named: bool | None
    hits: int | None
    rps: float | None


@dataclass(frozen=True)
class Race:
    event: Row
    said: Said | None
    winner: str
    held: bool
    past: bool

    @property
    def verdict(self) -> str:
        """A hit or a miss is a forecast's; of what was made afterwards neither is said."""
        if self.said is None or self.said.named is None:
            return words.NONE
        if self.said.kind != "retrospective":
            return "✓ hit" if self.said.named else "✗ miss"
        return "not counted"


@dataclass(frozen=True)
class Tally:
    """Over the races that were held and forecast in time, or by the backtest: `walked` of them.

    `retrospective`: those that were not.
    """

    forecast: int
    walked: int
    winners: int
    podium: int
    rps: float | None
    retrospective: int


def season_page(snapshot: Snapshot, calendar: Calendar, season: int, now: datetime) -> str:
    """Raises the 404 of a season that has no events."""
    events = [event for event in calendar.events if event["season"] == season]
    seasons = sorted({event["season"] for event in calendar.events})
    if not events:
        known = f"Seasons run from {seasons[0]} to {seasons[-1]}." if seasons else "None is held."
        raise not_found("unknown_season", f"There is no season {season}.", known)
    races = _races(snapshot, calendar, events, season, now)
    tally = _tally(races)
    return render(
        "season.html",
        title=f"Season {season}",
        description=_summary(season, tally),
        season=season,
        seasons=seasons,
        races=races,
        tally=tally,
    )


def _summary(season: int, tally: Tally) -> str:
    if not tally.forecast:
        return f"The races of {season}: no forecast made in time has met its result yet."
    return (
        f"The races of {season}: {tally.winners} of {tally.forecast} winners named, knowing the "
        "races before."
    )


def _races(
    snapshot: Snapshot, calendar: Calendar, events: list[Row], season: int, now: datetime
) -> list[Race]:
    names = Names.of(snapshot)
    rows = snapshot.rows("race_predictions", _COLUMNS, season=season)
    best = best_runs(rows)
    forecasts: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        run = best[row["event_id"]]
        if (row["horizon"], row["run_id"]) == (run["horizon"], run["run_id"]):
            forecasts[row["event_id"]].append(row)
    walked = walked_forward(
        snapshot,
        [e["event_id"] for e in events if e["event_id"] not in best],
        read_variant(snapshot, _WALKED),
    )
    podiums = podiums_of(snapshot, [event["event_id"] for event in events])
    scores = {
        (row["event_id"], row["horizon"], row["run_id"]): row["rps"]
        for row in snapshot.rows(
            "scored_predictions", ("event_id", "horizon", "run_id", "rps"), season=season
        )
    }
    races = []
    for event in events:
        name = event["event_id"]
        podium = podiums.get(name, [])
        said = None
        if name in forecasts:
            run = best[name]
            score = scores.get((name, run["horizon"], run["run_id"]))
            said = _said(forecasts[name], run, podium, score, names, season)
        elif name in walked:
            score = ranked_probability_score(walked[name])
            said = _said(walked[name], _WALKED, podium, score, names, season)
        races.append(
            Race(
                event=event,
                said=said,
                winner=names.driver(podium[0]) if podium else "",
                held=name in calendar.held,
                past=now >= event["race_starts_at"],
            )
        )
    return races


def _said(
    rows: list[Row], run: Row, podium: list[str], rps: float | None, names: Names, season: int
) -> Said:
    favourite = most_probable(rows, "p_win", 1)[0]
    expected = {row["driver_id"] for row in most_probable(rows, "p_podium", _PODIUM)}
    return Said(
        driver=names.driver(favourite["driver_id"]),
        team=names.team(favourite["constructor_id"]),
        swatch=swatch(colour_of(favourite["constructor_id"], season)),
        chance=words.percent(favourite["p_win"]),
        horizon=words.HORIZONS[run["horizon"]].lower(),
        kind=_kind(run),
        named=favourite["driver_id"] == podium[0] if podium else None,
        hits=len(expected & set(podium)) if podium else None,
        rps=rps,
    )


def _kind(run: Row) -> str:
    if run is _WALKED:
        return "walk-forward"
    return "in time" if run["generated_at"] < run["event_starts_at"] else "retrospective"


def _tally(races: list[Race]) -> Tally:
    said = [race.said for race in races if race.said and race.said.named is not None]
    forecasts = [one for one in said if one.kind != "retrospective"]
    scored = [one.rps for one in forecasts if one.rps is not None]
    return Tally(
        forecast=len(forecasts),
        walked=sum(one.kind == "walk-forward" for one in forecasts),
        winners=sum(bool(one.named) for one in forecasts),
        podium=sum(one.hits or 0 for one in forecasts),
        rps=sum(scored) / len(scored) if scored else None,
        retrospective=len(said) - len(forecasts),
    )
