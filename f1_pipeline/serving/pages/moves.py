"""What changed for each driver since the horizon before. Not here: why (`reasons`)."""

from dataclasses import dataclass

from markupsafe import Markup

from f1_pipeline.serving.answers.calendar import HORIZONS, rows_of
from f1_pipeline.serving.pages import svg, words
from f1_pipeline.serving.pages.forecast import Car, Forecast
from f1_pipeline.storage.reader import Row, Snapshot

_COLUMNS = ("driver_id", "p_win", "p_podium", "expected_position")


@dataclass(frozen=True)
class Move:
    """A driver's numbers before and now."""

    car: Car
    before: Row

    @property
    def weight(self) -> tuple[float, float, str]:
        """The larger the move, the smaller this: win and podium first, then the place."""
        now, before = self.car.row, self.before
        chance = abs(now["p_win"] - before["p_win"]) + abs(now["p_podium"] - before["p_podium"])
        places = abs(now["expected_position"] - before["expected_position"])
        return (-round(chance, 3), -places, self.car.driver_id)

    @property
    def win(self) -> str:
        return words.change_of_chance(self.before["p_win"], self.car.row["p_win"])

    @property
    def podium(self) -> str:
        return words.change_of_chance(self.before["p_podium"], self.car.row["p_podium"])

    @property
    def places(self) -> str:
        """Places gained are counted up: a smaller expected place is a gain."""
        gained = self.before["expected_position"] - self.car.row["expected_position"]
        return words.signed(gained, 1)

    @property
    def picture(self) -> Markup:
        before, now = self.before["p_podium"], self.car.row["p_podium"]
        title = (
            f"{self.car.driver}, chance of the podium: "
            f"{words.percent(before)} before, {words.percent(now)} now"
        )
        return svg.move(before, now, self.car.colour, title)


@dataclass(frozen=True)
class Moves:
    """Since which run, and the moves, the largest first."""

    run: Row
    moves: tuple[Move, ...]


def read_moves(snapshot: Snapshot, forecast: Forecast) -> Moves | None:
    """Against the best run of the nearest earlier horizon; None where there is none.

    A run that was made in time is compared with such a run only.
    """
    mine = HORIZONS.index(forecast.run["horizon"])
    earlier = [run for run in forecast.runs if HORIZONS.index(run["horizon"]) < mine]
    if forecast.in_time:
        earlier = [run for run in earlier if run["generated_at"] < run["event_starts_at"]]
    if not earlier:
        return None
    # They come in the order in which they count, the latest horizon first.
    run = earlier[0]
    before = {row["driver_id"]: row for row in rows_of(snapshot, forecast.event, run, _COLUMNS)}
    moves = [Move(car, before[car.driver_id]) for car in forecast.cars if car.driver_id in before]
    return Moves(run, tuple(sorted(moves, key=lambda move: move.weight)))
