"""Who is entered for an event that is still to come, and what comes next."""

import pandas as pd
import pytest

from f1_pipeline.tables import build, held, in_order, next_event

Frames = dict[str, pd.DataFrame]


def entered(frames: Frames, event_id: str, role: str = "race") -> set[str]:
    rows = frames["entries"]
    return set(rows.loc[rows["event_id"].eq(event_id) & rows["role"].eq(role), "driver_id"])


def with_driver(raw: Frames, event_id: str, old: str, new: str) -> Frames:
    """The driver of a car exchanged in all sessions of an event."""
    changed = dict(raw)
    for name, frame in raw.items():
        if {"event_id", "driver_id"} <= set(frame):
            rows = frame["event_id"].eq(event_id) & frame["driver_id"].eq(old)
            changed[name] = frame.assign(driver_id=frame["driver_id"].mask(rows, new))
    return changed


def test_in_a_season_that_has_begun_the_newest_events_racers_are_expected(small_raw):
    """Not the season's entrants, and not those who only practised."""
    raw = with_driver(small_raw, "2025-china", "aurora-ace", "aurora-rookie")
    practice = raw["practice_results"]
    visitor = (
        practice[practice["event_id"].eq("2025-china")]
        .iloc[[0]]
        .assign(driver_id="borealis-rookie", display_order=7, position=7, car_number=50)
    )
    raw["practice_results"] = pd.concat([practice, visitor], ignore_index=True)

    # Whatever the order of the rows: the newest event is that of the highest round.
    built = build({name: frame.iloc[::-1] for name, frame in raw.items()}, {})

    assert built.faults == []
    newest = entered(built.frames, "2025-china")
    assert ("aurora-rookie" in newest, "aurora-ace" in newest) == (True, False)
    assert entered(built.frames, "2025-china", "practice") == {"borealis-rookie"}
    assert entered(built.frames, "2025-japan") == entered(built.frames, "2025-bahrain") == newest
    assert entered(built.frames, "2025-japan", "practice") == set()
    # The season before the first race of which nothing is known goes by its entrants.
    assert "aurora-ace" in entered(built.frames, "2026-australia")


def test_after_a_practice_alone_the_field_is_still_the_expected_one(small_raw):
    practised = small_raw["practice_results"]
    first = practised[practised["event_id"].eq("2025-china") & practised["session"].eq("FP1")]
    visitor = first.iloc[[0]].assign(driver_id="borealis-rookie", display_order=7, position=7)
    friday = pd.concat([first, visitor]).assign(event_id="2025-japan")
    raw = small_raw | {"practice_results": pd.concat([practised, friday], ignore_index=True)}

    built = build(raw, {})

    assert built.faults == []
    assert entered(built.frames, "2025-japan") == entered(built.frames, "2025-china")
    assert entered(built.frames, "2025-japan", "practice") == {"borealis-rookie"}


def test_before_the_first_race_the_seasons_entrants_are_expected(small_raw):
    entrants = small_raw["entrants"]
    of_2026 = entrants["season"].eq(2026)
    rookie = of_2026 & entrants["driver_id"].eq("borealis-rookie")
    ace = of_2026 & entrants["driver_id"].eq("borealis-ace")
    tester = of_2026 & entrants["driver_id"].eq("cirrus-ace")
    raw = small_raw | {
        "entrants": entrants.assign(
            rounds=entrants["rounds"].mask(rookie, "1;2").mask(ace, "3;4"),
            test_driver=entrants["test_driver"].mask(tester, True),
        )
    }

    frames = build(raw, {}).frames

    for event_id, expected, not_expected in (
        ("2026-australia", "borealis-rookie", "borealis-ace"),
        ("2026-bahrain", "borealis-ace", "borealis-rookie"),
    ):
        there = entered(frames, event_id)
        assert expected in there
        assert not {not_expected, "cirrus-ace"} & there
        assert {"aurora-ace", "aurora-rookie", "cirrus-rookie"} <= there


def test_nobody_is_expected_at_an_event_that_was_held(small, small_raw):
    frames = small.frames
    results = frames["race_results"]
    for event_id in results["event_id"].unique():
        racers = set(results.loc[results["event_id"].eq(event_id), "driver_id"])
        assert entered(frames, event_id) == racers
    assert len(frames["entries"]) == 6 * len(small_raw["events"])


def test_a_fault_in_the_newest_event_does_not_reach_those_to_come(small_raw, small):
    results = small_raw["race_results"]
    newest = results["event_id"].eq("2025-china") & results["driver_id"].eq("aurora-ace")
    raw = small_raw | {
        "race_results": results.assign(driver_id=results["driver_id"].mask(newest, "nobody"))
    }

    built = build(raw, {})

    assert built.withheld == {"2025-china"}
    # The event before it stands in.
    assert entered(built.frames, "2025-japan") == entered(small.frames, "2025-australia")
    # Or rather, where there is one, its last good version.
    before = with_driver(small_raw, "2025-china", "aurora-ace", "aurora-rookie")
    kept = build(raw, build(before, {}).frames)
    assert kept.withheld == {"2025-china"}
    assert "aurora-rookie" in entered(kept.frames, "2025-japan")


def test_the_next_event_follows_the_newest_result_whatever_the_clock_says(small):
    events, results = small.frames["events"], small.frames["race_results"]

    assert next_event(events, results) == "2025-japan"
    assert list(held(events, results)["event_id"])[-2:] == ["2025-australia", "2025-china"]
    assert next_event(events, results.iloc[:0]) == "2023-australia"
    assert next_event(events[events["event_id"].isin(results["event_id"])], results) is None


def test_a_race_without_a_result_in_the_past_is_not_the_next(small):
    """One that was called off stays in the calendar: what follows the newest result comes next."""
    events, results = small.frames["events"], small.frames["race_results"]
    without = results[~results["event_id"].eq("2025-australia")]

    assert next_event(events, without) == "2025-japan"


@pytest.mark.parametrize("shuffle", [1, 2])
def test_order_goes_by_the_start_and_not_by_the_row_or_round(small, shuffle):
    events = small.frames["events"]
    expected = events.sort_values(["season", "round"])["event_id"].to_list()

    assert in_order(events.sample(frac=1, random_state=shuffle))["event_id"].to_list() == expected
