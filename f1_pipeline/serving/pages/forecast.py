"""One published run as people read it: which it is, its cars with their names, what became of them.

Not here: which race is meant (`answers.calendar`), and what the sections of a page make of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from f1_pipeline.serving.answers.calendar import HORIZONS, Calendar, rows_of, runs_of, status
from f1_pipeline.serving.errors import not_found
from f1_pipeline.serving.pages import svg
from f1_pipeline.serving.pages.colours import colour_of
from f1_pipeline.serving.pages.words import titled
from f1_pipeline.storage.reader import Row, Snapshot

_COLUMNS = (
    *("driver_id", "driver_code", "constructor_id", "grid_position"),
    *("p_win", "p_podium", "p_points", "p_dnf", "expected_position"),
    *("position_p05", "position_p95", "position_probabilities"),
)
_OUTCOME = ("driver_id", "finish_order", "classified", "outcome")


@dataclass(frozen=True)
class Names:
    """Drivers and teams by id, as commonly written; an id that is not listed speaks for itself."""

    drivers: Mapping[str, str]
    teams: Mapping[str, str]

    @classmethod
    def of(cls, snapshot: Snapshot) -> "Names":
        drivers = snapshot.rows("drivers", ("driver_id", "name"))
        teams = snapshot.rows("constructors", ("constructor_id", "name"))
        return cls(
            {row["driver_id"]: row["name"] for row in drivers},
            {row["constructor_id"]: row["name"] for row in teams},
        )

    def driver(self, driver_id: str) -> str:
        return self.drivers.get(driver_id) or titled(driver_id)

    def last(self, driver_id: str) -> str:
        """What a driver is called in passing: the last word of the name that is no "Jr."."""
        said = [word for word in self.driver(driver_id).split() if not word.endswith(".")]
        return said[-1] if said else self.driver(driver_id)

    def team(self, constructor_id: str) -> str:
        return self.teams.get(constructor_id) or titled(constructor_id)


@dataclass(frozen=True)
class Car:
    """A driver in a run. `row`: the numbers; `outcome`: of race_results, None without one."""

    row: Row
    driver: str
    last: str
    team: str
    colour: str
    outcome: Row | None

    @property
    def driver_id(self) -> str:
        return self.row["driver_id"]

    @property
    def swatch(self) -> Markup:
        return svg.swatch(self.colour)


@dataclass(frozen=True)
class Forecast:
    """A run of an event with its cars, the most probable winner first.

    `status` as `answers.calendar` says it; `runs`: all published runs of the event.
    """

    event: Row
    run: Row
    status: str
    cars: tuple[Car, ...]
    names: Names
    runs: tuple[Row, ...]
    held: bool

    @property
    def in_time(self) -> bool:
        return self.status in ("open", "locked")

    @property
    def horizons(self) -> list[str]:
        """Those that are published, in the order of a weekend."""
        published = {run["horizon"] for run in self.runs}
        return [horizon for horizon in HORIZONS if horizon in published]


def read_forecast(
    snapshot: Snapshot, calendar: Calendar, event_id: str, horizon: str | None, now: datetime
) -> Forecast:
    """The run that counts, or the best one of a horizon. Raises the 404 of a missing one."""
    event = calendar.find(event_id)
    runs = runs_of(snapshot, event)
    run = _chosen(event, runs, horizon)
    names = Names.of(snapshot)
    outcomes = {
        row["driver_id"]: row
        for row in snapshot.rows("race_results", _OUTCOME, event_id=event["event_id"])
    }
    cars = [
        Car(
            row=row,
            driver=names.driver(row["driver_id"]),
            last=names.last(row["driver_id"]),
            team=names.team(row["constructor_id"]),
            colour=colour_of(row["constructor_id"], event["season"]),
            outcome=outcomes.get(row["driver_id"]),
        )
        for row in rows_of(snapshot, event, run, _COLUMNS)
    ]
    return Forecast(
        event=event,
        run=run,
        status="backtest"
        if run["source"] == "backtest"
        else status(run["generated_at"], run["event_starts_at"], now),
        cars=tuple(cars),
        names=names,
        runs=tuple(runs),
        held=event["event_id"] in calendar.held,
    )


def _chosen(event: Row, runs: list[Row], horizon: str | None) -> Row:
    fitting = [run for run in runs if horizon in (None, run["horizon"])]
    if fitting:
        return fitting[0]
    about = f"{event['name']} {event['season']}"
    if runs:
        published = ", ".join(sorted({run["horizon"] for run in runs}, key=HORIZONS.index))
        raise not_found(
            "no_prediction",
            f"Nothing is published for {about} at the horizon {horizon!r}.",
            f"Published horizons: {published}.",
        )
    raise not_found(
        "no_prediction",
        f"No forecast of {about} is published.",
        f"`f1-pipeline predict --event {event['event_id']}` makes one.",
    )
