"""What is watched: the features that a recipe reads, what became of races, the forecasts' errors.

Here belongs what is measured of a race. How far races are apart is in `distances`.

How much of each kind changes by itself was measured on 2014-2018, as PSI over (1/m + 1/n): see
docs/model-operations.md. What a weekend shows anew comes in many nearly independent values a race.
Form and standings are carried from race to race, by ten teams: their rows say little that is new.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from f1_pipeline.modelling.arrays import FloatArray, IntArray
from f1_pipeline.modelling.ordering import in_time
from f1_pipeline.modelling.race_model import variant_rows
from f1_pipeline.modelling.recipe import FACTORS, Recipe
from f1_pipeline.monitoring.distances import Races

OF_WEEKEND, CARRIED, OF_OUTCOME = 4.0, 16.0, 2.0
OF_TEAM = 16.0  # four standard errors, squared
_SHOWN = {*FACTORS["grid"], *FACTORS["qualifying"], *FACTORS["practice"]}
# It grows with every race that a driver starts: its drift says that time goes by.
_COUNTERS = ("starts",)
# Where a change of pace shows: after qualifying the grid has told of it already.
_TEAMS_BY = "pre_weekend"


@dataclass(frozen=True)
class Quantity:
    """One thing that is watched: its values in each of some races, oldest race first.

    `races` numbers them in time; `usual` is how much of it changes by itself, in units of PSI over
    (1/m + 1/n); `by_mean`: a race is one value in standard deviations, and its mean is watched.
    """

    subject: str
    name: str
    races: IntArray
    values: Races
    usual: float
    by_mean: bool = False


def features_of(recipe: Recipe) -> tuple[str, ...]:
    """The features that the strengths of a recipe read, each once."""
    read = (*recipe.tree.features, *(f.removeprefix("log_") for f in recipe.linear.features))
    return tuple(name for name in dict.fromkeys(read) if name not in _COUNTERS)


def in_weekend(feature: str) -> bool:
    """Whether a feature is seen anew at each event, and not carried from race to race."""
    return feature in _SHOWN


def held(training_set: pd.DataFrame) -> pd.DataFrame:
    """A row for each driver of each race held, as known after qualifying, with `race`: 0 and on."""
    return in_time(variant_rows(training_set, ("post_qualifying", "official")))


def watched(rows: pd.DataFrame, forecasts: pd.DataFrame, recipe: Recipe) -> Iterator[Quantity]:
    """All that is watched, of the races in `rows` (as `held` gives them).

    `forecasts` as `forecasts.counted` gives them; of races that were not forecast there is no
    error.
    """
    for name in features_of(recipe):
        usual = OF_WEEKEND if in_weekend(name) else CARRIED
        yield _quantity("feature", name, rows["race"], rows[name], usual)
    placed = rows[rows["classified"].astype(bool)]
    gained = placed["grid_place"] - placed["finish_order"]
    yield _quantity("target", "places_gained", placed["race"], gained, OF_OUTCOME)
    for name in ("retired", "classified"):
        yield _quantity("target", name, rows["race"], rows[name], OF_OUTCOME)
    numbers = rows.drop_duplicates("event_id").set_index("event_id")["race"]
    made = forecasts.assign(race=forecasts["event_id"].map(numbers))
    made = made[made["race"].notna()].sort_values(["race", "driver_id"])
    for horizon, mine in made.groupby("horizon"):
        yield _quantity("error", str(horizon), mine["race"], _in_distribution(mine), OF_OUTCOME)
    yield from _of_teams(made[made["horizon"].eq(_TEAMS_BY)])


def _quantity(
    subject: str, name: str, race: "pd.Series[int]", values: "pd.Series[float]", usual: float
) -> Quantity:
    """Rows are sorted by race."""
    numbers, starts = np.unique(race.to_numpy(dtype=np.int64), return_index=True)
    known = values.astype("float64").to_numpy(dtype=np.float64)
    return Quantity(subject, name, numbers, np.split(known, starts[1:]), usual)


def _in_distribution(forecasts: pd.DataFrame) -> "pd.Series[float]":
    """Where in its forecast distribution each finish lies: uniform, if the forecasts are right.

    Half of the probability of the place itself counts (mid-PIT).
    """
    places = zip(forecasts["position_probabilities"], forecasts["finish_order"], strict=True)
    found = [sum(p[: k - 1]) + p[k - 1] / 2 for p, k in places]
    return pd.Series(found, index=forecasts.index, dtype="float64")


def _of_teams(forecasts: pd.DataFrame) -> Iterator[Quantity]:
    """How much further back than expected the classified cars of each team come in.

    In standard deviations of the forecast, less the mean of the race's classified cars, mean of
    the team's cars (who retires says nothing of pace), and all that in standard deviations of such
    means. Teams that are not in the newest race are left out; one that was renamed is another.
    """
    placed = forecasts[forecasts["classified"].astype(bool)]
    if placed.empty:
        return
    behind = placed["finish_order"].astype("float64") - placed["expected_position"]
    behind = behind / [_deviation(p) for p in placed["position_probabilities"]]
    behind = behind - behind.groupby(placed["race"]).transform("mean")
    of_team = behind.groupby([placed["constructor_id"], placed["race"]]).mean()
    scale = float(of_team.std(ddof=0)) or 1.0
    newest = forecasts["race"].eq(forecasts["race"].max())
    for team in sorted(set(forecasts.loc[newest, "constructor_id"])):
        mine = of_team[of_team.index.get_level_values(0) == team].droplevel(0) / scale
        if len(mine):
            values: list[FloatArray] = list(mine.to_numpy(dtype=np.float64)[:, None])
            numbers = mine.index.to_numpy(dtype=np.int64)
            yield Quantity("error", team, numbers, values, OF_TEAM, by_mean=True)


def _deviation(probabilities: list[float]) -> float:
    """Standard deviation of the place under a forecast."""
    p = np.asarray(probabilities, dtype=np.float64)
    places = np.arange(1, len(p) + 1)
    mean = p @ places
    # A forecast that is sure has none: then a place is the unit.
    return float(np.sqrt(p @ (places - mean) ** 2)) or 1.0
