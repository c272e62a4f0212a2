"""Seasons that never were, drawn a season at a time: 100 times the archive in some 15 seconds.

Careers end and rookies follow, teams rise, fall and are renamed, circuits are visited again; grids
follow qualifying and penalties, results follow grids and strengths, standings follow results.
`make` gives all tables of the results tier, and the race pace. Not here: how many seasons there
are (`plan`), the frames under their contracts (`sheets`), nor what single tests turn on:
`f1_pipeline_tests.synthetic` draws that, row by row.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from f1_pipeline_tests.scale.cars import Cars
from f1_pipeline_tests.scale.plan import ARCHIVE_EVENTS, ROUNDS, UPCOMING, Season, plan
from f1_pipeline_tests.scale.sheets import CARS, TEAMS, Names, Sheets

POINTS = np.array([25, 18, 15, 12, 10, 8, 6, 4, 2, 1] + [0] * (CARS - 10), dtype=float)
SPRINT_POINTS = np.array([8, 7, 6, 5, 4, 3, 2, 1] + [0] * (CARS - 8), dtype=float)
PRACTICES = {
    "conventional": ("FP1", "FP2", "FP3"),
    "sprint": ("FP1", "FP2"),
    "sprint_shootout": ("FP1",),
    "sprint_qualifying": ("FP1",),
}
LONGEST_CAREER = 18
_CIRCUITS = 36  # that a series visits in turn
_CHANGED_A_YEAR = 3  # events of a calendar that give way to others
_SPRINT_ROUNDS = (3, 7, 11, 15, 19, 22)
_RENAMED = 1 / 15
_RETIRES, _STARTS_NOT, _PENALISED = 0.13, 0.005, 0.05
_SEASON_DAYS = 350.0


def make(events: int = ARCHIVE_EVENTS, seed: int = 1) -> dict[str, pd.DataFrame]:
    """All tables of facts for so many events; the last have entries and nothing else.

    The same arguments give the same tables, and every table meets its contract.
    """
    random = np.random.default_rng(seed)
    names, sheets = Names(), Sheets()
    series: dict[int, _Series] = {}
    planned = plan(events)
    for season in planned:
        if season.series not in series:
            series[season.series] = _Series(random, names, season.series)
        here = series[season.series]
        here.winter(season.year)
        held = max(0, season.rounds - UPCOMING * (season is planned[-1]))
        _draw(here, season, held, sheets)
    return sheets.frames(names)


@dataclass
class _Series:
    """Who races for whom in one series, how fast, and where."""

    random: np.random.Generator
    names: Names
    number: int
    drivers: np.ndarray = field(init=False)
    years_left: np.ndarray = field(init=False)
    skill: np.ndarray = field(init=False)
    teams: list[int] = field(init=False)
    pace: np.ndarray = field(init=False)
    calendar: np.ndarray = field(init=False)
    circuits: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.drivers = np.full(CARS, -1)
        self.years_left = np.zeros(CARS, dtype=int)
        self.skill = np.zeros(CARS)
        self.teams = []
        self.pace = self.random.normal(0, 0.8, TEAMS)
        self.circuits = np.array([self._circuit(place) for place in range(_CIRCUITS)])
        self.calendar = self.random.permutation(_CIRCUITS)

    def winter(self, year: int) -> None:
        """Before a season: who leaves, who comes, which team has another name or another car."""
        for seat in np.flatnonzero(self.years_left == 0):
            self.drivers[seat] = self.names.driver(self.number)
            longest = self.random.geometric(0.18)
            self.years_left[seat] = min(int(longest), LONGEST_CAREER)
            self.skill[seat] = self.random.normal(0, 0.3)
        self.years_left -= 1
        self._change_seats()
        self.pace = 0.7 * self.pace + self.random.normal(0, 0.57, TEAMS)
        for team in range(TEAMS):
            if len(self.teams) < TEAMS:
                self.teams.append(self.names.team(self.number, team, year))
            elif self.random.random() < _RENAMED:
                self.teams[team] = self.names.team(self.number, team, year)
        for _ in range(_CHANGED_A_YEAR):
            one, other = self.random.integers(0, _CIRCUITS, 2)
            self.calendar[[one, other]] = self.calendar[[other, one]]

    def _change_seats(self) -> None:
        seats = self.random.permutation(CARS)[: 2 * int(self.random.integers(0, 4))]
        for one, other in seats.reshape(-1, 2):
            for values in (self.drivers, self.years_left, self.skill):
                values[[one, other]] = values[[other, one]]

    def _circuit(self, place: int) -> int:
        return self.names.circuit(self.number, place, float(self.random.uniform(3.3, 7.0)))


def _draw(here: _Series, season: Season, held: int, sheets: Sheets) -> None:
    """A season: its calendar, the entries, and of the first `held` rounds all that happened."""
    rounds = np.arange(1, season.rounds + 1)
    has_sprint = np.isin(rounds, _SPRINT_ROUNDS) & (season.sprint_format is not None)
    formats = np.where(has_sprint, season.sprint_format or "", "conventional")
    window = _SEASON_DAYS / season.side_by_side
    day = season.series * window + (rounds - 1) * window / ROUNDS
    at = here.circuits[here.calendar[: season.rounds]]
    events, laps = sheets.calendar(here.names, season, formats, day, at)
    order = np.argsort(here.drivers)  # cars by driver id, as standings break ties by it
    seats = here.drivers[order], np.repeat(here.teams, 2)[order], order // 2
    Cars(sheets, season.year, events, laps, *seats).entries()
    strength = (np.repeat(here.pace, 2) + here.skill)[order]
    weekend = _Weekend(here.random, strength + here.random.normal(0, 0.1, (held, CARS)))
    if held:
        _sessions(weekend, Cars(sheets, season.year, events[:held], laps[:held], *seats), formats)


@dataclass
class _Weekend:
    """The draws of all weekends of a season: arrays are rounds by cars."""

    random: np.random.Generator
    strength: np.ndarray

    def times(self) -> np.ndarray:
        noise = self.random.normal(0, 0.003, self.strength.shape)
        return (80_000 * (1.02 - 0.004 * self.strength + noise)).astype(np.int64)

    def shares(self, chance: float) -> np.ndarray:
        return self.random.random(self.strength.shape) < chance

    def grid(self, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Places on the grid from those of a session: penalised cars last; who is in the pit lane.

        Only the last of a grid starts from there: its row comes after all slots.
        """
        places = _places(order + 30.0 * self.shares(_PENALISED))
        last = places == CARS
        return places, last & (self.random.random((len(places), 1)) < 0.1)

    def run(self, grid: np.ndarray, chance: float) -> tuple[np.ndarray, np.ndarray]:
        """Who is out, and the order of finish: who is out last."""
        noise = self.random.gumbel(0, 0.6, self.strength.shape)
        keys = 1.5 * self.strength - 0.15 * grid + noise
        out = self.shares(chance)
        return out, _places(-keys + 1e3 * out)


def _sessions(weekend: _Weekend, cars: Cars, formats: np.ndarray) -> None:
    formats = formats[: len(cars.events)]
    for session in ("FP1", "FP2", "FP3"):
        times, ran = weekend.times(), [session in PRACTICES[name] for name in formats]
        cars.practice(session, np.array(ran), _places(times), times)
    times = weekend.times()
    absent = (_places(times) == CARS) & (weekend.random.random((len(formats), 1)) < 0.2)
    qualified = _places(times + 10**6 * absent)
    cars.qualifying("Q", np.ones(len(formats), bool), qualified, times, absent)
    shootout = np.isin(formats, ("sprint_shootout", "sprint_qualifying"))
    times = weekend.times()
    cars.qualifying("SQ", shootout, _places(times), times, np.zeros_like(absent))
    sprints = formats != "conventional"
    out, finish = weekend.run(qualified, 0.05)
    sprint_points = np.where(out | ~sprints[:, None], 0.0, SPRINT_POINTS[finish - 1])
    cars.sprint(sprints, qualified, finish, out, sprint_points)
    sets_grid = np.where((formats == "sprint")[:, None], finish, qualified)
    _race(weekend, cars, *weekend.grid(sets_grid), sprint_points)


def _race(
    weekend: _Weekend,
    cars: Cars,
    grid: np.ndarray,
    pit_lane: np.ndarray,
    sprint_points: np.ndarray,
) -> None:
    cars.grids(grid, pit_lane)
    out, finish = weekend.run(grid, _RETIRES)
    absent = out & weekend.shares(_STARTS_NOT / _RETIRES)
    late = ~out & weekend.shares(0.01)  # classified all the same: 90 % of the distance is enough
    points = np.where(out, 0.0, POINTS[finish - 1])
    share = weekend.random.random(out.shape)  # of the distance that who is out got through
    cars.race(grid, pit_lane, finish, out, absent, late, points, share)
    stops = np.where(out, 1, 1 + weekend.random.choice(3, out.shape, p=(0.35, 0.45, 0.2)))
    jitter = weekend.random.integers(-3, 4, out.shape)
    lane = np.maximum(weekend.random.normal(23_000, 1_500, out.shape), 15_000).astype(int)
    cars.pit_stops(np.where(absent, 0, stops), jitter, lane)
    cars.race_pace(~out, weekend.strength)
    cars.standings(points + sprint_points, np.where(out, 0, finish))


def _places(keys: np.ndarray) -> np.ndarray:
    """Places 1 to n in ascending order within each round."""
    order = np.argsort(keys, axis=1, kind="stable")
    places = np.empty_like(order)
    np.put_along_axis(places, order, np.arange(1, keys.shape[1] + 1)[None, :], axis=1)
    return places
