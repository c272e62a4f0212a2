"""What the rules ask of a race's tyres, as data: who adds a season adds a row.

Here belongs what the rules say. Whether a plan keeps to them is asked in `plans`.

All of it holds for a dry race. Once a race was declared wet, or intermediates or wets were used,
two compounds are no longer asked for. A change while the race is stopped counts towards the
compounds and starts a new stint.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from f1_pipeline.errors import UsageError

_SINCE = 2007  # from which season on two compounds are asked for


@dataclass(frozen=True)
class Rules:
    """`compounds`: different slicks at the least; `stops`: changes at the least, which the two
    compounds already ask one of; `stint_laps`: the longest stint allowed on one set."""

    compounds: int = 2
    stops: int = 1
    stint_laps: int | None = None


@dataclass(frozen=True)
class Row:
    """One field that a season or one event of it has otherwise, from the season on or in it."""

    event_id: str
    field: Literal["stops", "stint_laps"]
    value: int
    source: str


ROWS = (
    Row(
        "2023-qatar",
        "stint_laps",
        18,
        "race director's note of the Sunday: kerbs had damaged side walls, 18 laps on a set",
    ),
    Row("2025-monaco", "stops", 2, "sporting regulations 2025: three sets in the race at Monaco"),
    Row(
        "2025-qatar",
        "stint_laps",
        25,
        "tyre supplier's and FIA's note before the weekend: 25 laps on a set",
    ),
)


def rules_of(event_id: str, season: int, rows: Iterable[Row] = ROWS) -> Rules:
    """The rules for an event's race; `event_id` as in `events`, 2025-monaco."""
    if season < _SINCE:
        raise UsageError(f"rules of tyres are held from {_SINCE} on: {season} is before that")
    rules = Rules()
    for row in rows:
        if row.event_id == event_id:
            rules = replace(rules, **{row.field: row.value})
    return rules
