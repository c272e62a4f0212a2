"""Which past races are most like a race, and what they have in common.

Likeness of races is of what happened, by Gower's coefficient (J. C. Gower, Biometrics 27, 1971):
the weighted mean over the facts of 1 where they are the same, and for numbers of 1 less the
difference over the range. What is known of the one race alone counts half: left out, as he has it,
a race of which little is known would be like many.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

MOST = 5
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
    total = len(races)
    alike, weight, known = (np.zeros((total, total)) for _ in range(3))
    for fact in (*_SAME, *_CAPS):
        both, likeness = _likeness(races[fact], _CAPS.get(fact))
        mine = races[fact].notna().to_numpy()[:, None]
        share = _WEIGHTS.get(fact, 1.0)
        alike += share * np.where(both, likeness, 0.5 * mine)
        weight += share * mine
        known += both
    with np.errstate(invalid="ignore", divide="ignore"):
        coefficient = np.where(known >= _LEAST_KNOWN, alike / weight, -1.0)
    np.fill_diagonal(coefficient, -1.0)
    # Of what is as alike the later race.
    order = np.lexsort((-np.arange(total)[None, :] + np.zeros((total, 1)), -coefficient))
    records = races.to_dict("records")
    rows = [
        {
            "event_id": records[one]["event_id"],
            "rank": rank,
            "like_event_id": records[other]["event_id"],
            "likeness": float(coefficient[one, other]),
            "known": int(known[one, other]),
            "shared": shared(records[one], records[other]),
        }
        for one in range(total)
        for rank, other in enumerate(order[one][:MOST], start=1)
        if coefficient[one, other] >= 0
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


def _likeness(
    values: "pd.Series[Any]", cap: float | None
) -> tuple["np.ndarray[Any, Any]", "np.ndarray[Any, Any]"]:
    """For each pair: known of both, and how alike."""
    known = values.notna().to_numpy()
    both = known[:, None] & known[None, :]
    if cap is None:
        column = values.astype(object).where(values.notna(), "").astype(str).to_numpy()
        return both, (column[:, None] == column[None, :]).astype(float)
    numbers = values.astype("Float64").to_numpy(np.float64, na_value=0.0).clip(max=cap)
    return both, 1.0 - np.abs(numbers[:, None] - numbers[None, :]) / cap


def _both(one: Mapping[str, Any], other: Mapping[str, Any], fact: str) -> bool:
    values = (one[fact], other[fact])
    return all(pd.notna(value) and value > 0 for value in values)
