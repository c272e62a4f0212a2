"""Which past races are most like a race, and what they have in common.

Likeness of races is of what happened, by Gower's coefficient (J. C. Gower, Biometrics 27, 1971):
the weighted mean over the facts of 1 where they are the same, and for numbers of 1 less the
difference over the range. What is known of the one race alone counts half: left out, as he has it,
a race of which little is known would be like many.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

MOST = 5
# Races that are compared with all others at a time: all at once, 35,300 would take 80 GB.
_BLOCK = 512
# Fewer facts say too little: of a race without figures seven are known.
_LEAST_KNOWN = 4
# What a race was, and how much a difference says; more safety cars than three are many.
_CAPS = {
    "red_flags": 2.0,
    "safety_cars": 3.0,
    "virtual_safety_cars": 3.0,
    "retirements": 8.0,
    "typical_stops": 3.0,
    "winner_grid": 8.0,
}
# What a reader would call alike counts more than how many retired.
_WEIGHTS = {
    "wet": 3.0,
    "circuit_id": 1.0,
    "circuit_type": 1.0,
    "red_flags": 2.0,
    "safety_cars": 1.5,
}
_SAME = ("wet", "circuit_id", "circuit_type")
_COLUMNS = ["event_id", "rank", "like_event_id", "likeness", "known", "shared"]


def alike_races(races: pd.DataFrame) -> pd.DataFrame:
    """The table of that name, from `race_documents`: for each race the `MOST` most alike."""
    races = races.sort_values(["season", "round"], ignore_index=True)
    facts = [_Fact.of(races, name) for name in (*_SAME, *_CAPS)]
    records = races.to_dict("records")
    rows = []
    for start in range(0, len(races), _BLOCK):
        coefficients, known = _coefficients(facts, slice(start, start + _BLOCK))
        for one, coefficient in enumerate(coefficients, start=start):
            coefficient[one] = -1.0
            rows += [
                {
                    "event_id": records[one]["event_id"],
                    "rank": rank,
                    "like_event_id": records[other]["event_id"],
                    "likeness": float(coefficient[other]),
                    "known": int(known[one - start, other]),
                    "shared": shared(records[one], records[other]),
                }
                for rank, other in enumerate(_most_alike(coefficient), start=1)
                if coefficient[other] >= 0
            ]
    return pd.DataFrame(rows, columns=_COLUMNS)


def shared(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """What two races have in common and not every race has, in words joined by commas."""
    words = []
    if one["circuit_id"] == other["circuit_id"]:
        words.append("the same circuit")
    elif one["circuit_type"] == other["circuit_type"] == "street":
        words.append("a street circuit")
    if _both(one, other, "wet"):
        words.append("wet")
    for fact, told in (
        ("red_flags", "a red flag"),
        ("safety_cars", "a safety car"),
        ("virtual_safety_cars", "a virtual safety car"),
    ):
        if _both(one, other, fact):
            words.append(told)
    if _both(one, other, "winner_grid") and min(one["winner_grid"], other["winner_grid"]) > 2:
        words.append("won from outside the front row")
    elif one["winner_grid"] is not pd.NA and one["winner_grid"] == other["winner_grid"] == 1:
        words.append("won from pole")
    if one["winner"] == other["winner"] and isinstance(one["winner"], str):
        words.append("the same winner")
    many = [race["retirements"] for race in (one, other)]
    if all(number is not pd.NA and number >= 7 for number in many):
        words.append("many retirements")
    stops = [race["typical_stops"] for race in (one, other)]
    if all(pd.notna(number) for number in stops) and round(stops[0]) == round(stops[1]):
        number = round(stops[0])
        words.append(f"{number} stop{'s' if number != 1 else ''} as a rule")
    return ", ".join(words)


def precedents(
    documents: pd.DataFrame,
    circuit_id: str,
    before: tuple[int, int],
    grid: int | None,
    **same: Any,
) -> pd.DataFrame:
    """Drivers' past races at a circuit from about the same place: at most three, the newest first.

    `before`: season and round; later races are not told of. `grid`: within two places of it, or
    None where it is not known. `same`: facts that have to agree, such as stops=1.
    """
    season, number = before
    past = documents["season"].lt(season)
    past |= documents["season"].eq(season) & documents["round"].lt(number)
    rows = documents[past & documents["circuit_id"].eq(circuit_id) & documents["finish"].notna()]
    for fact, value in same.items():
        rows = rows[rows[fact].eq(value).fillna(False)]
    away = (rows["grid"] - (grid or 1)).abs()
    if grid is not None:
        rows, away = rows[away.le(2).fillna(False)], away[away.le(2).fillna(False)]
    order = rows.assign(away=away).sort_values(["season", "away"], ascending=[False, True])
    return order.drop(columns="away").head(3)


@dataclass(frozen=True)
class _Fact:
    """What is known of all races: `values` are numbers up to `cap`, or what is the same or not."""

    values: FloatArray
    known: BoolArray
    cap: float | None
    weight: float

    @classmethod
    def of(cls, races: pd.DataFrame, name: str) -> "_Fact":
        column, cap = races[name], _CAPS.get(name)
        if cap is None:
            values = pd.factorize(column.astype(object))[0].astype(np.float64)
        else:
            values = column.astype("Float64").to_numpy(np.float64, na_value=0.0).clip(max=cap)
        return cls(values, column.notna().to_numpy(), cap, _WEIGHTS.get(name, 1.0))

    def likeness(self, mine: slice) -> FloatArray:
        """Of the races `mine` to each."""
        if self.cap is None:
            return (self.values[mine, None] == self.values[None, :]).astype(float)
        return 1.0 - np.abs(self.values[mine, None] - self.values[None, :]) / self.cap


def _coefficients(facts: list[_Fact], mine: slice) -> tuple[FloatArray, FloatArray]:
    """Of the races `mine` to each: how alike, -1 where too little is known; how much is known."""
    shape = (len(facts[0].known[mine]), len(facts[0].known))
    alike, weight, known = (np.zeros(shape) for _ in range(3))
    for fact in facts:
        is_known = fact.known[mine, None]
        both = is_known & fact.known[None, :]
        alike += fact.weight * np.where(both, fact.likeness(mine), 0.5 * is_known)
        weight += fact.weight * is_known
        known += both
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(known >= _LEAST_KNOWN, alike / weight, -1.0), known


def _most_alike(coefficient: FloatArray) -> list[int]:
    """The places of the greatest; of what is as alike the later race."""
    most = min(MOST, len(coefficient))
    least = np.partition(coefficient, -most)[-most]
    among = np.flatnonzero(coefficient >= least)
    return [int(place) for place in among[np.lexsort((-among, -coefficient[among]))][:most]]


def _both(one: Mapping[str, Any], other: Mapping[str, Any], fact: str) -> bool:
    values = (one[fact], other[fact])
    return all(pd.notna(value) and value > 0 for value in values)
