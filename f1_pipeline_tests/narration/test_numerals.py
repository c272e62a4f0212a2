"""Numbers as they are read out of a text: value, sign, and what they are told of."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from f1_pipeline.narration.numerals import numerals


def read(text):
    return [(one.sign + str(one.value), one.unit) for one in numerals(text)]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("31 and 4.8, then 1,200 and 4,8.", ["31", "4.8", "1200", "4.8"]),
        ("1.2.3", ["None"]),
        ("starts 4th, was 22nd", ["4", "22"]),
        ("the plan M-18-H-40-S", ["18", "40"]),
        ("between 3-5 or 3–5", ["3", "5", "3", "5"]),
        ("-0.9 to +1.5", ["-0.9", "+1.5"]),
        ("(−0.9)", ["-0.9"]),
        ("minus 3 and minus three", ["-3", "-3"]),
        ("zero, one, twelve and nineteen", ["0", "1", "12", "19"]),
        ("twenty, thirty-four, ninety nine", ["20", "34", "99"]),
        ("first, twelfth, twentieth, twenty-first", ["1", "12", "20", "21"]),
        ("once, twice, thrice, double, triple", ["1", "2", "3", "2", "3"]),
        ("half, a third, a quarter, a dozen", ["0.5", "3", "0.25", "12"]),
        ("two thirds, three quarters, dozens", ["2", "None", "3", "None", "None"]),
        ("HALF of TWO", ["0.5", "2"]),
        ("a one-stopper, the tenth place", ["1", "10"]),
        ("one of the best, no one, at once, Formula One, F1, Formula 1, the top ten", []),
        ("someone alone, a tension, weightless, often, seconds", []),
        ("in 2019", ["2019"]),
        ("３１ or ٣١ or ३१", ["31", "31", "31"]),
        ("½, ², ③, Ⅳ, 三", ["0.5", "2", "3", "4", "3"]),
        ("Q3, W14 and 4x4", ["3", "14", "4", "4"]),
    ],
)
def test_every_number_is_read(text, values):
    assert [value for value, _ in read(text)] == values


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("34 %, 34%, 34 per cent, 34 percent, thirty percent", ["percent"] * 5),
        ("31-40 %", ["percent", "percent"]),
        ("31 to 40 %", ["percent", "percent"]),
        ("between 31 and 40 %", ["percent", "percent"]),
        ("place 4 and 40 %", ["", "percent"]),
        ("4th to 40 %", ["", "percent"]),
        ("−0.2 to +0.4 %", ["percent", "percent"]),
        ("lap 18, 18 laps, lap-18, 18th lap, twelve laps", ["lap"] * 5),
        ("laps 18 to 30", ["lap", "lap"]),
        ("laps 12, 30 and 45, 4th", ["lap", "lap", "lap", ""]),
        ("on laps 12 to 18 and 35 to 41", ["lap"] * 4),
        ("12 points, two stops, 2 pit stops, a one-stopper", ["points", "stops", "stops", "stops"]),
        ("the 2nd stop, the second stop", ["", ""]),
        ("place 5.7 in 2019", ["", ""]),
    ],
)
def test_what_a_number_is_told_of(text, units):
    assert [unit for _, unit in read(text)] == units


@pytest.mark.parametrize(
    ("text", "bound"),
    [("under 1 %", "under"), ("less than 1 %", "under"), ("over 99 %", "over"), ("1 %", "")],
)
def test_bounds(text, bound):
    assert numerals(text)[0].bound == bound


@given(st.text())
def test_any_text_can_be_read(text):
    for one in numerals(text):
        assert 0 <= one.start < one.end <= len(text)


@given(st.text(alphabet="0123456789.,-+ %th−½三٣onetwha"))
def test_no_digit_is_passed_over(text):
    covered = {at for one in numerals(text) for at in range(one.start, one.end)}
    assert {at for at, one in enumerate(text) if one.isnumeric()} <= covered


@pytest.mark.parametrize(
    ("word", "number"), [("seven", 7), ("seventeen", 17), ("seventy", 70), ("seventy-seven", 77)]
)
def test_words_and_digits_are_the_same_number(word, number):
    assert [one.value for one in numerals(f"{word} or {number}")] == [Decimal(number)] * 2
