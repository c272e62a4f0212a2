"""The sentences of a plan for a race."""

from collections.abc import Mapping
from typing import Any

from f1_pipeline.narration.english import counted, joined, ordinal
from f1_pipeline.narration.telling import Told, number, past, places, share, where

Values = Mapping[str, Any]


def recommendation(values: Values) -> list[Told]:
    """In the order in which they are told."""
    return [
        Told(0, _headline(values)),
        Told(6, _windows(values)),
        Told(5, _behind(values)),
        Told(3, _against_next(values)),
        Told(2, _expected(values)),
        Told(7, _safety_car(values)),
        Told(8, _chosen(values)),
        Told(4, past(values)),
        Told(9, _rests_on(values)),
        Told(1, _experimental(values)),
        Told(10, "The numbers come from simulated races, and the real race may go otherwise."),
        Told(11, "In the rain, or after a red flag, the plan says nothing.", filler=True),
    ]


def _headline(values: Values) -> str:
    team = f" of {values['team']}" if "team" in values else ""
    plan = f"the plan for {values['driver']}{team} is {values['plan']}"
    return f"If {where(values)} is dry, {plan}: {_stops(values)}."


def _stops(values: Values) -> str:
    """one stop at the end of lap 18, from mediums to hards"""
    stops = values.get("stop_list", [])
    start = f"{values['start_tyre']}s"
    if not stops:
        return f"no stop, all of it on {start}"
    laps = joined([str(stop["at_lap"]) for stop in stops])
    of = "lap" if len(stops) == 1 else "laps"
    tyres = joined([f"{stop['to_tyre']}s" for stop in stops])
    return f"{counted(len(stops), 'stop')} at the end of {of} {laps}, from {start} to {tyres}"


def _windows(values: Values) -> str:
    windows = [
        (stop["window_from_lap"], stop["window_to_lap"])
        for stop in values.get("stop_list", [])
        if "window_from_lap" in stop
    ]
    if not windows:
        return ""
    told = joined([f"{a} to {b}" if a != b else str(a) for a, b in windows])
    if len(windows) > 1:
        return f"The stops cost the same on laps {told}."
    first, last = windows[0]
    if first == last:
        return f"In the simulation every lap but {told} costs places."
    return f"The stop costs the same on laps {told}."


def _against_next(values: Values) -> str:
    if "next_plan" not in values:
        return "No other order of tyres was compared."
    plan = values["next_plan"]
    match values["against_next_plan"]:
        case "clearly ahead":
            return f"The next plan, {plan}, is clearly behind the best in the simulation."
        case "behind in the simulation alone":
            told = f"The simulation alone puts {plan} ahead"
            return f"{told}; this plan keeps to how often teams stop."
        case "both clearly behind the best":
            return f"This plan and the next, {plan}, are both clearly behind the best of them."
    return f"To the next plan, {plan}, there is no clear difference."


def _behind(values: Values) -> str:
    low, high = values["behind_best_low_places"], values["behind_best_high_places"]
    behind = values["behind_best_places"]
    if low == high == behind == 0:
        return "No other plan is expected to finish further ahead."
    how = f"{places(behind)} {'behind' if behind > 0 else 'ahead of'}" if behind else "level with"
    wide = "a wide" if values["behind_best_range_is_wide"] else "an"
    of = f"{wide} {values['behind_best_percent']} % interval from {number(low)} to {number(high)}"
    return f"The plan is {how} the best of them on average, with {of}."


def _expected(values: Values) -> str:
    """Where the car starts from, and what comes of it."""
    gain, lose = share(values, "gain_percent"), share(values, "lose_percent")
    mean = f"the mean finishing place is {number(values['expected_place'])}"
    return f"{_start(values)} {mean}; {gain} of simulated races gain places, {lose} lose some."


def _start(values: Values) -> str:
    if values["starts_from_pit_lane"]:
        return "From the pit lane"
    if "grid_place" not in values:
        return "The grid is not known;"
    place = ordinal(values["grid_place"])
    match values["grid_is"]:
        case "official":
            return f"From {place} on the grid"
        case "the order of qualifying":
            return f"From {place} by the order of qualifying"
    return f"The grid is not known; from {place}, as forecast,"


def _safety_car(values: Values) -> str:
    phases = [one for one in values.get("safety_car", []) if one["advice"] in ("stop", "stay out")]
    if not phases:
        if not values.get("safety_car"):
            return ""
        return "For no part of the race is it clear whether to stop under a safety car."
    best = max(phases, key=lambda one: abs(one.get("stopping_gains_places", 0.0)))
    do = "a stop" if best["advice"] == "stop" else "staying out"
    gained = best.get("stopping_gains_places", 0.0)
    worth = f"is worth {places(gained)}" if gained else "is better"
    return f"Under a safety car on laps {best['from_lap']} to {best['to_lap']} {do} {worth}."


def _chosen(values: Values) -> str:
    stops = counted(values["stops"], "stop")
    chance = share(values, "teams_stop_so_often_percent")
    return f"In races like this the chance that a team makes {stops} is {chance}."


def _rests_on(values: Values) -> str:
    here = values["circuit_dry_races"]
    at = "none of them here" if here == 0 else f"{here} of them here"
    return f"It rests on {values['dry_races']} dry races, {at}."


def _experimental(values: Values) -> str:
    if not values["experimental"]:
        return ""
    return "Such plans are experimental: not shown to beat simple rules."
