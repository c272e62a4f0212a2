"""The living source's calendar on top of the archive's: it decides on what is still to come."""

from typing import Any

import pandas as pd
import pytest

from f1_pipeline.sources.archive.layout import archive_columns
from f1_pipeline.tables import build, layered
from f1_pipeline_tests.tables.corrupt import Frames

HELD, NEXT, LAST = "2025-china", "2025-japan", "2025-bahrain"
# What the living source's calendar does not say.
UNSAID = ["official_name", "layout_id", "course_length_km", "turns", "laps", "scheduled_laps"]
OF_CIRCUIT = ["layout_id", "course_length_km", "turns"]


@pytest.fixture(scope="module")
def ground(small_raw: Frames) -> Frames:
    """The small archive with circuits that differ; each was made longer for the last two seasons.

    Of 2025 australia and china are held, japan and bahrain are to come; of 2026 everything is.
    """
    events = small_raw["events"].copy()
    at = events["grand_prix_id"].map({"australia": 1, "china": 2, "japan": 3, "bahrain": 4})
    events["course_length_km"] = 5 + at / 10 + events["season"].ge(2025) / 100
    events["turns"], events["laps"] = 10 + at, 50 + at
    return small_raw | {"events": events}


def schedule(raw: Frames, season: int = 2025, **changes: Any) -> pd.DataFrame:
    """A season as the living source lists it; `changes` by Grand Prix, None for one cancelled."""
    events = raw["events"][raw["events"]["season"].eq(season)].astype(object)
    rows = events.assign(source="jolpica", **dict.fromkeys(UNSAID)).to_dict("records")
    listed = [
        row | changes.get(row["grand_prix_id"], {})
        for row in rows
        if changes.get(row["grand_prix_id"], {}) is not None
    ]
    return pd.DataFrame(listed, columns=list(raw["events"]), dtype=object)


def calendar(raw: Frames, listed: pd.DataFrame) -> pd.DataFrame:
    """The events that come of it, by id; the tables take them without a fault."""
    made = layered(raw, {"events": listed})
    assert build(made, {}).faults == []
    assert made["events"]["event_id"].is_unique
    assert list(made["events"]) == [*archive_columns("events"), "source"]
    return made["events"].set_index("event_id")


def assert_same_rows(after: pd.DataFrame, raw: Frames, events: list[str]) -> None:
    before = raw["events"].set_index("event_id")
    pd.testing.assert_frame_equal(after.loc[events], before.loc[events], check_dtype=False)


def held_of(raw: Frames) -> list[str]:
    results = set(raw["race_results"]["event_id"])
    return [event for event in raw["events"]["event_id"] if event in results]


def test_the_same_calendar_again_adds_nothing_and_loses_nothing(ground):
    after = calendar(ground, schedule(ground))

    said = [c for c in after if c not in ("source",)]
    before = ground["events"].set_index("event_id")
    pd.testing.assert_frame_equal(
        after[said].sort_index(), before[said].sort_index(), check_dtype=False
    )
    assert list(after.index[after["source"].eq("jolpica")]) == [NEXT, LAST]


def test_a_cancelled_event_is_gone(ground):
    after = calendar(ground, schedule(ground, bahrain=None))

    assert set(ground["events"]["event_id"]) - set(after.index) == {LAST}
    tables = build(layered(ground, {"events": schedule(ground, bahrain=None)}), {}).frames
    assert LAST not in set(tables["entries"]["event_id"])
    assert NEXT in set(tables["entries"]["event_id"])


def test_an_event_that_comes_back_is_there_again_as_it_was(ground):
    gone = layered(ground, {"events": schedule(ground, bahrain=None)})
    assert LAST not in set(gone["events"]["event_id"])

    # The archive under it is the same as ever: the newest calendar alone counts.
    after = calendar(ground, schedule(ground))
    assert after.loc[LAST, [*OF_CIRCUIT, "laps"]].to_list() == ["bahrain-ring-1", 5.41, 14, 54]
    # Also where the archive never listed it: the circuit is known from other seasons.
    unlisted = ground | {"events": ground["events"].query("event_id != @LAST")}
    after = calendar(unlisted, schedule(ground))
    assert after.loc[LAST, OF_CIRCUIT].to_list() == ["bahrain-ring-1", 5.41, 14]
    assert pd.isna(after.loc[LAST, "laps"])


def test_a_postponed_event_has_moved(ground):
    dates = {"race_date": "2025-11-30", "race_time": "17:00", "qualifying_date": "2025-11-29"}

    after = calendar(ground, schedule(ground, japan=dates | {"round": 4}, bahrain={"round": 3}))

    assert after.loc[NEXT, list(dates)].to_list() == list(dates.values())
    assert after.loc[[NEXT, LAST], "round"].to_list() == [4, 3]
    tables = build(layered(ground, {"events": schedule(ground, japan=dates)}), {}).frames
    starts = tables["events"].set_index("event_id")["race_starts_at"]
    assert starts[NEXT] == pd.Timestamp("2025-11-30T17:00Z")


def test_a_time_that_is_not_known_any_more_is_none(ground):
    after = calendar(ground, schedule(ground, japan={"race_time": None, "fp1_date": None}))
    assert after.loc[NEXT, ["race_time", "fp1_date"]].isna().all()


def test_a_renumbered_season_renumbers_what_is_held_and_changes_nothing_else(ground):
    """A race was put in before the first."""
    listed = schedule(ground).assign(round=[2, 3, 4, 5])
    new = listed.iloc[[0]].assign(
        event_id="2025-miami",
        grand_prix_id="miami",
        name="Miami Grand Prix",
        round=1,
        race_date="2025-02-16",
        qualifying_date="2025-02-15",
    )

    after = calendar(ground, pd.concat([new, listed], ignore_index=True))

    assert after.query("season == 2025")["round"].to_dict() == {
        "2025-miami": 1,
        "2025-australia": 2,
        HELD: 3,
        NEXT: 4,
        LAST: 5,
    }
    others = after.drop(columns="round").loc[held_of(ground)]
    before = ground["events"].set_index("event_id").drop(columns="round").loc[held_of(ground)]
    pd.testing.assert_frame_equal(others, before, check_dtype=False)


def test_of_what_is_held_the_archive_knows_better(ground):
    """A calendar read after the race may have lost its times, or the event altogether."""
    changed = {"race_date": "2025-12-31", "circuit_id": "japan-ring", "qualifying_date": None}
    for change in (changed, None):
        after = calendar(ground, schedule(ground, china=change))
        assert_same_rows(after, ground, held_of(ground))


def test_a_season_that_is_not_listed_stays(ground):
    after = calendar(ground, schedule(ground, bahrain=None))
    of_2026 = [event for event in ground["events"]["event_id"] if event.startswith("2026")]
    assert_same_rows(after, ground, of_2026)
    # Listed, it follows too.
    after = calendar(ground, schedule(ground, 2026, japan=None))
    assert "2026-japan" not in after.index
    assert {NEXT, LAST} <= set(after.index)
    assert set(after.query("season == 2026")["source"]) == {"jolpica"}


def test_a_season_that_the_archive_does_not_know_is_added(ground):
    events = schedule(ground)
    listed = events.assign(
        season=2027,
        **{c: events[c].str.replace("2025", "2027") for c in events if c.endswith("_date")},
        event_id=events["event_id"].str.replace("2025", "2027"),
    )

    after = calendar(ground, listed)

    assert after.query("season == 2027")["round"].to_list() == [1, 2, 3, 4]
    assert_same_rows(after, ground, list(ground["events"]["event_id"]))
    # The newest event at each circuit gives its length.
    assert after.loc["2027-japan", OF_CIRCUIT].to_list() == ["japan-ring-1", 5.31, 13]
    assert after.loc["2027-japan", ["laps", "official_name"]].isna().all()


def test_the_same_event_at_another_circuit_has_that_ones_length(ground):
    after = calendar(ground, schedule(ground, bahrain={"circuit_id": "china-ring"}))

    assert after.loc[LAST, OF_CIRCUIT].to_list() == ["china-ring-1", 5.21, 12]
    # Laps were planned for the old one.
    assert after.loc[LAST, ["laps", "scheduled_laps"]].isna().all()
    assert after.loc[LAST, "official_name"] == "Grand Prix bahrain 2025"
    assert after.loc[NEXT, [*OF_CIRCUIT, "laps"]].to_list() == ["japan-ring-1", 5.31, 13, 53]


def test_at_a_circuit_that_nobody_knows_no_length_is_left(ground):
    circuit = {"circuit_id": "moon-ring", "name": "Moon Ring", "circuit_type": "RACE"}
    circuits = pd.DataFrame([circuit | {"source": "jolpica"}], columns=list(ground["circuits"]))
    listed = schedule(ground, bahrain={"circuit_id": "moon-ring"})

    made = layered(ground, {"events": listed, "circuits": circuits.astype(object)})

    event = made["events"].set_index("event_id").loc[LAST]
    assert event[[*OF_CIRCUIT, "laps", "scheduled_laps"]].isna().all()
    built = build(made, {})
    assert built.faults == []
    assert "moon-ring" in set(built.frames["circuits"]["circuit_id"])
    # Without its circuit the event is withheld, and nothing else is.
    assert build(layered(ground, {"events": listed}), {}).withheld == {LAST}


def test_a_lap_of_the_newest_event_counts_whatever_the_order_of_the_rows(ground):
    turned = ground | {"events": ground["events"].iloc[::-1].reset_index(drop=True)}
    listed = schedule(ground, bahrain={"circuit_id": "china-ring"})
    assert calendar(turned, listed).loc[LAST, "course_length_km"] == 5.21


def test_the_calendars_of_two_seasons_are_followed_at_once(ground):
    listed = pd.concat(
        [schedule(ground, bahrain=None), schedule(ground, 2026, australia=None)], ignore_index=True
    )
    after = calendar(ground, listed)
    assert set(ground["events"]["event_id"]) - set(after.index) == {LAST, "2026-australia"}


def test_the_shipped_calendar_of_the_newest_season_said_again_is_the_same(raw):
    events = raw["events"]
    season = int(events["season"].max())
    listed = schedule(raw, season)

    made = layered(raw, {"events": listed})

    built, clean = build(made, {}), build(raw, {})
    assert built.faults == []
    ours, theirs = (b.frames["events"].sort_values("event_id") for b in (built, clean))
    same = [column for column in ours if column != "source"]
    theirs = theirs[same].reset_index(drop=True)
    differing = ours[same].reset_index(drop=True).compare(theirs)
    # Lengths that the archive does not give yet are those of the circuit's newest event.
    filled = set(differing.columns.get_level_values(0))
    assert filled <= set(OF_CIRCUIT)
    assert all(theirs[column].isna()[differing.index].all() for column in filled)
