"""The sentences of a forecast."""

import re
from collections.abc import Mapping
from typing import Any

from f1_pipeline.narration.english import ordinal, surname
from f1_pipeline.narration.telling import Told, number, past, share, where

Values = Mapping[str, Any]

# What a factor is called where no fact is known behind it.
_CALLED = {
    "grid": "the place on the grid",
    "qualifying": "qualifying",
    "practice": "practice",
    "one-lap form": "form over one lap",
    "race pace": "race pace of late",
    "standing": "the championship standing",
    "experience": "experience",
    "team": "the team's form",
}


def prediction(values: Values) -> list[Told]:
    """In the order in which they are told."""
    return [
        Told(0, _headline(values)),
        Told(5, _chances(values)),
        Told(2, _grid(values)),
        Told(1, _range(values)),
        Told(6, _reason(values, "for")),
        Told(7, _reason(values, "against")),
        Told(8, f"The risk of retiring or not starting is {share(values, 'retirement_percent')}."),
        Told(4, past(values)),
        Told(3, _less(values)),
        Told(9, "All of these are probabilities, and the race itself may go otherwise."),
        Told(10, "How far the range reaches says more than the average.", filler=True),
    ]


def _headline(values: Values) -> str:
    team = f" of {values['team']}" if "team" in values else ""
    name, race = f"{values['driver']}{team}", where(values)
    win, podium, points = (share(values, f"{one}_percent") for one in ("win", "podium", "points"))
    match values["standing"]:
        case "the favourite":
            return f"{name} is the favourite for {race}, with a win probability of {win}."
        case "among the favourites":
            return f"{name} is among the favourites for {race}, with a win probability of {win}."
        case "contender":
            told = f"{name} is a contender for the podium at {race}"
            return f"{told}, with a probability of {podium} to reach it."
        case "midfield":
            told = f"{name} is expected in the midfield at {race}"
            return f"{told}, with a probability of {points} to score points."
    return f"{name} is an outsider at {race}, with a probability of {points} to score points."


def _chances(values: Values) -> str:
    """The two that the headline leaves out."""
    win, podium, points = (share(values, f"{one}_percent") for one in ("win", "podium", "points"))
    match values["standing"]:
        case "the favourite" | "among the favourites":
            return f"The forecast gives {podium} for the podium and {points} for the points."
        case "contender":
            return f"The forecast gives {win} for victory and {points} for the points."
    return f"The forecast gives {podium} for the podium and {win} for victory."


def _range(values: Values) -> str:
    low, high = values["likely_from_place"], values["likely_to_place"]
    mean = f"The mean finishing place is {number(values['expected_place'])}"
    of = f"{values['likely_percent']} % of simulated races"
    if low == high:
        return f"{mean}, and {of} end {ordinal(low)}."
    wide = ": a wide range that leaves much open" if values["likely_range_is_wide"] else ""
    return f"{mean}, and {of} end between {ordinal(low)} and {ordinal(high)}{wide}."


def _grid(values: Values) -> str:
    name = surname(values["driver"])
    if "grid_place" not in values:
        made = f", as the forecast was made {values['made']}" if "made" in values else ""
        return f"The place on the grid is not known{made}."
    place = ordinal(values["grid_place"])
    if values["grid_is"] == "official":
        return f"{name} starts {place} on the official grid."
    return f"By the order of qualifying {name} starts {place}."


def _reason(values: Values, side: str) -> str:
    """The strongest on that side; the place on the grid, where known, is told already."""
    for reason in values.get("reasons", []):
        if reason["speaks"] == side and not (reason["factor"] == "grid" and "grid_place" in values):
            which = "in favour" if side == "for" else "against"
            return f"The strongest point {which} is {_fact(values, reason)}."
    return ""


def _fact(values: Values, reason: Mapping[str, str]) -> str:
    """that Leclerc is 4th in the championship; that the team's cars have finished about 3rd"""
    words = re.sub(r"(?<!\w)-(?=\d)", "−", reason.get("words", "").rstrip(".,:; "))
    if not words:
        return _CALLED.get(reason["factor"], f"the factor {reason['factor']}")
    subject = "" if words.startswith("the ") else f"{surname(values['driver'])} "
    return f"that {subject}{words}"


def _less(values: Values) -> str:
    reason = values.get("rests_on_less_as", "").replace(": ", " – ")
    return f"The forecast rests on less than it could: {reason}." if reason else ""
