"""The page of one race: what is forecast, how it spreads, what moved, why, which plans
there are for it, and what it is worth.

Here belong what the page is called, who its neighbours are and how fresh its data is. Not here: the
numbers of its sections (a module each) and their shape (templates).
"""

from dataclasses import dataclass
from datetime import datetime

from f1_pipeline.serving.answers.calendar import Calendar, runs_of
from f1_pipeline.serving.pages import svg, words
from f1_pipeline.serving.pages.evidence import read_variant
from f1_pipeline.serving.pages.forecast import Car, Forecast, read_forecast
from f1_pipeline.serving.pages.moves import read_moves
from f1_pipeline.serving.pages.past import KINDS, read_past
from f1_pipeline.serving.pages.reasons import read_reasons
from f1_pipeline.serving.pages.reliability import read_record, read_reliability
from f1_pipeline.serving.pages.render import render
from f1_pipeline.serving.pages.story import read_story
from f1_pipeline.serving.pages.strategy import read_strategy
from f1_pipeline.storage.reader import Row, Snapshot

_FAVOURITES = 3


@dataclass(frozen=True)
class Line:
    """A car of the field with its two pictures and its place on the grid."""

    car: Car
    grid: str
    chances: str
    spread: str
    finish: str


@dataclass(frozen=True)
class Neighbour:
    """The race before or after; `published`: whether it has a page."""

    event: Row
    published: bool


def race_page(
    snapshot: Snapshot, calendar: Calendar, event_id: str, horizon: str | None, now: datetime
) -> str:
    """The run that counts, or the best one of a horizon. Raises the 404 of a missing one."""
    forecast = read_forecast(snapshot, calendar, event_id, horizon, now)
    variant = read_variant(snapshot, forecast.run)
    started = now >= forecast.event["race_starts_at"]
    largest = max(max(car.row["position_probabilities"]) for car in forecast.cars)
    return render(
        "race.html",
        title=f"{forecast.event['name']} {forecast.event['season']}",
        description=_summary(forecast),
        forecast=forecast,
        event=forecast.event,
        run=forecast.run,
        place_of_race=_place(snapshot, forecast.event),
        starts=_starts(snapshot, forecast.event),
        stale=started and not forecast.held,
        favourites=forecast.cars[:_FAVOURITES],
        result=_result(forecast),
        lines=[_line(car, largest) for car in forecast.cars],
        shares=svg.shares(),
        scale=svg.places(max(len(car.row["position_probabilities"]) for car in forecast.cars)),
        moves=read_moves(snapshot, forecast),
        reasons=read_reasons(snapshot, forecast),
        strategy=read_strategy(snapshot, calendar, forecast, now),
        story=read_story(snapshot, calendar, forecast),
        past=read_past(snapshot, calendar, forecast, variant),
        kinds=KINDS,
        reliability=read_reliability(snapshot, variant),
        record=read_record(snapshot, variant),
        reference="the grid" if forecast.run["grid_source"] else "the standings",
        newest=calendar.newest,
        quarantined=snapshot.count("quarantine", resolved_at=None),
        **_neighbours(snapshot, calendar, forecast.event),
    )


def _place(snapshot: Snapshot, event: Row) -> str:
    """The circuit, the town where that says more, and the country, as far as they are known."""
    circuit = snapshot.first("circuits", circuit_id=event["circuit_id"])
    if circuit is None:
        return words.titled(event["circuit_id"])
    named = [circuit["name"], circuit["place"], words.titled(circuit["country"] or "")]
    return ", ".join(dict.fromkeys(name for name in named if name))


def _starts(snapshot: Snapshot, event: Row) -> str:
    known = snapshot.rows("events", ("race_time_known",), event_id=event["event_id"])
    return words.start(event["race_starts_at"], bool(known and known[0]["race_time_known"]))


def _summary(forecast: Forecast) -> str:
    """One line to share: who is expected in front, and whether it was said in time."""
    chances = [f"{car.last} {words.percent(car.row['p_win'])}" for car in forecast.cars[:3]]
    front = f"To win: {', '.join(chances)}."
    horizon = words.HORIZONS[forecast.run["horizon"]].lower()
    if forecast.in_time:
        return f"{front} Forecast {horizon}, made on {words.moment(forecast.run['generated_at'])}."
    if forecast.status == "backtest":
        return f"{front} Walk-forward, by a fit on earlier races, with what was known {horizon}."
    return f"{front} Made after the start with what was known {horizon}: no forecast."


def _result(forecast: Forecast) -> list[str]:
    """The podium, where the race was held: names in order."""
    finished = [car for car in forecast.cars if car.outcome and car.outcome["finish_order"] <= 3]
    finished.sort(key=lambda car: car.outcome["finish_order"] if car.outcome else 0)
    return [
        f"{words.place(car.outcome['finish_order'])} {car.last}" for car in finished if car.outcome
    ]


def _line(car: Car, largest: float) -> Line:
    row = car.row
    win, podium, points = (words.percent(row[name]) for name in ("p_win", "p_podium", "p_points"))
    low, high, mean = row["position_p05"], row["position_p95"], row["expected_position"]
    outcome, finish = car.outcome, _finish(car)
    told = f"{car.driver}: mean {mean:.1f}, 5 to 95 % from P{low} to P{high}"
    return Line(
        car=car,
        grid="" if row["grid_position"] is None else words.place(row["grid_position"]),
        chances=svg.chances(
            row["p_win"],
            row["p_podium"],
            row["p_points"],
            car.colour,
            f"{car.driver}: win {win}, podium {podium}, points {points}",
        ),
        spread=svg.spread(
            row["position_probabilities"],
            largest,
            (low, high),
            mean,
            car.colour,
            f"{told}; {finish}" if finish else told,
            finish=outcome["finish_order"] if outcome else None,
            counted=bool(outcome and outcome["classified"]),
        ),
        finish=finish,
    )


def _finish(car: Car) -> str:
    """What became of a car: its place, or how its race ended; empty where nothing is known."""
    if car.outcome is None:
        return ""
    if car.outcome["classified"]:
        return words.place(car.outcome["finish_order"])
    return words.OUTCOMES.get(car.outcome["outcome"], "not classified")


def _neighbours(snapshot: Snapshot, calendar: Calendar, event: Row) -> dict[str, Neighbour | None]:
    ids = [known["event_id"] for known in calendar.events]
    at = ids.index(event["event_id"])
    near = {
        "previous": calendar.events[at - 1] if at else None,
        "following": calendar.events[at + 1] if at + 1 < len(ids) else None,
    }
    return {
        name: Neighbour(beside, bool(runs_of(snapshot, beside))) if beside else None
        for name, beside in near.items()
    }
