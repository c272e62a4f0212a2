"""Seasons that never were: tables of facts under their contracts, for tests of what reads them.

`make_tables` draws whole seasons from a seed: team paces that change over the winter, a team that
is renamed, a rookie a year, penalties, pit-lane starts, a driver who does not start, retirements,
all weekend formats in their seasons, and at the end events that are still to come. Here belongs no
real name and nothing that only one test needs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from f1_pipeline.contracts import CONTRACTS, check

POINTS = (25, 18, 15, 12, 10, 8, 6, 4, 2, 1)
_SPRINT_FORMATS = {2021: "sprint", 2022: "sprint", 2023: "sprint_shootout"}
_SESSIONS = {
    "conventional": ("FP1", "FP2", "FP3"),
    "sprint": ("FP1", "FP2"),
    "sprint_shootout": ("FP1",),
    "sprint_qualifying": ("FP1",),
}
_CIRCUITS = 6
_NAMES = (
    "events",
    "entries",
    "starting_grids",
    "race_results",
    "qualifying_results",
    "sprint_results",
    "practice_results",
    "pit_stops",
    "standings",
    "race_pace",
    "drivers",
    "constructors",
    "constructor_lineage",
    "circuits",
)


def make_tables(
    seasons: Sequence[int] = (2021, 2022, 2023, 2024),
    cars: int = 20,
    seed: int = 1,
    rounds: int = 6,
    upcoming: int = 2,
) -> dict[str, pd.DataFrame]:
    """All tables of facts for `seasons` of `rounds` events each, `cars` in a field.

    The last `upcoming` events of the last season have entries and nothing else. The same arguments
    give the same tables; every table meets its contract.
    """
    world = _World(np.random.default_rng(seed), cars)
    for season in seasons:
        world.new_season(season)
        for number in range(1, rounds + 1):
            held = season != seasons[-1] or number <= rounds - upcoming
            world.event(season, number, held)
    world.people(seasons)
    return {name: _frame(name, world.rows[name]) for name in _NAMES}


def _frame(name: str, rows: list[dict[str, object]]) -> pd.DataFrame:
    columns = [column.name for column in CONTRACTS[name].columns]
    frame = pd.DataFrame(rows, columns=columns, dtype="object")
    for column in ("source", "tier"):
        if column in columns:
            frame[column] = {"source": "archive", "tier": "results"}[column]
    return check(frame, CONTRACTS[name])


@dataclass
class _World:
    """Who races for whom and how fast, and the rows written so far."""

    random: np.random.Generator
    cars: int
    rows: dict[str, list[dict[str, object]]] = field(
        default_factory=lambda: {name: [] for name in _NAMES}
    )
    drivers: list[str] = field(default_factory=list)
    skill: dict[str, float] = field(default_factory=dict)
    pace: dict[int, float] = field(default_factory=dict)
    points: dict[tuple[str, str], float] = field(default_factory=dict)
    wins: dict[tuple[str, str], int] = field(default_factory=dict)

    def team(self, slot: int, season: int) -> str:
        """The constructor of a car; team 1 is renamed each even season."""
        number = slot // 2
        return f"team-{number}" + ("-renamed" if number == 1 and season % 2 == 0 else "")

    def new_season(self, season: int) -> None:
        self.points, self.wins = {}, {}
        rookies = self.cars if not self.drivers else 1
        if rookies == 1:
            self.drivers.pop(int(self.random.integers(len(self.drivers))))
        for _ in range(rookies):
            name = f"driver-{len(self.skill):02d}"
            self.skill[name] = float(self.random.normal(0, 0.3))
            self.drivers.append(name)
        teams = (self.cars + 1) // 2
        self.pace = {team: float(self.random.normal(0, 0.8)) for team in range(teams)}

    def event(self, season: int, number: int, held: bool) -> None:
        name = f"{season}-prix-{number}"
        fmt = "conventional"
        if season >= 2021 and number % 3 == 0:
            fmt = _SPRINT_FORMATS.get(season, "sprint_qualifying")
        starts = datetime(season, 3, 1, 13, tzinfo=UTC) + timedelta(days=14 * number)
        circuit = f"circuit-{(season + number) % _CIRCUITS}"
        self.rows["events"].append(
            {
                "event_id": name,
                "season": season,
                "round": number,
                "grand_prix_id": f"prix-{number}",
                "name": f"Prix {number}",
                "circuit_id": circuit,
                "course_length_km": 5.0,
                "turns": 15,
                "planned_laps": 60,
                "format": fmt,
                "race_starts_at": starts,
                "race_time_known": True,
            }
        )
        entries: list[dict[str, object]] = [
            {"event_id": name, "driver_id": driver, "constructor_id": self.team(slot, season)}
            for slot, driver in enumerate(self.drivers)
        ]
        self.rows["entries"] += [entry | {"role": "race"} for entry in entries]
        if held:
            self._weekend(name, fmt, entries)

    def _weekend(self, event: str, fmt: str, entries: list[dict[str, object]]) -> None:
        strength = np.array(
            [
                self.pace[slot // 2] + self.skill[str(entry["driver_id"])]
                for slot, entry in enumerate(entries)
            ]
        )
        for session in _SESSIONS[fmt]:
            times = self._times(strength)
            order = np.argsort(times)
            for place, slot in enumerate(order, start=1):
                self._add("practice_results", entries[slot], session=session, position=place,
                          best_ms=int(times[slot]), laps=20)  # fmt: skip
        qualified = self._qualifying(entries, strength, "Q")
        if fmt in ("sprint_shootout", "sprint_qualifying"):
            self._qualifying(entries, strength, "SQ")
        sets_grid = qualified
        if fmt != "conventional":
            sprint = self._sprint(entries, strength, qualified)
            sets_grid = sprint if fmt == "sprint" else qualified
        grid = self._grid(entries, sets_grid)
        self._race(event, entries, strength, grid)
        self._standings(event)

    def _times(self, strength: "np.ndarray") -> "np.ndarray":
        return 80_000 * (1.02 - 0.004 * strength + self.random.normal(0, 0.003, len(strength)))

    def _qualifying(
        self, entries: list[dict[str, object]], strength: "np.ndarray", session: str
    ) -> list[int]:
        times = self._times(strength)
        order = [int(slot) for slot in np.argsort(times)]
        absent = order.pop() if self.random.random() < 0.2 else None
        for place, slot in enumerate(order, start=1):
            self._add("qualifying_results", entries[slot], session=session,
                      qualifying_order=place, position=place, position_text=str(place),
                      q1_ms=int(times[slot] * 1.01),
                      q2_ms=int(times[slot] * 1.005) if place <= 15 else None,
                      q3_ms=int(times[slot]) if place <= 10 else None)  # fmt: skip
        return order if absent is None else [*order, absent]

    def _sprint(
        self, entries: list[dict[str, object]], strength: "np.ndarray", grid: list[int]
    ) -> list[int]:
        order, out = self._run(strength, grid, 0.05)
        for place, slot in enumerate(order, start=1):
            finished = slot not in out
            score = float(9 - place) if finished and place <= 8 else 0.0
            self._score(entries[slot], score, win=False)
            self._add("sprint_results", entries[slot], position=place if finished else None,
                      finish_order=place, classified=finished,
                      outcome="finished" if finished else "retired",
                      grid_position=grid.index(slot) + 1, laps=20, points=score)  # fmt: skip
        return order

    def _grid(self, entries: list[dict[str, object]], order: list[int]) -> list[int]:
        grid = list(order)
        if self.random.random() < 0.5:
            grid.append(grid.pop(int(self.random.integers(len(grid)))))
        pit_lane = self.random.random() < 0.3
        for place, slot in enumerate(grid, start=1):
            last = pit_lane and place == len(grid)
            self._add("starting_grids", entries[slot], grid_order=place,
                      grid_position=None if last else place, pit_lane=last)  # fmt: skip
        return grid

    def _run(
        self, strength: "np.ndarray", grid: list[int], rate: float
    ) -> tuple[list[int], set[int]]:
        ahead = np.empty(len(grid))
        ahead[grid] = -0.15 * np.arange(len(grid))
        keys = strength * 1.5 + ahead + self.random.gumbel(0, 0.6, len(grid))
        retires = self.random.random(len(grid)) < rate
        order = [int(slot) for slot in np.argsort(-keys + 1e3 * retires)]
        return order, {int(slot) for slot in np.flatnonzero(retires)}

    def _race(
        self,
        event: str,
        entries: list[dict[str, object]],
        strength: "np.ndarray",
        grid: list[int],
    ) -> None:
        order, out = self._run(strength, grid, 0.15)
        absent = order[-1] if self.random.random() < 0.2 and order[-1] in out else None
        for place, slot in enumerate(order, start=1):
            finished = slot not in out
            score = float(POINTS[place - 1]) if finished and place <= len(POINTS) else 0.0
            self._score(entries[slot], score, win=finished and place == 1)
            outcome = "finished" if finished else "retired"
            outcome = "did_not_start" if slot == absent else outcome
            late = finished and self.random.random() < 0.02
            self._add("race_results", entries[slot], position=place if finished else None,
                      finish_order=place, classified=finished, outcome=outcome,
                      retired=outcome == "retired" or late,
                      reason_retired=None if finished and not late else "Engine",
                      grid_position=grid.index(slot) + 1, laps=60 if finished else 20,
                      points=score, fastest_lap=place == 1)  # fmt: skip
            for stint in (1, 2) if slot not in out else ():
                self._stint(event, str(entries[slot]["driver_id"]), stint, float(strength[slot]))
            if slot != absent:
                self._add("pit_stops", entries[slot], stop=1, lap=int(self.random.integers(10, 40)),
                          pit_lane_ms=int(self.random.normal(23_000, 1_000)))  # fmt: skip

    def _stint(self, event: str, driver: str, stint: int, strength: float) -> None:
        """The faster the car, the faster its laps: nothing drawn, so the rest stays as it was."""
        gap = -0.3 * strength + 0.1 * stint
        self.rows["race_pace"].append(
            {
                "event_id": event,
                "session": "R",
                "driver_id": driver,
                "stint": stint,
                "compound": "HARD",
                "clean_laps": 25,
                "pace_ms": 85_000 * (1 + gap / 100),
                "gap": gap,
                "slope": 20.0,
            }
        )

    def _add(self, table: str, entry: dict[str, object], **values: object) -> None:
        self.rows[table].append({**entry, **values})

    def _score(self, entry: dict[str, object], points: float, win: bool) -> None:
        for championship, column in (("drivers", "driver_id"), ("constructors", "constructor_id")):
            key = (championship, str(entry[column]))
            self.points[key] = self.points.get(key, 0.0) + points
            self.wins[key] = self.wins.get(key, 0) + win

    def _standings(self, event: str) -> None:
        for championship in ("drivers", "constructors"):
            ranked = sorted(
                (key for key in self.points if key[0] == championship),
                key=lambda key: (-self.points[key], key[1]),
            )
            for place, key in enumerate(ranked, start=1):
                self.rows["standings"].append(
                    {
                        "event_id": event,
                        "championship": championship,
                        "competitor_id": key[1],
                        "position": place,
                        "points": self.points[key],
                        "wins": self.wins[key],
                    }
                )

    def people(self, seasons: Sequence[int]) -> None:
        """The tables of identity, for all that has raced."""
        self.rows["drivers"] += [{"driver_id": name, "name": name} for name in self.skill]
        self.rows["circuits"] += [
            {"circuit_id": f"circuit-{i}", "name": f"Circuit {i}", "circuit_type": "RACE"}
            for i in range(_CIRCUITS)
        ]
        for name in sorted({str(row["constructor_id"]) for row in self.rows["entries"]}):
            self.rows["constructors"].append({"constructor_id": name, "name": name})
            self.rows["constructor_lineage"] += list(_lineage(name, seasons))


def _lineage(constructor: str, seasons: Sequence[int]) -> Iterator[dict[str, object]]:
    for season in seasons if constructor in ("team-1", "team-1-renamed") else ():
        if (season % 2 == 0) == constructor.endswith("-renamed"):
            yield {
                "constructor_id": constructor,
                "season_from": season,
                "season_to": season,
                "lineage_id": "team-1",
            }
