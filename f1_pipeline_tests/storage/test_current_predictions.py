"""The view picks for each event what counts: the latest horizon, in time, the newest."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from f1_pipeline.contracts import CONTRACTS
from f1_pipeline.contracts.predictions import HORIZONS
from f1_pipeline.storage import database
from f1_pipeline.storage.schema import TABLES
from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline_tests.storage.rows import prediction, predictions

PAST, FUTURE = datetime(2024, 5, 26, 13, tzinfo=UTC), datetime(2199, 5, 26, 13, tzinfo=UTC)


def view(warehouse: Warehouse) -> pd.DataFrame:
    """The view's rows, as a backend would select them."""
    with database.reading(warehouse.url) as connection:
        schema = "f1." if connection.dialect.name == "postgresql" else ""
        rows = connection.execute(sa.text(f"SELECT * FROM {schema}current_predictions"))
        return pd.DataFrame(rows.all(), columns=list(rows.keys()))


def run(
    name: str, horizon: str, hours: float, starts: datetime = PAST, **given: Any
) -> list[dict[str, Any]]:
    """Two drivers' rows of a run, made so many hours before the start."""
    made = {"generated_at": starts - timedelta(hours=hours), "event_starts_at": starts}
    both = {"run_id": name, "horizon": horizon} | made | given
    return [prediction("ada", **both), prediction("bob", **both)]


CASES: list[tuple[list[tuple[str, str, float]], str, str]] = [
    ([("early", "pre_weekend", 50)], "early", "locked"),
    # The latest horizon, even if an earlier one was made after it.
    ([("q", "post_qualifying", 20), ("early", "pre_weekend", 10)], "q", "locked"),
    ([("p", "post_practice", 25), ("early", "pre_weekend", 10)], "p", "locked"),
    ([("p", "post_practice", 1), ("q", "post_qualifying", 2)], "q", "locked"),
    # In it the newest of those made in time.
    ([("old", "post_qualifying", 20), ("new", "post_qualifying", 3)], "new", "locked"),
    ([("in-time", "post_qualifying", 3), ("late", "post_qualifying", -2)], "in-time", "locked"),
    ([("at-start", "post_qualifying", 0), ("ok", "post_qualifying", 9)], "ok", "locked"),
    # Where none was in time, the newest of the others; the horizon still comes first.
    ([("l1", "post_qualifying", -2), ("l2", "post_qualifying", -9)], "l2", "retrospective"),
    ([("late", "post_qualifying", -2), ("p", "post_practice", 9)], "late", "retrospective"),
    ([("at-start", "post_qualifying", 0)], "at-start", "retrospective"),
]


def test_what_counts_for_each_event_and_what_it_is_worth(warehouse):
    for number, (runs, _, _) in enumerate(CASES):
        for name, horizon, hours in runs:
            rows = run(name, horizon, hours, event_id=f"2024-case-{number}")
            warehouse.append({"race_predictions": predictions(*rows)})

    by_event = dict(iter(view(warehouse).groupby("event_id")))

    assert len(by_event) == len(CASES)
    for number, (runs, expected, status) in enumerate(CASES):
        rows = by_event[f"2024-case-{number}"]
        assert sorted(rows["driver_id"]) == ["ada", "bob"], runs
        assert set(rows["run_id"]) == {expected}, runs
        assert set(rows["status"]) == {status}, runs


def test_before_the_start_a_forecast_is_open_and_each_event_has_its_own(warehouse):
    rows = predictions(
        *run("one", "post_qualifying", 20, FUTURE, event_id="2199-monaco"),
        *run("two", "pre_weekend", 90, FUTURE, event_id="2199-spain"),
        *run("three", "post_qualifying", 20, PAST),
    )
    warehouse.append({"race_predictions": rows})

    rows = view(warehouse)

    status = rows.groupby("event_id")["status"].unique().map(list).to_dict()
    assert status == {"2199-monaco": ["open"], "2199-spain": ["open"], "2024-monaco": ["locked"]}
    assert rows.groupby("event_id").size().eq(2).all()


def test_it_has_the_contracts_columns_and_the_status(warehouse):
    warehouse.append({"race_predictions": predictions(*run("one", "post_qualifying", 20))})

    columns = [c.name for c in CONTRACTS["race_predictions"].columns]
    assert list(view(warehouse)) == [*columns, "status"]


def test_without_predictions_it_is_empty(warehouse):
    assert view(warehouse).empty


RUNS = st.lists(
    st.tuples(
        st.sampled_from(["2024-monaco", "2199-monaco"]),
        st.sampled_from(HORIZONS),
        st.sampled_from([-48, -1, 0, 1, 1, 24, 72]),
    ),
    max_size=8,
)


@settings(
    deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(RUNS)
def test_the_view_and_the_project_choose_alike(warehouse, runs):
    """Runs may have been made at the same instant: then the run's id decides in both."""
    from f1_pipeline.predictions import current

    rows = [
        row
        for number, (event_id, horizon, hours) in enumerate(runs)
        for row in run(
            f"run-{number}",
            horizon,
            hours,
            FUTURE if event_id.startswith("2199") else PAST,
            event_id=event_id,
        )
    ]
    with database.writing(warehouse.url) as connection:
        connection.execute(sa.delete(TABLES["race_predictions"]))
    if rows:
        warehouse.append({"race_predictions": predictions(*rows)})

    ours = current(warehouse.read("race_predictions"), datetime.now(UTC))
    theirs = view(warehouse)

    def chosen(frame: pd.DataFrame) -> set[tuple[object, ...]]:
        columns = ["event_id", "horizon", "run_id", "driver_id", "status"]
        return set(frame[columns].itertuples(index=False, name=None)) if len(frame) else set()

    assert chosen(ours) == chosen(theirs)
    assert len(chosen(ours)) == 2 * len({event_id for event_id, _, _ in runs})
