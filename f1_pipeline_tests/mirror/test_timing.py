"""The made-up timing files, read as the project reads them: by FastF1, against the archive."""

import pandas as pd
import pytest

from f1_pipeline.sources import archive
from f1_pipeline_tests.mirror import serving
from f1_pipeline_tests.mirror.reading import driven, facts, load, sessions, times
from f1_pipeline_tests.release import make_release


@pytest.fixture(scope="module")
def made_up(tmp_path_factory):
    folder = tmp_path_factory.mktemp("release")
    release = make_release(folder / "release", seasons=(2022, 2023, 2025), future=None, races=2)
    archive.build(release, folder / "archive")
    with serving(folder / "archive") as mirror:
        yield mirror


def facts_of_stops(mirror, event_id, started):
    stops = mirror.facts.frames["pit_stops"]
    numbers = dict(zip(started["driver_id"], started.index, strict=True))
    mine = stops[stops["event_id"].eq(event_id)]
    return {(numbers[s.driver_id], s.lap): s.pit_lane_ms for s in mine.itertuples()}


@pytest.mark.parametrize(
    ("season", "number", "event", "code"),
    [(2025, 5, "2025-saudi-arabia", "FP3"), (2021, 10, "2021-great-britain", "FP2")],
)
def test_practice_has_the_best_times_of_the_archive(mirror, tmp_path, season, number, event, code):
    session = load(mirror, tmp_path, season, number, code)

    known, laps = facts(mirror, "practice_results", event, code), driven(session)
    best = laps.groupby("DriverNumber")["LapTime"].min()
    assert times(best) == known["best_ms"].dropna().astype(int).to_dict()
    counts = laps.groupby("DriverNumber").size()
    assert set(counts.index) == set(known.index)
    assert (counts <= known["laps"].reindex(counts.index)).all()
    assert not laps["Compound"].isna().any()


@pytest.mark.parametrize(
    ("season", "number", "event", "code"),
    [
        (2025, 2, "2025-china", "Q"),
        (2025, 2, "2025-china", "SQ"),
        (2023, 4, "2023-azerbaijan", "SQ"),
        (2018, 3, "2018-china", "Q"),
    ],
)
def test_each_part_of_qualifying_has_its_times(mirror, tmp_path, season, number, event, code):
    session = load(mirror, tmp_path, season, number, code)

    known = facts(mirror, "qualifying_results", event, code)
    for part in (1, 2, 3):
        expected = known[f"q{part}_ms"].dropna().astype(int).to_dict()
        assert times(session.results[f"Q{part}"]) == expected
    every = [known[f"q{part}_ms"].dropna().astype(int) for part in (1, 2, 3)]
    laps = driven(session).set_index("DriverNumber")["LapTime"].dropna()
    assert sorted(laps.dt.total_seconds().mul(1000).round()) == sorted(pd.concat(every))


def test_a_race_has_the_laps_the_order_and_the_stops_of_the_archive(mirror, tmp_path):
    session = load(mirror, tmp_path, 2025, 5, "R")

    laps, known = driven(session), facts(mirror, "race_results", "2025-saudi-arabia")
    started = known[known["laps"] > 0]
    assert laps.groupby("DriverNumber").size().to_dict() == started["laps"].to_dict()
    assert session.total_laps == 50
    wanted = ["LapTime", "Compound", "Stint", "TyreLife", "Position", "SpeedST", "TrackStatus"]
    assert not laps[wanted].isna().any(axis=None)
    assert (laps.groupby(["DriverNumber", "Stint"])["Compound"].nunique() == 1).all()

    classified = known[known["position_text"].str.isdigit()].sort_values("display_order")
    finishes = laps.groupby("DriverNumber")["Time"].max()
    assert list(finishes[classified.index].sort_values().index) == list(classified.index)
    totals = laps.groupby("DriverNumber")["LapTime"].sum()
    finished = classified["time_ms"].dropna()
    assert times(totals[finished.index]) == finished.astype(int).to_dict()

    stops = facts_of_stops(mirror, "2025-saudi-arabia", started)
    into = {(r.DriverNumber, r.LapNumber): r.PitInTime for r in laps.itertuples()}
    out = {(r.DriverNumber, r.LapNumber): r.PitOutTime for r in laps.itertuples()}
    stays = {
        key: round((out[key[0], key[1] + 1] - came).total_seconds() * 1000)
        for key, came in into.items()
        if not pd.isna(came)
    }
    assert stays == stops
    assert sum(not pd.isna(left) for left in out.values()) == len(stops)


def test_stays_of_an_hour_under_a_red_flag_are_whole(mirror, tmp_path):
    """Silverstone 2022: stopped on the first lap; a lap of 55 minutes is a lap all the same."""
    session = load(mirror, tmp_path, 2022, 10, "R")

    laps, known = driven(session), facts(mirror, "race_results", "2022-great-britain")
    laps_known = known.loc[known["laps"] > 0, "laps"]
    assert laps.groupby("DriverNumber").size().to_dict() == laps_known.to_dict()
    assert not laps["LapTime"].isna().any()
    assert laps["LapTime"].max() > pd.Timedelta(minutes=45)


def test_a_sprint_has_its_laps_and_its_order(mirror, tmp_path):
    session = load(mirror, tmp_path, 2021, 10, "S")

    laps, known = driven(session), facts(mirror, "sprint_results", "2021-great-britain")
    assert laps.groupby("DriverNumber").size().to_dict() == known["laps"].dropna().to_dict()
    assert not laps.loc[laps["LapNumber"] > 1, "LapTime"].isna().any()
    classified = known[known["position_text"].str.isdigit()].sort_values("display_order")
    assert list(session.results.index[: len(classified)]) == list(classified.index)


def test_the_driver_list_has_the_archives_names(mirror, tmp_path):
    session = load(mirror, tmp_path, 2025, 5, "FP1")

    names = mirror.facts.frames["drivers"].set_index("driver_id")["name"]
    known = facts(mirror, "practice_results", "2025-saudi-arabia", "FP1")
    people = session.results.loc[known.index]
    assert list(people["FullName"]) == list(names[known["driver_id"]])
    assert people.loc["81", ["Abbreviation", "TeamName"]].to_list() == ["PIA", "McLaren"]


@pytest.mark.parametrize("season", [2022, 2023, 2025])
def test_every_session_of_a_made_up_weekend_can_be_loaded(made_up, tmp_path, season):
    weekend = sessions(made_up, season, 2)
    assert len(weekend) == 5
    for code in weekend:
        session = load(made_up, tmp_path, season, 2, code)
        assert session.laps["DriverNumber"].nunique() == 10
        assert len(session.weather_data) > 10
        assert next(iter(session.track_status["Status"])) == "1"
        assert session.race_control_messages["Flag"].eq("CHEQUERED").any()
        assert session.session_info["Meeting"]["Name"] == session.event["EventName"]
