"""What was drawn, as tables under their contracts.

Columns are collected season by season as arrays, who and where as numbers; names come in at the
end, once for each table. Not here: what a session's rows are (`cars`), nor any drawing.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from f1_pipeline.contracts import CONTRACTS, coerce
from f1_pipeline_tests.scale.plan import Season

CARS, TEAMS = 20, 10
TEAM = -1  # of competitors: less the team's number
_RACE_KILOMETRES = 305.0
_DAY = np.timedelta64(86_400, "s")
_TABLES = (
    *("events", "entries", "starting_grids", "race_results", "qualifying_results"),
    *("sprint_results", "practice_results", "pit_stops", "standings", "race_pace"),
)


@dataclass
class Names:
    """Who and where by number, and the tables of identity."""

    drivers: list[dict[str, Any]] = field(default_factory=list)
    teams: list[dict[str, Any]] = field(default_factory=list)
    lineage: list[dict[str, Any]] = field(default_factory=list)
    circuits: list[dict[str, Any]] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    _named: dict[tuple[int, int], list[int]] = field(default_factory=dict)

    def driver(self, series: int) -> int:
        number = len(self.drivers)
        self.drivers.append(
            {"driver_id": f"driver-{number:06d}", "name": f"Driver {number} of series {series}"}
        )
        return number

    def team(self, series: int, slot: int, year: int) -> int:
        """A team's next name, from a year on; the name before ends with the year before."""
        number = len(self.teams)
        before = self._named.setdefault((series, slot), [])
        first = f"s{series:02d}-team-{slot}"
        name = f"{first}-{len(before)}" if before else first
        if before:
            self.lineage[before[-1]]["season_to"] = year - 1
        before.append(number)
        self.teams.append({"constructor_id": name, "name": name.replace("-", " ").title()})
        self.lineage.append(
            {"constructor_id": name, "season_from": year, "season_to": None, "lineage_id": first}
        )
        return number

    def circuit(self, series: int, place: int, kilometres: float) -> int:
        kind = ("RACE", "ROAD", "STREET")[place % 3]
        name = f"s{series:02d}-circuit-{place:02d}"
        self.circuits.append(
            {
                "circuit_id": name,
                "name": name.title(),
                "circuit_type": kind,
                "course_length_km": round(kilometres, 3),
            }
        )
        return len(self.circuits) - 1


class Sheets:
    """The rows so far, by table: columns of arrays."""

    def __init__(self) -> None:
        self._parts: dict[str, list[dict[str, np.ndarray]]] = {name: [] for name in _TABLES}
        self._finals: dict[tuple[int, str], list[dict[str, np.ndarray]]] = {}

    def add(self, table: str, **columns: np.ndarray) -> None:
        self._parts[table].append(columns)

    def calendar(
        self, names: Names, season: Season, formats: np.ndarray, days: np.ndarray, at: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Add a season's events, `days` into the year, at circuits: their numbers, and laps."""
        first, rounds = len(names.events), np.arange(1, season.rounds + 1)
        names.events += [f"{season.name}-prix-{number:02d}" for number in rounds]
        lengths = np.array([names.circuits[circuit]["course_length_km"] for circuit in at])
        laps = np.ceil(_RACE_KILOMETRES / lengths).astype(int)
        first_start = np.datetime64(f"{season.year}-01-05T13:00:00", "s")
        races = first_start + (days * 86_400).astype("timedelta64[s]")
        numbers = np.arange(first, first + season.rounds)
        self.add(
            "events",
            event=numbers,
            season=np.full(season.rounds, season.year),
            round=rounds,
            grand_prix_id=_texts([f"prix-{number:02d}" for number in rounds]),
            name=_texts([f"Prix {number}" for number in rounds]),
            circuit=at,
            course_length_km=lengths,
            turns=(3 * lengths).astype(int),
            planned_laps=laps,
            format=formats.astype(object),
            fp1_starts_at=races - 2 * _DAY,
            qualifying_starts_at=races - _DAY,
            race_starts_at=races,
            race_time_known=np.ones(season.rounds, dtype=bool),
        )
        return numbers, laps

    def standings(self, year: int, size: int, **columns: np.ndarray) -> None:
        """A season's standings of one championship, round by round, each of so many rows."""
        self.add("standings", **columns)
        final = {name: values[-size:] for name, values in columns.items()}
        self._finals.setdefault((year, columns["championship"][0]), []).append(final)

    def _all_finals(self) -> None:
        """After a year's last race the standings are those of all its series.

        What a season ended with is read from its last race: without this the cars of all series
        but one would begin every season as if they had never raced.
        """
        for of_series in self._finals.values():
            last = of_series[-1]["event"][0]
            for standings in of_series[:-1]:
                here = np.full(len(standings["event"]), last)
                self.add("standings", **(standings | {"event": here}))

    def frames(self, names: Names) -> dict[str, pd.DataFrame]:
        """All tables in their contracts' types."""
        competitors = [row["driver_id"] for row in names.drivers]
        competitors += [row["constructor_id"] for row in reversed(names.teams)]
        by_number = {
            "event": ("event_id", _texts(names.events)),
            "driver": ("driver_id", _texts([row["driver_id"] for row in names.drivers])),
            "team": ("constructor_id", _texts([row["constructor_id"] for row in names.teams])),
            "competitor": ("competitor_id", _texts(competitors)),
            "circuit": ("circuit_id", _texts([row["circuit_id"] for row in names.circuits])),
        }
        self._all_finals()
        frames = {name: _frame(name, self._parts.pop(name), by_number) for name in _TABLES}
        for name, rows in (
            ("drivers", names.drivers),
            ("constructors", names.teams),
            ("constructor_lineage", names.lineage),
            ("circuits", names.circuits),
        ):
            frames[name] = _typed(name, pd.DataFrame(rows))
        return frames


def _frame(
    name: str, parts: list[dict[str, np.ndarray]], by_number: dict[str, tuple[str, np.ndarray]]
) -> pd.DataFrame:
    columns: dict[str, Any] = {}
    for column in parts[0] if parts else ():
        values = np.concatenate([part[column] for part in parts])
        called, texts = by_number.get(column, (column, None))
        columns[called] = values if texts is None else texts[values]
    return _typed(name, pd.DataFrame(columns))


def _typed(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    contract = CONTRACTS[name]
    given = {"source": "archive", "tier": "results"}
    lacking = [c.name for c in contract.columns if c.name not in frame]
    frame = frame.assign(**{column: given.get(column) for column in lacking})
    typed, lost = coerce(frame, contract)
    assert not lost, lost[:3]
    return typed


def _texts(values: list[str]) -> np.ndarray:
    return np.array(values, dtype=object)
