"""Why a forecast is what it is: the model's contributions as factors, in a fan's words.

Contributions are log-odds against the field's
mean, so they add up over factors; who retires is not among them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from f1_pipeline.modelling import FACTORS
from f1_pipeline.predictions.choice import Forecaster

_COLUMNS = ["event_id", "driver_id", "horizon", "run_id", "factor", "contribution", "words"]


@dataclass(frozen=True)
class Told:
    """`feature`: the one whose value is told of a factor, and how."""

    feature: str
    words: Callable[[float], str]


def _th(place: float) -> str:
    number = round(place)
    ending = (
        "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    )
    return f"{number}{ending}"


def _gap(percent: float) -> str:
    best = percent < 0.005
    return (
        "set the best lap of qualifying" if best else f"qualified {percent:.2f} % off the best lap"
    )


TOLD = {
    "grid": Told("grid_place", lambda v: f"starts {_th(v)}"),
    "qualifying": Told("qualifying_gap", _gap),
    "practice": Told("practice_mean_rank", lambda v: f"was about {_th(v)} in practice"),
    "one-lap form": Told(
        "qualifying_gap_form", lambda v: f"has qualified {v:.2f} % off the best of late"
    ),
    "race pace": Told("race_pace_form", lambda v: f"has raced {v:+.2f} % off the field's pace"),
    "standing": Told("championship_position", lambda v: f"is {_th(v)} in the championship"),
    "experience": Told("starts", lambda v: f"has started {round(v)} races"),
    "team": Told(
        "team_finish_form", lambda v: f"the team's cars have finished about {_th(v)} of late"
    ),
}


def explanations(
    race_features: pd.DataFrame, forecaster: Forecaster, made: pd.DataFrame
) -> pd.DataFrame:
    """A row per driver, horizon and factor of the forecasts `made`: contract `explanations`.

    None of a forecast by the baseline, which weighs nothing.
    """
    parts = [
        _of_horizon(race_features, forecaster, rows)
        for _, rows in made.groupby(["event_id", "horizon"], sort=False)
    ]
    told = [part for part in parts if len(part)]
    return pd.concat(told, ignore_index=True) if told else pd.DataFrame(columns=_COLUMNS)


def _of_horizon(
    race_features: pd.DataFrame, forecaster: Forecaster, made: pd.DataFrame
) -> pd.DataFrame:
    first = made.iloc[0]
    race = race_features[
        race_features["event_id"].eq(first["event_id"])
        & race_features["horizon"].eq(first["horizon"])
        & race_features["grid_source"].eq(first["grid_source"] or "none")
    ].sort_values("driver_id")
    expected = made.set_index("driver_id")["expected_position"][race["driver_id"]]
    by_feature = forecaster.model.contributions(race, expected.to_numpy(dtype="float64"))
    if by_feature.empty:
        return by_feature
    of_factor = {feature: name for name, features in FACTORS.items() for feature in features}
    by_factor = by_feature.T.groupby(of_factor).sum().T
    rows = by_factor.rename_axis(columns="factor").stack().rename("contribution").reset_index()
    values = race.set_index("driver_id")
    rows["words"] = [
        _words(TOLD[factor], values.at[driver, TOLD[factor].feature])
        for driver, factor in zip(rows["driver_id"], rows["factor"], strict=True)
    ]
    about = {name: first[name] for name in ("event_id", "horizon", "run_id")}
    return rows.assign(**about)[_COLUMNS]


def _words(told: Told, value: float) -> str | None:
    return None if pd.isna(value) else told.words(float(value))


def sentence(rows: pd.DataFrame, most: int = 3) -> str:
    """What speaks most for and against a driver, of his rows: "starts 1st (+1.2); …"."""
    largest = rows.iloc[rows["contribution"].abs().argsort()[::-1]].head(most)
    return "; ".join(
        f"{row.factor if pd.isna(row.words) else row.words} ({row.contribution:+.1f})"
        for row in largest.itertuples()
    )
