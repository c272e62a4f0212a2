"""Published predictions against the result of their race, one score for each forecast.

A forecast is what one run published for an event and a horizon. Here belongs what is compared with
what; the metrics themselves are defined in modelling.
"""

import pandas as pd

from f1_pipeline.contracts import CONTRACTS
from f1_pipeline.features.timeline import KEY, outcomes
from f1_pipeline.modelling import scores_by_race

_FORECAST = ["event_id", "horizon", "run_id"]


def scored(predictions: pd.DataFrame, race_results: pd.DataFrame) -> pd.DataFrame:
    """The forecasts of all events that have a race result: contract `scored_predictions`.

    The field is that of the forecast. A driver of it without a result comes last, and who was not
    forecast is left out, so every forecast is scored over exactly the places that it gave.
    """
    columns = [column.name for column in CONTRACTS["scored_predictions"].columns]
    held = predictions[predictions["event_id"].isin(set(race_results["event_id"]))]
    if held.empty:
        return pd.DataFrame(columns=columns)
    number = held.groupby(_FORECAST).ngroup()
    forecasts = held.assign(forecast=number).drop_duplicates("forecast").set_index("forecast")
    in_time = forecasts["generated_at"] < forecasts["event_starts_at"]
    described = forecasts.assign(
        status=in_time.map({True: "locked", False: "retrospective"}),
        drivers=number.value_counts(),
    )
    rows = described.join(_scores(held, number, race_results))
    return rows.sort_values(_FORECAST, ignore_index=True)[columns]


def _scores(
    predictions: pd.DataFrame, number: "pd.Series[int]", race_results: pd.DataFrame
) -> pd.DataFrame:
    """The metrics by number of the forecast.

    Each forecast is played as an event of its own: two forecasts of one race may have other fields.
    """
    names = number.astype(str)
    played = predictions[["event_id"]].assign(forecast=names).drop_duplicates()
    results = race_results.merge(played, on="event_id")
    results = results.assign(event_id=results["forecast"])
    rows = predictions.assign(event_id=names)
    scores = scores_by_race(rows.merge(outcomes(rows, results), on=KEY))
    return scores.set_index(scores.index.astype("int64"))
