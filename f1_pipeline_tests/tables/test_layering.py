"""The living source on top of the archive: it adds, it corrects in substance, and no more."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from f1_pipeline.sources import archive
from f1_pipeline.sources.archive.layout import archive_columns
from f1_pipeline.tables import build, layered
from f1_pipeline_tests.release import make_release
from f1_pipeline_tests.tables.corrupt import Frames, in_key_order

RESULTS = ("race_results", "sprint_results", "qualifying_results", "starting_grids", "pit_stops")
NEW = "2025-japan"  # the newer release holds it, the older one has it on its calendar


@pytest.fixture(scope="module")
def newer_raw(tmp_path_factory: pytest.TempPathFactory) -> Frames:
    """The same seasons with one race more than `small_raw`."""
    folder = tmp_path_factory.mktemp("newer")
    archive.build(make_release(folder / "f1db", cars=6, unheld=1), folder / "archive")
    return archive.read(folder / "archive")


def worded(rows: pd.DataFrame, **values: Any) -> pd.DataFrame:
    """Rows of the archive as the living source gives them: no engines, other words and times."""
    lost = {"engine_id", "time_ms", "fastest_lap"} & set(rows)
    said = rows.astype(object).assign(source="jolpica", **dict.fromkeys(lost))
    if "reason_retired" in rows:
        said["reason_retired"] = rows["reason_retired"].map({"Gearbox": "Retired"})
        said["points"] = pd.to_numeric(rows["points"]).fillna(0).map(str)
        said["position"] = rows["position"].map(lambda p: None if pd.isna(p) else str(int(p)))
        said["fastest_lap"] = False
    return said.assign(**values).reindex(columns=list(rows))


def living(raw: Frames, *events: str) -> Frames:
    """All that the living source says of some events that are in `raw`."""
    found = {name: worded(raw[name][raw[name]["event_id"].isin(events)]) for name in RESULTS}
    found["pit_stops"]["constructor_id"] = None
    return found


def of(frame: pd.DataFrame, event_id: str) -> pd.DataFrame:
    return frame[frame["event_id"].eq(event_id)].reset_index(drop=True)


def by_driver(frame: pd.DataFrame, event_id: str) -> pd.DataFrame:
    return frame[frame["event_id"].eq(event_id)].set_index("driver_id")


def with_a_retirement(raw: Frames) -> str:
    """An event with somebody classified before one who retired."""
    races = raw["race_results"]
    retired = races[races["position_text"].eq("DNF")].groupby("event_id").size()
    return str(retired[retired.between(1, 3)].index[0])


def same(one: Frames, other: Frames) -> None:
    assert set(one) == set(other)
    for name, frame in one.items():
        pd.testing.assert_frame_equal(frame, other[name], check_dtype=False, obj=name)


def assert_built_alike(ours: Frames, theirs: Frames, *aside: str) -> None:
    """Tables that say the same, whoever their source is, and without a fault in ours."""
    built, clean = build(ours, {}), build(theirs, {})
    assert built.faults == []
    for name in ("events", "entries", *RESULTS, "standings", "drivers", "circuits"):
        mine, known = (in_key_order(b.frames[name], name) for b in (built, clean))
        told = [column for column in mine if column not in ("source", *aside)]
        pd.testing.assert_frame_equal(mine[told], known[told], obj=name)


def test_the_archive_alone_comes_back_unchanged(small_raw, raw):
    for frames in (small_raw, raw):
        same(layered(frames, {}), frames)


def test_an_empty_answer_changes_nothing(small_raw):
    empty = {name: small_raw[name].iloc[:0] for name in (*RESULTS, "drivers", "events")}
    same(layered(small_raw, empty), small_raw)


def test_a_new_event_is_added_in_all_tables(small_raw, newer_raw):
    on_top = living(newer_raw, NEW)

    made = layered(small_raw, on_top)

    for name in RESULTS:
        ground = small_raw[name]
        pd.testing.assert_frame_equal(
            made[name].iloc[: len(ground)], ground, check_dtype=False, obj=name
        )
        added = made[name].iloc[len(ground) :]
        assert set(added["event_id"]) <= {NEW}
        assert len(added) == len(on_top[name])
        assert list(made[name]) == list(ground) == [*archive_columns(name), "source"]
    assert not made["race_results"].query("event_id == @NEW").empty
    lost = ("fastest_lap", "outcome", "reason_retired", "time_ms")
    # Practice is the archive's alone; whoever drove there drove the race as well.
    assert_built_alike(made, newer_raw, *lost)


def test_what_the_living_source_does_not_say_is_filled_in(small_raw, newer_raw):
    made = layered(small_raw, living(newer_raw, NEW))

    cars = ["driver_id", "constructor_id", "engine_id"]
    for name in ("race_results", "starting_grids", "qualifying_results"):
        # The engine of the season's entrants.
        expected = of(newer_raw[name], NEW)[cars]
        pd.testing.assert_frame_equal(of(made[name], NEW)[cars], expected, check_dtype=False)
    # The constructor of who raced.
    stops = ["driver_id", "constructor_id", "pit_lane_ms"]
    found, expected = of(made["pit_stops"], NEW)[stops], of(newer_raw["pit_stops"], NEW)[stops]
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)


def test_only_the_living_sources_gaps_are_filled(small_raw, newer_raw):
    """No entrant lists it: no engine. The archive's own gaps stay, and so does what was said."""
    races = small_raw["race_results"].astype(object)
    races.loc[0, "engine_id"] = None
    entrants = small_raw["entrants"].query("constructor_id != 'cirrus'")
    on_top = living(newer_raw, NEW)
    on_top["race_results"].loc[on_top["race_results"].index[0], "engine_id"] = "another-engine"
    on_top["pit_stops"]["driver_id"] = ["a-stranger", *on_top["pit_stops"]["driver_id"][1:]]

    made = layered(small_raw | {"race_results": races, "entrants": entrants}, on_top)

    assert made["race_results"].loc[0, "engine_id"] is None
    found = of(made["race_results"], NEW)
    assert found.loc[0, "engine_id"] == "another-engine"
    listed = found.iloc[1:].set_index("constructor_id")["engine_id"]
    assert listed["cirrus"].isna().all()
    assert listed.drop("cirrus").notna().all()
    stops = of(made["pit_stops"], NEW)
    assert stops["constructor_id"].isna().to_list() == [True] + [False] * (len(stops) - 1)


# An example takes long and is small as it is: a failure is not made smaller.
@settings(deadline=None, max_examples=6, phases=[Phase.reuse, Phase.generate])
@given(data=st.data())
def test_whichever_events_come_from_the_living_source_the_tables_say_the_same(small_raw, data):
    held = sorted(set(small_raw["race_results"]["event_id"]))
    events = data.draw(st.sets(st.sampled_from(held), min_size=1), label="living")
    rest = {
        name: small_raw[name][~small_raw[name]["event_id"].isin(events)].reset_index(drop=True)
        for name in RESULTS
    }

    made = layered(small_raw | rest, living(small_raw, *events))

    assert_built_alike(made, small_raw, "fastest_lap", "reason_retired", "time_ms")


def test_another_wording_of_a_result_is_no_new_version(small_raw):
    """Reasons, times, points of zero or none, numbers as texts: the archive's rows stand."""
    held = set(small_raw["race_results"]["event_id"])
    assert small_raw["race_results"]["points"].isna().any()

    made = layered(small_raw, living(small_raw, *held))

    same(made, small_raw)


def classified_retirement(raw: Frames, event_id: str) -> tuple[Frames, pd.Index]:
    """The last one who was classified had retired before the end: the archive gives his place."""
    races = raw["race_results"].astype(object)
    placed = races[races["event_id"].eq(event_id) & races["position"].notna()]
    label = placed["display_order"].astype(int).sort_values().index[-1:]
    races.loc[label, "reason_retired"] = "Engine"
    return raw | {"race_results": races}, label


def test_a_classified_retirement_that_is_given_as_one_is_no_new_version(small_raw):
    event_id = with_a_retirement(small_raw)
    ground, label = classified_retirement(small_raw, event_id)
    on_top = worded(of(ground["race_results"], event_id))
    driver = ground["race_results"].loc[label[0], "driver_id"]
    his = on_top["driver_id"].eq(driver)
    on_top.loc[his, ["position", "position_text"]] = [None, "DNF"]

    same(layered(ground, {"race_results": on_top}), ground)

    # At another place, or where the archive knows of no retirement, it is one.
    moved = on_top.assign(display_order=on_top["display_order"].where(~his, 6))
    for raw, said in ((ground, moved), (small_raw, on_top)):
        made = by_driver(layered(raw, {"race_results": said})["race_results"], event_id)
        assert made.loc[driver, "source"] == "jolpica"
        assert made.loc[driver, "position_text"] == "DNF"
        assert made["source"].eq("archive").sum() == 5


def corrected(raw: Frames, event_id: str, on_top: pd.DataFrame, table: str) -> pd.DataFrame:
    """The event's rows after the correction; those of all others stay as they are."""
    made = layered(raw, {table: on_top})[table]
    others = made[made["event_id"].ne(event_id)].reset_index(drop=True)
    before = raw[table][raw[table]["event_id"].ne(event_id)].reset_index(drop=True)
    pd.testing.assert_frame_equal(others, before, check_dtype=False)
    assert not made.duplicated(["event_id", "driver_id"]).any()
    assert len(made) == len(raw[table])
    return by_driver(made, event_id)


@pytest.mark.parametrize(
    ("table", "event_id"), [("race_results", "2024-australia"), ("sprint_results", "2024-china")]
)
def test_drivers_whose_places_were_exchanged_are_replaced_and_no_other(small_raw, table, event_id):
    before = by_driver(small_raw[table], event_id)
    on_top = worded(of(small_raw[table], event_id))
    places = ["display_order", "position", "position_text", "points"]
    first, second = on_top.index[:2]
    on_top.loc[[first, second], places] = on_top.loc[[second, first], places].to_numpy()
    drivers = list(on_top["driver_id"][:2])

    after = corrected(small_raw, event_id, on_top, table)

    assert after["source"].eq("jolpica").to_dict() == {d: d in drivers for d in before.index}
    swapped = after.loc[drivers, "display_order"].astype(int).to_list()
    assert swapped == before.loc[drivers[::-1], "display_order"].to_list()
    kept = before.index.difference(drivers)
    pd.testing.assert_frame_equal(after.loc[kept], before.loc[kept], check_dtype=False)
    built = build(layered(small_raw, {table: on_top}), {})
    assert built.faults == []
    now = by_driver(built.frames[table], event_id)
    assert now.loc[drivers, "position"].to_list() == [2, 1]
    # The engine is the entrants' again.
    assert after["engine_id"].to_dict() == before["engine_id"].to_dict()


def test_points_that_were_changed_replace_that_driver_alone(small_raw):
    event_id = "2024-australia"
    on_top = worded(of(small_raw["race_results"], event_id))
    on_top.loc[0, "points"] = "12.5"

    after = corrected(small_raw, event_id, on_top, "race_results")

    driver = on_top.loc[0, "driver_id"]
    assert after["source"].eq("jolpica").to_dict() == {d: d == driver for d in after.index}
    assert after.loc[driver, "points"] == "12.5"
    built = build(layered(small_raw, {"race_results": on_top}), {})
    assert built.faults == []
    standings = built.frames["standings"].query(
        "event_id == @event_id and competitor_id == @driver"
    )
    assert standings["points"].to_list() == [12.5]


def test_a_disqualification_replaces_the_driver_and_moves_the_others_up(small_raw):
    """The last one classified falls behind those who retired: their rows stay, their order not."""
    event_id = with_a_retirement(small_raw)
    on_top = worded(of(small_raw["race_results"], event_id))
    before = by_driver(small_raw["race_results"], event_id)
    out = on_top.index[on_top["position"].notna()][-1]
    driver = on_top.loc[out, "driver_id"]
    on_top["display_order"] -= on_top["display_order"].gt(on_top.loc[out, "display_order"])
    ruling = {"display_order": 6, "position": None, "position_text": "DSQ", "points": "0"}
    on_top.loc[out, list(ruling)] = list(ruling.values())

    after = corrected(small_raw, event_id, on_top, "race_results")

    assert after.loc[driver, ["source", "position_text"]].to_list() == ["jolpica", "DSQ"]
    kept = before.index.drop(driver)
    assert set(after.loc[kept, "source"]) == {"archive"}
    words = [column for column in before if column != "display_order"]
    pd.testing.assert_frame_equal(
        after.loc[kept, words], before.loc[kept, words], check_dtype=False
    )
    assert sorted(after["display_order"].astype(int)) == [1, 2, 3, 4, 5, 6]
    retired = before.index[before["position_text"].eq("DNF")]
    moved = before.loc[retired, "display_order"] - after.loc[retired, "display_order"]
    assert moved.to_list() == [1] * len(retired)
    built = build(layered(small_raw, {"race_results": on_top}), {})
    assert built.faults == []
    assert by_driver(built.frames["race_results"], event_id).loc[driver, "outcome"] == (
        "disqualified"
    )


def test_a_driver_whom_the_archive_lacks_is_added_to_the_result(small_raw):
    event_id = "2024-australia"
    races = small_raw["race_results"]
    last = races["event_id"].eq(event_id) & races["display_order"].eq(6)
    ground = small_raw | {"race_results": races[~last].reset_index(drop=True)}

    made = layered(ground, {"race_results": worded(of(races, event_id))})["race_results"]

    after = by_driver(made, event_id)
    assert len(made) == len(races)
    added = set(races.loc[last, "driver_id"])
    assert after["source"].eq("jolpica").to_dict() == {d: d in added for d in after.index}


def test_qualifying_and_the_grid_of_an_archived_event_stand(small_raw):
    """The archive says who was excluded; the other source's order is no correction of it."""
    event_id = "2024-china"
    on_top = {}
    for name in ("qualifying_results", "starting_grids", "pit_stops"):
        rows = worded(of(small_raw[name], event_id))
        on_top[name] = rows.assign(driver_id=rows["driver_id"].to_list()[::-1])
    same(layered(small_raw, on_top), small_raw)


def test_a_session_that_the_archive_lacks_is_added_beside_the_other(small_raw):
    qualifying = small_raw["qualifying_results"]
    sprint = qualifying["event_id"].eq("2024-china") & qualifying["session"].eq("SQ")
    ground = small_raw | {"qualifying_results": qualifying[~sprint].reset_index(drop=True)}

    on_top = {"qualifying_results": worded(of(qualifying, "2024-china"))}
    made = of(layered(ground, on_top)["qualifying_results"], "2024-china")

    assert made.groupby("session")["source"].agg(set).to_dict() == {
        "Q": {"archive"},
        "SQ": {"jolpica"},
    }
    assert len(made) == 12


def test_known_names_stay_and_new_ones_are_added_once(small_raw):
    for table, column in (
        ("drivers", "driver_id"),
        ("constructors", "constructor_id"),
        ("circuits", "circuit_id"),
    ):
        ground = small_raw[table]
        said = worded(ground.iloc[[0, 1, 1]].reset_index(drop=True), name="Another Name")
        said.loc[2, [column, "name"]] = ["newcomer", "New Comer"]

        made = layered(small_raw, {table: said})[table]

        pd.testing.assert_frame_equal(made.iloc[:-1], ground, check_dtype=False)
        assert made[column].is_unique
        assert made.iloc[-1][[column, "name", "source"]].to_list() == [
            "newcomer",
            "New Comer",
            "jolpica",
        ]
        assert list(made) == list(ground)


def test_the_shipped_archive_and_its_own_words_again_are_the_same(raw):
    """Real results with all their rulings: said again without engines they are no new version."""
    races = raw["race_results"]
    events = races.loc[races["season"].eq(races["season"].max()), "event_id"].unique()
    same(layered(raw, living(raw, *events)), raw)
