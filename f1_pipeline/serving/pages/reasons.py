"""What speaks for and against each driver: the factors of a run, as bars. Not here: what moved."""

from collections import defaultdict
from dataclasses import dataclass
from math import exp

from markupsafe import Markup

from f1_pipeline.serving.pages import svg, words
from f1_pipeline.serving.pages.forecast import Car, Forecast
from f1_pipeline.storage.reader import Row, Snapshot

# Less than this is no digit of what is shown.
_NOTHING = 0.005


@dataclass(frozen=True)
class Factor:
    name: str
    told: str
    value: float
    picture: Markup

    @property
    def text(self) -> str:
        return words.signed(self.value, 2)


@dataclass(frozen=True)
class Reasons:
    """A driver's factors, the weightiest first; `without`: those that weigh nothing here."""

    car: Car
    factors: tuple[Factor, ...]
    without: tuple[str, ...]
    total: float

    @property
    def sum(self) -> str:
        return words.signed(self.total, 2)

    @property
    def times(self) -> str:
        """What the sum does to the odds against an average car of this field."""
        return words.times(exp(self.total))


def read_reasons(snapshot: Snapshot, forecast: Forecast) -> list[Reasons]:
    """In the order of the forecast; drivers of whom nothing is told are left out."""
    rows = snapshot.rows(
        "explanations",
        ("driver_id", "factor", "contribution", "words"),
        event_id=forecast.event["event_id"],
        horizon=forecast.run["horizon"],
        run_id=forecast.run["run_id"],
    )
    largest = max((abs(row["contribution"]) for row in rows), default=0.0)
    of_driver: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        of_driver[row["driver_id"]].append(row)
    return [
        _reasons(car, of_driver[car.driver_id], largest)
        for car in forecast.cars
        if car.driver_id in of_driver
    ]


def _reasons(car: Car, rows: list[Row], largest: float) -> Reasons:
    ordered = sorted(rows, key=lambda row: (-abs(row["contribution"]), row["factor"]))
    return Reasons(
        car=car,
        factors=tuple(_factor(row, largest) for row in ordered if _weighs(row)),
        without=tuple(row["factor"] for row in ordered if not _weighs(row)),
        total=sum(row["contribution"] for row in rows),
    )


def _weighs(row: Row) -> bool:
    return abs(row["contribution"]) >= _NOTHING


def _factor(row: Row, largest: float) -> Factor:
    value = row["contribution"]
    title = f"{row['factor']}: {words.signed(value, 2)}"
    return Factor(
        name=row["factor"],
        told=row["words"] or "",
        value=value,
        picture=svg.leaning(value, largest, title),
    )
