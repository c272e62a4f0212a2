"""What a plan has to beat, and what stands in where nothing is known."""

import pandas as pd
import pytest

from f1_pipeline.strategy.constants import constants, sequences
from f1_pipeline_tests.strategy.chosen.past import race, races

EVENT = "2024-italy"
EVENTS = pd.DataFrame(
    [
        ("2021-italy", 2021, "italy"),
        ("2022-italy", 2022, "italy"),
        ("2023-italy", 2023, "italy"),
        ("2023-spain", 2023, "spain"),
        ("2024-italy", 2024, "italy"),
    ],
    columns=["event_id", "season", "grand_prix_id"],
)
CARS = pd.DataFrame({"event_id": EVENT, "driver_id": ["d01", "d02", "d03", "new"]})
# The circuit moved between the editions: what counts is the Grand Prix.
DONE = races(
    race("2021-italy", ["S-10-H-30-S"] * 3, circuit="imola"),
    race("2022-italy", ["M-24-H", "M-30-H", "H-36-M"], circuit="monza"),
    race("2023-spain", ["S-12-M-30-H", "S-12-M-30-H", "S-18-M"], circuit="catalunya"),
)
COUNTED = pd.DataFrame(
    [
        *(("2022-italy", "d01", 1), ("2022-italy", "d02", 1), ("2022-italy", "d03", 1)),
        *(("2023-italy", "d01", 3), ("2023-italy", "d02", 2), ("2023-italy", "d09", 2)),
        ("2023-spain", "d03", 4),
    ],
    columns=["event_id", "driver_id", "stops"],
)
NONE = DONE[:0], COUNTED[:0]


def found(done=DONE, counted=COUNTED, laps: int = 60) -> pd.DataFrame:
    rows = constants(done, counted, CARS, EVENTS, laps).set_index("driver_id")
    assert list(rows.index) == list(CARS["driver_id"])
    return rows


def test_a_driver_stops_as_often_as_at_the_event_a_year_before():
    """Who was not there does as most did there; the races of other years do not count."""
    assert dict(found()["last_stops"]) == {"d01": 3, "d02": 2, "d03": 2, "new": 2}
    without = COUNTED[COUNTED["event_id"].ne("2023-italy")]
    assert set(found(counted=without)["last_stops"]) == {1}


def test_the_last_dry_edition_says_what_most_did():
    row = found().loc["d01"]
    assert (row["edition_stops"], row["edition_first_stop"]) == (1, 30)
    assert row["edition_sequence"] == "M-H"
    before = found(DONE[DONE["event_id"].ne("2022-italy")]).loc["d01"]
    assert (before["edition_stops"], before["edition_sequence"]) == (2, "S-H-S")


def test_an_edition_without_one_stoppers_leaves_their_lap_to_all_races():
    row = found(DONE[DONE["event_id"].ne("2022-italy")]).loc["d01"]
    assert row["edition_first_stop"] == row["constant_first_stop"] == 18


def test_an_edition_whose_compounds_nobody_told_is_not_the_last_one():
    later = race("2023-italy", ["M-24-H"] * 3, told=False)
    assert found(races(DONE, later)).loc["d01", "edition_first_stop"] == 30


def test_all_races_say_the_share_of_the_distance_and_the_order_most_run():
    row = found().loc["d01"]
    assert row["constant_first_stop"] == 27  # median of 18, 24, 30 and 36 of 60
    assert row["constant_sequence"] == "S-H-S"
    assert found(laps=50).loc["d01", "constant_first_stop"] == round(0.45 * 50)


def test_before_any_race_there_are_constants_all_the_same():
    rows = found(*NONE)
    assert set(rows["last_stops"]) == set(rows["edition_stops"]) == {1}
    assert set(rows["edition_first_stop"]) == set(rows["constant_first_stop"]) == {25}
    assert set(rows["edition_sequence"]) == set(rows["constant_sequence"]) == {"M-H"}


def test_a_grand_prix_that_was_never_held_has_no_edition():
    new = EVENTS.assign(grand_prix_id=EVENTS["grand_prix_id"].where(EVENTS["season"].lt(2024), "x"))
    row = constants(DONE, COUNTED, CARS, new, 60).iloc[0]
    assert (row["last_stops"], row["edition_stops"], row["edition_first_stop"]) == (1, 1, 27)
    assert row["edition_sequence"] == "M-H"


@pytest.mark.parametrize("laps", [1, 2, 60])
def test_a_lap_is_one_of_the_race(laps):
    rows = found(laps=laps)
    for column in ("edition_first_stop", "constant_first_stop"):
        assert rows[column].between(1, laps).all()


def test_the_order_of_compounds_in_words_and_none_where_not_known():
    rows = races(race("2022-italy", ["M-24-H-40-S"]), race("2023-italy", ["M-24-H"], told=False))
    assert list(sequences(rows)) == ["M-H-S", None]
