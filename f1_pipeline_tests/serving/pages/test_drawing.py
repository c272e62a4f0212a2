"""Colours, words, bins and intervals by themselves."""

import re
from pathlib import Path

import pandas as pd
import pytest

import f1_pipeline
from f1_pipeline.serving.pages import svg, words
from f1_pipeline.serving.pages.colours import UNKNOWN, colour_of
from f1_pipeline.serving.pages.forecast import Names
from f1_pipeline.serving.pages.reliability import bins, wilson
from f1_pipeline_tests.serving.pages.world import Page, plain

ARCHIVE = Path(f1_pipeline.__file__).parent.parent / "data" / "archive"


def test_every_team_of_the_archive_has_a_colour():
    results = pd.read_parquet(
        ARCHIVE / "race_results.parquet", columns=["constructor_id", "season"]
    )
    teams = results.drop_duplicates().itertuples(index=False)
    colours = {(team, season): colour_of(team, season) for team, season in teams}
    assert len(colours) > 150
    assert [key for key, colour in colours.items() if colour == UNKNOWN] == []
    assert [c for c in colours.values() if not re.fullmatch("#[0-9a-f]{6}", c)] == []


def test_a_team_keeps_its_newest_colour_and_an_unknown_one_is_neutral():
    assert colour_of("mclaren", 2016) != colour_of("mclaren", 2017) == colour_of("mclaren", 2030)
    assert colour_of("audi", 2025) == colour_of("audi", 2026)
    assert colour_of("brabham", 2026) == UNKNOWN


@pytest.mark.parametrize(
    ("chance", "text"),
    [
        (0.0, "<0.1 %"),
        (0.00099, "<0.1 %"),
        (0.001, "0.1 %"),
        (0.0344, "3.4 %"),
        (0.0994, "9.9 %"),
        (0.0996, "10 %"),
        (0.345678, "35 %"),
        (0.9849, "98 %"),
        (0.987, "98.7 %"),
        (0.9995, ">99.9 %"),
        (1.0, ">99.9 %"),
    ],
)
def test_chances_have_as_many_digits_as_they_bear(chance: float, text: str):
    assert words.percent(chance) == text.replace(" ", words.THIN)


def test_changes_carry_their_sign_and_none_where_nothing_is_left():
    assert words.change_of_chance(0.2, 0.3234) == "+12.3"
    assert words.change_of_chance(0.3, 0.296) == "−0.4"
    assert words.change_of_chance(0.3, 0.3001) == "±0.0"


def test_bins_hold_every_row_once_and_rise():
    pairs = [(k / 1000, k % 3 == 0) for k in range(1, 1000)]
    found = bins(pairs)
    assert sum(b.rows for b in found) == 999
    assert len(found) == 8
    assert [b.said for b in found] == sorted(b.said for b in found)
    assert sum(b.seen * b.rows for b in found) == pytest.approx(333)
    assert all(b.low <= b.seen <= b.high for b in found)


def test_bins_are_fine_where_chances_are_open():
    """Of cars that never win there may be any number: they fill one bin."""
    found = bins([(0.0001, False)] * 5000 + [(0.3, True)] * 50 + [(0.6, True)] * 50)
    assert found[0].rows >= 5000
    assert len(found) > 2


def test_bins_of_certainties_alone_are_one():
    (only,) = bins([(0.0, False), (1.0, True)])
    assert (only.rows, only.said, only.seen) == (2, 0.5, 0.5)
    assert bins([]) == []


def test_wilson_is_the_published_interval():
    # Newcombe (1998), method 3: 81 of 263, 15 of 148, 0 of 20.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)


def test_reasons_lean_to_their_side_in_proportion():
    for value, expected in ((2.0, ("50.00%", "50.00%")), (-1.0, ("25.00%", "25.00%"))):
        bar = Page(str(svg.leaning(value, 2.0, "title"))).all("rect")[0]
        assert (bar.attributes["x"], bar.attributes["width"]) == expected
    assert Page(str(svg.leaning(0.0, 0.0, "title"))).all("rect")[0].attributes["width"] == "0.00%"


def test_a_spread_draws_no_cell_for_what_hardly_happens():
    picture = Page(str(svg.spread([0.9, 0.0999, 0.0001], 0.9, (1, 2), 1.1, "#123456", "title")))
    cells = picture.all("rect", fill="#123456")
    assert [cell.attributes["height"] for cell in cells] == ["84.0%", "28.0%"]


def test_the_scale_names_the_first_the_last_and_every_fifth():
    texts = Page(str(svg.places(22))).all("text")
    assert [plain(text.text) for text in texts] == ["P1", "P5", "P10", "P15", "P20", "P22"]
    assert [plain(text.text) for text in Page(str(svg.places(6))).all("text")] == ["P1", "P6"]
    assert [plain(text.text) for text in Page(str(svg.places(1))).all("text")] == ["P1"]


def test_titles_are_escaped():
    assert "<b>" not in svg.drawing("chances", "<b>", [])


def test_factors_of_odds_have_the_digits_that_matter():
    assert [words.times(factor) for factor in (222.4, 2.24, 0.474)] == ["×222", "×2.2", "×0.47"]


def test_a_driver_is_called_by_a_name_and_not_by_a_suffix():
    names = Names({"a": "Carlos Sainz Jr.", "b": "Ada", "c": "Jr."}, {})
    assert [names.last(driver) for driver in ("a", "b", "c", "max-verstappen")] == [
        "Sainz",
        "Ada",
        "Jr.",
        "Verstappen",
    ]
