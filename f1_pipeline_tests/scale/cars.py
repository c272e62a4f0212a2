"""The rows of a season's sessions: places, times and points of its cars as arrays, rounds by cars.

Cars stand in the order of their drivers' ids. Not here: what is drawn (`seasons`), nor names and
frames (`sheets`).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from f1_pipeline_tests.scale.sheets import CARS, TEAM, TEAMS, Sheets

_SPRINT_LAPS = 20
_REASONS = np.array([None, "Engine"], dtype=object)
_PARTS = (("q1_ms", 1.01, CARS), ("q2_ms", 1.005, 15), ("q3_ms", 1.0, 10))


@dataclass(frozen=True)
class Cars:
    """Events of a season with their laps, and who drives in them for whom.

    `slots`: the number of each car's team within its series, whatever the team is called.
    """

    sheets: Sheets
    year: int
    events: np.ndarray
    laps: np.ndarray
    drivers: np.ndarray
    teams: np.ndarray
    slots: np.ndarray

    def _add(self, table: str, mask: np.ndarray, **values: Any) -> None:
        """Rows of the cars of `mask` (rounds by cars); a value is for each, or one for all."""
        rounds, cars = np.nonzero(mask)
        columns = {
            name: value[rounds, cars] if isinstance(value, np.ndarray) else _all(value, len(cars))
            for name, value in values.items()
        }
        given = {"driver": self.drivers[cars], "team": self.teams[cars]}
        self.sheets.add(table, event=self.events[rounds], **given, **columns)

    @property
    def _everyone(self) -> np.ndarray:
        return np.ones((len(self.events), CARS), dtype=bool)

    def entries(self) -> None:
        numbers = np.broadcast_to(self.drivers % 98 + 2, self._everyone.shape)
        self._add("entries", self._everyone, car_number=numbers, role="race")

    def practice(
        self, session: str, ran: np.ndarray, places: np.ndarray, times: np.ndarray
    ) -> None:
        mask = self._everyone & ran[:, None]
        of = {"position": places, "best_ms": times, "laps": _SPRINT_LAPS}
        self._add("practice_results", mask, session=session, **of)

    def qualifying(
        self,
        session: str,
        ran: np.ndarray,
        places: np.ndarray,
        times: np.ndarray,
        absent: np.ndarray,
    ) -> None:
        parts = {
            name: np.where(places <= last, (slower * times).astype(int), np.nan)
            for name, slower, last in _PARTS
        }
        text = places.astype(str).astype(object)
        of = {"qualifying_order": places, "position": places, "position_text": text}
        mask = ran[:, None] & ~absent
        self._add("qualifying_results", mask, session=session, **of, **parts)

    def grids(self, grid: np.ndarray, pit_lane: np.ndarray) -> None:
        slots = np.where(pit_lane, np.nan, grid)
        of = {"grid_order": grid, "grid_position": slots, "pit_lane": pit_lane}
        self._add("starting_grids", self._everyone, **of)

    def sprint(
        self,
        held: np.ndarray,
        grid: np.ndarray,
        finish: np.ndarray,
        out: np.ndarray,
        points: np.ndarray,
    ) -> None:
        self._add(
            "sprint_results",
            self._everyone & held[:, None],
            position=np.where(out, np.nan, finish),
            finish_order=finish,
            classified=~out,
            outcome=np.where(out, "retired", "finished").astype(object),
            grid_position=grid,
            laps=np.where(out, _SPRINT_LAPS // 2, _SPRINT_LAPS),
            points=points,
        )

    def race(
        self,
        grid: np.ndarray,
        pit_lane: np.ndarray,
        finish: np.ndarray,
        out: np.ndarray,
        absent: np.ndarray,
        late: np.ndarray,
        points: np.ndarray,
        share: np.ndarray,
    ) -> None:
        """`late`: classified though retired; `share`: of the distance, for who is out."""
        outcome = np.where(absent, "did_not_start", np.where(out, "retired", "finished"))
        retired = (out & ~absent) | late
        done = np.where(out, np.where(absent, 0, (0.89 * share * self.laps[:, None])), 1e9)
        self._add(
            "race_results",
            self._everyone,
            position=np.where(out, np.nan, finish),
            finish_order=finish,
            classified=~out,
            outcome=outcome.astype(object),
            retired=retired,
            reason_retired=_REASONS[retired.astype(int)],
            grid_position=np.where(pit_lane, np.nan, grid),
            laps=np.minimum(done.astype(int), self.laps[:, None]),
            points=points,
            fastest_lap=finish == 1,
        )

    def pit_stops(self, stops: np.ndarray, jitter: np.ndarray, lane: np.ndarray) -> None:
        """So many stops of each car, spread over the race; `jitter` (laps), `lane` (ms) of each."""
        for stop in range(1, int(stops.max(initial=0)) + 1):
            lap = self.laps[:, None] * stop / (stops + 1) + jitter
            of = {"lap": np.maximum(lap.astype(int), 1), "pit_lane_ms": lane + 10 * stop}
            self._add("pit_stops", stops >= stop, stop=stop, **of)

    def race_pace(self, finished: np.ndarray, strength: np.ndarray) -> None:
        """Two stints of each car that finished; the faster the car, the faster its laps."""
        for stint, compound in ((1, "MEDIUM"), (2, "HARD")):
            gap = -0.3 * strength + 0.1 * stint
            rounds, cars = np.nonzero(finished)
            self.sheets.add(
                "race_pace",
                event=self.events[rounds],
                session=_all("R", len(cars)),
                driver=self.drivers[cars],
                stint=_all(stint, len(cars)),
                compound=_all(compound, len(cars)),
                clean_laps=_all(25, len(cars)),
                pace_ms=85_000 * (1 + gap[rounds, cars] / 100),
                gap=gap[rounds, cars],
                slope=np.full(len(cars), 20.0),
            )

    def standings(self, points: np.ndarray, places: np.ndarray) -> None:
        """After each round, of drivers and teams: by points, then by the count of places.

        `places`: of the race, 0 for who was not classified.
        """
        team = self.slots[:, None] == np.arange(TEAMS)[None, :]
        teams = np.array([self.teams[cars][0] for cars in team.T])
        counts = (places[:, :, None] == np.arange(1, CARS + 1)).astype(float).cumsum(axis=0)
        of_teams = np.einsum("rcp,ct->rtp", counts, team.astype(float))
        for championship, ids, scored, placed in (
            ("drivers", self.drivers, points, counts),
            ("constructors", TEAM - teams, points @ team, of_teams),
        ):
            columns = _ranked(scored.cumsum(axis=0), placed)
            rows = {
                "event": np.repeat(self.events, len(ids)),
                "championship": _all(championship, columns["position"].size),
                "competitor": np.tile(ids, len(self.events)),
            }
            rows |= {name: values.ravel() for name, values in columns.items()}
            self.sheets.standings(self.year, len(ids), **rows)


def _ranked(points: np.ndarray, counts: np.ndarray) -> dict[str, np.ndarray]:
    keys = [*np.moveaxis(-counts[:, :, ::-1], 2, 0), -points]
    order = np.lexsort(keys, axis=1)
    position = np.empty_like(order)
    np.put_along_axis(position, order, np.arange(1, points.shape[1] + 1)[None, :], axis=1)
    return {"position": position, "points": points, "wins": counts[:, :, 0].astype(int)}


def _all(value: str | int, size: int) -> np.ndarray:
    return np.full(size, value, dtype=object if isinstance(value, str) else int)
