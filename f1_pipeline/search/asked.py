"""Filters that a client gives beside its words: facts by name, as conditions.

Here belongs which facts may be asked for and how. What words mean is in `filters`.
"""

from collections.abc import Mapping
from typing import Any

from f1_pipeline.errors import UsageError
from f1_pipeline.search.conditions import Condition

# As clients call them, and as documents do.
IDS = {
    "circuit": "circuit_id",
    "driver": "driver_id",
    "team": "constructor_id",
    "nationality": "nationality",
    "start": "start",
    "compounds": "compounds",
    "reason": "reason",
}
COUNTS = (
    *("season", "grid", "finish", "gained", "points", "stops"),
    *("red_flags", "safety_cars", "virtual_safety_cars"),
)
YES_OR_NO = ("wet", "retired", "won", "podium", "scored", "pole", "pit_lane", "home")


def conditions(filters: Mapping[str, Any]) -> tuple[Condition, ...]:
    """One condition of each filter: an id or a list of them, a number, {"min": …, "max": …}, or yes
    or no. Raises `UsageError` for what is none."""
    made = (_one(name, value) for name, value in filters.items())
    return tuple(condition for condition in made if condition is not None)


def _one(name: str, value: Any) -> Condition | None:
    """None of a range without ends, which everything is in."""
    if name in IDS:
        values = tuple(value) if isinstance(value, list | tuple) else (value,)
        if values and all(isinstance(text, str) for text in values):
            upper = name in ("start", "compounds")
            told = tuple(text.upper() if upper else text.lower() for text in values)
            return Condition(IDS[name], values=told)
        raise UsageError(f"the filter {name} is an id, or a list of them.")
    if name in YES_OR_NO:
        if isinstance(value, bool):
            return Condition(name, least=float(value), most=float(value))
        raise UsageError(f"the filter {name} is true or false.")
    if name in COUNTS:
        ends = value if isinstance(value, Mapping) else {"min": value, "max": value}
        if ends.keys() <= {"min", "max"} and all(_number(end) for end in ends.values()):
            low, high = ends.get("min"), ends.get("max")
            if low is None and high is None:
                return None
            return Condition(
                name,
                least=None if low is None else float(low),
                most=None if high is None else float(high),
            )
        raise UsageError(f'the filter {name} is a number, or {{"min": 1, "max": 3}}.')
    known = ", ".join(sorted((*IDS, *COUNTS, *YES_OR_NO)))
    raise UsageError(f"there is no filter {name}: choose among {known}.")


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
