"""Commands of the timing tier: recording seasons, importing laps, what is said when it fails."""

import pandas as pd
import pytest

from f1_pipeline_tests.cli.test_seasons import (
    filled,
    filled_home,
    folder,
    home,
    one_line,
    served,
    upstream,
    warehouse,
)

__all__ = ["filled", "filled_home", "folder", "home", "served", "upstream"]
RECORD = ("backfill", "2025", "--tier", "timing")


@pytest.fixture(autouse=True)
def _answers(upstream):
    upstream.change(auth_wall=False, lacking=[])
    yield
    upstream.change(auth_wall=False, lacking=[])


def held(home):
    return warehouse(home).read("timing_sessions")


def test_a_season_is_recorded_and_what_is_whole_is_not_asked_for_again(filled, upstream):
    done = filled.call(*RECORD)
    assert done.code == 0, done.err
    assert "2025: 25 sessions" in done.out
    assert set(held(filled)["outcome"]) == {"complete"}
    assert set(held(filled)["compared"][held(filled)["session"].eq("R")]) == {True}
    practice = warehouse(filled).read_where("practice_results", session="FP3")
    mine = practice[practice["event_id"].str.startswith("2025-")]
    assert set(mine["source"]) == {"livetiming"}

    upstream.change(reset_counts=True)
    assert filled.call(*RECORD).code == 0
    assert upstream.report()["requests"] == 0


def test_workers_record_together_what_one_records(filled, tmp_path):
    assert filled.call(*RECORD, "--workers", "2").code == 0
    assert len(held(filled)) == 25


def test_a_refusal_is_one_line_that_says_what_to_do(filled, upstream):
    upstream.change(auth_wall=True)
    one_line(filled.call(*RECORD), 1, "live timing refuses", "Run the same command again")
    assert held(filled).empty

    why = filled.call("predict", "--event", "2025-australia", "--horizon", "post_practice")
    one_line(why, 2, "2025-australia has no prediction post_practice", "live timing refuses")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("backfill", "2024", "--tier", "timing", "--again"), ("--again",)),
        (("backfill", "2024", "--workers", "2"), ("--workers",)),
        (("backfill", "2024", "--tier", "timing", "--share", "3/2"), ("--share",)),
    ],
)
def test_bad_use_is_told(home, arguments, words):
    one_line(home.call(*arguments), 2, *words)


def test_a_season_without_a_calendar_is_told(home):
    one_line(home.call(*RECORD), 2, "there is no calendar of 2025", "backfill")


def test_no_folder_and_no_laps_are_one_line_each(filled, tmp_path):
    one_line(filled.call("laps", "import", str(tmp_path / "none")), 1, "none")
    empty = tmp_path / "empty"
    empty.mkdir()
    one_line(filled.call("laps", "import", str(empty)), 1, "empty")


def files(filled, place):
    """A folder with five laps of each of the four first of the first race."""
    results = warehouse(filled).read_where("race_results", event_id="2025-australia")
    entries = warehouse(filled).read_where("entries", event_id="2025-australia")
    numbers = entries.set_index("driver_id")["car_number"]
    drivers = list(results.sort_values("finish_order")["driver_id"])[:4]
    rows = pd.concat(
        [
            pd.DataFrame(
                {
                    "Driver": "ZZZ",
                    "DriverNumber": str(numbers[driver]),
                    "LapNumber": range(1, 6),
                    "LapTime": [91.5, 90.2, 90.3, 90.4, 90.1],
                    "Time": [3600 + 90 * lap + place for lap in range(1, 6)],
                    "Stint": 1,
                    "Compound": "SOFT",
                }
            )
            for place, driver in enumerate(drivers)
        ]
    ).assign(Season=2025, EventName="Australian Grand Prix")
    place.mkdir()
    rows.to_csv(place / "laps_2025.csv", index=False)
    return place


def test_imported_laps_name_their_source_and_give_way_to_live_timing(filled, tmp_path):
    source = files(filled, tmp_path / "files")

    done = filled.call("laps", "import", str(source))
    assert done.code == 0, done.err
    assert "1 sessions are held from files, 20 laps" in done.out
    mine = warehouse(filled).read_where("laps", event_id="2025-australia", session="R")
    assert set(mine["source"]) == {"file"}
    results = warehouse(filled).read_where("race_results", event_id="2025-australia")
    assert set(mine["driver_id"]) == set(results.nsmallest(4, "finish_order")["driver_id"])
    assert sorted(mine["lap_ms"].unique()) == [90100, 90200, 90300, 90400, 91500]

    assert filled.call(*RECORD).code == 0
    assert set(held(filled)["source"]) == {"livetiming"}
    filled.call("laps", "import", str(source))
    assert set(held(filled)["source"]) == {"livetiming"}


def test_a_lap_with_a_negative_time_is_named_and_its_session_withheld(filled, tmp_path):
    source = files(filled, tmp_path / "files")
    laps = pd.read_csv(source / "laps_2025.csv")
    laps.loc[2, "LapTime"] = -90.3
    laps.to_csv(source / "laps_2025.csv", index=False)

    done = filled.call("laps", "import", str(source))

    assert done.code == 0, done.err
    assert "laps 2025-australia/R: lap_ms: too small (-90300)" in done.out
    assert warehouse(filled).read_where("laps", event_id="2025-australia", session="R").empty
