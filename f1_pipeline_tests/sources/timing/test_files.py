"""Lap data in files becomes recordings, the same from any format; what cannot is said in a line."""

import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from f1_pipeline.sources.aliases import Aliases
from f1_pipeline.sources.timing import files
from f1_pipeline.sources.timing.columns import COLUMNS
from f1_pipeline.sources.timing.recording import Recording, kept, opened
from f1_pipeline.storage.raw_store import RawStore

TIMES = ("Time", "LapTime", "LapStartTime", "PitOutTime")


def laps(season: int = 2024, event: str = "Bahrain Grand Prix", **more: Any) -> pd.DataFrame:
    """Two drivers and two laps each, in another order than recordings have, times in seconds."""
    return pd.DataFrame(
        {
            "Season": season,
            "RoundNumber": 1,
            "EventName": event,
            "Time": [3700.5, 3795.123, 3701.25, 3796.0],
            "Driver": ["VER", "VER", "HAM", "HAM"],
            "DriverNumber": ["1", "1", "44", "44"],
            "LapTime": [None, 94.623, 97.001, 94.75],
            "LapNumber": [1, 2, 2, 1],
            "Stint": 1,
            "PitOutTime": [12.5, None, None, None],
            "SpeedST": [300.0, None, 301.0, 302.0],
            "Compound": ["SOFT", "SOFT", None, "HARD"],
            "FreshTyre": [True, None, False, True],
            "IsAccurate": [False, True, True, True],
            "Team": ["Red Bull Racing"] * 2 + ["Mercedes"] * 2,
            "TrackStatus": ["1", "124", "1", "1"],
            "Filled": "nothing",
        }
        | more
    )


def weather(season: int = 2024, **more: Any) -> pd.DataFrame:
    about = {"Season": season, "EventName": "Bahrain Grand Prix"}
    measured = {"AirTemp": [18.5, 18.4], "TrackTemp": [24.0, 23.9], "Rainfall": [False, True]}
    return pd.DataFrame(
        about | {"Time": [60.0, 120.0], "WindDirection": [10, 20]} | measured | more
    )


def track_status(season: int = 2024, **more: Any) -> pd.DataFrame:
    about = {"Season": season, "EventName": "Bahrain Grand Prix"}
    said = {"Time": [0.0, 200.1], "Status": [1, 4], "Message": ["AllClear", "SCDeployed"]}
    return pd.DataFrame(about | said | more)


def write(folder: Path, **frames: pd.DataFrame) -> Path:
    """Files by name, `laps_csv` for laps.csv."""
    folder.mkdir(exist_ok=True)
    for name, frame in frames.items():
        stem, _, ending = name.rpartition("_")
        if ending == "parquet":
            frame.to_parquet(folder / f"{stem}.parquet", index=False)
        else:
            name = f"{stem}.{ending.replace('gz', 'csv.gz')}"
            frame.to_csv(folder / name, index=False)
    return folder


def recorded(folder: Path) -> tuple[list[Recording], list[str]]:
    said: list[str] = []
    return list(files.read(folder, Aliases.shipped(), said.append)), said


def refused(folder: Path) -> str:
    """The refusal, which comes before any recording."""
    with pytest.raises(files.LapFilesError) as error:
        next(files.read(folder, Aliases.shipped(), lambda _: None))
    message = str(error.value)
    assert len(message.splitlines()) == 1
    assert message.endswith(".")
    return message


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


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    message = refused(tmp_path / "nowhere")
    assert "nowhere" in message
    assert "LapNumber and LapTime" in message


def test_a_folder_without_laps_is_refused(tmp_path):
    write(tmp_path, weather_csv=weather())
    assert "holds no laps: put Parquet or CSV files there" in refused(tmp_path)


@pytest.mark.parametrize(
    ("frame", "lacking"),
    [
        (laps().drop(columns="Season"), "add the column Season (or Year)."),
        (laps().drop(columns="EventName"), "add the column EventName."),
        (
            weather().drop(columns=["Season", "EventName"]),
            "add the column Season (or Year) and the column EventName.",
        ),
    ],
)
def test_a_file_that_does_not_say_what_it_is_of_is_refused(tmp_path, frame, lacking):
    message = refused(write(tmp_path, a_csv=laps(), b_csv=frame))
    assert "b.csv does not say which event its rows are of" in message
    assert message.endswith(lacking)


def cut(data: bytes) -> bytes:
    return data[: len(data) - len(data) // 3]


def cut_in_a_quotation(data: bytes) -> bytes:
    return data.rstrip().rpartition(b",")[0] + b',"noth'


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("laps.parquet", cut),
        ("laps.parquet", lambda data: b""),
        ("laps.parquet", lambda data: b"no Parquet at all"),
        ("laps.csv", lambda data: b""),
        ("laps.csv", cut),
        ("laps.csv", cut_in_a_quotation),
        ("laps.csv", lambda data: data + b"2024,1\n"),
        ("laps.csv", lambda data: data + b"2024" + 40 * b",1" + b"\n"),
        ("laps.csv", lambda data: data.replace(b"Mercedes", b"Merc\xe9des")),
        ("laps.csv.gz", cut),
        ("laps.csv.gz", lambda data: gzip.decompress(data)),
        ("laps.csv.gz", lambda data: data[:-8] + bytes(8)),
    ],
)
def test_a_damaged_file_is_refused_and_nothing_is_given(tmp_path, name, damage):
    write(tmp_path, laps_parquet=laps(), laps_csv=laps(), laps_gz=laps())
    file = tmp_path / name
    file.write_bytes(damage(file.read_bytes()))
    message = refused(tmp_path)
    assert f"{file} " in message
    assert message.endswith("write it again, or remove it.")


def test_a_file_that_is_cut_late_gives_none_of_its_seasons(tmp_path):
    """The first season could be read: it is not handed on before the rest is known to be whole."""
    many = pd.concat([laps(season) for season in range(2000, 2020)] * 300)
    write(tmp_path, laps_csv=many)
    file = tmp_path / "laps.csv"
    file.write_bytes(file.read_bytes() + b"2020,1\n")
    assert "line 24002: 2 values, not 17" in refused(tmp_path)


def test_texts_of_a_parquet_file_that_are_none_are_refused(tmp_path):
    table = pa.Table.from_pandas(laps(), preserve_index=False)
    place = table.schema.get_field_index("Team")
    bad = pa.array([b"Merc\xe9des"] * 4, pa.binary()).view(pa.string())
    pq.write_table(table.set_column(place, "Team", bad), tmp_path / "laps.parquet")
    assert "laps.parquet cannot be read" in refused(tmp_path)


def test_a_column_that_is_there_twice_is_refused(tmp_path):
    (tmp_path / "laps.csv").write_text("Season,EventName,Driver,LapNumber,LapTime,LapTime\n")
    assert "has the column LapTime twice" in refused(tmp_path)


def test_a_list_in_place_of_a_value_is_no_value(tmp_path):
    frame = laps(LapTime=[[1.0], [2.0], [3.0], None])
    (race,), said = recorded(write(tmp_path, laps_parquet=frame))
    assert race.frames["laps"]["LapTime"].isna().all()
    assert said == ["laps.parquet: 3 values of LapTime are no times"]


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), name=st.sampled_from(["laps.parquet", "laps.csv", "laps.csv.gz"]))
def test_a_file_with_changed_bytes_is_refused_or_gives_recordings(tmp_path_factory, data, name):
    """Never a traceback; that a value was changed is for the contracts to find."""
    folder = tmp_path_factory.mktemp("damaged")
    write(folder, **{f"laps_{name.rpartition('.')[2]}": laps()})
    content = bytearray((folder / name).read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=8), label="places"):
        content[place] = data.draw(st.integers(0, 255), label="byte")
    os.remove(folder / name)
    (folder / name).write_bytes(content)
    try:
        found, _ = recorded(folder)
    except files.LapFilesError as refusal:
        found, message = [], str(refusal)
    else:
        message = "one line"
    assert len(message.splitlines()) == 1
    assert all(list(r.frames["laps"].columns) == list(COLUMNS["laps"]) for r in found)
