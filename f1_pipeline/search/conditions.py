"""A condition on a fact: how it is written in the vocabulary, whether it holds, how it is told.

`won`, `!won` (known, and not so), `finish<=5`, `grid>=11`, `stops=2`, `reason=engine|turbo`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from f1_pipeline.search.facts import FLAGS, NUMBERS

Columns = Mapping[str, "np.ndarray[Any, Any]"]
Flags = np.ndarray[Any, np.dtype[np.bool_]]
_WRITTEN = re.compile(r"(!?)([a-z_]+)(?:(<=|>=|=)(.+))?")
_TOLD = {
    "wet": ("wet race, rain", "dry race"),
    "won": ("won, victory", "did not win"),
    "podium": ("podium", "off the podium"),
    "scored": ("scored points", "no points"),
    "pole": ("pole position", "not on pole"),
    "front_row": ("front row of the grid", "not on the front row"),
    "retired": ("retired, did not finish", "did not retire"),
    "pit_lane": ("started from the pit lane", "started from the grid"),
    "last_on_grid": ("last on the grid", "not last on the grid"),
    "last_at_finish": ("finished last", "did not finish last"),
    "home": ("home race", "away from home"),
}
_COUNTED = {
    "stops": "pit stop",
    "red_flags": "red flag",
    "safety_cars": "safety car",
    "virtual_safety_cars": "virtual safety car",
    "points": "point",
}
_NAMED = {
    "start": "started on {}",
    "end": "finished on {}",
    "compounds": "ran {}",
    "reason": "retired: {}",
}


@dataclass(frozen=True)
class Condition:
    """`values` of a text, or a range or list of a number (a flag is 1 or 0)."""

    fact: str
    values: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    among: tuple[float, ...] = ()
    negated: bool = False

    def opposite(self) -> "Condition":
        """Known, and not so. Of a flag the other value, as it may be told in words."""
        if self.fact in FLAGS and self.least is not None:
            return replace(self, least=1 - self.least, most=1 - self.least)
        return replace(self, negated=not self.negated)


def written(text: str) -> tuple[Condition, ...]:
    """The conditions of `a & b`."""
    return tuple(_one(part.strip()) for part in text.split("&"))


def _one(text: str) -> Condition:
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no condition")
    bang, fact, sign, value = found.groups()
    if fact in NUMBERS:
        number = float(value)
        least = number if sign in (">=", "=") else None
        most = number if sign in ("<=", "=") else None
        made = Condition(fact, least=least, most=most)
    elif fact in FLAGS:
        made = Condition(fact, least=1.0, most=1.0)
    else:
        made = Condition(fact, values=tuple(value.split("|")))
    return made.opposite() if bang else made


def holds(condition: Condition, columns: Columns) -> Flags:
    """Which rows it holds for. What is not known fits nothing, its opposite neither."""
    column = columns[condition.fact]
    if condition.values:
        known = column != ""
        if condition.fact == "compounds":
            kinds, place = np.unique(column, return_inverse=True)
            wanted = set(condition.values)
            fits = np.array([bool(wanted & set(str(kind).split())) for kind in kinds])[place]
        else:
            fits = np.isin(column, np.array(condition.values))
    else:
        known = ~np.isnan(column)
        fits = known.copy()
        with np.errstate(invalid="ignore"):
            if condition.least is not None:
                fits &= column >= condition.least
            if condition.most is not None:
                fits &= column <= condition.most
        if condition.among:
            fits &= np.isin(column, condition.among)
    return known & (fits != condition.negated)


def told(condition: Condition, names: Mapping[str, str]) -> str:
    """In words that documents use too. `names`: of drivers, teams and circuits by id."""
    no = "not " if condition.negated else ""
    if condition.values:
        kind = "country/" if condition.fact in ("country", "nationality") else ""
        values = " or ".join(
            names.get(kind + value, value.replace("-", " ").lower()) for value in condition.values
        )
        return no + _NAMED.get(condition.fact, "{}").format(values)
    if condition.fact in _TOLD:
        return _TOLD[condition.fact][0 if condition.least == 1 else 1]
    low, high = condition.least, condition.most
    if condition.among:
        number = " or ".join(f"{n:g}" for n in condition.among)
    elif low is not None and low == high:
        number = f"{low:g}"
    elif low is not None and high is not None:
        number = f"{low:g} to {high:g}"
    elif low is not None:
        number = f"{low:g} or more"
    else:
        number = f"{high:g} or less"
    if condition.fact in _COUNTED:
        return f"{no}{number} {_COUNTED[condition.fact]}{'' if number == '1' else 's'}"
    return f"{no}{condition.fact.replace('_', ' ')} {number}"


def named(condition: Condition, names: Mapping[str, str]) -> str:
    """The same in short, for people: without the other words that documents have for it."""
    return told(condition, names).partition(", ")[0]
