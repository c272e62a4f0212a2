"""From FastF1's Ergast client to raw frames: few requests, f1db's ids, the archive's facts."""

import pandas as pd
import pytest

from f1_pipeline.settings import ROOT
from f1_pipeline.sources import archive, results
from f1_pipeline.sources.aliases import Aliases
from f1_pipeline.sources.results import Event, SpentError
from f1_pipeline.sources.upstream import (
    BrokenError,
    Connection,
    NotYetError,
    Outcome,
    connect,
)
from f1_pipeline.storage.budget import Limit, RequestBudget
from f1_pipeline_tests.mirror import serving

ARCHIVE = ROOT / "data" / "archive"
RAW = archive.read(ARCHIVE)
BY_SEASON = ["results", "qualifying", "sprint"]


@pytest.fixture(scope="module")
def served():
    with serving(ARCHIVE) as mirror:
        yield mirror


@pytest.fixture
def mirror(served):
    served.change(fail=0, until=None, amend=None, edit_calendar=[], reset_counts=True)
    return served


@pytest.fixture
def aliases():
    return Aliases.shipped(RAW["drivers"])


def client(mirror, tmp_path, granted=None):
    budget = RequestBudget(f"sqlite:///{tmp_path / 'warehouse.db'}", granted or {})
    connect(Connection(tmp_path / "cache", mirror.url, False, budget), print)
    return results.ResultsClient(tries=2, sleep=lambda seconds: None)


def events_of(season: int) -> list[Event]:
    known = RAW["events"][RAW["events"]["season"].eq(season)]
    return [Event(e.event_id, season, int(e.round)) for e in known.itertuples()]


def as_frames(answers, aliases):
    return results.frames([(a.kind, a.key, a.content) for a in answers], aliases)


@pytest.mark.parametrize("season", [2021, 2023, 2025])
def test_a_season_is_what_the_archive_holds_of_it(mirror, tmp_path, aliases, season):
    """The answers are made of these facts, so all of them must come back as they were."""
    asked = client(mirror, tmp_path)
    found = [results.schedule(asked, season)]
    found += results.events(asked, BY_SEASON, events_of(season), aliases).answers

    frames = as_frames(found, aliases)

    assert mirror.report()["requests"] <= 20
    assert aliases.notices == []
    key = ["event_id", "driver_id"]
    for table in ("race_results", "sprint_results"):
        columns = [*key, "constructor_id", "position", "position_text", "grid_position", "laps"]
        _same(frames[table], RAW[table], season, columns, key)
    qualifying = RAW["qualifying_results"]
    qualifying = qualifying[qualifying["session"].eq("Q")].drop_duplicates(key)
    _same(frames["qualifying_results"], qualifying, season, [*key, "q1_ms", "q2_ms", "q3_ms"], key)
    calendar = ["event_id", "round", "circuit_id", "grand_prix_id", "race_date", "race_time"]
    _same(frames["events"], RAW["events"], season, calendar, ["event_id"])


def _same(frame, expected, season, columns, key):
    expected = expected[expected["season"].eq(season)]
    pairs = [
        f[columns].sort_values(key, ignore_index=True).astype(object).where(lambda v: v.notna(), "")
        for f in (frame, expected)
    ]
    texts = [f.map(lambda v: f"{v:g}" if isinstance(v, int | float) else str(v)) for f in pairs]
    for text in texts:
        if "laps" in text:
            text["laps"] = text["laps"].replace("", "0")
    pd.testing.assert_frame_equal(texts[0], texts[1])


def test_a_new_race_takes_at_most_six_requests(mirror, tmp_path, aliases):
    asked = client(mirror, tmp_path)
    event = Event("2025-china", 2025, 2)

    results.schedule(asked, 2025)
    found = results.events(asked, [*BY_SEASON, "pit_stops"], [event], aliases)

    assert {a.kind for a in found.answers} == {*BY_SEASON, "pit_stops"}
    assert mirror.report()["requests"] <= 6


def test_the_grid_comes_with_the_result_pit_lane_starters_last(mirror, tmp_path, aliases):
    asked = client(mirror, tmp_path)
    answer = results.race(asked, "results", Event("2025-china", 2025, 2), aliases)
    content = answer.content
    for row, grid in zip(content["rows"], ["0", "1", "2"], strict=False):
        row["grid"] = grid

    grid = results.frames([("results", "2025-china", content)], aliases)["starting_grids"]

    assert grid["position_text"].iloc[-1] == "PL"
    assert grid["position"].isna().sum() == grid["position_text"].eq("PL").sum()
    assert list(grid["display_order"]) == list(range(1, len(grid) + 1))

    for row in content["rows"]:
        row["grid"] = "-1"
    assert "starting_grids" not in results.frames([("results", "2025-china", content)], aliases)


def test_what_is_not_there_yet_is_no_fault(mirror, tmp_path, aliases):
    asked = client(mirror, tmp_path)
    mirror.change(until="2025-03-17T00:00:00+00:00")

    found = results.events(asked, ["results"], events_of(2025), aliases)

    assert [a.key for a in found.answers] == ["2025-australia"]
    assert len(found.not_yet) == 23
    assert found.failed == []
    assert found.outcome("results", "2025-australia") is Outcome.COMPLETE
    assert found.outcome("results", "2025-china") is Outcome.NOT_YET


def test_a_fault_takes_no_other_answer_with_it(mirror, tmp_path, aliases):
    asked = client(mirror, tmp_path)
    mirror.change(fail=1.0, fail_kinds=["500"], fail_match="qualifying")

    found = results.events(asked, BY_SEASON, events_of(2025), aliases)

    assert {a.kind for a in found.answers} == {"results", "sprint"}
    assert {kind for kind, _, _ in found.failed} == {"qualifying"}
    assert found.outcome("qualifying", "2025-china") is Outcome.BROKEN
    mirror.change(fail_match="")


def test_what_came_before_the_budget_ran_out_is_kept(mirror, tmp_path, aliases):
    asked = client(mirror, tmp_path, {"jolpica": Limit(6, 0.0)})

    with pytest.raises(SpentError) as raised:
        results.events(asked, BY_SEASON, events_of(2025), aliases)

    assert {a.kind for a in raised.value.collected.answers} == {"results"}
    assert (raised.value.retry_after or 0) > 3000


def test_after_a_renumbering_a_round_is_not_taken_for_the_old_event(mirror, tmp_path, aliases):
    asked = client(mirror, tmp_path)
    mirror.change(
        edit_calendar=[
            {"season": 2025, "round": 2, "cancel": True},
            {"season": 2025, "round": 3, "new_round": 2},
        ]
    )

    with pytest.raises(NotYetError, match="2025-japan now, no longer 2025-china"):
        results.race(asked, "results", Event("2025-china", 2025, 2), aliases)

    assert results.race(asked, "results", Event("2025-japan", 2025, 2), aliases).rows == 20


def test_a_calendar_without_times_goes_through(mirror, tmp_path, aliases):
    asked = client(mirror, tmp_path)
    mirror.change(edit_calendar=[{"season": 2025, "round": 5, "drop_times": True}])

    events = as_frames([results.schedule(asked, 2025)], aliases)["events"].set_index("event_id")

    assert events.at["2025-saudi-arabia", "race_time"] is None
    assert events.at["2025-saudi-arabia", "qualifying_date"] is None
    assert events.at["2025-japan", "race_time"] == "05:00"


def test_unknown_names_get_an_id_by_the_rule_and_a_notice(mirror, tmp_path, aliases):
    answer = results.race(
        client(mirror, tmp_path), "results", Event("2025-china", 2025, 2), aliases
    )
    row = answer.content["rows"][0]
    row["Driver"] = {"driverId": "doe", "givenName": "Jane", "familyName": "Doe"}
    row["Constructor"] = {"constructorId": "new_team", "name": "New Team"}

    frames = results.frames([("results", "2025-china", answer.content)], aliases)

    assert "jane-doe" in set(frames["race_results"]["driver_id"])
    assert "new-team" in set(frames["constructors"]["constructor_id"])
    assert len(aliases.notices) == 2


def test_pages_that_do_not_add_up_are_broken(mirror, tmp_path, aliases, monkeypatch):
    asked = client(mirror, tmp_path)
    monkeypatch.setattr("fastf1.ergast.interface.ErgastRawResponse.total_results", 999)

    with pytest.raises(BrokenError):
        asked.season("results", 2025)
