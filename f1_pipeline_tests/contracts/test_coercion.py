"""Values from anywhere come into the contract's types, or are named as what they are."""

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from f1_pipeline.contracts import CONTRACTS, coerce
from f1_pipeline.errors import ContractError
from f1_pipeline_tests.contracts.sample import GOOD, SAMPLE, frame

MISSING = [None, np.nan, pd.NA, pd.NaT]
NOON = datetime(2024, 5, 26, 12, tzinfo=UTC)


def coerced(column: str, *values: object) -> tuple[list[object], list[str]]:
    """The column's values after coercion (None where missing), and what was said about them."""
    result, rejections = coerce(frame(*({column: value} for value in values)), SAMPLE)
    assert all(0 <= r.index < len(values) for r in rejections)
    present = result[column].notna()
    values_now = [v if there else None for v, there in zip(result[column], present, strict=True)]
    return values_now, [r.reason for r in rejections]


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("laps", [5, "5", 5.0, "5.0", np.int64(5), " 5 "], 5),
        ("length", [5, "5", 5.0, "5e0", np.float32(5)], 5.0),
        ("held", [True, 1, 1.0, "true", np.bool_(True)], True),
        ("held", [False, 0, 0.0, "false", np.bool_(False)], False),
        (
            "starts_at",
            [
                NOON,
                NOON.replace(tzinfo=None),
                pd.Timestamp(NOON),
                NOON.astimezone(timezone(timedelta(hours=5, minutes=45))),
                "2024-05-26T12:00:00Z",
                "2024-05-26 12:00",
                "2024-05-26T14:00:00.000000+02:00",
            ],
            pd.Timestamp(NOON),
        ),
        ("note", ["5", "5"], "5"),
    ],
    ids=["integer", "float", "true", "false", "instant", "text"],
)
def test_spellings_of_one_value_become_that_value(column, values, expected):
    together, reasons = coerced(column, *values)

    assert together == [expected] * len(values)
    assert reasons == []
    for value in values:
        assert coerced(column, value) == ([expected], [])


@pytest.mark.parametrize(
    ("column", "value", "shown"),
    [
        ("laps", 5.5, "5.5"),
        ("laps", "5.5", "'5.5'"),
        ("laps", "five", "'five'"),
        ("laps", float("inf"), "inf"),
        ("laps", [5], "[5]"),
        ("length", "far", "'far'"),
        ("length", {}, "{}"),
        ("held", "yes", "'yes'"),
        ("held", 2, "2"),
        ("held", [True], "[True]"),
        ("starts_at", "soon", "'soon'"),
        ("starts_at", 5, "5"),
        ("starts_at", 1.7e9, "1700000000.0"),
        ("note", 5, "5"),
        ("note", np.int64(5), "5"),
        ("note", b"5", "b'5'"),
    ],
)
def test_a_value_of_another_type_is_emptied_and_named(column, value, shown):
    good = GOOD[column]
    values, reasons = coerced(column, good, value, good)

    assert values[1] is None
    assert values[0] == values[2] is not None
    assert reasons == [f"{column}: wrong type ({shown})"]


@pytest.mark.parametrize("column", ["laps", "length", "held", "starts_at", "note", "places"])
@pytest.mark.parametrize("missing", MISSING, ids=["None", "nan", "NA", "NaT"])
def test_what_is_missing_is_missing_and_no_fault(column, missing):
    assert coerced(column, GOOD[column], missing)[1] == []
    result, _ = coerce(frame({column: missing}), SAMPLE)
    assert result[column].isna().all()


def test_columns_have_the_contracts_types_even_without_rows():
    types = {c.name: str(t) for c, t in zip(SAMPLE.columns, _types(frame({})), strict=True)}

    assert types["stop"] == "Int64"
    assert types["length"] == "float64"
    assert types["held"] == "boolean"
    assert types["starts_at"] == "datetime64[us, UTC]"
    assert types["note"] == types["places"] == "object"
    assert _types(frame()) == _types(frame({}))
    typed = coerce(frame({}, {"held": None, "laps": None}), SAMPLE)[0]
    pd.testing.assert_frame_equal(coerce(typed, SAMPLE)[0], typed)


def _types(values: pd.DataFrame) -> list[object]:
    return list(coerce(values, SAMPLE)[0].dtypes)


def test_more_columns_are_left_out_and_the_order_is_the_contracts():
    shuffled = frame({}).assign(extra=1)[["extra", *reversed(GOOD)]]

    assert list(coerce(shuffled, SAMPLE)[0]) == list(GOOD)


@pytest.mark.parametrize(
    ("gone", "message"),
    [
        (["laps"], "sample lacks the column laps."),
        (["laps", "note"], "sample lacks the columns laps, note."),
    ],
)
def test_a_missing_column_is_no_rows_fault(gone, message):
    with pytest.raises(ContractError) as error:
        coerce(frame({}).drop(columns=gone), SAMPLE)
    assert str(error.value) == message


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(-(2**53), 2**53), min_size=1))
def test_every_integer_survives_as_number_and_as_text(numbers):
    assert coerced("laps", *numbers) == (numbers, [])
    assert coerced("laps", *map(str, numbers)) == (numbers, [])


@settings(deadline=None, max_examples=30)
@given(
    st.lists(
        st.datetimes(
            min_value=datetime(1950, 1, 1),
            max_value=datetime(2100, 1, 1),
            timezones=st.integers(-23, 23).map(lambda h: timezone(timedelta(hours=h, minutes=15))),
        ),
        min_size=1,
    )
)
def test_every_instant_survives_as_such_and_as_text(instants):
    """Texts of one column differ: with and without fractions of a second, in any zone."""
    assert coerced("starts_at", *instants) == (instants, [])
    assert coerced("starts_at", *(i.isoformat() for i in instants)) == (instants, [])
    assert coerced("starts_at", *(str(i) for i in instants)) == (instants, [])
    in_utc = [i.astimezone(UTC) for i in instants]
    assert coerced("starts_at", *(i.replace(tzinfo=None) for i in in_utc)) == (instants, [])


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.binary(),
    st.datetimes(),
    st.lists(st.integers()),
    st.dictionaries(st.text(), st.integers()),
)


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from([n for n in CONTRACTS if n != "quarantine"]),
    st.lists(ANYTHING, min_size=1, max_size=4),
)
def test_nothing_that_can_come_breaks_the_reading(name, values):
    """Each value is kept, named, or was missing already; and reading twice changes nothing."""
    contract = CONTRACTS[name]
    raw = pd.DataFrame({c.name: pd.Series(values, dtype=object) for c in contract.columns})

    result, rejections = coerce(raw, contract)

    named = {(r.index, r.reason.split(":")[0]) for r in rejections}
    for column in contract.columns:
        for i in range(len(values)):
            lost = raw[column.name].notna()[i] and result[column.name].isna()[i]
            assert ((i, column.name) in named) == lost
    again, nothing = coerce(result, contract)
    pd.testing.assert_frame_equal(again, result)
    assert nothing == []
