"""What readers ask of a store of each size, and the search over it.

Reads are those of the read API's answers and pages without its cache, on forecasts of one horizon
for every race. Not here: the server around them, which `bench_serving` measures.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from f1_pipeline.contracts import CONTRACTS
from f1_pipeline.search import alike, documents, index, names
from f1_pipeline.search.facts import TABLES as SEARCHED
from f1_pipeline.serving.answers import data
from f1_pipeline.serving.answers.calendar import Calendar
from f1_pipeline.serving.answers.predictions import prediction
from f1_pipeline.serving.pages.season import season_page
from f1_pipeline.serving.schemas import Prediction
from f1_pipeline.storage import database
from f1_pipeline.storage.reader import Reader, Snapshot
from f1_pipeline.storage.schema import TABLES
from f1_pipeline_tests.scale.home import NOW, Home, Stage, Work

_SECONDS = 120.0
_BATCH = 20_000
# What every row says: reads choose among rows, they do not look at their numbers.
_FORECAST = {
    "horizon": "post_qualifying",
    **dict.fromkeys(("p_win", "p_podium", "p_points", "p_dnf"), 0.05),
    "expected_position": 10.5,
    "position_p05": 1,
    "position_p95": 20,
    "driver_code": None,
    "grid_position": 1,
    "grid_source": "official",
    "tier": "results",
    "degraded_reason": None,
    **dict.fromkeys(("model_version", "data_version", "run_id"), "scale"),
}
_Read = Callable[[Snapshot, Calendar, Any], object]


def publish_forecasts(home: Home) -> Work:
    """A forecast after qualifying for every race there is: rows that reads then choose from."""
    tables = home.kept("tables")
    events = tables["events"][["event_id", "season", "round", "race_starts_at"]]
    rows = tables["entries"].merge(events, on="event_id")
    return Work(lambda: _append(home, rows))


def _append(home: Home, rows: pd.DataFrame) -> None:
    size = 20
    shares = np.full(size, 1 / size).tolist()
    given = _FORECAST | {"position_probabilities": shares}
    own = ["event_id", "season", "round", "driver_id", "constructor_id", "race_starts_at"]
    with database.writing(home.url) as connection:
        for start in range(0, len(rows), _BATCH):
            part = rows[own].iloc[start : start + _BATCH]
            starts = [at.to_pydatetime() for at in part["race_starts_at"]]
            batch = [
                given | row | {"event_starts_at": at, "generated_at": at - pd.Timedelta("1D")}
                for row, at in zip(
                    part.drop(columns="race_starts_at").to_dict("records"), starts, strict=True
                )
            ]
            connection.execute(sa.insert(TABLES["race_predictions"]), batch)


def _reads(home: Home, many: int, choose: str, read: _Read) -> Work:
    """So many reads of as many events or drivers, the calendar known, as the server has it."""
    home.warehouse.current("events")
    reader = Reader(home.url, connections=1, seconds=_SECONDS)
    with reader.snapshot() as snapshot:
        calendar = Calendar.of(snapshot)
        of = snapshot.rows("drivers", ("driver_id",), order=("driver_id",))
    if choose == "event":
        of = [*calendar.events]
    chosen = [of[place] for place in np.linspace(0, len(of) - 1, many).astype(int)]

    def run() -> None:
        with reader.snapshot() as snapshot:
            for one in chosen:
                read(snapshot, calendar, one)

    return Work(run, times=many)


def _prediction(snapshot: Snapshot, calendar: Calendar, event: Any) -> bytes:
    answer = prediction(snapshot, calendar, event, None, NOW)
    return Prediction.model_validate(answer).model_dump_json().encode()


def _season(snapshot: Snapshot, calendar: Calendar, event: Any) -> str:
    return season_page(snapshot, calendar, event["season"], NOW)


def _driver(snapshot: Snapshot, calendar: Calendar, driver: Any) -> object:
    return data.driver(snapshot, calendar, driver["driver_id"])


def _calendar(snapshot: Snapshot, calendar: Calendar, event: Any) -> object:
    return Calendar.of(snapshot)


def _documents(home: Home) -> Work:
    """Documents of every driver's race and of every race, and the index of them."""
    tables = _searched(home)

    def run() -> dict[str, pd.DataFrame]:
        made = documents.documents(tables)
        index.build(made, names.names_of(tables, made["driver_documents"]))
        return made

    return Work(run, lambda made: home.keep("races", made["race_documents"]))


def _searched(home: Home) -> dict[str, pd.DataFrame]:
    """The tables that documents are written from; of races that never were there are no figures."""
    tables = home.kept("tables")
    for name in set(SEARCHED) - set(tables):
        columns = {c.name: pd.Series(dtype=object) for c in CONTRACTS[name].columns}
        tables[name] = pd.DataFrame(columns)
    return tables


def _alike(home: Home) -> Work:
    """For each race the five most like it: every race is compared with every other."""
    races = home.kept("races")
    return Work(lambda: alike.alike_races(races))


READING: dict[str, Stage] = {
    "publish forecasts": publish_forecasts,
    "read a forecast": partial(_reads, many=200, choose="event", read=_prediction),
    "read a season": partial(_reads, many=20, choose="event", read=_season),
    "read a driver": partial(_reads, many=20, choose="driver", read=_driver),
    "read the calendar": partial(_reads, many=3, choose="event", read=_calendar),
    "documents": _documents,
    "alike": _alike,
}
