"""FastF1's calendar from the archive's: names, formats, instants, edits."""

import json
from datetime import UTC, datetime

import fastf1
import pytest

from f1_pipeline_tests.mirror.answers import NotHereError
from f1_pipeline_tests.mirror.reading import attach, is_there, sessions
from f1_pipeline_tests.mirror.server import SCHEDULES


@pytest.mark.parametrize("season", [2018, 2021, 2022, 2023, 2024, 2025])
def test_the_schedule_is_that_of_the_calendar_with_fastf1s_names(mirror, tmp_path, season):
    attach(mirror, tmp_path)
    found = fastf1.get_event_schedule(season, backend="fastf1")

    races = mirror.facts.races(season)
    assert list(found["EventName"]) == [race["raceName"] for race in races]
    assert list(found["RoundNumber"]) == list(range(1, len(races) + 1))
    assert found["F1ApiSupport"].all()
    third = {"sprint": "Practice 2", "sprint_shootout": "Sprint Shootout"}
    third |= {"sprint_qualifying": "Sprint", "conventional": "Practice 3"}
    assert list(found["Session3"]) == [third[shape] for shape in found["EventFormat"]]
    sprints = {2018: 0, 2021: 3, 2022: 3}.get(season, 6)
    assert found["EventFormat"].ne("conventional").sum() == sprints
    order = [f"Session{n}DateUtc" for n in (1, 2, 3, 4, 5)]
    assert all(row.is_monotonic_increasing for _, row in found[order].iterrows())


def test_the_schedule_follows_the_edits_of_the_calendar(mirror):
    mirror.change(
        edit_calendar=[
            {"season": 2025, "round": 1, "cancel": True},
            {"season": 2025, "round": 5, "date": "2025-05-11", "raceName": "Gulf Grand Prix"},
        ]
    )
    path = "/theOehrly/f1schedule/master/schedule_2025.json"
    document = json.loads(mirror.answer(SCHEDULES, path, ""))

    assert list(document["round_number"].values()) == list(range(2, 25))
    assert document["event_name"]["3"] == "Gulf Grand Prix"
    assert document["session5_date"]["3"] == "2025-05-11T17:00:00"
    race = sessions(mirror, 2025, 5)["R"]
    assert race.folder == "2025/2025-05-11_Gulf_Grand_Prix/2025-05-11_Race/"
    assert is_there(mirror, race)


def test_a_season_without_a_calendar_has_no_schedule(mirror):
    with pytest.raises(NotHereError):
        mirror.answer(SCHEDULES, "/theOehrly/f1schedule/master/schedule_2031.json", "")


def test_a_session_without_a_known_time_has_a_slot_and_appears_at_the_end_of_its_day(mirror):
    weekend = sessions(mirror, 2018, 3)
    assert [s.starts.date().day for s in weekend.values()] == [13, 13, 14, 14, 15]
    assert weekend["R"].over == datetime(2018, 4, 15, 23, 59, 59, tzinfo=UTC)
