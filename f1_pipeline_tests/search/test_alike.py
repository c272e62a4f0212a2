"""Races that are like others, by hand on a few; what they share; and who was there before."""

from typing import Any

import pandas as pd
import pytest

from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline.search.alike import MOST, alike_races, precedents, shared
from f1_pipeline.search.documents import documents
from f1_pipeline_tests.search.made_up import tables

KINDS = {
    "season": "Int64",
    "round": "Int64",
    "wet": "boolean",
    **dict.fromkeys(("red_flags", "safety_cars", "virtual_safety_cars"), "Int64"),
    **dict.fromkeys(("retirements", "winner_grid"), "Int64"),
    "typical_stops": "Float64",
}
# A dry race without incident, won from pole.
CALM = {
    "circuit_id": "monza",
    "circuit_type": "race",
    "wet": False,
    "red_flags": 0,
    "safety_cars": 0,
    "virtual_safety_cars": 0,
    "retirements": 2,
    "typical_stops": 1.0,
    "winner": "ada",
    "winner_grid": 1,
}
OLD = dict.fromkeys(
    ("wet", "red_flags", "safety_cars", "virtual_safety_cars", "typical_stops"), None
)


def _races(*given: dict[str, Any]) -> pd.DataFrame:
    """Races of 2024 in the order of their rounds, calm where they do not say."""
    rows = [
        {"event_id": f"2024-{chr(96 + number)}", "season": 2024, "round": number} | CALM | row
        for number, row in enumerate(given, start=1)
    ]
    return pd.DataFrame(rows).astype(KINDS)


def _likeness(*given: dict[str, Any]) -> dict[tuple[str, str], float]:
    rows = alike_races(_races(*given))
    keys = zip(rows["event_id"].str[-1], rows["like_event_id"].str[-1], strict=True)
    return dict(zip(keys, rows["likeness"], strict=True))


def _shared(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    first, second = _races(one, other).to_dict("records")
    said = shared(first, second)
    assert said == shared(second, first)
    return said.split(", ") if said else []


def test_a_race_is_not_like_itself_and_others_are_at_most_five() -> None:
    rows = alike_races(_races(*({"retirements": number} for number in range(8))))
    assert not rows["event_id"].eq(rows["like_event_id"]).any()
    for _, mine in rows.groupby("event_id"):
        assert list(mine["rank"]) == list(range(1, MOST + 1))
        assert mine["like_event_id"].is_unique
        assert mine["likeness"].is_monotonic_decreasing
    assert MOST == 5


def test_likeness_is_between_nothing_and_all() -> None:
    unlike = {
        "circuit_id": "monaco",
        "circuit_type": "street",
        "wet": True,
        "red_flags": 2,
        "safety_cars": 3,
        "virtual_safety_cars": 3,
        "retirements": 10,
        "typical_stops": 4.0,
        "winner_grid": 9,
    }
    # Beyond a cap no race is further away.
    found = _likeness({"retirements": 0}, unlike, {"retirements": 0}, unlike | {"safety_cars": 9})
    assert found["a", "c"] == found["b", "d"] == 1.0
    # Left are one stop where three are the most that count, and the first place of eight.
    assert found["a", "b"] == pytest.approx((1 / 3 + 1 / 8) / 12.5)
    assert all(0 <= value <= 1 for value in found.values())


def test_gowers_coefficient_by_hand() -> None:
    other = {"wet": True, "safety_cars": 1, "retirements": 6, "winner_grid": 3}
    found = _likeness({}, other)
    # Of 12.5: weather 3 against each other; one safety car of three; four of eight; two of eight.
    by_hand = (12.5 - 3.0 - 1.5 * 1 / 3 - 4 / 8 - 2 / 8) / 12.5
    assert found == {("a", "b"): pytest.approx(by_hand), ("b", "a"): pytest.approx(by_hand)}


def test_what_is_known_of_the_one_alone_counts_half() -> None:
    found = _likeness({}, OLD)
    # Of the old one circuit and kind, retirements and the winner's place are known: all the same.
    assert found["b", "a"] == 1.0
    # Of 12.5 those four are 4, and the 8.5 that are not known of the other count half.
    assert found["a", "b"] == pytest.approx((4 + 8.5 / 2) / 12.5)


def test_what_is_known_of_both_is_counted_and_too_little_is_no_likeness() -> None:
    rows = alike_races(_races({}, {}, OLD)).set_index(["event_id", "like_event_id"])
    assert rows.loc[("2024-a", "2024-b"), "known"] == 9
    assert rows.loc[("2024-a", "2024-c"), "known"] == 4
    none = OLD | {"winner_grid": None}
    assert alike_races(_races({}, none)).empty
    assert len(alike_races(_races({}, OLD))) == 2


def test_of_what_is_as_alike_the_later_race_comes_first() -> None:
    rows = alike_races(_races(*({} for _ in range(7))))
    mine = rows[rows["event_id"].eq("2024-c")]
    assert list(mine["like_event_id"].str[-1]) == ["g", "f", "e", "d", "b"]
    assert mine["likeness"].eq(1.0).all()


def test_the_later_race_is_so_by_its_round_and_not_by_its_name() -> None:
    races = _races(*({} for _ in range(4))).assign(event_id=[f"2024-{name}" for name in "cadb"])
    rows = alike_races(races.sort_values("event_id", ignore_index=True))
    mine = rows[rows["event_id"].eq("2024-c")]
    assert list(mine["like_event_id"].str[-1]) == ["b", "d", "a"]


def test_the_same_races_are_as_alike_twice() -> None:
    races = documents(tables())["race_documents"]
    first, again = alike_races(races), alike_races(races.copy())
    pd.testing.assert_frame_equal(first, again)
    assert set(check(first, CONTRACTS["alike_races"])["event_id"]) == set(races["event_id"])


def test_one_race_and_none_are_like_nothing() -> None:
    for races in (_races({}), _races({}).iloc[:0]):
        rows = alike_races(races)
        assert rows.empty
        assert {"event_id", "rank", "likeness", "shared"} <= set(rows.columns)


@pytest.mark.parametrize(
    ("both", "other", "words"),
    [
        ({}, {}, "the same circuit"),
        ({"wet": True}, {}, "wet"),
        ({"red_flags": 1}, {"red_flags": 2}, "a red flag"),
        ({"safety_cars": 2}, {"safety_cars": 1}, "a safety car"),
        ({"virtual_safety_cars": 1}, {}, "a virtual safety car"),
        ({"winner_grid": 3}, {"winner_grid": 9}, "won from outside the front row"),
        ({"winner_grid": 1}, {}, "won from pole"),
        ({"winner": "bea"}, {}, "the same winner"),
        ({"retirements": 7}, {"retirements": 12}, "many retirements"),
        ({"typical_stops": 1.0}, {}, "1 stop as a rule"),
        ({"typical_stops": 2.0}, {"typical_stops": 2.4}, "2 stops as a rule"),
        ({"circuit_type": "street"}, {"circuit_id": "baku"}, "a street circuit"),
    ],
)
def test_what_two_races_share(both: dict[str, Any], other: dict[str, Any], words: str) -> None:
    assert words in _shared(both, both | other)


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        ({}, {"circuit_id": "spa"}, "the same circuit"),
        ({"wet": True}, {"wet": False}, "wet"),
        ({"wet": True}, {"wet": None}, "wet"),
        ({"wet": False}, {"wet": False}, "wet"),
        ({"red_flags": 1}, {"red_flags": 0}, "a red flag"),
        ({"safety_cars": None}, {"safety_cars": 1}, "a safety car"),
        ({"virtual_safety_cars": 0}, {}, "a virtual safety car"),
        ({"winner_grid": 2}, {"winner_grid": 5}, "won from outside the front row"),
        ({"winner_grid": 1}, {"winner_grid": 2}, "won from pole"),
        ({"winner_grid": None}, {"winner_grid": 1}, "won from pole"),
        ({"winner": None}, {"winner": None}, "the same winner"),
        ({"winner": "bea"}, {}, "the same winner"),
        ({"retirements": 7}, {"retirements": 6}, "many retirements"),
        ({"typical_stops": None}, {}, "1 stop as a rule"),
        ({"typical_stops": 1.0}, {"typical_stops": 2.0}, "1 stop as a rule"),
        ({"circuit_id": "baku"}, {"circuit_type": "street"}, "a street circuit"),
        # The circuit itself says more.
        ({"circuit_type": "street"}, {"circuit_type": "street"}, "a street circuit"),
    ],
)
def test_what_two_races_do_not_share(
    one: dict[str, Any], other: dict[str, Any], words: str
) -> None:
    assert words not in _shared(one, other)


def test_races_with_nothing_in_common_share_nothing() -> None:
    other = {"circuit_id": "spa", "winner": "bea", "winner_grid": 2, "typical_stops": 3.0}
    assert _shared({}, other) == []


def _documents(*given: tuple[int, str, int | None, int | None, int | None]) -> pd.DataFrame:
    """Season, driver, grid, finish and stops, at Monza in the third round."""
    columns = ["season", "driver_id", "grid", "finish", "stops"]
    rows = pd.DataFrame(list(given), columns=columns).assign(round=3, circuit_id="monza")
    return rows.astype(dict.fromkeys(("season", "grid", "finish", "stops", "round"), "Int64"))


ARCHIVE = _documents(
    (2020, "ada", 5, 1, 1),
    (2021, "ada", 4, 6, 1),
    (2021, "bea", 5, 2, 2),
    (2022, "cid", 8, 3, 1),
    (2023, "ada", 7, 9, 1),
    (2023, "dot", 5, None, 1),
    (2024, "ada", 3, 4, 1),
    (2024, "eve", None, 8, 1),
)


def _told(rows: pd.DataFrame) -> list[tuple[int, str]]:
    return list(zip(rows["season"], rows["driver_id"], strict=True))


def test_precedents_are_of_earlier_races_within_two_places_the_newest_first() -> None:
    found = precedents(ARCHIVE, "monza", (2025, 3), 5)
    assert _told(found) == [(2024, "ada"), (2023, "ada"), (2021, "bea")]
    assert list(found.columns) == list(ARCHIVE.columns)


def test_the_race_itself_and_later_ones_are_no_precedents() -> None:
    assert _told(precedents(ARCHIVE, "monza", (2023, 3), 5)) == [
        *((2021, "bea"), (2021, "ada")),
        (2020, "ada"),
    ]
    assert (2023, "ada") in _told(precedents(ARCHIVE, "monza", (2023, 4), 5))
    assert precedents(ARCHIVE, "monza", (2020, 3), 5).empty


def test_other_circuits_and_places_further_away_are_none() -> None:
    assert precedents(ARCHIVE, "spa", (2025, 3), 5).empty
    assert precedents(ARCHIVE, "monza", (2025, 3), 11).empty
    found = precedents(ARCHIVE, "monza", (2025, 3), 10)
    assert _told(found) == [(2022, "cid")]
    for grid in range(1, 21):
        near = precedents(ARCHIVE, "monza", (2025, 3), grid)
        assert (near["grid"] - grid).abs().le(2).all()
        assert len(near) <= 3


def test_facts_that_have_to_agree() -> None:
    assert _told(precedents(ARCHIVE, "monza", (2025, 3), 5, stops=2)) == [(2021, "bea")]
    assert precedents(ARCHIVE, "monza", (2025, 3), 5, stops=3).empty
    unknown = ARCHIVE.assign(stops=pd.array([None] * len(ARCHIVE), dtype="Int64"))
    assert precedents(unknown, "monza", (2025, 3), 5, stops=1).empty
    assert len(precedents(unknown, "monza", (2025, 3), 5)) == 3


def test_without_a_place_the_newest_of_all_count_and_who_did_not_finish_never_does() -> None:
    found = precedents(ARCHIVE, "monza", (2025, 3), None)
    assert _told(found) == [(2024, "ada"), (2024, "eve"), (2023, "ada")]
    assert "dot" not in set(precedents(ARCHIVE, "monza", (2025, 3), 5)["driver_id"])


def test_precedents_in_documents_as_they_are_written() -> None:
    rows = documents(tables())["driver_documents"]
    found = precedents(rows, "monaco", (2021, 1), 2, home=False)
    assert _told(found) == [(2015, "lewis-hamilton"), (2015, "max-verstappen")]
    assert precedents(rows, "monaco", (2015, 1), 2).empty
