"""Values of any wording come into FastF1's types, or are missing and counted; none is a crash."""

from collections import Counter

import fastf1
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from f1_pipeline.sources.timing.columns import COLUMNS, in_fastf1s_types, settled, texts

UNREAD = "LapTime are no times"


def typed(unread: Counter[str] | None = None, **columns: object) -> pd.DataFrame:
    frame = pd.DataFrame({name: pd.Series(values) for name, values in columns.items()})
    return in_fastf1s_types(frame, "laps", Counter() if unread is None else unread)


def test_the_columns_of_laps_are_fastf1s():
    assert list(COLUMNS["laps"]) == list(fastf1.core.Laps._COLUMNS)


@pytest.mark.parametrize(
    ("worded", "milliseconds"),
    [
        (93.123, 93_123),
        (93.1234, 93_123),
        (93.1236, 93_124),
        (0, 0),
        (-1.5, -1_500),
        (pd.Timedelta("93.123s"), 93_123),
        (np.timedelta64(93, "s"), 93_000),
        ("93.123", 93_123),
        (" 93.123 ", 93_123),
        ("1:33.123", 93_123),
        ("-1:33.123", -93_123),
        ("00:01:33.123000", 93_123),
        ("1:01:33", 3_693_000),
        ("0 days 00:01:33.123000", 93_123),
        ("0 days", 0),
        ("-1 days +23:59:58.500000", -1_500),
        ("-1 day, 23:59:58.500000", -1_500),
    ],
)
def test_a_time_may_be_worded_in_many_ways(worded, milliseconds):
    unread: Counter[str] = Counter()
    times = typed(unread, LapTime=[worded, None])["LapTime"]
    assert times.dtype == "timedelta64[ns]"
    assert times[0] == pd.Timedelta(milliseconds=milliseconds)
    assert pd.isna(times[1])
    assert not +unread


@pytest.mark.parametrize(
    "worded",
    ["DNF", "1:33,123", "5 W", "inf", 1e300, -np.inf, "9999999999999:00:00", "١:٣٣", True, [1]],
)
def test_what_is_no_time_is_missing_and_counted(worded):
    unread: Counter[str] = Counter()
    times = typed(unread, LapTime=[worded])["LapTime"]
    assert pd.isna(times[0])
    assert times.dtype == "timedelta64[ns]"
    assert +unread == {UNREAD: 1}


@pytest.mark.parametrize("worded", ["", " ", "nan", "NaT", "None", "<NA>", None, np.nan, pd.NA])
def test_what_is_not_given_is_missing_and_no_fault(worded):
    unread: Counter[str] = Counter()
    frame = typed(unread, LapTime=[worded], Driver=[worded], Position=[worded], Deleted=[worded])
    assert frame.isna().all(axis=None)
    assert not +unread
    assert frame["Driver"][0] is None
    assert frame["Deleted"][0] is None


def test_other_values_that_cannot_be_read_are_missing_and_counted_too():
    unread: Counter[str] = Counter()
    frame = typed(
        unread, Position=["first"], SpeedST=[np.inf], Deleted=["maybe"], LapStartDate=["noon"]
    )
    assert frame.isna().all(axis=None)
    assert +unread == {
        "Position are no numbers": 1,
        "SpeedST are no numbers": 1,
        "Deleted are no truth values": 1,
        "LapStartDate are no dates": 1,
    }


def test_a_number_as_text_has_no_decimals():
    worded = pd.Series([44.0, 124, "1.0", "1.5", "671", np.nan, "None", "C3"], dtype=object)
    assert texts(worded).tolist() == ["44", "124", "1", "1.5", "671", None, None, "C3"]
    assert texts(pd.Series([44.0, np.nan])).tolist() == ["44", None]


def test_truth_may_be_worded_as_text_or_number():
    deleted = typed(Deleted=[True, "false", "True", 1, 0.0, None])["Deleted"]
    assert deleted.tolist() == [True, False, True, True, False, None]


def test_a_date_is_given_in_utc():
    dates = typed(LapStartDate=["2024-03-02 15:03:42.123", "2024-03-02T16:03:42+01:00"])
    assert dates["LapStartDate"].dtype == "datetime64[ns]"
    assert dates["LapStartDate"][0] == pd.Timestamp("2024-03-02 15:03:42.123")
    assert dates["LapStartDate"][1] == pd.Timestamp("2024-03-02 15:03:42")


def test_columns_that_are_not_there_are_empty_and_others_are_dropped():
    frame = typed(Driver=["HAM"], Filled=["LapTime"])
    assert list(frame.columns) == list(COLUMNS["laps"])
    assert frame.drop(columns="Driver").isna().all(axis=None)
    assert frame["Sector1Time"].dtype == "timedelta64[ns]"
    assert frame["SpeedI1"].dtype == "float64"


def test_a_column_of_truths_is_bool_only_where_nothing_is_missing():
    frame = settled(typed(Deleted=[True, None], IsAccurate=["True", "False"]), "laps")
    assert frame["IsAccurate"].dtype == bool
    assert frame["Deleted"].dtype == object
    assert frame["Deleted"].tolist() == [True, None]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.none() | st.text() | st.floats() | st.integers() | st.booleans(), min_size=1))
def test_any_value_is_read_or_counted(values):
    """In every column: what was given and is missing afterwards, the count says."""
    unread: Counter[str] = Counter()
    frame = typed(unread, **{name: pd.Series(values, dtype=object) for name in COLUMNS["laps"]})
    given_values = texts(pd.Series(values, dtype=object)).notna().sum()
    for name, kind in COLUMNS["laps"].items():
        assert frame[name].notna().sum() + unread[f"{name} are no {kind}s"] == given_values


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(-(10**10), 10**10), min_size=1))
def test_every_time_in_milliseconds_comes_back_from_each_wording(milliseconds):
    times = [pd.Timedelta(milliseconds=ms) for ms in milliseconds]
    for word in (lambda t: t, str, lambda t: t.total_seconds(), lambda t: str(t.total_seconds())):
        assert typed(LapTime=[word(t) for t in times])["LapTime"].tolist() == times
