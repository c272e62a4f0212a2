"""A contract with a column of each kind, registered nowhere, and good rows of it."""

from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pandera.pandas as pa

from f1_pipeline.contracts import Contract
from f1_pipeline.contracts.base import EVENT_ID, Boolean, FactTable, Integer, Timestamp


class Sample(FactTable):
    """A table with a column of each kind."""

    event_id: str = pa.Field(str_matches=EVENT_ID, description="event")
    stop: Integer = pa.Field(ge=1, le=9, description="number of the stop")
    laps: Integer = pa.Field(ge=0, nullable=True, description="laps")
    length: float = pa.Field(gt=0, nullable=True, description="length", metadata={"unit": "km"})
    held: Boolean = pa.Field(nullable=True, description="was held")
    starts_at: Timestamp = pa.Field(nullable=True, description="start")
    outcome: str = pa.Field(isin=["finished", "retired"], description="outcome")
    note: str = pa.Field(nullable=True, description="any text")
    places: object = pa.Field(nullable=True, description="a list")


SAMPLE = Contract("sample", Sample, "tables", ("event_id", "stop"), by_event=True)
GOOD: dict[str, Any] = {
    "source": "archive",
    "tier": "results",
    "event_id": "2024-monaco",
    "stop": 1,
    "laps": 78,
    "length": 3.337,
    "held": True,
    "starts_at": datetime(2024, 5, 26, 13, tzinfo=UTC),
    "outcome": "finished",
    "note": "text",
    "places": [0.5, 0.5],
}


def frame(*changes: dict[str, Any]) -> pd.DataFrame:
    """One good row for each change, as values that came from anywhere: columns of objects.

    Rows get stops 1, 2, 3 … where the change does not say.
    """
    rows = [GOOD | {"stop": i} | change for i, change in enumerate(changes, 1)]
    return pd.DataFrame(rows, columns=list(GOOD), dtype=object)
