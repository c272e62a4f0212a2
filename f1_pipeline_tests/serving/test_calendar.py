"""The server chooses as the pipeline does: which race is next, which forecast counts."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from f1_pipeline.contracts.predictions import HORIZONS
from f1_pipeline.predictions import current
from f1_pipeline.serving.answers import calendar as calendars
from f1_pipeline.serving.answers.calendar import Calendar
from f1_pipeline.serving.errors import ApiError
from f1_pipeline.tables import held, next_event

T0 = datetime(2024, 1, 1, tzinfo=UTC)
WHEN = st.integers(0, 40).map(lambda days: T0 + timedelta(days=days))


def calendar(*starts, held_until=0):
    events = [
        {
            "event_id": f"2024-prix-{number}",
            "season": 2024,
            "round": number,
            "name": f"Prix {number}",
            "circuit_id": "ring",
            "race_starts_at": start,
        }
        for number, start in enumerate(starts, start=1)
    ]
    return Calendar(tuple(events), frozenset(e["event_id"] for e in events[:held_until]))


class Stored:
    """Rows of one table, as a snapshot gives them."""

    def __init__(self, rows):
        self._rows = rows

    def rows(self, name, columns, *, distinct, event_id):
        assert distinct
        assert name == "race_predictions"
        mine = [r for r in self._rows if r["event_id"] == event_id]
        seen = {tuple(r.get(c) for c in columns): r for r in mine}
        return [{c: r.get(c) for c in columns} for r in seen.values()]


@given(st.lists(WHEN, unique=True, max_size=6), st.data())
def test_the_next_race_is_the_one_that_the_pipeline_takes(starts, data):
    starts = sorted(starts)
    have = data.draw(st.sets(st.integers(1, len(starts)))) if starts else set()
    known = calendar(*starts)
    known = Calendar(known.events, frozenset(f"2024-prix-{n}" for n in have))
    events = pd.DataFrame(known.events, columns=["event_id", "race_starts_at"])
    events["race_starts_at"] = pd.to_datetime(events["race_starts_at"], utc=True)
    results = pd.DataFrame({"event_id": sorted(known.held)}, dtype=object)

    assert (known.next or {}).get("event_id") == next_event(events, results)
    past = held(events, results)
    newest = past["event_id"].iloc[-1] if len(past) else None
    assert (known.newest or {}).get("event_id") == newest


RUN = st.fixed_dictionaries(
    {
        "event_id": st.sampled_from(["2024-a", "2024-b"]),
        "horizon": st.sampled_from(HORIZONS),
        "generated_at": WHEN,
    }
)


@given(st.lists(RUN, min_size=1, max_size=8), WHEN)
def test_the_forecast_that_counts_is_the_one_that_the_pipeline_takes(runs, now):
    start = T0 + timedelta(days=20)
    rows = [
        {**run, "run_id": f"run-{number}", "event_starts_at": start, "driver_id": "a", "p_win": 1.0}
        for number, run in enumerate(runs)
    ]
    expected = current(pd.DataFrame(rows), now)
    for row in expected.to_dict("records"):
        mine = calendars.runs_of(cast(Any, Stored(rows)), {"event_id": row["event_id"]})
        assert (mine[0]["horizon"], mine[0]["run_id"]) == (row["horizon"], row["run_id"])
        assert calendars.status(mine[0]["generated_at"], start, now) == row["status"]


def test_the_horizons_are_those_of_the_contract():
    assert list(calendars.HORIZONS) == HORIZONS


DAYS = [T0 + timedelta(days=days) for days in (0, 7, 14)]


@pytest.mark.parametrize("race", ["2024-prix-2", "2024-2", "2"])
def test_a_race_is_found_by_its_id_its_round_and_the_next_ones_round(race):
    assert calendar(*DAYS, held_until=1).find(race)["event_id"] == "2024-prix-2"


def test_without_a_next_race_a_round_is_of_the_newest_season():
    assert calendar(*DAYS, held_until=3).find("1")["event_id"] == "2024-prix-1"


@pytest.mark.parametrize(
    ("race", "hint"), [("2024-prix-9", "prix-"), ("9", "2025-monaco"), ("2024-9", "2025-monaco")]
)
def test_an_unknown_race_is_named_with_what_may_be_meant(race, hint):
    with pytest.raises(ApiError) as caught:
        calendar(*DAYS).find(race)
    assert caught.value.status_code == 404
    assert hint in caught.value.hint


def test_an_empty_calendar_has_no_race():
    empty = Calendar((), frozenset())
    assert empty.next is None
    assert empty.newest is None
    with pytest.raises(ApiError):
        empty.find("1")
