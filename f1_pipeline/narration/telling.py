"""What the templates of forecasts and of plans share: a sentence's weight, shares, past races."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Told:
    """A sentence, '' for none. The lower its rank, the sooner it is told where words are few."""

    rank: int
    text: str
    filler: bool = False


def share(values: Mapping[str, Any], name: str) -> str:
    """34 %, under 1 %."""
    return f"{values[name]} %"


def number(value: float) -> str:
    """4.8, 5, −0.9."""
    return f"{value:g}".replace("-", "−")


def places(value: float) -> str:
    """0.9 places, 1 place; without its sign."""
    return f"{abs(value):g} place{'' if abs(value) == 1 else 's'}"


def where(values: Mapping[str, Any]) -> str:
    """the Italian Grand Prix 2025 at Monza"""
    season = f" {values['season']}" if "season" in values else ""
    # Monaco is in Monaco: a circuit that the event's name holds says nothing more.
    circuit = values.get("circuit", "")
    at = f" at {circuit}" if circuit and circuit not in values["event"] else ""
    return f"the {values['event']}{season}{at}"


def past(values: Mapping[str, Any]) -> str:
    races = values.get("similar", [])
    return f"A similar race in the archive: {races[0]['title'].rstrip('.')}." if races else ""
