"""The stages from tables to forecasts: what their assets call, without Dagster around it.

Not here: reads and search (`reading`), the order and the sizes (`measuring`).
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pandas as pd

from f1_pipeline import features, predictions
from f1_pipeline.contracts import CONTRACTS, check, content_fingerprint, split
from f1_pipeline.modelling import STANDARD, RaceModel, fit, walk_forward
from f1_pipeline.predictions import Forecaster
from f1_pipeline.storage.warehouse import Superseded
from f1_pipeline.tables import fault_rows, next_event
from f1_pipeline.tables.build import BY_EVENT, WHOLE
from f1_pipeline.tables.faults import valid_rows
from f1_pipeline.tables.rules import broken
from f1_pipeline.tables.standings import standings
from f1_pipeline.tables.validity import valid_from
from f1_pipeline_tests.features.conftest import build_all
from f1_pipeline_tests.scale.home import NOW, Home, Stage, Work
from f1_pipeline_tests.scale.plan import FIRST_SERIES

_TABLES = (*WHOLE, *BY_EVENT, "standings")
_FORMS = ("driver_form", "team_form", "circuit_patterns", "lap_form")
_LATE = 50  # one race of so many is corrected when the next one was run already
_READ_BY_FORECAST = ("events", "drivers", "practice_results", "race_features", "training_set")


def take_in(home: Home) -> Work:
    """Every row against its contract, rules, standings; publish; read back and check again."""
    drawn = home.kept("tables")
    warehouse = home.warehouse
    return Work(lambda: _published(warehouse, drawn))


def again(home: Home) -> Work:
    """The same with the result of one race corrected: what a run costs when a little is new."""
    drawn = home.kept("tables")
    results = drawn["race_results"].copy()
    mine = results["event_id"].eq(results["event_id"].iloc[-1])
    results.loc[mine, "laps"] = results.loc[mine, "laps"] - 1 * results.loc[mine, "laps"].gt(0)
    drawn["race_results"] = results
    warehouse = home.warehouse
    return Work(lambda: _published(warehouse, drawn))


def _published(warehouse: Any, drawn: dict[str, pd.DataFrame]) -> None:
    frames: dict[str, pd.DataFrame] = {}
    warehouse.read_many([*_TABLES])
    for name in (*WHOLE, *BY_EVENT):
        frames[name], faults = valid_rows(drawn[name], CONTRACTS[name], frames)
        assert not faults, faults[:3]
    assert not broken(frames)
    for own in _championships(frames):
        standings(own["events"], own["race_results"], own["sprint_results"])
    # Those that were drawn: the project's own take all series of a year for one championship.
    frames["standings"] = drawn["standings"]
    since = valid_from(frames["events"])
    warehouse.publish(
        {name: frames[name] for name in _TABLES},
        run_id="scale", at=NOW, valid_from=since, faults=fault_rows([]),
    )  # fmt: skip
    for name, frame in warehouse.read_many([*_TABLES]).items():
        assert not split(frame, CONTRACTS[name])[1]
        content_fingerprint(frame, CONTRACTS[name])


def _championships(frames: dict[str, pd.DataFrame]) -> Iterator[dict[str, pd.DataFrame]]:
    """What standings are computed from, series by series."""
    scored = {name: frames[name] for name in ("events", "race_results", "sprint_results")}
    series = {name: frame["event_id"].str.split("-").str[1] for name, frame in scored.items()}
    for number in series["events"].unique():
        yield {name: frame[series[name].eq(number)] for name, frame in scored.items()}


def compute_features(home: Home) -> Work:
    """All features of all races."""
    tables = home.kept("tables")

    def keep(frames: dict[str, pd.DataFrame]) -> None:
        for name, frame in frames.items():
            home.keep(name, frame)

    return Work(lambda: build_all(tables), keep)


def join_outcomes(home: Home) -> Work:
    """The training set: features of the races held, with their outcome."""
    rows, results = home.kept("race_features"), home.kept("tables")["race_results"]
    return Work(
        lambda: features.training_set(rows, {"race_results": results}),
        lambda made: home.keep("training_set", made),
    )


def late_corrections(home: Home) -> Work:
    """Form of drivers where one race of fifty was corrected after the next one: as it was seen."""
    tables = home.kept("tables")
    results = tables["race_results"]
    starts = tables["events"].set_index("event_id")["race_starts_at"]
    late = results["event_id"].unique()[_LATE // 2 :: _LATE]
    order = starts.sort_values()
    superseded = []
    for event_id in late:
        following = order[order > order[event_id]].iloc[0].to_pydatetime()
        frame = results[results["event_id"].eq(event_id)]
        frame = frame.assign(finish_order=frame["finish_order"].to_numpy()[::-1])
        at = following + timedelta(hours=1)
        superseded.append(
            Superseded("race_results", event_id, 1, starts[event_id].to_pydatetime(), at, frame)
        )
    return Work(lambda: features.compute_as_seen(features.driver_form, tables, superseded))


def store_features(home: Home) -> Work:
    """Features and training set under their contracts, hashed and published, as the assets do."""
    warehouse = home.warehouse

    def run() -> None:
        for name in (*_FORMS, "race_features", "training_set"):
            valid = check(home.kept(name), CONTRACTS[name])
            content_fingerprint(valid, CONTRACTS[name])
            warehouse.publish({name: valid}, run_id="scale", at=NOW)

    return Work(run)


def training(home: Home) -> Work:
    """A refit of all variants of the standard recipe."""
    held = home.kept("training_set")
    return Work(lambda: fit(held, STANDARD), lambda model: model.save(home.folder / "model"))


def backtest(home: Home) -> Work:
    """A whole season of the first series, walk-forward on all that was before it."""
    rows = home.kept("training_set")
    season = int(rows["season"].max()) - 1  # the last one is cut short by the size
    others = rows["season"].eq(season) & ~rows["event_id"].str.contains(FIRST_SERIES)
    rows = rows[~others].reset_index(drop=True)
    return Work(lambda: walk_forward(rows, season, STANDARD))


def read_for_forecast(home: Home) -> Work:
    """The tables that the asset of forecasts is given, whole."""
    warehouse = home.warehouse
    return Work(lambda: [warehouse.read(name) for name in _READ_BY_FORECAST])


def forecast(home: Home) -> Work:
    """The next race, all horizons that are known, with what speaks for and against each driver."""
    tables, race_features = home.kept("tables"), home.kept("race_features")
    held = tables["race_results"]["event_id"].drop_duplicates().to_frame()
    event = next_event(tables["events"], held)
    assert event is not None
    events, drivers = tables["events"], tables["drivers"]
    model = RaceModel.load(home.folder / "model")

    def run() -> None:
        forecaster = Forecaster("scale", model)
        made = predictions.forecast(event, events, drivers, race_features, forecaster)
        made = made.assign(run_id="scale", generated_at=NOW)
        assert not predictions.incoherences(made)
        predictions.explanations(race_features, forecaster, made)

    return Work(run)


STAGES: dict[str, Stage] = {
    "take in": take_in,
    "take in again": again,
    "features": compute_features,
    "training set": join_outcomes,
    "late corrections": late_corrections,
    "store features": store_features,
    "training": training,
    "backtest": backtest,
    "forecast, reading": read_for_forecast,
    "forecast": forecast,
}
