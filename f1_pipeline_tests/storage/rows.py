"""Small frames under real contracts, and what a database holds, row by row."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import sqlalchemy as sa

from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline.storage import database
from f1_pipeline.storage.schema import METADATA

AT = datetime(2024, 6, 1, 12, 30, 15, 123456, tzinfo=UTC)
LATER = AT + timedelta(days=1)
RACE = datetime(2024, 5, 26, 13, tzinfo=UTC)


def stops(*rows: tuple[str, str, int]) -> pd.DataFrame:
    """Pit stops: event, driver and time in the pit lane."""
    return check(
        pd.DataFrame(
            {
                "event_id": event_id,
                "driver_id": driver_id,
                "constructor_id": "red",
                "stop": 1,
                "lap": 20,
                "pit_lane_ms": milliseconds,
                "source": "archive",
                "tier": "results",
            }
            for event_id, driver_id, milliseconds in rows
        )
        if rows
        else pd.DataFrame(columns=[c.name for c in CONTRACTS["pit_stops"].columns]),
        CONTRACTS["pit_stops"],
    )


def drivers(*names: str) -> pd.DataFrame:
    columns = [c.name for c in CONTRACTS["drivers"].columns]
    rows = [{"driver_id": name, "name": name.title()} for name in names]
    return check(pd.DataFrame(rows, columns=columns, dtype=object), CONTRACTS["drivers"])


def faults(*ids: str) -> pd.DataFrame:
    """Rows of the quarantine as the tables layer gives them."""
    return pd.DataFrame(
        [
            {
                "quarantine_id": name,
                "table_name": "pit_stops",
                "event_id": "2024-monaco",
                "reason": f"{name} is wrong",
                "row_json": "{}",
            }
            for name in ids
        ],
        columns=["quarantine_id", "table_name", "event_id", "reason", "row_json"],
        dtype=object,
    )


def prediction(driver_id: str = "ada", **given: Any) -> dict[str, Any]:
    """A row of race_predictions, made a day before the race unless it says otherwise."""
    row = {c.name: None for c in CONTRACTS["race_predictions"].columns} | {
        "event_id": "2024-monaco",
        "season": 2024,
        "round": 8,
        "driver_id": driver_id,
        "constructor_id": "red",
        "horizon": "post_qualifying",
        "p_win": 0.5,
        "p_podium": 0.7,
        "p_points": 0.9,
        "p_dnf": 0.1,
        "expected_position": 1.5,
        "position_p05": 1,
        "position_p95": 2,
        "position_probabilities": [0.5, 0.5],
        "tier": "results",
        "model_version": "m1",
        "data_version": "d1",
        "run_id": "run-1",
        "generated_at": RACE - timedelta(days=1),
        "event_starts_at": RACE,
    }
    return row | given


def predictions(*rows: dict[str, Any]) -> pd.DataFrame:
    return check(pd.DataFrame(list(rows), dtype=object), CONTRACTS["race_predictions"])


def state(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables of the project, the ledger and the quarantine among them."""
    with database.reading(url) as connection:
        return {
            table.name: sorted(
                (tuple(row) for row in connection.execute(sa.select(table))), key=repr
            )
            for table in METADATA.tables.values()
        }


def assert_ledger_agrees(url: str) -> None:
    """Versions count from 1 without a gap, the last is current, and it tells its rows truly."""
    held = state(url)
    ledger = pd.DataFrame(
        held["table_versions"], columns=list(METADATA.tables["f1.table_versions"].columns.keys())
    )
    for (name, event_id), versions in ledger.groupby(["table_name", "event_id"]):
        ordered = versions.sort_values("version")
        assert ordered["version"].to_list() == list(range(1, len(ordered) + 1))
        assert ordered["superseded_at"].notna().to_list() == [True] * (len(ordered) - 1) + [False]
        assert ordered["rows"].isna().to_list() == [False] * (len(ordered) - 1) + [True]
        columns = list(METADATA.tables[f"f1.{name}"].columns.keys())
        rows = pd.DataFrame(held[name], columns=columns)
        if CONTRACTS[name].by_event:
            rows = rows[rows["event_id"].eq(event_id)]
            assert set(rows["version"]) <= {ordered["version"].iloc[-1]}
        assert len(rows) == ordered["row_count"].iloc[-1]
