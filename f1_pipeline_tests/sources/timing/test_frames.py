"""Recordings under f1db's ids: who is known by what, who is new, and whose list it is not."""

from typing import Any

import pandas as pd
import pytest

from f1_pipeline.settings import ROOT
from f1_pipeline.sources import archive
from f1_pipeline.sources.aliases import Aliases
from f1_pipeline.sources.aliases.timing import TimingNames
from f1_pipeline.sources.timing.frames import STRANGERS, cars, classified_frames, timing_frames
from f1_pipeline.sources.timing.recording import Recording, kept
from f1_pipeline.storage.answers import Answer

DRIVERS = pd.DataFrame(
    {
        "driver_id": ["max-verstappen", "lando-norris", "oscar-piastri", "jack-doohan"],
        "code": ["VER", "NOR", "PIA", None],
        "date_of_birth": None,
    }
)
ENTRIES = pd.DataFrame(
    {
        "event_id": "2025-china",
        "driver_id": DRIVERS["driver_id"],
        "car_number": pd.Series([1, 4, 81, None], dtype="Int64"),
    }
)
CARS = cars(ENTRIES, DRIVERS)
# Number, first name, last name, code.
Person = tuple[str, str, str, str]
VERSTAPPEN = ("1", "Max", "Verstappen", "VER")
NORRIS = ("4", "Lando", "Norris", "NOR")
PIASTRI = ("81", "Oscar", "Piastri", "PIA")
ROOKIE = ("97", "Jane", "Doe", "DOE")


@pytest.fixture
def names():
    return TimingNames(Aliases.shipped(DRIVERS))


def recording(*people: Person, session: str = "FP1", event_id: str = "2025-china") -> Recording:
    """A lap of each, a reading of the weather and a state of the track."""
    results = pd.DataFrame(
        people, columns=["DriverNumber", "FirstName", "LastName", "Abbreviation"], dtype=object
    ).assign(TeamName="Red Bull Racing")
    laps = pd.DataFrame(
        {
            "DriverNumber": results["DriverNumber"],
            "LapNumber": 1.0,
            "LapTime": pd.to_timedelta(range(60_000, 60_000 + len(results)), unit="ms"),
            "Deleted": False,
            "FastF1Generated": False,
        }
    )
    at = pd.DataFrame({"Time": pd.to_timedelta([0], unit="s")})
    frames = {"laps": laps, "results": results, "weather": at, "track_status": at}
    return Recording(event_id, 2025, session, "livetiming", frames)


def found(names: TimingNames, *people: Person) -> dict[str, Any]:
    """The driver ids of laps by number; None for who stays unknown."""
    laps = timing_frames([recording(*people)], names, CARS).frames["laps"]
    ids = laps["driver_id"].astype(object).where(laps["driver_id"].notna(), None)
    return dict(zip(laps["DriverNumber"], ids, strict=True))


def test_a_driver_is_known_by_his_name_whatever_his_number_and_code(names):
    assert found(names, VERSTAPPEN, ("4", "Oscar", "Piastri", "NOR")) == {
        "1": "max-verstappen",
        "4": "oscar-piastri",
    }
    assert names.aliases.notices == []


@pytest.mark.parametrize(
    ("person", "driver_id"),
    [
        (("81", "", "", ""), "oscar-piastri"),
        (("99", "", "", "PIA"), "oscar-piastri"),
        (("99", "", "", "ZZZ"), None),
        (("81", "Oskar", "Piastri", "PIA"), "oscar-piastri"),
    ],
)
def test_without_a_known_name_the_car_tells(names, person, driver_id):
    assert found(names, VERSTAPPEN, NORRIS, person)[person[0]] == driver_id
    assert names.aliases.notices == []


@pytest.mark.parametrize("person", [("81", "Jane", "Doe", "DOE"), ("97", "Jane", "Doe", "PIA")])
def test_a_stranger_in_a_known_car_is_a_stranger(names, person):
    """A rookie's number or three letters may be another's: his laps must not be."""
    assert found(names, VERSTAPPEN, person)[person[0]] == "jane-doe"
    assert len(names.aliases.notices) == 1


def test_a_new_driver_gets_one_id_and_one_notice_in_all_sessions(names):
    sessions = [recording(VERSTAPPEN, ROOKIE, session=s) for s in ("FP1", "FP2")]

    laps = timing_frames(sessions, names, CARS).frames["laps"]

    assert list(laps["driver_id"]) == ["max-verstappen", "jane-doe"] * 2
    assert list(laps["session"]) == ["FP1", "FP1", "FP2", "FP2"]
    assert len(names.aliases.notices) == 1
    assert "'Jane Doe'" in names.aliases.notices[0]


@pytest.mark.parametrize("numbers", [(21, 22, 23), (1, 4, 81)])
def test_a_support_races_list_is_told_by_its_people_and_nothing_of_it_goes_on(names, numbers):
    """Also where its cars have the numbers of Formula 1's."""
    juniors = [(str(n), "Junior", f"Racer {n}", f"J{n}") for n in numbers]

    made = timing_frames([recording(*juniors), recording(NORRIS, session="FP2")], names, CARS)

    assert made.strange == {("2025-china", "FP1"): STRANGERS}
    assert {name: set(frame["session"]) for name, frame in made.frames.items()} == {
        name: {"FP2"} for name in ("laps", "weather", "track_status")
    }
    assert names.aliases.notices == []
    answer = kept(recording(*juniors), lambda place, part, frame: "hash")
    assert classified_frames([answer], names, CARS) == {}


def test_half_of_a_list_may_be_new(names):
    made = timing_frames([recording(VERSTAPPEN, ROOKIE)], names, CARS)
    assert made.strange == {}


def test_frames_say_which_session_they_are_of_and_stack(names):
    sessions = [recording(NORRIS), recording(PIASTRI, session="R", event_id="2025-japan")]

    made = timing_frames(sessions, names, CARS)

    for frame in made.frames.values():
        assert list(frame["event_id"]) == ["2025-china", "2025-japan"]
        assert list(frame["session"]) == ["FP1", "R"]
        assert set(frame["source"]) == {"livetiming"}
    assert "driver_id" not in made.frames["weather"]
    assert timing_frames([], names, CARS).frames == {}
    bare = Recording("2025-china", 2025, "FP1", "livetiming", {})
    assert timing_frames([bare], names, CARS).frames == {}


def answer(session: str, *rows: dict[str, Any]) -> Answer:
    about = {"team": "Red Bull Racing", "laps": 5, "best_ms": None}
    people = [
        about
        | dict(zip(("number", "first_name", "last_name", "code"), row.pop("who"), strict=True))
        | row
        for row in rows
    ]
    return Answer(session, "2025-china", 2025, {"classification": people}, len(rows))


@pytest.fixture(scope="module")
def archived():
    return archive.read(ROOT / "data" / "archive")


def test_practice_comes_in_the_archives_shape(names, archived):
    given = answer("FP2", {"who": NORRIS, "best_ms": 60_000}, {"who": ROOKIE, "laps": 1})

    made = classified_frames([given], names, CARS)

    practice = made["practice_results"]
    assert set(practice) == {*archived["practice_results"], "source"}
    assert set(made["drivers"]) == {*archived["drivers"], "source"}
    first, last = practice.to_dict("records")
    assert (first["event_id"], first["season"], first["session"]) == ("2025-china", 2025, "FP2")
    assert (first["driver_id"], first["constructor_id"]) == ("lando-norris", "red-bull")
    assert (first["position"], first["position_text"], first["best_ms"]) == (1, "1", 60_000)
    assert (last["position"], last["position_text"], last["best_ms"]) == (None, "NC", None)
    assert (last["driver_id"], last["display_order"], last["laps"]) == ("jane-doe", 2, 1)
    people = made["drivers"].set_index("driver_id")
    assert dict(people["name"]) == {"lando-norris": "Lando Norris", "jane-doe": "Jane Doe"}


def test_sprint_qualifying_is_ordered_by_the_last_part_reached(names, archived):
    """The best time of all does not win when it was not driven in the last part."""
    given = answer(
        "SQ",
        {"who": VERSTAPPEN, "best_ms": 90, "q1_ms": 90, "q2_ms": None, "q3_ms": None},
        {"who": NORRIS, "best_ms": 95, "q1_ms": 99, "q2_ms": 95, "q3_ms": None},
        {"who": PIASTRI, "best_ms": 96, "q1_ms": 98, "q2_ms": 97, "q3_ms": 96},
        {"who": ROOKIE, "q1_ms": None, "q2_ms": None, "q3_ms": None},
    )

    made = classified_frames([given], names, CARS)["qualifying_results"]

    assert set(made) == {*archived["qualifying_results"], "source"}
    order = ["oscar-piastri", "lando-norris", "max-verstappen", "jane-doe"]
    assert list(made["driver_id"]) == order
    assert list(made["position_text"]) == ["1", "2", "3", "NC"]
    assert list(made["q2_ms"]) == [97, 95, None, None]


@pytest.mark.parametrize("session", ["Q", "S", "R"])
def test_what_the_results_tier_knows_better_is_not_classified_here(names, session):
    assert classified_frames([answer(session, {"who": NORRIS})], names, CARS) == {}


def test_who_can_be_nobody_is_left_out(names):
    nobody = ("99", "", "", "")
    given = answer("FP1", {"who": NORRIS}, {"who": nobody}, {"who": PIASTRI})

    made = classified_frames([given], names, CARS)["practice_results"]

    assert list(made["driver_id"]) == ["lando-norris", "oscar-piastri"]
    assert list(made["display_order"]) == [1, 2]
