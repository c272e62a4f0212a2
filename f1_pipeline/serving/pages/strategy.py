"""A race's strategy as people read it: what was driven, what is recommended, what that rests on.

Which run of plans counts is decided in `answers.strategy`; how it is drawn in `tyres`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup

from f1_pipeline.serving.answers import strategy as answers
from f1_pipeline.serving.answers.calendar import Calendar
from f1_pipeline.serving.errors import ApiError
from f1_pipeline.serving.pages import tyres, words
from f1_pipeline.serving.pages.forecast import Forecast
from f1_pipeline.serving.pages.tyres import Caution, Stint
from f1_pipeline.storage.reader import EmptyError, Row, Snapshot

TABLES = (
    *answers.TABLES,
    *answers.CIRCUIT_TABLES,
    *("stint_figures", "caution_figures"),
)
# What a driver is called, by the id.
Named = Callable[[str], str]
# Laps on a set that wear is drawn for: few stints are longer.
_AGE = 30
_STATES = {
    "green": "A stop under green",
    "virtual_safety_car": "Under a virtual safety car",
    "safety_car": "Under a safety car",
}
_CAUTIONS = {
    "safety_car": "Safety cars",
    "virtual_safety_car": "Virtual safety cars",
    "red": "Red flags",
}
_ADVICE = {
    "stop": "stop",
    "stay": "stay out",
    "no clear difference": "no clear difference",
    "too few": "too few simulated races to tell",
}


@dataclass(frozen=True)
class Driven:
    """A car's race, stint by stint."""

    name: str
    finish: str
    picture: Markup


@dataclass(frozen=True)
class Race:
    """A race as it was driven; `letters`: compounds that were used."""

    lines: tuple[Driven, ...]
    ruler: Markup
    cautions: tuple[Caution, ...]
    letters: tuple[str, ...]

    @property
    def told(self) -> str:
        """What neutralised or stopped it, and when."""
        return tyres.told(self.cautions)


@dataclass(frozen=True)
class Line:
    """A driver's recommended plan; `alike`: plans that are not clearly worse."""

    name: str
    row: Row
    picture: Markup
    alike: tuple[str, ...]
    plans: "tuple[Compared, ...]"
    windows: str
    advice: tuple[tuple[str, str], ...]
    done: str


@dataclass(frozen=True)
class Compared:
    """One plan beside the best."""

    row: Row
    picture: Markup
    interval: str
    verdict: str


@dataclass(frozen=True)
class Plans:
    """The plans of an event; `found` as `answers.strategy` has them."""

    found: Row
    lines: tuple[Line, ...]
    ruler: Markup
    letters: tuple[str, ...]

    @property
    def published(self) -> bool:
        return bool(self.found["source"] == "published")


@dataclass(frozen=True)
class Circuit:
    """What is fitted for the circuit: wear as picture and numbers, the rest in words."""

    wear: Markup | None
    compounds: tuple[Row, ...]
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Strategy:
    race: Race | None
    plans: Plans | None
    why_none: str
    circuit: Circuit | None
    held: bool


def read_strategy(
    snapshot: Snapshot, calendar: Calendar, forecast: Forecast, now: datetime
) -> Strategy:
    """Each part where there is one; tables that the pipeline has yet to make hold nothing."""
    event, names = forecast.event, forecast.names
    nothing = Strategy(None, None, "Nothing is held of it yet.", None, forecast.held)
    with suppress(EmptyError):
        plans, why = None, ""
        try:
            found = answers.strategy(snapshot, calendar, event, None, now)
            plans = _plans(found, _laps(snapshot, event, found), names.last)
        except ApiError as error:
            # What is fitted for the circuit stands below: its address helps nobody here.
            why = error.detail if error.hint.startswith("/") else f"{error.detail} {error.hint}"
        race = _race(snapshot, event, names.last) if forecast.held else None
        return Strategy(race, plans, why, _circuit(snapshot, event), forecast.held)
    return nothing


def _race(snapshot: Snapshot, event: Row, last: Named) -> Race | None:
    of: dict[str, Any] = {"event_id": event["event_id"]}
    figures = snapshot.first("race_figures", **of)
    columns = ("driver_id", "compound", "first_lap", "last_lap")
    rows = snapshot.rows("stint_figures", columns, order=("stint",), **of)
    if figures is None or not rows:
        return None
    results = {row["driver_id"]: row for row in snapshot.rows("race_results", **of)}
    cautions = tuple(
        Caution(row["caution"], row["first_lap"], row["laps"])
        for row in snapshot.rows("caution_figures", order=("number",), **of)
    )
    driven: dict[str, list[Stint]] = defaultdict(list)
    for row in rows:
        letter = tyres.LETTERS.get(row["compound"], tyres.UNKNOWN)
        driven[row["driver_id"]].append(Stint(letter, row["first_lap"], row["last_lap"]))
    laps = max(figures["laps"], *(row["last_lap"] for row in rows))

    def place(driver_id: str) -> tuple[int, int]:
        """As they finished; who has no result by the laps that he drove."""
        result = results.get(driver_id)
        return (result["finish_order"] if result else 999), -driven[driver_id][-1].last

    return Race(
        lines=tuple(
            Driven(
                last(driver_id),
                _finish(results.get(driver_id)),
                tyres.stints(last(driver_id), driven[driver_id], laps, cautions),
            )
            for driver_id in sorted(driven, key=place)
        ),
        ruler=tyres.ruler(laps, cautions),
        cautions=cautions,
        letters=_letters(stint for stints in driven.values() for stint in stints),
    )


def _finish(result: Row | None) -> str:
    if result is None:
        return words.NONE
    if result["classified"]:
        return words.place(result["finish_order"])
    return {"disqualified": "DSQ", "not_classified": "NC"}.get(result["outcome"], "out")


def _plans(found: Row, laps: int, last: Named) -> Plans:
    rows = [row for driver in found["drivers"] for row in driver["plans"]]
    bounds = [row[name] for row in rows for name in ("difference_low", "difference_high")]
    scale = (min(0.0, *bounds), max(0.0, *bounds)) if bounds else (0.0, 1.0)
    pictures = [tyres.of_plan(driver["recommended"], laps) for driver in found["drivers"]]
    return Plans(
        found=found,
        lines=tuple(
            _line(driver, last(driver["driver_id"]), stints, laps, scale)
            for driver, stints in zip(found["drivers"], pictures, strict=True)
        ),
        ruler=tyres.ruler(laps),
        letters=_letters(stint for stints in pictures for stint in stints),
    )


def _line(
    driver: Row, name: str, stints: Sequence[Stint], laps: int, scale: tuple[float, float]
) -> Line:
    plans = driver["plans"]
    return Line(
        name=name,
        row=driver,
        picture=tyres.stints(f"{name}, recommended", stints, laps),
        alike=tuple(row["plan"] for row in plans[1:] if not row["clear"]),
        plans=tuple(_compared(row, name, scale) for row in plans),
        windows=_windows(plans[0]) if plans else "",
        advice=tuple(_advice(row) for row in driver["caution_advice"]),
        done=_done(driver["done"]),
    )


def _compared(row: Row, name: str, scale: tuple[float, float]) -> Compared:
    value, low, high = (
        words.signed(row[key], 1) for key in ("difference", "difference_low", "difference_high")
    )
    best = row["difference"] == 0
    verdict = "best expectation" if best else "behind" if row["clear"] else "no clear difference"
    title = (
        f"{name}, {row['plan']}: {value} places behind the best, 80 % {low} to {high}; {verdict}"
    )
    return Compared(
        row=row,
        picture=tyres.behind(
            row["difference"], row["difference_low"], row["difference_high"], scale, title
        ),
        interval="" if best else f"{value} ({low} to {high})",
        verdict=verdict,
    )


def _windows(row: Row) -> str:
    stops = zip(row["window_first"], row["window_last"], strict=False)
    several = len(row["window_first"]) > 1
    return "; ".join(
        f"{f'stop {number} ' if several else ''}on laps {first:.0f} to {last:.0f}"
        for number, (first, last) in enumerate(stops, start=1)
    )


def _advice(row: Row) -> tuple[str, str]:
    """On which laps, and what to do."""
    told = _ADVICE[row["advice"]]
    gained = row["difference"]
    if row["advice"] in ("stop", "stay") and gained is not None:
        verb = "gains" if gained >= 0 else "costs"
        told = f"{told} (stopping {verb} {abs(gained):.1f} places)"
    return f"Laps {row['first_lap']}–{row['last_lap']}", told


def _done(done: Row | None) -> str:
    if done is None:
        return ""
    first = f", first stop lap {done['first_stop']}" if done["first_stop"] else ""
    stops = words.counted(done["stops"], "stop", "stops")
    return f"{done['sequence'] or f'{stops}, on wet tyres too'}{first}"


def _circuit(snapshot: Snapshot, event: Row) -> Circuit | None:
    try:
        found = answers.circuit(snapshot, event)
    except ApiError:
        return None
    compounds = found["tyre_degradation"]
    curves = [tyres.curve_of(tyres.LETTERS[row["compound"]], row) for row in compounds]
    told = "; ".join(
        f"{row['compound'].lower()} {row['wear_ms'] / 1000:.3f} s per lap" for row in compounds
    )
    facts = [
        (_STATES[row["caution"]], f"{_seconds(row, 'loss_ms')} s", _seen(row["events"]))
        for row in found["pit_loss"]
    ]
    facts += [
        (
            _CAUTIONS[row["caution"]],
            f"{row['per_race']:.2f} a race ({row['low']:.2f} to {row['high']:.2f})",
            _seen(row["races"]),
        )
        for row in found["neutralisations"]
    ]
    place = found["track_position_cost"]
    if place:
        facts.append(
            (
                "To gain a place",
                f"{_seconds(place, 'pass_ms', 2)} s a lap faster than the car that starts "
                + "next ahead: then half finish ahead of it",
                _seen(place["held"]),
            )
        )
    return Circuit(
        wear=tyres.wear(curves, _AGE, f"Wear of tyres: {told}") if curves else None,
        compounds=tuple(compounds),
        facts=tuple((name, f"{value}, {seen}") for name, value, seen in facts),
    )


def _seconds(row: Row, name: str, digits: int = 1) -> str:
    value, low, high = (row[key] / 1000 for key in (name, "low_ms", "high_ms"))
    return f"{value:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def _seen(races: int) -> str:
    if not races:
        return "by what other circuits say"
    return f"by {words.counted(races, 'race', 'races')} here"


def _laps(snapshot: Snapshot, event: Row, found: Row) -> int:
    """Planned laps; else those of the last race there; else as many as plans need to be drawn."""
    planned = snapshot.rows("events", ("planned_laps",), event_id=event["event_id"])
    if planned and planned[0]["planned_laps"]:
        return int(planned[0]["planned_laps"])
    there = snapshot.rows("events", ("event_id",), circuit_id=event["circuit_id"])
    held = snapshot.newest("race_figures", "laps", event_id=[row["event_id"] for row in there])
    stops = [int(lap) for one in found["drivers"] for lap in one["recommended"].split("-")[1::2]]
    return int(max(held or 0, max(stops, default=0) + 10))


def _letters(stints: Iterable[Stint]) -> tuple[str, ...]:
    used = {stint.letter for stint in stints}
    return tuple(letter for letter in (*tyres.COMPOUNDS, tyres.UNKNOWN) if letter in used)
