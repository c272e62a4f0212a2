"""Lap data in files becomes recordings, the same from any format; what cannot is said in a line."""

from collections.abc import Callable

import pandas as pd
import pytest

from f1_pipeline.sources.aliases import Aliases
from f1_pipeline.sources.timing import files
from f1_pipeline.sources.timing.columns import COLUMNS
from f1_pipeline.sources.timing.recording import Recording, kept, opened
from f1_pipeline.storage.raw_store import RawStore
from f1_pipeline_tests.sources.timing.lap_files import laps, recorded, track_status, weather, write

TIMES = ("Time", "LapTime", "LapStartTime", "PitOutTime")


def assert_same(one: list[Recording], other: list[Recording]) -> None:
    assert [(r.place, r.missing) for r in one] == [(r.place, r.missing) for r in other]
    for mine, theirs in zip(one, other, strict=True):
        assert set(mine.frames) == set(theirs.frames)
        for part, frame in mine.frames.items():
            pd.testing.assert_frame_equal(frame, theirs.frames[part])


def with_times(change: Callable[[pd.Series], pd.Series], frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(**{c: change(frame[c]) for c in TIMES if c in frame})


def timedeltas(seconds: pd.Series) -> pd.Series:
    return pd.to_timedelta(seconds, unit="s")


def clocks(seconds: pd.Series) -> pd.Series:
    """1:33.123, as timing screens have it."""
    return seconds.map(lambda s: f"{int(s // 60)}:{s % 60:06.3f}", na_action="ignore")


def test_laps_weather_and_track_status_become_a_recording(tmp_path):
    (race,), said = recorded(
        write(
            tmp_path,
            laps_parquet=laps(),
            weather_parquet=weather(),
            track_status_parquet=track_status(),
        )
    )

    assert said == []
    assert (race.event_id, race.season, race.session) == ("2024-bahrain", 2024, "R")
    assert (race.source, race.missing) == ("file", {})
    driven = race.frames["laps"]
    assert list(driven.columns) == list(COLUMNS["laps"])
    assert list(zip(driven["DriverNumber"], driven["LapNumber"], strict=True)) == [
        ("1", 1.0), ("1", 2.0), ("44", 1.0), ("44", 2.0),
    ]  # fmt: skip
    assert driven["LapTime"][1] == pd.Timedelta("94.623s")
    assert driven["TrackStatus"].tolist() == ["1", "124", "1", "1"]
    assert driven["FreshTyre"].tolist() == [True, None, True, False]
    assert driven["IsAccurate"].dtype == bool
    assert driven["Compound"][3] is None
    assert race.frames["track_status"]["Status"].tolist() == ["1", "4"]
    assert race.frames["weather"]["Rainfall"].dtype == bool
    assert race.frames["weather"]["WindDirection"].dtype == "int64"
    assert race.frames["results"].to_dict("records") == [
        {
            "DriverNumber": number,
            "BroadcastName": None,
            "Abbreviation": code,
            "FirstName": None,
            "LastName": None,
            "TeamName": team,
            "CountryCode": None,
        }
        for number, code, team in (("1", "VER", "Red Bull Racing"), ("44", "HAM", "Mercedes"))
    ]


@pytest.mark.parametrize("ending", ["parquet", "csv", "gz"])
@pytest.mark.parametrize("change", [lambda s: s, timedeltas, clocks])
def test_every_format_and_wording_gives_the_same(tmp_path, ending, change):
    frames = {"laps": laps(), "weather": weather(), "status": track_status()}
    plain = write(tmp_path / "plain", **{f"{n}_parquet": f for n, f in frames.items()})
    other = write(
        tmp_path / "other", **{f"{n}_{ending}": with_times(change, f) for n, f in frames.items()}
    )

    assert_same(recorded(plain)[0], recorded(other)[0])
    assert recorded(other)[1] == []


def test_numbers_in_place_of_texts_give_the_same(tmp_path):
    """As pandas writes them once a value was missing: 44.0."""
    numbers = laps(DriverNumber=[1.0, 1.0, 44.0, 44.0], TrackStatus=[1.0, 124.0, 1.0, 1.0])
    plain = write(tmp_path / "plain", laps_parquet=laps())
    for ending in ("parquet", "csv"):
        other = write(tmp_path / ending, **{f"laps_{ending}": numbers})
        assert_same(recorded(plain)[0], recorded(other)[0])


def test_what_fastf1_gives_comes_back_as_it_was(tmp_path):
    """Its own columns and types, with season and event beside them."""
    (first,), _ = recorded(write(tmp_path / "first", laps_csv=laps(), weather_csv=weather()))
    about = {"Season": 2024, "EventName": "Bahrain Grand Prix", "Session": "Race"}
    again = write(
        tmp_path / "again",
        laps_parquet=first.frames["laps"].assign(**about),
        weather_parquet=first.frames["weather"].assign(**about),
    )
    assert_same([first], recorded(again)[0])


def test_a_recording_can_be_kept_and_opened_again(tmp_path):
    store = RawStore(str(tmp_path / "raw"))
    folder = write(tmp_path / "in", laps_csv=laps(), weather_csv=weather(WindDirection=[1, None]))
    (race,), _ = recorded(folder)
    answer = kept(race, store.write)

    assert_same([race], [opened(answer, store.read)])
    assert [row["code"] for row in answer.content["classification"]] == ["VER", "HAM"]


def test_seasons_and_their_sessions_come_in_order(tmp_path):
    both = pd.concat(
        [laps(2025), laps(2024, "Monaco Grand Prix"), laps(2024, "Monaco Grand Prix", Session="Q")]
    )
    found, _ = recorded(write(tmp_path, all_parquet=both, more_csv=laps(2023)))
    assert [(r.event_id, r.session) for r in found] == [
        ("2023-bahrain", "R"),
        ("2024-monaco", "Q"),
        ("2024-monaco", "R"),
        ("2025-bahrain", "R"),
    ]


@pytest.mark.parametrize(
    ("season", "name", "session"),
    [
        (2024, "Practice 1", "FP1"),
        (2024, "fp3", "FP3"),
        (2024, " Qualifying ", "Q"),
        (2024, "Sprint Qualifying", "SQ"),
        (2021, "Sprint Qualifying", "S"),
        (2023, "Sprint Shootout", "SQ"),
        (2024, "Race", "R"),
        (2024, None, "R"),
    ],
)
def test_a_session_is_named_as_fastf1_does_or_by_its_letters(tmp_path, season, name, session):
    (found,), said = recorded(write(tmp_path, laps_csv=laps(season, Session=name)))
    assert (found.session, said) == (session, [])


def test_a_session_that_is_not_known_is_passed_over(tmp_path):
    frame = laps(Session=["Race", "Race", "Day 1", "Day 1"])
    (race,), said = recorded(write(tmp_path, laps_csv=frame))
    assert race.frames["results"]["Abbreviation"].tolist() == ["VER"]
    assert said == ["laps.csv: 2 rows of the session 'Day 1': passed over"]


def test_without_a_session_the_name_of_the_file_tells_a_sprint(tmp_path):
    folder = write(
        tmp_path,
        laps_csv=laps(),
        Sprint_laps_parquet=laps(),
        sprint_weather_csv=weather(),
        status_csv=track_status(),
    )
    (sprint, race), _ = recorded(folder)
    assert (sprint.session, race.session) == ("S", "R")
    assert set(sprint.frames) == {"laps", "results", "weather"}
    assert set(race.frames) == {"laps", "results", "track_status"}
    none = "no rows of it in the folder's files"
    assert (sprint.missing, race.missing) == ({"track_status": none}, {"weather": none})


def test_parts_that_no_file_has_are_missing(tmp_path):
    (race,), _ = recorded(write(tmp_path, laps_csv=laps()))
    why = "no such file in the folder"
    assert race.missing == {"weather": why, "track_status": why}


def test_weather_may_name_the_round_where_laps_name_its_event(tmp_path):
    by_round = weather().drop(columns="EventName").assign(RoundNumber=[1, 7])
    (race,), said = recorded(write(tmp_path, a_weather_csv=by_round, laps_csv=laps()))
    assert len(race.frames["weather"]) == 1
    assert said == ["a_weather.csv: 1 rows of 2024 of no event (round 7): passed over"]


def test_a_round_of_two_events_names_neither(tmp_path):
    by_round = weather().drop(columns="EventName").assign(RoundNumber=1)
    folder = write(
        tmp_path, a_csv=laps(), b_csv=laps(event="Monaco Grand Prix"), weather_csv=by_round
    )
    found, said = recorded(folder)
    assert ["weather" in r.frames for r in found] == [False, False]
    assert said == ["weather.csv: 2 rows of 2024 of no event (round 1): passed over"]


def test_year_names_the_season_too(tmp_path):
    frame = laps().rename(columns={"Season": "Year"})
    (race,), _ = recorded(write(tmp_path, laps_csv=frame))
    assert race.season == 2024


def test_two_names_of_one_grand_prix_are_one_event(tmp_path):
    """The id is asked for once by each name; a name that is new gets one, and a notice."""
    aliases = Aliases.shipped()
    folder = write(tmp_path, a_csv=laps(), b_csv=laps(event=" Bahrain Grand Prix"))
    (race,) = files.read(folder, aliases, lambda _: None)
    assert len(race.frames["laps"]) == 8  # laps that are there twice are the tables' to judge
    write(tmp_path, a_csv=laps(event="Moon Grand Prix"))
    found = files.read(folder, aliases, lambda _: None)
    assert "2024-moon" in [r.event_id for r in found]
    assert len(aliases.notices) == 1


@pytest.mark.parametrize("column", ["Driver", "DriverNumber"])
def test_a_driver_may_be_known_by_code_or_number_alone(tmp_path, column):
    (race,), _ = recorded(write(tmp_path, laps_csv=laps().drop(columns=column)))
    results = race.frames["results"]
    numbers = ["HAM", "VER"] if column == "DriverNumber" else ["1", "44"]
    assert results["DriverNumber"].tolist() == numbers
    assert len(race.frames["laps"]) == 4
    codes = [None, None] if column == "Driver" else ["HAM", "VER"]
    assert results["Abbreviation"].tolist() == codes


def test_a_lap_without_a_number_gets_that_of_the_drivers_other_laps(tmp_path):
    frame = laps(DriverNumber=["1", None, "44", "44"])
    (race,), _ = recorded(write(tmp_path, laps_csv=frame))
    assert race.frames["laps"]["DriverNumber"].tolist() == ["1", "1", "44", "44"]
    assert len(race.frames["results"]) == 2


def test_a_lap_of_nobody_is_handed_on_but_nobody_is_no_driver(tmp_path):
    frame = laps(DriverNumber=["1", "1", None, "44"], Driver=["VER", "VER", None, "HAM"])
    (race,), _ = recorded(write(tmp_path, laps_csv=frame))
    assert race.frames["laps"]["DriverNumber"].tolist() == ["1", "1", "44", None]
    assert race.frames["results"]["DriverNumber"].tolist() == ["1", "44"]


def test_values_that_cannot_be_read_are_missing_and_said_once(tmp_path):
    one = laps(LapTime=["DNF", "1:34.623", "-97.001", "x"], LapNumber=["1", "two", "1", "1"])
    frame = pd.concat([one, one.assign(Season=2025)])
    found, said = recorded(write(tmp_path, laps_csv=frame))
    assert said == [
        "laps.csv: 4 values of LapTime are no times",
        "laps.csv: 2 values of LapNumber are no numbers",
    ]
    times = found[0].frames["laps"]["LapTime"]
    assert times.min() == -pd.Timedelta("97.001s")  # for the contract of laps to name
    assert times.notna().sum() == 2
    assert [len(r.frames["laps"]) for r in found] == [4, 4]


def test_rows_that_name_no_season_or_event_are_passed_over(tmp_path):
    frame = laps(
        Season=["2024", None, "24", "2024"],
        EventName=["Bahrain Grand Prix", "Bahrain Grand Prix", "Bahrain Grand Prix", None],
        RoundNumber=None,
    )
    (race,), said = recorded(write(tmp_path, laps_csv=frame))
    assert len(race.frames["laps"]) == 1
    assert said == [
        "laps.csv: 1 rows of no season: passed over",
        "laps.csv: 1 rows of the season '24': passed over",
        "laps.csv: 1 rows of 2024 of no event: passed over",
    ]


def test_weather_without_laps_is_passed_over(tmp_path):
    folder = write(
        tmp_path,
        laps_csv=laps(),
        weather_csv=pd.concat([weather(), weather(2023)]),
        status_csv=track_status(2023),
    )
    found, said = recorded(folder)
    assert [r.event_id for r in found] == ["2024-bahrain"]
    assert said == ["2023-bahrain R: track status and weather, but no laps: passed over"]


def test_other_files_are_passed_over(tmp_path):
    folder = write(tmp_path, laps_csv=laps(), stints_parquet=laps().drop(columns="LapTime"))
    # Race control's messages have the columns of track status, and more.
    write(folder, messages_csv=track_status(Category="Flag"))
    (folder / "notes.csv").write_bytes(b'who,what\nP\xe9rez,"\n')
    (folder / "README.md").write_text("hello")
    (folder / "._laps.csv").write_bytes(b"\0\1\2")
    (folder / "deeper.csv").mkdir()
    found, said = recorded(folder)
    assert len(found) == 1
    assert said == [
        f"{name}: neither laps, weather nor track status: passed over"
        for name in ("messages.csv", "notes.csv", "stints.parquet")
    ]


def test_a_file_of_laps_without_rows_gives_nothing(tmp_path):
    for ending in ("parquet", "csv"):
        folder = write(tmp_path / ending, **{f"laps_{ending}": laps().head(0)})
        assert recorded(folder) == ([], [])


def test_what_was_an_index_is_read_too(tmp_path):
    tmp_path.joinpath("a").mkdir()
    laps().set_index("Driver").to_parquet(tmp_path / "a" / "laps.parquet")
    assert_same(recorded(tmp_path / "a")[0], recorded(write(tmp_path / "b", laps_csv=laps()))[0])


def test_a_list_in_place_of_a_value_is_no_value(tmp_path):
    frame = laps(LapTime=[[1.0], [2.0], [3.0], None])
    (race,), said = recorded(write(tmp_path, laps_parquet=frame))
    assert race.frames["laps"]["LapTime"].isna().all()
    assert said == ["laps.parquet: 3 values of LapTime are no times"]
